"""Stored checkpoints renamed, annotated and deleted."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ..disk import folder_swap
from ..disk.saving import saving
from ..errors import SettingError, UnknownName
from ..runs import control
from ..runs.guards import unneeded
from ..saved import checkpoint
from ..saved.checkpoint import Checkpoint
from ..saved.names import check_name, shipped
from ..sweeps import sweeps
from ..text import _, number

NOTE_MAX = 4_000  # characters


def n_bytes(name: str) -> int:
    """On the disk. Raises: UnknownName."""
    return sum(p.stat().st_size for p in checkpoint.find(name).iterdir() if p.is_file())


def rename(name: str, new: str) -> Checkpoint:
    """The same checkpoint under another name, by which its run and its sweep know it too. Raises: UnknownName,
    CheckpointError, SaveError; SettingError: it comes with zscope, a run still trains it, or the name cannot be."""
    path = _own(name, "renamed")
    with unneeded(model=name):
        check_name(new)
        control.refuse_taken(new)
        saved = checkpoint.read(path)
        command = re.sub(r"--name \S+", f"--name {new}", saved.config.get("command", ""))
        made = checkpoint.save(path.with_name(new), saved.config | {"name": new, "command": command}, saved.files)
        _discard(path)
        control.rename(name, new)
        sweeps.rename_model(name, new)
    return made


def annotate(name: str, text: str) -> None:
    """Write a note on the card, also while a run trains it; an empty one takes it off. Raises: UnknownName,
    SettingError, CheckpointError, SaveError."""
    path = _own(name, "annotated")
    text = text.strip()
    if len(text) > NOTE_MAX:
        raise SettingError(
            _("the note has {n} characters: expected at most {most}.", n=number(len(text)), most=number(NOTE_MAX))
        )
    checkpoint.annotate(path, text)


def delete(name: str) -> None:
    """Gone from the disk. Raises: UnknownName, SaveError; SettingError: it comes with zscope, or a run trains it."""
    path = _own(name, "deleted")
    with unneeded(model=name):
        _discard(path)


# ---------------------------------------------------------------- parts


def _own(name: str, what: str) -> Path:
    known = checkpoint.checkpoints()
    if name not in known:
        raise UnknownName("checkpoint", name, known)
    if name in shipped():
        raise SettingError(
            _(
                "{name} comes with zscope and cannot be {what}. Pack it, then unpack it under another name.",
                name=name,
                what=what,
            )
        )
    return known[name]


def _discard(path: Path) -> None:
    """Out of sight in one step, then gone; what a killed process had moved aside of it goes too."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-deleted.partial")
    with saving(path), folder_swap.lock(path.parent):
        shutil.rmtree(path.with_name(f".{path.name}.old"), ignore_errors=True)
        os.rename(path, aside)
    with saving(aside, kept=_("The model is no longer listed.")):
        shutil.rmtree(aside)
