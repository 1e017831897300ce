"""Grey pictures as binary ones, for the Bernoulli likelihood, whose pixels are 0 and 1: b ~ Bernoulli(x).

Salakhutdinov and Murray, 2008, On the quantitative analysis of deep belief networks, section 6, train on such draws.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..text import N_
from ..types import Samples

NONE, STATIC, DYNAMIC = "none", "static", "dynamic"
MODES = (NONE, STATIC, DYNAMIC)
HELP = N_(  # of the setting `binarise`
    "grey pixels as draws of 0 and 1, for the bernoulli likelihood: static, one draw for good; dynamic, a new draw in "
    "each training step and one fixed draw for evaluation; none: grey pixels count as probabilities of 1"
)
GREY = N_(
    "likelihood=bernoulli is a probability of binary pixels, and these pixels are grey: each is taken as the "
    "probability of a 1, and the distortion cannot fall below their entropy. For a log-likelihood that compares with "
    "published ones set binarise=static or dynamic; for a density of the grey values choose another likelihood."
)
OWN = "zscope"  # the draws of `binarised`
CHECKED = 500  # samples that tell whether a data set is grey


def binarised(x: np.ndarray, seed: int) -> np.ndarray:
    """One draw b ~ Bernoulli(x) of each sample (n, *shape), uint8 0-255 or float 0-1, in the same type: 0 and 255, or
    0 and 1.

    The noise of a sample is SHAKE-128 of the seed and its own values. So the draw of a sample is the same whichever
    others stand beside it, as uint8 or as float, and with any version of NumPy; and pixels that are 0 or 1 already stay
    what they are.
    """
    top = 255 if x.dtype == np.uint8 else 1
    out = np.array(x)
    for i in np.flatnonzero(((x != 0) & (x != top)).reshape(len(x), -1).any(1)):
        share = x[i].astype(np.float32) / np.float32(top)
        noise = hashlib.shake_128(seed.to_bytes(8, "little") + share.tobytes()).digest(4 * share.size)
        out[i] = np.where(np.frombuffer(noise, "<u4").reshape(share.shape) < share * 2.0**32, top, 0)
    return out


def is_grey(x: np.ndarray) -> bool:
    """Whether any of the first samples has a value between black and white."""
    some = x[:CHECKED]
    return bool(((some > 0) & (some < (255 if x.dtype == np.uint8 else 1))).any())


def validated(samples: Samples, binarisation: Mapping[str, Any] | None) -> Samples:
    """The same with the validation set binary, where it was held out of training samples that stay grey."""
    if samples.x_validation is None or binarisation is None or binarisation["mode"] != DYNAMIC:
        return samples
    return dataclasses.replace(samples, x_validation=binarised(samples.x_validation, binarisation["seed"]))
