"""A sample as something else than its picture: a table, a text, a sound, asked for beside it on a lane of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from vae.text import _

NUMBER_MAX = 255


class Wish(NamedTuple):
    """The artifact of that number of the latent z (d)."""

    number: int
    z: np.ndarray


def _read(payload: bytes, scene: Scene) -> Wish:
    values = floats(payload, "artifact", 1 + scene.d)
    number = float(values[0])
    if not (number.is_integer() and 0 <= number <= NUMBER_MAX):
        raise Refused(
            BAD_FRAME,
            _("artifact {number:g}; expected a whole number, 0 to {number_max}", number=number, number_max=NUMBER_MAX),
        )
    return Wish(int(number), values[1:])


def _answer(engine, request: Request) -> bytes:
    """data, as its kind has it; facts: kind, caption, its own facts, and how many artifacts (n) a sample has.

    {"error"}: that many, and none of that number.
    """
    number, z = request.values.number, request.values.z[None]
    y = engine.labels_at(z) if request.label is None else request.label
    every = engine.modality.artifacts(engine.decode(z, y)[0])
    if number >= len(every):
        kinds = ", ".join(f"{i} {a.kind}" for i, a in enumerate(every))
        return parcel(
            request,
            {
                "n": len(every),
                "error": _("artifact {number}: {name} has {kinds}.", number=number, name=engine.name, kinds=kinds),
            },
        )
    artifact = every[number]
    facts = {"n": len(every), "kind": artifact.kind, "caption": artifact.caption, "facts": artifact.facts}
    return parcel(request, facts, data=artifact.data)


ARTIFACT = register(Kind(42, "artifact", lambda scene: 4 + 4 * scene.d, _read, _answer))  # number, z (d)
