"""The decisions tool: which classifier colours the map, how far it is right, and which samples it calls otherwise."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.live import background, classifiers
from app.live.classifiers import Job
from app.live.rights import Right
from app.panels.classifying import POLL_S, job, share, worth
from app.show.literal import literal
from app.show.waiting import later
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.saved import classifier_files
from vae.studies import decisions
from vae.studies.classifiers import FILE, OUTPUTS
from vae.text import N_, _, ngettext, number

TITLE, HELP = N_("Decisions"), N_("What a classifier says of the pictures decoded over the map")
INTRO = N_(
    "Colours every place of the map by the class that a classifier gives the picture decoded there; strong colours "
    "where it is sure."
)
CHOICE, UPLOAD = "decisions.choice", "decisions.upload"
NONE = ""


def unavailable(engine: Engine) -> str:
    return ""


def show(engine: Engine, committed: dict) -> None:
    try:
        known = classifiers.names(engine)
    except ZscopeError as error:
        st.error(literal(str(error)))
        return
    offered = [NONE, *(name for name, why in known.items() if not why)]
    tied = session.tied(CHOICE, session.studio().classifier, _take)
    st.selectbox(_("Classifier"), offered, format_func=title, **tied)
    for name, why in known.items():
        if why:
            st.caption(f"{title(name)}: {literal(why)}.")
    found = job(engine)
    if found is None:
        st.caption(_(INTRO))
    elif not found.done:
        _waiting(engine)
    elif found.error:
        st.error(literal(found.error))
        if found.name in offered:
            st.button(_("Try again"), on_click=_again, args=(engine, found.name))
    else:
        _open(engine, found)
    _files(engine)


def title(name: str) -> str:
    """A classifier as the menu calls it."""
    return classifiers.title(name) if name else _("none")


def _take(name: str) -> None:
    state = session.studio()
    engine = session.engine()
    session.update(choose(state, classifier=name or ""))
    if (found := job(engine)) is not None and found.error and found.name in classifiers.names(engine):
        classifiers.job(engine, name, again=True)


def _again(engine: Engine, name: str) -> None:
    classifiers.job(engine, name, again=True)


@st.fragment
def _waiting(engine: Engine) -> None:
    """Until it is open: how far its training is."""
    found = job(engine)
    if found is None or found.done:  # the map, which waits too, runs the page again
        return
    pulse(POLL_S, key="unseen-classifier-tool")
    if found.share and found.share < 1:
        st.progress(found.share, _("Training the classifier, once for this data set"))
    else:
        later(_("Opening the classifier and measuring how often it is right"))


def _open(engine: Engine, found: Job) -> None:
    classifier, agreement = found.classifier, found.agreement
    assert classifier is not None  # it is open
    st.markdown(literal(worth(found)[:1].upper() + worth(found)[1:] + "."))
    lines = []
    if agreement is not None and agreement.on_reconstructions is not None and agreement.same is not None:
        lines.append(
            _(
                "Of their reconstructions, {share} are given the label, and {same} what their sample is given.",
                share=share(agreement.on_reconstructions),
                same=share(agreement.same),
            )
        )
    if classifier.said:
        lines.append(_("Its scores are {said}.", said=classifier.said))
    for line in lines:
        st.caption(literal(line))
    if found.name.startswith(FILE):
        _outputs(engine, found)
    if engine.atlas.labels is not None and engine.atlas.classes:
        help = _("Selects the samples of the map that this classifier calls otherwise than their label")
        st.button(
            _("Select where it disagrees with the label"), on_click=partial(_disagreeing, engine, found), help=help
        )


def _outputs(engine: Engine, found: Job) -> None:
    """What the scores of a file are, where the guess is wrong."""
    name = found.name.removeprefix(f"{FILE}:")
    assert found.classifier is not None

    def take(outputs: str) -> None:
        if outputs is None:
            return
        try:
            session.required(Right.TRAIN)
            classifier_files.say(engine.card, name, outputs)
            classifiers.job(engine, found.name, again=True)
        except ZscopeError as error:
            session.tell(str(error))

    tied = session.tied(f"decisions.outputs.{name}", found.classifier.outputs, take)
    st.segmented_control(_("Its scores are"), OUTPUTS, format_func=lambda name: _(OUTPUT_NAMES[name]), **tied)


OUTPUT_NAMES = {"probabilities": N_("probabilities"), "logits": N_("logits")}


def _disagreeing(engine: Engine, found: Job) -> None:
    assert found.classifier is not None
    with st.spinner(_("Classifying the samples of the map ...")):
        try:
            key = ("disagreeing", engine.name, session.digest(engine), found.name, found.classifier.outputs)
            rows, real = background.once(key, decisions.disagreeing, engine, found.classifier).result()
        except ZscopeError as error:
            found.fail(str(error))  # said under this classifier, and gone with it
            return
    told = ngettext(
        "{n} of {all} samples of the map is called otherwise than its label",
        "{n} of {all} samples of the map are called otherwise than their label",
        len(rows),
        all=number(engine.atlas.n),
    )
    if not real:
        told += "; " + _("their reconstructions were asked, as the data set is not on this machine")
    elif found.classifier.trained_on:
        told += "; " + _("it was trained on these samples, so that others are called otherwise more often")
    session.tell(told + ".")
    session.update(choose(select(session.studio(), rows), tool="group"))


def _files(engine: Engine) -> None:
    """A classifier of the user's own: added, and deleted."""
    if not session.may(Right.TRAIN):
        return
    with st.expander(_("A classifier of your own")):
        st.caption(
            _(
                "TorchScript (.pt) or ONNX (.onnx): samples {shape} in 0–1 to scores (b, {k}). It runs in a process of "
                "its own, within limits.",
                shape=f"(b, {', '.join(map(str, engine.shape))})",
                k=len(engine.card["classes"]) or "k",
            )
        )
        st.file_uploader(_("File"), ["pt", "onnx"], key=UPLOAD, on_change=partial(_uploaded, engine))
        for name in classifier_files.listed(engine.card):
            st.button(_("Delete {name}", name=literal(name)), on_click=partial(_delete, engine, name))


def _uploaded(engine: Engine) -> None:
    given = session.held(UPLOAD)
    if given is None:
        return
    try:
        session.required(Right.TRAIN)
        kept = classifier_files.add(engine.card, Path(given.name).name, given.getvalue())
        name = f"{FILE}:{kept.name}"
        classifiers.job(engine, name, again=True)
        session.update(choose(session.studio(), classifier=name))
    except (ZscopeError, ValueError) as error:
        session.tell(str(error))


def _delete(engine: Engine, name: str) -> None:
    try:
        session.required(Right.TRAIN)
        classifier_files.remove(engine.card, name)
    except ZscopeError as error:
        session.tell(str(error))
        return
    state = session.studio()
    if state.classifier == f"{FILE}:{name}":
        session.update(choose(state, classifier=""))
