"""The conditional VAE: encoder and decoder are given the label, so the code describes the rest."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.conditional import ConditionalVAE, HideConditions
from ..models.model import RateHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    prior: str = knob(
        "standard",
        "prior of the code: the same for all labels (standard) or learned for each label (label)",
        choices=("standard", "label"),
    )
    hide_labels: float = knob(
        0.1,
        "probability that a sample's label is hidden in a training step; 0: samples without a label are not learned",
        low=0.0,
        high=1.0,
    )


@family(
    name="cvae",
    kind="conditional",
    title=N_("Conditional VAE"),
    summary=N_("encoder, decoder and, optionally, the prior are given the label"),
    paper="Sohn et al., 2015, Learning structured output representation using deep conditional generative models",
    departures=(
        N_("The label is given and the sample is generated; the paper predicts structured labels from pictures."),
        N_("The prior is the same for all labels; `prior` = label learns one for each, as in the paper."),
        N_(
            "The weights of the label in the decoder are 10 times larger at the start, so that the decoder uses "
            "the label before the code learns it."
        ),
        N_("A tenth of the labels is hidden in training, so that samples without a label can be encoded."),
    ),
    hparams=Hparams,
    traits=("conditional",),
    idea=N_(
        "The encoder and the decoder are given the label, so the code need not encode it and describes what "
        "the label leaves open, such as style. The prior is p(z) or, optionally, p(z|y). Keep the code and "
        "change the label to see the same style in another class. Labels are hidden at random during "
        "training, so that samples without a label can be encoded too. The bound is on log p(x|y), which is "
        "not comparable with a bound on log p(x)."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x, y)} \log p(x \mid z, y)} + "
        r"\R{\mathrm{KL}\left(q(z \mid x, y) \,\|\, p(z \mid y)\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    """The bound is on log p(x|y): that of the paper with picture and label exchanged. The paper's prior is "label"."""
    objective = Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
    return ConditionalVAE(spec, h, learned_prior=h.prior == "label"), HideConditions(objective, h.hide_labels)
