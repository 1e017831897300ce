"""How a session finds and opens models: the engines that all sessions share, and the current one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import streamlit as st

import vae
from app.live import engines
from app.session.state import held, put, studio, tell, tie, tied, update
from app.show.cards import outside_sweeps
from app.show.literal import literal
from app.state.studio import DEFAULT_MODEL, choose_model
from vae.errors import UnknownName, ZscopeError
from vae.runs.folder import runs
from vae.runs.preview import SO_FAR
from vae.saved import cards as saved_cards
from vae.saved import checkpoint
from vae.sweeps import sweeps
from vae.text import _, language, ngettext

_RECENT, RECENT_MAX = "zscope.recent", 6


def engine(name: str | None = None):
    """The engine of a checkpoint (default: the current one), shared by all sessions. Raises: ZscopeError."""
    name = name or studio().model
    with st.spinner(_("Opening {model} ...", model=literal(name)), show_time=True):  # only if it takes a while
        return engines.engine(name)


def version(opened) -> str:
    """Of a model as it is saved now: another once it, or its map, is saved anew."""
    return engines.version(opened.name)


def digest(opened) -> str:
    """The SHA-256 of a model's weights in hexadecimal: two models of the same name may differ."""
    return opened.card.get("files", {}).get(checkpoint.MODEL, "")


def cards() -> dict[str, dict]:
    """name -> card of every checkpoint on this machine; {} for one that cannot be read, see `unreadable`."""
    return {name: card for name, (card, _problem) in _looked_at().items()}


def unreadable() -> dict[str, str]:
    """name -> why that checkpoint cannot be read."""
    return {name: problem for name, (_card, problem) in _looked_at().items() if problem}


def offered() -> dict[str, Mapping]:
    """The `cards` of the models to choose from, see `outside_sweeps`."""
    return outside_sweeps(cards(), studio().model, studio().other)


def recently_used(names: Sequence[str]) -> list[str]:
    """The names with those first that this session has used, the latest first; the others in their order."""
    recent = [studio().model, *(name for name in held(_RECENT) or () if name != studio().model)][:RECENT_MAX]
    put(_RECENT, recent)
    first = [name for name in recent if name in names] if len(recent) > 1 else []
    return [*first, *(name for name in names if name not in first)]


def has_map(name: str) -> bool:
    """Whether a checkpoint has a map, so that it can be explored."""
    return checkpoint.ATLAS in cards().get(name, {}).get("files", {})


def names_taken() -> set[str]:
    """The names of checkpoints, of runs that will write one, and of sweeps."""
    return {*vae.list_checkpoints(), *(run.name for run in runs()), *sweeps.known()}


def picker(options: Sequence[str]) -> dict:
    """Arguments that bind a selectbox of those names to the current model.

    The model is passed as its default, not only as its value: the browser starts with the default, and a click during
    the first load sends it, as if the user had chosen the first model of the list.
    """
    model = studio().model
    if held("zscope.model") in (None, model) and model in options:
        return {"index": options.index(model), **tie("model", _switch_model)}
    return tied("model", model, _switch_model)


def open_model(name: str) -> None:
    """Switch to that model; if it cannot be opened, show a message and stay with the current one."""
    if studio().model != name:
        _switch_model(name)


def leave_for(name: str) -> None:
    """Switch to another checkpoint because the current one was deleted. Raises: ZscopeError."""
    update(choose_model(studio(), name, engine(name).d, lambda row: None))


def some_other_model() -> str | None:
    """A checkpoint to show instead of the current one, preferably the default; None if there is no other."""
    rest = [name for name in (engines.default(), *vae.list_checkpoints()) if name not in (None, studio().model)]
    return rest[0] if rest else None


def _switch_model(name: str) -> None:
    old = studio().model
    try:
        here, there = engine(old).atlas, engine(name).atlas
    except ZscopeError as error:
        tell(_("{model} could not be opened: {error} Still showing {current}.", model=name, error=error, current=old))
        return
    same_data = engine(old).card["dataset"] == engine(name).card["dataset"]

    def row_there(row: int) -> int | None:
        found = np.flatnonzero(there.index == here.index[row]) if same_data and row < here.n else np.empty(0, int)
        return int(found[0]) if len(found) else None

    update(choose_model(studio(), name, engine(name).d, row_there))


def open_some_model():
    """The engine of the state's model, or of the first other one that opens; shows a message for each that fails."""
    wanted = studio().model
    finished = wanted.removesuffix(SO_FAR)  # of a training that was explored while it went on
    others = sorted(vae.list_checkpoints(), key=lambda name: (name != finished, name != DEFAULT_MODEL, name))
    if not others:
        return None
    ended = wanted not in others and finished in others
    if ended:
        tell(_("{model} has finished training: it takes the place of {wanted}.", model=finished, wanted=wanted))
    opened = first_opened(others if ended else [wanted, *others])
    if opened and opened.name != wanted:
        if not (ended and opened.name == finished):
            tell(_("Showing {model} instead of {wanted}.", model=opened.name, wanted=wanted))
        update(choose_model(studio(), opened.name, opened.d, lambda row: None))
    return opened


def first_opened(names: Iterable[str], aloud: bool = True):
    """The engine of the first of those models that opens; None if none does. aloud: show a message for each before."""
    for name in dict.fromkeys(names):
        try:
            opened = engine(name)
            opened.atlas  # noqa: B018  a checkpoint without a map cannot be shown
            return opened
        except ZscopeError as error:
            said = str(error) if name in str(error) else f"{name}: {error}"
            if isinstance(error, UnknownName):  # its message lists every name, which may be many
                said = _unknown_message(name, error)
            if aloud:
                tell(said)
    return None


def _unknown_message(name: str, error: UnknownName) -> str:
    close = get_close_matches(name, error.known, n=3, cutoff=0.5)
    if not close:
        return ngettext(
            "There is no model {name!r}: there is only {n} model here.",
            "There is no model {name!r} among the {n} models here.",
            len(error.known),
            name=name,
        )
    return ngettext(
        "There is no model {name!r}: there is only {n} model here, {close}.",
        "There is no model {name!r} among the {n} models here; the closest names are {close}.",
        len(error.known),
        name=name,
        close=", ".join(close),
    )


def _changed(folder: Path) -> float:
    config = folder / "config.json"
    return config.stat().st_mtime if config.is_file() else 0.0


def _looked_at() -> dict[str, tuple[dict, str]]:
    return {name: _look(path, _changed(path), language()) for name, path in vae.list_checkpoints().items()}


@st.cache_data(show_spinner=False, max_entries=1024)
def _look(path: Path, changed: float, spoken: str) -> tuple[dict, str]:
    return saved_cards.look(path)
