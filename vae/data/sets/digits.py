"""Digits: the 1797 handwritten digits of 8x8 pixels that come with scikit-learn. Always available, no download."""

from __future__ import annotations

import numpy as np

from ...registry import dataset
from ...text import N_
from ...types import Samples

TEST_PER_DIGIT = 36  # of 174 to 183 per digit: 360 test and 1437 training pictures


@dataset(
    name="digits",
    title=N_("scikit-learn digits"),
    summary=N_("handwritten digits, 8x8"),
    size="1,437 / 360",
    comes=N_("part of scikit-learn, always available"),
    modality="image",
    shape=(1, 8, 8),
    classes=tuple("0123456789"),
    licence=N_("CC BY 4.0"),
    origin="https://doi.org/10.24432/C50P49 (the test part, as bundled with scikit-learn)",
    cite=N_("E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998"),
)
def load() -> Samples:
    """1437 training and 360 test pictures; counts 0-16 become grey levels round(v * 255 / 16).

    The split is fixed: 36 of each digit, drawn by numpy's legacy RandomState(0), whose stream is frozen (NEP 19).
    The same 13 writers are on both sides.
    """
    from sklearn.datasets import load_digits  # here: importing scikit-learn takes a second

    bundle = load_digits()
    x = np.rint(bundle.images * (255 / 16)).astype(np.uint8)[:, None]
    y = bundle.target.astype(np.int64)
    random = np.random.RandomState(0)
    test = np.zeros(len(y), bool)
    for digit in range(10):
        test[random.permutation(np.flatnonzero(y == digit))[:TEST_PER_DIGIT]] = True
    return Samples(x[~test], y[~test], x[test], y[test])
