"""The theatre: a latent space during training, and afterwards; the browser moves through the frames."""

from __future__ import annotations

from collections.abc import Callable

from app.browser import link, register

_MOUNT = register("theatre")


def theatre(frames: str, *, key: str, beside: str = "", action: str = "", on_act: Callable[[], None] | None = None):
    """Mount the theatre. New frames arrive by themselves while a run continues.

    Args:
        frames, beside: keys of app.live.theatre, such as "run/ID"; `beside` is drawn over the frames, "" for none.
        action: label of a button for the frame that is shown.
        on_act: runs after that button; session.sent(key, "act") is then {"frame": its number, "value": its value, "n":
            time}. "looks" is {"shapes", "names"} as this browser shows classes, None where nobody chose shapes.
    """
    data = {"link": link(frames), "beside": beside, "action": action}
    return _MOUNT(key=key, data=data, on_act_change=on_act or (lambda: None), on_looks_change=lambda: None)
