"""What a user or a checkpoint can name. A file put in the right folder registers what it holds."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .errors import SettingError, UnknownName
from .types import Artifact, Condition, Samples

IMPORTED, IMPORTED_TRAITS = "imported", frozenset({"imported", "deterministic"})  # a decoder that no family trained

LAYOUTS = {  # how the values of one sample lie, and the dimensions of its shape
    "vector": 1,  # (m,): values without an order
    "line": 2,  # (c, t): channels along one axis
    "grid": 3,  # (c, h, w): channels on a plane
    "tokens": 1,  # (t,): symbols, one after the other
    "set": 2,  # (n, k): things without an order, each of k values
}
BY_HAND = ("", "canvas", "curve")  # how a sample is drawn: not at all, by a brush on a picture, channel by channel
TRAITS = {  # of families: what the code must know of their models
    "adversarial": "trained against an adversary",
    "conditional": "is told labels, or what else a data set tells of its samples",
    "deterministic": "encodes a sample as one point",
    "discrete": "its code is made of symbols",
    "hierarchical": "several levels of latents",
    "implicit": "trained by a game alone, without a likelihood",
    "imported": "a decoder without an encoder",
    "labels_only": "is told labels and no other condition",
    "semi_supervised": "learns from samples of which few have labels",
    "sequential": "writes a sample step by step",
}
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
    \\O{anything other}. summary: what it is in a line, for the documents.
    """

    name: str
    title: str
    paper: str
    Hparams: type
    build: Callable[[Any, Any], tuple[Any, Any]]
    traits: frozenset[str] = frozenset()
    idea: str = ""
    formula: str = ""
    layouts: tuple[str, ...] = ()  # of the samples it models, of LAYOUTS; none named: any
    kind: str = "variational"
    summary: str = ""

    def __post_init__(self) -> None:
        _known(f"kind of family {self.name}", [self.kind], KINDS)
        _known(f"trait of family {self.name}", self.traits, TRAITS)
        _known(f"layout of family {self.name}", self.layouts, LAYOUTS)

    def fits(self, modality: str) -> bool:
        """Whether it models samples of that modality. Raises: UnknownName: there is none of that name."""
        return not self.layouts or MODALITIES.get(modality).layout in self.layouts

    def check(self, modality: str) -> None:
        """Raises: SettingError: this family does not model samples of that modality. UnknownName: there is none."""
        if not self.fits(modality):
            fitting = ", ".join(d.name for d in datasets().values() if self.fits(d.modality))
            raise SettingError(
                f"{self.name} models samples of layout {' or '.join(self.layouts)}, not {modality}, whose layout is "
                f"{MODALITIES.get(modality).layout}. Data sets that fit: {fitting or 'none'}."
            )


@dataclass(frozen=True)
class Dataset:
    """One data set. load() -> Samples; may download, so never called on import. folder: of one of the user's own.

    For the documents: summary, what it is in a line; size, samples to train on / to test; comes, how it gets here.
    """

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
    summary: str = ""
    size: str = ""
    comes: str = ""
    condition: Condition | None = None  # of its samples, beside their labels


@dataclass(frozen=True)
class Modality:
    """How one kind of sample lies, is modelled, shown, read and written. Pure numpy; all that is known of it is here.

    layout: one of LAYOUTS, by which families and nets fit. bounded: values lie in 0-1, and may come as uint8 0-255;
    else they are any real numbers, standardised. pictures: samples (b, *shape) -> uint8 (b, c, h, w) of
    picture_shape(shape), c 1 or 3: what every page and file shows. thumbnail_is_sample: that picture is the sample
    itself, and no drawing of it. charts: pictures may be stretched. by_hand: how a user draws one, of BY_HAND.

    artifacts: one sample -> the ways to take it in, the first that of the pages. to_bytes: one sample -> (MIME type,
    bytes) of a file, whose name ends in `suffix`. from_bytes: the sample of such a file, of the given shape (None: of
    its own); raises SettingError, or ShapeError. Where there is none, files of it are not read.

    looks: an array of the user's (n, ...) -> how much it is like such samples, 0 not at all; the highest is what "auto"
    takes. from_array: such an array, and a list to which notes on what was changed are added -> samples (n, *shape),
    not yet standardised; raises SettingError. decoder_dims: of one sample that a decoder of the user's own gives, by
    which it is known to be of this modality; 0: never.

    plural, measured: words, "12 pictures" of "28x28 pixels". quick: settings of the quick preset, where a family has
    them. summary: a line for the documents.
    """

    name: str
    layout: str
    likelihood: str
    example_shape: Callable[[], tuple[int, ...]]
    bounded: bool
    pictures: Callable[[Any], Any]
    picture_shape: Callable[[tuple[int, ...]], tuple[int, int, int]]
    artifacts: Callable[[Any], tuple[Artifact, ...]]
    to_bytes: Callable[[Any], tuple[str, bytes]]
    suffix: str
    from_bytes: Callable[[bytes, tuple[int, ...] | None], Any] | None = None
    looks: Callable[[Any], int] = lambda x: 0
    from_array: Callable[[Any, list[str]], Any] | None = None
    decoder_dims: int = 0
    plural: str = "samples"
    measured: str = "values"
    quick: Mapping[str, Any] = field(default_factory=dict)
    thumbnail_is_sample: bool = False
    charts: bool = False
    by_hand: str = ""
    summary: str = ""

    def __post_init__(self) -> None:
        _known(f"layout of modality {self.name}", [self.layout], LAYOUTS)
        _known(f"drawing by hand of modality {self.name}", [self.by_hand], BY_HAND)
        given, expected = len(self.example_shape()), LAYOUTS[self.layout]
        if given != expected:
            raise ValueError(f"modality {self.name}: a {self.layout} has {expected} dimensions, not {given}.")


@dataclass(frozen=True)
class MetricGroup:
    """Figures that are measured together. measure(subject) -> name -> Estimate, or plain figure with its unit in the
    name. Raises: NotMeasurable: the model or its data cannot have them. figures: which, for the documents."""

    name: str
    title: str
    measure: Callable[[Any], dict[str, Any]]
    figures: str = ""


def _known(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Raises: ValueError: a name that was mistyped, at import, where it is registered."""
    for name in given:
        if name not in known:
            raise ValueError(str(UnknownName(what, name, known)))


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
    layouts: tuple[str, ...] = (),
    kind: str = "variational",
    summary: str = "",
):
    """Decorate build(spec, h) -> (model, objective). See Family for what each is."""

    def register(build):
        entry = Family(name, title, paper, hparams, build, frozenset(traits), idea, formula, layouts, kind, summary)
        FAMILIES.add(entry)
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
    summary: str = "",
    size: str = "",
    comes: str = "",
    condition: Condition | None = None,
):
    """Decorate load() -> Samples. Raises: UnknownName: there is no such modality."""
    MODALITIES.get(modality)

    def register(load):
        of = Dataset(
            name, title, modality, shape, classes, licence, origin, cite, load, None, summary, size, comes, condition
        )
        DATASETS.add(of)
        return load

    return register


def modality(entry: Modality) -> Modality:
    MODALITIES.add(entry)
    return entry


def metric_group(*, name: str, title: str, figures: str = ""):
    """Decorate measure(subject: vae.metrics.subject.Subject) -> dict; the file is below vae/metrics/."""

    def register(measure):
        METRICS.add(MetricGroup(name, title, measure, figures))
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
