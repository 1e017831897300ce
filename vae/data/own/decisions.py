"""What had to be decided to read some files: the value taken, the others that it could have, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import SettingError, UnknownName
from ...settings import QUESTIONS, flag
from ...text import _, number
from .choices import Choices

NONE = "none"  # of something that may be missing, such as labels
SHOWN = 8  # values that a line of text lists


@dataclass(frozen=True)
class Decision:
    """The answer to one question of `QUESTIONS`, by which the field of `Choices` is named that changes it.

    value: what was taken; guess: what is taken if nothing is chosen, the same unless something was; options: the values
    that can be chosen for these files; why: the reason for the guess, a clause.
    """

    name: str
    value: str
    guess: str
    options: tuple[str, ...]
    why: str

    @property
    def title(self) -> str:
        """What is asked, in one or two words."""
        return _(QUESTIONS[self.name].title)

    @property
    def reason(self) -> str:
        """Why the value was taken, a clause."""
        return self.why if self.value == self.guess else _("as you chose; detected: {guess}", guess=self.guess)

    def line(self) -> str:
        """The decision as text, with the flag that changes it."""
        others = [v for v in self.options if v != self.value]
        listed = "|".join(others[:SHOWN]) + "|..." * (len(others) > SHOWN)
        if not others:
            return _("{question}: {value} ({reason})", question=self.title, value=self.value, reason=self.reason)
        return _(
            "{question}: {value} ({reason}); to change it: {flag} {others}",
            question=self.title,
            value=self.value,
            reason=self.reason,
            flag=flag(self.name),
            others=listed,
        )


def decide(
    made: list[Decision], choices: Choices, name: str, guess: str, why: str, *, options: Sequence[str] = ()
) -> str:
    """The chosen value, or else the guess; the decision is added to those made. options: those that fit these files;
    none: all that the question has. Raises: SettingError: the chosen value is not one of them."""
    options = tuple(options) or QUESTIONS[name].words
    value = getattr(choices, name) or guess
    if value not in options:
        known = [*options[:40], *([_("and {n} more", n=number(len(options) - 40))] if len(options) > 40 else [])]
        raise SettingError(str(UnknownName(_(QUESTIONS[name].title).lower(), value, known)))
    made.append(Decision(name, value, guess, options, why))
    return value


def undecided() -> tuple[Decision, ...]:
    """The questions with the same answers for all files, for files that could not be read: what could be changed."""
    return tuple(Decision(name, "", "", q.words, "") for name, q in QUESTIONS.items() if q.words)
