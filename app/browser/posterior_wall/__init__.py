"""Draws from a posterior: as points on the map of the page, and as a grid of pictures."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from app.browser import link, register
from vae.modalities.image import pixels, tile
from vae.studies.posterior import Posterior

_MOUNT = register("posterior_wall")
COLUMNS = 6


def posterior_wall(model: str, *, key: str, found: Posterior, seed: int, point: bool):
    """Mount the grid of pictures. "Resample" asks for another seed, which is then session.sent(key, "seed"). point: the
    posterior is a single point, so that there is nothing to resample."""
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "said": found.said,
            "width": found.width,
            "extent": found.extent,
            "seed": seed,
            "point": point,
            "z": np.round(found.z, 5).tolist(),
            "xy": np.round(found.xy, 5).tolist(),
            "n": len(found.pictures),
            "columns": COLUMNS,
            "wall": _address(tile(found.pictures, COLUMNS)),
            "mean": _address(pixels(found.mean)),
            "spread": _address(pixels(_brightened(found.spread))),
            "most": int(found.spread.max()),
        },
        on_seed_change=lambda: None,
    )


def _brightened(spread: np.ndarray) -> np.ndarray:
    """Scaled to the full range, since most spreads are faint; the factor follows from "most", which is shown."""
    return np.rint(spread * (255.0 / max(1, int(spread.max())))).astype(np.uint8)


def _address(picture: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
