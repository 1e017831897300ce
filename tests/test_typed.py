"""The types of every function are checked while tests run, also where no jaxtyping decorator is in the way."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jaxtyping
import numpy as np
import pytest
from jaxtyping import Float

from tests.typed import by_beartype, checked, names_an_array
from vae.latent import inverse
from vae.saved import schema
from vae.types import Spec


def typed(fn):
    return checked(typechecker=by_beartype)(fn)


@typed
def plain(n: int, *, text: str = "") -> str:
    return text * n if n < 9 else n


@typed
def arrays(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return a + b if len(a) < 9 else a[:1]


@typed
def unknown(x: NotThere) -> Any:
    return x


@typed
@contextlib.contextmanager
def context(n: int) -> Iterator[int]:
    yield n


@typed
def each(n: int) -> Iterator[int]:
    yield from range(n)


@typed
@dataclasses.dataclass
class Record:
    n: int

    @staticmethod
    @typed
    def of(text: str) -> Record:
        return Record(int(text))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plain("1"),
        lambda: plain(1, text=b""),
        lambda: plain(9),  # returns a number
        lambda: arrays(np.zeros(2, np.float32), np.zeros(3, np.float32)),
        lambda: arrays(np.zeros(2, int), np.zeros(2, int)),
        lambda: arrays(np.zeros(9, np.float32), np.zeros(9, np.float32)),  # returns one of them
        lambda: list(each("1")),
        lambda: Record("1"),
        lambda: Record.of(1),
        lambda: schema.is_text("a", most="b"),
        lambda: inverse.box_around(np.zeros((3, 4))),
        lambda: Spec("28", 1, 1, "image"),
    ],
)
def test_what_a_signature_does_not_allow_is_an_error(wrong):
    with pytest.raises(jaxtyping.TypeCheckError):
        wrong()


def test_what_a_signature_allows_passes():
    assert plain(2, text="ab") == "abab"
    assert arrays(np.ones(2, np.float32), np.ones(2, np.float32)).tolist() == [2, 2]
    assert list(each(3)) == [0, 1, 2]
    assert Record.of("3") == Record(3)
    assert unknown(3) == 3  # as long as nobody knows that name
    with context(3) as n:
        assert n == 3


def test_arrays_are_found_anywhere_in_a_type():
    array = Float[np.ndarray, "n d"]
    inside = (
        array,
        array | None,
        tuple[int, array],
        dict[str, list[array]],
        Callable[[array], int],
        Callable[..., array],
    )
    assert all(map(names_an_array, inside))
    assert not any(map(names_an_array, (int, np.ndarray, str | None, Callable[[int], str], Any, None, [])))


def test_functions_with_and_without_arrays_are_told_apart():
    assert schema.is_text.__code__.co_filename.startswith("<@beartype")
    assert inverse.box_around.__code__.co_filename.endswith("_decorator.py")
