"""A checkpoint as one ZIP, and a checkpoint from such a ZIP, verified before it is stored."""

from __future__ import annotations

import io
import re
import zipfile
from io import BufferedIOBase
from pathlib import Path, PurePosixPath

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ..disk import guarded
from ..disk.saving import saving
from ..disk.temporary import VARIABLE, temporary_folder
from ..engine.engine import Engine
from ..engine.validation import check_samples
from ..errors import CheckpointError, SettingError, ShapeError
from ..registry import IMPORTED
from ..saved import checkpoint
from ..saved.checkpoint import ATLAS, CONFIG_BYTES_MAX, FILES, RESUME, THUMBNAILS, Checkpoint
from ..saved.names import check_name
from ..text import _, size

LIMITS = guarded.Limits(members=100)  # of a ZIP
NAMED = 80  # last characters of a ZIP's name by which messages name it


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
    """A checkpoint from such a ZIP; name: another one. Before it is kept, its files are verified as on every load, and
    all of them are opened: the model, the map, the thumbnails and the history.

    Raises: SettingError: no such ZIP, too large, a name that is taken. CheckpointError: not what was saved.
    """
    given = PurePosixPath(getattr(source, "name", "") or _("the ZIP")).name  # so that what is wrong with it names it
    with temporary_folder() as around:
        folder = around / (re.sub(r"[^\w. -]", "_", given).strip(". ")[-NAMED:] or "zip")
        folder.mkdir()
        _extract(source, given, folder, FILES)
        saved = checkpoint.read(folder)
        if extra := {path.name for path in folder.iterdir()} - {checkpoint.CONFIG, *saved.files}:
            raise CheckpointError(
                _("{given}: its config.json does not list {extra}.", given=given, extra=", ".join(sorted(extra)))
            )
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
        _open_all(saved)
        return checkpoint.save(checkpoint.root() / name, saved.config | {"name": name}, saved.files)


# ---------------------------------------------------------------- parts


def _open_all(saved: Checkpoint) -> None:
    """Open every file as the app does, and decode once. Raises: CheckpointError."""
    engine = Engine(saved, "cpu")  # opens the model and the history
    try:
        load_tensors(saved.files.get(RESUME, save_tensors({})))
        if ATLAS in saved.files or THUMBNAILS in saved.files:  # a training that was stopped has no map yet
            atlas = engine.atlas
            atlas.thumbnail(0)
            given = atlas.conditions if engine.conditioned else atlas.labels
            decoded = engine.decode(atlas.z[:1], **{engine.condition_name: None if given is None else given[:1]})
            engine.modality.pictures(check_samples(decoded, engine.shape, engine.modality.bounded))
    except (SafetensorError, ShapeError, RuntimeError) as e:
        raise CheckpointError(
            _("{name}: its files do not fit each other: {error}", name=saved.path.name, error=e)
        ) from e


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
