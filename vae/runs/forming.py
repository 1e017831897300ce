"""The epochs of a run as a model sequence: its latent space while it formed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..forming.model_sequence import Frames, captioned, of_folder
from .folder import read


def of_run(run: Path) -> Frames | None:
    """Of a run's folder: its epochs. None: it has no snapshot yet, or was made before there were any, or is gone."""
    known = read(run)
    frames = of_folder(run, name=known.name) if known else None
    if known is None or frames is None:
        return None
    until = float(known.plan["epochs"]) if known.active else None
    frames = replace(frames, history=tuple(known.epochs()), until=until)
    return captioned(frames, known.plan["family"], known.plan["dataset"])
