"""A checkpoint as one ZIP, and a checkpoint from such a ZIP, verified before it is stored."""

from __future__ import annotations

import io
import json
import zipfile
from io import BufferedIOBase
from pathlib import Path, PurePosixPath

import torch

from ..disk import guarded
from ..disk.saving import saving
from ..disk.temporary import VARIABLE, temporary_folder
from ..errors import CheckpointError, SettingError
from ..registry import IMPORTED
from ..saved import checkpoint
from ..saved.checkpoint import FILES, RESUME, Checkpoint
from ..saved.names import check_name
from ..saved.restoring import restore
from ..text import _, size

LIMITS = guarded.Limits(members=100)  # of a ZIP
CONFIG_BYTES_MAX = 16 * 2**20


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
    given = PurePosixPath(getattr(source, "name", "") or _("the ZIP")).name  # so that what is wrong with it names it
    with temporary_folder() as around:
        folder = around / given
        folder.mkdir()
        _extract(source, given, folder, FILES)
        saved = checkpoint.read(folder)
        if saved.config["family"] == IMPORTED and not allow_code:
            raise SettingError(
                _(
                    "{name} is an imported decoder, which is code that runs when it is opened. If you trust "
                    "it: python -m vae checkpoint unpack FILE --allow-code.",
                    name=saved.config["name"],
                )
            )
        name = name or str(saved.config["name"])
        check_name(name)
        restore(saved, torch.device("cpu"))
        return checkpoint.save(checkpoint.root() / name, saved.config | {"name": name}, saved.files)


# ---------------------------------------------------------------- parts


def _extract(source: Path | BufferedIOBase, given: str, folder: Path, allowed: tuple[str, ...]) -> None:
    """The files of the one checkpoint in a ZIP, by their last names, which are known ones: none can lead outside."""
    try:
        with guarded.open_zip(source, LIMITS) as z:
            inside = {}
            for entry in z.infolist():
                path = PurePosixPath(entry.filename)
                if entry.is_dir():
                    continue
                if len(path.parts) > 2 or path.name not in ("config.json", *allowed) or path.name in inside:
                    raise SettingError(
                        _(
                            "{given}: {filename!r} does not belong to a checkpoint: expected one folder with "
                            "config.json, {allowed}.",
                            given=given,
                            filename=entry.filename,
                            allowed=", ".join(allowed),
                        )
                    )
                inside[path.name] = entry
            if "config.json" not in inside:
                raise SettingError(_("{given}: not a checkpoint: it has no config.json.", given=given))
            if inside["config.json"].file_size > CONFIG_BYTES_MAX:
                raise SettingError(
                    _(
                        "{given}: its config.json is too large ({size}).",
                        given=given,
                        size=size(inside["config.json"].file_size),
                    )
                )
            for name, entry in inside.items():
                with (
                    guarded.member(z, entry) as stream,
                    saving(folder / name, variable=VARIABLE),
                    (folder / name).open("wb") as file,
                ):
                    file.writelines(guarded.chunks(stream, entry.file_size))
    except guarded.Refused as e:
        raise SettingError(f"{given}: {e}") from None
    listed = _listed(folder / "config.json")
    if extra := set(inside) - listed - {"config.json"}:
        raise CheckpointError(
            _("{given}: its config.json does not list {extra}.", given=given, extra=", ".join(sorted(extra)))
        )


def _listed(config: Path) -> set[str]:
    try:
        return set(json.loads(config.read_text("utf-8"))["files"])
    except (ValueError, TypeError, KeyError, RecursionError) as e:
        raise CheckpointError(
            _("config.json lists no files ({kind}: {error}).", kind=type(e).__name__, error=e)
        ) from None
