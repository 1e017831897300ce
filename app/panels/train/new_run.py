"""The form of a new training: data set, family, preset, knobs, name, what it will cost, and Start."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.live import training_cost
from app.panels.train import own_data
from app.show import knobs
from app.state.training_form import FIRST, LADDER, ONE, PRESETS, WHAT, Order, data_sets, defaults, fitting, plan, preset
from vae.data.published.store import availability
from vae.errors import ZscopeError
from vae.registry import DATASETS
from vae.runs.control import free_name
from vae.runs.folder import runs
from vae.sweeps import sweep
from vae.text import N_, _
from vae.training.trainer import TrainHparams

KEPT: dict[str, Any] = {"persist_state": "session"}
TURN, STARTED = "train.turn", "train.started"  # how many were started here; what was begun just now, in a sentence
EVERY_S = 1.0
PRESET = N_(
    "What the settings start from. Quick: a small net and about 900 steps, for a first look within minutes. Standard: "
    "the family's own settings and 20 epochs, more of a small set: no fewer than 900 steps."
)
EPOCHS = N_("Passes through the training set.")
NAME = N_("Of the checkpoint, in the model picker and below checkpoints/. Letters, digits, '.', '_' and '-'.")
SEED = N_("Of the first weights, the order of the samples and all noise: the same seed trains the same model.")
POINTS = N_("Training samples that the map shows.")
CLIMBED = N_(
    "A ladder is the same training at several values of this setting, all else the same, the seed too: you slide "
    "through really trained models and see what it does."
)
VALUES = N_("A model for each, trained one after the other: numbers with commas between them.")
MEASURING = N_("Measuring some steps of this very net on this machine ...")


def show(beside: DeltaGenerator) -> None:
    """Everything in the order in which one decides it. beside: where there is room for what somebody's files hold."""
    if begun := session.take(STARTED):
        st.toast(begun, icon=":material/school:")
    with st.container(horizontal=True, vertical_alignment="center", key="train-head"):
        st.markdown("### Train", width="content")
        what = st.segmented_control(
            _("Train"), WHAT, default=ONE, required=True, format_func=WHAT.__getitem__, key="train.what",
            label_visibility="collapsed", **KEPT,
        )  # fmt: skip
    chosen = st.container()
    if added := own_data.show(beside):
        session.put("train.data", DATASETS.get(added))
        session.put("train.preset", "quick")  # a first look: nobody knows yet what is in them
    data = chosen.selectbox(_("Data set"), data_sets(), format_func=_data, key="train.data", **KEPT)
    families = fitting(data)
    first = next((i for i, f in enumerate(families) if f.name == FIRST[what]), 0)
    family = st.selectbox(
        _("Family"),
        families,
        index=first,
        format_func=lambda f: f"{f.title}\u2002{f.kind}",
        key=f"train.family.{what}.{data.modality}.{bool(data.classes)}",
        **KEPT,
    )
    st.caption(family.idea.split(". ")[0].rstrip(".") + ".")
    setting, typed = _climbed(family.name) if what == LADDER else ("", "")
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        given = st.segmented_control(
            _("Preset"), PRESETS, default="standard", required=True, format_func=PRESETS.__getitem__,
            help=PRESET, key="train.preset", width="stretch", **KEPT,
        )  # fmt: skip
    start, key = preset(given, family, data, session.n_train(data.name)), f"train.{given}.{data.name}.{family.name}"
    epochs = right.number_input(_("Epochs"), value=start.epochs, help=EPOCHS, key=f"{key}.epochs", **KEPT)
    values, seed, points = defaults(family, start), 0, start.points
    with st.expander(_("More knobs"), icon=":material/tune:", key="train.knobs"):
        values |= knobs.controls(family.Hparams, values, f"{key}.family", without=setting)
        st.divider()
        values |= knobs.controls(TrainHparams, values, f"{key}.trainer")
        left, right = st.columns(2)
        seed = left.number_input(_("Seed"), value=0, help=SEED, key=f"{key}.seed", **KEPT)
        points = right.number_input(_("Map points"), value=points, help=POINTS, key=f"{key}.points", **KEPT)
    wanted = f"{data.name}-{setting or family.name}".replace("_", "-")
    free = sweep.free_name(wanted) if setting else free_name(wanted, session.names_taken())
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    name = left.text_input(_("Name"), placeholder=free, help=NAME, key=_name_key(), **KEPT).strip() or free
    climbed, wrong = _numbers(typed)
    pressed = right.button(
        _("Start"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(wrong),
        key="train.start",
    )
    if wrong:
        st.warning(wrong, icon=":material/error:")
        return
    order = Order(plan(family, data, values, int(epochs), int(seed), points=int(points), name=name), setting, climbed)
    if pressed:
        _start(order)
    else:
        _cost(order)
    with st.expander(_("The same on the command line"), icon=":material/terminal:", key="train.command"):
        st.code(order.command(), language="bash", wrap_lines=True)


def _climbed(family: str) -> tuple[str, str]:
    """The setting that a ladder of that family climbs, and its values as they were typed."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    offered = sweep.offered(family)
    setting = left.selectbox(
        _("Over"), offered, format_func=lambda name: knobs.LABELS.get(name, name), help=CLIMBED,
        key=f"train.over.{family}", **KEPT,
    )  # fmt: skip
    proposed = ", ".join(f"{v:g}" for v in sweep.OVER.get(setting, ()))
    return setting, right.text_input(_("Values"), proposed, help=VALUES, key=f"train.values.{setting}", **KEPT)


def _numbers(typed: str) -> tuple[tuple[float, ...], str]:
    """The values of a ladder; or why they are none."""
    try:
        return sweep.parse(typed), ""
    except ZscopeError as error:
        return (), str(error)


def _name_key() -> str:
    """Of the name's field; once something was started it is a new one, which is empty."""
    return f"train.name.{session.held(TURN) or 0}"


def _data(data) -> str:
    where = availability(data.name).split(" in ")[0].rstrip(",")
    return _(
        "{title}\u2002{modality} {map} · {where}",
        title=data.title,
        modality=data.modality,
        map="×".join(map(str, data.shape)),
        where=where,
    )


def _cost(wanted: Order) -> None:
    try:
        wanted.check()
    except ZscopeError as error:
        st.warning(str(error), icon=":material/error:")
        return
    dearest = wanted.dearest()
    of = (dearest, len(set(wanted.values))) if wanted.setting else (dearest,)
    said = training_cost.look(*of)

    @st.fragment(run_every=EVERY_S if said is None else None)
    def cost() -> None:
        known = said or training_cost.look(*of)
        if known and not said:
            st.rerun()
        st.caption(_(":material/timer: {value}", value=known or MEASURING))

    cost()


def _start(wanted: Order) -> None:
    before = sum(run.active for run in runs())
    try:
        wanted.start()
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return
    waits = _("is queued behind {before} other{value}", before=before, value="s" * (before > 1)) if before else "starts"
    session.put(
        STARTED,
        _(
            "**{name}** {waits}: its card is the first below *Runs*.",
            name=wanted.name,
            waits=waits,
        ),
    )
    session.forget(_name_key())
    session.put(TURN, (session.held(TURN) or 0) + 1)
    st.rerun()
