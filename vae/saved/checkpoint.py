"""A checkpoint is a folder: config.json and the files it lists with their SHA-256. No pickles.

It is written under a temporary name, flushed, then renamed, so that a killed process or a full disk never leaves a
partial checkpoint and never destroys the previous one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..disk import folder_swap
from ..disk.guarded import Limits
from ..disk.saving import saving
from ..errors import CheckpointError, UnknownName
from ..text import _, number, size
from . import folders, history, schema
from .folders import root

FORMAT, CONFIG = 1, "config.json"
UPGRADES: dict[int, Callable[[dict], dict]] = {}  # format n -> a function that converts its config to format n + 1
MODEL, ATLAS, THUMBNAILS, HISTORY, RESUME = (
    "model.safetensors",
    "atlas.npz",
    "thumbnails.webp",
    "history.jsonl",
    "resume.safetensors",
)
FILES = (MODEL, ATLAS, THUMBNAILS, HISTORY, RESUME)  # files that a checkpoint may contain
NPY_HEADER = 128  # bytes of each array in an npz
CONFIG_BYTES_MAX = 16 * 2**20


@dataclass(frozen=True)
class Checkpoint:
    """A verified folder: its config, and the bytes of the files that config lists."""

    path: Path
    config: dict[str, Any]
    files: dict[str, bytes]

    def history(self) -> list[dict[str, Any]]:
        """One record per epoch: its number as `epoch`, and its quantities by name, None where one is not finite.

        Raises: CheckpointError: a line is something else."""
        return history.records(self.files.get(HISTORY, b""), self.path.name)


def checkpoints() -> dict[str, Path]:
    """name -> folder of every checkpoint in `root()`, sorted by name; an installed zscope adds those that come with it,
    unless one in `root()` has the same name. A model attached to another program stands before either."""
    bases = (folders.packed(), root(), folders.attached())
    found = {name: path for base in bases if base for name, path in _below(base).items()}
    return dict(sorted(found.items()))


def _below(base: Path) -> dict[str, Path]:
    if not base.is_dir():
        return {}
    with folder_swap.settled(base):
        for old in base.glob(".*.old"):
            folder_swap.recover(base / old.name[1:-4])
        return {p.parent.name: p.parent for p in base.glob("[!.]*/config.json")}


def find(name: str | os.PathLike) -> Path:
    """The folder of a checkpoint, by its name in `checkpoints()`, or by path.

    Raises: UnknownName: listing what exists.
    """
    known = checkpoints()
    if str(name) in known:
        return known[str(name)]
    path = Path(name)
    if len(path.parts) > 1 or path.is_absolute():
        if not (path / CONFIG).is_file():
            with folder_swap.settled(
                path.parent
            ):  # a trainer may be replacing it right now, or was killed while doing so
                folder_swap.recover(path)
        if (path / CONFIG).is_file():
            return path
    raise UnknownName(_("checkpoint"), str(name), known)


def read(path: Path, *, skip: tuple[str, ...] = ()) -> Checkpoint:
    """Read and verify a folder; `skip` names files that the caller does not need. Where checkpoints are looked for, the
    name of one is that of its folder, also if the card has another.

    Raises: CheckpointError: missing or unreadable config, unknown format, missing, truncated or edited file.
    """
    path = Path(path)
    try:
        return _read(path, skip)
    except CheckpointError:  # a real error, or a trainer was replacing the folder: retry under its lock
        with folder_swap.settled(path.parent):
            folder_swap.recover(path)
            return _read(path, skip)


def _read(path: Path, skip: tuple[str, ...]) -> Checkpoint:
    config = _config(path)
    files = {}
    for name, expected in config["files"].items():
        if name in skip or (name == RESUME and not (path / name).exists()):
            continue  # the training state is not shipped with a checkpoint
        try:
            data = (path / name).read_bytes()
        except OSError as e:
            raise CheckpointError(
                _(
                    "{name}: {file}, listed in config.json, cannot be read ({reason}). Restore it or train again.",
                    name=path.name,
                    file=name,
                    reason=e.strerror,
                )
            ) from e
        if _sha256(data) != expected:
            raise CheckpointError(
                _(
                    "{name}: {file} is not the file that was saved (SHA-256 {given}…, expected {expected}…, {n} "
                    "bytes): it was truncated or edited. Restore it or train again.",
                    name=path.name,
                    file=name,
                    given=_sha256(data)[:12],
                    expected=str(expected)[:12],
                    n=number(len(data)),
                )
            )
        files[name] = data
    return Checkpoint(path, config, files)


def _config(path: Path) -> dict[str, Any]:
    try:
        if not (path / CONFIG).is_file():  # of a pipe, opening would wait for a writer
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with open(path / CONFIG, "rb") as file:
            n_bytes = os.fstat(file.fileno()).st_size
            data = file.read(min(n_bytes, CONFIG_BYTES_MAX))  # a buffer of that size is made, whatever is in the file
    except OSError as e:
        raise CheckpointError(
            _("{path} is not a checkpoint: config.json cannot be read ({reason}).", path=path, reason=e.strerror)
        ) from e
    if n_bytes > CONFIG_BYTES_MAX:
        raise CheckpointError(
            _("{name}: its config.json is larger than {most}.", name=path.name, most=size(CONFIG_BYTES_MAX))
        )
    try:
        config = json.loads(data.decode())
        signed = isinstance(config, dict) and config.get("digest") == digest(config)
    except (ValueError, RecursionError) as e:
        raise CheckpointError(
            _("{name}: config.json is not valid JSON ({error}): it was truncated or edited.", name=path.name, error=e)
        ) from e
    version = config.get("format") if isinstance(config, dict) else None
    if not isinstance(version, int):
        raise CheckpointError(
            _("{name}: config.json has no format number: this is not a zscope checkpoint.", name=path.name)
        )
    if version > FORMAT:
        raise CheckpointError(
            _(
                "{name} has format {given}; this version of zscope reads formats up to {latest}. Update zscope.",
                name=path.name,
                given=version,
                latest=FORMAT,
            )
        )
    if not signed:
        raise CheckpointError(
            _("{name}: config.json was edited after it was saved (its digest does not match).", name=path.name)
        )
    while version < FORMAT:
        if version not in UPGRADES:
            raise CheckpointError(
                _(
                    "{name} has format {given}, which zscope no longer reads (it reads {latest}).",
                    name=path.name,
                    given=version,
                    latest=FORMAT,
                )
            )
        config, version = UPGRADES[version](config), version + 1
    config = schema.completed(config)
    if wrong := schema.problem(config):
        raise CheckpointError(f"{path.name}: {wrong}")
    if not all(map(_is_plain, config["files"])):
        raise CheckpointError(_("{name}: config.json lists a file outside its folder.", name=path.name))
    if path.parent in (root(), folders.packed()):
        config["name"] = path.name
        if not schema.NAMED.fits(path.name):
            raise CheckpointError(
                _(
                    "{name!r}: the name of its folder: expected {expected}.",
                    name=path.name,
                    expected=_(schema.NAMED.expected),
                )
            )
    return config


def card(of: str | Path) -> dict[str, Any]:
    """The config alone, of a checkpoint by its name or of a folder, without reading the files that it lists.

    Raises: UnknownName, CheckpointError.
    """
    return read(of if isinstance(of, Path) else find(of), skip=FILES).config


def save(path: Path, config: dict[str, Any], files: dict[str, bytes], *, keep_note: bool = False) -> Checkpoint:
    """Write a whole folder in one step. keep_note: use the note of the checkpoint being replaced, not config's own.

    Raises: SaveError: the previous checkpoint is untouched.
    """
    config = {**config, "files": {name: _sha256(data) for name, data in sorted(files.items())}}
    with _saving(path) as partial:
        for name, data in files.items():
            folder_swap.write(partial / name, data)
        with folder_swap.lock(path.parent):
            config = _sign(config | {"note": _note(path, config)} if keep_note else config, partial)
            folder_swap.swap(partial, path)
    return Checkpoint(path, schema.completed(config), files)


def annotate(path: Path, text: str) -> None:
    """Write a note, "" for none, into the config; the files stay the latest ones, even if a trainer saves meanwhile.

    Raises: CheckpointError: the config is unreadable. SaveError: the previous one is untouched.
    """
    with _saving(path) as partial, folder_swap.lock(path.parent):
        folder_swap.recover(path)
        _sign(_config(path) | {"note": text}, partial)
        os.replace(partial / CONFIG, path / CONFIG)
        folder_swap.flush_folder(path)


@contextlib.contextmanager
def _saving(path: Path) -> Iterator[Path]:
    """A temporary folder in which to write what will be at `path`. Raises: SaveError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    kept = _("The checkpoint saved there before is unchanged.") if path.exists() else ""
    with saving(path, kept=kept):
        try:
            folder_swap.sweep(path)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _note(path: Path, config: dict[str, Any]) -> str:
    """The note of the present checkpoint, else that of `config`. Call with the lock."""
    folder_swap.recover(path)
    try:
        return _config(path).get("note", "")
    except CheckpointError:
        return config.get("note", "")


