"""Sharing the current view as a link, as Python and as a file, and opening such a file."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.browser.share_link import share_link
from app.files import downloads
from app.live import map_views
from app.show import figures
from app.show.literal import literal
from app.state import links
from app.state.scripts import script
from app.state.studio import Studio, letter
from vae.atlas.colours import quantities
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
    taken: list[str] = []  # the page of a file that was opened, "" if it is this one

    @st.fragment
    def share() -> None:
        if taken:
            st.switch_page(f"views/{taken[0] or page}.py")
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
            st.code(script(page, engine, session.studio()), language="python", height=170, wrap_lines=True)
            with st.container(horizontal=True):
                file, make = f"{engine.name}-map.html", partial(_map, engine, session.studio())
                name = f"{engine.name}-{page}.json"
                st.download_button(_("Save as file"), session.recipe(page), name, on_click="ignore")
                st.download_button(_("Map as HTML"), make, file, help=_(IN_HTML), on_click="ignore")
            most = links.RECIPE_BYTES // 1_000_000
            take = lambda: taken.extend(_take())  # noqa: E731
            st.file_uploader(_("Open a saved file"), "json", max_upload_size=most, key=KEY, on_change=take)

    share()


def _map(engine: Engine, state: Studio) -> bytes:
    """The map as it is on the screen: its view, its colours and the points on it."""
    view = None if state.view == "umap" else map_views.view(engine, state.view)
    points = {"": state.point, _("pin"): state.pin, **{letter(i): p for i, p in enumerate(state.waypoints)}}
    marks = {}
    for name, p in points.items():
        if p is not None and p.xy is not None:
            marks[name] = p.xy if view is None else view.to_map(np.asarray([p.z], np.float32))[0].tolist()
    by = quantities(engine).get(state.colour)
    xy = None if view is None else view.xy
    return downloads.page(figures.latent_map(engine.atlas, marks, xy=xy, by=None if by is None or by.absent else by))


def _take() -> list[str]:
    """Open the uploaded file, or show why it cannot be opened. Returns the page to show it on; [] without a file."""
    if (file := session.held(KEY)) is None:
        return []
    try:
        return [session.take_recipe(file.getvalue())]
    except (ValueError, ZscopeError) as error:
        session.tell(f"{file.name}: {error}")
        return [""]
