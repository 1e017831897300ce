"""Below the open tool: how far the current point is from the pinned one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import session
from vae.atlas.fidelity_words import size
from vae.engine.engine import Engine
from vae.studies import distance
from vae.studies.point import Point
from vae.text import _, significant


def show(engine: Engine, point: Point) -> None:
    """A line with the distances; nothing without a pin, or at it."""
    pin = session.studio().pin
    if pin is None or engine.atlas.same(np.asarray(pin.z), np.asarray(point.z)):
        return
    key = (engine.name, session.digest(engine), pin.z, point.z)
    found = session.kept("distance", key, lambda: distance.between(engine, pin, point))
    with st.container(key="zscope-distance"):  # latent_console.css: the sliders leave it room
        st.caption(
            sentence(found, sigma=not engine.modality.bounded),
            help=_(
                "Distance from the pinned point in the metric of the map, and the root mean squared difference of the "
                "decoded values: of tables and series in standard deviations of the data (σ), of pictures on a scale "
                "from 0 to 1. In brackets: how far a sample typically is from the sample nearest to it."
            ),
        )


def sentence(found: distance.Distance, *, sigma: bool) -> str:
    """The distances, and those of neighbours in brackets. sigma: decoded values are standardised, in standard
    deviations of the data; else they are from 0 to 1."""
    latent = _(
        "{far} in the latent space (neighbours: {near})",
        far=significant(found.latent),
        near=significant(found.latent_typical),
    )
    decoded = _("decoded values {far}", far=size(found.decoded, sigma))
    if found.decoded_typical is not None:
        decoded = _(
            "decoded values {far} (neighbours: {near})",
            far=size(found.decoded, sigma),
            near=size(found.decoded_typical, sigma),
        )
    return _("From the pin: {latent}; {decoded}.", latent=latent, decoded=decoded)
