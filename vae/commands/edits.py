"""python -m vae data edits: what was dropped, relabelled and tagged of a data set."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..data import edit_csv, edit_list
from ..data.edit_csv import Known
from ..data.edit_list import place_of
from ..data.edits import Change, come_to, described, summary
from ..disk import one_step
from ..errors import DataNotFound, SettingError
from ..registry import DATASETS
from ..text import _, ngettext


def edits(args: Namespace) -> None:
    """Show the changes of a data set; or export, import, take back or clear them."""
    data = DATASETS.get(args.name)
    place = place_of(data)
    if args.clear:
        before, _after = edit_list.clear(place)
        print(ngettext("took {n} change back", "took {n} changes back", len(before)))
    if args.undo is not None:
        _undo(place, args.undo)
    if args.source:
        path = Path(args.source)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataNotFound(_("{path}: cannot be read ({error}).", path=path, error=error)) from None
        edit_list.merge(place, edit_csv.read(text, Known.of(data.load(), data.classes)))
    changes = edit_list.load(place)
    found = come_to(changes)
    if args.export:
        one_step.write(Path(args.export), edit_csv.written(found, Known.of(data.load(), data.classes)).encode())
        print(args.export)
        return
    if args.json:
        card = found.card()
        print(json.dumps({"changes": [_plain(one) for one in changes], "tagged": found.tagged, **card}, indent=1))
        return
    for at, change in enumerate(changes, 1):
        print(f"{at}. {described(change)}")
    print(f"{args.name}: {summary(found)}")


def _undo(place: edit_list.Place, at: int) -> None:
    changes = edit_list.load(place)
    if not 1 <= at <= len(changes):
        raise SettingError(
            _("--undo {at}: expected the number of a change, 1 to {n}.", at=at, n=len(changes))
            if changes
            else _("--undo {at}: {name} has no edits.", at=at, name=place.name)
        )
    edit_list.take_back(place, changes[at - 1])


def _plain(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "value": change.value, "split": change.split, "samples": list(change.samples)}
