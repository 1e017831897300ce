"""python -m vae ...: list, train, evaluate and use models from the command line."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from .commands import options
from .disk.saving import FORBIDDEN, FULL, reason
from .errors import ZscopeError
from .text import _

PROG = "python -m vae"


def main(argv: list[str] | None = None, *, prog: str = PROG, also: Callable[[Any], None] | None = None) -> int:
    """Returns 0 on success, 1 on a reported error, 2 on wrong usage, 130 if interrupted. prog, also: as in `parser`."""
    args = parser(prog, also).parse_args(options.joined(sys.argv[1:] if argv is None else argv))
    try:
        return args.run(args) or 0
    except ZscopeError as e:
        return _failed(str(e))
    except BrokenPipeError:
        return 0
    except OSError as e:  # what no writer foresaw, such as the output of a command itself
        if e.errno in FORBIDDEN:  # to read or to write
            return _failed(str(e))
        if e.errno not in FULL:
            raise
        path = Path(e.filename or "")
        return _failed(_("cannot write {path}: {reason}", path=path, reason=reason(e, path)))
    except KeyboardInterrupt:
        print(_("interrupted"), file=sys.stderr)
        return options.INTERRUPTED


def _failed(why: str) -> int:
    with contextlib.suppress(OSError):  # the disk of the log may be full
        print(_("error: {error}", error=why), file=sys.stderr)
    return 1


def parser(prog: str = PROG, also: Callable[[Any], None] | None = None) -> argparse.ArgumentParser:
    """The parser of all commands. prog: the name of the program. also: adds more commands to the subparsers."""
    p = argparse.ArgumentParser(prog=prog, description=_("Train, evaluate and use models of latent spaces."))
    commands = p.add_subparsers(required=True, metavar="COMMAND")
    _list(commands.add_parser("list", help=_("list families, data sets or checkpoints")))
    _train(commands.add_parser("train", help=_("train a family on a data set into checkpoints/NAME")))
    _runs(commands.add_parser("runs", help=_("trainings in the background: queue, pause, resume, stop")))
    _sweep(commands.add_parser("sweep", help=_("train a model at several values of one setting")))
    commands.choices["ladder"] = commands.choices["sweep"]  # its old name, which the help does not list
    _estimate(
        commands.add_parser("estimate", help=_("measure how long a training will take and how much memory it needs"))
    )
    told = _("evaluate a checkpoint on the test set: bounds and other metrics")
    _eval(commands.add_parser("eval", help=told, add_help=False))
    _atlas(commands.add_parser("atlas", help=_("rebuild the map of a checkpoint")))
    _use(commands)
    options.maxent(commands, _run)
    _decisions(commands.add_parser("decisions", help=_("what a classifier says of decoded samples, over the map")))
    options.study(commands, _run)
    _docs(commands.add_parser("docs", help=_("write the tables of the documentation from the registry")))
    options.data(commands, _run)
    options.checkpoint(commands, _run)
    options.decoder(commands, _run)
    if also:
        also(commands)
    return p


def setting(text: str) -> tuple[str, str]:
    """ "key=value" -> (key, value)."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise argparse.ArgumentTypeError(_("{text!r}: expected key=value, for example beta=4", text=text))
    return key, value


def _list(p: argparse.ArgumentParser) -> None:
    p.add_argument("what", choices=("families", "datasets", "checkpoints"))
    p.add_argument("--json", action="store_true", help=_("print JSON, with units in the keys"))
    p.set_defaults(run=_run("listing", "show"))


def _docs(p: argparse.ArgumentParser) -> None:
    p.add_argument("folder", nargs="?", default=".", help=_("folder with docs/ (default: the current one)"))
    p.add_argument("--check", action="store_true", help=_("write nothing, list the pages that are out of date"))
    p.set_defaults(run=_run("docs", "write"))


def _train(p: argparse.ArgumentParser) -> None:
    _plan(p)
    p.add_argument("--resume", action="store_true", help=_("resume the training of the checkpoint, bit for bit"))
    p.add_argument("--overwrite", action="store_true", help=_("replace an existing checkpoint of this name"))
    p.add_argument(
        "--run",
        dest="follow",
        default="",
        metavar="ID",
        help=_("report progress to the folder of this run (see `runs`)"),
    )
    p.set_defaults(run=_run("training", "train"))


def _plan(p: argparse.ArgumentParser) -> None:
    p.add_argument("family")
    p.add_argument("dataset")
    p.add_argument(
        "--set",
        dest="settings",
        type=setting,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=_("a setting of the family or of the trainer (`list families` shows all)"),
    )
    p.add_argument("--preset", default="", help=_("quick: settings, epochs and map points for a first model"))
    p.add_argument("--epochs", type=int, help=_("passes over the training set (default 20)"))
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--name", default="", help=_("name of the checkpoint (default DATASET-FAMILY)"))
    p.add_argument("--points", type=int, help=_("reference samples on the map (default 10000)"))
    p.add_argument("--device", help=_("cuda, mps or cpu (default: the first of these that is available)"))
    p.add_argument(
        "--stream",
        type=int,
        metavar="MB",
        help=_("megabytes of training data in memory at a time; 0: all of it (default: by size and free memory)"),
    )
    p.add_argument(
        "--without-edits",
        dest="edits",
        action="store_false",
        help=_("train on the data set as it came, and not as it was edited (see `data edits`)"),
    )


