"""Every run starts here: page config, state, header, and the view the user asked for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import session
from app.panels import share
from app.show import records
from vae.errors import ZscopeError

HERE = Path(__file__).parent

st.set_page_config(page_title="zscope", page_icon="🔬", layout="wide", initial_sidebar_state="collapsed")
st.html(HERE / "style.css")

page = st.navigation(
    [
        st.Page(HERE / "views/explore.py", title="Explore", default=True, help="Any point of the map, decoded live."),
        st.Page(HERE / "views/interpolate.py", title="Interpolate", help="Walk from one sample to another."),
        st.Page(HERE / "views/generate.py", title="Generate", help="Draw new samples."),
        st.Page(HERE / "views/compare.py", title="Compare", help="Two models of the same data under one cursor."),
        trains := st.Page(HERE / "views/train.py", title="Train", help="Train a model in the background."),
        st.Page(HERE / "views/model.py", title="Model", help="What this model is, how good, and where it comes from."),
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
