"""Options for turning files into samples."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import SettingError, UnknownName
from ...modalities.picture_files import FITS, GROUNDS
from ...registry import MODALITIES
from ...settings import QUESTIONS
from ...text import _, number

COLOURS = ("auto", "grey", "colour")
SIDE_MAX = 512  # px, of a sample
WINDOW = 64  # time steps, the default


@dataclass(frozen=True)
class Choices:
    """kind: a modality, or "auto" to infer it. size: (h, w) of pictures in px, None to choose one. fit: crop | whole |
    stretch. ground: background of transparent and padded areas. window, stride: in time steps, 0 to choose them.

    The other fields are those of `vae.settings.QUESTIONS`: "" lets the files decide, see `decisions.decide`."""

    kind: str = "auto"
    size: tuple[int, int] | None = None
    colour: str = "auto"
    fit: str = "crop"
    ground: str = "black"
    time_column: str = ""
    window: int = 0
    stride: int = 0
    test_share: float = 0.1
    seed: int = 0
    labels: str = ""
    header: str = ""
    units: str = ""
    skip: str = ""
    sheet: str = ""
    decimal: str = ""
    missing: str = ""
    encoding: str = ""
    delimiter: str = ""
    dates: str = ""
    range: str = ""
    layout: str = ""
    zip_names: str = ""
    rows: str = ""
    lengths: str = ""
    metadata: str = ""

    def check(self) -> None:
        """Raises: SettingError."""
        for what, value, known in (
            ("kind", self.kind, ("auto", *MODALITIES.all())), ("colour", self.colour, COLOURS),
            ("fit", self.fit, FITS), ("ground", self.ground, GROUNDS),
        ):  # fmt: skip
            if value not in known:
                raise SettingError(str(UnknownName(what, value, known)))
        for name, question in QUESTIONS.items():
            if question.words and getattr(self, name) not in ("", *question.words):
                what, given = _(question.title).lower(), getattr(self, name)
                raise SettingError(str(UnknownName(what, given, question.words)))
        if self.size is not None and not all(2 <= side <= SIDE_MAX for side in self.size):
            raise SettingError(
                _(
                    "size {size}: expected HxW, each from 2 to {max} px.",
                    size="x".join(map(str, self.size)),
                    max=SIDE_MAX,
                )
            )
        if not 0 < self.test_share <= 0.5:
            raise SettingError(_("test share {share}: expected more than 0 and at most 0.5.", share=self.test_share))
        if self.window and not 2 <= self.window <= 100_000:
            raise SettingError(
                _("window {window}: expected 2 to {max} time steps.", window=self.window, max=number(100_000))
            )
        if self.stride and not 1 <= self.stride <= 100_000:
            raise SettingError(
                _("stride {stride}: expected 1 to {max} time steps.", stride=self.stride, max=number(100_000))
            )
        if not 0 <= self.seed < 2**32:
            raise SettingError(_("seed {seed}: expected 0 to {max}.", seed=self.seed, max=2**32 - 1))


def size(text: str) -> tuple[int, int]:
    """ "HxW" or one number -> (h, w). Raises: SettingError."""
    parts = text.lower().replace("×", "x").split("x")
    if not all(p.strip().isdecimal() for p in parts) or len(parts) not in (1, 2):
        raise SettingError(_("size {text!r}: expected HxW in px, for example 32x32.", text=text))
    h, w = int(parts[0]), int(parts[-1])
    return h, w
