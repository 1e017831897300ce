"""The variables of a checkpoint's samples: names, units and means, from its card or from the data set it names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..modalities.variables import fitting, of_json
from ..registry import DATASETS, MODALITIES
from ..text import _
from ..types import NO_VARIABLES, Variables


def of_card(card: Mapping[str, Any]) -> Variables | None:
    """Those that the card holds; else those of the data set of that name and origin, if it is here; else none, so that
    values are numbered and standardised. None for a modality without variables, such as pictures."""
    spec = card["spec"]
    modality = MODALITIES.get(spec["modality"])
    if not modality.has_variables:
        return None
    n = spec["shape"][0]
    given = card.get("variables")
    known = DATASETS.all().get(card["dataset"])
    if given:
        found = of_json(given, n)
    elif known and (known.modality, known.origin) == (modality.name, card.get("data_origin")):
        found = fitting(known.variables, n)
    else:
        return NO_VARIABLES
    if card["dataset"] not in DATASETS.built_in():
        return found
    words = {key: _(value) if (value := getattr(found, key)) else "" for key in ("step_unit", "axis")}
    names = tuple(_(name) for name in found.names)
    return dataclasses.replace(found, names=names, step_unit=words["step_unit"], axis=words["axis"])
