"""Semi-supervised learning with a VAE: a few labels, and a model of x that sums over the missing ones."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.model import NetHparams
from ..models.semi_supervised import SemiSupervisedBound, SemiSupervisedVAE
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    labelled: int = knob(
        100, "training samples that keep their label, equally many of each class", low=0, high=10_000_000, log=True
    )
    alpha: float = knob(1.0, "weight of the classification loss, nats a sample", low=0.0, high=1e4, log=True)


@family(
    name="semi_supervised_vae",
    kind="conditional",
    title="Semi-supervised VAE (M2)",
    summary="a few labels; where one is missing, the class is summed out (M2)",
    paper="Kingma et al., 2014, Semi-supervised learning with deep generative models",
    hparams=Hparams,
    traits=("conditional", "semi_supervised", "labels_only"),
    idea=(
        "Most labels are missing, and a missing label is one more thing to infer: a classifier guesses it, and the "
        "model of x is asked about every class, each weighed by its guess; where a label is known, it alone is asked "
        "about. So samples without a label teach the classifier too, and a hundred labels go a long way. The price is "
        "a decoder pass a class."
    ),
    formula=r"\O{\mathbb{E}_{q(y \mid x)}} \left[ \D{-\mathbb{E}_{q(z \mid x, y)} \log p(x \mid z, y)} + "
    r"\R{\mathrm{KL}\left(q(z \mid x, y) \,\|\, p(z)\right)} \right] + "
    r"\R{\mathrm{KL}\left(q(y \mid x) \,\|\, p(y)\right)} - \alpha \, \O{\log q(y_{\mathrm{known}} \mid x)}",
)
def build(spec: Spec, h: Hparams):
    """The paper has alpha = .1. With 100 labels of the digits and 60 epochs, rows held out of the training set are
    classified rightly at .56 with it, at .85 with 1 and at .81 to .83 with 10 to 1000."""
    return SemiSupervisedVAE(spec, h), SemiSupervisedBound(h.alpha, min(1.0, h.labelled / spec.n_data))
