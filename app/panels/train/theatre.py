"""Watch it form: the theatre over the whole page, what is laid over it, and its film."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.theatre import theatre as mounted
from app.files import film
from app.live import theatre
from app.panels.train import sweep_list
from vae.errors import ZscopeError
from vae.runs.folder import Run, runs
from vae.text import N_, _

NONE, LADDER = "", "ladder/"
MADE = N_("All of it once through, for ever, as the maps are laid out now; takes some seconds")
OVER = N_("A second run: its curves, its way through the plane and its map in a second colour")


def button(run: Run) -> None:
    """To the theatre, from a run's card."""
    st.button(
        _("Watch it form"), icon=":material/theaters:", type="tertiary", on_click=session.watch, args=(f"run/{run.id}",),
        key=f"watch-{run.id}", help=_("Map, pictures, curves and rates, epoch by epoch, back and forth"),
    )  # fmt: skip


def show() -> None:
    """The frames that the studio names."""
    state = session.studio()
    try:
        frames = theatre.of(state.watched)
    except ZscopeError as error:
        session.tell(_("{error} Showing all runs.", error=error))
        session.watch("")
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="zscope-theatre-bar"):
        st.button(_("All runs"), icon=":material/arrow_back:", type="tertiary", on_click=session.watch, args=("",))
        name = frames.name if frames else state.watched.partition("/")[2]
        st.markdown(_("**{name}** :gray[{value}]", name=name, value=frames.about if frames else ""))
        others = _others(state.watched)
        beside = state.beside if state.beside in others else NONE
        if others:
            st.selectbox(
                _("Lay over"), [NONE, *others], format_func=lambda key: others.get(key, _("Lay another run over")),
                label_visibility="collapsed", width=300, help=OVER,
                **session.tied("theatre.beside", beside, session.setting("beside")),
            )  # fmt: skip
        over = theatre.of(beside) if beside else None
        st.download_button(
            _("GIF"), lambda: _gif(state.watched, beside),
            f"{name}-and-{over.name}.gif" if over else f"{name}.gif", "image/gif", icon=":material/movie:",
            disabled=frames is None, help=MADE, on_click="ignore",
        )  # fmt: skip
    climbed = state.watched.startswith(LADDER)
    shown = mounted(state.watched, key="theatre", beside=beside, action=sweep_list.OPEN if climbed else "")
    if climbed and shown.act:
        sweep_list.open_rung(state.watched.removeprefix(LADDER), int(shown.act["frame"]))


def _others(watched: str) -> dict[str, str]:
    """Keys of the other runs that have snapshots, or of the other ladders -> what they are called, the newest first."""
    if watched.startswith(LADDER):
        return {key: key.removeprefix(LADDER) for key in sweep_list.ready_keys() if key != watched}
    found = [run for run in runs()[::-1] if f"run/{run.id}" != watched and (run.folder / "snapshots").exists()]
    return {
        f"run/{run.id}": _(
            "{name} ({family}, {dataset})",
            name=run.name,
            family=run.plan["family"],
            dataset=run.plan["dataset"],
        )
        for run in found
    }


def _gif(watched: str, beside: str) -> bytes:
    frames = theatre.of(watched)
    assert frames is not None  # the button is off without any
    return film.gif(frames, theatre.of(beside) if beside else None)
