"""What the user gave to `vae.explore`, and the map made of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..atlas.atlas import Atlas
from ..atlas.building import N_REFERENCE, of_latents
from ..data.metadata import Columns, column
from ..errors import SettingError, ShapeError
from ..text import _
from .adapters.adapted import Adapted
from .callables import BATCH, Classify, Decode, Encode, Function, nearest
from .samples import SOME, Layout, as_numpy
from .threads import as_given, quicker
from .worker import Model

WIDTHS = ("latent_dim", "z_dim", "latent_size", "n_latent", "d")  # what modules call the size of their latents
SEVERAL, MANY = 16, 256  # samples, by which it is found on how many threads to encode as many
DRAWN = 2000  # latents of a standard normal, where there are no samples

Decoded = Callable[[np.ndarray], np.ndarray]


class Given:
    """What the user gave, and the map made of it."""

    def __init__(
        self,
        *,
        encode: Any,
        decode: Any,
        x: Any,
        z: Any,
        model: Any,
        labels: Any,
        metadata: Any,
        classify: Any = None,
        adapted: Adapted | None = None,
    ):
        like = z if z is not None else x
        batch = BATCH if adapted is None else adapted.batch
        self.encode = None if encode is None else Encode(Function(encode, "encode", x, batch=batch))
        self.decode = None if decode is None else Function(decode, "decode", like, batch=batch)
        self.classify = None if classify is None else Classify(Function(classify, "classify", like))
        self.adapted = adapted
        self._layout: Layout | None = None  # in which an adapted model takes x
        self.x, self.z = None if x is None else as_numpy(x, "x"), None if z is None else as_numpy(z, "z")
        if self.z is None and self.encode is None and self.x is not None:
            raise SettingError(_("x has no latents: give encode= or z=."))
        if self.z is None and self.x is None:
            self.z = _drawn(model) if adapted is None else _of_prior(adapted)
        self.n = len(self.z if self.z is not None else self.x)  # type: ignore[arg-type]  # one of them is there
        for what, array in (("x", self.x), ("z", self.z)):
            if array is not None and (array.ndim < 2 or len(array) != self.n or self.n < 2):
                raise ShapeError(
                    _(
                        "{what} of shape {given}: expected ({n}, ...), n at least 2.",
                        what=what,
                        given=array.shape,
                        n=self.n,
                    )
                )
        self.labels, self.classes = _labels(labels, self.n)
        self.metadata = _metadata(metadata, self.n)
        self.rows = np.sort(np.random.default_rng(0).permutation(self.n)[:N_REFERENCE])

    def mapped(self, shape: Any, span: Any) -> tuple[Model, Atlas]:
        """The model, and the map of at most N_REFERENCE of the samples."""
        rows, x = self.rows, None if self.x is None else self.x[self.rows]
        if self.adapted is not None and self.adapted.held:
            x, shape, span = self._held(x, shape, span)
        if self.z is not None:
            z, inner = self.z[rows], self.z.shape[1:]
            z = np.asarray(z, np.float32).reshape(len(z), -1)
            std = np.zeros_like(z)
        else:
            assert self.encode is not None
            assert x is not None
            encode, some = self.encode, x[:SEVERAL]
            with (quicker(lambda: encode(some)) if len(x) > MANY else as_given)():
                z, std = encode(x)
            inner = self.encode.shape
        decode = self._decoder(z, inner, x)
        like = None if x is None else Layout.of(x, "x", shape=shape, span=span, report=lambda _decision: None)
        near = (like.low, like.high) if like and like.modality.bounded else None
        made = Layout.of(decode(z[:SOME]), _("decoded samples"), shape=shape, span=span, report=say, near=near)
        seen = made
        if x is not None:
            seen = Layout.of(x, "x", shape=shape, span=span, report=say)
            if seen.shape != made.shape and np.prod(seen.shape) == np.prod(made.shape):
                seen = Layout.of(x, "x", shape=made.shape, span=span, report=say)
            if seen.shape != made.shape:
                raise ShapeError(
                    _(
                        "decode returns samples of shape {given}, x has {expected}.",
                        given=made.shape,
                        expected=seen.shape,
                    )
                )
        model = Model(decode, made, self.encode, seen, self.classify, None if x is None else self._real)
        model.threads = quicker(lambda: model.samples(z[:1]))
        drawn = model.samples(z) if x is None else seen.read(x)
        labels = None if self.labels is None else self.labels[rows]
        columns = {name: values[rows] for name, values in self.metadata.items()}
        atlas = of_latents(
            z,
            labels,
            rows,
            self.classes,
            made.modality.pictures(drawn),
            std=std,
            metadata=columns,
            quick=True,
        )
        return model, atlas

    def _held(self, x: np.ndarray | None, shape: Any, span: Any) -> tuple[np.ndarray | None, Any, Any]:
        """The samples as zscope holds them, with their shape and span then. Raises: ShapeError: others are taken."""
        assert self.adapted is not None
        sample = self.adapted.sample
        if x is None:
            return None, shape or sample, (0.0, 1.0)
        if shape is None and sample is not None and np.prod(sample) == np.prod(x.shape[1:]):
            shape = None if len(sample) == x.ndim - 1 else sample
        self._layout = layout = Layout.of(x, "x", shape=shape, span=span, report=say)
        self.adapted.fits(layout.shape)
        return layout.read(x), layout.shape, (0.0, 1.0)

    def _real(self, rows: np.ndarray) -> np.ndarray:
        """The samples at rows of the map, as `mapped` takes them."""
        assert self.x is not None
        x = self.x[self.rows[rows]]
        return x if self._layout is None else self._layout.read(x)

    def _decoder(self, z: np.ndarray, inner: tuple[int, ...], x: np.ndarray | None) -> Decoded:
        if self.decode is not None:
            return Decode(self.decode, inner)
        if x is None:
            say(_("there is neither x nor decode: the latents themselves are shown"))
            return lambda at: at
        say(_("there is no decode: the nearest sample is shown"))
        return nearest(z, x)


def say(decision: str) -> None:
    print(f"zscope: {decision}", file=sys.stderr)


def _drawn(model: Any) -> np.ndarray:
    d = next((d for name in WIDTHS if isinstance(d := getattr(model, name, None), int) and d > 0), None)
    if d is None:
        raise SettingError(_("neither samples x nor latents z are given: expected one of them."))
    say(_("there are no samples: latents are drawn from a standard normal, d = {d}", d=d))
    return np.random.default_rng(0).standard_normal((DRAWN, d), dtype=np.float32)


def _of_prior(adapted: Adapted) -> np.ndarray:
    if adapted.prior is None:
        raise SettingError(
            _("{title} has no prior to draw latents from: give samples x or latents z.", title=adapted.title)
        )
    say(_("there are no samples: latents are drawn from a standard normal, d = {d}", d=int(np.prod(adapted.prior))))
    return np.random.default_rng(0).standard_normal((DRAWN, *adapted.prior), dtype=np.float32)


def _labels(labels: Any, n: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if labels is None:
        return None, ()
    values = np.asarray(labels.detach().cpu() if hasattr(labels, "detach") else labels)
    if values.shape != (n,):
        raise ShapeError(_("labels of shape {given}: expected ({n},), one for each sample.", given=values.shape, n=n))
    known, codes = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    return codes.astype(np.int64), tuple(map(str, known))


def _metadata(metadata: Any, n: int) -> Columns:
    if metadata is None:
        return {}
    found = {str(name): column(list(np.asarray(metadata[name]).tolist())) for name in metadata}
    for name, values in found.items():
        if len(values) != n:
            raise ShapeError(
                _("metadata {name!r} of shape ({given},): expected ({n},).", name=name, given=len(values), n=n)
            )
    return found
