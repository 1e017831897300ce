"""What the files of a map may declare: compared with the model and its training set before anything is unpacked."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from ..data.metadata import MAP_BYTES
from ..disk import guarded_pictures
from ..disk.guarded import Limits, Refused
from ..disk.guarded_arrays import Declared
from ..errors import ShapeError
from ..sampling.mixture import COMPONENTS
from ..text import _

LIMITS = Limits(unpacked=2**30, ratio=40, free=8 * 2**20)  # maps of real models unpack to 1.3 to 10 times as much
BESIDE_BYTES = 2**20  # of all arrays that are not one value or row for each sample, without those of size d x d
MEASURED = "measured."


def check_arrays(
    arrays: Mapping[str, Declared], *, d: int | None, rows_max: int | None, condition: tuple[int, ...] | None
) -> None:
    """The arrays of a map of n samples, by the shape of z, and the bytes of all the others together. d: dimensions of
    the model's latent; rows_max: samples of its training set; condition: shape of its condition; None: any.

    Raises: KeyError: there is no z. ShapeError: arrays of another kind or shape, or too large.
    """
    z, beside = arrays["z"].shape, 0
    fits = len(z) == 2 and d in (None, z[1]) and (rows_max is None or z[0] <= rows_max)
    expected = _("at most {n} rows of {d} values", n=rows_max or "n", d=d or "d")
    _check(fits, "z", arrays["z"], expected)
    n, width = z
    of_rows = {"z": (width,), "std": (width,), "xy": (2,), "index": (), "labels": (), "c": condition}
    for name, a in arrays.items():
        _check(a.dtype.kind in "biuf", name, a, _("numbers"))
        if name in of_rows or name.startswith(MEASURED):
            one = of_rows.get(name, ())
            fits = a.shape[:1] == (n,) and one in (None, a.shape[1:])
            _check(fits or (name.startswith(MEASURED) and a.shape == (0,)), name, a, str((n, *(one or ()))))
        elif name == "metadata":
            _check(len(a.shape) == 1 and a.n_bytes <= MAP_BYTES, name, a, _("at most {n} bytes", n=MAP_BYTES))
        else:
            beside += a.n_bytes
            most = BESIDE_BYTES + 8 * width**2 * (COMPONENTS + 1)
            _check(beside <= most, name, a, _("at most {n} bytes", n=most))


def sheet(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The file of a map's thumbnails, of so many px (w, h), whose pixels are not decoded yet. Raises: Refused."""
    image = guarded_pictures.opened(data, ("WEBP",), side_max=max(size))
    if image.size != size:
        raise Refused(_("it has {given} px; expected {expected}", given=image.size, expected=size))
    return image


def _check(fits: bool, name: str, given: Declared, expected: str) -> None:
    if not fits:
        raise ShapeError(
            _(
                "{name} is declared as {type} {shape}; expected {expected}",
                name=name,
                type=given.dtype,
                shape=given.shape,
                expected=expected,
            )
        )
