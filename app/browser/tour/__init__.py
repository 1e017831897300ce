"""What am I looking at? A tour of Explore at the first visit of a browser, and the list of all keys, on every page."""

from __future__ import annotations

from app.browser import register

_MOUNT = register("tour")


def tour(*, key: str) -> None:
    """Mount the button "?" of the bar, and the keys ? and T; key: begins with "unseen-", so that style.css gives it no
    room. A link to more than a model opens without the tour: whoever follows it wants to see what it shows."""
    _MOUNT(key=key, data={})
