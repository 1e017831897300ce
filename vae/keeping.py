"""What becomes of a checkpoint once it is trained: renamed, annotated, deleted, packed into one ZIP, taken from one."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from io import BufferedIOBase
from pathlib import Path, PurePosixPath

from . import checkpoint, swaps
from .checkpoint import FILES, RESUME, Checkpoint
from .errors import CheckpointError, SaveError, SettingError, UnknownName
from .plan import NAME
from .registry import IMPORTED
from .runs import control
from .runs.needs import unneeded

NOTE_MAX = 4_000  # characters
ZIP_BYTES_MAX = 4 * 2**30  # unpacked
CONFIG_BYTES_MAX = 16 * 2**20
RATIO_MAX, RATIO_FROM = 200, 64 * 2**20  # unpacked to packed, of a ZIP that unpacks to more


def shipped() -> frozenset[str]:
    """Names of the checkpoints that come with zscope, which are not renamed, annotated or deleted: those that
    .gitignore lets in. Empty where the folder of checkpoints is another than the project's."""
    project = Path(__file__).resolve().parents[1]
    ignored = project / ".gitignore"
    if checkpoint.root().resolve() != project / "checkpoints" or not ignored.is_file():
        return frozenset()
    return frozenset(re.findall(r"^!/checkpoints/([\w.-]+)/$", ignored.read_text("utf-8"), re.M))


def n_bytes(name: str) -> int:
    """On the disk. Raises: UnknownName."""
    return sum(p.stat().st_size for p in checkpoint.find(name).iterdir() if p.is_file())


def check_name(name: str) -> None:
    """Raises: SettingError: no checkpoint can be called that, or one is."""
    if not re.fullmatch(NAME, name):
        raise SettingError(
            f"name {name!r}: expected letters, digits, '.', '_' and '-', at most 64, not starting with '.'."
        )
    clash = next((n for n in checkpoint.checkpoints() if n.lower() == name.lower()), None)
    if clash:
        raise SettingError(f"name {name!r}: there is a checkpoint {clash} already. Choose another name.")


def rename(name: str, new: str) -> Checkpoint:
    """The same checkpoint under another name, by which its run and its ladder know it too. Raises: UnknownName,
    CheckpointError, SaveError; SettingError: it comes with zscope, a run still trains it, or the name cannot be."""
    from . import ladders  # here: it asks this file what is shipped

    path = _own(name, "renamed")
    with unneeded(model=name):
        check_name(new)
        control.refuse_taken(new)
        saved = checkpoint.read(path)
        command = re.sub(r"--name \S+", f"--name {new}", saved.config.get("command", ""))
        made = checkpoint.save(path.with_name(new), saved.config | {"name": new, "command": command}, saved.files)
        _discard(path)
        control.rename(name, new)
        ladders.rename_rung(name, new)
    return made


def annotate(name: str, text: str) -> None:
    """Write a note on the card, also while a run trains it; an empty one takes it off. Raises: UnknownName,
    SettingError, CheckpointError, SaveError."""
    path = _own(name, "annotated")
    text = text.strip()
    if len(text) > NOTE_MAX:
        raise SettingError(f"a note of {len(text)} characters: expected at most {NOTE_MAX}.")
    checkpoint.annotate(path, text)


def delete(name: str) -> None:
    """Gone from the disk. Raises: UnknownName, SaveError; SettingError: it comes with zscope, or a run trains it."""
    path = _own(name, "deleted")
    with unneeded(model=name):
        _discard(path)


