"""What is on the screen, to take along: as a link, as a file, as Python; and the way back from a file."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.share_link import share_link
from app.files import downloads
from app.show import figures
from app.state import links
from app.state.scripts import script
from app.state.studio import Studio, letter
from vae.engine.engine import Engine
from vae.errors import ZscopeError

KEY = "share.file"
TOO_LONG = "The link would be too long with {}: save the file instead, which holds everything."

IN_HTML = "The map with its points as a Plotly figure in a page of its own, to zoom, to print and to embed."


def show(engine: Engine, page: str) -> None:
    """A button that opens it. page: title in small letters.

    A fragment of its own, that runs when it is opened: what other fragments changed since the page ran is in it.
    """
    taken: list[bool] = []  # a file was opened: the whole page changes

    @st.fragment
    def share() -> None:
        if taken:
            st.rerun()
        opened = st.popover("Share", icon=":material/share:", key="share", on_change="rerun")
        with opened, st.container(width=480):
            st.markdown("**A link** to this very view: model, points, selection, what is in sight.")
            share_link(engine.name, key="share.link")  # there as soon as it opens; the rest follows
            if not opened.open:
                st.caption("The same as Python and as files: in a moment.")
                return
            _, left_out = session.link()
            if left_out:
                st.info(TOO_LONG.format(" and ".join(left_out)))
            st.markdown("**As Python**, with `import vae` alone.")
            st.code(script(page, engine, session.studio()), language="python", height=170)
            with st.container(horizontal=True):
                st.download_button("Save as file", session.recipe, f"{engine.name}-{page}.json", on_click="ignore")
                make = lambda: downloads.page(figures.latent_map(engine.atlas, _marks(session.studio())))  # noqa: E731
                st.download_button("Map as HTML", make, f"{engine.name}-map.html", help=IN_HTML, on_click="ignore")
            most = links.RECIPE_BYTES // 1_000_000
            take = lambda: taken.append(_take())  # noqa: E731
            st.file_uploader("Open such a file", "json", max_upload_size=most, key=KEY, on_change=take)

    share()


def _marks(state: Studio) -> dict[str, tuple[float, float]]:
    points = {"": state.point, "pin": state.pin, **{letter(i): p for i, p in enumerate(state.waypoints)}}
    return {name: p.xy for name, p in points.items() if p is not None and p.xy is not None}


def _take() -> bool:
    """A file was given: what it holds becomes the state, or the page says why not."""
    if (file := session.held(KEY)) is None:
        return False
    try:
        session.take_recipe(file.getvalue())
    except (ValueError, ZscopeError) as error:
        session.tell(f"{file.name}: {error}")
    return True
