"""The theatre: a latent space while it forms, and afterwards, to be scrubbed back and forth in the browser."""

from __future__ import annotations

from collections.abc import Callable

from app.browser import link, register

_MOUNT = register("theatre")


def theatre(frames: str, *, key: str, beside: str = "", action: str = "", on_act: Callable[[], None] | None = None):
    """Mount it. frames, beside: keys of app.live.theatre, as "run/ID"; the second is laid over, "" for none.

    action: words of a button for the frame that is looked at; on_act runs when it is pressed, session.sent(key, "act")
    is {"frame": its number, "value": its value, "n": time}. Frames arrive on their own while a run goes on.
    """
    data = {"link": link(frames), "beside": beside, "action": action}
    return _MOUNT(key=key, data=data, on_act_change=on_act or (lambda: None))
