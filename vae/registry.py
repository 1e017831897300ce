"""Families, data sets, modalities and metric groups by name. A file put into the right folder registers its entry."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from .errors import SettingError, UnknownName
from .text import N_, _
from .types import NO_VARIABLES, Artifact, Condition, Samples, Variables

IMPORTED, IMPORTED_TRAITS = "imported", frozenset({"imported", "deterministic"})  # a user's decoder
ATTACHED = "attached"  # a user's model that stays in the program that holds it, see vae.attached

LAYOUTS = {  # how the values of one sample lie, and the dimensions of its shape
    "vector": 1,  # (m,): values without an order
    "line": 2,  # (c, t): channels along one axis
    "grid": 3,  # (c, h, w): channels on a plane
    "tokens": 1,  # (t,): symbols, one after the other
    "set": 2,  # (n, k): things without an order, each of k values
}
BY_HAND = ("", "canvas", "curve")  # how users draw a sample: not at all, with a brush, as a curve per channel
TRAITS = {  # of families: what other code needs to know about their models
    "adversarial": N_("trained against an adversary"),
    "attached": N_("stays in the program that holds it"),
    "chains": N_("samples its prior by Markov chains"),
    "conditional": N_("given labels or other conditions of the samples"),
    "deterministic": N_("encodes a sample as a point"),
    "discrete": N_("has a code of discrete symbols"),
    "energy": N_("has an energy, from which log p(x) follows up to a constant"),
    "hierarchical": N_("has several levels of latents"),
    "implicit": N_("trained adversarially, without a likelihood"),
    "imported": N_("a decoder without an encoder"),
    "labels_only": N_("given labels and no other condition"),
    "semi_supervised": N_("trained with few labels"),
    "sequential": N_("generates a sample step by step"),
}
KINDS = (  # of families, in the order in which lists show them
    N_("plain"),
    N_("variational"),
    N_("disentangling"),
    N_("matched to a prior"),
    N_("conditional"),
    N_("discrete"),
    N_("hierarchical"),
    N_("adversarial"),
    N_("energy-based"),
    N_("sequential"),
)

AS_IN_THE_PAPER = N_("The loss is that of the paper.")
OF_ALL_FAMILIES = N_(
    "In every family, nets, likelihood (by default a Gaussian with a learned sigma) and optimiser (Adam without weight "
    "decay, gradients clipped to a norm of 10) are zscope's own and not those of the paper."
)


@dataclass(frozen=True)
class Family:
    """One model family. build(spec, h) -> (model, objective).

    kind: one of KINDS, under which it is listed. traits: what other code needs to know about it.
    idea: three sentences for a student: what is different, why, and what it costs. formula: the loss in LaTeX, each
    term in a macro of its kind, so that it has the same colour everywhere: \\D{distortion}, \\R{rate} and \\O{other};
    other: the name of that third kind of term, such as "commitment". summary: one line for the documents.
    departures: where it differs from the paper on purpose, a sentence each, beyond OF_ALL_FAMILIES; (): nowhere; None:
    nobody has compared them.
    """

    name: str
    title: str
    paper: str
    Hparams: type
    build: Callable[[Any, Any], tuple[Any, Any]]
    traits: frozenset[str] = frozenset()
    idea: str = ""
    formula: str = ""
    layouts: tuple[str, ...] = ()  # of the samples that it models, from LAYOUTS; (): any
    kind: str = "variational"
    summary: str = ""
    other: str = ""
    departures: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _known(_("kind of family {name}", name=self.name), [self.kind], KINDS)
        _known(_("trait of family {name}", name=self.name), self.traits, TRAITS)
        _known(_("layout of family {name}", name=self.name), self.layouts, LAYOUTS)

    def fits(self, modality: str) -> bool:
        """True if it models samples of that modality. Raises: UnknownName: there is no such modality."""
        return not self.layouts or MODALITIES.get(modality).layout in self.layouts

    def check(self, modality: str) -> None:
        """Raises: SettingError: the family does not model samples of that modality. UnknownName: no such modality."""
        if not self.fits(modality):
            fitting = ", ".join(d.name for d in datasets().values() if self.fits(d.modality))
            problem = _(
                "{family} models samples of layout {layouts}, not {modality}, whose layout is {layout}.",
                family=self.name,
                layouts=", ".join(self.layouts),
                modality=modality,
                layout=MODALITIES.get(modality).layout,
            )
            hint = _("Data sets that fit: {names}.", names=fitting) if fitting else _("No data set fits.")
            raise SettingError(f"{problem} {hint}")


@dataclass(frozen=True)
class Dataset:
    """One data set. load() -> Samples; may download, so it is never called on import. folder: that of a user's data.

    For the documents: summary, one line; size, training / test samples; comes, how its files are obtained.
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
    condition: Condition | None = None  # of its samples, besides labels
    variables: Variables = NO_VARIABLES


