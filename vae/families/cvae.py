"""The conditional VAE: the label is given to both sides, and the code keeps what the label does not say."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.conditional import ConditionalVAE, HideConditions
from ..models.model import RateHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    prior: str = knob(
        "standard", "of the code: the same for all labels, or learned for each", choices=("standard", "label")
    )
    hide_labels: float = knob(
        0.1, "chance that a step sees a sample without its label; 0 leaves unknown labels untrained", low=0.0, high=1.0
    )


@family(
    name="cvae",
    kind="conditional",
    title="Conditional VAE",
    summary="the label given to encoder, decoder and, as a choice, the prior",
    paper="Sohn et al., 2015, Learning structured output representation using deep conditional generative models",
    hparams=Hparams,
    traits=("conditional",),
    idea=(
        "The label is told to the encoder and to the decoder, so the code need not say it and keeps what a label "
        "leaves open: style; the prior p(z|y) is told it too if asked, and is p(z) otherwise. Hold the code and "
        "change the label to see the same style in another class. A share of labels is hidden in training, so that a "
        "sample without one can be encoded too; the bound is on log p(x|y), which a label makes easier, and does not "
        "compare with one on log p(x)."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x, y)} \log p(x \mid z, y)} + "
    r"\R{\mathrm{KL}\left(q(z \mid x, y) \,\|\, p(z \mid y)\right)}",
)
def build(spec: Spec, h: Hparams):
    """The bound is on log p(x|y): equation 4, picture and label in each other's places. Their prior is "label"."""
    objective = Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
    return ConditionalVAE(spec, h, learned_prior=h.prior == "label"), HideConditions(objective, h.hide_labels)
