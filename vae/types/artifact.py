"""Presentations of a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..text import N_

ARTIFACTS = {  # kind -> layout of its data
    "picture": N_("uint8 (h, w) or (h, w, 3)"),
    "chart": N_("float32 (c, t): lines over a common axis"),
    "table": N_("float32 (rows, columns); facts: `columns`, their names"),
    "text": N_("uint8 (n,): UTF-8"),
    "sound": N_("float32 (c, t), -1 to 1; facts: `rate_hz`"),
    "graph": N_("int32 (edges, 2): pairs of nodes; facts: `nodes`, their names"),
}


@dataclass(frozen=True)
class Artifact:
    """One presentation of a sample: to see, read or hear it.

    kind: one of ARTIFACTS, which gives the layout of data. facts: what else belongs to it, as JSON.
    """

    kind: str
    data: np.ndarray
    caption: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ARTIFACTS:
            raise ValueError(f"artifact of kind {self.kind!r}: expected one of {', '.join(ARTIFACTS)}.")
