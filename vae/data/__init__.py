"""Data sets: those that are published, and the user's own, which come and go while the process lives."""

from ..registry import DATASETS
from .own.shelf import shelved

DATASETS.also = shelved
