"""python -m vae ...: list, train, evaluate and use models from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from .commands import options
from .errors import ZscopeError
from .text import _

PROG = "python -m vae"


OWN = ".npz with {}; .png: a sheet of pictures; a folder: a file each in the samples' own format, as CSV"


def main(argv: list[str] | None = None, *, prog: str = PROG, also: Callable[[Any], None] | None = None) -> int:
    """0 done, 1 a stated error, 2 wrong usage, 130 interrupted. prog, also: as `parser` has them."""
    args = parser(prog, also).parse_args(argv)
    try:
        return args.run(args) or 0
    except ZscopeError as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return options.INTERRUPTED


def parser(prog: str = PROG, also: Callable[[Any], None] | None = None) -> argparse.ArgumentParser:
    """Of all commands. prog: how the program is called. also: adds commands to the subparsers that it is given."""
    p = argparse.ArgumentParser(prog=prog, description="Train, measure and use models of latent spaces.")
    commands = p.add_subparsers(required=True, metavar="COMMAND")
    _list(commands.add_parser("list", help="families, data sets or checkpoints"))
    _train(commands.add_parser("train", help="train a family on a data set into checkpoints/NAME"))
    _runs(commands.add_parser("runs", help="trainings in the background: a queue, pause, resume, stop"))
    _sweep(commands.add_parser("sweep", aliases=["ladder"], help=_("train a model at several values of one setting")))
    _estimate(commands.add_parser("estimate", help="how long a training will take and how much memory, measured here"))
    _eval(commands.add_parser("eval", help="measure it on the test set: bounds and other metrics"))
    _atlas(commands.add_parser("atlas", help="rebuild the map of a checkpoint"))
    _use(commands)
    options.study(commands, _run)
    _docs(commands.add_parser("docs", help="write the tables of the documents from what is registered"))
    options.data(commands, _run)
    options.checkpoint(commands, _run)
    options.take_in(commands, _run)
    if also:
        also(commands)
    return p


def setting(text: str) -> tuple[str, str]:
    """ "key=value" -> (key, value)."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise argparse.ArgumentTypeError(f"{text!r}: expected key=value, for example beta=4")
    return key, value


def _list(p: argparse.ArgumentParser) -> None:
    p.add_argument("what", choices=("families", "datasets", "checkpoints"))
    p.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    p.set_defaults(run=_run("listing", "show"))


def _docs(p: argparse.ArgumentParser) -> None:
    p.add_argument("folder", nargs="?", default=".", help="with README.md and docs/ (default: this one)")
    p.add_argument("--check", action="store_true", help="write nothing, and say which pages are not up to date")
    p.set_defaults(run=_run("docs", "write"))


def _train(p: argparse.ArgumentParser) -> None:
    _plan(p)
    p.add_argument("--resume", action="store_true", help="continue where the checkpoint stands, bit for bit")
    p.add_argument("--overwrite", action="store_true", help="replace a checkpoint of that name")
    p.add_argument("--run", dest="follow", default="", metavar="ID", help="keep the books of that run (see `runs`)")
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
        help="a setting of the family or of the trainer (`list families` shows all)",
    )
    p.add_argument("--preset", default="", help="quick: settings, epochs and map points for a first look in minutes")
    p.add_argument("--epochs", type=int, help="passes over the training set (default 20)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--name", default="", help="name of the checkpoint (default DATASET-FAMILY)")
    p.add_argument("--points", type=int, help="reference samples of the map (default 10 000)")
    p.add_argument("--device", help="cuda, mps or cpu (default: the first of these that is here)")
    p.add_argument(
        "--stream",
        type=int,
        metavar="MB",
        help="megabytes of the training set in memory at a time; 0: all of it (default: by size and free memory)",
    )


def _estimate(p: argparse.ArgumentParser) -> None:
    _plan(p)
    p.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    p.set_defaults(run=_run("runs", "estimate"))


