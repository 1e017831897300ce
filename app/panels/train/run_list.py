"""The queue and the runs: how each stands, just now, and what may be done with it. Reads files, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

import streamlit as st

from app import session
from app.panels.train import sweep_list, theatre
from app.show.cards import number
from vae.errors import ZscopeError
from vae.registry import about
from vae.runs import control, forecast, preview, starting
from vae.runs.diagnosis import lower_lr
from vae.runs.folder import DONE, FAILED, PAUSED, QUEUED, RUNNING, STOPPED, Run, waiting
from vae.saved import checkpoint
from vae.sweeps import sweep
from vae.text import N_, _

SHOWN, OLD_S = 12, 8.0
Colour = Literal["gray", "blue", "orange", "green", "red"]
COLOURS: dict[str, Colour] = {
    QUEUED: "gray",
    RUNNING: "blue",
    PAUSED: "orange",
    STOPPED: "gray",
    DONE: "green",
    FAILED: "red",
}
ICONS = {QUEUED: "hourglass_empty", RUNNING: "sprint", PAUSED: "pause", STOPPED: "stop", DONE: "check", FAILED: "error"}
EMPTY = N_(
    "Nothing has been trained from here yet. Press **Start**: a variational autoencoder learns 1 437 handwritten "
    "digits in about a minute. It runs on its own: close the page or the app, it goes on, and is here when you come "
    "back. What you start meanwhile waits in a queue."
)
PREVIEW = N_("Its last saved epoch becomes a model of its own that can be explored; the training stays as it is.")
STOPS = N_("It keeps its last saved epoch, and can still be resumed.")
DELETED = N_("Its model was deleted.")
GONE = N_("Its checkpoint is gone: there is no saved epoch to go on from.")
ANEW = N_("It trains again from the first epoch; the curves and snapshots of the attempt before go.")
GOES = N_("The run **{}** goes: its log, curves and snapshots. It cannot be undone.")
STAYS = {
    True: N_("Its model **{}** stays, unless you delete that too."),
    False: N_("It has no model that could go with it."),
}
STAYS_DONE = N_("Its model **{}** stays.")


def show() -> None:
    """All runs, the newest first, kept up to date."""
    quick = any(run.active for run in control.tend())

    @st.fragment(run_every=1.0 if quick else OLD_S)
    def every() -> None:
        runs = control.tend()
        if any(run.active for run in runs) != quick or session.studio().watched:
            st.rerun()  # at another pace; or a click in this part of the page has opened the theatre
        if not runs:
            st.info(EMPTY, icon=":material/school:")
        disk, queue = sweep.Disk(runs, checkpoint.checkpoints()), waiting(runs)
        climbs = list(sweep.ladders().values())
        alone = [run for run in runs[::-1] if not any(run.name in ladder.rungs for ladder in climbs)]
        shown = [run for i, run in enumerate(alone) if i < SHOWN or run.active]
        entries: list[Run | sweep.Ladder] = [*climbs, *shown]
        for entry in sorted(entries, key=lambda entry: _began(entry, disk), reverse=True):
            if isinstance(entry, sweep.Ladder):
                _ladder(entry, queue, disk)
            else:
                with st.container(border=True, key=f"run-{entry.id}"):
                    _run(entry, queue, disk.checkpoints)
        if len(alone) > len(shown):
            st.caption(_("{alone} older runs: `python -m vae runs list`", alone=len(alone) - len(shown)))

    every()


def _began(entry: Run | sweep.Ladder, disk: sweep.Disk) -> str:
    """Rises with the time at which a run, or the newest of a ladder, was begun; that of none comes before all."""
    return entry.id if isinstance(entry, Run) else max((run.id for run in entry.runs(disk).values()), default="")


def _ladder(ladder: sweep.Ladder, queue: list[Run], disk: sweep.Disk) -> None:
    with st.container(border=True, key=f"ladder-{ladder.name}"):
        sweep_list.entry(ladder, disk, lambda run: _run(run, queue, disk.checkpoints))


def _run(run: Run, queue: list[Run], known: Collection[str]) -> None:
    p, state, anew = run.progress, run.state.name, control.anew(run, known)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _(
                "**{name}** :gray[{about}]",
                name=run.name,
                about=about(run.plan["family"], run.plan["dataset"]),
            )
        )
        said = _("{state}, number {index}", state=state, index=queue.index(run) + 1) if run in queue else state
        st.badge(said, icon=f":material/{ICONS[state]}:", color=COLOURS[state])
    if state == RUNNING:
        done = p.get("step", 0) / max(1, p.get("steps", 1))
        st.progress(min(1.0, done), text=_where(run))
    elif where := _where(run):
        st.caption(where)
    if state == FAILED:
        advice = control.advice(run, known)
        st.error("  \n".join([run.state.cause, *[f"**{advice}**"] * bool(advice)]), icon=":material/error:")
        with st.expander(_("Log")):
            st.code(run.log() or _("It printed nothing."), language=None)
    if anew:
        st.caption(_(":material/warning: {gone}", gone=GONE))
    if state == DONE and run.name not in known:
        st.caption(_(":material/warning: {deleted}", deleted=DELETED))
    _buttons(run, run.name in known, anew)


def _where(run: Run) -> str:
    """Epoch, figures, time and what was asked of it, in a line."""
    p, m = run.progress, run.progress.get("metrics") or {}
    parts = [_("epoch {epoch} of {epochs}", epoch=p["epoch"], epochs=run.plan["epochs"])] if p.get("epoch") else []
    if run.state.name == RUNNING and p.get("stage") != "training":
        parts.append(p.get("stage", "starting"))
    whose = "test" if p.get("stage") == "done" else "training"  # of which set these figures are
    for key, word in (
        ("elbo_nats", _("{whose} elbo", whose=whose)),
        ("distortion_nats", "distortion"),
        ("rate_nats", "rate"),
    ):
        if m.get(key) is not None:
            parts.append(_("{word} {m}", word=word, m=number(m[key], 1)))
    if parts and m.get("distortion_nats") is not None:
        parts[-1] += " nats"
    if p.get("elapsed_s"):
        parts.append(forecast.clock(p["elapsed_s"]) + (_(" so far") if run.state.name == RUNNING else _(" in all")))
    if run.state.name == RUNNING and p.get("seconds_left"):
        parts.append(_("{clock} left", clock=forecast.clock(p["seconds_left"])))
    asked = {"pause": _("pauses after this epoch"), "stop": _("stops, then draws its map")}.get(run.request)
    return " · ".join([*parts, asked] if asked and run.state.name == RUNNING else parts)


def _buttons(run: Run, saved: bool, anew: bool) -> None:
    state = run.state.name
    with st.container(horizontal=True, vertical_alignment="center"):
        if state == PAUSED:
            _does("Stop", "stop", lambda: control.stop(run.id), run, help=STOPS)
        if state in (RUNNING, QUEUED):
            _does("Pause", "pause", lambda: control.pause(run.id), run, off=bool(run.request))
            hard = run.request == "stop"
            _does(_("Stop now") if hard else "Stop", "stop", lambda: control.stop(run.id, now=hard), run)
        if state in control.RESUMABLE:
            verb, why = (_("Start anew"), _("{gone} {anew}", gone=GONE, anew=ANEW)) if anew else ("Resume", None)
            _does(verb, "replay" if anew else "play_arrow", lambda: starting.resume(run.id), run, help=why)
            if "lr " in run.state.advice:
                less = {"lr": lower_lr(run.plan)}
                label = _("{verb} with lr {lr:g}", verb=verb, lr=less["lr"])
                _does(label, "trending_down", lambda: starting.resume(run.id, settings=less), run, help=why)
        if run.progress.get("epoch") or state == RUNNING:
            theatre.button(run)
        mapped = saved and session.has_map(run.name)
        if saved and state != DONE and (state == RUNNING or not mapped):
            _preview(run)
        if mapped and st.button(
            _("Open in Explore"), icon=":material/explore:", type="primary", key=f"open-{run.id}"
        ):  # fmt: skip
            session.open_model(run.name)
            st.switch_page("views/explore.py")
        if state != RUNNING:
            _delete(run, saved)


def _delete(run: Run, saved: bool) -> None:
    """Asked first: the next card moves to where this one was."""
    both = saved and run.state.name != DONE  # a finished model has its page, and goes from there
    with st.popover(_("Delete"), icon=":material/delete:", type="tertiary", key=f"delete-{run.id}"):
        st.markdown(GOES.format(run.name))
        st.markdown((STAYS_DONE if saved and not both else STAYS[saved]).format(run.name))
        with st.container(horizontal=True):
            _does(_("Delete run"), "delete", lambda: control.delete(run.id), run, kind="primary")
            if both:
                _does(_("Delete run and model"), "delete_forever", lambda: control.delete(run.id, model=True), run,
                      kind="secondary")  # fmt: skip


def _preview(run: Run) -> None:
    """A look at what it has learnt so far."""
    note = preview.asked(run)
    if note and note["ready"]:
        if st.button(
            _("Open epoch {epoch} in Explore", epoch=note["epoch"]), icon=":material/explore:", key=f"preview-{run.id}"
        ):
            session.open_model(note["name"])
            st.switch_page("views/explore.py")
        if run.state.name != RUNNING and run.epochs() and note["epoch"] == run.epochs()[-1]["epoch"]:
            return  # it knows no more than that
    elif note and note["drawing"]:
        st.caption(_(":material/map: drawing the map of epoch {epoch} ...", epoch=note["epoch"]))
        return
    _does(_("Map what it knows now"), "map", lambda: preview.ask(run.id), run, help=PREVIEW)


def _does(
    label: str,
    icon: str,
    act: Callable,
    run: Run,
    *,
    off: bool = False,
    help: str | None = None,
    kind: Literal["primary", "secondary", "tertiary"] = "tertiary",
) -> None:
    def acted() -> None:
        try:
            act()
        except ZscopeError as error:  # it has passed on since the page was drawn
            session.tell(str(error))

    st.button(
        label, on_click=acted, icon=f":material/{icon}:", type=kind, disabled=off, help=help,
        key=f"{label}-{run.id}",
    )  # fmt: skip
