"""Below the tools: what is known of the sample at the point, such as its file or its row in a table."""

from __future__ import annotations

import streamlit as st

from app.show.literal import literal
from vae.data import metadata
from vae.engine.engine import Engine
from vae.studies import original
from vae.studies.point import Point
from vae.text import _

OPEN = "explore.original"


def show(engine: Engine, point: Point) -> None:
    """A button that opens the file or row of a sample; nothing for a point that is none, or one of which no more is
    known than its number."""
    if point.row is None or point.row >= engine.atlas.n:
        return
    source, known = original.source_of(engine), engine.atlas.metadata
    if not source and not known:
        return
    if metadata.FILE in known:
        said = str(known[metadata.FILE][point.row]).rsplit("/", 1)[-1]
    elif metadata.ROW in known and source:
        said = _("Row {n} of {source}", n=int(known[metadata.ROW][point.row]), source=source)
    else:
        data = source or engine.card["dataset"] or engine.name
        said = _("Sample #{n} of {data}", n=int(engine.atlas.index[point.row]), data=data)
    with st.container(key="zscope-original"):
        opened = st.popover(literal(said), type="tertiary", key=OPEN, on_change="rerun")
    if not opened.open:  # what it shows is read from the data set
        return
    with opened, st.container(key="zscope-original-rows"):  # style.css: a sheet where the window is narrow
        st.caption(_("What the data set has on this sample"))  # no tooltip: a tap would leave it over the page
        if metadata.FILE in known and source:
            st.caption(_("From {source}", source=literal(source)))
        st.table(
            {literal(name): literal(value) for name, value in original.cells(engine, point.row)}, border="horizontal"
        )
