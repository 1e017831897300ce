"""Building an atlas: choose reference rows, encode them, fit the map, measure trust, draw thumbnails."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from ..data.metadata import MAP_BYTES, Columns, limited, taken
from ..data.validation import numbers
from ..errors import NotMeasurable, ShapeError
from ..latent import trust
from ..latent.compact import rounded, rounded_latents, without_rounding
from ..latent.fit import FittedMap, attraction, principal_layout
from ..latent.neighbours import Index
from ..latent.projector import Projector, fit_map
from ..modalities.image import tile
from ..text import N_, _, number, significant
from ..types import Samples
from .atlas import SHEET_PX, Atlas, between
from .measured import stored

N_REFERENCE = 10_000
QUICK, CLOSE = 0, 6  # WebP's methods: of 10 000 thumbnails .5 and 3 s
LARGEST = 1e30  # of a latent: beyond, squares and sums of float32 overflow


def build(
    samples: Samples,
    classes: tuple[str, ...],
    encode: Callable[[np.ndarray, np.ndarray | None], tuple[np.ndarray, np.ndarray]],
    decode: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    pictures: Callable[[np.ndarray], np.ndarray],
    *,
    n: int = N_REFERENCE,
    seed: int = 0,
    view: np.ndarray | None = None,
    discrete: bool = False,
    measure: Callable[[np.ndarray, np.ndarray | None], dict[str, np.ndarray]] = lambda x, y: {},
    conditioned: bool = False,
    report: Callable[[str], Any] = lambda stage: None,
) -> Atlas:
    """Choose n training rows, encode them, fit the map, measure its trust. Deterministic for a seed. The index has the
    numbers of these rows in the data set.

    Args: encode(x, y), decode(z, y): with labels, for models that take them. pictures(x): samples to uint8 thumbnails
        (n, c, h, w). view (d, m): the map shows z @ view.
        discrete: latents are codes, so no mixture is fitted. measure(x, y): see measured.measure.
        conditioned: all of these get the conditions of the samples in place of labels.
        report(stage): the stage that begins, as a stable name that `_` translates.
    Raises: ShapeError: fewer than 2 rows, or n < 2. NotMeasurable: the model diverged.
    """
    if min(n, len(samples.x_train)) < 2:
        raise ShapeError(_("a map needs at least 2 samples, got {n}.", n=number(min(n, len(samples.x_train)))))
    rows = np.sort(np.random.default_rng(seed).permutation(len(samples.x_train))[:n])
    x = samples.x_train[rows]
    report(N_("encoding"))
    y = None if samples.y_train is None else samples.y_train[rows]
    c = None
    if conditioned:
        assert samples.c_train is not None  # a data set with conditions has them for both splits
        c = _conditions(samples.c_train[rows])
    given = c if conditioned else y
    z, std = encode(x, given)
    diverged = int((~(np.abs(z) <= LARGEST)).any(1).sum())
    if diverged:
        raise NotMeasurable(
            _(
                "the training diverged: {n} of {total} latents exceed {limit} or are not finite.",
                n=number(diverged),
                total=number(len(z)),
                limit=significant(LARGEST),
            )
        )
    z, std = (
        rounded_latents(without_rounding(z, std)),
        rounded(std),
    )  # as stored, so that a rebuilt projector equals a loaded one
    report(N_("laying out the map"))
    fitted = fit_map(z if view is None else z @ view, seed=seed)
    projector = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b, view=view)
    search = Index(projector.seen(z), projector.scale)
    report(N_("measuring trust"))
    projector = with_trust(projector, search, given, encode, decode, seed=seed)
    report(N_("drawing thumbnails"))
    columns, fit = _sheet_of(len(x), pictures(x[:1]).shape[2:])
    thumbnails = pictures(x[:fit])
    return Atlas(
        z=z,
        std=std,
        xy=fitted.xy,
        index=numbers(samples, rows),
        classes=classes,
        projector=projector,
        labels=y,
        stored_mixture=between(z, std, discrete=discrete, seed=seed),
        discrete=discrete,
        thumbnails_webp=_webp(tile(thumbnails, columns)),
        thumb_columns=columns,
        thumb_size=thumbnails.shape[2:],
        search=search,
        measured=stored(measure(x, given), z, std, samples, rows),
        conditions=c,
        metadata=limited(taken(samples.metadata_train, rows), MAP_BYTES)[0],
    )


def with_trust(
    projector: Projector,
    search: Index,
    given: np.ndarray | None,
    encode: Callable[[np.ndarray, np.ndarray | None], tuple[np.ndarray, np.ndarray]],
    decode: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    *,
    seed: int,
) -> Projector:
    """The map with its trust measured. search: its rows; given: what each is told, with which the latents nearest to it
    are decoded and encoded."""

    def decode_given(z: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        nearest = None if given is None else given[search.query(projector.seen(z), 1)[1][:, 0]]
        return decode(z, nearest), nearest

    if projector.equal:  # there is nothing to measure
        return projector
    return projector.with_trust(trust.calibrate(projector, decode_given, lambda pair: encode(*pair)[0], seed=seed))


def of_latents(
    z: np.ndarray,
    labels: np.ndarray | None,
    index: np.ndarray,
    classes: tuple[str, ...],
    thumbnails: np.ndarray,
    *,
    std: np.ndarray | None = None,
    metadata: Columns | None = None,
    quick: bool = False,
) -> Atlas:
    """The map of latents (n, d), with trust by coverage. thumbnails: uint8 (n, c, h, w). std: (n, d) of their
    posteriors, which are points without. metadata: columns (n,) each. quick: lay it out by the principal axes, until
    `laid_out` replaces them; the mixture is fitted when it is first needed, and thumbnails are packed less tightly.

    Raises: ShapeError."""
    std = np.zeros_like(z) if std is None else std
    z, std = rounded_latents(without_rounding(z, std)), rounded(std)
    fitted = FittedMap(principal_layout(z).astype(np.float32), *attraction()) if quick else fit_map(z, seed=0)
    projector = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)
    columns, fit = _sheet_of(len(z), thumbnails.shape[2:])
    return Atlas(
        z=z,
        std=std,
        xy=fitted.xy,
        index=index,
        classes=classes,
        projector=projector,
        labels=labels,
        stored_mixture=None if quick else between(z, std, discrete=False),
        discrete=False,
        thumbnails_webp=_webp(tile(thumbnails[:fit], columns), QUICK if quick else CLOSE),
        thumb_columns=columns,
        thumb_size=thumbnails.shape[2:],
        search=Index(projector.seen(z), projector.scale),
        metadata=limited(metadata or {}, MAP_BYTES)[0],
    )


def laid_out(atlas: Atlas, xy: np.ndarray) -> Atlas:
    """That map with its rows at other positions (n, 2), those of a UMAP. Raises: ShapeError."""
    projector = Projector.build(atlas.z, xy)
    return replace(atlas, xy=projector.xy, projector=projector)


def _webp(sheet: np.ndarray, method: int = CLOSE) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=60, method=method)
    return buffer.getvalue()


def _sheet_of(n: int, size: tuple[int, int]) -> tuple[int, int]:
    """Columns of a nearly square sheet of n pictures (h, w), and how many fit within SHEET_PX per side."""
    columns = min(int(np.ceil(np.sqrt(n))), SHEET_PX // size[1])
    return columns, min(n, columns * (SHEET_PX // size[0]))


def _conditions(c: np.ndarray) -> np.ndarray:
    """Conditions as stored, float32; uint8 0-255 becomes 0-1."""
    return (c.astype(np.float32) / 255).astype(np.float16).astype(np.float32) if c.dtype == np.uint8 else rounded(c)
