"""What one browser session holds: its Studio, the link that restores it, and the way to the engines all sessions share.

The only file that touches st.session_state, st.query_params and st.cache_*.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import vae
from app import attribute as attributes
from app import engines, evidence, jobs, links
from app import posterior as posteriors
from app import studio as studio_
from app.attribute import Attribute
from app.evidence import Training
from app.posterior import Posterior
from app.studio import Point, Studio
from vae import checkpoint, directions
from vae.data.store import here, locate
from vae.directions import Named
from vae.errors import UnknownName, ZscopeError
from vae.runs.folder import runs

LOCAL = (None, "localhost", "127.0.0.1", "::1")  # None: Streamlit's word for an address on this machine
_STUDIO, _PROBLEMS = "zscope.studio", "zscope.problems"
_DIGEST, _DIGEST_CHARACTERS = "digest", 12  # of the model, in the link


# ---------------------------------------------------------------- state


def studio() -> Studio:
    """What the user has chosen, as of now."""
    return st.session_state.setdefault(_STUDIO, Studio())


def update(new: Studio) -> None:
    """Keep a new state; the link follows at the end of the run."""
    st.session_state[_STUDIO] = new


def begin() -> bool:
    """Open a run: read the link if it is news, load its model, place its points. False if no model can be opened.

    A link is news on a session's first run and when the browser went back or forward; in between the session is the
    truth, since a link that travels with a fast click may be older than the state.
    """
    context = get_script_run_ctx()
    if _STUDIO not in st.session_state or (context is not None and context.is_history_navigation):
        state, problems = links.from_query(st.query_params.to_dict())
        if "model" not in st.query_params:
            state = studio_.choose(state, model=engines.default() or studio_.DEFAULT_MODEL)
        st.session_state[_STUDIO] = state
        tell(*problems)
        given = st.query_params.get(_DIGEST, "")
    else:
        given = ""
    opened = _open_some_model()
    if opened and given:
        _compare_digest(opened, given)
    if opened:
        state, problems = studio_.placed(studio(), opened.atlas.z, opened.atlas.xy, _to_map(opened))
        st.session_state[_STUDIO] = state
        tell(*problems)
    return opened is not None


def end() -> None:
    """Close a run: the link tells the state. Written once, since each writing is a step of the browser's history."""
    wanted, _ = link()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def link() -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters of a link to the state as it is now, and what was left out to keep it short enough."""
    query, left_out = links.to_query(studio())
    return query | {_DIGEST: digest(engine())[:_DIGEST_CHARACTERS]}, left_out


def recipe() -> str:
    """All of the state as a file, for what is too long for a link."""
    return links.to_recipe(studio(), digest(engine()))


def take_recipe(text: bytes) -> None:
    """The state of such a file becomes the state. Raises: ValueError: it is none."""
    state, given, problems = links.from_recipe(text)
    engine(state.model)
    update(state)
    tell(*problems)
    _compare_digest(engine(), given)


def tied(key: str, value, take: Callable[[Any], None]) -> dict:
    """Arguments that tie a widget to a value kept elsewhere: it shows `value`, and `take` gets what the user sets."""
    key = f"zscope.{key}"
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return {"key": key, "on_change": lambda: take(st.session_state[key])}


def field(name: str) -> dict:
    """Arguments that tie a widget to one setting of the Studio: st.slider("Temperature", 0.0, 2.0, **field(...))."""

    return tied(f"field.{name}", getattr(studio(), name), setting(name))


def setting(name: str) -> Callable[[Any], None]:
    """What takes a new value of one setting of the Studio; a value that it does not take is told."""

    def take(value) -> None:
        if value is None:  # an emptied number field, or a segment clicked off: the old value comes back
            return
        try:
            update(studio_.choose(studio(), **{name: value}))
        except ValueError as error:
            tell(f"{name} = {value!r}: {error}")

    return take


def uploaded(key: str):
    """The file that the uploader of that key holds, or None; for its callback."""
    return st.session_state.get(key)


def sent(key: str, name: str):
    """What the component mounted under `key` last sent as `name`; for its callback, which runs before the page."""
    return (st.session_state.get(key) or {}).get(name)


def kept(slot: str, key: Any, make: Callable[[], Any]) -> Any:
    """make(), remembered for as long as `key` is the same: one result a slot and session. What it raises is not."""
    slot = f"zscope.kept.{slot}"
    if st.session_state.get(slot, (None,))[0] != key:
        st.session_state.pop(slot, None)  # its memory is free before the next needs some
        st.session_state[slot] = (key, make())
    return st.session_state[slot][1]


def release(slot: str) -> None:
    """What `kept` remembers in that slot."""
    st.session_state.pop(f"zscope.kept.{slot}", None)


def local() -> bool:
    """Whether the browser is on the machine that serves the app: only then may it name paths, delete and take files in.

    All three must say so: the peer's address, the host that was asked for, and the page's origin. Behind a proxy on the
    same machine the address alone would tell nothing.
    """
    headers = st.context.headers
    hosts = [headers.get("Host", ""), headers.get("Origin", "")]
    names = [urlparse(h if "//" in h else f"//{h}").hostname for h in hosts if h]
    forwarded = any(headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return not forwarded and st.context.ip_address in LOCAL and all(name in LOCAL for name in names)


# ---------------------------------------------------------------- messages


def tell(*problems: str) -> None:
    """Sentences to show above the page until the user closes them."""
    kept = st.session_state.setdefault(_PROBLEMS, [])
    kept.extend(p for p in problems if p not in kept)


def problems() -> tuple[str, ...]:
    return tuple(st.session_state.get(_PROBLEMS, ()))


def dismiss() -> None:
    st.session_state[_PROBLEMS] = []


# ---------------------------------------------------------------- models


def engine(name: str | None = None):
    """The engine of a checkpoint (default: the current one), one for all sessions. Raises: ZscopeError."""
    name = name or studio().model
    with st.spinner(f"Opening {name} ..."):  # shown only where it takes longer than a moment
        return engines.engine(name)


def digest(opened) -> str:
    """What the weights of a model hash to, SHA-256 in hexadecimal: two models of one name need not be the same."""
    return opened.card.get("files", {}).get(checkpoint.MODEL, "")


def training(opened) -> Training | Future | None:
    """The training samples of a model to look for copies in, as app.evidence.training, or the job that gets them."""
    job = jobs.once(("training", opened.name, opened.card["created"]), evidence.training, opened)
    return job.result() if job.done() else job


def cards() -> dict[str, dict]:
    """name -> config.json of every checkpoint on this machine; {} for one that cannot be read."""
    return {name: _card(str(path), _changed(Path(path))) for name, path in vae.checkpoints().items()}


def posterior(opened, point: Point, name: str, y: int | None, seed: int) -> Posterior:
    """app.posterior.posterior, remembered: a look at another tool and back asks for the same one again."""
    return _posterior(opened.name, digest(opened), point, name, y, seed)


def sample_of(opened, point: Point, name: str, y: int | None) -> np.ndarray:
    """The sample that a point is, or what is decoded there, as uint8 (c, h, w)."""
    x, _ = posteriors.sample_of(opened, point, name, y)
    return opened.modality.pictures(x)[0]


@st.cache_data(show_spinner=False, max_entries=32)
def _posterior(model: str, weights: str, point: Point, name: str, y: int | None, seed: int) -> Posterior:
    return posteriors.posterior(engine(model), point, name, y, seed)


def attribute(opened, a: tuple[int, ...], b: tuple[int, ...], method: str) -> Attribute:
    """app.attribute.attribute of two groups of rows, remembered, with what it moves along the saved directions."""
    return _attribute(opened.name, digest(opened), a, b, method, named(opened))


@st.cache_data(show_spinner="Comparing the groups ...", max_entries=32)
def _attribute(model: str, weights: str, a: tuple, b: tuple, method: str, named: tuple[Named, ...]) -> Attribute:
    return attributes.attribute(engine(model), a, b, method, named)


def named(opened) -> tuple[Named, ...]:
    """The directions that were saved for a model, the newest first; a file that cannot be read is told."""
    try:
        return directions.load(opened.card)[::-1]
    except ZscopeError as error:
        tell(str(error))
        return ()


def samples(opened, n: int) -> tuple[np.ndarray, np.ndarray | None, str]:
    """n samples to put through a model, (n, *shape), their labels (n,) if known, and where they come from, in words."""
    card = opened.card
    found = test_samples(card["dataset"], card.get("data_origin", ""), n) if here(card) else None
    if found is not None:
        return *found, "samples of the test set, which the model has never seen"
    atlas, absent = opened.atlas, "the data set is not on this machine"
    rows = np.linspace(0, atlas.n - 1, n).astype(int)
    y = None if atlas.labels is None else atlas.labels[rows].astype(np.int64)
    if opened.modality.name != "image":  # a thumbnail is then a drawing of the sample
        made = opened.decode(atlas.z[rows], y)
        return made, y, f"what {opened.name} makes of samples of the training set ({absent})"
    found = np.stack([atlas.thumbnail(i) for i in rows]).transpose(0, 3, 1, 2)[:, : opened.shape[0]]
    return found, y, f"samples of the training set, from the thumbnails of the map ({absent})"


@st.cache_data(show_spinner=False, max_entries=8)
def test_samples(dataset: str, origin: str, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    """n test samples, class by class, (n, *shape), with their labels (n,) if they have any. origin: as the data set has
    it, since one of the user's own may have been replaced by another of its name."""
    samples = vae.datasets()[dataset].load()
    if samples.y_test is None:
        return samples.x_test[:n], None
    turn = np.zeros(len(samples.y_test), int)  # 0 for the first of each class, 1 for the second ...
    for label in np.unique(samples.y_test):
        turn[samples.y_test == label] = np.arange((samples.y_test == label).sum())
    chosen = np.lexsort((samples.y_test, turn))[:n]
    return samples.x_test[chosen], samples.y_test[chosen]


