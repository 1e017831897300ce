"""The history of a training: one JSON object per line and epoch."""

from __future__ import annotations

import json
from typing import Any

from ..errors import CheckpointError
from ..text import _, number
from .schema import KEY_MAX, is_number, is_text, is_whole

LINES_MAX = 1_000_000


def records(data: bytes, name: str) -> list[dict[str, Any]]:
    """One record per line: the number of its epoch as `epoch`, and its quantities by name; None for one that is not
    finite. name: of the checkpoint, for the message.

    Raises: CheckpointError: a line is something else.
    """
    lines = data.split(b"\n")[: LINES_MAX + 2]
    if not lines[-1]:
        lines.pop()
    if len(lines) > LINES_MAX:
        raise CheckpointError(_("{name}: history.jsonl has more than {most} lines.", name=name, most=number(LINES_MAX)))
    return [_record(line, name, i) for i, line in enumerate(lines, 1)]


def _record(line: bytes, name: str, i: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not (
        isinstance(found, dict)
        and is_whole(found.get("epoch"), 1)
        and all(is_text(k, KEY_MAX) and (v is None or isinstance(v, float) or is_number(v)) for k, v in found.items())
    ):
        raise CheckpointError(
            _(
                "{name}: line {i} of history.jsonl is not the record of an epoch: expected its number, of at least 1, "
                "as `epoch`, and numbers by name.",
                name=name,
                i=number(i),
            )
        )
    return {key: value if is_number(value) else None for key, value in found.items()}
