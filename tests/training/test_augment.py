"""Pictures mirrored and shifted while training: which they can become, the same for several processes, and resumed."""

from __future__ import annotations

import pytest
import torch

from vae.errors import SettingError
from vae.losses.batch_shares import ALONE, Share
from vae.losses.objectives import Sum
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE, RateHparams
from vae.training.augment import augmented
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

X = torch.arange(2 * 3 * 4, dtype=torch.uint8).reshape(1, 2, 3, 4).repeat(40, 1, 1, 1)
ONE = X[0].float() / 255
SHIFTED = [ONE.roll((i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)]


def trainer(mode: str) -> Trainer:
    model = VAE(Spec((2, 3, 4), 40), RateHparams(d=2, width=4, net="mlp"), Gaussian)
    return Trainer(model, Sum(), TrainHparams(augment=mode), 0, 10)


def inside(x: torch.Tensor) -> torch.Tensor:
    """Without the border, where the edge is repeated."""
    return x[..., 1:-1, 1:-1]


@pytest.mark.parametrize(
    ("mode", "possible"),
    [
        ("none", [ONE]),
        ("flips", [ONE, ONE.flip(2)]),
        ("shifts", SHIFTED),
        ("flips_shifts", SHIFTED + [x.flip(2) for x in SHIFTED]),
    ],
)
def test_each_picture_becomes_one_of_those_that_the_mode_allows(mode, possible):
    seen = trainer(mode).inputs(X)
    which = [next(i for i, p in enumerate(possible) if torch.equal(inside(x), inside(p))) for x in seen]
    assert len(set(which)) == len(possible) if len(possible) < 10 else len(set(which)) > 10
    assert set(seen.unique().tolist()) <= set(ONE.unique().tolist())


def test_what_comes_in_at_the_side_is_the_edge_and_a_picture_stays_whole():
    pairs = zip(X.float(), augmented(X.float(), "shifts", torch.Generator().manual_seed(1), ALONE), strict=True)
    for before, after in pairs:
        assert (after[0, :, 0] - after[0, :, 1]).unique().numel() == 1
        assert torch.equal(after[1] - after[0], before[1] - before[0]), "all channels move alike"


def test_several_processes_see_the_pictures_that_one_would():
    whole = trainer("flips_shifts").inputs(X)
    for rank in range(3):
        share = Share(rank, 3, len(X))
        assert torch.equal(trainer("flips_shifts").inputs(share.of(X), share), share.of(whole))


def test_a_resumed_training_goes_on_with_the_moves_of_the_one_before():
    first = trainer("flips_shifts")
    first.inputs(X)
    state = first.state()
    again = trainer("flips_shifts")
    again.restore(state)
    assert torch.equal(first.inputs(X), again.inputs(X))


def test_only_pictures_can_be_moved():
    with pytest.raises(SettingError, match=r"augment=flips: only pictures.*augment=none"):
        Job.of(Plan("vae", "ecg_beats", {"augment": "flips"}))
    assert Job.of(Plan("vae", "digits", {"augment": "flips"})).trainer.augment == "flips"
