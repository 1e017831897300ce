"""What lies in a folder of a model: its configuration, and weights that were really downloaded."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...disk import guarded
from ...errors import SettingError
from ...text import _, size

POINTER = b"version https://git-lfs"
CONFIG_MAX = 2**20  # bytes
STORED = guarded.Limits(unpacked=2**50, ratio=2, members=10**6)  # torch.save does not compress


def configuration(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises: SettingError: it has none."""
    if path.stat().st_size > CONFIG_MAX:
        raise SettingError(
            _("{name} has {given}: expected a configuration.", name=path.name, given=size(path.stat().st_size))
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as e:
        raise SettingError(_("{name} is no JSON: {error}", name=path, error=e)) from e
    if not isinstance(found, dict):
        raise SettingError(_("{name} has a {kind}: expected an object.", name=path, kind=type(found).__name__))
    return found


def downloaded(path: Path) -> Path:
    """That file. Raises: SettingError: Git LFS left a pointer in its place, or it is empty."""
    with path.open("rb") as file:
        head = file.read(len(POINTER))
    if head == POINTER:
        raise SettingError(
            _("{name} is a pointer of Git LFS, the file itself was not downloaded: git lfs pull fetches it.", name=path)
        )
    if not head:
        raise SettingError(_("{name} is empty: download it again.", name=path))
    return path


def whole(path: Path) -> Path:
    """That safetensors file. Raises: SettingError: it is damaged, or not all of it was downloaded."""
    try:
        with safe_open(downloaded(path), "pt") as weights:
            weights.keys()
    except SafetensorError as e:
        raise SettingError(
            _("{name} is damaged or was not downloaded as a whole ({error}): download it again.", name=path, error=e)
        ) from e
    return path


def tensors(path: Path) -> dict[str, Any]:
    """What torch.save wrote, where it is tensors alone. Raises: SettingError: it has more, would unpack to more than it
    is, or is damaged."""
    if zipfile.is_zipfile(downloaded(path)):  # an older torch.save wrote a pickle, which nothing compresses
        try:
            guarded.open_zip(path, STORED).close()
        except guarded.Refused as e:
            raise SettingError(_("{name}: {error}", name=path, error=e)) from e
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:  # of pickle, zipfile and torch
        raise SettingError(
            _("{name} is not a file of tensors alone, or is damaged: {error}", name=path, error=str(e).splitlines()[0])
        ) from e
    if not isinstance(found, dict):
        raise SettingError(_("{name} has a {kind}: expected a state dict.", name=path, kind=type(found).__name__))
    return found


def state_of(found: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors among these, by name."""
    return {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
