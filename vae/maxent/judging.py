"""How syntheses are judged: by statistics that were not imposed, by how they differ from each other, and by how near
they come to a copy of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..text import N_

NEAR, FAR, LEVERAGE_LAGS = 1, 10, 10  # steps of a series, pixels of a picture


@dataclass(frozen=True)
class Judgement:
    """statistics: name -> (of the data, of the data's halves, of the syntheses: mean and standard deviation of them).
    alike: the largest correlation of two syntheses, 0 to 1, at any circular shift; copied: that of a synthesis with the
    data."""

    statistics: dict[str, tuple[float, tuple[float, float], tuple[float, float]]]
    alike: float
    copied: float


def judge(data: Float[np.ndarray, "n 1 ..."], made: Float[np.ndarray, "b 1 ..."]) -> Judgement:
    """Syntheses beside the data. The halves are those of time for a series, the left and the right one of pictures."""
    names = SERIES if data.ndim == 3 else PICTURES
    middle = data.shape[-1] // 2
    halves = data[..., :middle], data[..., middle:]
    found = {}
    for name, statistic in names.items():
        each = [statistic(one[None]) for one in made]
        found[name] = (
            statistic(data),
            (statistic(halves[0]), statistic(halves[1])),
            (float(np.mean(each)), float(np.std(each))),
        )
    others = [best_match(made[i, 0], made[j, 0]) for i in range(len(made)) for j in range(i)]
    copies = [best_match(one[0], own[0]) for one in made for own in data]
    return Judgement(found, max(others, default=0.0), max(copies))


def best_match(a: np.ndarray, b: np.ndarray) -> float:
    """The largest correlation of two samples of one shape at any circular shift, -1 to 1."""
    a, b = (v - v.mean() for v in (a, b))
    size = float(np.sqrt(np.square(a).sum() * np.square(b).sum()))
    return float(np.fft.ifftn(np.fft.fftn(a) * np.fft.fftn(b).conj()).real.max()) / size if size else 0.0


def _standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / x.std()


def _skewness(x: np.ndarray) -> float:
    return float((_standard(x) ** 3).mean())


def _kurtosis(x: np.ndarray) -> float:
    return float((_standard(x) ** 4).mean())


def _correlation(v: np.ndarray, lag: int) -> float:
    """The correlation of values with those a lag further along the last axis."""
    v = v - v.mean()
    return float((v[..., :-lag] * v[..., lag:]).mean() / np.square(v).mean())


def _leverage(x: np.ndarray) -> float:
    """The mean over lags of E[x(t) x(t + lag)^2]: below 0 where losses are followed by large changes."""
    v = _standard(x)
    return float(np.mean([(v[..., :-lag] * v[..., lag:] ** 2).mean() for lag in range(1, LEVERAGE_LAGS + 1)]))


SERIES = {
    N_("skewness"): _skewness,
    N_("kurtosis"): _kurtosis,
    N_("autocorrelation at 1"): lambda x: _correlation(x, NEAR),
    N_("autocorrelation of |x| at 1"): lambda x: _correlation(np.abs(_standard(x)), NEAR),
    N_("autocorrelation of |x| at 10"): lambda x: _correlation(np.abs(_standard(x)), FAR),
    N_("leverage"): _leverage,
    N_("99.9 % quantile of |x|"): lambda x: float(np.quantile(np.abs(_standard(x)), 0.999)),
}
PICTURES = {
    N_("skewness"): _skewness,
    N_("kurtosis"): _kurtosis,
    N_("autocorrelation at 1"): lambda x: _correlation(x, NEAR),
    N_("kurtosis of differences"): lambda x: _kurtosis(np.diff(x, axis=-1)),
    N_("kurtosis of differences downwards"): lambda x: _kurtosis(np.diff(x, axis=-2)),
}
