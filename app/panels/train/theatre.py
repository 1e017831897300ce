"""Watch it form: the theatre on the whole page, a second run laid over it, and its GIF."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.browser.theatre import theatre as mounted
from app.files import film
from app.live import theatre
from app.panels.train import sweep_list
from app.show.class_looks import Looks
from app.show.literal import literal
from vae.errors import ZscopeError
from vae.runs.folder import Run, runs
from vae.text import N_, _, number

NONE, SWEEP, STAGE = "", "sweep/", "theatre"
GIF = N_("The whole training as a looping GIF; takes some seconds")
WAITS = N_("The GIF is available once every map is computed: {done} of {n} so far, of {name}.")
SOON = N_("The GIF is available after the first epoch.")
NOTHING = N_("This run has no snapshots to make a GIF of.")
EVERY_S = 2.0  # between looks at the maps while some are being computed
OVER = N_("A second run: its curves, its path in the rate-distortion plane and its map, in a second colour")


def button(run: Run) -> None:
    """The button on a run's card that opens the theatre."""
    st.button(
        _("Watch it form"), icon=":material/theaters:", type="tertiary", on_click=session.watch,
        args=(f"run/{run.id}",), key=f"watch-{run.id}",
        help=_("Map, pictures, curves and rates, epoch by epoch, forwards and backwards"),
    )  # fmt: skip


def show() -> None:
    """The theatre of the run or sweep that the studio watches."""
    state = session.studio()
    try:
        frames = theatre.of(state.watched)
    except ZscopeError as error:
        session.tell(_("{error} All runs are shown instead.", error=error))
        session.watch("")
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="zscope-theatre-bar"):
        st.button(_("All runs"), icon=":material/arrow_back:", type="tertiary", on_click=session.watch, args=("",))
        name = frames.name if frames else state.watched.partition("/")[2]
        st.markdown(f"**{literal(name)}** :gray[{literal(frames.about) if frames else ''}]")
        others = _others(state.watched)
        beside = state.beside if state.beside in others else NONE
        if others:
            st.selectbox(
                _("Second run"), [NONE, *others], format_func=lambda key: others.get(key, _("Add a second run")),
                label_visibility="collapsed", width=300, help=_(OVER),
                **session.tied("theatre.beside", beside, session.setting("beside")),
            )  # fmt: skip
        _gif_button(name, state.watched, beside)
    swept = state.watched.startswith(SWEEP)
    shown = mounted(state.watched, key=STAGE, beside=beside, action=_(sweep_list.OPEN) if swept else "")
    if swept and shown.act:
        sweep_list.open_model(state.watched.removeprefix(SWEEP), int(shown.act["frame"]))


def _others(watched: str) -> dict[str, str]:
    """key -> label of the other runs with snapshots, or of the other sweeps, the newest first."""
    if watched.startswith(SWEEP):
        return {key: key.removeprefix(SWEEP) for key in sweep_list.ready_keys() if key != watched}
    found = [run for run in runs()[::-1] if f"run/{run.id}" != watched and (run.folder / "snapshots").exists()]
    return {f"run/{run.id}": f"{run.name} ({run.plan['family']}, {run.plan['dataset']})" for run in found}


def _gif_button(name: str, watched: str, beside: str) -> None:
    """The download of the GIF. It is disabled, with the reason, while a map is being computed; the fragment polls until
    then. Where maps will not come, it is enabled with the reason, which is also in the GIF."""
    over = theatre.of(beside) if beside else None
    file = f"{name}-and-{over.name}.gif" if over else f"{name}.gif"
    looks = Looks(**(session.sent(STAGE, "looks") or {}))

    @st.fragment
    def button() -> None:
        waits, lacks = _missing(watched, beside)
        st.download_button(
            "GIF", partial(_gif, watched, beside, looks), file, "image/gif", icon=":material/movie:", key="theatre-gif",
            disabled=bool(waits), help=literal(waits or f"{_(GIF)}. {lacks}".strip()), on_click="ignore",
        )  # fmt: skip
        if waits:
            pulse(EVERY_S, key="unseen-gif")

    button()


def _missing(*keys: str) -> tuple[str, str]:
    """What the GIF has to wait for, and what it will lack; "" for nothing."""
    lacks = []
    for found in (theatre.index(key) for key in keys if key):
        if found.get("empty"):
            return _(SOON) if found["active"] else _(NOTHING), ""
        if found["trouble"]:
            lacks.append(found["trouble"])
        elif found["laid"] < (n := len(found["values"])):
            return _(WAITS, done=number(found["laid"]), n=number(n), name=found["name"]), ""
    return "", " ".join(lacks)


def _gif(watched: str, beside: str, looks: Looks) -> bytes:
    frames = theatre.of(watched)
    assert frames is not None  # the button is disabled without frames
    return film.gif(frames, theatre.of(beside) if beside else None, looks)
