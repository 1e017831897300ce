"""python -m vae eval: every metric of a checkpoint, with its error, sample size, seed and protocol."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from argparse import Namespace
from typing import Any

from tqdm import tqdm

from ..atlas.fidelity import of_model
from ..atlas.fidelity_words import sentence
from ..engine.engine import Engine, load
from ..errors import CheckpointError, NotMeasurable, SettingError, UnknownName
from ..metrics.active import card_warnings
from ..metrics.annealed import missed
from ..metrics.bounds import not_tight
from ..metrics.estimate import Estimate
from ..metrics.subject import Subject, measured
from ..models.nets.precision import PRECISIONS
from ..registry import METRICS, MetricGroup, metric_groups
from ..runs.guards import unneeded
from ..saved import checkpoint
from ..saved.names import check_not_packaged
from ..text import _
from .metric_lines import WIDE, lines

ALL = "all"


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
        try:
            for i, group in enumerate(groups, 1):
                if len(groups) > 1:
                    say(f"{group.name} ({i} / {len(groups)}): {_(group.title)}")
                try:
                    found = measured(group, subject)
                except NotMeasurable as e:
                    skipped[group.name] = str(e)
                    continue
                finally:
                    bar.reset()
                figures |= found
                for said in filter(None, (not_tight(found), missed(found))):
                    say(said)
                if args.save:
                    _save(args.checkpoint, found)
                if not args.json:
                    print(*lines(found), *_beside(engine, found), sep="\n", flush=True)
        finally:  # Ctrl-C: what was measured until then is not lost
            told = skipped if args.metrics == ALL or args.json else {}  # else the error names them
            if figures or told:
                _print_rest(engine.name, figures, told, as_json=args.json)
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


def _beside(engine: Engine, figures: dict[str, Any]) -> list[str]:
    """Beside an MSE that of neighbouring samples and of PCA, where they were measured with the map."""
    if "mse" not in figures:
        return []
    with contextlib.suppress(CheckpointError):
        if found := of_model(engine.atlas, engine.card):
            return [sentence(found, sigma=not engine.modality.bounded)]
    return []


def _groups(text: str) -> list[MetricGroup]:
    """The groups of --metrics, in the order given. Raises: UnknownName."""
    if text == ALL:
        return list(metric_groups().values())
    return [METRICS.get(name) for name in dict.fromkeys(part.strip() for part in text.split(","))]


def _print_rest(name: str, figures: dict[str, Any], skipped: dict[str, str], *, as_json: bool) -> None:
    """All figures as JSON; of text only why groups were not measured, as the lines of the others are out."""
    if as_json:
        plain = {k: dataclasses.asdict(v) if isinstance(v, Estimate) else v for k, v in figures.items()}
        print(json.dumps({"checkpoint": name, **plain, **({"skipped": skipped} if skipped else {})}, indent=1))
        return
    for group, reason in skipped.items():
        print(f"{group:{WIDE}} " + _("not measured: {reason}", reason=reason))
