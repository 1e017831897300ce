"""Cached results of models and data sets: switching between tools asks for the same ones again."""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from app.live import background
from app.session.models import digest, engine
from app.session.state import tell
from vae.data import edit_list, edits
from vae.data.binarise import is_grey
from vae.data.principal import Findings
from vae.data.published.store import here, locate
from vae.errors import ZscopeError
from vae.registry import Dataset
from vae.saved import directions
from vae.saved.directions import Named
from vae.studies import attribute as attributes
from vae.studies import copies
from vae.studies import posterior as posteriors
from vae.studies import similarity as similarities
from vae.studies.attribute import Attribute
from vae.studies.copies import Training
from vae.studies.point import Point
from vae.studies.posterior import Posterior
from vae.studies.similarity import Similarity
from vae.text import _, language
from vae.training import presets


def training(opened) -> Training | Future | None:
    """The training samples to search for copies, see vae.studies.copies.training, or the job that reads them."""
    job = background.once(("training", opened.name, digest(opened)), copies.training, opened)
    return job.result() if job.done() else job


def posterior(opened, point: Point, name: str, y: int | None, seed: int) -> Posterior:
    """vae.studies.posterior.posterior, cached."""
    return _posterior(opened.name, digest(opened), point, name, y, seed=seed)


@st.cache_data(show_spinner=False, max_entries=32)
def _posterior(model: str, weights: str, point: Point, name: str, y: int | None, *, seed: int) -> Posterior:
    return posteriors.posterior(engine(model), point, name, y, seed)


def sample_of(opened, point: Point, name: str, y: int | None) -> np.ndarray:
    """The sample at a point, or what is decoded there, as a picture, uint8 (c, h, w)."""
    x = posteriors.sample_of(opened, point, name, y)[0]
    return opened.modality.pictures(x)[0]


def attribute(opened, a: tuple[int, ...], b: tuple[int, ...], method: str) -> Attribute:
    """vae.studies.attribute.attribute of two groups of rows, cached, with its shifts along the saved directions."""
    with st.spinner(_("Comparing the groups ..."), show_time=True):  # appears only if it takes a while
        return _attribute(opened.name, digest(opened), a, b, method, named=named(opened))


@st.cache_data(show_spinner=False, max_entries=32)
def _attribute(model: str, weights: str, a: tuple, b: tuple, method: str, *, named: tuple[Named, ...]) -> Attribute:
    return attributes.attribute(engine(model), a, b, method, named)


def named(opened) -> tuple[Named, ...]:
    """The saved directions of a model, the newest first; shows a message if their file cannot be read."""
    try:
        return directions.load(opened.card)[::-1]
    except ZscopeError as error:
        tell(str(error))
        return ()


class Shown(NamedTuple):
    """Samples to reconstruct: x (n, *shape), their labels y (n,) and conditions c (n, *condition), None if there are
    none, and a noun phrase for their source."""

    x: np.ndarray
    y: np.ndarray | None
    c: np.ndarray | None
    source: str

    def given(self, opened) -> dict[str, np.ndarray | None]:
        """The labels or conditions that a model takes, as arguments of `Engine.encode` and `Engine.decode`."""
        return {opened.condition_name: self.c if opened.conditioned else self.y}


def samples(opened, n: int) -> Shown:
    """n samples to reconstruct with a model."""
    card = opened.card
    found = test_samples(card["dataset"], card.get("data_origin", ""), n) if here(card) else None
    if found is not None:
        return Shown(*found, _("samples of the test set, which the model has never seen"))
    atlas = opened.atlas
    rows = np.linspace(0, atlas.n_thumbnails - 1, n).astype(int)
    y = None if atlas.labels is None else atlas.labels[rows].astype(np.int64)
    c = None if atlas.conditions is None else atlas.conditions[rows]
    if opened.modality.thumbnail_is_sample:
        thumbnails = atlas.thumbnails(rows, opened.shape[0])
        return Shown(thumbnails, y, c, _("thumbnails of training samples (the data set is not on this machine)"))
    decoded = opened.decode(atlas.z[rows], **{opened.condition_name: c if opened.conditioned else y})
    return Shown(decoded, y, c, _("reconstructed training samples (the data set is not on this machine)"))


