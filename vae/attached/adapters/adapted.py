"""A saved model in the form in which `vae.explore` takes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...errors import SettingError
from ...text import _

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Adapted:
    """title: of the model. encode, decode: as `vae.explore` takes them; with `held`, of samples as zscope holds them,
    (b, *shape) with pictures in 0-1, else of those that the user gives. sample: the shape of a sample, where the model
    takes only one. fits: called with the shape of the samples, raises if the model does not take them. prior: the shape
    of a latent, where latents have a standard normal prior. batch: samples at a time. notes: what was decided."""

    title: str
    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any]
    held: bool = True
    sample: Shape | None = None
    fits: Callable[[Shape], None] = lambda shape: None
    prior: Shape | None = None
    batch: int = 256
    notes: tuple[str, ...] = ()


def missing(what: str, package: str) -> SettingError:
    """The error for a library that is not installed."""
    return SettingError(
        _("{what} needs {package}, which is not installed: pip install {package}", what=what, package=package)
    )
