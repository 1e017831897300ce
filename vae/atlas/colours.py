"""Quantities by which reference samples can be coloured, beside the label: measured ones, and those of the latent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from ..data import metadata
from ..latent.neighbours import Index
from ..registry import ATTACHED, Modality
from ..text import _, number
from .atlas import Atlas
from .measured import ERROR, FACTOR, RATE, STABILITY, closed_rate

NEIGHBOUR = 15  # whose distance gives the density
COLUMN = "column."  # begins the key of a column of the metadata
NAMES_MAX = 60  # different texts of a column to colour by
PAIRS = 1_000_000_000  # distances computed for a density at most; beyond, a subset of rows is used


@dataclass(frozen=True)
class Quantity:
    """A number for each reference row. kind: "data" or "model". absent: why it is missing, and how to get it. names: of
    a column of text, its different values; the numbers are then places among them. written: "date" for decimal years
    that are dates, "year" for whole years, which have no thousands separator, "" for other numbers. term: the anchor of
    its heading in docs/terms.md, "" without one."""

    key: str
    title: str
    unit: str
    help: str
    kind: str
    values: Callable[[], Float[np.ndarray, " n"]]
    absent: str = ""
    names: tuple[str, ...] = ()
    written: str = ""
    term: str = ""


@runtime_checkable  # so that annotations of it are checked in the tests
class Explored(Protocol):
    """What is needed of a model, for example an Engine."""

    name: str
    modality: Modality
    has_prior: bool
    traits: frozenset[str]

    @property
    def atlas(self) -> Atlas: ...


def log_density(z: Float[np.ndarray, "n m"], scale: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """-m log(r / median r), nats: the log density at each row, from the distance r to its 15th neighbour, relative
    to the median row; m is the number of active dimensions. Loftsgaarden and Quesenberry, 1965, without the constants.

    Beyond a billion distances, neighbours are searched in a random subset of rows, which hardly changes the ranks.
    """
    n = len(z)
    some = _searched(n)
    distances, _ = Index(z[some], scale).query(z, NEIGHBOUR + 1)
    reach = np.maximum(distances[:, -1], 1e-12)
    used = max(1.0, float(np.minimum(scale, 1).sum()))
    return (-used * np.log(reach / np.median(reach))).astype(np.float32)


def _searched(n: int) -> Int[np.ndarray, " m"]:
    """The rows, of n, among which neighbours are searched, ascending."""
    return np.sort(np.random.default_rng(0).permutation(n)[: max(NEIGHBOUR + 1, min(n, PAIRS // n))])


def disagreement(
    z: Float[np.ndarray, "n m"], scale: Float[np.ndarray, " m"], labels: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """For each row, the share of its 15 nearest other rows that have another label, 0 to 1: the rule by which Wilson,
    1972, edits the samples of a nearest-neighbour classifier. Neighbours as in `log_density`."""
    n = len(z)
    some = _searched(n)
    near = some[Index(z[some], scale).query(z, min(NEIGHBOUR + 1, len(some)))[1]]
    own_last = np.argsort(near == np.arange(n)[:, None], axis=1, kind="stable")
    near = np.take_along_axis(near, own_last, axis=1)[:, :NEIGHBOUR]
    return (labels[near] != labels[:, None]).mean(1).astype(np.float32)


def quantities(engine: Explored) -> dict[str, Quantity]:
    """All quantities that the rows of an engine's map can be coloured by, by key; also those that are missing."""
    atlas = engine.atlas

    def unmeasured(option: str) -> str:
        if ATTACHED in engine.traits:
            return _("not measured of a model that stays in its program")
        return _("not measured yet: run {command}", command=f"python -m vae atlas {engine.name} {option}")

    found: dict[str, Quantity] = {}

    def add(
        key: str, title: str, unit: str, help: str, values: Callable[[], Any], *, kind="model", absent="", term=""
    ) -> None:
        found[key] = Quantity(key, title, unit, help, kind, values, absent, term=term)

    for key in sorted(atlas.measured):
        if key.startswith(FACTOR):
            title = key.removeprefix(FACTOR).replace("_", " ").capitalize()
            add(
                key,
                title,
                "",
                _("Generative factor of the sample"),
                partial(atlas.measured.__getitem__, key),
                kind="data",
            )
    for i, (name, values) in enumerate(atlas.metadata.items()):
        found[f"{COLUMN}{i}"] = _column(f"{COLUMN}{i}", name, values)
    help = _("Mean squared error of the decoded posterior mean")
    unit = "MSE" if engine.modality.bounded else _("MSE, squared standard deviations")
    absent = "" if ERROR in atlas.measured else unmeasured("--measure")
    add(ERROR, _("Reconstruction error"), unit, help, lambda: atlas.measured[ERROR], absent=absent, term="mse")
    if engine.has_prior and atlas.std.any():
        absent = "" if RATE in atlas.measured else unmeasured("--measure")
        help = _("KL(q(z|x) ‖ p(z)): the information that the latent holds about this sample")
        add(RATE, _("Rate"), _("nats"), help, lambda: _rate(atlas), absent=absent, term="rate")
    help = _("How likely the decoded sample, encoded again, comes back near this position")
    add("trust", _("Trust"), _("0 to 1"), help, lambda: atlas.projector.trust(atlas.xy), term="trust")
    help = _("Share of the 15 nearest samples on the map that are so again when UMAP is fitted with another seed")
    absent = "" if STABILITY in atlas.measured else unmeasured("--stability")
    values = lambda: atlas.measured[STABILITY]  # noqa: E731
    add(STABILITY, _("Stability"), _("0 to 1"), help, values, absent=absent, term="stability")
    help = _(
        "Log density of latents by the distance to the {n}th neighbour, relative to the median sample", n=NEIGHBOUR
    )
    seen, scale = atlas.projector.seen, atlas.projector.scale
    values = lambda: log_density(seen(atlas.z), scale)  # noqa: E731
    add("density", _("Latent density"), _("nats above the median"), help, values, term="density")
    if (labels := atlas.labels) is not None:
        help = _(
            "Share of the {n} nearest latents with another label: where it is high, the label may be wrong", n=NEIGHBOUR
        )
        values = lambda: disagreement(seen(atlas.z), scale, labels)  # noqa: E731
        add("disagreement", _("Label disagreement"), _("0 to 1"), help, values, term="label-disagreement")
    return found


def _column(key: str, name: str, values: np.ndarray) -> Quantity:
    """A column of the metadata: numbers, dates as decimal years, or text that divides the rows into groups."""
    title, help, absent, names, written = metadata.said(name), _("Column of the data, not modelled"), "", (), ""
    if values.dtype == object and (years := metadata.years(values)) is not None:
        values, written = years, "date"
    elif values.dtype == object:
        known, codes = np.unique(values.astype(str), return_inverse=True)
        names, values = tuple(v or _("missing") for v in known.tolist()), codes.astype(np.float64)
        if len(names) > NAMES_MAX:
            absent, names = _("{n} different texts; search for them instead", n=number(len(names))), ()
    elif metadata.whole_years(values):
        written = "year"
    return Quantity(key, title, "", help, "data", lambda: values.astype(np.float32), absent, names, written=written)


def _rate(atlas: Any) -> np.ndarray:
    stored = atlas.measured[RATE]
    return stored if len(stored) else closed_rate(atlas.z, np.maximum(atlas.std, 1e-4))