@dataclass(frozen=True)
class Modality:
    """How one kind of sample is laid out, modelled, shown, read and written. Pure NumPy.

    layout: one of LAYOUTS; it decides which families and nets fit. bounded: values are in 0-1 and may be given as uint8
    0-255; otherwise they are any real numbers, standardised. pictures: samples (b, *shape) -> uint8 (b, c, h, w) of
    picture_shape(shape), c 1 or 3, which every page and file shows. thumbnail_is_sample: that picture is the sample
    itself, not a drawing of it. charts: pictures may be stretched. by_hand: how users draw a sample, from BY_HAND.
    has_variables: its values, or channels, may have names and units; artifacts, to_bytes and from_bytes then take the
    `variables` of the data set, and give values in their units.

    artifacts: one sample -> its presentations, the first of which the pages show. to_bytes: one sample -> (MIME type,
    bytes) of a file whose name ends in `suffix`. from_bytes: the sample of such a file, of the given shape (None: any);
    raises SettingError or ShapeError. None: such files are not read.

    looks: a user's array (n, ...) -> how well it fits this modality, 0 not at all; "auto" chooses the highest.
    from_array: such an array, and a list to which notes on changes are appended -> samples (n, *shape), not yet
    standardised; raises SettingError. decoder_dims: number of dimensions of one sample of an imported decoder, from
    which its modality is recognised; 0: never.

    plural, measured: nouns, as in "12 pictures" of "28x28 pixels". quick: settings of the quick preset, for families
    that have them. summary: one line for the documents.
    """

    name: str
    layout: str
    likelihood: str
    example_shape: Callable[[], tuple[int, ...]]
    bounded: bool
    pictures: Callable[[Any], Any]
    picture_shape: Callable[[tuple[int, ...]], tuple[int, int, int]]
    artifacts: Callable[..., tuple[Artifact, ...]]
    to_bytes: Callable[..., tuple[str, bytes]]
    suffix: str
    from_bytes: Callable[..., Any] | None = None
    looks: Callable[[Any], int] = lambda x: 0
    from_array: Callable[[Any, list[str]], Any] | None = None
    decoder_dims: int = 0
    plural: str = "samples"
    measured: str = "values"
    quick: Mapping[str, Any] = field(default_factory=dict)
    thumbnail_is_sample: bool = False
    charts: bool = False
    has_variables: bool = False
    by_hand: str = ""
    summary: str = ""

    def with_variables(self, variables: Variables | None) -> Modality:
        """The same for samples with these variables: presentations and files have their names and units."""
        if variables is None:
            return self
        return replace(
            self,
            artifacts=partial(self.artifacts, variables=variables),
            to_bytes=partial(self.to_bytes, variables=variables),
            from_bytes=None if self.from_bytes is None else partial(self.from_bytes, variables=variables),
        )

    def __post_init__(self) -> None:
        _known(_("layout of modality {name}", name=self.name), [self.layout], LAYOUTS)
        _known(_("by_hand of modality {name}", name=self.name), [self.by_hand], BY_HAND)
        given, expected = len(self.example_shape()), LAYOUTS[self.layout]
        if given != expected:
            raise ValueError(f"modality {self.name}: a {self.layout} has {expected} dimensions, not {given}.")


@dataclass(frozen=True)
class MetricGroup:
    """Metrics that are measured together. measure(subject) -> {name: Estimate, or a number with its unit in the name}.

    Raises: NotMeasurable: they are not defined for the model or its data. figures: which they are, for the documents.
    terms: metric -> the heading of docs/terms.md that explains it.
    """

    name: str
    title: str
    measure: Callable[[Any], dict[str, Any]]
    figures: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)


