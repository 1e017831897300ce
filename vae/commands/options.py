"""Arguments of `data`, `import`, `checkpoint` and `study`. Light to import, so that --help is fast."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import SettingError
from ..settings import QUESTIONS, flag
from ..text import _

NEGATIVE = re.compile(r"-\.?\d")
INTERRUPTED = 130  # exit code that shells report for Ctrl-C

Run = Callable[[str, str], Any]  # module and function of vae.commands -> the callable for `run`


def data(commands: Any, run: Run) -> None:
    """python -m vae data ..."""
    p = commands.add_parser("data", help=_("your data sets: add, list, show, edit, remove"))
    below = p.add_subparsers(required=True, metavar="ACTION")
    _add(below.add_parser("add", help=_("add pictures, a table or arrays as a data set")), run)

    p = below.add_parser("list", help=_("list your data sets"))
    p.add_argument("--json", action="store_true", help=_("print JSON, with units in the keys"))
    p.set_defaults(run=run("data", "list_all"))

    p = _named(below, "show", _("describe a data set and verify its files"), run("data", "show"))
    p.add_argument("--all", action="store_true", help=_("name every skipped file"))
    p.add_argument("--out", default="", help=_(".png file for its first 64 samples"))
    _edits(below, run)
    _named(below, "remove", _("delete a data set; models trained on it are not affected"), run("data", "remove"))


def _edits(below: Any, run: Run) -> None:
    help = _("show what was dropped, relabelled and tagged of a data set; export, import or take it back")
    p = _named(below, "edits", help, run("edits", "edits"))
    does = p.add_mutually_exclusive_group()
    does.add_argument("--export", default="", metavar="FILE", help=_("write a CSV file: a line for each edited sample"))
    does.add_argument("--import", dest="source", default="", metavar="FILE", help=_("add the edits of such a file"))
    does.add_argument("--undo", type=int, metavar="N", help=_("take change number N back"))
    does.add_argument("--clear", action="store_true", help=_("take all changes back"))
    p.add_argument("--json", action="store_true", help=_("print JSON"))


def decoder(commands: Any, run: Run) -> None:
    """python -m vae import ..."""
    p = commands.add_parser("import", help=_("import a decoder with its latents, to explore it"))
    p.add_argument("name", help=_("name of the new checkpoint"))
    p.add_argument(
        "--decoder",
        required=True,
        help=_("TorchScript (.pt) or ONNX (.onnx) file; it is code: import only what you trust"),
    )
    p.add_argument("--latents", required=True, help=_(".npz file with z (n, d), optionally labels (n,), classes and x"))
    p.add_argument("--thumbnails", default="", help=_(".npz file with x, a folder of pictures, or one sheet of them"))
    p.add_argument(
        "--range",
        default="",
        metavar="LOW:HIGH",
        help=_("values shown as black and white (default: the smallest and largest)"),
    )
    p.add_argument(
        "--output",
        default="",
        metavar="NAME",
        help=_("which of its outputs, by key of a dict or index of a tuple (default: the one of most values)"),
    )
    p.add_argument(
        "--shape",
        default="",
        metavar="C,H,W",
        help=_(
            "shape of a sample, for a decoder that returns flat pictures, for example 1,28,28 (default: as returned)"
        ),
    )
    p.set_defaults(run=run("checkpoints", "import_decoder"))


def checkpoint(commands: Any, run: Run) -> None:
    """python -m vae checkpoint ..."""
    p = commands.add_parser("checkpoint", help=_("rename, annotate, delete, pack or unpack a checkpoint"))
    below = p.add_subparsers(required=True, metavar="ACTION")

    p = _named(below, "rename", _("rename a checkpoint"), run("checkpoints", "rename"))
    p.add_argument("new")

    p = _named(below, "note", _("write a note on the model card"), run("checkpoints", "note"))
    p.add_argument("text", help=_("the note; an empty one deletes it"))

    p = _named(below, "delete", _("delete a checkpoint"), run("checkpoints", "delete"))
    p.add_argument("--yes", action="store_true", help=_("do not ask for confirmation"))

    p = _named(below, "pack", _("pack a checkpoint as a ZIP to share"), run("checkpoints", "pack"))
    p.add_argument("--out", default="", help=_("file name (default NAME.zip)"))
    p.add_argument(
        "--resume",
        action="store_true",
        help=_("include the training state, needed to resume; about three times as large"),
    )

    p = below.add_parser("unpack", help=_("unpack and verify such a ZIP"))
    p.add_argument("file")
    p.add_argument("--name", default="", help=_("name of the checkpoint (default: as packed)"))
    p.add_argument(
        "--allow-code", action="store_true", help=_("allow a checkpoint with an imported decoder, which is code")
    )
    p.set_defaults(run=run("checkpoints", "unpack"))


def maxent(commands: Any, run: Run) -> None:
    """python -m vae maxent ..."""
    p = commands.add_parser("maxent", help=_("new samples that have the moments of data and are random otherwise"))
    p.add_argument("data", help=_("a data set of pictures or series, a picture file, or .npy of shape (t,) or (n, t)"))
    p.add_argument(
        "--moments",
        default="spectrum,scattering",
        help=_("series: marginal, spectrum, modulus, scattering; pictures: marginal, spectrum, scattering, filters"),
    )
    p.add_argument("--n", type=int, default=4, help=_("samples to make (default 4)"))
    p.add_argument(
        "--of", type=int, default=50, help=_("samples of a data set whose moments are averaged (default 50)")
    )
    p.add_argument("--label", default="", help=_("of this class only"))
    p.add_argument(
        "--stop", type=float, default=0.5, help=_("misfit at which it stops, in standard errors (default .5)")
    )
    p.add_argument("--steps", type=int, default=400, help=_("steps of L-BFGS, at most (default 400)"))
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", default="", help=_(".npz for the samples, or .png for a sheet of them"))
    p.add_argument("--json", action="store_true", help=_("print JSON"))
    p.set_defaults(run=run("maxent", "show"))


def study(commands: Any, run: Run) -> None:
    """python -m vae study ..."""
    p = commands.add_parser("study", help=_("the analyses of the app: paths, attributes, groups, oddness, ..."))
    below = p.add_subparsers(required=True, metavar="STUDY")
    by_number: dict[str, Any] = {
        "type": int,
        "help": _("number of the sample in the training set, shown after # in the app"),
    }

    def add(name: str, help: str) -> argparse.ArgumentParser:
        one = below.add_parser(name, help=help)
        one.add_argument("checkpoint")
        one.add_argument("--json", action="store_true", help=_("print JSON"))
        one.set_defaults(run=run("studies", f"show_{name}"))
        return one

    one = add("path", _("the path through samples, and how near to the data each frame is"))
    one.add_argument("samples", nargs="+", metavar="sample", **by_number)
    one.add_argument("--method", default="linear", help=_("linear, slerp, or geodesic, which stays near the data"))
    one = add("attribute", _("the direction from one class to another, tested on held-out samples"))
    one.add_argument("a", help=_("class that the direction leads to"))
    one.add_argument("b", help=_("class that the direction leads from"))
    one.add_argument(
        "--method",
        default="means",
        help=_("means: difference of class means; discriminant: Fisher's linear discriminant"),
    )
    one = add("group", _("a class in latent space, compared with all samples"))
    one.add_argument("label", help=_("name of the class"))
    one.add_argument(
        "--csv", action="store_true", help=_("print its samples as CSV: map position, trust, error, latent")
    )
    one = add("oddness", _("how unusual samples are to a model, compared with its data"))
    one.add_argument("inputs", nargs="+", help=_("one .npz file with array x, or pictures of the model's size"))
    one = add("copies", _("new samples and the nearest training sample of each"))
    one.add_argument("--n", type=int, default=16)
    one.add_argument("--seed", type=int, default=0)
    one = add("posterior", _("width of the posterior of a sample"))
    one.add_argument("sample", **by_number)
    one.add_argument("--seed", type=int, default=0)
    one = add("sliders", _("the directions that change the sample most"))
    one.add_argument("sample", **by_number)


def _named(below: Any, action: str, help: str, function: Any) -> argparse.ArgumentParser:
    """An action on one named thing."""
    p = below.add_parser(action, help=help)
    p.add_argument("name")
    p.set_defaults(run=function)
    return p


def _add(p: argparse.ArgumentParser, run: Run) -> None:
    p.add_argument("name", help=_("a letter, then letters, digits, _ and -"))
    p.add_argument("path", help=_("a picture, table or array file, or a folder or ZIP of them; see docs/data.md"))
    p.add_argument("--as", dest="kind", default="auto", help=_("auto, image, series or vector (default auto)"))
    p.add_argument(
        "--size", default="", metavar="HxW", help=_("size of pictures in px (default: chosen by the sizes of most)")
    )
    colours = p.add_mutually_exclusive_group()
    _one_of(colours, "colour", "auto", grey=_("grey pictures"), colour=_("colour pictures (default: grey if all are)"))
    fits = p.add_mutually_exclusive_group()
    fit = {"crop": _("fill the size and cut off the rest (default)"), "stretch": _("distort to the size")}
    _one_of(fits, "fit", "crop", **fit)
    fits.add_argument(
        "--pad", dest="fit", action="store_const", const="whole", help=_("show the whole picture, with margins")
    )
    p.add_argument("--ground", default="black", help=_("background of margins and transparent areas: black or white"))
    p.add_argument(
        "--time-column", default="", metavar="C", help=_("for tables: sort rows by this column to form a series")
    )
    p.add_argument("--window", type=int, default=0, metavar="N", help=_("time steps per sample of a series"))
    p.add_argument("--stride", type=int, default=0, metavar="N", help=_("time steps between the starts of two samples"))
    p.add_argument("--test-share", type=float, default=0.1, help=_("share of samples in the test set (default 0.1)"))
    p.add_argument("--seed", type=int, default=0, help=_("seed of the random split"))
    for name, question in QUESTIONS.items():
        flags = [flag(name), *(["--label-column"] if name == "labels" else [])]  # its name in earlier versions
        help = _("{meaning} (default: decided by the files)", meaning=_(question.help))
        p.add_argument(*flags, default="auto", metavar="|".join(question.words) or name.upper(), help=help)
    p.add_argument("--dry-run", action="store_true", help=_("describe the data set, but do not store it"))
    p.add_argument("--all", action="store_true", help=_("name every skipped file, not only the first 40"))
    p.add_argument("--overwrite", action="store_true", help=_("replace an existing data set of yours"))
    p.set_defaults(run=run("data", "add"))


def _one_of(group: Any, dest: str, default: str, **helps: str) -> None:
    for value, text in helps.items():
        group.add_argument(f"--{value}", dest=dest, action="store_const", const=value, default=default, help=text)


def joined(argv: Sequence[str]) -> list[str]:
    """The arguments with a value such as -1:1 joined to its option: by itself argparse would take it for an option."""
    out: list[str] = []
    for arg in argv:
        if out and NEGATIVE.match(arg) and out[-1].startswith("--") and "=" not in out[-1]:
            out[-1] += f"={arg}"
        else:
            out.append(arg)
    return out


def next_steps(name: str) -> str:
    """What can be done with a checkpoint that has just been saved, a line each."""
    explore = _("To explore it: make app, or zscope app if installed; then choose {name} at the top", name=name)
    measure = _("To evaluate it: {command}", command=f"python -m vae eval {name} --metrics all")
    return f"{explore}\n{measure}"


def settings(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """--set pairs as a dict. Raises: SettingError: a key given twice."""
    out: dict[str, str] = {}
    for key, value in pairs:
        if key in out:
            raise SettingError(
                _("--set {key} is given twice: {first!r} and {second!r}.", key=key, first=out[key], second=value)
            )
        out[key] = value
    return out


class HelpOnMetrics(argparse.Action):
    """--help with the metric groups below, which only then are imported."""

    def __call__(self, parser: argparse.ArgumentParser, *_ignored: Any) -> None:
        from ..registry import metric_groups

        print(parser.format_help())
        print(_("metric groups:"))
        for name, group in metric_groups().items():
            print(f"  {name:15} {_(group.title)}")
        parser.exit()
