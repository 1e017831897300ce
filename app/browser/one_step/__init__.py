"""One step back for each visit to a page: no entry of the browser's history lacks the model it shows."""

from __future__ import annotations

from app.browser import register

_MOUNT = register("one_step")


def one_step(*, key: str) -> None:
    """Mount it, on every page; key: begins with "unseen-", so that style.css gives it no room."""
    _MOUNT(key=key, data={})