def _known(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Raises: ValueError: a name that is not known, when the entry is registered."""
    for name in given:
        if name not in known:
            raise ValueError(str(UnknownName(what, name, known)))


class Registry:
    """Names -> entries of one package folder, which is imported on first use.

    what: a noun for error messages. also: returns entries that may change while the process runs; an entry of the
    package takes precedence over one of the same name.
    """

    def __init__(self, what: str, package: str, also: Callable[[], dict[str, Any]] = dict):
        self.what, self.package, self.also = what, package, also
        self._entries: dict[str, Any] = {}

    def add(self, entry: Any) -> None:
        if entry.name in self._entries:
            raise ValueError(f"{self.what} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry

    def all(self) -> dict[str, Any]:
        built_in = self.built_in()  # first, because importing the package may set `also`
        also = self.also()
        return dict(sorted({**also, **built_in}.items())) if also else built_in

    @cache  # noqa: B019  registries live as long as the process
    def built_in(self) -> dict[str, Any]:
        """The entries of the package alone."""
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        return dict(sorted(self._entries.items()))

    def get(self, name: str) -> Any:
        """The entry of that name. Raises: UnknownName."""
        entries = self.all()
        if name not in entries:
            raise UnknownName(_(self.what), name, entries)
        return entries[name]


FAMILIES = Registry(N_("family"), "vae.families")
DATASETS = Registry(N_("data set"), "vae.data.sets")
MODALITIES = Registry(N_("modality"), "vae.modalities")
METRICS = Registry(N_("metric group"), "vae.metrics")


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
    other: str = "",
    departures: tuple[str, ...] | None = None,
):
    """Registers the decorated build(spec, h) -> (model, objective). The arguments are those of Family."""

    def register(build):
        has = frozenset(traits)
        entry = Family(
            name, title, paper, hparams, build, has, idea, formula, layouts, kind, summary, other, departures
        )
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
    variables: Variables | None = None,
):
    """Registers the decorated load() -> Samples. Raises: UnknownName: there is no such modality."""
    MODALITIES.get(modality)

    def register(load):
        of = Dataset(
            name, title, modality, shape, classes, licence, origin, cite, load, None, summary, size, comes, condition,
            variables or NO_VARIABLES,
        )  # fmt: skip
        DATASETS.add(of)
        return load

    return register


def modality(entry: Modality) -> Modality:
    MODALITIES.add(entry)
    return entry


def metric_group(*, name: str, title: str, figures: str = "", terms: Mapping[str, str] | None = None):
    """Registers the decorated measure(subject: vae.metrics.subject.Subject) -> dict. See MetricGroup."""

    def register(measure):
        METRICS.add(MetricGroup(name, title, measure, figures, terms or {}))
        return measure

    return register


def traits(card: Mapping[str, Any]) -> frozenset[str]:
    """The traits of a checkpoint's model, from its card; none if its family is not registered."""
    name = card.get("family")
    known = FAMILIES.all()
    if name == ATTACHED:
        return frozenset({"attached"}) | (frozenset() if card["hparams"].get("encodes") else IMPORTED_TRAITS)
    return IMPORTED_TRAITS if name == IMPORTED else known[name].traits if name in known else frozenset()


def about(family: str, dataset: str) -> str:
    """A caption, "beta-VAE on digits"; a family that is not registered is shown by its name."""
    known = FAMILIES.all().get(family)
    return _("{family} on {dataset}", family=_(known.title) if known else family, dataset=dataset)


def families() -> dict[str, Family]:
    return FAMILIES.all()


def datasets() -> dict[str, Dataset]:
    return DATASETS.all()


def modalities() -> dict[str, Modality]:
    return MODALITIES.all()


def metric_groups() -> dict[str, MetricGroup]:
    return METRICS.all()


def term_of(metric: str) -> str:
    """The heading of docs/terms.md that explains a metric, such as "rate" for rate_nats; "" if none does."""
    return next((group.terms[metric] for group in metric_groups().values() if metric in group.terms), "")
