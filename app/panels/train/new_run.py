"""The form for a new training: data set, family, preset, settings, name, estimated cost, and Start."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.browser.pulse import pulse
from app.live import training_cost
from app.live.rights import Right
from app.panels.train import edited_data, form_memory, own_data
from app.show import knobs
from app.show.literal import literal
from app.show.terms import more
from app.state.training_form import ONE, PRESETS, SWEEP, WHAT, Order, data_sets, defaults, first, fitting, plan, preset
from vae.data import binarise
from vae.data.published.store import availability
from vae.errors import ZscopeError
from vae.registry import DATASETS, Dataset, Family
from vae.runs.control import free_name
from vae.runs.folder import runs
from vae.sweeps import sweeps
from vae.text import N_, _, ngettext
from vae.training.job import Job
from vae.training.presets import Preset, starts_as_pca
from vae.training.trainer import TrainHparams

KEPT: dict[str, Any] = {"persist_state": "session"}
TURN, STARTED = "train.turn", "train.started"  # how many trainings this form has started; a sentence about the last one
COST = "train.cost"  # what was said last of the cost of a training
EVERY_S, KNOWN_S = 1.0, 20.0  # between two looks at the cost: while it is measured, and later, as it may be outdated
PRESET = N_(
    "Where the settings start from. Quick: a small network and about 900 steps, for a first result; for pictures about "
    "2,000, with the settings that suit them. "
    "Standard: the family's default settings and 20 epochs; more for a small data set, so that there are at least "
    "900 steps."
)
LOOKING = N_("Looking at the pictures ...")
CHANGED = N_("Change any of it under *More settings*.")
EPOCHS = N_("Passes through the training set.")
NAME = N_("Name of the checkpoint in the model picker and in checkpoints/: letters, digits, '.', '_' and '-'.")
SEED = N_("Seeds the initial weights, the data order and all noise: the same seed trains the same model.")
POINTS = N_("Number of training samples shown on the map.")
PREVIEWED = N_(
    "The files that you have chosen are not a data set yet. Press **Add** in their preview to train on them, or remove "
    "them to train on {data}."
)
SWEPT = N_(
    "A sweep repeats the same training at several values of this setting, with everything else equal, the seed "
    "included. Afterwards a slider moves through the trained models and shows what the setting does."
)
VALUES = N_("Comma-separated numbers. One model is trained for each, one after the other.")


def show(beside: DeltaGenerator) -> None:
    """The form, in the order in which one decides. beside: where the preview of uploaded files goes."""
    if begun := session.take(STARTED):
        st.toast(begun, icon=":material/school:")
    said = form_memory.restore()
    with st.container(horizontal=True, vertical_alignment="center", key="train-head"):
        st.markdown("### " + _("Train"), width="content")
        what = st.segmented_control(
            _("Train"), WHAT, default=ONE, required=True, format_func=lambda one: _(WHAT[one]), key="train.what",
            label_visibility="collapsed", **KEPT,
        )  # fmt: skip
    chosen = st.container()
    own = own_data.show(beside)
    if own.taken:
        session.put("train.data", DATASETS.get(own.taken))
        session.put("train.preset", "quick")  # for a first result, as nothing is known of these data yet
    data = chosen.selectbox(_("Data set"), data_sets(), format_func=_data, key="train.data", **KEPT)
    edits = edited_data.show(chosen, data)
    families = fitting(data)
    family = st.selectbox(
        _("Family"),
        families,
        index=first(families, what),
        format_func=lambda f: f"{_(f.title)}\u2002{_(f.kind)}",
        key=f"train.family.{what}.{data.modality}.{bool(data.classes)}",
        **KEPT,
    )
    st.caption(_(family.idea).split(". ")[0].rstrip(".") + ".")
    setting, typed = _swept(family.name) if what == SWEEP else ("", "")
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        given = st.segmented_control(
            _("Preset"), PRESETS, default="standard", required=True, format_func=lambda one: _(PRESETS[one]),
            help=_(PRESET), key="train.preset", width="stretch", **KEPT,
        )  # fmt: skip
    start, key = _start_from(given, family, data, edits), f"train.{given}.{data.name}.{family.name}"
    usual = defaults(family, start) | {"epochs": start.epochs, "seed": 0, "points": start.points}
    form_memory.fill(said, key, family, usual)
    epochs = right.number_input(_("Epochs"), value=start.epochs, help=_(EPOCHS), key=f"{key}.epochs", **KEPT)
    if start.reasons:
        st.caption(f":material/query_stats: {' '.join(start.reasons.values())} " + _(CHANGED))
    values, seed, points = _more_settings(family, usual, key, setting)
    wanted = f"{data.name}-{setting or family.name}".replace("_", "-")
    free = sweeps.free_name(wanted) if setting else free_name(wanted, session.names_taken())
    with st.container(key="train-go"):  # style.css keeps it in sight
        left, right = st.columns([3, 2], vertical_alignment="bottom")
    name = left.text_input(_("Name"), placeholder=free, help=_(NAME), key=_name_key(), **KEPT).strip() or free
    swept, wrong = _numbers(typed)
    pressed = right.button(
        _("Start"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(wrong) or own.previewed,
        key="train.start",
    )
    shown = {
        "what": what, "data": data.name, "edits": edits, "family": family.name, "preset": given, "over": setting,
        "values": "/".join(f"{value:g}" for value in swept), **values, "epochs": epochs, "seed": seed, "points": points,
    }  # fmt: skip
    form_memory.write(shown, {**form_memory.FRESH, "family": families[first(families, what)].name, **usual})
    if own.previewed:
        st.info(_(PREVIEWED, data=literal(_(data.title))), icon=":material/upload:")
    if wrong:
        st.warning(literal(wrong, code=True), icon=":material/error:")
        return
    planned = plan(family, data, values, int(epochs), seed, points=points, name=name, edits=edits)
    order = Order(planned, setting, swept)
    _grey(order)
    if pressed:
        _start(order)
    else:
        _cost(order)
    with st.expander(_("The same on the command line"), icon=":material/terminal:", key="train.command"):
        st.code(order.command(), language="bash", wrap_lines=True)


def _start_from(given: str, family: Family, data: Dataset, edits: bool) -> Preset:
    """The values of a preset; of the quick one for pictures those that suit them, as edited."""
    found = None
    try:
        if given == "quick" and starts_as_pca(family):
            with st.spinner(_(LOOKING)):
                found = session.suited(data, edits)
        split = session.training_split(data, edits)
    except ZscopeError:
        split = None  # edits that cannot be applied, said by edited_data
    return preset(given, family, data, split.n if split else None, found)


def _more_settings(family: Family, usual: dict[str, Any], key: str, setting: str) -> tuple[dict[str, Any], int, int]:
    """Every setting of the family but the one that is swept, and of the trainer; the seed; the points of the map."""
    with st.expander(_("More settings"), icon=":material/tune:", key="train.knobs"):
        values = {setting: usual[setting]} if setting else {}
        values |= knobs.controls(family.Hparams, usual, f"{key}.family", without=setting)
        st.divider()
        values |= knobs.controls(TrainHparams, usual, f"{key}.trainer")
        left, right = st.columns(2)
        seed = left.number_input(_("Seed"), value=0, help=_(SEED), key=f"{key}.seed", **KEPT)
        points = right.number_input(_("Map points"), value=usual["points"], help=_(POINTS), key=f"{key}.points", **KEPT)
    return values, int(seed), int(points)


def _swept(family: str) -> tuple[str, str]:
    """The setting to sweep, and its values as typed."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    offered = sweeps.offered(family)
    setting: str = left.selectbox(
        _("Over"), offered, format_func=lambda name: _(knobs.LABELS.get(name) or name),
        help=f"{_(SWEPT)} {more('sweep')}", key=f"train.over.{family}", **KEPT,
    )  # fmt: skip
    proposed = ", ".join(f"{v:g}" for v in sweeps.OVER.get(setting, ()))
    return setting, right.text_input(_("Values"), proposed, help=_(VALUES), key=f"train.values.{setting}", **KEPT)


