"""The way of a session to the models: the engines that all sessions share, and which of them is in use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import streamlit as st

import vae
from app.live import engines
from app.session.state import held, studio, tell, tie, tied, update
from app.show.cards import outside_sweeps
from app.state.studio import DEFAULT_MODEL, choose_model
from vae.errors import UnknownName, ZscopeError
from vae.runs.folder import runs
from vae.saved import checkpoint
from vae.sweeps import sweeps


def engine(name: str | None = None):
    """The engine of a checkpoint (default: the current one), one for all sessions. Raises: ZscopeError."""
    name = name or studio().model
    with st.spinner(f"Opening {name} ..."):  # shown only where it takes longer than a moment
        return engines.engine(name)


def digest(opened) -> str:
    """What the weights of a model hash to, SHA-256 in hexadecimal: two models of one name need not be the same."""
    return opened.card.get("files", {}).get(checkpoint.MODEL, "")


def cards() -> dict[str, dict]:
    """name -> config.json of every checkpoint on this machine; {} for one that cannot be read."""
    return {name: _card(str(path), _changed(Path(path))) for name, path in vae.list_checkpoints().items()}


def offered() -> dict[str, Mapping]:
    """Of `cards`, those to choose from, as `outside_sweeps` has it."""
    return outside_sweeps(cards(), studio().model, studio().other)


def has_map(name: str) -> bool:
    """Whether a checkpoint can be explored yet."""
    return checkpoint.ATLAS in cards().get(name, {}).get("files", {})


def names_taken() -> set[str]:
    """Of checkpoints, of runs that will write one, and of sweeps."""
    return {*vae.list_checkpoints(), *(run.name for run in runs()), *sweeps.known()}


def picker(options: Sequence[str]) -> dict:
    """Arguments that tie a selectbox of those names to the model in use.

    The model is its default, not only a value set from here: the browser begins with the default, and a click during
    the first load sends it, as if somebody had chosen the first model of the list.
    """
    model = studio().model
    if held("zscope.model") in (None, model) and model in options:
        return {"index": options.index(model), **tie("model", _switch_model)}
    return tied("model", model, _switch_model)


def open_model(name: str) -> None:
    """Make that model the current one; one that cannot be opened is told, and the current one stays."""
    if studio().model != name:
        _switch_model(name)


def leave_for(name: str) -> None:
    """Another checkpoint becomes the model in use where the old one is gone. Raises: ZscopeError."""
    update(choose_model(studio(), name, engine(name).d, lambda row: None))


def some_other_model() -> str | None:
    """A checkpoint to show in place of the one in use, the default first; None: it is the only one."""
    rest = [name for name in (engines.default(), *vae.list_checkpoints()) if name not in (None, studio().model)]
    return rest[0] if rest else None


def _switch_model(name: str) -> None:
    old = studio().model
    try:
        here, there = engine(old).atlas, engine(name).atlas
    except ZscopeError as error:
        tell(f"{name} could not be opened: {error} Still showing {old}.")
        return
    same_data = engine(old).card["dataset"] == engine(name).card["dataset"]

    def row_there(row: int) -> int | None:
        found = np.flatnonzero(there.index == here.index[row]) if same_data and row < here.n else np.empty(0, int)
        return int(found[0]) if len(found) else None

    update(choose_model(studio(), name, engine(name).d, row_there))


def open_some_model():
    """The engine of the state's model, or of the first other one that opens; what failed is told."""
    wanted = studio().model
    others = sorted(vae.list_checkpoints(), key=lambda name: (name != DEFAULT_MODEL, name))
    if not others:
        return None
    for name in dict.fromkeys([wanted, *others]):
        try:
            opened = engine(name)
            opened.atlas  # noqa: B018  a checkpoint without a map cannot be shown
        except UnknownName as error:  # its own message lists every name, and there may be many
            close = ", ".join(get_close_matches(name, error.known, n=3, cutoff=0.5))
            said = f"; the closest names are {close}" if close else ""
            tell(f"There is no model {name!r} among the {len(error.known)} here{said}.")
            continue
        except ZscopeError as error:
            tell(str(error) if name in str(error) else f"{name}: {error}")
            continue
        if name != wanted:
            tell(f"Showing {name} in place of {wanted}.")
            update(choose_model(studio(), name, opened.d, lambda row: None))
        return opened
    return None


def _changed(folder: Path) -> float:
    config = folder / "config.json"
    return config.stat().st_mtime if config.is_file() else 0.0


@st.cache_data(show_spinner=False, max_entries=256)
def _card(path: str, changed: float) -> dict:
    try:
        card = json.loads((Path(path) / "config.json").read_text())
    except (OSError, ValueError):  # the model itself says what is wrong when it is opened
        return {}
    return card if isinstance(card, dict) else {}
