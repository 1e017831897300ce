"""Semi-supervised learning with a VAE (M2): where a label is missing, it is marginalised out."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.model import NetHparams
from ..models.semi_supervised import SemiSupervisedBound, SemiSupervisedVAE
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    labelled: int = knob(
        100, "training samples that keep their label, equally many per class", low=0, high=10_000_000, log=True
    )
    alpha: float = knob(1.0, "weight of the classification loss", low=0.0, high=1e4, log=True)


@family(
    name="semi_supervised_vae",
    kind="conditional",
    title=N_("Semi-supervised VAE (M2)"),
    summary=N_("few labels; where a label is missing, it is marginalised out (M2)"),
    paper="Kingma et al., 2014, Semi-supervised learning with deep generative models",
    departures=(
        N_(
            "`alpha` is 1, not 0.1 (equation 9), with which 100 labels of the digits give an accuracy of .56 instead "
            "of .85 on samples held out of training."
        ),
        N_("The model sees the samples; in the paper's best results (M1+M2) it sees the codes of a VAE."),
        N_("The classifier and the posterior share their first layers; in the paper each has a net of its own."),
        N_("The weights of the label in the decoder are 10 times larger at the start."),
    ),
    hparams=Hparams,
    other=N_("classifier"),
    traits=("conditional", "semi_supervised", "labels_only"),
    idea=N_(
        "Most labels are missing, and a missing label is one more latent variable: a classifier infers it, "
        "and the loss is averaged over all classes with the classifier's probabilities as weights. Where "
        "the label is known, only that class counts. Unlabelled samples therefore train the classifier too, "
        "and a hundred labels can be enough. The price is one decoder pass per class."
    ),
    formula=(
        r"\O{\mathbb{E}_{q(y \mid x)}} \left[ \D{-\mathbb{E}_{q(z \mid x, y)} \log p(x \mid z, y)} + "
        r"\R{\mathrm{KL}\left(q(z \mid x, y) \,\|\, p(z)\right)} \right] + "
        r"\R{\mathrm{KL}\left(q(y \mid x) \,\|\, p(y)\right)} - \alpha \, \O{\log q(y_{\mathrm{known}} \mid x)}"
    ),
)
def build(spec: Spec, h: Hparams):
    """The paper uses alpha = .1. With 100 labels of the digits and 60 epochs, the accuracy on rows held out of the
    training set is .56 with alpha = .1, .85 with 1, and .81 to .83 with 10 to 1000."""
    return SemiSupervisedVAE(spec, h), SemiSupervisedBound(h.alpha, min(1.0, h.labelled / spec.n_data))
