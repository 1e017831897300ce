"""The area under the ROC curve: how well a score separates two sets of samples."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _


def auroc(normal: Float[np.ndarray, " n"], anomalous: Float[np.ndarray, " k"]) -> tuple[float, float | None]:
    """P(score of an anomaly > score of a normal sample) + P(equal) / 2, exact by ranks, and its standard error.

    Mann and Whitney, 1947. The standard error is that of DeLong et al., 1988, from the variance over the samples of
    either set of their share of pairs won; None if a set has one sample. Raises: ShapeError: an empty set, or a NaN.
    """
    from scipy.stats import rankdata  # here: its import takes a third of a second

    n, k = len(normal), len(anomalous)
    scores = np.concatenate([normal, anomalous]).astype(np.float64)
    if not n or not k or np.isnan(scores).any():
        raise ShapeError(
            _(
                "scores of {normal} normal and {anomalous} anomalous samples: expected at least one each, and no NaN.",
                normal=n,
                anomalous=k,
            )
        )
    ranks = rankdata(scores)  # ties share their mean rank
    won = (ranks[n:] - rankdata(anomalous)) / n  # by each anomaly: the share of normal samples below it
    lost = 1 - (ranks[:n] - rankdata(normal)) / k  # by each normal sample: the share of anomalies above it
    error = float(np.sqrt(won.var(ddof=1) / k + lost.var(ddof=1) / n)) if min(n, k) > 1 else None
    return float(won.mean()), error
