"""python -m vae decisions: what a classifier says over the map of a model."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np

from ..disk.one_step import replacing
from ..engine.engine import Engine, load
from ..errors import NotMeasurable, SettingError
from ..metrics.estimate import Estimate
from ..saved import classifier_files
from ..studies import classifiers, decisions
from ..studies.classifiers import Classifier
from ..text import _, ngettext, number, percent

SIDE_MAX = 512


def show_decisions(args: Namespace) -> None:
    """Agreement on test samples and reconstructions beside the majority class; the field, if --out is given."""
    engine = load(args.checkpoint)
    if not 2 <= args.side <= SIDE_MAX:
        raise SettingError(_("--side {side}: expected 2 to {max}.", side=args.side, max=SIDE_MAX))
    out = Path(args.out) if args.out else None
    if out is not None and out.suffix != ".npz":
        raise SettingError(_("--out {path}: expected a .npz file.", path=out))
    classifier = _classifier(args, engine)
    record: dict = {"classifier": classifier.name, "outputs": classifier.outputs, "classes": list(classifier.classes)}
    lines = [f"{classifier.title}: {classifier.outputs}" + (f" ({classifier.said})" if classifier.said else "")]
    try:
        found = decisions.agreement(engine, classifier, args.n)
        record |= {name: _record(e) for name, e in found.shares().items()}
        lines += agreement_lines(found)
    except NotMeasurable as error:
        record["not_measurable"] = str(error)
        lines.append(str(error))
    field = decisions.field(engine, classifier, args.side)
    counts = np.bincount(field.label.ravel(), minlength=len(classifier.classes)) / field.label.size
    record["share_of_map"] = dict(zip(classifier.classes, map(float, counts), strict=True))
    lines.append(
        _(
            "of the map: {classes}; mean confidence {confidence}",
            classes=", ".join(f"{c} {percent(s)}" for c, s in zip(classifier.classes, counts, strict=True) if s),
            confidence=percent(float(field.confidence.mean())),
        )
    )
    if args.save:
        _save(args, engine, classifier)
    if out is not None:
        names = np.array(classifier.classes)
        with replacing(out) as partial:
            np.savez_compressed(
                partial,
                label=field.label.astype(np.int32),
                confidence=field.confidence,
                trust=field.trust,
                box=np.array(field.box),
                classes=names,
            )
    print(json.dumps(record, indent=1) if args.json else "\n".join(lines))


def agreement_lines(found: decisions.Agreement) -> list[str]:
    """One for each share, with its standard error and number of samples."""
    of_program = _("samples of your program given their label")
    names = {
        "on_samples": of_program if found.of_program else _("test samples given their label"),
        "on_reconstructions": _("reconstructions given the label of their sample"),
        "same": _("reconstructions called as their sample"),
        "majority": _("the most frequent class alone"),
    }
    return [f"{names[name]}: {_estimate(e)}" for name, e in found.shares().items()]


def _estimate(e: Estimate) -> str:
    error = "" if e.standard_error is None else f" ± {number(100 * e.standard_error, 1)}"
    return ngettext(
        "{share}{error} of {samples} sample", "{share}{error} of {samples} samples", e.n, share=percent(e.value, 1),
        error=error, samples=number(e.n),
    )  # fmt: skip


def _record(e: Estimate) -> dict:
    return {"value": e.value, "n": e.n, "standard_error": e.standard_error, "protocol": e.protocol}


def _classifier(args: Namespace, engine: Engine) -> Classifier:
    given = args.classifier or classifiers.LABELS
    report = lambda said: print(said, file=sys.stderr)  # noqa: E731
    if args.outputs and given in (classifiers.LABELS, classifiers.OWN):
        raise SettingError(_("--outputs is for a classifier of your own: what this one returns is known."))
    if given == classifiers.LABELS:
        return classifiers.of_labels(engine, report)
    if given == classifiers.OWN:
        return classifiers.of_model(engine)
    kept = classifier_files.listed(engine.card).get(given)
    if kept is not None and not Path(given).exists():
        return classifiers.of_file(engine, kept.path, args.outputs or kept.outputs, kept.span, kept.name)
    return classifiers.of_file(engine, Path(given), args.outputs, _span(args.range))


def _span(text: str) -> tuple[float, float]:
    if not text:
        return 0.0, 1.0
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        raise SettingError(_("--range {text}: expected LOW:HIGH, such as -1:1.", text=text)) from None
    return low, high


def _save(args: Namespace, engine: Engine, classifier: Classifier) -> None:
    if not classifier.name.startswith(classifiers.FILE):
        raise SettingError(_("--save is for a file: this classifier is known to the app already."))
    path = Path(args.classifier)
    kept = classifier_files.add(engine.card, path.name, path.read_bytes(), outputs=args.outputs, span=classifier.span)
    print(_("saved as {name}: Explore offers it under Decisions", name=kept.name), file=sys.stderr)
