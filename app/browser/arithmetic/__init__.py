"""A - B + C on three latents, with the real sample nearest to the result."""

from __future__ import annotations

from typing import Any

from app.browser import link, register

_MOUNT = register("arithmetic")


def arithmetic(model: str, *, key: str, committed: dict[str, Any], name: str, label: int | None = None):
    """Mount the sum. A click on A, B or C puts the current point there; name: the name of the current point."""
    data = {"link": link(model), "committed": committed, "name": name, "label": label}
    return _MOUNT(key=key, data=data)
