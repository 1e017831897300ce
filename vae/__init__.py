"""zscope's core: models, maps and metrics of latent spaces. Light to import; each name is loaded when it is first used.

>>> import vae
>>> m = vae.load("fashion-vae")
>>> mu, std = m.encode(x)  # x (b, c, h, w) uint8 0-255 or float 0-1
>>> x = m.decode(z)  # z (b, d)
>>> xy = m.to_map(z)
>>> z, trust = m.from_map(xy)
"""

from __future__ import annotations

import importlib

from .version import __version__

_HOMES = {  # public name -> module, and its name there
    "load": ("engine.engine", "load"),
    "Engine": ("engine.engine", "Engine"),
    "explore": ("attached.explore", "explore"),
    "list_checkpoints": ("saved.checkpoint", "checkpoints"),
    "list_families": ("registry", "families"),
    "list_datasets": ("registry", "datasets"),
    "list_modalities": ("registry", "modalities"),
    "list_metric_groups": ("registry", "metric_groups"),
    "checkpoints": ("saved.checkpoint", "checkpoints"),  # a former name, as is the next
    "datasets": ("registry", "datasets"),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):  # returns any type; importing `typing` for that would take longer than all the rest
    if name in _HOMES:
        module, there = _HOMES[name]
        return getattr(importlib.import_module(f".{module}", __name__), there)
    raise AttributeError(f"module 'vae' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
