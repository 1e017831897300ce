"""Estimates that depend on a data set alone, kept in its cache folder: all its models stand beside the same ones."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.published.store import cache
from ..disk import one_step
from ..errors import SaveError
from .estimate import Estimate, in_english

FORMAT = 3  # of the file and of what is measured: increase it when either changes
log = logging.getLogger("zscope.estimates")


def cached(
    dataset: str,
    name: str,
    arrays: Mapping[str, np.ndarray],
    settings: Mapping[str, Any],
    measure: Callable[[], dict[str, Estimate]],
) -> dict[str, Estimate]:
    """What `measure` returns, from the cache where it was measured before from the same arrays with the same settings.

    An unreadable or wrong file is named in a log message and replaced; so is a folder that cannot be written to, and
    the estimates are returned all the same.
    """
    import sklearn

    data = {
        key: [*a.shape, str(a.dtype), f"{zlib.crc32(np.ascontiguousarray(a).data):08x}"] for key, a in arrays.items()
    }
    wanted = {"format": FORMAT, "name": name, "data": data, "settings": dict(settings), "sklearn": sklearn.__version__}
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
    path = cache(dataset) / f"estimates-{name}-{key}.json"
    found = _read(path, wanted) if path.exists() else None
    if found is None:
        found = measure()
        _write(path, wanted, found)
    return found


def _read(path: Path, wanted: dict[str, Any]) -> dict[str, Estimate] | None:
    try:
        stored = json.loads(path.read_text("utf-8"))
        if {key: stored[key] for key in wanted} == wanted:
            return {key: Estimate(**each) for key, each in stored["estimates"].items()}
        log.warning(in_english("%s is not what its name says: measuring again"), path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning(in_english("%s cannot be read (%s): measuring again"), path, error)
    return None


def _write(path: Path, wanted: dict[str, Any], found: dict[str, Estimate]) -> None:
    text = json.dumps(wanted | {"estimates": {key: dataclasses.asdict(each) for key, each in found.items()}}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with one_step.replacing(path, variable="ZSCOPE_CACHE") as partial:
            partial.write_text(text, "utf-8")
    except (SaveError, OSError) as error:
        log.warning(in_english("%s cannot be written (%s): it will be measured again"), path, error)
