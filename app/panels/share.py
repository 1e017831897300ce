"""Sharing the current view as a link, as Python and as a file, and opening such a file."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.share_link import share_link
from app.files import downloads
from app.show import figures
from app.show.literal import literal
from app.state import links
from app.state.scripts import script
from app.state.studio import Studio, letter
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.text import N_, _

KEY = "share.file"
TOO_LONG = N_("The link is too long to include these: {parts}. Save a file instead, which has everything.")
IN_HTML = N_("The map and its points as an interactive Plotly figure in one HTML file")


def show(engine: Engine, page: str) -> None:
    """The Share button. page: the title of the page in lower case.

    It is a fragment that runs when it is opened, so that it has what other fragments changed since the page ran.
    """
    taken: list[bool] = []  # a file was opened, so the whole page must rerun

    @st.fragment
    def share() -> None:
        if taken:
            st.rerun()
        opened = st.popover(_("Share"), icon=":material/share:", key="share", on_change="rerun")
        with opened, st.container(width=480):
            st.markdown(_("**Link** to this view: the model, points, selection and map section."))
            share_link(engine.name, key="share.link")  # shown as soon as the popover opens; the rest follows
            if not opened.open:
                st.caption(_("Loading the Python code and the files ..."))
                return
            left_out = session.link()[1]
            if left_out:
                st.info(_(TOO_LONG, parts=literal(", ".join(left_out))))
            st.markdown(_("**Python** code for this view; it needs only `vae` and NumPy."))
            st.code(script(page, engine, session.studio()), language="python", height=170)
            with st.container(horizontal=True):
                file, state = f"{engine.name}-map.html", session.studio()
                make = lambda: downloads.page(figures.latent_map(engine.atlas, _marks(state)))  # noqa: E731
                name = f"{engine.name}-{page}.json"
                st.download_button(_("Save as file"), session.recipe(), name, on_click="ignore")
                st.download_button(_("Map as HTML"), make, file, help=_(IN_HTML), on_click="ignore")
            most = links.RECIPE_BYTES // 1_000_000
            take = lambda: taken.append(_take())  # noqa: E731
            st.file_uploader(_("Open a saved file"), "json", max_upload_size=most, key=KEY, on_change=take)

    share()


def _marks(state: Studio) -> dict[str, tuple[float, float]]:
    points = {"": state.point, _("pin"): state.pin, **{letter(i): p for i, p in enumerate(state.waypoints)}}
    return {name: p.xy for name, p in points.items() if p is not None and p.xy is not None}


def _take() -> bool:
    """Open the uploaded file, or show why it cannot be opened. Returns whether there was a file."""
    if (file := session.held(KEY)) is None:
        return False
    try:
        session.take_recipe(file.getvalue())
    except (ValueError, ZscopeError) as error:
        session.tell(f"{file.name}: {error}")
    return True