def _estimate(p: argparse.ArgumentParser) -> None:
    _plan(p)
    p.add_argument("--json", action="store_true", help=_("print JSON, with units in the keys"))
    p.set_defaults(run=_run("runs", "estimate"))


def _runs(p: argparse.ArgumentParser) -> None:
    actions = p.add_subparsers(required=True, metavar="list|start|show|pause|resume|stop|map|delete|work")
    every = actions.add_parser("list", help=_("list all runs and their state"))
    every.add_argument("--json", action="store_true", help=_("print JSON, with units in the keys"))
    every.set_defaults(run=_run("runs", "show_all"))
    new = actions.add_parser("start", help=_("queue a training in the background; same arguments as train"))
    _plan(new)
    new.set_defaults(run=_run("runs", "start"))
    for name, help in (
        ("show", _("show a run: plan, state, latest metrics, log")),
        ("pause", _("pause after the current epoch, to be resumed later")),
        ("resume", _("resume from the last saved epoch, bit for bit")),
        ("stop", _("stop; the last epoch is saved, with a map if the run was training")),
        ("map", _("save the last epoch as a checkpoint of its own with a map, also during training")),
        ("delete", _("delete a run that is not training")),
    ):
        one = actions.add_parser(name, help=help)
        one.add_argument("id", help=_("ID of the run, or the name of its checkpoint"))
        one.set_defaults(run=_run("runs", name))
        if name == "resume":
            one.add_argument("--lr", type=float, help=_("resume with another learning rate, for example after NaN"))
        if name == "stop":
            one.add_argument("--now", action="store_true", help=_("stop at once, without a map"))
        if name == "map":
            one.add_argument(
                "--so-far", action="store_true", help=_("as NAME-so-far, which replaces the one made before")
            )
        if name == "delete":
            one.add_argument("--model", action="store_true", help=_("also delete the checkpoint of the run"))
    work = actions.add_parser(
        "work", help=_("run queued trainings until the queue is empty; starts by itself when a run is queued")
    )
    work.set_defaults(run=_run("runs", "work"))


def _sweep(p: argparse.ArgumentParser) -> None:
    does = p.add_subparsers(required=True, metavar="train|list|show|delete")
    new = does.add_parser("train", help=_("queue one training for each value, wait for all of them, align their maps"))
    _plan(new)
    new.add_argument(
        "--over",
        default="",
        metavar="KEY=V,V,...",
        help=_("the setting to sweep and its values (default: beta, else d)"),
    )
    new.add_argument("--background", action="store_true", help=_("do not wait"))
    new.set_defaults(run=_run("sweeps", "train"))
    every = does.add_parser("list", help=_("list all sweeps"))
    every.add_argument("--json", action="store_true", help=_("JSON with units in the keys"))
    every.set_defaults(run=_run("sweeps", "show_all"))
    one = does.add_parser("show", help=_("show the models of a sweep: state and metrics on the test set"))
    one.add_argument("name")
    one.add_argument("--json", action="store_true", help=_("JSON with units in the keys"))
    one.set_defaults(run=_run("sweeps", "show"))
    gone = does.add_parser("delete", help=_("delete a sweep and its runs"))
    gone.add_argument("name")
    gone.add_argument("--models", action="store_true", help=_("also delete its checkpoints"))
    gone.set_defaults(run=_run("sweeps", "delete"))


def _eval(p: argparse.ArgumentParser) -> None:
    p.add_argument("checkpoint", help=_("name of the checkpoint"))
    p.add_argument("-h", "--help", action=options.HelpOnMetrics, nargs=0, help=_("show this help message and exit"))
    p.add_argument("--k", type=int, default=100, help=_("importance samples of the NLL (default 100; 0: no NLL)"))
    p.add_argument(
        "--metrics",
        default="bounds",
        help=_(
            "comma-separated metric groups (default bounds), or all: every group that applies to the model and its data"
        ),
    )
    p.add_argument(
        "--precision",
        default="float32",
        help=_("precision of the decoder in the NLL: float32 (default), or bfloat16, which is faster on some hardware"),
    )
    p.add_argument("--save", action="store_true", help=_("save what is measured to the checkpoint's card"))
    p.add_argument("--device")
    p.add_argument("--json", action="store_true", help=_("print JSON, with units in the keys"))
    p.set_defaults(run=_run("evaluating", "evaluate_checkpoint"))


