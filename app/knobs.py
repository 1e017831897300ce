"""Hparams -> widgets: each setting with its range, its default and one sentence on what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from vae.registry import knobs

WIDE = 1e5  # ranges wider than this are of a number with exponent
LABELS = {"lr": "learning rate", "lr_end": "last learning rate", "d": "d, latent dimensions", "k": "k, draws"}


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
    """The widget that fits the kind and range of one setting; its value."""
    label = LABELS.get(name, name.replace("_", " "))
    shared = {"help": explained(name, k), "key": key, "persist_state": "session"}
    if k["choices"]:
        return st.selectbox(label, k["choices"], index=k["choices"].index(value), **shared)
    if k["type"] is bool:
        return st.toggle(label, value, **shared)
    low, high, number = k["low"], k["high"], k["type"]
    step = 1 if number is int else None
    low, high = (None if one is None else number(one) for one in (low, high))
    given = st.number_input(label, low, high, number(value), step=step, format=None if step else "%g", **shared)
    return value if given is None else given


def explained(name: str, k: Mapping[str, Any]) -> str:
    """Meaning, range and default, and the name that the command line knows."""
    said = k["help"][:1].upper() + k["help"][1:]
    span = "" if k["choices"] or k["low"] is None else f" {k['low']:g} to {k['high']:g}."
    return f"{said}.{span} Default {k['default']}. `--set {name}=`"
