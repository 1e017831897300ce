"""The current address of the page, to copy; it is shown at once, even while the server is busy."""

from __future__ import annotations

from app.browser import link, register

_MOUNT = register("share_link")


def share_link(model: str, *, key: str):
    """Mount the line. The link is the address of the page, which every run of the page updates."""
    return _MOUNT(key=key, data={"link": link(model)})
