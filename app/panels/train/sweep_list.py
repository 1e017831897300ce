"""Sweeps: one entry for all trainings of a sweep, from which its models are opened and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app import session
from app.live import background
from app.live.rights import Right
from app.show.literal import literal
from vae.errors import ZscopeError
from vae.registry import about
from vae.runs import control
from vae.runs.folder import DONE, FAILED, RUNNING, Run
from vae.sweeps import comparison, sweeps
from vae.sweeps.sweeps import Disk, Sweep
from vae.text import N_, _, ngettext, number

COMPARE = N_(
    "A slider moves through the trained models: the same samples, with map, pictures and rates of each model, and the "
    "measured rate-distortion curve."
)
DELETES = N_("Deletes sweep **{name}** and its runs with their logs, curves and snapshots. This cannot be undone.")
MODELS_KEPT = N_("The models are kept and appear one by one in the model picker.")
LATER = N_(
    "The models can be compared once all {n} are trained: {done} done, {left} to go. A training that fails is left out."
)
OPEN = N_("Open this model in Explore")
TRAIN, EXPLORE = "views/train.py", "views/explore.py"


def entry(sweep: Sweep, disk: Disk, one: Callable[[Run], None]) -> None:
    """The state of a sweep and what can be done with it. one: draws the entry of a run."""
    states, begun, running = sweep.states(disk), sweep.runs(disk), sweep.running(disk)
    done, failed = (list(states.values()).count(state) for state in (DONE, FAILED))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{literal(sweep.name)}** :gray[{literal(about(sweep.family, sweep.dataset))}]")
        counts = {"done": number(done), "all": number(len(states)), "failed": number(failed)}
        if failed:
            state = _("sweep, {done} of {all} trained, {failed} failed", **counts)
        else:
            state = _("sweep, {done} of {all} trained", **counts)
        st.badge(state, icon=":material/stairs:", color="blue" if running else "red" if failed else "green")
    st.caption(_("The same training with {setting} = {values}.", setting=literal(sweep.setting), values=_values(sweep)))
    if running:
        left = number(len(states) - done - failed)
        st.caption(f":material/hourglass_empty: {_(LATER, n=number(len(states)), done=number(done), left=left)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if running and session.may(Right.TRAIN):
            st.button(_("Stop all"), icon=":material/stop:", type="tertiary", on_click=_tried,
                      args=(_stop, sweep, Right.TRAIN), key=f"stop-sweep-{sweep.name}")  # fmt: skip
        elif done > 1 and not running:
            _compare(sweep, disk)
        deletable = RUNNING not in states.values() and sweep.name not in sweeps.shipped()
        if deletable and session.may(Right.MANAGE):
            with st.popover(_("Delete"), icon=":material/delete:", type="tertiary", key=f"deletes-{sweep.name}"):
                st.markdown(_(DELETES, name=literal(sweep.name)))
                st.markdown(_(MODELS_KEPT))
                st.button(_("Delete sweep"), icon=":material/delete:", type="primary", on_click=_tried,
                          args=(_delete, sweep, Right.MANAGE), key=f"delete-sweep-{sweep.name}")  # fmt: skip
        each = bool(begun) and st.toggle(_("Show each training"), running or failed > 0, key=f"each-{sweep.name}")
    for model in sweep.models if each else ():
        if model in begun:
            one(begun[model])


def mention(card: Mapping) -> None:
    """On the page of a model: the sweep that it belongs to, or else a sweep on the same data set over a setting that
    its family has."""
    own, known, disk = sweeps.of_model(card["name"]), sweeps.known().values(), sweeps.read()
    alike = [one for one in known if one.dataset == card["dataset"] and one.setting in card["hparams"]]
    sweep = own or next((one for one in alike if comparison.ready(one, disk)), None)
    if sweep is None or (own and not comparison.ready(own, disk)):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = {
            "name": literal(sweep.name),
            "setting": literal(sweep.setting),
            "values": _values(sweep),
            "about": literal(about(sweep.family, sweep.dataset)),
        }
        n = len(sweep.models)
        if own:
            text = ngettext(
                "This is the one model of sweep **{name}** ({setting} = {values}).",
                "This is one of the {n} models of sweep **{name}** ({setting} = {values}).",
                n,
                **facts,
            )
        else:
            text = ngettext(
                "What does {setting} do? Sweep **{name}** has {n} model: {about} with {setting} = {values}.",
                "What does {setting} do? Sweep **{name}** has {n} models: {about} with {setting} = {values}.",
                n,
                **facts,
            )
        st.markdown(text)
        if st.button(
            _("Compare the models"), icon=":material/stairs:", type="tertiary", help=_(COMPARE), key="sweep-mention"
        ):
            session.watch(_key(sweep))
            st.switch_page(TRAIN)


def ready_keys() -> list[str]:
    """Keys of the sweeps whose models can be compared, as app.live.theatre has them."""
    disk = sweeps.read()
    return [_key(sweep) for sweep in sweeps.known().values() if comparison.ready(sweep, disk)]


def open_model(name: str, frame: int) -> None:
    """Open the model of that frame in Explore."""
    session.open_model(list(comparison.seen(sweeps.find(name)))[frame])
    st.switch_page(EXPLORE)


def _key(sweep: Sweep) -> str:
    """The key that app.live.theatre has for it."""
    return f"sweep/{sweep.name}"


def _compare(sweep: Sweep, disk: Disk) -> None:
    """The button that compares the models, once the comparison is stored."""
    if comparison.ready(sweep, disk):
        st.button(
            _("Compare the models"), icon=":material/stairs:", type="primary", help=_(COMPARE),
            on_click=session.watch, args=(_key(sweep),), key=f"look-{sweep.name}",
        )  # fmt: skip
        return
    job = background.once(("sweep", sweep.name, tuple(sweep.states(disk).items())), comparison.look, sweep.name)
    if job.done() and (error := job.exception()) is not None:
        if not isinstance(error, ZscopeError):
            raise error
        st.caption(":material/error: " + literal(error, code=True))
    else:
        st.caption(":material/hourglass_empty: " + _("Encoding the samples with each model ..."))


def _values(sweep: Sweep) -> str:
    return ", ".join(f"{value:g}" for value in sweep.values)


def _stop(sweep: Sweep) -> None:
    for run in sweep.runs().values():
        if run.active:
            control.stop(run.id)


def _delete(sweep: Sweep) -> None:
    sweeps.delete(sweep.name)


def _tried(act: Callable[[Sweep], None], sweep: Sweep, right: Right) -> None:
    try:
        session.required(right)
        act(sweep)
    except ZscopeError as error:  # the sweep has changed since the page was drawn
        session.tell(str(error))
