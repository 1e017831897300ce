"""What is known of a sample of the map: the name of its file, or its row in the table it came from."""

from __future__ import annotations

import numpy as np

from ..data import metadata
from ..data.own.shelf import OWN
from ..engine.engine import Engine
from ..modalities.variables import headings, measured
from ..text import _, significant
from .posterior import real_sample


def source_of(engine: Engine) -> str:
    """The file or folder that the data set of a model was made of; "" of a built-in data set."""
    origin = engine.card.get("data_origin", "")
    return origin.removeprefix(OWN).split(", SHA-256 ")[0].strip() if origin.startswith(OWN) else ""


def cells(engine: Engine, row: int) -> list[tuple[str, str]]:
    """(name, value) of all that is known of a row of the map, in the order in which it is read: its file or its row in
    the table, its label, the values that are modelled, in their units, and the columns that are not."""
    atlas, own = engine.atlas, (metadata.FILE, metadata.ROW)
    known = {name: _said(values[row]) for name, values in atlas.metadata.items()}
    found = [(metadata.said(name), known[name]) for name in own if name in known]
    found.append((_("Sample"), f"#{atlas.index[row]}"))
    if atlas.labels is not None:
        found.append((_("Label"), atlas.classes[atlas.labels[row]]))
    found += _modelled(engine, row)
    return found + [(name, value) for name, value in known.items() if name not in own]


def _modelled(engine: Engine, row: int) -> list[tuple[str, str]]:
    """The named values of a vector; none if the data set is not on this machine."""
    variables = engine.variables
    if engine.modality.layout != "vector" or variables is None or not variables.names:
        return []
    x = real_sample(engine, row)
    if x is None:
        return []
    values = measured(x[0].reshape(-1), variables)
    return [(name, significant(float(v), 6)) for name, v in zip(headings(variables), values, strict=True)]


def _said(value) -> str:
    if isinstance(value, str):
        return value or "–"
    return "–" if np.isnan(value) else f"{value:.12g}"
