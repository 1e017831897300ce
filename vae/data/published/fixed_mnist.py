"""The fixed binary MNIST of Larochelle and Murray, 2011, The neural autoregressive distribution estimator, section 5.

Three text files of 50 000, 10 000 and 10 000 lines with 784 digits 0 or 1, without labels. They have no published hash
that we know of: a file counts as theirs if each line is a possible draw of the MNIST picture in its place.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from ...errors import DataCorrupt, DataNotFound
from ...text import N_, _, number
from ...types import Samples
from ..sets.mnist import SOURCE
from .store import places

NAME, DATASET = "larochelle-murray-2011", SOURCE.dataset
CITE = N_("Larochelle and Murray, 2011")
FILES = tuple(f"binarized_mnist_{part}.amat" for part in ("train", "valid", "test"))  # the first two: 60 000 pictures


def folder() -> Path | None:
    """Where all three files are; None: not on this machine. Their contents are not read."""
    return next((p.folder for p in places(SOURCE) if all((p.folder / name).is_file() for name in FILES)), None)


def load(samples: Samples) -> Samples:
    """MNIST with these pixels, 0 and 255, in place of its own.

    Raises: DataNotFound: the files are not here. DataCorrupt: they are not a draw of these samples.
    """
    where = folder()
    if where is None:
        raise DataNotFound(
            _("the fixed binary MNIST of {cite} is not on this machine: {names}.", cite=_(CITE), names=", ".join(FILES))
        )
    train, valid, test = (_read(where / name) for name in FILES)
    pairs = ((np.concatenate([train, valid]), samples.x_train), (test, samples.x_test))
    drawn = []
    for pixels, x in pairs:
        if pixels.size != x.size:
            raise DataCorrupt(
                _(
                    "{folder}: {given} pixels in the fixed binary MNIST, expected {expected}.",
                    folder=where,
                    given=number(pixels.size),
                    expected=number(x.size),
                )
            )
        pixels = pixels.reshape(x.shape)
        if (pixels & (x == 0)).any() or (~pixels & (x == 255)).any():
            raise DataCorrupt(
                _(
                    "{folder}: not a draw of the pictures of MNIST in their order; labels would be wrong.",
                    folder=where,
                )
            )
        drawn.append(np.where(pixels, np.uint8(255), np.uint8(0)))
    return dataclasses.replace(samples, x_train=drawn[0], x_test=drawn[1])


def _read(path: Path) -> np.ndarray:
    """The digits of a file as one array of bool. Raises: DataCorrupt: there is something else in it."""
    text = np.frombuffer(path.read_bytes(), np.uint8)
    digits = text[(text != ord(" ")) & (text != ord("\n")) & (text != ord("\r"))]
    if ((digits != ord("0")) & (digits != ord("1"))).any():
        raise DataCorrupt(_("{path}: expected the digits 0 and 1 alone.", path=path))
    return digits == ord("1")
