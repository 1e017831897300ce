"""Owns the device: numpy in, numpy out, one thread, bounded batches, no gradients. One object serves every session."""

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
from ..errors import SettingError, ShapeError
from ..latent.paths import along
from ..latent.rows import rows
from ..latent.trust import from_coverage
from ..losses.model import Model
from ..models.conditions import one_hot
from ..models.tensors import to_float
from ..registry import MODALITIES, traits
from ..sampling.draw import draw
from ..saved import checkpoint
from ..saved.checkpoint import RESUME, Checkpoint
from ..saved.restoring import restore
from .device import choose_device
from .validation import FARTHEST, check_conditions, check_labels, check_samples

BATCH = 256


class Engine:
    """A trained model with its atlas, ready to be asked. See `vae.load`."""

    def __init__(self, saved: Checkpoint, device: str | None = None):
        self._device = choose_device(device)
        self.card: dict[str, Any] = saved.config
        self.name: str = saved.config["name"]
        self.history = saved.history()
        self.path = saved.path
        self._files = saved.files
        self._model, _ = restore(saved, self._device)
        self._model.eval()
        self.d: int = self._model.d
        self.shape: tuple[int, ...] = tuple(saved.config["spec"]["shape"])
        self.has_prior: bool = self._model.has_prior
        self.levels: tuple[int, ...] = self._model.levels
        self.traits = traits(saved.config)
        self.can_encode = "imported" not in self.traits
        self.condition: tuple[int, ...] = self._model.condition  # shape of what it is told beside a sample; () nothing
        self.conditioned = bool(saved.config["spec"].get("condition"))  # told conditions of the data, and no labels
        self.conditional = "conditional" in self.traits and not self.conditioned  # told labels
        self.device = self._device.type
        self.modality = MODALITIES.get(saved.config["spec"]["modality"])
        self.picture_shape: tuple[int, int, int] = self.modality.picture_shape(self.shape)
        self._atlas_lock = threading.Lock()
        self._thread_id: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{self.name}", initializer=self._begin)

    @functools.cached_property
    def _atlas(self) -> atlases.Atlas:
        return atlases.load(self._files, tuple(self.card.get("classes", ())), self.name, "discrete" in self.traits)

    @property
    def model(self) -> Model:
        """The model itself, in eval mode on its device, for measurements that numpy does not reach; past the engine's
        thread, so only while nobody else asks it."""
        return self._model

    @property
    def atlas(self) -> atlases.Atlas:
        """The reference set and its map. Raises: CheckpointError: there is none yet."""
        with self._atlas_lock:
            return self._atlas

    def submit(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Run one of the methods below, or a function of your own, on the engine's own thread."""
        named = f"_{method}" if isinstance(method, str) and hasattr(self, f"_{method}") else method
        return self._thread.submit(getattr(self, named) if isinstance(named, str) else named, *args, **kwargs)

    def _run(self, method: str, *args: Any) -> Any:
        """submit(...).result(), or on the engine's own thread, where waiting would never end, the call itself."""
        on_it = threading.get_ident() == self._thread_id
        return getattr(self, f"_{method}")(*args) if on_it else self.submit(method, *args).result()

    def _begin(self) -> None:
        self._thread_id = threading.get_ident()
        torch.set_num_threads(1)  # a second one costs 40-90 ms spikes under load, and gains nothing at batch 1

    # -------------------------------------------------------- through the device, on the engine's thread

    def encode(
        self, x: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation, (b, d) float32 each; x: (b, *shape), pictures (b, c, h, w) uint8 0-255
        or float 0-1, series (b, c, t) float.

        y: (b,) labels, or one for all, or None: unknown; only models that are told labels look at it.
        c: conditions (b, *condition), or one for all, in place of labels, for models that are told one.
        Deterministic. Raises: ShapeError; SettingError: an imported decoder, which has no encoder, or c for a model
        that is told nothing, or together with y.
        """
        if not self.can_encode:
            raise SettingError(f"{self.name} was imported as a decoder with its latents: it has no encoder.")
        return self._run("encode", x, y, c)

    def decode(self, z: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """E[x|z] or E[x|z, c], (b, *shape) float32, in 0-1 for pictures; z: (b, d), finite; y, c as in encode.

        Raises: ShapeError, SettingError.
        """
        return self._run("decode", z, y, c)

    def decode_uint8(self, z: ArrayLike, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """`decode`, as pictures to look at, uint8 (b, c, h, w) of `picture_shape`: a series as its line chart."""
        return self._run("decode_uint8", z, y, c)

    def redraw(self, z: ArrayLike, held: int, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
        """n latents (n, d) with the first `held` levels of z (1, d) and all below drawn anew, for a hierarchical model.

        Raises: SettingError: another kind of model, or not so many levels.
        """
        return self._run("redraw", z, held, n, seed, temperature)

    def posterior(
        self, x: ArrayLike, n: int, seed: int = 0, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None
    ) -> np.ndarray:
        """n draws (n, d) of q(z|x) of one sample x (1, *shape): the model's own posterior, whatever its form.

        x, y, c as in encode. Raises: ShapeError. SettingError: n < 1, or the posterior is one point, see `has_width`.
        """
        return self._run("posterior", x, n, seed, y, c)

    @functools.cached_property
    def has_width(self) -> bool:
        """Whether q(z|x) is more than one point: not of plain autoencoders, nor of codebooks."""
        return bool(self.atlas.std.any())

    @property
    def n_codes(self) -> int:
        """Entries of a discrete model's codebook; 0 for another kind of model."""
        return len(self._model.codebook()) if "discrete" in self.traits else 0

    def codes(self, z: ArrayLike) -> np.ndarray:
        """The numbers of the codes that latents (b, d) decode to, (b, h, w) int, for a discrete model.

        Raises: SettingError: another kind of model.
        """
        return self._run("codes", z)

    def _encode(
        self, x: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        x = check_samples(x, self.shape, self.modality.bounded)
        told = self._told(y, c, len(x))
        mus, stds = [], []
        with torch.inference_mode():
            for i in range(0, len(x), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(x[i : i + BATCH])).to(self._device)
                q = self._model.infer(to_float(batch), None if told is None else told[i : i + BATCH])
                mus.append(q.mu.float().cpu().numpy())
                stds.append(q.std.float().cpu().numpy())
        return np.concatenate(mus), np.concatenate(stds)

    def _decode(self, z: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None) -> np.ndarray:
        z = self._check_latents(z)
        told = self._told(y, c, len(z))
        out = []
        with torch.inference_mode():
            for i in range(0, len(z), BATCH):
                batch = torch.from_numpy(z[i : i + BATCH].clip(-FARTHEST, FARTHEST)).to(self._device)
                x = self._model.decode(batch, None if told is None else told[i : i + BATCH])
                out.append((x.clamp(0, 1) if self.modality.bounded else x).float().cpu().numpy())
        return np.concatenate(out)

    def _decode_uint8(self, z: ArrayLike, y: ArrayLike | int | None = None, c: ArrayLike | None = None) -> np.ndarray:
        return self.modality.pictures(self._decode(z, y, c))

    def _sample_prior(self, n: int, seed: int, temperature: float, told: torch.Tensor | None) -> np.ndarray:
        with torch.inference_mode():
            z = self._model.sample_prior(n, torch.Generator().manual_seed(seed), temperature, told)
        return z.float().cpu().numpy()

    def _redraw(self, z: ArrayLike, held: int, n: int, seed: int, temperature: float) -> np.ndarray:
        if "hierarchical" not in self.traits:
            raise SettingError(f"{self.name} has one level: there is none below to draw anew. sample() draws all of z.")
        start = torch.from_numpy(self._check_latents(z)).to(self._device).expand(n, -1)
        with torch.inference_mode():
            out = self._model.redraw(start, held, torch.Generator().manual_seed(seed), temperature)
        return out.float().cpu().numpy()

    def _posterior(self, x: ArrayLike, n: int, seed: int, y: ArrayLike | int | None, c: ArrayLike | None) -> np.ndarray:
        if n < 1 or not self.has_width:
            point = f"{self.name} encodes a sample as one point: there is nothing to draw from."
            raise SettingError(point if n >= 1 else f"n={n}: expected at least 1 draw.")
        x = check_samples(x, self.shape, self.modality.bounded)
        if len(x) != 1:
            raise ShapeError(f"expected one sample, (1, {', '.join(map(str, self.shape))}), got {len(x)}.")
        with torch.inference_mode(), torch.random.fork_rng(devices=self._cuda()):
            torch.manual_seed(seed)
            batch = to_float(torch.from_numpy(np.ascontiguousarray(x)).to(self._device))
            z = self._model.resample(self._model.infer(batch, self._told(y, c, 1)), n).z
        return z.float().cpu().numpy()

    def _cuda(self) -> list[int]:
        return [self._device.index or 0] if self._device.type == "cuda" else []

    def _codes(self, z: ArrayLike) -> np.ndarray:
        if "discrete" not in self.traits:
            raise SettingError(f"{self.name} has no codebook: its latents are real numbers.")
        with torch.inference_mode():
            return self._model.codes(torch.from_numpy(self._check_latents(z)).to(self._device)).cpu().numpy()

    def _told(self, y: ArrayLike | int | None, c: ArrayLike | None, n: int) -> torch.Tensor | None:
        """What the model is told of n samples, (n, *condition): labels y as rows with a single 1, or c as it is."""
        if c is not None and not self.condition:
            raise SettingError(f"{self.name} is told nothing beside a sample: given c, expected none.")
        if c is not None and y is not None:
            raise SettingError("given labels y and conditions c: expected one of them.")
        if c is not None:
            return check_conditions(c, n, self.condition).to(self._device)
        if y is None or not self.conditional:
            return None
        return one_hot(check_labels(y, n, self.card["spec"]["n_classes"]), self.condition[0]).to(self._device)

    def _check_latents(self, z: ArrayLike) -> np.ndarray:
        z = rows(z, self.d, "latents")
        if not len(z):
            raise ShapeError(f"latents: given none, expected (b, {self.d}) with b of at least 1.")
        return z

    # -------------------------------------------------------- in numpy, on any thread

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
        """n latents (n, d) from "prior" (given labels y or conditions c, where the model's prior knows them),
        "aggregate" or "mixture"; see `sampling.draw`. Decode them, with the same y or c, for pictures."""
        atlas = None if source == "prior" else self.atlas

        def prior(n: int, seed: int, temperature: float) -> np.ndarray:
            return self._run("sample_prior", n, seed, temperature, self._told(y, c, n))

        return draw(n, seed=seed, temperature=temperature, source=source, prior=prior, atlas=atlas)

    @property
    def sources(self) -> tuple[str, ...]:
        """What `sample` can draw from here, the model's own prior first."""
        wide, mixed = self.atlas.std.any() or "discrete" in self.traits, "discrete" not in self.traits
        return ("prior",) * self.has_prior + ("aggregate",) * bool(wide) + ("mixture",) * mixed

    def labels_at(self, z: np.ndarray) -> np.ndarray | None:
        """What a conditional model is shown with where nobody chose: the labels of the nearest reference samples, (b,)
        int64. None for a model that does not look at labels."""
        return self.atlas.labels_at(z) if self.conditional else None

    def condition_at(self, z: np.ndarray, label: int | None = None) -> np.ndarray | None:
        """What latents (b, d) are decoded with, (b, *condition) float32: a chosen label's row, or where nobody chose,
        what the nearest reference samples are told. None for a model that is told nothing. Raises: ShapeError."""
        if not self.conditional:
            return self.atlas.conditions_at(z) if self.condition else None
        y = self.atlas.labels_at(z) if label is None else label
        return None if y is None else one_hot(check_labels(y, len(z), self.condition[0]), self.condition[0]).numpy()

    def walk(self, waypoints: ArrayLike, n: int = 64, method: str = "linear") -> np.ndarray:
        """n latents (n, d) of the way through waypoints (w, d): linear, slerp or geodesic; see `latent.paths.along`.

        Raises: ShapeError, SettingError: n < 2. UnknownName: method.
        """
        if int(n) != n or n < 2:
            raise SettingError(f"n={n}: expected a whole number of at least 2 points on a path.")
        geodesics = self.atlas.geodesics if method == "geodesic" else None
        return along(rows(waypoints, self.d, "waypoints"), np.linspace(0.0, 1.0, int(n)), method, geodesics)

    def to_map(self, z: ArrayLike) -> np.ndarray:
        """Latents (b, d) to map positions (b, 2) float32."""
        return self.atlas.projector.to_map(self._check_latents(z))

    def trust(self, z: np.ndarray, y: ArrayLike | int | None = None, *, c: ArrayLike | None = None) -> np.ndarray:
        """How far each latent comes back when its picture is encoded again, (b,) in 0-1; see `Projector.returned`.

        The same fact that `from_map` gives the probability of, measured: one decode and one encode. Raises: ShapeError.
        """
        if not self.can_encode:  # how many reference latents lie there is all that can be known
            return from_coverage(self.atlas.projector.coverage(self.to_map(z)))
        return self.atlas.projector.returned(z, self.encode(self.decode(z, y, c=c), y, c=c)[0])

    def from_map(self, xy: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Map positions (b, 2) to latents (b, d) float32, and trust (b,) in 0-1, higher is better."""
        return self.atlas.projector.from_map(rows(xy, 2, "map positions"))


def load(name: str, device: str | None = None) -> Engine:
    """A checkpoint by name (or path), verified, on its device. Raises: UnknownName, CheckpointError, DeviceError."""
    return Engine(checkpoint.read(checkpoint.find(name), skip=(RESUME,)), device)
