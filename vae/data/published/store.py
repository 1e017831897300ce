"""Finds the files of a data set on this machine, else downloads them. Only files with the right SHA-256 are used.

The hash is that of the decompressed payload: a recompressed .gz is accepted (Debian strips the gzip headers of
Fashion-MNIST), an edited one is not.
"""

from __future__ import annotations

import gzip
import hashlib
import inspect
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import DataCorrupt, DataNotFound
from ...registry import DATASETS, Dataset
from ...text import _, ngettext, number, size
from ..own.shelf import OWN
from .download import Progress, download

SYSTEM = Path("/usr/share/datasets")
log = logging.getLogger("zscope.data")


@dataclass(frozen=True)
class File:
    """One published file. size_bytes: as published; payload_bytes and sha256: after decompression."""

    name: str
    size_bytes: int
    payload_bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """Where a data set's files come from. folders: its names in data folders; mirrors: URL prefixes, best first."""

    dataset: str
    title: str
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]
    debian: str = ""


@dataclass(frozen=True)
class Place:
    """A folder that may hold the files. kind: "ZSCOPE_DATA", "cache" or "system"."""

    kind: str
    folder: Path


def cache(dataset: str) -> Path:
    """The folder of a data set's downloads: ZSCOPE_CACHE/<dataset>, or the user's cache folder."""
    chosen = os.environ.get("ZSCOPE_CACHE")
    if chosen:
        return Path(chosen).expanduser() / dataset
    import pooch  # here: its import takes a tenth of a second

    return Path(pooch.os_cache("zscope")) / dataset


def places(source: Source) -> Iterator[Place]:
    """The folders searched for a data set, in order: ZSCOPE_DATA, the cache, the system's data sets."""
    for entry in os.environ.get("ZSCOPE_DATA", "").split(os.pathsep):
        if entry:
            root = Path(entry).expanduser()
            for folder in source.folders:
                yield Place("ZSCOPE_DATA", root / folder)
            if root.name.lower() in {folder.lower() for folder in source.folders}:
                yield Place("ZSCOPE_DATA", root)
    yield Place("cache", cache(source.dataset))
    yield Place("system", SYSTEM / source.dataset.replace("_", "-"))


def find(source: Source, progress: Progress | None = None) -> dict[str, bytes]:
    """File name -> verified payload bytes of every file of a data set, downloading what is not on this machine.

    A file with a wrong hash is logged and ignored; in the cache it is replaced.

    Raises: DataNotFound: a file is neither here nor downloadable; the message lists all folders and addresses.
        SaveError: a download could not be written; the partial file is kept and resumed the next time.
    """
    rejected: dict[Path, str] = {}
    found = {file.name: _search(file, source, rejected) for file in source.files}
    payloads = {name: data for name, data in found.items() if data is not None}
    missing = [file for file in source.files if file.name not in payloads]
    if missing:
        folder = cache(source.dataset)
        for file in missing:
            urls = [mirror + file.name for mirror in source.mirrors]
            data, failures = download(urls, folder / file.name, file.size_bytes, partial(payload, file=file), progress)
            if data is None:
                raise DataNotFound(_not_found(source, missing, rejected, failures))
            payloads[file.name] = data
    return {file.name: payloads[file.name] for file in source.files}


def locate(dataset: str) -> Path | None:
    """The folder or file that a data set would be read from; None if it must be downloaded. Reads no payload.

    Raises: UnknownName.
    """
    entry = DATASETS.get(dataset)
    if entry.folder:
        return entry.folder
    load = entry.load
    source = _source(load)
    if source is None:  # computed, or part of an installed package
        return Path(inspect.getfile(load))
    folders = [place.folder for place in places(source)]
    found = [next((folder for folder in folders if _plausible(folder, file)), None) for file in source.files]
    return None if None in found else found[0]


def here(card: Mapping[str, Any]) -> bool:
    """Whether the data set named in a checkpoint's metadata can be read without a download. User data must be the very
    same data set, not another one of that name."""
    entry = DATASETS.all().get(str(card.get("dataset")))
    return entry is not None and locate(entry.name) is not None and _same(entry, str(card.get("data_origin", "")))


def check_same(card: Mapping[str, Any]) -> None:
    """Check that a training to be resumed still has its data set; user data must be the very same data set. A plan
    without `data_origin` is checked by name only. Raises: DataNotFound: it is gone, or another one has its name."""
    name, known = card["dataset"], DATASETS.all()
    origin = str(card.get("data_origin", ""))
    if name not in known:
        raise DataNotFound(
            _(
                "data set {name!r} no longer exists, so the training cannot be resumed. Add it again under that name "
                "(python -m vae data add {name} PATH), or delete the run. Existing data sets: {known}.",
                name=name,
                known=", ".join(known),
            )
        )
    if origin and not _same(known[name], origin):
        raise DataNotFound(
            _(
                "data set {name!r} is not the one that the training started with, so it cannot be resumed. Expected "
                "{expected}; given {given}. Add the original data set again, or delete the run.",
                name=name,
                expected=origin,
                given=known[name].origin,
            )
        )


def _same(entry: Dataset, origin: str) -> bool:
    """Whether it is the data set of a checkpoint; for published data the name is enough."""
    own = bool(entry.folder) or origin.startswith(OWN)
    return not own or entry.origin == origin


