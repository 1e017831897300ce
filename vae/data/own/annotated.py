"""AnnData files (.h5ad) of single-cell data: the matrix X as vectors, one per cell, with labels of its observations."""

from __future__ import annotations

import warnings

import numpy as np

from ...disk.guarded import LIMITS, Refused
from ...disk.temporary import temporary_folder
from ...errors import SettingError
from ...text import _
from .choices import Choices
from .decisions import NONE, Decision, decide
from .layouts import as_samples
from .rows import CLASSES_MAX, Rows, check_room, fewer_classes
from .sources import Given
from .table_files import needs
from .text_tables import first_line

SUFFIX = ".h5ad"
NAMED_LABEL = ("cell_type", "celltype", "label", "labels", "louvain", "leiden", "cluster", "clusters")


def read_annotated(found: Given, choices: Choices) -> Rows:
    """The rows of X, dense, with the labels of a column of obs.

    Raises: SettingError: anndata is not installed, or the file is damaged or too large.
    """
    needs("anndata", "anndata", _("An AnnData file (.h5ad)"))
    import anndata

    file = found.files[0]
    notes: list[str] = []
    made: list[Decision] = []
    with temporary_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata's of pandas, which are of no use here
        path = folder / "given.h5ad"
        path.write_bytes(file.read())
        try:
            on_disk = anndata.read_h5ad(path, backed="r")  # the size before any value
            n, m = on_disk.shape
            check_room(n, m, 8)
            LIMITS.check(file.packed, n * m * 4 if type(on_disk.X).__name__ == "Dataset" else 0)
            on_disk.file.close()
            data = anndata.read_h5ad(path)
            x = data.X.toarray() if hasattr(data.X, "toarray") else np.asarray(data.X)
            observed = {str(name): data.obs[name].astype(str).to_numpy().astype(str) for name in data.obs.columns}
            columns = tuple(map(str, data.var_names))
        except (SettingError, Refused) as e:
            raise SettingError(f"{file.name}: {e}") from None
        except Exception as e:  # of the library, which has errors of its own
            raise SettingError(
                _("{name}: not an AnnData file, or a damaged one ({reason}).", name=file.name, reason=first_line(e))
            ) from None
    label = _label(observed, choices, made)
    x, modality = as_samples(x.astype(np.float64), choices, notes, made, "" if choices.size else "vector")
    labels = fewer_classes(observed[label] if label else None, notes)
    return Rows(
        _("cells of an AnnData file"),
        modality,
        x,
        labels,
        columns=columns if modality == "vector" else (),
        notes=tuple(notes),
        skipped=found.skipped,
        decisions=tuple(made),
    )


def _label(observed: dict[str, np.ndarray], choices: Choices, made: list[Decision]) -> str:
    classes = [name for name, values in observed.items() if 2 <= len(np.unique(values)) <= CLASSES_MAX]
    guess = next((name for name in classes if name.lower() in NAMED_LABEL), "")
    why = _("the name of the observation says so") if guess else _("no observation is named as a label")
    value = decide(made, choices, "labels", guess or NONE, why, options=list(dict.fromkeys([*observed, NONE])))
    return value if value in observed else ""
