"""python -m vae eval: every metric of a checkpoint, with its error, sample size, seed and protocol."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from ..engine.engine import Engine, load
from ..errors import CheckpointError, NotMeasurable, SettingError, UnknownName
from ..metrics.active import card_warnings
from ..metrics.bounds import UNDEQUANTISED, error_key, not_tight
from ..metrics.estimate import Estimate
from ..metrics.subject import Subject, measured
from ..metrics.usefulness import BASELINES, SCORES
from ..models.nets.precision import PRECISIONS
from ..registry import METRICS, MetricGroup, metric_groups
from ..runs.guards import unneeded
from ..saved import checkpoint
from ..saved.names import check_not_packaged
from ..text import _, number, significant

ALL = "all"
WIDE = 28  # characters of the column of keys


def evaluate_checkpoint(args: Namespace) -> None:
    if not 0 <= args.k <= 100_000:
        raise SettingError(_("--k {k}: expected 0 to {max}.", k=args.k, max=100_000))
    if args.precision not in PRECISIONS:
        raise UnknownName(_("precision"), args.precision, PRECISIONS)
    if args.save and args.precision != "float32":
        raise SettingError(_("--save: a card holds an NLL in float32 only; leave out --precision."))
    groups = _groups(args.metrics)
    engine = load(args.checkpoint, args.device)
    figures: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    with contextlib.closing(tqdm(unit=_("sample"), file=sys.stderr, disable=True if args.json else None)) as bar:

        def progress(done: int, n: int) -> None:
            bar.total = n
            bar.update(done - bar.n)

        say = lambda text: tqdm.write(text, file=sys.stderr)  # noqa: E731
        for warning in _warnings(engine):
            say(warning)
        if not engine.can_encode:
            raise SettingError(
                _(
                    "{model} was imported as a decoder: without an encoder and a data set it has no metrics.",
                    model=engine.name,
                )
            )
        subject = Subject.of(engine, args.k, say, progress, args.precision)
        for group in groups:
            try:
                figures |= measured(group, subject)
            except NotMeasurable as e:
                skipped[group.name] = str(e)
    if said := not_tight(figures):
        say(said)
    if args.save and figures:
        _save(args.checkpoint, figures)
    if figures:
        _print_metrics(engine.name, figures, skipped, as_json=args.json)
    if skipped and args.metrics != ALL:  # only after printing what could be measured, which may have taken minutes
        raise NotMeasurable(" ".join(skipped.values()))


def _save(name: str, figures: dict[str, Any]) -> None:
    """Write figures to the card: the bounds, if they are among them, in place of its metrics; estimates, which bring
    their errors and protocols, beside those of other keys."""
    path = checkpoint.find(name)
    check_not_packaged(path)
    estimates = {k: dataclasses.asdict(v) for k, v in figures.items() if isinstance(v, Estimate)}
    derived = ("bits_per_dim", "dequantised", "pixels")  # from what a card says elsewhere
    bounds = {k: v for k, v in figures.items() if k not in estimates and not any(d in k for d in derived)}
    with unneeded(model=path.name):
        saved = checkpoint.read(path)
        found = {"metrics": bounds} if "distortion_nats" in bounds else {}
        found |= {"estimates": saved.config.get("estimates", {}) | estimates} if estimates else {}
        checkpoint.save(path, saved.config | found, saved.files, keep_note=True)


def _warnings(engine: Engine) -> list[str]:
    """Those of the card, and that of the map if it can be read."""
    said = card_warnings(engine.card)
    with contextlib.suppress(CheckpointError):
        said = [engine.atlas.warning, *said]
    return list(dict.fromkeys(filter(None, said)))


def _groups(text: str) -> list[MetricGroup]:
    """The groups of --metrics, in the order given. Raises: UnknownName."""
    if text == ALL:
        return list(metric_groups().values())
    return [METRICS.get(name) for name in dict.fromkeys(part.strip() for part in text.split(","))]


def _print_metrics(name: str, figures: dict[str, Any], skipped: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        plain = {k: dataclasses.asdict(v) if isinstance(v, Estimate) else v for k, v in figures.items()}
        print(json.dumps({"checkpoint": name, **plain, **({"skipped": skipped} if skipped else {})}, indent=1))
        return
    errors = {error_key(key) for key in figures} & figures.keys()  # printed on the line of their metric
    for key in [key for key, value in figures.items() if key not in errors and value is not None]:
        error = figures.get(error_key(key))
        if error is None:
            print(f"{key:{WIDE}} {_text(figures[key])}")
        else:
            measured = _(
                "{value} ± {error} (standard error; n {n}, seed {seed})",
                value=_text(figures[key]),
                error=significant(error, 2),
                n=number(figures["n_test"]),
                seed=figures["seed"],
            )
            print(f"{key:{WIDE}} {measured}")
    for line in _beside(figures):
        print(line)
    if figures.get("dequantised") is False:
        print(_(UNDEQUANTISED))
    for group, reason in skipped.items():
        print(f"{group:{WIDE}} " + _("not measured: {reason}", reason=reason))


def _beside(figures: dict[str, Any]) -> Iterator[str]:
    """The scores of the code with those of the raw samples and of principal components in columns beside them."""
    if SCORES[0] not in figures:
        return
    title, *columns = _("does the code help?"), _("code"), _("raw samples"), _("PCA of equal d")
    yield f"\n{title:{WIDE}} " + "".join(f"{column:>18}" for column in columns)
    for score in SCORES:
        each = [figures[key] for key in (score, *(f"{score}_{name}" for name in BASELINES))]
        cells = [
            number(e.value, 3) if e.standard_error is None else f"{number(e.value, 3)} ± {number(e.standard_error, 3)}"
            for e in each
        ]
        yield f"{score:{WIDE}} " + "".join(f"{cell:>18}" for cell in cells)


def _text(value: Any) -> str:
    if isinstance(value, Estimate):
        estimate = significant(value.value, 5)
        if value.standard_error is not None:
            error = significant(value.standard_error, 2)
            estimate = _("{value} ± {error} (standard error)", value=estimate, error=error)
        return _(
            "{value} (n {n}, seed {seed}; {protocol})",
            value=estimate,
            n=number(value.n),
            seed=value.seed,
            protocol=_(value.protocol),
        )
    if isinstance(value, list):
        return " ".join(number(v, 3) for v in value)
    return significant(value, 6) if isinstance(value, float) else str(value)