def _runs(p: argparse.ArgumentParser) -> None:
    does = p.add_subparsers(required=True, metavar="list|start|show|pause|resume|stop|map|delete|work")
    every = does.add_parser("list", help="all runs and how they stand")
    every.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    every.set_defaults(run=_run("runs", "show_all"))
    new = does.add_parser("start", help="queue a training in the background; takes what train takes")
    _plan(new)
    new.set_defaults(run=_run("runs", "start"))
    for name, help in (
        ("show", "one run: plan, state, last figures, log"),
        ("pause", "save the epoch, end, wait to be resumed"),
        ("resume", "go on from the last saved epoch, bit for bit"),
        ("stop", "end it and keep its last epoch, with a map if it was running"),
        ("map", "its last saved epoch as a checkpoint of its own, to explore, also while it trains"),
        ("delete", "forget a run that is not running"),
    ):
        one = does.add_parser(name, help=help)
        one.add_argument("id", help="of the run, or the name of its checkpoint")
        one.set_defaults(run=_run("runs", name))
        if name == "resume":
            one.add_argument("--lr", type=float, help="go on with another learning rate, as after a NaN")
        if name == "stop":
            one.add_argument("--now", action="store_true", help="at once, without a map")
        if name == "delete":
            one.add_argument("--model", action="store_true", help="and the checkpoint that it trained")
    work = does.add_parser("work", help="work the queue until it is empty; started by itself where a run waits")
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
    every.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    every.set_defaults(run=_run("sweeps", "show_all"))
    one = does.add_parser("show", help=_("show the models of a sweep: state and metrics on the test set"))
    one.add_argument("name")
    one.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    one.set_defaults(run=_run("sweeps", "show"))
    gone = does.add_parser("delete", help=_("delete a sweep and its runs"))
    gone.add_argument("name")
    gone.add_argument("--models", action="store_true", help=_("also delete its checkpoints"))
    gone.set_defaults(run=_run("sweeps", "delete"))


def _eval(p: argparse.ArgumentParser) -> None:
    p.add_argument("checkpoint")
    p.add_argument("--k", type=int, default=100, help="importance samples of the nll (0: no nll)")
    p.add_argument(
        "--metrics", default="bounds", help="groups separated by commas, or all: what the model and its data can have"
    )
    p.add_argument(
        "--precision",
        default="float32",
        help="of the decoder's products in the nll alone: float32 (default), or bfloat16, faster where there is such",
    )
    p.add_argument("--device")
    p.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    p.set_defaults(run=_run("evaluating", "evaluate_checkpoint"))


def _atlas(p: argparse.ArgumentParser) -> None:
    p.add_argument("checkpoint")
    p.add_argument("--n", type=int, default=10_000, help="reference points (default 10000)")
    p.add_argument("--measure", action="store_true", help="leave the map, measure its samples: error, rate, factors")
    p.add_argument("--device")
    p.set_defaults(run=_run("training", "rebuild_atlas"))


def _use(commands: Any) -> None:
    p = commands.add_parser("encode", help="samples (npz with x, or files of their own format) to mu and std (npz)")
    p.add_argument("checkpoint")
    p.add_argument("inputs", nargs="+", help="one .npz with array x (b, *shape), or files: pictures, CSV")
    p.add_argument("--out", required=True, help=".npz with z (= mu), mu, std and xy, their place on the map")
    _label(p)
    p.set_defaults(run=_run("files", "encode"))

    p = commands.add_parser("decode", help="latents (npz with z) to samples (npz, png, or files of their own format)")
    p.add_argument("checkpoint")
    p.add_argument("input", help=".npz with array z (b, d)")
    p.add_argument("--out", required=True, help=OWN.format("x"))
    _label(p)
    _scale(p)
    p.set_defaults(run=_run("files", "decode"))

    p = commands.add_parser("sample", help="new samples (npz, png, or files of their own format)")
    p.add_argument("checkpoint")
    p.add_argument("--n", type=int, default=16)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--temperature", type=float, default=1.0)
    sources = "prior; aggregate: where the training data went; mixture: Gaussians fitted there"
    p.add_argument("--source", default="prior", help=sources)
    p.add_argument("--out", required=True, help=OWN.format("x and z"))
    _label(p)
    _scale(p)
    p.set_defaults(run=_run("files", "sample"))

    p = commands.add_parser("interpolate", help="the way through reference samples (npz, png or gif)")
    p.add_argument("checkpoint")
    p.add_argument("samples", type=int, nargs="+", metavar="sample", help="two or more, by number in the training set")
    p.add_argument("--frames", type=int, default=11)
    p.add_argument("--method", default="linear", help="linear, slerp or geodesic: where samples are")
    p.add_argument(
        "--out", required=True, help=".npz with x, z and xy; .png: a strip; .gif: there and back; or a folder"
    )
    _scale(p)
    p.set_defaults(run=_run("files", "interpolate"))


def _label(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--label",
        help="class that a conditional model is given, by name or number; without it the array y of the .npz file "
        "(or c, for a model with other conditions), else none",
    )


def _scale(p: argparse.ArgumentParser) -> None:
    p.add_argument("--scale", type=int, default=4, help="how many times larger a .png or .gif is drawn (default 4)")


def _run(module: str, function: str) -> Callable[[argparse.Namespace], int | None]:
    """A command that imports what it needs only when it runs, so that --help is instant."""
    return partial(_call, module, function)


def _call(module: str, function: str, args: argparse.Namespace) -> int | None:
    from importlib import import_module

    return getattr(import_module(f".commands.{module}", "vae"), function)(args)


if __name__ == "__main__":
    sys.exit(main())