def _sign(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write a config with its digest and return it; an empty note is left out."""
    config = schema.writable({k: v for k, v in config.items() if k != "note" or v}) | {"format": FORMAT}
    config["digest"] = digest(config)
    folder_swap.write(folder / CONFIG, json.dumps(config, indent=1, ensure_ascii=False).encode())
    return config


def delete(name: str) -> None:
    """Delete a checkpoint permanently. Raises: UnknownName, SaveError."""
    path = find(name)
    aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")  # swept if this process dies
    with saving(path), folder_swap.lock(path.parent):
        os.rename(path, aside)
    shutil.rmtree(aside, ignore_errors=True)


def digest(config: dict[str, Any]) -> str:
    """SHA-256 of a config without its own digest."""
    rest = {k: v for k, v in config.items() if k != "digest"}
    return _sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode())


def pack(arrays: dict[str, np.ndarray], limits: Limits | None = None) -> bytes:
    """Arrays as the bytes of an npz, the same bytes for the same arrays; compressed, unless a reader with these limits
    would take it for a bomb, as large arrays of equal values are."""
    import io
    import zipfile

    def packed(method: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as z:
            for name, array in sorted(arrays.items()):
                inner = io.BytesIO()
                np.lib.format.write_array(inner, np.ascontiguousarray(array), allow_pickle=False)
                z.writestr(zipfile.ZipInfo(f"{name}.npy"), inner.getvalue(), method)
        return buffer.getvalue()

    data = packed(zipfile.ZIP_DEFLATED)
    unpacked = sum(array.nbytes for array in arrays.values()) + NPY_HEADER * len(arrays)
    return packed(zipfile.ZIP_STORED) if limits is not None and limits.is_bomb(len(data), unpacked) else data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_plain(name: str) -> bool:
    return Path(name).name == name and name not in ("", "..") and "\0" not in name
