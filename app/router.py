"""Every run starts here: page config, state, header, and the view the user asked for."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from app import session
from app.browser.one_step import one_step
from app.browser.tour import tour
from app.panels import attached, share
from app.show import records
from app.show.failures import in_words
from vae.text import N_, _

HERE = Path(__file__).parent
DOING = {  # what takes long on each page, said while it does
    "": N_("Updating the picture and the tool …"),
    "interpolate": N_("Computing the path …"),
    "generate": N_("Generating samples …"),
    "compare": N_("Comparing the models …"),
    "train": N_("Updating the form and the trainings …"),
    "model": N_("Collecting what is known of the model …"),
    "terms": N_("Opening the terms …"),
}

session.leave()
st.set_page_config(page_title="zscope", page_icon="🔬", layout="wide", initial_sidebar_state="collapsed")
st.html(HERE / "style.css")

one_step(key="unseen-history")

pages = [
    st.Page(
        HERE / "views/explore.py",
        title=_("Explore"),
        url_path="explore",
        default=True,
        help=_("Decode any point of the map live."),
    ),
    st.Page(
        HERE / "views/interpolate.py",
        title=_("Interpolate"),
        url_path="interpolate",
        help=_("Follow a path from one sample to another."),
    ),
    st.Page(HERE / "views/generate.py", title=_("Generate"), url_path="generate", help=_("Generate new samples.")),
    st.Page(
        HERE / "views/compare.py",
        title=_("Compare"),
        url_path="compare",
        help=_("Compare two models of the same data under one pointer."),
    ),
    trains := st.Page(
        HERE / "views/train.py", title=_("Train"), url_path="train", help=_("Train a model in the background.")
    ),
    st.Page(
        HERE / "views/model.py",
        title=_("Model"),
        url_path="model",
        help=_("What this model is, how good it is, and how it was trained."),
    ),
]
explains = st.Page(HERE / "views/terms.py", title=_("Terms"), url_path="terms", visibility="hidden")
page = st.navigation([*pages, explains], position="top")
session.arrive()
doing = json.dumps(_(DOING[page.url_path]), ensure_ascii=False)
st.html(f"<style>:root {{ --zscope-working: {doing}; }}</style>")

if page.url_path == explains.url_path:  # help texts lead there; it needs no model and has no link of its own
    records.header({}, None, pages)
    tour(key="unseen-tour")
    page.run()
    st.stop()

opened = session.begin()
records.header(session.offered(), session.picker if opened else None, pages, session.recently_used)
sharing = st.container(key="zscope-share")  # style.css puts it into the bar; filled last, it is reached before the page
tour(key="unseen-tour")
records.problems(session.told_now(), session.dismiss)
if not opened and page.url_path != trains.url_path:
    records.how_to_train()
    records.unreadable(session.unreadable())
    st.stop()

with in_words():
    if opened:
        attached.renew()
    page.run()
    if opened:
        attached.exchange()
        session.end()
        with sharing:
            share.show(session.engine(), page.url_path or "explore")
