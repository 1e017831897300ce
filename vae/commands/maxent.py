"""python -m vae maxent: new samples that have the moments of data and are random otherwise."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import numpy as np
from PIL import Image

from ..disk import guarded_arrays
from ..disk.guarded import Refused
from ..disk.one_step import replacing
from ..errors import SettingError
from ..maxent.descent import Step
from ..modalities.image import tile, to_uint8
from ..modalities.picture_files import opened, plain
from ..registry import DATASETS, MODALITIES
from ..studies import maximum_entropy
from ..studies.maximum_entropy import Made
from ..text import _, number

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
SAID_EVERY = 40  # steps from one line about the misfit to the next
SIDE_MAX = 256  # of a picture that is synthesised


def show(args: Namespace) -> None:
    """The misfit on the way, then the statistics that were not imposed, of data, syntheses and a Gaussian."""
    out = Path(args.out) if args.out else None
    if out is not None and out.suffix not in (".npz", ".png"):
        raise SettingError(_("--out {path}: expected a .npz or .png file.", path=out))
    if not args.stop > 0:
        raise SettingError(_("--stop {stop}: expected more than 0.", stop=args.stop))
    x = _data(args)
    kinds = [kind.strip() for kind in args.moments.split(",") if kind.strip()]
    made = maximum_entropy.make(
        x,
        maximum_entropy.goal(x, kinds, args.stop),
        args.n,
        seed=args.seed,
        most=args.steps,
        report=(lambda step: None) if args.json else _say,
    )
    if args.json:
        print(json.dumps(_record(made), ensure_ascii=False))
    else:
        print("\n".join(_lines(made)))
    if out is not None:
        _save(out, made, x)


def _data(args: Namespace) -> np.ndarray:
    path = Path(args.data)
    if path.suffix.lower() in (*PICTURES, ".npy"):
        if not path.is_file():
            raise SettingError(_("{path}: there is no such file.", path=path))
        return _of_file(path)
    label = None
    if args.label:
        classes = DATASETS.get(args.data).classes
        if args.label not in classes:
            raise SettingError(
                _("label {label!r}: expected one of {classes}.", label=args.label, classes=", ".join(classes) or "-")
            )
        label = classes.index(args.label)
    return maximum_entropy.data_of(args.data, args.of, seed=args.seed, label=label)


def _of_file(path: Path) -> np.ndarray:
    """(n, 1, t) or (n, 1, h, w), float64. Raises: SettingError: not a picture, or not numbers of such a shape."""
    if path.suffix.lower() != ".npy":
        grey = plain(opened(path.read_bytes())).image.convert("L")
        grey.thumbnail((SIDE_MAX, SIDE_MAX))
        return np.asarray(grey, np.float64)[None, None] / 255
    try:
        with path.open("rb") as stream:
            x = guarded_arrays.npy(stream, path.stat().st_size)
    except Refused as e:
        raise SettingError(_("{name}: {error}", name=path.name, error=e)) from e
    if x.dtype.kind not in "fiu" or x.ndim not in (1, 2):
        raise SettingError(
            _(
                "{name} has {dtype} of shape {shape}: expected numbers of shape (t,) or (n, t), or a picture file.",
                name=path.name,
                dtype=x.dtype,
                shape=x.shape,
            )
        )
    return np.atleast_2d(x)[:, None].astype(np.float64)


def _say(step: Step) -> None:
    if step.done or step.step % SAID_EVERY == 0:
        print(
            _("sample {i}, step {step}: misfit {misfit}", i=step.i, step=step.step, misfit=number(step.misfit, 2)),
            flush=True,
        )


def _record(made: Made) -> dict:
    found = made.synthesis
    return {
        "misfit": list(found.misfit),
        "misfit_of_noise": list(found.before),
        "reached": list(found.reached),
        "steps": list(found.steps),
        "misfit_by_kind": made.by_kind,
        "alike": made.judged.alike,
        "copied": made.judged.copied,
        "statistics": {
            name: {
                "data": of,
                "halves": list(halves),
                "syntheses": list(told),
                "gaussian": list(made.gaussian_judged.statistics[name][2]),
            }
            for name, (of, halves, told) in made.judged.statistics.items()
        },
    }


def _lines(made: Made) -> list[str]:
    kinds = ", ".join(f"{kind} {number(value, 2)}" for kind, value in made.by_kind.items())
    lines = [_("misfit, in standard errors of the moments of one sample: {kinds}", kinds=kinds), ""]
    head = (_("not imposed"), _("data"), _("halves"), _("syntheses"), _("Gaussian of that spectrum"))
    rows = [head]
    for name, (of, halves, (mean, deviation)) in made.judged.statistics.items():
        flat = made.gaussian_judged.statistics[name][2][0]
        rows.append(
            (
                _(name),
                number(of, 2),
                " ".join(number(half, 2) for half in halves),
                f"{number(mean, 2)} ± {number(deviation, 2)}",
                number(flat, 2),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    copied = number(made.judged.copied, 2)
    if len(made.synthesis.misfit) == 1:
        return [*lines, "", _("largest correlation with the data at any shift: {copied}", copied=copied)]
    alike = number(made.judged.alike, 2)
    told = _(
        "largest correlation at any shift: {alike} between two syntheses, {copied} of one with the data",
        alike=alike,
        copied=copied,
    )
    return [*lines, "", told]


def _save(out: Path, made: Made, x: np.ndarray) -> None:
    new = made.synthesis.x.cpu().numpy()
    with replacing(out) as partial:
        if out.suffix == ".npz":
            np.savez_compressed(
                partial, x=new.astype(np.float32), gaussian=made.gaussian.astype(np.float32), data=x[:1]
            )
        else:
            rows = [x[:1].repeat(len(new), 0), made.gaussian, new]
            Image.fromarray(_sheet(rows)).save(partial, "png")
    print(out)


def _sheet(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of samples as one picture, (h, w) uint8: of series their charts, all on the scale of the first row."""
    middle, deviation = rows[0].mean(), rows[0].std()
    every = np.concatenate(rows)
    if every.ndim == 3:
        pictures = MODALITIES.get("series").pictures((every - middle) / deviation)
    else:
        pictures = to_uint8(np.clip(every, 0, 1))
    return tile(pictures, len(rows[0]))