def similarity(a, b, n: int) -> Similarity | None:
    """vae.studies.similarity.between of n test samples, cached; None where the data set is not on this machine."""
    if not here(a.card):
        return None
    with st.spinner(_("Comparing the codes ..."), show_time=True):
        return _similarity(a.name, digest(a), b.name, digest(b), n)


@st.cache_data(show_spinner=False, max_entries=32)
def _similarity(a: str, weights_a: str, b: str, weights_b: str, n: int) -> Similarity | None:
    one, two = engine(a), engine(b)
    found = test_samples(one.card["dataset"], one.card.get("data_origin", ""), n)
    shown = Shown(*found, "")
    return similarities.between(one, two, shown.x, shown.given(one), shown.given(two))


@st.cache_data(show_spinner=False, max_entries=8)
def test_samples(dataset: str, origin: str, n: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """n test samples with the classes in turn, (n, *shape), with their labels (n,) and conditions (n, *condition) if
    there are any. origin: of the data set, as your data may be replaced under the same name."""
    samples = vae.list_datasets()[dataset].load()
    chosen = np.arange(min(n, len(samples.x_test)))
    if samples.y_test is not None:
        rank = np.zeros(len(samples.y_test), int)  # 0 for the first sample of each class, 1 for the second ...
        for label in np.unique(samples.y_test):
            rank[samples.y_test == label] = np.arange((samples.y_test == label).sum())
        chosen = np.lexsort((samples.y_test, rank))[:n]
    y, c = (None if values is None else values[chosen] for values in (samples.y_test, samples.c_test))
    return samples.x_test[chosen], y, c


@st.cache_data(show_spinner=False, max_entries=32)
def grey(dataset: str) -> bool:
    """Whether the samples of a data set that is on this machine have values between black and white."""
    return locate(dataset) is not None and is_grey(vae.list_datasets()[dataset].load().x_train)


def suited(data: Dataset, edited: bool = True) -> Findings | None:
    """What suits the pictures of a data set, cached; None for other data, or if it would have to be downloaded.
    edited: with the edits of its training split. Raises: as `presets.trained_on`."""
    return _suited(data.name, data.origin, _digest(data.name, edited))


@st.cache_data(show_spinner=False, max_entries=32)
def _suited(dataset: str, origin: str, digest: str) -> Findings | None:
    if locate(dataset) is None:
        return None
    data = vae.list_datasets()[dataset]
    return presets.suited(data, presets.trained_on(data, edited=bool(digest)).x_train)


class TrainingSplit(NamedTuple):
    """n: training samples. emptied: a sentence on the classes of which none is left; "" if there are some of each."""

    n: int
    emptied: str


def training_split(data: Dataset, edited: bool = True) -> TrainingSplit | None:
    """The training split of a data set, cached; None if it would have to be downloaded. edited: with its edits.
    Raises: as `presets.trained_on`."""
    return _training_split(data.name, data.origin, _digest(data.name, edited), language())


@st.cache_data(show_spinner=False, max_entries=32)
def _training_split(dataset: str, origin: str, digest: str, spoken: str) -> TrainingSplit | None:
    if locate(dataset) is None:
        return None
    data, found = vae.list_datasets()[dataset], edit_list.edits_of(dataset)
    samples = presets.trained_on(data, edited=bool(digest))
    emptied = edits.emptied(samples, found.classes(data.classes)) if digest else ""
    return TrainingSplit(len(samples.x_train), emptied)


def _digest(dataset: str, edited: bool) -> str:
    """Of the edits of a data set; "" without any, or if it is not to be edited."""
    found = edit_list.edits_of(dataset) if edited else edits.NO_EDITS
    return found.card()["digest"] if found else ""
