"""Present: map, picture and tool fill the screen, in type for a lecture hall. Mounted once, where there is a map."""

from __future__ import annotations

from app.browser import register

_MOUNT = register("present")


def present(*, key: str) -> None:
    """Mount the key P and the way out; key: begins with "unseen-", so that style.css gives it no room."""
    _MOUNT(key=key, data={})
