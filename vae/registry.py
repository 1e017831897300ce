"""What a user or a checkpoint can name. A file put in the right folder registers what it holds."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .errors import SettingError, UnknownName
from .types import Artifact, Condition, Samples

IMPORTED, IMPORTED_TRAITS = "imported", frozenset({"imported", "deterministic"})  # a decoder that no family trained

KINDS = (  # of families, in the order in which lists show them
    "plain",
    "variational",
    "disentangling",
    "matched to a prior",
    "conditional",
    "discrete",
    "hierarchical",
    "adversarial",
    "sequential",
)


@dataclass(frozen=True)
class Family:
    """One model family. build(spec, h) -> (model, objective).

    kind: one of KINDS, what it is listed under; traits say what the code must know of it.
    idea: three sentences for a student: what is different, why, what it costs. formula: what is minimised, in LaTeX,
    each term in a macro of its kind, so that it has one colour wherever it is shown: \\D{distortion}, \\R{rate}, and
    \\O{anything other}.
    """

    name: str
    title: str
    paper: str
    Hparams: type
    build: Callable[[Any, Any], tuple[Any, Any]]
    traits: frozenset[str] = frozenset()
    idea: str = ""
    formula: str = ""
    modalities: tuple[str, ...] = ()  # of the samples it models; none named: any
    kind: str = "variational"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(str(UnknownName(f"kind of family {self.name}", self.kind, KINDS)))

    def check(self, modality: str) -> None:
        """Raises: SettingError: this family does not model samples of that modality."""
        if self.modalities and modality not in self.modalities:
            fitting = ", ".join(d.name for d in datasets().values() if d.modality in self.modalities)
            raise SettingError(
                f"{self.name} models {' and '.join(self.modalities)}, not {modality}. Data sets that fit: {fitting}."
            )


@dataclass(frozen=True)
class Dataset:
    """One data set. load() -> Samples; may download, so never called on import. folder: of one of the user's own."""

    name: str
    title: str
    modality: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    licence: str
    origin: str
    cite: str
    load: Callable[[], Samples]
    folder: Path | None = None
    condition: Condition | None = None  # of its samples, beside their labels


@dataclass(frozen=True)
class Modality:
    """How one kind of sample is modelled and shown. Pure numpy.

    bounded: values lie in 0-1, and may come as uint8 0-255; else they are any real numbers, standardised. pictures:
    samples (b, *shape) -> uint8 (b, c, h, w) of picture_shape(shape), c 1 or 3: what every page and file shows.
    """

    name: str
    likelihood: str
    example_shape: Callable[[], tuple[int, ...]]
    render: Callable[[Any], Artifact]
    to_bytes: Callable[[Any], tuple[str, bytes]]
    bounded: bool
    pictures: Callable[[Any], Any]
    picture_shape: Callable[[tuple[int, ...]], tuple[int, int, int]]


@dataclass(frozen=True)
class MetricGroup:
    """Figures that are measured together. measure(subject) -> name -> Estimate, or plain figure with its unit in the
    name. Raises: NotMeasurable: the model or its data cannot have them."""

    name: str
    title: str
    measure: Callable[[Any], dict[str, Any]]


class Registry:
    """Names -> entries of one package folder, filled by importing its files on first use.

    also: gives those that come and go while the process lives; of one name, the package's counts.
    """

    def __init__(self, what: str, package: str, also: Callable[[], dict[str, Any]] = dict):
        self.what, self.package, self.also = what, package, also
        self._entries: dict[str, Any] = {}

    def add(self, entry: Any) -> None:
        if entry.name in self._entries:
            raise ValueError(f"{self.what} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry

    def all(self) -> dict[str, Any]:
        built_in = self.built_in()  # first: the package may set `also` when it is imported
        also = self.also()
        return dict(sorted({**also, **built_in}.items())) if also else built_in

    @cache  # noqa: B019  registries live as long as the process
    def built_in(self) -> dict[str, Any]:
        """Those of the package alone."""
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        return dict(sorted(self._entries.items()))

    def get(self, name: str) -> Any:
        """The entry of that name. Raises: UnknownName."""
        entries = self.all()
        if name not in entries:
            raise UnknownName(self.what, name, entries)
        return entries[name]


FAMILIES = Registry("family", "vae.families")
DATASETS = Registry("data set", "vae.data.sets")
MODALITIES = Registry("modality", "vae.modalities")
METRICS = Registry("metric group", "vae.metrics")


def family(
    *,
    name: str,
    title: str,
    paper: str,
    hparams: type,
    traits: tuple[str, ...] = (),
    idea: str = "",
    formula: str = "",
    modalities: tuple[str, ...] = (),
    kind: str = "variational",
):
    """Decorate build(spec, h) -> (model, objective). See Family for what each is."""

    def register(build):
        FAMILIES.add(Family(name, title, paper, hparams, build, frozenset(traits), idea, formula, modalities, kind))
        return build

    return register


def dataset(
    *,
    name: str,
    title: str,
    modality: str,
    shape: tuple[int, ...],
    classes: tuple[str, ...],
    licence: str,
    origin: str,
    cite: str,
    condition: Condition | None = None,
):
    """Decorate load() -> Samples."""

    def register(load):
        entry = Dataset(name, title, modality, shape, classes, licence, origin, cite, load, condition=condition)
        DATASETS.add(entry)
        return load

    return register


def modality(entry: Modality) -> Modality:
    MODALITIES.add(entry)
    return entry


def metric_group(*, name: str, title: str):
    """Decorate measure(subject: vae.metrics.subject.Subject) -> dict; the file is below vae/metrics/."""

    def register(measure):
        METRICS.add(MetricGroup(name, title, measure))
        return measure

    return register


def traits(card: Mapping[str, Any]) -> frozenset[str]:
    """What the code must know of a checkpoint's model, by its card; nothing where its family is not known here."""
    name = card.get("family")
    known = FAMILIES.all()
    return IMPORTED_TRAITS if name == IMPORTED else known[name].traits if name in known else frozenset()


def about(family: str, dataset: str) -> str:
    """What is modelled how, for a caption: "beta-VAE on digits"; a family that is gone goes by its name."""
    known = FAMILIES.all().get(family)
    return f"{known.title if known else family} on {dataset}"


def families() -> dict[str, Family]:
    return FAMILIES.all()


def datasets() -> dict[str, Dataset]:
    return DATASETS.all()


def modalities() -> dict[str, Modality]:
    return MODALITIES.all()


def metric_groups() -> dict[str, MetricGroup]:
    return METRICS.all()
