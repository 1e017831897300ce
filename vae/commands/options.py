"""What `data`, `import` and `checkpoint` can be told. Light to import, so that --help is instant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..errors import SettingError

INTERRUPTED = 130  # as a shell reports a process that Ctrl-C ended

Run = Callable[[str, str], Any]  # module and function of vae.commands -> what runs them


def data(commands: Any, run: Run) -> None:
    """python -m vae data ..."""
    p = commands.add_parser("data", help="data sets of your own: add, list, show, remove")
    below = p.add_subparsers(required=True, metavar="ACTION")
    _add(below.add_parser("add", help="keep a folder, ZIP, NPZ, NPY, CSV, Parquet or IDX file as a data set"), run)

    p = below.add_parser("list", help="those that were added")
    p.add_argument("--json", action="store_true", help="machine-readable, units in the keys")
    p.set_defaults(run=run("data", "list_all"))

    p = _named(below, "show", "what one is, and whether its files are still what was kept", run("data", "show"))
    p.add_argument("--all", action="store_true", help="name every skipped file")
    p.add_argument("--out", default="", help=".png: a sheet of its first 64 samples")
    _named(below, "remove", "delete one; models trained on it stay", run("data", "remove"))


def take_in(commands: Any, run: Run) -> None:
    """python -m vae import ..."""
    p = commands.add_parser("import", help="a decoder of your own with its latents, to be explored")
    p.add_argument("name", help="of the checkpoint")
    p.add_argument("--decoder", required=True, help="TorchScript (.pt) or ONNX (.onnx): code, so only one you trust")
    p.add_argument("--latents", required=True, help=".npz with z (n, d), and labels (n,), classes, x if there are any")
    p.add_argument("--thumbnails", default="", help=".npz with x, a folder of pictures, or one sheet of them")
    p.add_argument("--range", default="", metavar="LOW:HIGH", help="black and white of its pictures (default: seen)")
    p.set_defaults(run=run("checkpoints", "take_in"))


def checkpoint(commands: Any, run: Run) -> None:
    """python -m vae checkpoint ..."""
    p = commands.add_parser("checkpoint", help="rename, annotate, delete, pack or unpack a trained model")
    below = p.add_subparsers(required=True, metavar="ACTION")

    p = _named(below, "rename", "the same model under another name", run("checkpoints", "rename"))
    p.add_argument("new")

    p = _named(below, "note", "write a note on its card", run("checkpoints", "note"))
    p.add_argument("text", help="an empty one takes it off")

    p = _named(below, "delete", "remove it from the disk", run("checkpoints", "delete"))
    p.add_argument("--yes", action="store_true", help="do not ask")

    p = _named(below, "pack", "one ZIP to give away", run("checkpoints", "pack"))
    p.add_argument("--out", default="", help="(default NAME.zip)")
    p.add_argument("--resume", action="store_true", help="with what continues its training, some three times as large")

    p = below.add_parser("unpack", help="a model from such a ZIP, verified")
    p.add_argument("file")
    p.add_argument("--name", default="", help="another name than its own")
    p.add_argument("--allow-code", action="store_true", help="also one with an imported decoder, which is code")
    p.set_defaults(run=run("checkpoints", "unpack"))


def study(commands: Any, run: Run) -> None:
    """python -m vae study ..."""
    p = commands.add_parser("study", help="what the app's tools ask of a model: paths, attributes, groups, oddness ...")
    below = p.add_subparsers(required=True, metavar="STUDY")
    number: dict[str, Any] = {"type": int, "help": "by its number in the training set, as the app shows it after #"}

    def add(name: str, help: str) -> argparse.ArgumentParser:
        one = below.add_parser(name, help=help)
        one.add_argument("checkpoint")
        one.add_argument("--json", action="store_true", help="machine-readable")
        one.set_defaults(run=run("studies", f"show_{name}"))
        return one

    one = add("path", "the path through samples, and how near to the data each frame is")
    one.add_argument("samples", nargs="+", metavar="sample", **number)
    one.add_argument("--method", default="linear", help="linear, slerp or geodesic: where samples are")
    one = add("attribute", "the direction from one class to another, judged on held-out samples")
    one.add_argument("a", help="the class that it leads to")
    one.add_argument("b", help="the class that it leads from")
    one.add_argument("--method", default="means", help="means: their difference; discriminant: Fisher's")
    one = add("group", "what a class has in common in latent space, against all samples")
    one.add_argument("label", help="name of the class")
    one.add_argument("--csv", action="store_true", help="its rows as a table: place, trust, error, latent")
    one = add("oddness", "how odd samples are to a model, against samples of its own kind")
    one.add_argument("inputs", nargs="+", help="one .npz with array x, or pictures of the model's size")
    one = add("copies", "new samples beside the training samples they are nearest to")
    one.add_argument("--n", type=int, default=16)
    one.add_argument("--seed", type=int, default=0)
    one = add("posterior", "how wide the posterior of a sample is")
    one.add_argument("sample", **number)
    one.add_argument("--seed", type=int, default=0)
    one = add("sliders", "the directions that change the picture most at a sample")
    one.add_argument("sample", **number)


def _named(below: Any, action: str, help: str, does: Any) -> argparse.ArgumentParser:
    """An action on one thing, which is called by its name."""
    p = below.add_parser(action, help=help)
    p.add_argument("name")
    p.set_defaults(run=does)
    return p


def _add(p: argparse.ArgumentParser, run: Run) -> None:
    p.add_argument("name", help="a letter, then letters, digits, _ and -")
    p.add_argument("path", help="a folder or ZIP of pictures, or an NPZ, NPY, CSV, Parquet or IDX file")
    p.add_argument("--as", dest="kind", default="auto", help="auto, image, series or vector (default auto)")
    p.add_argument("--size", default="", metavar="HxW", help="of pictures, px (default: what suits most of them)")
    colours = p.add_mutually_exclusive_group()
    _one_of(colours, "colour", "auto", grey="pictures in grey", colour="in colour (default: grey if all are)")
    fits = p.add_mutually_exclusive_group()
    fit = {"crop": "fill the size and cut the rest off (default)", "stretch": "distort"}
    _one_of(fits, "fit", "crop", **fit)
    fits.add_argument("--pad", dest="fit", action="store_const", const="whole", help="keep all, with margins")
    p.add_argument("--ground", default="black", help="black or white: margins, and what is transparent")
    p.add_argument("--time-column", default="", metavar="C", help="of a table: its rows in this order are a series")
    p.add_argument("--label-column", default="", metavar="C", help="of a table")
    p.add_argument("--window", type=int, default=0, metavar="N", help="time steps of a sample of a series")
    p.add_argument("--stride", type=int, default=0, metavar="N", help="time steps from one sample to the next")
    p.add_argument("--test-share", type=float, default=0.1, help="of the samples, to test on (default .1)")
    p.add_argument("--seed", type=int, default=0, help="of the split")
    p.add_argument("--dry-run", action="store_true", help="say what would be kept, and keep nothing")
    p.add_argument("--all", action="store_true", help="name every skipped file, not only the first 40")
    p.add_argument("--overwrite", action="store_true", help="replace one of your own of that name")
    p.set_defaults(run=run("data", "add"))


def _one_of(group: Any, dest: str, default: str, **helps: str) -> None:
    for value, text in helps.items():
        group.add_argument(f"--{value}", dest=dest, action="store_const", const=value, default=default, help=text)


def settings(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """--set pairs as a dict. Raises: SettingError: a key given twice."""
    out: dict[str, str] = {}
    for key, value in pairs:
        if key in out:
            raise SettingError(f"--set {key} is given twice: {out[key]!r} and {value!r}.")
        out[key] = value
    return out
