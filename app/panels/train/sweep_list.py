"""Ladders: one entry for all trainings of one, and the way to its models."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import session
from app.live import background
from vae.errors import ZscopeError
from vae.registry import about
from vae.runs import control
from vae.runs.folder import DONE, FAILED, RUNNING, Run
from vae.sweeps import comparison, sweep
from vae.sweeps.sweep import Disk, Ladder
from vae.text import N_, _

LOOK = N_(
    "A slider through these really trained models: the same samples, their maps, pictures and rates, and the measured "
    "rate-distortion curve."
)
GOES = N_("The ladder **{}** goes, and the runs of its {} trainings: logs, curves and snapshots. It cannot be undone.")
STAYS = N_("The models stay, each in the model picker then.")
LATER = N_("Its models can be looked through once all are trained.")
OPEN = N_("Open this one in Explore")
TRAIN, EXPLORE = "views/train.py", "views/explore.py"


def entry(ladder: Ladder, disk: Disk, one: Callable[[Run], None]) -> None:
    """How it stands and what may be done with it. one: draws the entry of a run."""
    states, begun, climbing = ladder.states(disk), ladder.runs(disk), ladder.climbing(disk)
    done, failed = (list(states.values()).count(state) for state in (DONE, FAILED))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _(
                "**{name}** :gray[{about}]",
                name=ladder.name,
                about=about(ladder.family, ladder.dataset),
            )
        )
        said = _("ladder, {done} of {states} trained", done=done, states=len(states)) + _(
            ", {failed} failed", failed=failed
        ) * bool(failed)
        st.badge(said, icon=":material/stairs:", color="blue" if climbing else "red" if failed else "green")
    st.caption(
        _(
            "The same training with {setting} {values}: slide through them, see what it does.",
            setting=ladder.setting,
            values=_values(ladder),
        )
    )
    if climbing:
        st.caption(_(":material/hourglass_empty: {later}", later=LATER))
    with st.container(horizontal=True, vertical_alignment="center"):
        if climbing:
            st.button(_("Stop all"), icon=":material/stop:", type="tertiary", on_click=_tried, args=(_stop, ladder),
                      key=f"stop-ladder-{ladder.name}")  # fmt: skip
        elif done > 1:
            _door(ladder, disk)
        if RUNNING not in states.values() and ladder.name not in sweep.shipped():
            with st.popover(_("Delete"), icon=":material/delete:", type="tertiary", key=f"deletes-{ladder.name}"):
                st.markdown(GOES.format(ladder.name, len(ladder.rungs)))
                st.markdown(STAYS)
                st.button(_("Delete ladder"), icon=":material/delete:", type="primary", on_click=_tried,
                          args=(_delete, ladder), key=f"delete-ladder-{ladder.name}")  # fmt: skip
        each = bool(begun) and st.toggle(_("Each training"), climbing or failed > 0, key=f"each-{ladder.name}")
    for rung in ladder.rungs if each else ():
        if rung in begun:
            one(begun[rung])


def mention(name: str, dataset: str) -> None:
    """On the page of a model: the ladder that it is a rung of, or one of its data that shows what a setting does."""
    own, known, disk = sweep.of_model(name), sweep.ladders().values(), sweep.read()
    ladder = own or next((one for one in known if one.dataset == dataset and comparison.ready(one, disk)), None)
    if ladder is None or (own and not comparison.ready(own, disk)):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        count = len(ladder.rungs)
        of = about(ladder.family, ladder.dataset)
        one, others = (
            _("One of the {count} models", count=count),
            _(
                "What does {setting} do? {count} models, {of}",
                setting=ladder.setting,
                count=count,
                of=of,
            ),
        )
        st.markdown(
            _(
                "{value}, ladder **{name}**: {setting} {values}.",
                value=one if own else others,
                name=ladder.name,
                setting=ladder.setting,
                values=_values(ladder),
            )
        )
        if st.button(
            _("Look through them"), icon=":material/stairs:", type="tertiary", help=LOOK, key="ladder-mention"
        ):
            session.watch(_key(ladder))
            st.switch_page(TRAIN)


def ready_keys() -> list[str]:
    """Of the ladders that can be looked through, as app.live.theatre names them."""
    disk = sweep.read()
    return [_key(ladder) for ladder in sweep.ladders().values() if comparison.ready(ladder, disk)]


def open_rung(name: str, frame: int) -> None:
    """Go to Explore with the model of that frame."""
    session.open_model(list(comparison.seen(sweep.find(name)))[frame])
    st.switch_page(EXPLORE)


def _key(ladder: Ladder) -> str:
    """As app.live.theatre names it."""
    return f"ladder/{ladder.name}"


def _door(ladder: Ladder, disk: Disk) -> None:
    """To its models, once they were looked through."""
    if comparison.ready(ladder, disk):
        st.button(
            _("Look through the models"), icon=":material/stairs:", type="primary", help=LOOK,
            on_click=session.watch, args=(_key(ladder),), key=f"look-{ladder.name}",
        )  # fmt: skip
        return
    job = background.once(("ladder", ladder.name, tuple(ladder.states(disk).items())), comparison.look, ladder.name)
    if job.done() and (error := job.exception()) is not None:
        if not isinstance(error, ZscopeError):
            raise error
        st.caption(_(":material/error: {error}", error=error))
    else:
        st.caption(_(":material/hourglass_empty: Looking through the models ..."))


def _values(ladder: Ladder) -> str:
    return ", ".join(f"{value:g}" for value in ladder.values)


def _stop(ladder: Ladder) -> None:
    for run in ladder.runs().values():
        if run.active:
            control.stop(run.id)


def _delete(ladder: Ladder) -> None:
    sweep.delete(ladder.name)


def _tried(act: Callable[[Ladder], None], ladder: Ladder) -> None:
    try:
        act(ladder)
    except ZscopeError as error:  # it has passed on since the page was drawn
        session.tell(str(error))
