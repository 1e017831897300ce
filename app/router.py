"""Every run starts here: page config, state, header, and the view the user asked for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import session
from app.panels import share
from app.show import records
from vae.errors import ZscopeError
from vae.text import N_

HERE = Path(__file__).parent

st.set_page_config(page_title="zscope", page_icon="🔬", layout="wide", initial_sidebar_state="collapsed")
st.html(HERE / "style.css")

page = st.navigation(
    [
        st.Page(
            HERE / "views/explore.py", title=N_("Explore"), default=True, help=N_("Any point of the map, decoded live.")
        ),
        st.Page(HERE / "views/interpolate.py", title=N_("Interpolate"), help=N_("Walk from one sample to another.")),
        st.Page(HERE / "views/generate.py", title=N_("Generate"), help=N_("Draw new samples.")),
        st.Page(
            HERE / "views/compare.py", title=N_("Compare"), help=N_("Two models of the same data under one cursor.")
        ),
        trains := st.Page(HERE / "views/train.py", title=N_("Train"), help=N_("Train a model in the background.")),
        st.Page(
            HERE / "views/model.py",
            title=N_("Model"),
            help=N_("What this model is, how good, and where it comes from."),
        ),
    ],
    position="top",
)

opened = session.begin()
records.header(session.offered(), session.picker if opened else None)
records.problems(session.problems(), session.dismiss)
if not opened and page.url_path != trains.url_path:
    records.how_to_train()
    st.stop()

try:
    page.run()
    if opened:
        session.end()
        with st.container(key="zscope-share"):  # style.css puts it into the bar
            share.show(session.engine(), page.title.lower())
except ZscopeError as error:
    st.error(str(error), icon=":material/error:")
