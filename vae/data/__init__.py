"""Data sets: the published ones, and your own, which may be added and removed while the process runs."""

from ..registry import DATASETS
from .own.shelf import shelved

DATASETS.also = shelved
