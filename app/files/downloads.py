"""Pictures, samples and latents as files."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from vae.modalities import csv_values
from vae.modalities.image import pixels, tile
from vae.modalities.variables import described, headings, measured
from vae.registry import Modality
from vae.text import _
from vae.types import Variables

SIDE_PX = 224  # about the size to which small pictures are enlarged


def png(pictures: UInt8[np.ndarray, "n c h w"], columns: int) -> bytes:
    """All pictures on one sheet, row by row, each enlarged to about 224 pixels, the sheet to at most about 2 000."""
    h, w = pictures.shape[2:]
    sheet = Image.fromarray(tile(pictures, columns))
    enlarge = max(1, min(SIDE_PX // max(h, w), 2000 // max(sheet.size)))
    return _bytes(sheet.resize((sheet.width * enlarge, sheet.height * enlarge), Image.Resampling.BICUBIC), "PNG")


def gif(pictures: UInt8[np.ndarray, "n c h w"], seconds: float = 2.0) -> bytes:
    """A looping GIF, forwards and then backwards; seconds: of one direction."""
    frames = [_enlarged(picture) for picture in pictures]
    buffer = io.BytesIO()
    there_and_back = frames + frames[-2:0:-1]
    duration_ms = max(20, round(1000 * seconds / len(frames)))
    there_and_back[0].save(
        buffer, "GIF", save_all=True, append_images=there_and_back[1:], duration=duration_ms, loop=0, disposal=1
    )
    return buffer.getvalue()


def mp4(pictures: UInt8[np.ndarray, "n c h w"], seconds: float = 4.0) -> bytes:
    """An MP4 video (H.264); seconds: its duration. Raises: ImportError: PyAV is not installed."""
    import av  # here: its import takes .2 s, and nothing else needs it

    frames = [_enlarged(picture) for picture in pictures]
    width, height = (side + side % 2 for side in frames[0].size)  # H.264 needs even sides
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=max(1, round(len(frames) / seconds)), options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_image(frame.crop((0, 0, width, height)).convert("RGB"))))
        file.mux(stream.encode())
    return buffer.getvalue()


def why_no_mp4() -> str:
    """Why MP4 files cannot be written here, or ""."""
    return "" if importlib.util.find_spec("av") else _("MP4 needs PyAV: pip install av")


def npz(x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"], **more: Any) -> bytes:
    """An NPZ of decoded samples x (n, *shape), latents z (n, d) as float32, and further arrays. No pickles."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=x, z=z.astype(np.float32), **more)
    return buffer.getvalue()


def page(figure) -> bytes:
    """A Plotly figure as a self-contained HTML file, plotly.js included."""
    return figure.to_html(include_plotlyjs=True, full_html=True).encode()


def bundle(
    x: Float[np.ndarray, "n ..."],
    z: Float[np.ndarray, "n d"],
    *,
    modality: Modality,
    columns: int,
    recipe: Mapping[str, Any],
    python: str,
    names: Sequence[str] = (),
    variables: Variables | None = None,
) -> bytes:
    """A ZIP with the sheet, each sample as a picture at its own size and, if samples are no pictures, in the format of
    their modality, samples and latents as NPZ, the recipe as JSON, and a Python script that generates the same samples.
    names: the label of each sample, for its file name. variables: of the samples; vectors with names are also one table
    as CSV, in their own units."""
    buffer, width, pictures = io.BytesIO(), len(str(len(x))), modality.pictures(x)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("sheet.png", png(pictures, columns))
        for i, picture in enumerate(pictures):
            name = "-".join([f"{i + 1:0{width}}", *names[i : i + 1]])
            safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
            file.writestr(f"pictures/{safe}.png", _bytes(Image.fromarray(pixels(picture)), "PNG"))
            if not modality.thumbnail_is_sample:
                file.writestr(f"samples/{safe}{modality.suffix}", modality.to_bytes(x[i])[1])
        file.writestr("samples.npz", npz(x, z, **described(variables)))
        if modality.layout == "vector" and variables is not None and (heads := headings(variables)):
            file.writestr("samples.csv", csv_values.write(heads, measured(x, variables)))
        file.writestr("recipe.json", json.dumps(recipe, indent=1))
        file.writestr("again.py", python)
    return buffer.getvalue()


def _enlarged(picture: UInt8[np.ndarray, "c h w"]) -> Image.Image:
    image = Image.fromarray(pixels(picture))
    enlarge = max(1, SIDE_PX // max(image.size))
    return image.resize((image.width * enlarge, image.height * enlarge), Image.Resampling.BICUBIC)


def _bytes(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
