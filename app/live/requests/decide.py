"""What a classifier says of decoded latents, and of the places of a box of the map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.live import classifiers
from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from app.live.requests.views import CELLS_MAX, KEY_BYTES, InView, decoded_in, read_box
from vae.engine.engine import Engine
from vae.studies.decisions import of_probabilities
from vae.text import _

NAME_BYTES = 64  # of a classifier
LATENTS_MAX = CELLS_MAX


class Asked(NamedTuple):
    """A classifier's name, and what follows it: latents (n, d), or a box."""

    name: str
    of: np.ndarray | InView


def _name(payload: bytes) -> str:
    try:
        return payload[:NAME_BYTES].rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        raise Refused(BAD_FRAME, _("the name of a classifier is no ASCII")) from None


def _read_latents(payload: bytes, scene: Scene) -> Asked:
    count = (len(payload) - NAME_BYTES) // (4 * scene.d)
    if not 1 <= count <= LATENTS_MAX:
        raise Refused(
            BAD_FRAME,
            _("decide payload: expected latents from 1 to {most}, got {count}", count=count, most=LATENTS_MAX),
        )
    numbers = floats(payload[NAME_BYTES:], "decide", count * scene.d)
    return Asked(_name(payload), numbers.reshape(count, scene.d))


def _read_box(payload: bytes, scene: Scene) -> Asked:
    return Asked(_name(payload), read_box(payload[NAME_BYTES:], scene, "decisions"))


def _answer(engine: Engine, request: Request) -> bytes:
    """label i32 and confidence f32, one for each latent; of a box also the trust in its places. The classes come with
    the page."""
    name, of = request.values
    classifier, trust = classifiers.ready(engine, name), {}
    if isinstance(of, InView):
        samples, trust["trust"] = decoded_in(engine, request, of)
    else:
        samples = engine.decode(of, c=request.told(engine, of))
    found = of_probabilities(classifier.probabilities(samples))
    return parcel(request, {}, label=found.label.astype(np.int32), confidence=found.confidence, **trust)


DECIDE = register(  # classifier, latents
    Kind(90, "decide", lambda scene: NAME_BYTES + 4 * LATENTS_MAX * scene.d, _read_latents, _answer)
)
DECISIONS = register(  # classifier, view, box, columns, rows, current z; or held z and the share of its residual
    Kind(91, "decisions", lambda scene: NAME_BYTES + KEY_BYTES + 28 + 4 * scene.d, _read_box, _answer)
)
