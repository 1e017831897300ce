"""What can be known of a training before it starts."""

from __future__ import annotations

from ..registry import DATASETS, FAMILIES
from .plan import Plan, split_settings


def check(plan: Plan) -> None:
    """Raises: SettingError: what can be known before it starts: names, numbers, settings, and that they fit."""
    plan.check()
    split_settings(plan.family, plan.settings)
    FAMILIES.get(plan.family).check(DATASETS.get(plan.dataset).modality)