def pack(name: str, *, resume: bool = False) -> bytes:
    """One ZIP of a verified checkpoint, the same bytes each time; resume: with what continues its training.

    Raises: UnknownName, CheckpointError.
    """
    saved = checkpoint.read(checkpoint.find(name), skip=() if resume else (RESUME,))
    files = {"config.json": (saved.path / "config.json").read_bytes()} | saved.files
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
        for file, data in sorted(files.items()):
            z.writestr(zipfile.ZipInfo(f"{saved.config['name']}/{file}"), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(source: Path | BufferedIOBase, name: str = "", *, allow_code: bool = False) -> Checkpoint:
    """A checkpoint from such a ZIP, verified as on every load and rebuilt once before it is kept; name: another one.

    Raises: SettingError: no such ZIP, too large, a name that is taken. CheckpointError: not what was saved.
    """
    given = PurePosixPath(getattr(source, "name", "") or "the ZIP").name  # so that what is wrong with it names it
    with tempfile.TemporaryDirectory(prefix="zscope-") as around:
        folder = Path(around) / given
        folder.mkdir()
        _extract(source, given, folder, FILES)
        saved = checkpoint.read(folder)
        if saved.config["family"] == IMPORTED and not allow_code:
            raise SettingError(
                f"{saved.config['name']} is an imported decoder: code, which runs when it is opened. If you trust "
                "it: python -m vae checkpoint unpack FILE --allow-code."
            )
        name = name or str(saved.config["name"])
        check_name(name)
        from .engine import Engine  # here: it brings torch, which the rest of this file does without

        Engine(saved, "cpu")
        return checkpoint.save(checkpoint.root() / name, saved.config | {"name": name}, saved.files)


# ---------------------------------------------------------------- parts


def _own(name: str, what: str) -> Path:
    known = checkpoint.checkpoints()
    if name not in known:
        raise UnknownName("checkpoint", name, known)
    if name in shipped():
        raise SettingError(f"{name} comes with zscope and is not {what}. Pack it and unpack it under another name.")
    return known[name]


def _discard(path: Path) -> None:
    """Out of sight in one step, then gone; what a killed process had moved aside of it goes too."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-deleted.partial")
    try:
        with swaps.lock(path.parent):
            shutil.rmtree(path.with_name(f".{path.name}.old"), ignore_errors=True)
            os.rename(path, aside)
        shutil.rmtree(aside)
    except OSError as e:
        raise SaveError(f"could not delete {path}: {e.strerror or e}.") from e


def _extract(source: Path | BufferedIOBase, given: str, folder: Path, allowed: tuple[str, ...]) -> None:
    """The files of the one checkpoint in a ZIP, by their last names, which are known ones: none can lead outside."""
    try:
        with zipfile.ZipFile(source) as z:
            inside = {}
            for entry in z.infolist():
                path = PurePosixPath(entry.filename)
                if entry.is_dir():
                    continue
                if len(path.parts) > 2 or path.name not in ("config.json", *allowed) or path.name in inside:
                    raise SettingError(
                        f"{given}: {entry.filename!r} is no file of a checkpoint: expected one folder with "
                        f"config.json, {', '.join(allowed)}."
                    )
                inside[path.name] = entry
            if "config.json" not in inside:
                raise SettingError(f"{given}: no checkpoint: it has no config.json.")
            size, packed = (sum(getattr(e, k) for e in inside.values()) for k in ("file_size", "compress_size"))
            if size > ZIP_BYTES_MAX or (size > RATIO_FROM and size > RATIO_MAX * max(packed, 1)):
                raise SettingError(
                    f"{given}: unpacks to {size / 2**20:,.0f} MB from {packed / 2**20:,.1f}; at most "
                    f"{ZIP_BYTES_MAX // 2**20:,} MB and {RATIO_MAX} times are unpacked."
                )
            if inside["config.json"].file_size > CONFIG_BYTES_MAX:
                raise SettingError(f"{given}: its config.json has {inside['config.json'].file_size / 2**20:.0f} MB.")
            for name, entry in inside.items():
                with z.open(entry) as stream:
                    (folder / name).write_bytes(stream.read(entry.file_size + 1))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as e:
        raise SettingError(f"{given}: not a ZIP, or a damaged one ({e}).") from None
    except OSError as e:
        raise SaveError(f"{given}: could not be unpacked: {e.strerror or e}.") from e
    listed = _listed(folder / "config.json")
    if extra := set(inside) - listed - {"config.json"}:
        raise CheckpointError(f"{given}: its config.json does not list {', '.join(sorted(extra))}.")


def _listed(config: Path) -> set[str]:
    try:
        return set(json.loads(config.read_text("utf-8"))["files"])
    except (ValueError, TypeError, KeyError, RecursionError) as e:
        raise CheckpointError(f"config.json lists no files ({type(e).__name__}: {e}).") from None
