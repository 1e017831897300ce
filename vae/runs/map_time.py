"""How long fitting a map takes on this machine, from the runs that have finished here."""

from __future__ import annotations

import statistics

from ..text import N_
from .folder import DONE, runs

MAPPING = ("encoding", N_("laying out the map"), N_("measuring trust"), N_("drawing thumbnails"))  # its stages


def map_seconds(points: int) -> float | None:
    """Seconds that a map of so many points takes here, scaled from finished runs; None without any."""
    took = []
    for run in runs():
        stages = run.progress.get("stages_s", {})
        if run.state.name == DONE and MAPPING[1] in stages:
            took.append((abs(run.plan["points"] - points), run.plan["points"], sum(stages.get(m, 0) for m in MAPPING)))
    if not took:
        return None
    nearest = min(took)[0]
    return statistics.median(s * max(0.5, points / of) for off, of, s in took if off == nearest)
