"""The classifier that is chosen, as the pages show it: what its decisions are worth stands wherever they do."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.live import classifiers
from app.live.classifiers import Job
from app.live.rights import Right
from vae.engine.engine import Engine
from vae.errors import CheckpointError
from vae.metrics.estimate import Estimate
from vae.studies.classifiers import LABELS, is_trained
from vae.text import _, number, percent

POLL_S = 1.0


def job(engine: Engine) -> Job | None:
    """The chosen classifier, or its opening; None if none is chosen, or this model has none of that name."""
    name = session.studio().classifier
    if not name:
        return None
    try:
        known = classifiers.names(engine)
    except CheckpointError as error:
        return Job(name, error=str(error))
    if name not in known:
        return Job(name, error=_("{model} has no classifier {name!r}.", model=engine.name, name=name))
    if not known[name] and name == LABELS and not session.may(Right.TRAIN) and not is_trained(engine):
        return Job(name, error=session.why_not(Right.TRAIN))
    return Job(name, error=known[name]) if known[name] else classifiers.job(engine, name)


@st.fragment
def awaited(engine: Engine) -> None:
    """While the chosen classifier is being opened: once it is, the page runs again, with its decisions."""
    found = job(engine)
    if found is None:
        return
    if found.done:
        st.rerun(scope="app")
    pulse(POLL_S, key="unseen-classifier")


def waiting(engine: Engine) -> bool:
    found = job(engine)
    return found is not None and not found.done


def shown(engine: Engine) -> dict[str, Any] | None:
    """The chosen classifier as the browser parts take it; None until it is open."""
    found = job(engine)
    if found is None or not found.done or found.error or found.classifier is None:
        return None
    classes = list(found.classifier.classes)
    return {"name": found.name, "classes": classes, "said": worth(found), "help": found.classifier.title}


def worth(found: Job) -> str:
    """How often it is right, beside what the most frequent class gives, in a line."""
    if found.agreement is None:
        return _("accuracy unknown: {why}", why=found.unmeasured.removesuffix("."))
    on_samples, majority = found.agreement.on_samples, found.agreement.majority.value
    values = {"share": share(on_samples), "majority": percent(majority)}
    poor = on_samples.value <= majority + 2 * (on_samples.standard_error or 0)
    if found.agreement.of_program:  # no test split
        if poor:
            return _(
                "right for only {share} of the samples that your program gave: the most frequent class alone gives "
                "{majority}",
                **values,
            )
        return _(
            "right for {share} of the samples that your program gave, whether it was trained on them or not "
            "({majority} by the most frequent class)",
            **values,
        )
    if poor:
        return _("right for only {share} of test samples: the most frequent class alone gives {majority}", **values)
    return _("right for {share} of test samples ({majority} by the most frequent class)", **values)


def share(e: Estimate) -> str:
    """A share with its standard error, in percent."""
    return percent(e.value, 1) + ("" if e.standard_error is None else f" ± {number(100 * e.standard_error, 1)}")
