"""An attribute: the direction between two groups, live at the point under study, with the proof of it beside."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.browser.arithmetic import arithmetic
from app.browser.latent_console import latent_console
from app.show import figures
from app.state import attribute_groups
from app.state.generation import chosen_label, label_of
from app.state.studio import select
from vae.engine.engine import Engine
from vae.errors import ShapeError, ZscopeError
from vae.latent.attributes import LARGE, LEVEL, SMALL
from vae.latent.traverse import along
from vae.saved import directions
from vae.saved.directions import Named
from vae.studies.attribute import MOST, direction
from vae.studies.path import describe
from vae.studies.sliders import plain, slope_at

TITLE, HELP = "Attribute", "A direction between two groups of samples, and whether there is anything to it"
KEY, SUM, METHOD = "explore.attribute", "explore.sum", "explore.method"
METHODS = {"means": "Difference of means", "discriminant": "Discriminant"}
METHOD_HELP = "The difference of means stays near the data; Fisher's discriminant tells the groups apart best."
HINT = "Choose two groups: classes, what is near the point, or a lasso on the map."


def unavailable(engine: Engine) -> str:
    return ""


def take_group(engine: Engine, which: str, offer: str) -> None:
    state = session.studio()
    session.update(select(state, attribute_groups.rows_of(engine, state, which, offer), which))


def take_named(engine: Engine, u: np.ndarray, source: str) -> None:
    """The direction was saved under a name."""
    if not (sent := session.sent(KEY, "named")):
        return
    try:
        named = Named(sent["name"], tuple(map(float, u)), source, float(sent["strength"]))
        directions.save(engine.card, named)
    except ZscopeError as error:
        session.tell(str(error))


def show(engine: Engine, committed: dict) -> None:
    state = session.studio()
    left, right = st.columns(2, gap="small")
    for column, which, title in ((left, "group_a", "A, to have more of"), (right, "group_b", "B, to have less of")):
        offers = attribute_groups.offers(engine, state, which)
        tied = session.tied(which, offers[0], partial(take_group, engine, which))
        column.selectbox(title, offers, **tied)
    if state.group_a and state.group_b:
        _direction(engine, committed)
    else:
        st.caption(HINT)
    st.markdown("**A − B + C**", help="Each place takes the point under study: commit one, take it, commit the next.")
    assert state.point is not None  # Explore begins with one
    name = describe(engine.atlas, state.point)
    arithmetic(engine.name, key=SUM, committed=committed, name=name, label=chosen_label(engine, state))


def _direction(engine: Engine, committed: dict) -> None:
    state = session.studio()
    both = state.group_a, state.group_b
    a, b = (attribute_groups.name_of(engine, state, which) for which in ("group_a", "group_b"))
    slider, found = st.container(), st.container()  # the verdict stands beside the controls, what it rests on below
    method = st.segmented_control(
        "Direction", METHODS, default="means", format_func=METHODS.__getitem__, key=METHOD, label_visibility="collapsed"
    )
    method = method or "means"
    u = direction(engine, *both, method)
    z, label = np.asarray(committed["z"], np.float32), chosen_label(engine, state)
    share = along(slope_at(engine, z, label_of(engine, z, label)), [u])
    with slider:
        latent_console(
            engine.name,
            key=KEY,
            committed=committed,
            sliders={"attribute": plain(share, [f"{a} − {b}"], why=[f"From the mean of {b} to that of {a}"])},
            label=label,
            saves="direction",
            on_named=partial(take_named, engine, u, f"{a} − {b}, {METHODS[method].lower()}"),
        )
    try:
        with found:
            proof = session.attribute(engine, *both, method)
            st.markdown(verdict(proof.evidence))
    except ShapeError as error:
        st.info(str(error))
    else:
        _proof(engine, proof, a, b)


def _proof(engine: Engine, found, a: str, b: str) -> None:
    st.markdown(meaning(found.evidence))
    st.plotly_chart(figures.effect_strip(found.evidence), config={"displayModeBar": False}, key=f"{KEY}.strip")
    st.markdown(changes(found, engine.atlas.classes, b))
    e = found.evidence
    st.caption(
        f"Learned on half of each group, judged by the other half ({e.n_a} of {a}, {e.n_b} of {b}; of a group, at most "
        f"{MOST} rows are taken). The slider has the direction of both halves. {METHOD_HELP} "
        f"Interval: {LEVEL:.0%}, noncentral t; p: among {len(e.null)} random pairs."
    )


def verdict(e) -> str:
    """The evidence in a line: strong or weak, its size with the interval, and what random pairs of groups reach."""
    word = ":orange[**Weak**]" if e.weak else "**Strong**" if e.d >= LARGE else "**Real**"
    return f"{word} · d = **{e.d:.2f}** [{e.low:.2f}, {e.high:.2f}] · random: 95 % below {e.chance:.2f}"


def meaning(e) -> str:
    """What the verdict rests on, in a sentence or two."""
    special = float(np.quantile(e.random, 0.95))
    if e.low <= e.chance:
        word = "A weak direction: no more than chance, within its interval."
    elif e.d < SMALL:
        word = f"A weak direction: d is below {SMALL:g}."
    elif e.d < special:
        word = "A real direction, though not a special one: of random directions, more than one in 20 tells as much."
    else:
        word = "A real direction."
    return (
        f"**{word}** d is measured on samples it was not learned from. Random pairs of groups reach it with "
        f"p = {e.p:.3f}; random directions: median {np.median(e.random):.2f}, 95 % below {special:.2f}."
    )


def changes(found, classes: tuple[str, ...], b: str) -> str:
    """What adding the direction once does to held-out samples of B, in a few lines."""
    c, lines = found.change, []
    if c.says is not None:
        before, after = c.says
        order = np.argsort(-np.abs(after - before), kind="stable")[:4]
        moved = [f"{classes[k]} {before[k]:.0%} → {after[k]:.0%}" for k in order if abs(after[k] - before[k]) >= 0.01]
        judge = f"15 nearest real samples by pixels; right on {found.right:.0%} of others"
        lines.append(f"**Classifier** ({judge}): {'; '.join(moved) or 'no class changes by a point'}.")
    lines.append(
        f"**Else**: pixels by {c.pixels:.3f} on average; off the data {c.off_data[0]:.2f} → {c.off_data[1]:.2f}; "
        f"trust {c.trust[0]:.2f} → {c.trust[1]:.2f}."
    )
    if c.others:
        shifts = ", ".join(f"{name} {shift:+.1f} σ" for name, shift in c.others[:3])
        lines.append(f"**Saved directions** it also moves along: {shifts}.")
    return f"Added once to {c.n} held-out samples of {b}:\n" + "\n".join(f"- {line}" for line in lines)
