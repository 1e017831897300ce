"""What was given, as a list of files: a folder, a ZIP, uploads. Nothing is unpacked to the disk, followed or run.

Every bound is checked on what an archive says of itself before a byte is unpacked, and again while it is: it may lie.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path, PurePosixPath

from ...errors import DataNotFound, SettingError

FILES_MAX = 200_000
FILE_BYTES_MAX = 2 * 2**30  # of one table or array
TOTAL_BYTES_MAX = 8 * 2**30  # of all, unpacked
RATIO_MAX = 200  # unpacked to packed, of an archive of more than RATIO_FROM: deflate reaches 1 032 on zeros
RATIO_FROM = 64 * 2**20
IGNORED = ("__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")


@dataclass(frozen=True)
class Skipped:
    """A file that was not used, and why, in words."""

    name: str
    reason: str


@dataclass(frozen=True)
class File:
    """One file. name: with / between folders, none of them hidden or outside; read(): its bytes, at most `size`."""

    name: str
    size: int
    read: Callable[[], bytes]

    @property
    def folders(self) -> tuple[str, ...]:
        return PurePosixPath(self.name).parts[:-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


@dataclass(frozen=True)
class Given:
    """All files of what was given, in the order of their names; skipped: those that could not even be asked;
    passed_over: how many there are that systems leave in folders (hidden ones, __MACOSX, Thumbs.db)."""

    name: str
    files: tuple[File, ...]
    skipped: tuple[Skipped, ...]
    passed_over: int = 0


def given(path: str | os.PathLike) -> Given:
    """The files of a folder, of a ZIP, or the one file. Raises: DataNotFound: there is none. SettingError: too much."""
    path = Path(path).expanduser()
    if not path.exists():
        raise DataNotFound(f"{path}: there is no such file or folder.")
    if path.is_dir():
        return _of_folder(path)
    return of_uploads([(path.name, path.stat().st_size, path)])


def of_uploads(uploads: Iterable[tuple[str, int, Path | BufferedIOBase]]) -> Given:
    """Files by name, size in bytes, and where to read them; a single ZIP stands for what is in it.

    Raises: SettingError: nothing, too many or too large, or not the ZIP that it says.
    """
    uploads = list(uploads)
    if not uploads:
        raise SettingError("no files were given.")
    first, _, where = uploads[0]
    if len(uploads) == 1 and first.lower().endswith(".zip"):
        return _of_zip(first, where)
    files: list[File] = []
    skipped: list[Skipped] = []
    for name, size, where in uploads:
        name = PurePosixPath(name.replace("\\", "/")).name
        _sort_in(File(name, size, _reader(where, size)), files, skipped)
    return _bounded(first if len(uploads) == 1 else f"{len(uploads)} files", files, skipped)


# ---------------------------------------------------------------- parts


def _of_folder(root: Path) -> Given:
    files: list[File] = []
    skipped: list[Skipped] = []
    inside, passed_over = root.resolve(), 0
    for folder, below, names in os.walk(root):
        passed_over += sum(map(_ignored, below))
        below[:] = sorted(n for n in below if not _ignored(n))
        links = [Path(folder) / n for n in below if (Path(folder) / n).is_symlink()]
        skipped += [Skipped(p.relative_to(root).as_posix(), "a link to a folder, which is not followed") for p in links]
        for name in sorted(names):
            path = Path(folder) / name
            short = path.relative_to(root).as_posix()
            if _ignored(name):
                passed_over += 1
                continue
            try:
                if path.is_symlink() and not path.resolve().is_relative_to(inside):
                    skipped.append(Skipped(short, "a link that leads outside the folder"))
                    continue
                found = path.stat()
            except (OSError, RuntimeError) as e:
                skipped.append(Skipped(short, f"cannot be read ({getattr(e, 'strerror', None) or e})"))
                continue
            if not stat.S_ISREG(found.st_mode):
                skipped.append(Skipped(short, "no regular file"))
                continue
            _sort_in(File(short, found.st_size, _reader(path, found.st_size)), files, skipped)
            if len(files) > FILES_MAX:
                break
    return _bounded(root.resolve().name, files, skipped, passed_over)


def _of_zip(name: str, where: Path | BufferedIOBase) -> Given:
    try:
        archive = zipfile.ZipFile(where)
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as e:
        raise SettingError(f"{name}: not a ZIP, or a damaged one ({e}).") from None
    packed = sum(e.compress_size for e in entries)
    unpacked = sum(e.file_size for e in entries)
    if unpacked > RATIO_FROM and unpacked > RATIO_MAX * max(packed, 1):
        raise SettingError(
            f"{name}: {packed / 2**20:.1f} MB that unpack to {unpacked / 2**20:,.0f} MB, more than {RATIO_MAX} times "
            "as much: refused as a ZIP bomb."
        )
    files: list[File] = []
    skipped: list[Skipped] = []
    passed_over = 0
    for entry in entries:
        short = entry.filename.replace("\\", "/")
        parts = PurePosixPath(short).parts
        if entry.is_dir() or any(map(_ignored, parts)):
            passed_over += not entry.is_dir()
            continue
        if short.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", short):
            skipped.append(Skipped(short, "its name leads outside the archive"))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            skipped.append(Skipped(short, "a link, which is not followed"))
        elif entry.flag_bits & 1:
            skipped.append(Skipped(short, "encrypted"))
        else:
            _sort_in(File(short, entry.file_size, _unpacker(archive, entry)), files, skipped)
    files.sort(key=lambda f: f.name)
    return _bounded(name, files, skipped, passed_over)


def _ignored(part: str) -> bool:
    """What systems leave in folders, and nobody means to give."""
    return (part.startswith(".") and part not in (".", "..")) or part in IGNORED


def _sort_in(file: File, files: list[File], skipped: list[Skipped]) -> None:
    if not file.size:
        skipped.append(Skipped(file.name, "empty: 0 bytes"))
    elif file.size > FILE_BYTES_MAX:
        skipped.append(Skipped(file.name, f"{file.size / 2**30:.1f} GB; at most {FILE_BYTES_MAX / 2**30:.0f} are read"))
    else:
        files.append(file)


def _bounded(name: str, files: list[File], skipped: list[Skipped], passed_over: int = 0) -> Given:
    if len(files) > FILES_MAX:
        raise SettingError(f"{name}: more than {FILES_MAX:,} files; that many are read at most.")
    total = sum(f.size for f in files)
    if total > TOTAL_BYTES_MAX:
        raise SettingError(
            f"{name}: {total / 2**30:.1f} GB unpacked; at most {TOTAL_BYTES_MAX / 2**30:.0f} GB are read."
        )
    if not files:
        why = "; ".join(f"{s.name}: {s.reason}" for s in skipped[:3])
        raise SettingError(f"{name}: there is no file to read in it{f' ({why})' if why else ''}.")
    return Given(name, tuple(files), tuple(skipped), passed_over)


def _reader(where: Path | BufferedIOBase, size: int) -> Callable[[], bytes]:
    def read() -> bytes:
        if isinstance(where, Path):
            with where.open("rb") as stream:
                return stream.read(size)
        where.seek(0)
        return where.read(size)

    return lambda: _told(read)


def _unpacker(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with archive.open(entry) as stream:
            return stream.read(entry.file_size + 1)[: entry.file_size]

    return lambda: _told(read)


def _told(read: Callable[[], bytes]) -> bytes:
    """Raises: SettingError: for whatever keeps a file from being read, in words that follow its name."""
    try:
        return read()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as e:
        raise SettingError(f"cannot be read ({getattr(e, 'strerror', None) or e})") from None
