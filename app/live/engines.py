"""One engine a checkpoint for the whole process: the live socket and every session share the same model object."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import vae
from vae.errors import UnknownName
from vae.saved import cards

DEFAULT = "fashion-vae"
KEEP = 4  # engines held at once; the longest unused one is let go

_engines: OrderedDict[tuple[str, int], vae.Engine] = OrderedDict()  # by name and the time the checkpoint was saved
_loading: dict[str, threading.Lock] = {}
_guard = threading.Lock()


def engine(name: str) -> vae.Engine:
    """The engine of that checkpoint, loaded at the first call for it and again once it was saved anew; any thread.

    Raises: UnknownName: no such checkpoint. CheckpointError: it is damaged.
    """
    known = vae.list_checkpoints()
    if name not in known:
        raise UnknownName("checkpoint", name, known)
    key = (name, _saved(known[name]))
    with _guard:
        lock = _loading.setdefault(name, threading.Lock())
    with lock:
        with _guard:
            if key in _engines:
                _engines.move_to_end(key)
                return _engines[key]
        loaded = vae.load(name)
        with _guard:
            for old in [k for k in _engines if k[0] == name]:
                del _engines[old]
            _engines[key] = loaded
            while len(_engines) > KEEP:
                _engines.popitem(last=False)
        return loaded


def version(name: str) -> str:
    """Of a checkpoint as it is saved now: another once it, or its map, is saved anew. "" if there is none."""
    folder = vae.list_checkpoints().get(name)
    return "" if folder is None else str(_saved(folder))


def _saved(folder: Path) -> int:
    config = folder / "config.json"
    return config.stat().st_mtime_ns if config.exists() else 0


def default() -> str | None:
    """The checkpoint a page without a choice opens: the shipped one, else the first that can be read, if any."""
    known = vae.list_checkpoints()
    return next((name for name in (DEFAULT, *known) if name in known and not cards.look(known[name])[1]), None)


def warm(name: str | None = None) -> None:
    """Load an engine and decode once, so that the first visitor waits for neither."""
    name = name or default()
    if name is not None:
        ready = engine(name)
        ready.submit("decode_uint8", ready.atlas.z[:1].astype("float32")).result()
