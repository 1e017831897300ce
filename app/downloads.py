"""Pictures and latents as the bytes of files."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from vae.modalities.image import pixels, tile

SIDE_PX = 224  # what a small picture is enlarged to, about


def png(pictures: UInt8[np.ndarray, "n c h w"], columns: int) -> bytes:
    """One sheet of all pictures, row by row, each enlarged to about 224 pixels or the sheet to about 2 000."""
    _, _, h, w = pictures.shape
    sheet = Image.fromarray(tile(pictures, columns))
    enlarge = max(1, min(SIDE_PX // max(h, w), 2000 // max(sheet.size)))
    return _bytes(sheet.resize((sheet.width * enlarge, sheet.height * enlarge), Image.Resampling.BICUBIC), "PNG")


def gif(pictures: UInt8[np.ndarray, "n c h w"], seconds: float = 2.0) -> bytes:
    """There and back again, for ever; seconds: one way."""
    _, _, h, w = pictures.shape
    enlarge = max(1, SIDE_PX // max(h, w))
    frames = [Image.fromarray(pixels(p)).resize((w * enlarge, h * enlarge), Image.Resampling.BICUBIC) for p in pictures]
    buffer = io.BytesIO()
    there_and_back = frames + frames[-2:0:-1]
    duration_ms = max(20, round(1000 * seconds / len(frames)))
    there_and_back[0].save(
        buffer, "GIF", save_all=True, append_images=there_and_back[1:], duration=duration_ms, loop=0, disposal=1
    )
    return buffer.getvalue()


def npz(x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"], **more: np.ndarray) -> bytes:
    """x (n, *shape) as it was decoded and z (n, d), float32, with whatever else belongs to them. No pickles."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=x, z=z.astype(np.float32), **more)
    return buffer.getvalue()


def _bytes(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
