"""Classifiers of samples: trained here on the labels, of the model itself, of a file, or of the program that holds it.

Each is a function of samples (n, *shape), float32, in 0-1 for pictures, that returns a score for each class. What the
scores are is decided once, from some samples, and said: probabilities, or logits whose softmax is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ..data.published.store import cache, here
from ..engine.engine import Engine
from ..errors import DataNotFound, DecoderError, SettingError, ShapeError
from ..metrics.features import feature_space
from ..registry import DATASETS
from ..saved.decoders import DECODERS, opened
from ..text import N_, _, ngettext

OUTPUTS = PROBABILITIES, LOGITS = "probabilities", "logits"
LABELS, OWN, PROGRAM, FILE = "labels", "model", "program", "file"  # how a classifier is called; a file with its name
TITLES = {
    LABELS: N_("trained here on the labels"),
    OWN: N_("the model's own q(y|x)"),
    PROGRAM: N_("of your program"),
}
SOME = 32  # samples that tell what the scores are
CLOSE = 1e-3  # of a sum of probabilities to 1
BATCH = 256
AXES = {  # of a batch, by how many there are
    2: N_("samples × variables"),
    3: N_("samples × channels × steps"),
    4: N_("samples × channels × height × width"),
}

Run = Callable[[np.ndarray], np.ndarray]
Report = Callable[[str], Any]


@dataclass(frozen=True)
class Classifier:
    """A classifier with one of `classes` for each of its scores. name: LABELS, OWN, PROGRAM or "file:NAME". outputs:
    PROBABILITIES or LOGITS; said: how that was decided, in a sentence. span: the values of black and white in the
    pictures that it takes. trained_on: whether it was fitted to the training samples of this data set."""

    name: str
    title: str
    classes: tuple[str, ...]
    run: Run
    outputs: str = LOGITS
    said: str = ""
    span: tuple[float, float] = (0.0, 1.0)
    trained_on: bool = False

    def probabilities(self, x: np.ndarray) -> Float[np.ndarray, "n k"]:
        """p(class | x) of samples (n, *shape): pictures as uint8, or float in 0-1.

        Raises: ShapeError: not one finite score for each class and sample. DecoderError: a file, or the classifier of a
        program, failed on what it was given. What the classifier raises.
        """
        out = []
        for i in range(0, len(x), BATCH):
            scores = self._scores(x[i : i + BATCH])
            out.append(_softmax(scores) if self.outputs == LOGITS else scores.clip(0, 1))
        return np.concatenate(out)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        given = x.astype(np.float32) / np.float32(255) if x.dtype == np.uint8 else np.asarray(x, np.float32)
        low, high = self.span
        if (low, high) != (0.0, 1.0):
            given = np.float32(low) + given * np.float32(high - low)
        try:
            scores = self.run(np.ascontiguousarray(given))
        except DecoderError as error:
            if not error.said:  # not about what it was given
                raise
            raise DecoderError(self._refused(given.shape, error.said), error.said) from error
        return _checked(scores, given.shape, self.classes, self.title)

    def _refused(self, shape: tuple[int, ...], said: str) -> str:
        """That it failed on a batch of that shape, with its own words, and what it has to take."""
        low, high = self.span
        values = _(", values {low:g} to {high:g}", low=low, high=high) if len(shape) == 4 else ""  # pictures
        return _(
            'the classifier {title!r} was given a batch of {given}{values}, and failed with "{said}": expected one '
            "that takes any batch of {expected} ({axes}){values}, and returns a row of scores for each sample.",
            title=self.title,
            given=_times(shape),
            values=values,
            said=said.rstrip("."),
            expected=_times(("N", *shape[1:])),
            axes=_(AXES.get(len(shape), N_("samples × ..."))),
        )


def available(engine: Engine) -> dict[str, str]:
    """The classifiers of a model besides files: name -> "", or why it is not available."""
    classes, names = engine.card["classes"], {}
    if len(classes) < 2:
        labels = _("the data set has no labels")
    elif not here(engine.card):
        labels = _("the data set is not on this machine")
    else:
        labels = ""
    names[LABELS] = labels
    if hasattr(engine.model, "classify") and "attached" not in engine.traits:
        names[OWN] = ""
    if "attached" in engine.traits and getattr(engine.model, "classifies", False):
        names[PROGRAM] = ""
    return names


def is_trained(engine: Engine) -> bool:
    """Whether a classifier of its data set lies in the cache, so that none has to be trained."""
    return any(cache(engine.card["dataset"]).glob("classifier-*.safetensors"))


def of_labels(
    engine: Engine, report: Report = lambda stage: None, progress: Callable[[float], Any] = lambda share: None
) -> Classifier:
    """A small net trained on the labels of the training samples, once for a data set: see `metrics.features`.

    Raises: SettingError: there are no labels. DataNotFound: the data set is not on this machine. SaveError.
    """
    if why := available(engine)[LABELS]:
        raise SettingError(_("{model}: {why}.", model=engine.name, why=why))
    name = engine.card["dataset"]
    space = feature_space(name, DATASETS.get(name).load(), report=report, progress=progress, pictures=False)
    return Classifier(LABELS, _(TITLES[LABELS]), tuple(engine.card["classes"]), space.logits, LOGITS, trained_on=True)


def of_model(engine: Engine) -> Classifier:
    """q(y|x) of a semi-supervised model. Raises: SettingError: the model has none."""
    model = engine.model
    if OWN not in available(engine):
        raise SettingError(_("{model} has no classifier of its own.", model=engine.name))

    def run(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            device = next(model.parameters()).device  # type: ignore[attr-defined]
            return model.classify(torch.from_numpy(x).to(device)).float().cpu().numpy()  # type: ignore[attr-defined]

    return Classifier(OWN, _(TITLES[OWN]), tuple(engine.card["classes"]), run, PROBABILITIES, trained_on=True)


def of_program(engine: Engine, outputs: str = "") -> Classifier:
    """`classify` of the program that called vae.explore. Raises: SettingError: it gave none; as `fitted`."""
    if PROGRAM not in available(engine):
        raise SettingError(_("{model} was opened without classify=.", model=engine.name))
    return fitted(PROGRAM, _(TITLES[PROGRAM]), engine, engine.model.classify, outputs=outputs)  # type: ignore[attr-defined]


def of_file(
    engine: Engine, path: Path, outputs: str = "", span: tuple[float, float] = (0.0, 1.0), name: str = ""
) -> Classifier:
    """A TorchScript or ONNX file, which runs in a process of its own, see `saved.decoder_process`.

    outputs: PROBABILITIES or LOGITS; "": guessed. span: the values of black and white in the pictures that it takes.
    Raises: DataNotFound: there is no such file. SettingError: it is of another kind; as `fitted`. DecoderError.
    """
    if not path.exists():
        raise DataNotFound(_("{path}: no such file.", path=path))
    if path.suffix not in DECODERS:
        raise SettingError(_("{name}: expected TorchScript (.pt) or ONNX (.onnx).", name=path.name))
    run = opened(DECODERS[path.suffix], path.read_bytes(), N_("classifier"))
    called = f"{FILE}:{name or path.name}"
    return fitted(called, name or path.name, engine, run, outputs=outputs, span=span)


def fitted(
    name: str,
    title: str,
    engine: Engine,
    run: Run,
    *,
    outputs: str = "",
    span: tuple[float, float] = (0.0, 1.0),
) -> Classifier:
    """The classifier `run`, after some decoded samples of the map have shown that it fits, and what its scores are.

    Raises: SettingError: an unknown kind of outputs, or an empty span. ShapeError: its scores do not fit the classes of
    the model, or are not finite. What run raises.
    """
    if outputs not in ("", *OUTPUTS):
        raise SettingError(
            _("outputs {outputs!r}: expected one of {known}.", outputs=outputs, known=", ".join(OUTPUTS))
        )
    if not span[0] < span[1]:
        raise SettingError(_("range {low:g}:{high:g}: expected the lower number first.", low=span[0], high=span[1]))
    z = engine.atlas.z[:: max(1, engine.atlas.n // SOME)][:SOME]
    classes = tuple(engine.card["classes"])
    first = Classifier(name, title, classes, run, span=span)
    scores = first._scores(engine.decode(z, c=engine.condition_at(z)))
    classes = classes or tuple(_("class {k}", k=k) for k in range(scores.shape[1]))
    like = (scores >= -CLOSE).all() and np.allclose(scores.sum(1), 1, atol=CLOSE)
    guess = PROBABILITIES if like else LOGITS
    if outputs == PROBABILITIES and not like:
        said = _("taken for probabilities as you say, although they do not sum to 1")
    elif outputs:
        said = _("as you say")
    elif like:
        said = _("taken for probabilities: they are at least 0 and sum to 1")
    else:
        said = _("taken for logits, of which the softmax is the probability: they do not sum to 1")
    return Classifier(name, title, classes, run, outputs or guess, said, span)


def _checked(scores: Any, shape: tuple[int, ...], classes: Sequence[str], title: str) -> np.ndarray:
    """The scores (n, k) of a batch of that shape as float32. Raises: ShapeError."""
    scores = np.asarray(scores, np.float32)
    n, k = shape[0], len(classes)
    if scores.ndim != 2 or len(scores) != n or (k and scores.shape[1] != k) or scores.shape[1] < 2:
        told = {"title": title, "batch": _times(shape), "given": scores.shape, "expected": f"({n}, {k or 'k'})"}
        if not k:
            raise ShapeError(
                _(
                    "the classifier {title!r} returned {given} for a batch of {batch}: expected {expected}, a score "
                    "for each class, of which there are at least 2.",
                    **told,
                )
            )
        raise ShapeError(
            ngettext(
                "the classifier {title!r} returned {given} for a batch of {batch}: expected {expected}, a score for "
                "each of {n} class.",
                "the classifier {title!r} returned {given} for a batch of {batch}: expected {expected}, a score for "
                "each of {n} classes.",
                k,
                **told,
            )
        )
    if not np.isfinite(scores).all():
        raise ShapeError(
            _(
                "the classifier {title!r} returned NaN or infinity for a batch of {batch}: expected finite scores.",
                title=title,
                batch=_times(shape),
            )
        )
    return scores


def _times(shape: Sequence[object]) -> str:
    """A shape as "32 × 1 × 28 × 28"."""
    return " × ".join(map(str, shape))


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)
