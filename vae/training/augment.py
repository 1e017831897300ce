"""Pictures mirrored and shifted at random while training: more of the same kind where there are few."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..data.principal import SHIFT
from ..losses.batch_shares import Share
from ..text import N_

NONE, FLIPS, SHIFTS, BOTH = MODES = ("none", "flips", "shifts", "flips_shifts")
HELP = N_(
    "new pictures from those of the training set, in each step: flips mirrors half of them, left to right; shifts "
    "moves each by up to a sixteenth of its side, and repeats the edge. Not for letters, digits and other pictures "
    "that mean something else when they are mirrored"
)


def named(flips: bool, shifts: bool) -> str:
    """The mode that does these."""
    return {(False, False): NONE, (True, False): FLIPS, (False, True): SHIFTS, (True, True): BOTH}[flips, shifts]


def moves(mode: str) -> dict[str, bool]:
    """What the mode does."""
    return {"flips": mode in (FLIPS, BOTH), "shifts": mode in (SHIFTS, BOTH)}


def augmented(
    x: Float[Tensor, "b c h w"], mode: str, generator: torch.Generator, share: Share
) -> Float[Tensor, "b c h w"]:
    """Pictures moved as the mode says. generator: on the CPU; share: what x is of a batch that several processes share:
    the moves of the whole batch are drawn, so that together they see what one would."""
    h, w = x.shape[2:]
    by, n = max(1, min(h, w) // SHIFT), share.rows or len(x)
    mirrored = torch.rand(n, generator=generator) < 0.5
    steps = torch.randint(-by, by + 1, (n, 2), generator=generator)
    mirrored, steps = share.of(mirrored).to(x.device), share.of(steps).to(x.device)
    if mode in (FLIPS, BOTH):
        x = torch.where(mirrored.view(-1, 1, 1, 1), x.flip(3), x)
    if mode in (SHIFTS, BOTH):
        rows = (torch.arange(h, device=x.device) + steps[:, :1]).clamp(0, h - 1)
        columns = (torch.arange(w, device=x.device) + steps[:, 1:]).clamp(0, w - 1)
        x = x.gather(2, rows[:, None, :, None].expand_as(x)).gather(3, columns[:, None, None, :].expand_as(x))
    return x
