"""Hparams -> widgets: each setting with its range, its default and one sentence on what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.show.terms import more
from vae.settings import knobs
from vae.text import N_, _, significant

DIGITS = 10  # of a float: steps add up to 0.0011999999999999999
LABELS = {
    "lr": N_("learning rate"),
    "lr_end": N_("final learning rate"),
    "d": N_("latent dimensions, d"),
    "k": N_("draws, k"),
}


def controls(cls: type, values: Mapping[str, Any], key: str, columns: int = 2, without: str = "") -> dict[str, Any]:
    """A widget for every field of an Hparams class; returns field -> value. values: the initial values; key: of the
    group, a new key resets the widgets. without: a field that is set elsewhere."""
    found = {}
    with st.grid(columns, gap="small", min_column_width=130):
        for name, k in knobs(cls).items():
            if name == without:
                continue
            found[name] = control(name, k, values[name], f"{key}.{name}")
    return found


def control(name: str, k: Mapping[str, Any], value: Any, key: str) -> Any:
    """The widget of one setting; returns its value. Numbers may be out of range: a browser does not submit a number
    that its field refuses, so the old value would be used unseen. The caller checks the value and shows the error."""
    label = _(LABELS[name]) if name in LABELS else name.replace("_", " ")
    shared: dict[str, Any] = {"help": explained(name, k), "key": key, "persist_state": "session"}
    if k["choices"]:
        return st.selectbox(label, k["choices"], index=k["choices"].index(value), **shared)
    if k["type"] is bool:
        return st.toggle(label, value, **shared)
    if k["type"] is int:
        given = st.number_input(label, value=int(value), step=1, **shared)
    else:
        given = st.number_input(label, value=float(value), step=step(value, k), format=f"%.{DIGITS}g", **shared)
    return value if given is None else k["type"](f"{given:.{DIGITS}g}" if k["type"] is float else given)


def step(value: float, k: Mapping[str, Any]) -> float:
    """A tenth of the value's decade; for 0 a hundredth of the range, taken as at most 10."""
    if value:
        return 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return min(k["high"] or 1.0, 10.0) / 100


def explained(name: str, k: Mapping[str, Any]) -> str:
    """Meaning, range, default, and the name on the command line."""
    help = _(k["help"])
    parts = [help[:1].upper() + help[1:] + "."]
    if not k["choices"] and k["low"] is not None:
        parts.append(_("Range: {low} to {high}.", low=significant(k["low"]), high=significant(k["high"])))
    parts.append(
        _("Default: {default}. On the command line: {option}", default=k["default"], option=f"`--set {name}=`")
    )
    return " ".join([*parts, *filter(None, [more(k["term"])])])
