"""The attribute tool: the direction between two groups, live at the current point, with the evidence for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.browser.arithmetic import arithmetic
from app.browser.latent_console import latent_console
from app.live.rights import Right
from app.show import figures, terms
from app.show.literal import literal
from app.state import attribute_groups
from app.state.generation import chosen_label, label_of
from app.state.studio import select
from vae.engine.engine import Engine
from vae.errors import ShapeError, ZscopeError
from vae.latent.attributes import LARGE, LEVEL, SMALL, Evidence
from vae.latent.traverse import along
from vae.saved import directions
from vae.saved.directions import Named
from vae.studies.attribute import MOST, Attribute, direction
from vae.studies.path import describe
from vae.studies.sliders import plain, slope_at
from vae.text import N_, _, ngettext, number, percent

TITLE, HELP = N_("Attribute"), N_("The direction between two groups of samples, and the evidence for it")
KEY, SUM, METHOD = "explore.attribute", "explore.sum", "explore.method"
METHODS = {"means": N_("Difference of means"), "discriminant": N_("Discriminant")}
SOURCES = {
    "means": N_("{a} − {b}, difference of means"),
    "discriminant": N_("{a} − {b}, discriminant"),
}  # of a saved direction
HINT = N_("Choose two groups: classes, the samples nearest to the point, or a lasso selection on the map.")


def unavailable(engine: Engine) -> str:
    return ""


def take_group(engine: Engine, which: str, offer: str) -> None:
    state = session.studio()
    session.update(select(state, attribute_groups.rows_of(engine, state, which, offer), which))


def take_named(engine: Engine, u: np.ndarray, source: str) -> None:
    """Save the direction under the name that the console sent."""
    if not (sent := session.sent(KEY, "named")):
        return
    try:
        session.required(Right.TRAIN)
        named = Named(sent["name"], tuple(map(float, u)), source, float(sent["strength"]))
        directions.save(engine.card, named)
    except ZscopeError as error:
        session.tell(str(error))


def show(engine: Engine, committed: dict) -> None:
    state = session.studio()
    left, right = st.columns(2, gap="small")
    for column, which, title in (
        (left, "group_a", _("A: more of this")),
        (right, "group_b", _("B: less of this")),
    ):
        offers = attribute_groups.offers(engine, state, which)
        tied = session.tied(which, offers[0], partial(take_group, engine, which))
        column.selectbox(title, offers, **tied)
    *found, sums = st.tabs([_("Slider"), _("Evidence"), _("Changes"), "A − B + C"])  # each fits below the picture
    if state.group_a and state.group_b:
        _direction(engine, committed, found)
    else:
        found[0].caption(_(HINT))
    assert state.point is not None  # Explore starts with one
    name = describe(engine.atlas, state.point)
    with sums:
        st.caption(_("Click a point on the map, then A, B or C to put it there."))
        arithmetic(engine.name, key=SUM, committed=committed, name=name, label=chosen_label(engine, state))


def _direction(engine: Engine, committed: dict, tabs: Sequence[DeltaGenerator]) -> None:
    """The slider, its evidence and what it changes, each in its tab."""
    state = session.studio()
    both = state.group_a, state.group_b
    a, b = (attribute_groups.name_of(engine, state, which) for which in ("group_a", "group_b"))
    slider = tabs[0].container()  # above the choice of its direction
    method = tabs[0].segmented_control(
        _("Direction"),
        METHODS,
        default="means",
        format_func=lambda name: _(METHODS[name]),
        key=METHOD,
        label_visibility="collapsed",
    )
    method = method or "means"
    u = direction(engine, *both, method)
    z, label = np.asarray(committed["z"], np.float32), chosen_label(engine, state)
    share = along(slope_at(engine, z, label_of(engine, z, label)), [u])
    why = _("From the mean of {b} to that of {a}", a=a, b=b)
    with slider:
        latent_console(
            engine.name,
            key=KEY,
            committed=committed,
            sliders={"attribute": plain(share, [f"{a} − {b}"], why=[why])},
            label=label,
            saves="direction" if session.may(Right.TRAIN) else "",
            on_named=partial(take_named, engine, u, _(SOURCES[method], a=a, b=b)),
        )
    with slider:
        try:
            attribute = session.attribute(engine, *both, method)
        except ShapeError as error:
            st.info(literal(error, code=True))
            return
        st.markdown(verdict(attribute.evidence), help=terms.meaning("attribute-direction"))
    with tabs[1]:
        _evidence(attribute.evidence, a, b)
    tabs[2].markdown(changes(attribute, engine.atlas.classes, b))


def _evidence(e: Evidence, a: str, b: str) -> None:
    first, second = meaning(e)
    measured = _(
        "The direction is learned on one half of each group and evaluated on the other half ({n_a} of {a}, "
        "{n_b} of {b}; at most {most} samples of a group are used). The slider uses the direction of both halves. "
        "The difference of means stays near the data; Fisher's discriminant separates the groups best. "
        "The interval is a {level} confidence interval from the noncentral t distribution; p is a permutation test "
        "with {draws} random pairs of groups.",
        n_a=number(e.n_a),
        a=literal(a),
        n_b=number(e.n_b),
        b=literal(b),
        most=number(MOST),
        level=percent(LEVEL),
        draws=number(len(e.null)),
    )
    st.markdown(f"**{first}**", help=f"{second}\n\n{measured}")
    st.plotly_chart(figures.effect_strip(e), config={"displayModeBar": False}, key=f"{KEY}.strip")


def verdict(e: Evidence) -> str:
    """The evidence in one line: strong or weak, the effect size with its interval, and that of random pairs."""
    strength = _(":orange[**Weak**]") if e.weak else _("**Strong**") if e.d >= LARGE else _("**Real**")
    return _(
        "{strength} · d = **{d}** [{low}, {high}] · random pairs: 95% below {chance}",
        strength=strength,
        d=number(e.d, 2),
        low=number(e.low, 2),
        high=number(e.high, 2),
        chance=number(e.chance, 2),
    )


def meaning(e: Evidence) -> tuple[str, str]:
    """What the verdict means, and what it rests on."""
    special = float(np.quantile(e.random, 0.95))
    if e.low <= e.chance:
        first = _("A weak direction: within its interval, d is no larger than that of random pairs of groups.")
    elif e.d < SMALL:
        first = _("A weak direction: d is below {small}.", small=number(SMALL, 1))
    elif e.d < special:
        first = _("A real direction, but not a special one: more than 5% of random directions separate as well.")
    else:
        first = _("A real direction.")
    second = _(
        "d is measured on held-out samples. Random pairs of groups reach it with p = {p}; random directions have a "
        "median of {median}, and 95% are below {special}.",
        p=number(e.p, 3),
        median=number(float(np.median(e.random)), 2),
        special=number(special, 2),
    )
    return first, second


def changes(found: Attribute, classes: tuple[str, ...], b: str) -> str:
    """The effect of adding the direction once to held-out samples of B, as a Markdown list."""
    c, lines = found.change, []
    if c.votes is not None and found.right is not None:
        lines.append(_classified(c.votes, found.right, classes))
    lines.append(
        _(
            "**Other changes**: mean pixel change {pixels}; off-data {off} → {off_after}; "
            "trust {trust} → {trust_after}.",
            pixels=number(c.pixels, 3),
            off=number(c.off_data[0], 2),
            off_after=number(c.off_data[1], 2),
            trust=number(c.trust[0], 2),
            trust_after=number(c.trust[1], 2),
        )
    )
    if c.others:
        shifts = ", ".join(f"{literal(name)} {'+' * (shift > 0)}{number(shift, 1)} σ" for name, shift in c.others[:3])
        lines.append(_("**Saved directions** along which it also moves: {shifts}.", shifts=shifts))
    heading = ngettext(
        "Added once to {n} held-out sample of {group}:",
        "Added once to {n} held-out samples of {group}:",
        c.n,
        group=literal(b),
    )
    return heading + "\n" + "\n".join(f"- {line}" for line in lines)


def _classified(votes: np.ndarray, right: float, classes: tuple[str, ...]) -> str:
    before, after = votes
    order = np.argsort(-np.abs(after - before), kind="stable")[:4]
    changed = [k for k in order if abs(after[k] - before[k]) >= 0.01]
    if not changed:
        return _(
            "**Classifier** (15 nearest real samples by pixels, accuracy {accuracy}): no class changes by 1% or more.",
            accuracy=percent(right),
        )
    shares = [f"{literal(classes[k])} {percent(float(before[k]))} → {percent(float(after[k]))}" for k in changed]
    return _(
        "**Classifier** (15 nearest real samples by pixels, accuracy {accuracy}): {changes}.",
        accuracy=percent(right),
        changes="; ".join(shares),
    )
