"""The form of the Train page in the link: a reload brings back what was chosen, and so does a step back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import session
from app.show.literal import literal
from app.state.studio import choose
from app.state.training_form import FIRST_DATA, ONE, PRESETS, WHAT, data_sets, first, fitting, from_text, to_text
from vae.errors import SettingError
from vae.registry import Family
from vae.settings import configure, knobs
from vae.text import _
from vae.training.trainer import TrainHparams

WRITTEN = "train.form"  # what this session wrote to its link last
NUMBERS = ("epochs", "seed", "points")
FRESH = {"what": ONE, "data": FIRST_DATA, "edits": True, "preset": "standard", "over": "", "values": ""}  # at first


def restore() -> Mapping[str, str] | None:
    """Fill the fields that decide which others there are, if the link says something else than this session wrote.
    Returns what it says, for `fill`; None: the form stays as it is."""
    wanted = session.studio().form
    if wanted == (session.held(WRITTEN) or ""):
        return None
    said = from_text(wanted)
    what = asked if (asked := said.get("what", ONE)) in WHAT else ONE
    known = {data.name: data for data in data_sets()}
    if (name := said.get("data")) and name not in known:
        st.warning(_("The link asks for data set {data}, which is not here.", data=literal(name)))
        said = {}
    data = known.get(said.get("data", ""), data_sets()[0])
    fit = fitting(data)
    family = next((f for f in fit if f.name == said.get("family")), fit[first(fit, what)])
    session.put("train.what", what)
    session.put("train.data", data)
    session.put(f"train.edits.{data.name}", said.get("edits") != "False")
    session.put(f"train.family.{what}.{data.modality}.{bool(data.classes)}", family)
    session.put("train.preset", said.get("preset") if said.get("preset") in PRESETS else FRESH["preset"])
    if (over := said.get("over")) in knobs(family.Hparams):
        session.put(f"train.over.{family.name}", over)
        if values := said.get("values"):
            session.put(f"train.values.{over}", values.replace("/", ", "))
    return said


def fill(said: Mapping[str, str] | None, key: str, family: Family, usual: Mapping[str, Any]) -> None:
    """Fill the fields of numbers and settings with what the link says, and the others with what is usual. said: as
    `restore` returned it; key: that their keys begin with; usual: of every such field."""
    if said is None:
        return
    for name, value in usual.items():
        group = "" if name in NUMBERS else ".family" if name in knobs(family.Hparams) else ".trainer"
        session.put(f"{key}{group}.{name}", _read(name, said.get(name), family, value))


def _read(name: str, text: str | None, family: Family, usual: Any) -> Any:
    """The value of a field that a link has as text; the usual one if it has none, or one that cannot be."""
    try:
        if text is None:
            return usual
        if name in NUMBERS:
            return int(text)
        hparams = family.Hparams if name in knobs(family.Hparams) else TrainHparams
        return getattr(configure(hparams, {name: text}), name)
    except (ValueError, SettingError):
        st.warning(_("The link asks for {name} = {value}, which cannot be.", name=name, value=literal(text)))
        return usual


def write(chosen: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Tell the link what was changed."""
    text = to_text(chosen, usual)
    session.put(WRITTEN, text)
    session.update(choose(session.studio(), form=text))
