"""Present: map, picture and tool fill the screen, in type for a lecture hall. Mounted once, where there is a map."""

from __future__ import annotations

from app.browser import register

_MOUNT = register("present")


def present(*, key: str, title: str, about: str) -> None:
    """Mount the key P and the way out; key: begins with "unseen-", so that style.css gives it no room.

    title, about: of the model, over the map of the presentation.
    """
    _MOUNT(key=key, data={"title": title, "about": about})
