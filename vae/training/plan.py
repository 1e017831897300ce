"""What to train: names and settings, checked."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from ..atlas.building import N_REFERENCE
from ..errors import SettingError
from ..registry import FAMILIES
from ..saved.names import check_spelling
from ..settings import configure, knobs
from ..text import _
from . import distributed
from .trainer import TrainHparams


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to train: names and settings, checked."""

    family: str
    dataset: str
    settings: dict[str, Any]
    epochs: int = 20
    seed: int = 0
    name: str = ""
    device: str | None = None
    points: int = N_REFERENCE  # of the map
    stream_mb: int | None = None  # 0: the training set lives on the device; None: its size and the free memory decide
    edits: bool = True  # train on the data set as it was edited; False: as it came

    def checkpoint_name(self) -> str:
        return self.name or f"{self.dataset}-{self.family}".replace("_", "-")

    def command(self) -> str:
        """The shell command that repeats this plan."""
        sets = " ".join(f"--set {shlex.quote(f'{k}={v}')}" for k, v in self.settings.items())
        parts = [
            f"{distributed.launcher()} -m vae train {self.family} {self.dataset}",
            sets,
            f"--epochs {self.epochs}",
            f"--seed {self.seed}",
            f"--name {self.checkpoint_name()}",
            f"--points {self.points}" * (self.points != N_REFERENCE),
            f"--stream {self.stream_mb}" * (self.stream_mb is not None),
            "--without-edits" * (not self.edits),
        ]
        return " ".join(p for p in parts if p)

    def check(self) -> None:
        """Raises: SettingError: a name or number that no run can have; settings are checked by `split_settings`."""
        check_spelling(self.checkpoint_name())
        if not 1 <= self.epochs <= 1_000_000:
            raise SettingError(_("epochs={epochs}: expected 1 to 1000000.", epochs=self.epochs))
        if not 2 <= self.points <= 1_000_000:
            raise SettingError(
                _("points={points}: expected 2 to 1000000 reference samples of the map.", points=self.points)
            )
        if self.stream_mb is not None and not 0 <= self.stream_mb <= 1_000_000:
            raise SettingError(_("stream={stream_mb}: expected 0 to 1000000 megabytes.", stream_mb=self.stream_mb))
        if not 0 <= self.seed < 2**32:
            raise SettingError(_("seed={seed}: expected 0 to {most}.", seed=self.seed, most=2**32 - 1))


def split_settings(family: str, settings: dict[str, Any]) -> tuple[Any, TrainHparams]:
    """Settings by name -> the family's Hparams and the trainer's. Raises: UnknownName, SettingError."""
    hparams = FAMILIES.get(family).Hparams
    known = knobs(TrainHparams)
    ours = {k: v for k, v in settings.items() if k in known}
    theirs = {k: v for k, v in settings.items() if k not in known}
    unknown = [k for k in theirs if k not in knobs(hparams)]
    if unknown:
        every = ", ".join(sorted([*knobs(hparams), *known]))
        raise SettingError(
            _(
                "unknown setting {unknown!r} for {family}. Known: {every}.",
                unknown=unknown[0],
                family=family,
                every=every,
            )
        )
    return configure(hparams, theirs), configure(TrainHparams, ours)
