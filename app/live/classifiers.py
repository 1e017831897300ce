"""The classifiers of each engine, opened or trained once for all sessions, on threads of their own.

One that exceeds its limits, or ends by itself, is not asked again until somebody chooses it anew: it would stop the
live channel for as long as its limit each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch

from vae.engine.engine import Engine
from vae.errors import DecoderStopped, NotMeasurable, SettingError, ZscopeError
from vae.saved import classifier_files
from vae.studies import classifiers, decisions
from vae.studies.classifiers import Classifier
from vae.text import _

_guard = threading.Lock()
_jobs: WeakKeyDictionary = WeakKeyDictionary()  # engine -> {name: Job}


@dataclass
class Job:
    """A classifier, or how far it is. share: of its training that is done. agreement: with the labels of test samples;
    unmeasured: why there is none. error: why there is no classifier, or none any more; it names the classifier."""

    name: str
    share: float = 0.0
    classifier: Classifier | None = None
    agreement: decisions.Agreement | None = None
    unmeasured: str = ""
    error: str = ""

    @property
    def done(self) -> bool:
        return bool(self.error) or (self.classifier is not None and bool(self.agreement or self.unmeasured))

    def fail(self, why: str) -> None:
        """There is no classifier any more. why: wherever it is read, also beside another classifier, it says which."""
        name = title(self.name)
        self.error = why if name in why else f"{name}: {why}"


def title(name: str) -> str:
    """A classifier as the page calls it."""
    return _(classifiers.TITLES[name]) if name in classifiers.TITLES else name.removeprefix(f"{classifiers.FILE}:")


def names(engine: Engine) -> dict[str, str]:
    """The classifiers of a model: name -> "", or why it is not available; files as "file:NAME".

    Raises: CheckpointError: the saved files are damaged."""
    return classifiers.available(engine) | {f"{classifiers.FILE}:{n}": "" for n in classifier_files.listed(engine.card)}


def job(engine: Engine, name: str, *, again: bool = False) -> Job:
    """The classifier of that name, or its opening, begun now if it is not yet. again: anew, where that failed."""
    with _guard:
        jobs = _jobs.setdefault(engine, {})
        if name not in jobs or (again and jobs[name].done):
            jobs[name] = Job(name)
            threading.Thread(target=_open, args=(engine, jobs[name]), name=f"classifier-{name}", daemon=True).start()
        return jobs[name]


def ready(engine: Engine, name: str) -> Classifier:
    """The classifier, for the live channel. Raises: SettingError: it is not ready, or failed."""
    with _guard:
        found = _jobs.get(engine, {}).get(name)
    if found is None or (found.classifier is None and not found.error):
        plain = name.removeprefix(f"{classifiers.FILE}:")[:64]
        raise SettingError(_("the classifier {name!r} is not open yet.", name=plain))
    if found.error or found.classifier is None:
        raise SettingError(found.error)
    return found.classifier


def _open(engine: Engine, found: Job) -> None:
    try:
        torch.set_num_threads(1)
        classifier = _opened(engine, found)
        found.classifier = replace(classifier, run=_watched(classifier.run, found))
        found.agreement = decisions.agreement(engine, found.classifier)
    except NotMeasurable as error:
        found.unmeasured = str(error)
    except ZscopeError as error:
        found.fail(str(error))
    except Exception as error:  # whatever a user's classifier raises is told to whoever asks
        found.fail(_("the classifier failed: {error}", error=f"{type(error).__name__}: {error}"))


def _opened(engine: Engine, found: Job) -> Classifier:
    if found.name == classifiers.LABELS:
        return classifiers.of_labels(engine, progress=lambda share: setattr(found, "share", share))
    if found.name == classifiers.OWN:
        return classifiers.of_model(engine)
    if found.name == classifiers.PROGRAM:
        return classifiers.of_program(engine)
    kept = classifier_files.of_name(engine.card, found.name.removeprefix(f"{classifiers.FILE}:"))
    return classifiers.of_file(engine, kept.path, kept.outputs, kept.span, kept.name)


def _watched(run: Callable[[np.ndarray], np.ndarray], found: Job) -> Callable[[np.ndarray], np.ndarray]:
    def watched(x: np.ndarray) -> np.ndarray:
        if found.error:
            raise SettingError(found.error)
        try:
            return run(x)
        except DecoderStopped as error:
            found.fail(str(error))
            raise DecoderStopped(found.error) from error

    return watched
