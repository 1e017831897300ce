"""The queue and the runs: the state of each, kept up to date, and what can be done with it. Only reads files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.live.rights import Right
from app.panels.train import sweep_list, theatre
from app.show.literal import literal
from vae.errors import ZscopeError
from vae.registry import about
from vae.runs import control, preview, starting
from vae.runs.diagnosis import lower_lr
from vae.runs.folder import DONE, FAILED, PAUSED, QUEUED, RUNNING, STOPPED, Run, waiting
from vae.saved import checkpoint
from vae.sweeps import sweeps
from vae.text import N_, _, duration, ngettext, number, percent

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
    "No training has been started here yet. Choose a data set, your own or one of those listed. Press **Start** to "
    "train on it. Trainings run in the background: you can close the page or the app and find the result when you come "
    "back. Further trainings wait in a queue."
)
NONE = N_("No training has been started here yet.")
STALE = N_(
    "This is epoch {epoch} of {epochs}: {name} is still being trained. Train offers a newer epoch as soon as its map "
    "is made."
)
PREVIEW = N_("Makes a model of the last saved epoch that you can explore; the training is not affected.")
STOPS = N_("The last saved epoch is kept, and the run can still be resumed.")
DELETED = N_("The model of this run was deleted.")
GONE = N_("The checkpoint of this run was deleted: there is no saved epoch to resume from.")
ANEW = N_("Training restarts at the first epoch; the curves and snapshots of the previous attempt are deleted.")
DELETES = N_("Deletes run **{name}** with its log, curves and snapshots. This cannot be undone.")
MODEL_KEPT = {
    True: N_("The model **{name}** is kept unless you also delete it."),
    False: N_("The run has no model."),
}
MODEL_KEPT_DONE = N_("The model **{name}** is kept.")
STATES = {
    QUEUED: N_("queued"),
    RUNNING: N_("running"),
    PAUSED: N_("paused"),
    STOPPED: N_("stopped"),
    DONE: N_("done"),
    FAILED: N_("failed"),
}


def show() -> None:
    """All runs, the newest first, kept up to date."""
    quick = any(run.active for run in control.tend())

    @st.fragment
    def every() -> None:
        runs = control.tend()
        if any(run.active for run in runs) != quick or session.studio().watched:
            st.rerun()  # the page has new models to choose from, or a click here has opened the theatre
        pulse(1.0 if quick else OLD_S, key="unseen-runs")
        if not runs:
            st.info(_(EMPTY if session.may(Right.TRAIN) else NONE), icon=":material/school:")
        if why := control.blocked(runs):
            st.warning(literal(why), icon=":material/hard_drive:")
        disk, queue = sweeps.Disk(runs, checkpoint.checkpoints()), waiting(runs)
        known = list(sweeps.known().values())
        alone = [run for run in runs[::-1] if not any(run.name in sweep.models for sweep in known)]
        shown = [run for i, run in enumerate(alone) if i < SHOWN or run.active]
        entries: list[Run | sweeps.Sweep] = [*known, *shown]
        for entry in sorted(entries, key=lambda entry: _began(entry, disk), reverse=True):
            if isinstance(entry, sweeps.Sweep):
                _sweep(entry, queue, disk)
            else:
                with st.container(border=True, key=f"run-{entry.id}"):
                    _run(entry, queue, disk.checkpoints)
        if len(alone) > len(shown):
            older = len(alone) - len(shown)
            more = ngettext(
                "{n} older run: {command}", "{n} older runs: {command}", older, command="`python -m vae runs list`"
            )
            st.caption(more)

    every()


def _began(entry: Run | sweeps.Sweep, disk: sweeps.Disk) -> str:
    """Sort key: the start of a run, or of the newest run of a sweep; a sweep without runs comes first."""
    return entry.id if isinstance(entry, Run) else max((run.id for run in entry.runs(disk).values()), default="")


def _sweep(sweep: sweeps.Sweep, queue: list[Run], disk: sweeps.Disk) -> None:
    with st.container(border=True, key=f"sweep-{sweep.name}"):
        sweep_list.entry(sweep, disk, lambda run: _run(run, queue, disk.checkpoints))


def _run(run: Run, queue: list[Run], known: Collection[str]) -> None:
    p, state, anew = run.progress, run.state.name, control.anew(run, known)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{literal(run.name)}** :gray[{literal(about(run.plan['family'], run.plan['dataset']))}]")
        place = _("queued, number {n}", n=number(queue.index(run) + 1)) if run in queue else ""
        st.badge(place or _(STATES[state]), icon=f":material/{ICONS[state]}:", color=COLOURS[state])
    if state == RUNNING:
        done = p.get("step", 0) / max(1, p.get("steps", 1))
        st.progress(min(1.0, done), text=_where(run))
    elif where := _where(run):
        st.caption(where)
    if state == FAILED:
        advice = control.advice(run, known)
        st.error(
            "  \n".join([literal(run.state.cause, code=True), *[f"**{literal(advice)}**"] * bool(advice)]),
            icon=":material/error:",
        )
        if session.may(Right.TRAIN):  # it names paths of this machine
            with st.expander(_("Log")):
                st.code(run.log() or _("The log is empty."), language=None, wrap_lines=True)
    if anew:
        st.caption(f":material/warning: {_(GONE)}")
    if state == DONE and run.name not in known:
        st.caption(f":material/warning: {_(DELETED)}")
    _buttons(run, run.name in known, anew)


def _where(run: Run) -> str:
    """Epoch, metrics, times and a pending request, in one line."""
    p, m, running = run.progress, run.progress.get("metrics") or {}, run.state.name == RUNNING
    parts = []
    if p.get("epoch"):
        parts.append(_("epoch {epoch} of {epochs}", epoch=number(p["epoch"]), epochs=number(run.plan["epochs"])))
    if running and p.get("stage") != "training":
        parts.append(_(p.get("stage", "starting")))
    if tested := p.get("stage") == "done":  # the metrics are those of the test set
        last = (run.epochs() or [{}])[-1]
        m = m | {"validation_elbo_nats": last.get("validation_elbo_nats")}
    for key, label in (
        ("elbo_nats", _("test ELBO {nats} nats") if tested else _("training ELBO {nats} nats")),
        ("distortion_nats", _("distortion {nats} nats")),
        ("rate_nats", _("rate {nats} nats")),
        ("validation_elbo_nats", _("validation ELBO {nats} nats")),
    ):
        if m.get(key) is not None:
            parts.append(label.format(nats=number(m[key], 1)))
    if m.get("clipped_share") is not None:
        parts.append(_("{share} of the steps clipped", share=percent(m["clipped_share"])))
    if p.get("elapsed_s"):
        time = duration(p["elapsed_s"])
        parts.append(_("{time} so far", time=time) if running else _("{time} in total", time=time))
    if running and p.get("seconds_left"):
        parts.append(_("{time} left", time=duration(p["seconds_left"])))
    asked = {"pause": _("pauses after this epoch"), "stop": _("stops after this epoch, then makes its map")}
    if running and run.request in asked:
        parts.append(asked[run.request])
    return " · ".join(parts)


def _buttons(run: Run, saved: bool, anew: bool) -> None:
    state = run.state.name
    with st.container(horizontal=True, vertical_alignment="center"):
        if session.may(Right.TRAIN):
            _controls(run, anew)
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
        if state != RUNNING and session.may(Right.MANAGE):
            _delete(run, saved)


def _controls(run: Run, anew: bool) -> None:
    """Pause, stop, resume."""
    state = run.state.name
    if state == PAUSED:
        _does(_("Stop"), "stop", lambda: control.stop(run.id), run, help=_(STOPS))
    if state in (RUNNING, QUEUED):
        _does(_("Pause"), "pause", lambda: control.pause(run.id), run, off=bool(run.request))
        hard = run.request == "stop"
        _does(_("Stop now") if hard else _("Stop"), "stop", lambda: control.stop(run.id, now=hard), run)
    if state in control.RESUMABLE:
        verb, why = (_("Restart"), f"{_(GONE)} {_(ANEW)}") if anew else (_("Resume"), None)
        _does(verb, "replay" if anew else "play_arrow", lambda: starting.resume(run.id), run, help=why)
        if "lr " in run.state.advice:
            less = {"lr": lower_lr(run.plan)}
            lr = f"{less['lr']:g}"
            label = _("Restart with lr {lr}", lr=lr) if anew else _("Resume with lr {lr}", lr=lr)
            _does(label, "trending_down", lambda: starting.resume(run.id, settings=less), run, help=why)


def _delete(run: Run, saved: bool) -> None:
    """Asks for confirmation: once a card is gone, the next one moves into its place."""
    both = saved and run.state.name != DONE  # a finished model is deleted on its own page
    with st.popover(_("Delete"), icon=":material/delete:", type="tertiary", key=f"delete-{run.id}"):
        st.markdown(_(DELETES, name=literal(run.name)))
        st.markdown(_(MODEL_KEPT_DONE if saved and not both else MODEL_KEPT[saved], name=literal(run.name)))
        with st.container(horizontal=True):
            _does(_("Delete run"), "delete", lambda: control.delete(run.id), run, kind="primary",
                  right=Right.MANAGE)  # fmt: skip
            if both:
                _does(_("Delete run and model"), "delete_forever", lambda: control.delete(run.id, model=True), run,
                      kind="secondary", right=Right.MANAGE)  # fmt: skip


def _preview(run: Run) -> None:
    """A model of the last saved epoch, while the training goes on."""
    note = preview.asked(run)
    if note and note["ready"]:
        if st.button(
            _("Open epoch {epoch} in Explore", epoch=note["epoch"]), icon=":material/explore:", key=f"preview-{run.id}"
        ):
            session.open_model(note["name"])
            if run.state.name == RUNNING:
                session.tell(_(STALE, epoch=number(note["epoch"]), epochs=number(run.plan["epochs"]), name=run.name))
            st.switch_page("views/explore.py")
        if run.state.name != RUNNING and run.epochs() and note["epoch"] == run.epochs()[-1]["epoch"]:
            return  # there is no later epoch
    elif note and note["drawing"]:
        st.caption(":material/map: " + _("Making the map of epoch {epoch} ...", epoch=number(note["epoch"])))
        return
    if session.may(Right.TRAIN):
        _does(_("Map this epoch"), "map", lambda: preview.ask(run.id), run, help=_(PREVIEW))


def _does(
    label: str,
    icon: str,
    act: Callable,
    run: Run,
    *,
    off: bool = False,
    help: str | None = None,
    kind: Literal["primary", "secondary", "tertiary"] = "tertiary",
    right: Right = Right.TRAIN,
) -> None:
    def acted() -> None:
        try:
            session.required(right)
            act()
        except ZscopeError as error:  # the run has changed since the page was drawn
            session.tell(str(error))

    st.button(
        label, on_click=acted, icon=f":material/{icon}:", type=kind, disabled=off, help=help,
        key=f"{label}-{run.id}",
    )  # fmt: skip