def _atlas(p: argparse.ArgumentParser) -> None:
    p.add_argument("checkpoint")
    p.add_argument("--n", type=int, default=10_000, help=_("reference samples on the map (default 10000)"))
    p.add_argument(
        "--measure",
        action="store_true",
        help=_("keep the map, only measure its samples (error, rate, factors), its trust and its fidelity"),
    )
    p.add_argument(
        "--stability",
        action="store_true",
        help=_("keep the map, only measure how far it stays the same when UMAP is fitted again, five times"),
    )
    p.add_argument("--device")
    p.set_defaults(run=_run("training", "rebuild_atlas"))


def _decisions(p: argparse.ArgumentParser) -> None:
    p.add_argument("checkpoint")
    p.add_argument(
        "--classifier",
        default="",
        metavar="FILE",
        help=_(
            "TorchScript (.pt) or ONNX (.onnx), samples (b, *shape) to scores (b, classes); or labels: a net trained "
            "here on the labels of the data set (default); model: q(y|x) of a semi-supervised model; or the name of a "
            "saved one"
        ),
    )
    p.add_argument(
        "--outputs",
        default="",
        choices=["", "probabilities", "logits"],
        help=_("what the file returns (default: guessed, and said)"),
    )
    p.add_argument(
        "--range",
        default="",
        metavar="LOW:HIGH",
        help=_("values of black and white in the pictures that the file takes (default 0:1)"),
    )
    p.add_argument("--n", type=int, default=2000, help=_("test samples that are classified, at most (default 2000)"))
    p.add_argument("--side", type=int, default=64, help=_("cells of the field, across and up (default 64)"))
    p.add_argument("--out", default="", help=_(".npz file for the field: label, confidence, trust, box, classes"))
    p.add_argument("--save", action="store_true", help=_("save the file with the model, for Explore"))
    p.add_argument("--json", action="store_true", help=_("print JSON"))
    p.set_defaults(run=_run("decisions", "show_decisions"))


def _use(commands: Any) -> None:
    p = commands.add_parser(
        "encode", help=_("encode samples (.npz with x, or files such as PNG or CSV) to mu and std (.npz)")
    )
    p.add_argument("checkpoint")
    p.add_argument("inputs", nargs="+", help=_("one .npz file with array x (b, *shape), or files: pictures, CSV"))
    p.add_argument("--out", required=True, help=_(".npz file for z (= mu), mu, std and xy, their map positions"))
    p.add_argument(
        "--range",
        default="",
        metavar="LOW:HIGH",
        help=_("values of black and white in pictures of more than 8 bits (default: decided by the files)"),
    )
    _label(p)
    p.set_defaults(run=_run("files", "encode"))

    p = commands.add_parser(
        "decode", help=_("decode latents (.npz with z) to samples (.npz, .png, or files such as CSV)")
    )
    p.add_argument("checkpoint")
    p.add_argument("input", help=_(".npz file with array z (b, d)"))
    p.add_argument("--out", required=True, help=_out_help("x"))
    _label(p)
    _scale(p)
    p.set_defaults(run=_run("files", "decode"))

    p = commands.add_parser("sample", help=_("draw new samples (.npz, .png, or files such as CSV)"))
    p.add_argument("checkpoint")
    p.add_argument("--n", type=int, default=16)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--temperature", type=float, default=1.0)
    sources = _("prior; aggregate: latents of the training data; mixture: Gaussians fitted to these")
    p.add_argument("--source", default="prior", help=sources)
    p.add_argument("--out", required=True, help=_out_help("x, z"))
    _label(p)
    _scale(p)
    p.set_defaults(run=_run("files", "sample"))

    p = commands.add_parser("interpolate", help=_("the path through reference samples (.npz, .png or .gif)"))
    p.add_argument("checkpoint")
    p.add_argument(
        "samples", type=int, nargs="+", metavar="sample", help=_("two or more samples, by number in the training set")
    )
    p.add_argument("--frames", type=int, default=11)
    p.add_argument("--method", default="linear", help=_("linear, slerp, or geodesic, which stays near the data"))
    p.add_argument(
        "--out",
        required=True,
        help=_(".npz file for x, z and xy; .png: a row of pictures; .gif: forward and back; or a folder"),
    )
    _scale(p)
    p.set_defaults(run=_run("files", "interpolate"))


def _out_help(arrays: str) -> str:
    return _(
        ".npz file for {arrays}; .png: a sheet of pictures; a folder: one file per sample, for example CSV",
        arrays=arrays,
    )


def _label(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--label",
        help=_(
            "class for a conditional model, by name or number; default: array y of the .npz file (or c, for a "
            "model with other conditions), if there is one"
        ),
    )


def _scale(p: argparse.ArgumentParser) -> None:
    p.add_argument("--scale", type=int, default=4, help=_("enlarges the pictures of a .png or .gif (default 4)"))


def _run(module: str, function: str) -> Callable[[argparse.Namespace], int | None]:
    """A command whose module is imported only when it runs, so that --help is fast."""
    return partial(_call, module, function)


def _call(module: str, function: str, args: argparse.Namespace) -> int | None:
    from importlib import import_module

    return getattr(import_module(f".commands.{module}", "vae"), function)(args)


if __name__ == "__main__":
    sys.exit(main())