def _numbers(typed: str) -> tuple[tuple[float, ...], str]:
    """The values of a sweep, and what is wrong with them."""
    try:
        return sweeps.parse(typed), ""
    except ZscopeError as error:
        return (), str(error)


def _name_key() -> str:
    """Key of the name field; a started training changes it, so that the field is empty again."""
    return f"train.name.{session.held(TURN) or 0}"


def _data(data) -> str:
    where = availability(data.name, with_folder=False)
    return f"{_(data.title)}\u2002{data.modality} {'×'.join(map(str, data.shape))} · {where}"


def _grey(wanted: Order) -> None:
    """What the Bernoulli likelihood makes of grey pixels, if that is what is asked for."""
    try:
        job = Job.of(wanted.plan)
    except ZscopeError:
        return  # said by _cost
    if job.binary and job.binarisation is None and session.grey(job.data.name):
        st.caption(":material/contrast: " + _(binarise.GREY))


def _cost(wanted: Order) -> None:
    try:
        wanted.check()
    except ZscopeError as error:
        st.warning(literal(error, code=True), icon=":material/error:")
        return
    dearest = wanted.dearest()
    of = (dearest, len(set(wanted.values))) if wanted.setting else (dearest,)

    @st.fragment
    def cost() -> None:
        said = training_cost.look(*of)
        if said:
            session.put(COST, said)
        shown = said or training_cost.outdated(*of) or training_cost.pending(session.held(COST))
        st.caption((":material/timer: " if said else ":material/hourglass_empty: ") + literal(shown, code=True))
        pulse(KNOWN_S if said else EVERY_S, key="unseen-cost")

    cost()


def _start(wanted: Order) -> None:
    before = sum(run.active for run in runs())
    try:
        session.required(Right.TRAIN)
        wanted.start()
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return
    if before:
        started = ngettext(
            "**{name}** is queued behind {n} other training: it is the first card under *Runs*.",
            "**{name}** is queued behind {n} other trainings: it is the first card under *Runs*.",
            before,
            name=literal(wanted.name),
        )
    else:
        started = _("**{name}** is starting: it is the first card under *Runs*.", name=literal(wanted.name))
    session.put(STARTED, started)
    session.forget(_name_key())
    session.put(TURN, (session.held(TURN) or 0) + 1)
    st.rerun()
