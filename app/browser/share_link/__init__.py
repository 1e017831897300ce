"""The address of the page as it is now, to copy: there at once, whatever the server is busy with."""

from __future__ import annotations

from app.browser import link, register

_MOUNT = register("share_link")


def share_link(model: str, *, key: str):
    """Mount the line. The link is the page's own address, which every run of the page keeps."""
    return _MOUNT(key=key, data={"link": link(model)})
