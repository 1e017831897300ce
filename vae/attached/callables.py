"""The user's encode and decode as functions of NumPy arrays, whatever framework they are of and what they return."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import ShapeError
from ..latent.neighbours import Index
from ..text import _
from .samples import as_numpy

BATCH = 256
MEANS = ("mu", "mean", "z_mean", "loc", "embedding", "latent", "latents", "z", "codes", "last_hidden_state")
LOG_VARIANCES, WIDTHS = (
    ("logvar", "log_var", "log_variance", "log_covariance", "z_log_var"),
    ("std", "sigma", "scale", "stddev"),
)
SCORES = ("logits", "probs", "probabilities", "scores")
SAMPLES = ("sample", "recon_x", "reconstruction", "recon", "x_hat", "x_recon", "mean", "loc", "x")


class Function:
    """One of them. It is given tensors where it belongs to a PyTorch module or the samples are tensors, else NumPy.
    name: in messages. like: an array of the kind that it takes, if there is one. batch: samples at a time."""

    def __init__(self, run: Callable[[Any], Any], name: str, like: Any = None, *, batch: int = BATCH):
        self.run, self.name, self.batch = run, name, batch
        owner = getattr(run, "__self__", run)
        module = owner if isinstance(owner, nn.Module) else None
        self.parts = [] if module is None else list(module.modules())  # once: to look for them takes long
        weight = None if module is None else next(module.parameters(), None)
        self.like = weight if weight is not None else like
        self.tensors = module is not None or isinstance(like, torch.Tensor)

    def __call__(self, x: np.ndarray) -> Any:
        """What it returns for a batch. Raises: what it raises."""
        given: Any = x
        if self.tensors:
            given = torch.from_numpy(np.ascontiguousarray(x))
            if isinstance(self.like, torch.Tensor) and self.like.is_floating_point():
                given = given.to(self.like.device, self.like.dtype)
            elif isinstance(self.like, torch.Tensor):
                given = given.to(self.like.device)
        with torch.no_grad(), _evaluating(self.parts):
            return self.run(given)


@contextlib.contextmanager
def _evaluating(parts: list[nn.Module]) -> Iterator[None]:
    """Batch normalisation and dropout as in use; a module that is being trained is brought back to that."""
    training = [part for part in parts if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


class Encode:
    """(n, ...) -> means and standard deviations (n, d), float32; the latter 0 where the code is a point. shape: of one
    latent as the model has it, known after the first call."""

    def __init__(self, function: Function):
        self.function, self.shape = function, ()

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Raises: ShapeError: not one latent of finite numbers for each sample; what the function raises."""
        mu, std = [], []
        for part in _batches(x, self.function.batch):
            name, n = self.function.name, len(part)
            mean, width = _posterior(self.function(part), name)
            mean = _one_each(mean, name, n, _("({n}, d), a latent for each sample", n=n))
            self.shape = mean.shape[1:]
            mu.append(mean.reshape(n, -1))
            std.append(np.zeros_like(mu[-1]) if width is None else _finite(width.reshape(mu[-1].shape), name))
        return np.concatenate(mu), np.concatenate(std)


class Decode:
    """(n, d) -> (n, ...) float32. shape: of one latent as the model takes it."""

    def __init__(self, function: Function, shape: tuple[int, ...]):
        self.function, self.shape = function, shape

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Raises: ShapeError: not one sample of finite numbers for each latent; what the function raises."""
        out = []
        for part in _batches(z, self.function.batch):
            n = len(part)
            x = _sample(self.function(part.reshape(n, *self.shape)))
            out.append(_one_each(x, self.function.name, n, _("({n}, ...), a sample for each latent", n=n)))
        return np.concatenate(out)


class Classify:
    """(n, ...) -> (n, k) float32, a score for each class."""

    def __init__(self, function: Function):
        self.function = function

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Raises: ShapeError: not a row of finite scores for each sample; what the function raises."""
        out = []
        for part in _batches(x, self.function.batch):
            n = len(part)
            expected = _("({n}, k), a score for each class", n=n)
            out.append(_one_each(_scores(self.function(part)), self.function.name, n, expected, flat=True))
        return np.concatenate(out)


