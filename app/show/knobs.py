"""Hparams -> widgets: each setting with its range, its default and one sentence on what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from vae.settings import knobs
from vae.text import N_, _

DIGITS = 10  # of a float: steps add up to 0.0011999999999999999
LABELS = {
    "lr": N_("learning rate"),
    "lr_end": N_("last learning rate"),
    "d": N_("d, latent dimensions"),
    "k": "k, draws",
}


def controls(cls: type, values: Mapping[str, Any], key: str, columns: int = 2, without: str = "") -> dict[str, Any]:
    """A widget for every field of an Hparams class, in as many columns; what is set. values: what they start from;
    key: of the group, another key forgets what was set. without: a field that is set elsewhere."""
    found = {}
    with st.grid(columns, gap="small", min_column_width=130):
        for name, k in knobs(cls).items():
            if name == without:
                continue
            found[name] = control(name, k, values[name], f"{key}.{name}")
    return found


def control(name: str, k: Mapping[str, Any], value: Any, key: str) -> Any:
    """The widget that fits the kind of one setting; its value. A number may be out of range: a browser keeps back what
    its field is told not to take, and the old value would be used unseen. Who uses it checks it, and says so."""
    label = LABELS.get(name, name.replace("_", " "))
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
    """A tenth of the value's own decade; of 0, a hundredth of the range as far as it is no more than 10."""
    if value:
        return 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return min(k["high"] or 1.0, 10.0) / 100


def explained(name: str, k: Mapping[str, Any]) -> str:
    """Meaning, range and default, and the name that the command line knows."""
    said = k["help"][:1].upper() + k["help"][1:]
    span = (
        ""
        if k["choices"] or k["low"] is None
        else _(
            " {low:g} to {high:g}.",
            low=k["low"],
            high=k["high"],
        )
    )
    return _(
        "{said}.{span} Default {default}. `--set {name}=`",
        said=said,
        span=span,
        default=k["default"],
        name=name,
    )
