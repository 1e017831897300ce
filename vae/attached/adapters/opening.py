"""Which adapter opens what was given: found by what a folder or a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import SettingError
from ...text import _
from . import diffusers_folder, onnx_pair, pythae_folder
from .adapted import Adapted

FOLDERS = (diffusers_folder, pythae_folder, onnx_pair)  # each has found(folder) and opened(what was found)


def is_saved(model: Any) -> bool:
    """Whether it is a path, or a pair of them, and not a model in memory."""
    if isinstance(model, tuple | list):
        return len(model) == 2 and all(one is None or isinstance(one, str | Path) for one in model)
    return isinstance(model, str | Path)


def adapted(model: str | Path | Sequence[str | Path | None]) -> Adapted:
    """The model of a folder, of a decoder in ONNX, or of an encoder and a decoder in ONNX.

    Raises: SettingError: there is none, or it is of no kind that is known."""
    if not isinstance(model, str | Path):
        encoder, decoder = (None if one is None else Path(one).expanduser() for one in model)
        if decoder is None:
            raise SettingError(_("(encoder, decoder): the decoder is None, expected a file."))
        return onnx_pair.opened((encoder, decoder))
    path = Path(model).expanduser()
    if path.suffix == ".onnx":
        return onnx_pair.opened((None, path))
    if not path.is_dir():
        raise SettingError(
            _(
                "{path}: there is no such folder; expected one with a model. A model on a server has to be downloaded "
                "first.",
                path=path,
            )
            if not path.exists()
            else _("{path} is a file: expected the folder of a model, or .onnx.", path=path)
        )
    for kind in FOLDERS:
        what = kind.found(path)
        if what is not None:
            return kind.opened(what)
    files = sorted(one.name for one in path.iterdir())
    raise SettingError(
        _(
            "{path} holds no known model: expected a config.json of diffusers ({classes}), a model_config.json of "
            "pythae, or decoder.onnx; it has: {files}.",
            path=path,
            classes=", ".join(diffusers_folder.CLASSES),
            files=", ".join(files[:8]) + (", ..." if len(files) > 8 else "") if files else _("nothing"),
        )
    )