# ---------------------------------------------------------------- what they return


def _batches(x: np.ndarray, size: int) -> list[np.ndarray]:
    return [x[i : i + size] for i in range(0, len(x), size)]


def _one_each(returned: Any, name: str, n: int, expected: str, *, flat: bool = False) -> np.ndarray:
    """What a function returned for a batch, (n, ...) float32. flat: (n, k). expected: that, in the words of the error.
    Raises: ShapeError: it is not so, or has NaN or infinity."""
    x = as_numpy(returned, name)
    if x.ndim < 2 or len(x) != n or (flat and x.ndim > 2):
        raise ShapeError(
            _("{name} returned {given}: expected {expected}.", name=name, given=x.shape, expected=expected)
        )
    return _finite(x, name)


def _finite(x: np.ndarray, name: str) -> np.ndarray:
    x = np.asarray(x, np.float32)
    if not np.isfinite(x).all():
        raise ShapeError(_("{name} returned NaN or infinity: expected finite values.", name=name))
    return x


def _named(returned: Any) -> Mapping[str, Any]:
    """The parts of what a function returned that have names."""
    if isinstance(returned, Mapping):
        return returned
    if hasattr(returned, "_asdict"):
        return returned._asdict()
    found = getattr(returned, "__dict__", {})
    return found if isinstance(found, Mapping) and not hasattr(returned, "shape") else {}


def _first(parts: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((parts[name] for name in names if parts.get(name) is not None), None)


def _posterior(returned: Any, name: str) -> tuple[Any, np.ndarray | None]:
    """Mean and width of q(z|x): an array alone is the mean; of a pair the second is the log variance where it has
    negative values; a distribution has both, and so may a dict."""
    if hasattr(returned, "latent_dist"):  # of diffusers
        returned = returned.latent_dist
    if not hasattr(returned, "shape") and hasattr(returned, "mean") and not callable(returned.mean):
        width = next((getattr(returned, n) for n in WIDTHS if getattr(returned, n, None) is not None), None)
        return returned.mean, None if width is None else as_numpy(width, name)
    if isinstance(returned, tuple | list) and not hasattr(returned, "_asdict"):
        mean, second = returned[0], returned[1] if len(returned) > 1 else None
        if second is None or getattr(second, "shape", None) != mean.shape:
            return mean, None
        log_variance = as_numpy(second, name)
        return mean, np.exp(0.5 * log_variance) if (log_variance < 0).any() else None
    parts = _named(returned)
    if not parts:
        return returned, None
    mean = _first(parts, MEANS)
    mean = next(iter(parts.values())) if mean is None else mean
    log_variance, width = _first(parts, LOG_VARIANCES), _first(parts, WIDTHS)
    if log_variance is not None:
        return mean, np.exp(0.5 * as_numpy(log_variance, name))
    return mean, None if width is None else as_numpy(width, name)


def _sample(returned: Any) -> Any:
    """What was decoded: an array alone, the first of several, the mean of a distribution, or the part of that name."""
    if hasattr(returned, "shape"):
        return returned
    if hasattr(returned, "mean") and not callable(returned.mean):
        return returned.mean
    if isinstance(returned, tuple | list) and not hasattr(returned, "_asdict"):
        return returned[0]
    parts = _named(returned)
    found = _first(parts, SAMPLES)
    return next(iter(parts.values()), returned) if found is None else found


def _scores(returned: Any) -> Any:
    """Scores of classes: an array alone, the first of several, or the part called logits, as Hugging Face has it."""
    if hasattr(returned, "shape"):
        return returned
    if isinstance(returned, tuple | list) and not hasattr(returned, "_asdict"):
        return returned[0]
    parts = _named(returned)
    found = _first(parts, SCORES)
    return next(iter(parts.values()), returned) if found is None else found


def nearest(z: np.ndarray, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A decoder for latents without one: the sample (n, ...) whose latent (n, d) is nearest."""
    search = Index(z, np.ones(z.shape[1]))
    return lambda at: x[search.query(at, 1)[1][:, 0]]
