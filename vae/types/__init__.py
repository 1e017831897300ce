"""Frozen records without behaviour, used by every room."""

from .artifact import ARTIFACTS, Artifact
from .data import NO_VARIABLES, Condition, Samples, Spec, Variables
from .passes import Latent, Loss, Output

__all__ = [
    "ARTIFACTS",
    "NO_VARIABLES",
    "Artifact",
    "Condition",
    "Latent",
    "Loss",
    "Output",
    "Samples",
    "Spec",
    "Variables",
]
