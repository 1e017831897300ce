"""A folder, a ZIP or uploads as a list of files. Nothing is unpacked to disk or executed, and no link is followed.

Every limit is checked against the directory of an archive before anything is unpacked, and again while unpacking,
since the directory may lie (`vae.disk.guarded`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path, PurePosixPath

from ...disk import guarded
from ...errors import DataNotFound, SettingError
from ...text import _, ngettext, number, size
from . import zip_names

FILES_MAX = 200_000
FILE_BYTES_MAX = 2 * 2**30  # of one table or array
TOTAL_BYTES_MAX = 8 * 2**30  # in total, unpacked
IGNORED = ("__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")


@dataclass(frozen=True)
class Skipped:
    """A file that was not used, and the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True)
class File:
    """One file. name: with / between folders, none of them hidden or outside; size: bytes; open(): a stream of them, to
    be read by `vae.disk.guarded`; packed: bytes that it takes in an archive, else `size`; raw: the name as a ZIP stores
    it that does not tell its encoding, of which `name` is a guess."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BufferedIOBase]]
    packed: int
    raw: bytes | None = None

    @property
    def folders(self) -> tuple[str, ...]:
        return PurePosixPath(self.name).parts[:-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def inner_suffix(self) -> str:
        """Its suffix, or that before .gz."""
        return PurePosixPath(self.name[:-3]).suffix.lower() if self.suffix == ".gz" else self.suffix

    def unpacked(self) -> bytes:
        """All its bytes; those that gzip has packed, if its name ends in .gz. Raises: guarded.Refused; SettingError."""
        if self.suffix != ".gz":
            return self.read()
        limits = guarded.Limits(unpacked=FILE_BYTES_MAX)
        return guarded.gunzipped(self.read(), limits, packed=self.packed)

    def read(self) -> bytes:
        """All its bytes. Raises: SettingError: it cannot be read; the message follows its name."""
        try:
            with self.open() as stream:
                return guarded.read(stream, self.size)
        except (guarded.Refused, OSError) as e:
            raise SettingError(_("cannot be read ({reason})", reason=getattr(e, "strerror", None) or e)) from None


@dataclass(frozen=True)
class Given:
    """All files, sorted by name. skipped: those that could not be opened; passed_over: the number of system files that
    were ignored (hidden ones, __MACOSX, Thumbs.db)."""

    name: str
    files: tuple[File, ...]
    skipped: tuple[Skipped, ...]
    passed_over: int = 0


def unread(found: Given, skipped: Sequence[Skipped]) -> SettingError:
    """The error that none of the files can be read, with the reasons of the first."""
    return SettingError(
        ngettext(
            "{name}: its {n} file cannot be read ({reasons}).",
            "{name}: none of its {n} files can be read ({reasons}).",
            len(found.files),
            name=found.name,
            reasons="; ".join(f"{s.name}: {s.reason}" for s in skipped[:3]),
        )
    )


def given(path: str | os.PathLike) -> Given:
    """The files of a folder or a ZIP, or the single file. Raises: DataNotFound; SettingError: too many or too large."""
    path = Path(path).expanduser()
    if not path.exists():
        raise DataNotFound(_("{path}: no such file or folder.", path=path))
    if path.is_dir():
        return _of_folder(path)
    return of_uploads([(path.name, path.stat().st_size, path)])


def of_uploads(uploads: Iterable[tuple[str, int, Path | BufferedIOBase]]) -> Given:
    """Files given as (name, size in bytes, where to read them); a single ZIP stands for the files in it.

    Raises: SettingError: no files, too many, too large, or an invalid ZIP.
    """
    uploads = list(uploads)
    if not uploads:
        raise SettingError(_("no files were given."))
    first, _size, where = uploads[0]
    if len(uploads) == 1 and first.lower().endswith(".zip"):
        return _of_zip(first, where)
    files: list[File] = []
    skipped: list[Skipped] = []
    for name, n_bytes, where in uploads:
        name = PurePosixPath(zip_names.plain(name)).name
        _sort_in(File(name, n_bytes, _opener(where), n_bytes), files, skipped)
    several = ngettext("{n} file", "{n} files", len(uploads))
    return _bounded(first if len(uploads) == 1 else several, files, skipped)


# ---------------------------------------------------------------- parts


def _of_folder(root: Path) -> Given:
    files: list[File] = []
    skipped: list[Skipped] = []
    inside, passed_over = root.resolve(), 0
    for folder, below, names in os.walk(root):
        passed_over += sum(map(_ignored, below))
        below[:] = sorted(n for n in below if not _ignored(n))
        links = [Path(folder) / n for n in below if (Path(folder) / n).is_symlink()]
        skipped += [
            Skipped(p.relative_to(root).as_posix(), _("a link to a folder, which is not followed")) for p in links
        ]
        for name in sorted(names):
            path = Path(folder) / name
            short = path.relative_to(root).as_posix()
            if _ignored(name):
                passed_over += 1
                continue
            try:
                if path.is_symlink() and not path.resolve().is_relative_to(inside):
                    skipped.append(Skipped(short, _("a link that leads outside the folder")))
                    continue
                found = path.stat()
            except (OSError, RuntimeError) as e:
                skipped.append(
                    Skipped(
                        short,
                        _("cannot be read ({reason})", reason=getattr(e, "strerror", None) or e),
                    )
                )
                continue
            if not stat.S_ISREG(found.st_mode):
                skipped.append(Skipped(short, _("not a regular file")))
                continue
            _sort_in(File(zip_names.plain(short), found.st_size, _opener(path), found.st_size), files, skipped)
            if len(files) > FILES_MAX:
                break
    return _bounded(root.resolve().name, files, skipped, passed_over)


def _of_zip(name: str, where: Path | BufferedIOBase) -> Given:
    try:
        archive = guarded.open_zip(where, guarded.Limits(unpacked=TOTAL_BYTES_MAX, members=FILES_MAX))
    except guarded.Refused as e:
        raise SettingError(f"{name}: {e}") from None
    files: list[File] = []
    skipped: list[Skipped] = []
    passed_over = 0
    entries = [(entry, zip_names.raw(entry)) for entry in archive.infolist()]
    unclear = [raw for _entry, raw in entries if raw]
    encoding = zip_names.guessed(unclear) if unclear else ""
    for entry, raw in entries:
        short = zip_names.plain(raw.decode(encoding) if raw else entry.filename)
        parts = PurePosixPath(short).parts
        if entry.is_dir() or any(map(_ignored, parts)):
            passed_over += not entry.is_dir()
            continue
        if short.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", short):
            skipped.append(Skipped(short, _("its path leads outside the archive")))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            skipped.append(Skipped(short, _("a link, which is not followed")))
        elif reason := guarded.unreadable(entry):
            skipped.append(Skipped(short, reason))
        else:
            opener = functools.partial(guarded.member, archive, entry)
            _sort_in(File(short, entry.file_size, opener, entry.compress_size, raw), files, skipped)
    files.sort(key=lambda f: f.name)
    return _bounded(name, files, skipped, passed_over)


def _ignored(part: str) -> bool:
    """Whether it is a file that systems leave in folders."""
    return (part.startswith(".") and part not in (".", "..")) or part in IGNORED


def _sort_in(file: File, files: list[File], skipped: list[Skipped]) -> None:
    if not file.size:
        skipped.append(Skipped(file.name, _("the file is empty")))
    elif file.size > FILE_BYTES_MAX:
        skipped.append(
            Skipped(
                file.name,
                _("{size}; the limit is {limit}", size=size(file.size), limit=size(FILE_BYTES_MAX)),
            )
        )
    else:
        files.append(file)


def _bounded(name: str, files: list[File], skipped: list[Skipped], passed_over: int = 0) -> Given:
    if len(files) > FILES_MAX:
        raise SettingError(_("{name}: more than {max} files, the limit.", name=name, max=number(FILES_MAX)))
    total = sum(f.size for f in files)
    if total > TOTAL_BYTES_MAX:
        raise SettingError(
            _(
                "{name} unpacks to {size}; the limit is {limit}.",
                name=name,
                size=size(total),
                limit=size(TOTAL_BYTES_MAX),
            )
        )
    if not files:
        why = "; ".join(f"{s.name}: {s.reason}" for s in skipped[:3])
        raise SettingError(
            _("{name}: contains no readable file ({reasons}).", name=name, reasons=why)
            if why
            else _("{name}: contains no file.", name=name)
        )
    return Given(name, tuple(files), tuple(skipped), passed_over)


def _opener(where: Path | BufferedIOBase) -> Callable[[], AbstractContextManager[BufferedIOBase]]:
    def rewound() -> AbstractContextManager[BufferedIOBase]:
        if isinstance(where, Path):
            return where.open("rb")
        where.seek(0)
        return contextlib.nullcontext(where)  # an upload stays open

    return rewound
