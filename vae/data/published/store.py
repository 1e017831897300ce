"""Finds the files of a data set on this machine, else downloads them. Bytes count only when their SHA-256 is right.

Hashes are taken of the decompressed payload: a repacked .gz is accepted (Debian strips the gzip headers of
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
    """Where one data set's files come from. folders: its names in data folders; mirrors: URL prefixes, best first."""

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
    """The folder that keeps a data set's downloads: ZSCOPE_CACHE/<dataset>, or the user's cache folder."""
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

    A file with wrong bytes is named in a log message and passed over; in the cache it is replaced.

    Raises: DataNotFound: some file is neither here nor downloadable; the message names every place and way.
        SaveError: a download could not be written; what had arrived is kept and resumed the next time.
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
    """The folder or file that a data set would be read from, None if it must be downloaded. Reads no payload.

    Raises: UnknownName.
    """
    entry = DATASETS.get(dataset)
    if entry.folder:
        return entry.folder
    load = entry.load
    source = _source(load)
    if source is None:  # computed, or part of an installed package: its own file brings it
        return Path(inspect.getfile(load))
    folders = [place.folder for place in places(source)]
    found = [next((folder for folder in folders if _plausible(folder, file)), None) for file in source.files]
    return None if None in found else found[0]


def here(card: Mapping[str, Any]) -> bool:
    """Whether the data set that a checkpoint's card names can be read without a download; of somebody's own, whether it
    is the very same one and not another of that name."""
    entry = DATASETS.all().get(str(card.get("dataset")))
    return entry is not None and locate(entry.name) is not None and _same(entry, str(card.get("data_origin", "")))


def check_same(card: Mapping[str, Any]) -> None:
    """Of what is to go on training: its data set is still there, and of somebody's own the very same one. A plan tells
    no `data_origin`: it goes by the name. Raises: DataNotFound: it is gone, or another has its name."""
    name, known = card["dataset"], DATASETS.all()
    origin = str(card.get("data_origin", ""))
    if name not in known:
        raise DataNotFound(
            f"data set {name!r} is gone, so the training cannot go on: add it again under that name "
            f"(python -m vae data add {name} PATH), or delete the run. There are: {', '.join(known)}."
        )
    if origin and not _same(known[name], origin):
        raise DataNotFound(
            f"data set {name!r} is another one than the training began with, so it cannot go on. Expected {origin}; "
            f"given {known[name].origin}. Add the former again, or delete the run."
        )


def _same(entry: Dataset, origin: str) -> bool:
    """Whether it is what a card calls by its name; of published data the name is enough."""
    own = bool(entry.folder) or origin.startswith("your own:")
    return not own or entry.origin == origin


def availability(dataset: str) -> str:
    """One phrase for lists: "built in", "your own, in FOLDER", "found in FOLDER" or "to download, 11 MB". Raises:
    UnknownName."""
    entry = DATASETS.get(dataset)
    if entry.folder:
        return f"your own, in {entry.folder}"
    source = _source(entry.load)
    if source is None:
        return "built in"
    folder = locate(dataset)
    if folder:
        return f"found in {folder}"
    return f"to download, {megabytes(source)}"


def megabytes(source: Source) -> str:
    """What a download weighs, as published: "11 MB", "0.4 MB"."""
    size = sum(file.size_bytes for file in source.files) / 1e6
    return f"{size:.{0 if size >= 1 else 1}f} MB"


def payload(path: Path, file: File) -> bytes:
    """The decompressed bytes of a file, whose SHA-256 is the published one.

    Raises: DataCorrupt: other bytes, truncated, or not gzip. OSError: cannot be read.
    """
    try:
        with gzip.open(path) if _packed(path, file) else open(path, "rb") as stream:
            data = stream.read(file.payload_bytes + 1)  # never unpack more than it takes to know better
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataCorrupt(f"{path}: truncated or not gzip ({error})") from None
    given = hashlib.sha256(data).hexdigest()
    if given != file.sha256:
        size = f"{len(data)}" if len(data) <= file.payload_bytes else f"more than {file.payload_bytes}"
        raise DataCorrupt(
            f"{path}: not the published bytes (SHA-256 of the content {given[:12]}..., {size} bytes; "
            f"expected {file.sha256[:12]}..., {file.payload_bytes} bytes)"
        )
    return data


# ---------------------------------------------------------------- parts


def _source(load: Callable) -> Source | None:
    """A data set's file names its SOURCE if it reads files; that is how locate() and find() know the same."""
    return getattr(inspect.getmodule(load), "SOURCE", None)


def _names(file: File) -> tuple[str, ...]:
    return (file.name, file.name.removesuffix(".gz")) if file.name.endswith(".gz") else (file.name,)


def _packed(path: Path, file: File) -> bool:
    return file.name.endswith(".gz") and path.name != file.name.removesuffix(".gz")


def _search(file: File, source: Source, rejected: dict[Path, str]) -> bytes | None:
    """The payload from the first place that holds it; why each other file would not do goes into rejected."""
    for place in places(source):
        for name in _names(file):
            path = place.folder / name
            if not path.exists():
                continue
            try:
                return payload(path, file)
            except (DataCorrupt, OSError) as error:
                rejected[path] = str(error)
                log.warning("%s; looking further for %s", error, source.title)
    return None


def _plausible(folder: Path, file: File) -> bool:
    """Whether a file is there with the right payload size (a .gz ends with it, RFC 1952 section 2.3.1)."""
    for name in _names(file):
        path = folder / name
        try:
            with open(path, "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                if _packed(path, file):
                    stream.seek(-4, os.SEEK_END)
                    size = int.from_bytes(stream.read(4), "little")
        except OSError:  # absent, unreadable or shorter than a gzip trailer: this place will not do
            continue
        if size == file.payload_bytes % 2**32:
            return True
    return False


def _not_found(source: Source, missing: list[File], rejected: dict[Path, str], failures: dict[str, str]) -> str:
    """The whole story: every place and why it did not do, every address and why, and the ways to get the files."""
    lines = [f"{source.title} ({source.dataset}) is not on this machine and could not be downloaded."]
    lines += [f"Looked for {', '.join(file.name for file in missing)} in:"]
    for place in places(source):
        wrong = [text for path, text in rejected.items() if path.parent == place.folder]
        absent = "files absent" if place.folder.is_dir() else "no such folder"
        lines += [f"  {place.kind}: {text}" for text in wrong] or [f"  {place.kind}: {place.folder}: {absent}"]
    if not os.environ.get("ZSCOPE_DATA"):
        lines += ["  ZSCOPE_DATA is not set."]
    lines += ["Tried to download:"] + [f"  {url}: {reason}" for url, reason in failures.items()]
    folder = cache(source.dataset)
    for path in sorted(folder.glob("*.partial")):
        lines += [
            f"{path.stat().st_size / 1e6:.1f} MB of {path.stem} have arrived and are kept: the next try goes on there."
        ]
    names = ",".join(file.name for file in source.files)
    lines += ["Ways to get it:"]
    if source.debian:
        lines += [f"  on Debian and Ubuntu: sudo apt install {source.debian}"]
    lines += [
        f"  have the files already: put them in FOLDER/{source.folders[0]}/ and set ZSCOPE_DATA=FOLDER",
        f"  fetch them by hand: {source.mirrors[0]}{names if len(source.files) == 1 else f'{{{names}}}'}",
        f"    and put them in {folder}",
        "  or take a data set that needs no download: python -m vae list datasets",
    ]
    return "\n".join(lines)