def availability(dataset: str, *, with_folder: bool = True) -> str:
    """For lists: "built in", "your own, in FOLDER", "found in FOLDER" or "11 MB to download"; without the folders "your
    own" and "found". Raises: UnknownName."""
    entry = DATASETS.get(dataset)
    if entry.folder:
        return _("your own, in {folder}", folder=entry.folder) if with_folder else _("your own")
    source = _source(entry.load)
    if source is None:
        return _("built in")
    folder = locate(dataset)
    if folder:
        return _("found in {folder}", folder=folder) if with_folder else _("found")
    return _("{size} to download", size=download_size(source))


def download_size(source: Source) -> str:
    """Size of the download: "11.6 MB", "430.6 kB"."""
    return size(sum(file.size_bytes for file in source.files))


def payload(path: Path, file: File) -> bytes:
    """The decompressed content of a file with the published SHA-256.

    Raises: DataCorrupt: another hash, truncated, or not gzip. OSError: unreadable.
    """
    try:
        with gzip.open(path) if _packed(path, file) else open(path, "rb") as stream:
            data = stream.read(file.payload_bytes + 1)  # never unpack more than needed to detect a wrong length
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataCorrupt(_("{path}: truncated or not gzip ({error})", path=path, error=error)) from None
    given = hashlib.sha256(data).hexdigest()
    if given != file.sha256:
        if len(data) <= file.payload_bytes:
            found = ngettext("{n} byte", "{n} bytes", len(data))
        else:
            found = _("more than {n} bytes", n=number(file.payload_bytes))
        raise DataCorrupt(
            _(
                "{path}: not the published bytes (SHA-256 of the content {given}..., {found}; expected "
                "{sha256}..., {n} bytes)",
                path=path,
                given=given[:12],
                found=found,
                sha256=file.sha256[:12],
                n=number(file.payload_bytes),
            )
        )
    return data


# ---------------------------------------------------------------- parts


def _source(load: Callable) -> Source | None:
    """The SOURCE of a data set's module, if it reads files: locate() and find() use the same one."""
    return getattr(inspect.getmodule(load), "SOURCE", None)


def _names(file: File) -> tuple[str, ...]:
    return (file.name, file.name.removesuffix(".gz")) if file.name.endswith(".gz") else (file.name,)


def _packed(path: Path, file: File) -> bool:
    return file.name.endswith(".gz") and path.name != file.name.removesuffix(".gz")


def _search(file: File, source: Source, rejected: dict[Path, str]) -> bytes | None:
    """The payload from the first folder that has it; rejected collects the reason for every unusable file."""
    for place in places(source):
        for name in _names(file):
            path = place.folder / name
            if not path.exists():
                continue
            try:
                return payload(path, file)
            except (DataCorrupt, OSError) as error:
                rejected[path] = str(error)
                log.warning(_("%s; looking further for %s"), error, source.title)
    return None


def _plausible(folder: Path, file: File) -> bool:
    """Whether the file exists with the right payload size (stored at the end of a .gz, RFC 1952 section 2.3.1)."""
    for name in _names(file):
        path = folder / name
        try:
            with open(path, "rb") as stream:
                n_bytes = stream.seek(0, os.SEEK_END)
                if _packed(path, file):
                    stream.seek(-4, os.SEEK_END)
                    n_bytes = int.from_bytes(stream.read(4), "little")
        except OSError:  # absent, unreadable or shorter than a gzip trailer
            continue
        if n_bytes == file.payload_bytes % 2**32:
            return True
    return False


def _not_found(source: Source, missing: list[File], rejected: dict[Path, str], failures: dict[str, str]) -> str:
    """The full report: every folder and address with the reason why it failed, and how to get the files."""
    lines = [
        _(
            "{title} ({dataset}) is not on this machine and could not be downloaded.",
            title=_(source.title),
            dataset=source.dataset,
        )
    ]
    lines += [_("Folders searched for {names}:", names=", ".join(file.name for file in missing))]
    for place in places(source):
        wrong = [text for path, text in rejected.items() if path.parent == place.folder]
        absent = _("files not found") if place.folder.is_dir() else _("no such folder")
        lines += [f"  {place.kind}: {text}" for text in wrong] or [f"  {place.kind}: {place.folder}: {absent}"]
    if not os.environ.get("ZSCOPE_DATA"):
        lines += ["  " + _("ZSCOPE_DATA is not set.")]
    lines += [_("Addresses tried:")] + [f"  {url}: {reason}" for url, reason in failures.items()]
    folder = cache(source.dataset)
    for path in sorted(folder.glob("*.partial")):
        lines += [
            _(
                "{size} of {name} are downloaded already; the next attempt resumes there.",
                size=size(path.stat().st_size),
                name=path.stem,
            )
        ]
    names = ",".join(file.name for file in source.files)
    lines += [_("Ways to get it:")]
    if source.debian:
        lines += ["  " + _("on Debian and Ubuntu: sudo apt install {package}", package=source.debian)]
    url = source.mirrors[0] + (names if len(source.files) == 1 else f"{{{names}}}")
    lines += [
        "  "
        + _("if you have the files: put them in FOLDER/{folder}/ and set ZSCOPE_DATA=FOLDER", folder=source.folders[0]),
        "  " + _("download them yourself: {url}", url=url),
        "    " + _("and put them in {folder}", folder=folder),
        "  " + _("or use a data set that needs no download: {command}", command="python -m vae list datasets"),
    ]
    return "\n".join(lines)