@st.cache_data(show_spinner=False, max_entries=32)
def n_train(dataset: str) -> int | None:
    """How many training samples a data set has; None where it would have to be downloaded."""
    return None if locate(dataset) is None else len(vae.datasets()[dataset].load().x_train)


def leave_for(name: str) -> None:
    """Another checkpoint becomes the model in use where the old one is gone. Raises: ZscopeError."""
    update(studio_.choose_model(studio(), name, engine(name).d, lambda row: None))


def some_other_model() -> str | None:
    """A checkpoint to show in place of the one in use, the default first; None: it is the only one."""
    rest = [name for name in (engines.default(), *vae.checkpoints()) if name not in (None, studio().model)]
    return rest[0] if rest else None


def picker() -> dict:
    """Arguments that tie a selectbox to the model in use."""
    return tied("model", studio().model, _switch_model)


def open_model(name: str) -> None:
    """Make that model the current one; one that cannot be opened is told, and the current one stays."""
    if studio().model != name:
        _switch_model(name)


def has_map(name: str) -> bool:
    """Whether a checkpoint can be explored yet."""
    return checkpoint.ATLAS in cards().get(name, {}).get("files", {})


def names_taken() -> set[str]:
    """Of checkpoints, and of runs that will write one."""
    return {*vae.checkpoints(), *(run.name for run in runs())}


