"""A beat that reruns the fragment it stands in, while the page is in sight and Python is at rest.

Use it instead of st.fragment(run_every=...): that sends its request while a click is being handled too. If the click
leaves the page, the late request is answered for the page that was left, and the new one loses its content.
"""

from __future__ import annotations

from app.browser import register

_MOUNT = register("pulse")


def pulse(every_s: float, *, key: str) -> None:
    """Rerun this fragment every `every_s` seconds; key: begins with "unseen-", so that style.css gives it no room."""
    _MOUNT(key=key, data={"every_ms": round(1000 * every_s)}, on_beat_change=lambda: None)
