"""Claims about AE, VAE and GAN, as tables of textbooks make them, beside what was measured of them here.

benchmarks/compare_kinds.py writes kinds.json; docs/kinds.md and the Compare page show it. Nothing here is typed twice:
values, spread and verdicts come from the file.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..registry import DATASETS
from ..text import N_, _, number

SHIPPED = Path(__file__).with_name("kinds.json")
KINDS = {
    "ae": N_("AE"),
    "vae": N_("VAE"),
    "gan": N_("GAN"),
    "cvae": N_("CVAE"),
    "pca": N_("PCA"),
    "data": N_("real pictures"),
}
BASELINE = "pca"
HOLDS, OPPOSITE, UNCLEAR, FEW = N_("yes"), N_("no, the opposite"), N_("not clear"), N_("too few runs")
LEAST = 3  # runs of each kind for a verdict: fewer are apart by chance too often


@dataclass(frozen=True)
class Measure:
    """A measured value: its name and unit, and the digits it is shown with."""

    name: str
    digits: int


MEASURES: dict[str, dict[str, Measure]] = {  # a row of the usual table -> key in the file -> measure
    N_("Samples"): {
        "sharpness": Measure(N_("sharpness, 1 = test pictures"), 2),
        "frechet_distance": Measure(N_("Fréchet distance of samples"), 1),
        "frechet_fitted": Measure(N_("the same, from a Gaussian fitted to the codes"), 1),
        "precision": Measure(N_("precision"), 2),
    },
    N_("Stability"): {
        "seed_spread": Measure(N_("spread of the Fréchet distance between seeds, relative"), 2),
        "swing": Measure(N_("spread of the Fréchet distance over the last 5 epochs, relative"), 2),
        "diverged": Measure(N_("diverged trainings, share"), 2),
    },
    N_("Mode coverage"): {
        "recall": Measure(N_("recall"), 2),
        "density": Measure(N_("density"), 2),
        "coverage": Measure(N_("coverage"), 2),
    },
    N_("Control"): {
        "label_agreement": Measure(N_("label agreement"), 2),
        "attribute_effect": Measure(N_("effect of moving a code to the next label"), 2),
    },
    N_("Latent space"): {
        "linear_probe_accuracy": Measure(N_("linear probe accuracy"), 3),
        "knn_accuracy": Measure(N_("k-NN accuracy"), 3),
        "holes": Measure(N_("samples in holes, share"), 2),
        "holes_box": Measure(N_("the same, from the box around the codes"), 2),
        "lost": Measure(N_("samples whose code does not return, share"), 2),
        "off_data": Measure(N_("off-data score of straight paths"), 3),
        "off_data_pictures": Measure(N_("off-data score of the pictures on them"), 3),
    },
    N_("Robustness"): {
        "mse": Measure(N_("reconstruction error, MSE"), 4),
        "noise_1": Measure(N_("the same, with noise of std 0.1 at the input"), 4),
        "noise_2": Measure(N_("the same, with noise of std 0.2 at the input"), 4),
        "noise_rise": Measure(N_("rise of the error with noise of std 0.2"), 4),
    },
    N_("Trained on 500 samples"): {
        "few_train": Measure(N_("MSE of these samples"), 4),
        "few_test": Measure(N_("MSE of test samples"), 4),
        "few_gap": Measure(N_("gap between the two"), 4),
    },
    N_("Cost"): {
        "seconds": Measure(N_("training time, seconds of one core"), 1),
        "parameters": Measure(N_("parameters"), 0),
    },
}


@dataclass(frozen=True)
class Claim:
    """That `measure` is larger for the kind `more` than for the kind `less`."""

    text: str
    measure: str
    more: str
    less: str


CLAIMS = (
    Claim(N_("GAN samples are sharper than VAE samples"), "sharpness", "gan", "vae"),
    Claim(N_("GAN samples are closer to the data than VAE samples"), "frechet_distance", "vae", "gan"),
    Claim(N_("An AE is worse at generating than a VAE"), "frechet_distance", "ae", "vae"),
    Claim(N_("GAN training is unstable, VAE training is stable"), "swing", "gan", "vae"),
    Claim(N_("A GAN leaves out modes that a VAE covers"), "recall", "vae", "gan"),
    Claim(N_("With labels as input, a VAE generates what it is told"), "label_agreement", "cvae", "vae"),
    Claim(N_("Attributes change along directions of a VAE, less so of an AE"), "attribute_effect", "vae", "ae"),
    Claim(N_("Classes are easier to read from the code of a VAE than of an AE"), "linear_probe_accuracy", "vae", "ae"),
    Claim(N_("The latent space of an AE has more holes than that of a VAE"), "holes", "ae", "vae"),
    Claim(N_("Paths stay nearer to the data in a VAE than in an AE"), "off_data_pictures", "ae", "vae"),
    Claim(N_("A VAE is less disturbed by noise at the input than an AE"), "noise_rise", "ae", "vae"),
    Claim(N_("A VAE overfits few samples less than an AE"), "few_gap", "ae", "vae"),
    Claim(N_("Trained on few samples, a VAE reconstructs new ones better than an AE"), "few_test", "ae", "vae"),
    Claim(N_("An AE reconstructs better than a VAE"), "mse", "vae", "ae"),
    Claim(N_("A GAN takes longer to train than a VAE"), "seconds", "gan", "vae"),
)


class Compared:
    """The record that compare_kinds writes, as tables: lists of rows of text, the head first."""

    def __init__(self, record: Mapping[str, Any]):
        self.record = record
        self.datasets: tuple[str, ...] = tuple(record["values"])

    @classmethod
    def shipped(cls) -> Compared:
        """The one that comes with zscope."""
        return cls(json.loads(SHIPPED.read_text("utf-8")))

    def values(self, dataset: str, kind: str, measure: str) -> list[float]:
        """One value of each seed, of trainings that did not diverge; none where a kind has no such measure."""
        return self.record["values"][dataset].get(kind, {}).get(measure, [])

    def verdict(self, claim: Claim, dataset: str) -> str:
        """HOLDS if the claim is true of every pair of runs of the two kinds, OPPOSITE if its opposite is, else UNCLEAR:
        the extremes of the Mann-Whitney statistic, which n runs of each reach by chance in 2 of (2n choose n) cases.
        FEW: there are fewer than LEAST runs."""
        more, less = (self.values(dataset, kind, claim.measure) for kind in (claim.more, claim.less))
        if min(len(more), len(less)) < LEAST:
            return FEW
        if min(more) > max(less):
            return HOLDS
        return OPPOSITE if max(more) < min(less) else UNCLEAR

    def claims(self) -> list[list[str]]:
        """Each claim with its verdict and the means of both kinds and of the baseline, for each data set."""
        table = [[_("Claim"), _("Measure"), *map(title, self.datasets)]]
        for claim in CLAIMS:
            measure, cells = _of(claim.measure), []
            for dataset in self.datasets:
                shown = [self._mean(dataset, kind, claim.measure) for kind in (claim.more, claim.less, BASELINE)]
                cells.append(f"**{_(self.verdict(claim, dataset))}** ({'; '.join(part for part in shown if part)})")
            table.append([_(claim.text), _(measure.name), *cells])
        return table

    def measures(self, dataset: str) -> list[list[str]]:
        """Every measure of every kind, mean ± standard deviation over the seeds."""
        table = [["", *(_(kind) for kind in KINDS.values())]]
        for row, measures in MEASURES.items():
            table.append([f"**{_(row)}**", *[""] * len(KINDS)])
            for key, measure in measures.items():
                cells = [spread(self.values(dataset, kind, key), measure.digits) for kind in KINDS]
                table.append([_(measure.name), *cells])
        return table

    def protocols(self) -> list[list[str]]:
        """How each data set was trained and measured, a row for each."""
        head = [_("Data"), _("training / test pictures"), "d", _("net"), _("epochs"), _("batch"), _("seeds")]
        rows = []
        for name, p in self.record["protocols"].items():
            net = _("{net}, {n} units a layer", net=p["net"], n=p["width"])
            sizes = f"{number(p['n'])} / {number(p['n_test'])}"
            plain = (p["d"], net, p["epochs"], p["batch_size"], p["seeds"], self.record["judges"][name])
            rows.append([title(name), sizes, *map(str, plain)])
        return [[*head, _("judge")], *rows]

    def _mean(self, dataset: str, kind: str, key: str) -> str:
        values = self.values(dataset, kind, key)
        return f"{_(KINDS[kind])} {number(statistics.mean(values), _of(key).digits)}" if values else ""


def _of(key: str) -> Measure:
    return next(measures[key] for measures in MEASURES.values() if key in measures)


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± standard deviation; without the latter if there is one value, or all are equal; a dash if none."""
    if not values:
        return number(None)
    mean, std = number(statistics.mean(values), digits), statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{mean} ± {number(std, digits)}" if std else mean


def title(dataset: str) -> str:
    """The title of a data set."""
    return _(DATASETS.get(dataset).title)


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Rows of text, the head first, as a Markdown table."""
    head, *rest = table
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest))
