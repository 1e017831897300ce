"""The map of an unfinished training, drawn: its last saved epoch as a checkpoint of its own."""

from __future__ import annotations

from ..data.as_evaluated import of_card
from ..saved import checkpoint
from ..text import _
from ..training.experiment import add_atlas
from .folder import DONE, STOPPED, find, lock, write
from .preview import NOTE, POINTS, asked, epochs_saved, name_of, over, so_far


def draw(id: str, report=lambda stage: None, *, again: bool = False) -> checkpoint.Checkpoint:
    """The last saved epoch of a run as a checkpoint that can be explored; the run itself is not touched. again: it
    replaces the one before of the run, and is named after no epoch.

    Raises: SettingError: no epoch is saved yet.
    """
    run = find(id)
    epochs_saved(run)
    saved = checkpoint.read(checkpoint.find(run.name), skip=(checkpoint.RESUME,))
    epoch = saved.config.get("epochs_done", 0)
    name = so_far(run.name) if again else name_of(run, epoch)
    title = _("{title}, epoch {epoch} of {epochs}", title=saved.config["title"], epoch=epoch, epochs=run.plan["epochs"])
    copy = checkpoint.Checkpoint(checkpoint.root() / name, saved.config | {"name": name, "title": title}, saved.files)
    samples, points = of_card(saved.config), min(POINTS, run.plan["points"])
    drawn = add_atlas(copy, samples, n=points, device=run.plan["device"], report=report)
    if again and find(id).state.name in (DONE, STOPPED):  # meanwhile: the finished model has a map
        over(run)
    with lock():
        note = asked(run)
        if note and not note["ready"]:  # it trained on meanwhile
            write(run.folder / NOTE, note | {"name": name, "epoch": epoch})
    return drawn
