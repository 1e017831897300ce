"""zscope's core: models, maps and metrics of latent spaces. Light to import; what is named is loaded on first use.

>>> import vae
>>> m = vae.load("fashion-vae")
>>> mu, std = m.encode(x)  # x (b, c, h, w) uint8 0-255 or float 0-1
>>> x = m.decode(z)  # z (b, d)
>>> xy = m.to_map(z)
>>> z, trust = m.from_map(xy)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "load": "engine",
    "Engine": "engine",
    "checkpoints": "checkpoint",
    "families": "registry",
    "datasets": "registry",
    "modalities": "registry",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'vae' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
