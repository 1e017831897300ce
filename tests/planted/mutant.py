"""A known bug."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """In `file` of vae/, `old`, which stands there once, becomes `new`; `test` is to fail."""

    name: str
    file: str
    old: str
    new: str
    test: str
    always: bool = False  # part of every test run; the others are marked slow
