"""Runs a model on its device: NumPy in and out, one thread, bounded batches, no gradients; shared by all sessions."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..atlas import atlas as atlases
from ..atlas import consistency
from ..data.binarise import binarised
from ..data.card_variables import of_card
from ..errors import SettingError, ShapeError
from ..latent.paths import along
from ..latent.residual import with_residual
from ..latent.rows import rows
from ..losses.model import Model
from ..metrics.active import active_dimensions
from ..models.conditions import one_hot
from ..models.tensors import seeded, to_float
from ..registry import MODALITIES, traits
from ..sampling.draw import draw
from ..saved import checkpoint
from ..saved.checkpoint import RESUME, Checkpoint
from ..saved.restoring import restore
from ..text import N_, _
from .device import choose_device
from .validation import FARTHEST_LATENT, check_conditions, check_labels, check_rates, check_samples

BATCH = 256


class Engine:
    """A trained model with its atlas. See `vae.load`."""

    def __init__(self, saved: Checkpoint, device: str | None = None):
        self._device = choose_device(device)
        self.card: dict[str, Any] = saved.config
        self.name: str = saved.config["name"]
        self.history = saved.history()
        self.path = saved.path
        self._files = saved.files
        self._model, _objective = restore(saved, self._device)
        self._model.eval()
        self.d: int = self._model.d
        check_rates(saved.config, self.d)
        self.shape: tuple[int, ...] = tuple(saved.config["spec"]["shape"])
        self.has_prior: bool = self._model.has_prior
        self.levels: tuple[int, ...] = self._model.levels
        self.traits = traits(saved.config)
        self.can_encode = "imported" not in self.traits
        self.condition: tuple[int, ...] = self._model.condition  # shape of a condition; () for none
        self.conditioned = bool(saved.config["spec"].get("condition"))  # takes conditions of the data, not labels
        self.conditional = "conditional" in self.traits and not self.conditioned  # takes labels
        self.condition_name = "c" if self.conditioned else "y"  # the argument of encode and decode that takes either
        self.binarisation = saved.config.get("binarisation")
        self.device = self._device.type
        self.variables = of_card(saved.config)  # of the values or channels of a sample; None of pictures
        self.modality = MODALITIES.get(saved.config["spec"]["modality"]).with_variables(self.variables)
        self.picture_shape: tuple[int, int, int] = self.modality.picture_shape(self.shape)
        self._atlas_lock = threading.Lock()
        self._thread_id: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{self.name}", initializer=self._begin)

    @functools.cached_property
    def _atlas(self) -> atlases.Atlas:
        n_classes, condition = self.card["spec"]["n_classes"], self.condition if self.conditioned else ()
        atlas = atlases.load(
            self._files,
            tuple(self.card["classes"]),
            self.name,
            "discrete" in self.traits,
            d=self.d,
            rows_max=self.card["spec"]["n_data"],
            condition=self.condition,
        )
        return consistency.check(atlas, self.name, d=self.d, n_classes=n_classes, condition=condition)

    @property
    def model(self) -> Model:
        """The model in eval mode on its device, for measurements beyond NumPy. It bypasses the engine's thread: use it
        only while no other session uses the engine."""
        return self._model

    @property
    def atlas(self) -> atlases.Atlas:
        """The reference set and its map. Raises: CheckpointError: there is no map yet, or it is damaged."""
        with self._atlas_lock:
            return self._atlas

    @functools.cached_property
    def active(self) -> np.ndarray:
        """Which latent dimensions the model uses, (d,) bool, by the latents of the reference set and the rates on the
        card; see `active_dimensions`. Raises: what `atlas` raises."""
        rates = (self.card.get("metrics") or {}).get("rate_per_dim_nats")
        return active_dimensions(self.atlas.z, rates, prior=self.has_prior)

    def submit(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Run one of the methods below, or a function of your own, on the engine's own thread."""
        named = f"_{method}" if isinstance(method, str) and hasattr(self, f"_{method}") else method
        return self._thread.submit(getattr(self, named) if isinstance(named, str) else named, *args, **kwargs)

    def _run(self, method: str, *args: Any) -> Any:
        """submit(...).result(); on the engine's own thread, where waiting would deadlock, a direct call."""
        on_it = threading.get_ident() == self._thread_id
        return getattr(self, f"_{method}")(*args) if on_it else self.submit(method, *args).result()

    def _begin(self) -> None:
        self._thread_id = threading.get_ident()
        torch.set_num_threads(1)  # a second one causes spikes of 40-90 ms under load, with no gain at batch size 1

    def seen(self, x: ArrayLike) -> np.ndarray:
        """Samples (b, *shape) as the model is evaluated on them: uint8 or float32, and, if it was trained on binary
        pixels, a fixed draw of grey ones; see `vae.data.binarise`. Raises: ShapeError."""
        x = check_samples(x, self.shape, self.modality.bounded)
        return x if self.binarisation is None else binarised(x, self.binarisation["seed"])

    # -------------------------------------------------------- on the device, on the engine's thread

    def encode(
        self, x: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation, (b, d) float32 each; x: (b, *shape), pictures (b, c, h, w) uint8 0-255
        or float 0-1, series (b, c, t) float.

        y: (b,) labels, one for all, or None if unknown; only models that take labels use it. c: conditions
        (b, *condition), or one for all, in place of labels, for models that take conditions. Deterministic.

        Raises: ShapeError. SettingError: an imported decoder, which has no encoder; c for a model without conditions,
        or together with y.
        """
        if not self.can_encode:
            raise SettingError(
                _("{model} was imported as a decoder with its latents and has no encoder.", model=self.name)
            )
        return self._run("encode", x, y, c)

    def decode(self, z: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """E[x|z] or E[x|z, c], (b, *shape) float32, in 0-1 for pictures; z: (b, d), finite; y, c as in encode.

        Raises: ShapeError, SettingError.
        """
        return self._run("decode", z, y, c)

    def decode_uint8(self, z: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """`decode` as pictures, uint8 (b, c, h, w) of `picture_shape`; a series as a line chart."""
        return self._run("decode_uint8", z, y, c)

    def redraw(self, z: ArrayLike, held: int, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
        """n latents (n, d) with the first `held` levels of z (1, d) and new lower levels, for a hierarchical model.

        Raises: SettingError: another kind of model, or fewer levels.
        """
        return self._run("redraw", z, held, n, seed, temperature)

    def posterior(
        self, x: ArrayLike, n: int, seed: int = 0, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None
    ) -> np.ndarray:
        """n draws (n, d) from q(z|x) of one sample x (1, *shape), whatever the form of the posterior.

        x, y, c as in encode. Raises: ShapeError. SettingError: n < 1, or the posterior is a point, see `has_width`.
        """
        return self._run("posterior", x, n, seed, y, c)

    @functools.cached_property
    def has_width(self) -> bool:
        """Whether q(z|x) is more than a point; it is a point for plain autoencoders and codebooks."""
        return bool(self.atlas.std.any())

    @property
    def n_codes(self) -> int:
        """Size of the codebook of a discrete model; 0 for other models."""
        return len(self._model.codebook()) if "discrete" in self.traits else 0

    def codes(self, z: ArrayLike) -> np.ndarray:
        """Indices of the codes that latents (b, d) are quantised to, (b, h, w) int, for a discrete model.

        Raises: SettingError: another kind of model.
        """
        return self._run("codes", z)

    def _encode(
        self, x: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        x = self.seen(x)
        given = self._conditions_of(y, c, len(x))
        mus, stds = [], []
        with torch.inference_mode():
            for i in range(0, len(x), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(x[i : i + BATCH])).to(self._device)
                q = self._model.infer(to_float(batch), None if given is None else given[i : i + BATCH])
                mus.append(q.mu.float().cpu().numpy())
                stds.append(q.std.float().cpu().numpy())
        return np.concatenate(mus), np.concatenate(stds)

    def _decode(self, z: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None) -> np.ndarray:
        z = self._check_latents(z)
        given = self._conditions_of(y, c, len(z))
        out = []
        with torch.inference_mode():
            for i in range(0, len(z), BATCH):
                batch = torch.from_numpy(z[i : i + BATCH].clip(-FARTHEST_LATENT, FARTHEST_LATENT)).to(self._device)
                x = self._model.decode(batch, None if given is None else given[i : i + BATCH])
                out.append((x.clamp(0, 1) if self.modality.bounded else x).float().cpu().numpy())
        return np.concatenate(out)

    def _decode_uint8(self, z: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None) -> np.ndarray:
        return self.modality.pictures(self._decode(z, y, c))

    def _sample_prior(self, n: int, seed: int, temperature: float, given: torch.Tensor | None) -> np.ndarray:
        with torch.inference_mode():
            z = self._model.sample_prior(n, torch.Generator().manual_seed(seed), temperature, given)
        return z.float().cpu().numpy()

    def _redraw(self, z: ArrayLike, held: int, n: int, seed: int, temperature: float) -> np.ndarray:
        if "hierarchical" not in self.traits:
            raise SettingError(
                _("{model} has one level, so there is none to resample; sample() draws all of z.", model=self.name)
            )
        start = torch.from_numpy(self._check_latents(z)).to(self._device).expand(n, -1)
        with torch.inference_mode():
            out = self._model.redraw(start, held, torch.Generator().manual_seed(seed), temperature)
        return out.float().cpu().numpy()

    def _posterior(self, x: ArrayLike, n: int, seed: int, y: ArrayLike | int | None, c: ArrayLike | None) -> np.ndarray:
        if n < 1:
            raise SettingError(_("n={n}: expected at least 1 draw.", n=n))
        if not self.has_width:
            raise SettingError(
                _("{model} encodes a sample as one point, so there is no posterior to draw from.", model=self.name)
            )
        x = self.seen(x)
        if len(x) != 1:
            raise ShapeError(
                _("expected one sample, (1, {shape}), got {n}.", shape=", ".join(map(str, self.shape)), n=len(x))
            )
        with torch.inference_mode(), seeded(seed, self._device):
            batch = to_float(torch.from_numpy(np.ascontiguousarray(x)).to(self._device))
            z = self._model.resample(self._model.infer(batch, self._conditions_of(y, c, 1)), n).z
        return z.float().cpu().numpy()

    def _codes(self, z: ArrayLike) -> np.ndarray:
        if "discrete" not in self.traits:
            raise SettingError(_("{model} has no codebook: its latents are continuous.", model=self.name))
        with torch.inference_mode():
            return self._model.codes(torch.from_numpy(self._check_latents(z)).to(self._device)).cpu().numpy()

    def _conditions_of(self, y: ArrayLike | int | None, c: ArrayLike | None, n: int) -> torch.Tensor | None:
        """The conditions of n samples, (n, *condition): labels y as one-hot rows, or c itself."""
        if c is not None and not self.condition:
            raise SettingError(_("{model} takes no conditions: got c, expected none.", model=self.name))
        if c is not None and y is not None:
            raise SettingError(_("got both labels y and conditions c: expected one of them."))
        if c is not None:
            return check_conditions(c, n, self.condition).to(self._device)
        if y is None or not self.conditional:
            return None
        return one_hot(check_labels(y, n, self.card["spec"]["n_classes"]), self.condition[0]).to(self._device)

    def _check_latents(self, z: ArrayLike) -> np.ndarray:
        z = rows(z, self.d, "latents")
        if not len(z):
            raise ShapeError(_("latents: got none, expected (b, {d}) with b of at least 1.", d=self.d))
        return z

    # -------------------------------------------------------- in NumPy, on any thread

    def map_view(self) -> np.ndarray | None:
        """(d, m) if the map shows z @ map_view(), None if it shows z itself."""
        view = self._model.map_view()
        return None if view is None else view.cpu().numpy()

    def sample(
        self,
        n: int,
        seed: int = 0,
        temperature: float = 1.0,
        source: str = "prior",
        y: ArrayLike | int | None = None,
        *,
        c: ArrayLike | None = None,
    ) -> np.ndarray:
        """n latents (n, d) from "prior" (given labels y or conditions c, if the model's prior depends on them),
        "aggregate" or "mixture"; see `sampling.draw`. To get samples, decode them with the same y or c."""
        atlas = None if source == "prior" else self.atlas

        def prior(n: int, seed: int, temperature: float) -> np.ndarray:
            return self._run("sample_prior", n, seed, temperature, self._conditions_of(y, c, n))

        return draw(n, seed=seed, temperature=temperature, source=source, prior=prior, atlas=atlas)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that `sample` can draw from, the model's prior first."""
        wide, mixed = self.atlas.std.any() or "discrete" in self.traits, "discrete" not in self.traits
        return ("prior",) * self.has_prior + ("aggregate",) * bool(wide) + ("mixture",) * mixed

    def labels_at(self, z: np.ndarray) -> np.ndarray | None:
        """The default labels for latents of a conditional model, (b,) int64: those of the nearest reference samples.
        None for a model without labels."""
        return self.atlas.labels_at(z) if self.conditional else None

    def condition_at(self, z: np.ndarray, label: int | None = None) -> np.ndarray | None:
        """The conditions that latents (b, d) are decoded with, (b, *condition) float32: those of the given label, else
        those of the nearest reference samples. None for a model without conditions. Raises: ShapeError."""
        if not self.conditional:
            return self.atlas.conditions_at(z) if self.condition else None
        y = self.atlas.labels_at(z) if label is None else label
        return None if y is None else one_hot(check_labels(y, len(z), self.condition[0]), self.condition[0]).numpy()

    def interpolate(self, waypoints: ArrayLike, n: int = 64, method: str = "linear") -> np.ndarray:
        """n latents (n, d) of the path through waypoints (w, d): linear, slerp or geodesic; see `latent.paths.along`.

        Raises: ShapeError, SettingError: n < 2. UnknownName: method.
        """
        if int(n) != n or n < 2:
            raise SettingError(_("n={n}: expected an integer of at least 2, the number of points on the path.", n=n))
        geodesics = self.atlas.geodesics if method == "geodesic" else None
        return along(rows(waypoints, self.d, "waypoints"), np.linspace(0.0, 1.0, int(n)), method, geodesics)

    walk = interpolate  # its former name

    def to_map(self, z: ArrayLike) -> np.ndarray:
        """Latents (b, d) to map positions (b, 2) float32."""
        return self.atlas.projector.to_map(self._check_latents(z))

    def trust(self, z: np.ndarray, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """How close each latent returns when its sample is encoded again, (b,) in 0-1; see `Projector.returned`.

        This measures, by one decode and one encode, what `from_map` estimates. Raises: ShapeError.
        """
        if not self.can_encode:  # without an encoder, trust is the density of reference latents
            return self.atlas.projector.trust(self.to_map(z))
        return self.atlas.projector.returned(z, self.encode(self.decode(z, y, c=c), y, c=c)[0])

    def from_map(self, xy: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Map positions (b, 2) to latents (b, d) float32, and trust (b,) in 0-1, higher is better."""
        return self.atlas.projector.from_map(rows(xy, 2, _("map positions")))

    def with_residual(self, xy: ArrayLike, held: ArrayLike, share: float = 1.0) -> np.ndarray:
        """Latents (b, d) float32 at map positions (b, 2) with a share, 0-1, of what the map cannot say of a held latent
        (d): at 0 those of `from_map`, at 1 with the whole residual. See `latent.residual.with_residual`.

        They may lie elsewhere on the map than at xy: ask `to_map`; and `trust` for whether the model knows them.
        Raises: ShapeError, SettingError.
        """
        held = rows(np.asarray(held).reshape(1, -1), self.d, N_("held latent"))
        own = self.atlas.projector.from_map
        return with_residual(lambda at: own(at)[0], xy, held[0], self.to_map(held)[0], share)


def load(name: str, device: str | None = None) -> Engine:
    """A checkpoint by name (or path), verified, on its device. Raises: UnknownName, CheckpointError, DeviceError."""
    return Engine(checkpoint.read(checkpoint.find(name), skip=(RESUME,)), device)
