"""What a user may choose about how files become samples."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import SettingError, UnknownName
from ...registry import MODALITIES
from .picture_files import FITS, GROUNDS

COLOURS = ("auto", "grey", "colour")
SIDE_MAX = 512  # px, of a sample
WINDOW = 64  # time steps, where none is chosen


@dataclass(frozen=True)
class Choices:
    """kind: a modality, or auto: what they look like. size: (h, w) of pictures in px, None: what fits most. fit: crop |
    whole | stretch. ground: under what is transparent, and of margins. window, stride: time steps; 0 chooses."""

    kind: str = "auto"
    size: tuple[int, int] | None = None
    colour: str = "auto"
    fit: str = "crop"
    ground: str = "black"
    time_column: str = ""
    label_column: str = ""
    window: int = 0
    stride: int = 0
    test_share: float = 0.1
    seed: int = 0

    def check(self) -> None:
        """Raises: SettingError."""
        for what, value, known in (
            ("kind", self.kind, ("auto", *MODALITIES.all())), ("colour", self.colour, COLOURS),
            ("fit", self.fit, FITS), ("ground", self.ground, GROUNDS),
        ):  # fmt: skip
            if value not in known:
                raise SettingError(str(UnknownName(what, value, known)))
        if self.size is not None and not all(2 <= side <= SIDE_MAX for side in self.size):
            raise SettingError(f"size {'x'.join(map(str, self.size))}: expected HxW, each 2 to {SIDE_MAX} px.")
        if not 0 < self.test_share <= 0.5:
            raise SettingError(f"test share {self.test_share}: expected more than 0, at most .5.")
        if self.window and not 2 <= self.window <= 100_000:
            raise SettingError(f"window {self.window}: expected 2 to 100000 time steps.")
        if self.stride and not 1 <= self.stride <= 100_000:
            raise SettingError(f"stride {self.stride}: expected 1 to 100000 time steps.")
        if not 0 <= self.seed < 2**32:
            raise SettingError(f"seed {self.seed}: expected 0 to {2**32 - 1}.")


def size(text: str) -> tuple[int, int]:
    """ "HxW" or one number -> (h, w). Raises: SettingError."""
    parts = text.lower().replace("×", "x").split("x")
    if not all(p.strip().isdecimal() for p in parts) or len(parts) not in (1, 2):
        raise SettingError(f"size {text!r}: expected HxW in px, for example 32x32.")
    h, w = int(parts[0]), int(parts[-1])
    return h, w
