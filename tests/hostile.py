"""Checkpoints as a stranger might send them: whole by their hashes, but with entries that no reader expects."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

from vae.saved import checkpoint

GONE = object()  # an entry that is taken out


def nested(deep: int) -> list:
    value: list = []
    for _ in range(deep):
        value = [value]
    return value


VALUES = (
    GONE, None, True, 3, -1, 0.5, float("nan"), float("-inf"), 1e19, 1e300, 10**400, "", "x", "\ud800", "\x1b[2J",
    "x" * 10**5, [], [1, 2], ["a"], [None], {}, {"a": {"b": [1]}}, nested(60), nested(500),
)  # fmt: skip
LINES = (
    b"[1]", b"{", b"null", b'{"epoch": "1"}', b'{"epoch": 0}', b'{"epoch": 1e400}', b'{"epoch": 1, "elbo_nats": "x"}',
    b'{"epoch": 1, "elbo_nats": [1]}', b'{"elbo_nats": 1}', b"\xff\xfe", b"", b"[" * 10_000, b'{"epoch": %d}' % 10**400,
)  # fmt: skip


def changed(card: dict, path: tuple, value: Any) -> dict:
    """A copy of the card with another value, or none, at that path."""
    card = copy.deepcopy(card)
    below = card
    for key in path[:-1]:
        below = below[key]
    if value is GONE:
        del below[path[-1]]
    else:
        below[path[-1]] = value
    return card


def sign(folder: Path, card: dict) -> Path:
    """Write a card as a forger would: with its digest right, where it has one."""
    text = json.dumps(card)
    with contextlib.suppress(ValueError):  # half a surrogate pair has no bytes, so there is no digest of it
        text = json.dumps(card | {"digest": checkpoint.digest(card)})
    (folder / checkpoint.CONFIG).write_text(text)
    return folder


def with_file(card: dict, folder: Path, name: str, data: bytes) -> None:
    """Replace a file of a checkpoint, with its hash right."""
    (folder / name).write_bytes(data)
    sign(folder, card | {"files": card["files"] | {name: checkpoint._sha256(data)}})