def put(key: str, value: Any) -> None:
    """A widget that this run has not drawn yet will show that value."""
    st.session_state[key] = value


def forget(key: str) -> None:
    """A widget starts anew, with what its page gives it."""
    st.session_state.pop(key, None)


def _switch_model(name: str) -> None:
    old = studio().model
    try:
        here, there = engine(old).atlas, engine(name).atlas
    except ZscopeError as error:
        tell(f"{name} could not be opened: {error} Still showing {old}.")
        return
    same_data = engine(old).card["dataset"] == engine(name).card["dataset"]

    def row_there(row: int) -> int | None:
        found = np.flatnonzero(there.index == here.index[row]) if same_data and row < here.n else ()
        return int(found[0]) if len(found) else None

    update(studio_.choose_model(studio(), name, engine(name).d, row_there))


def _open_some_model():
    """The engine of the state's model, or of the first other one that opens; what failed is told."""
    wanted = studio().model
    others = sorted(vae.checkpoints(), key=lambda name: (name != studio_.DEFAULT_MODEL, name))
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
            st.session_state[_STUDIO] = studio_.choose_model(studio(), name, opened.d, lambda row: None)
        return opened
    return None


def _compare_digest(opened, given: str) -> None:
    here = digest(opened)[: len(given)]
    if given != here and studio().model == opened.name:
        tell(
            f"This link was made with another {opened.name}: its weights hash to {given}, those here to {here}. "
            "Points mean something else here."
        )


def _to_map(opened):
    return lambda z: opened.to_map(np.asarray([z], np.float32))[0]


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
