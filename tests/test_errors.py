"""One tree of errors, and names that help."""

from __future__ import annotations

import inspect
import pickle

import pytest

from vae import errors
from vae.errors import UnknownName, ZscopeError
from vae.training.trainer import Diverged

TREE = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, Exception)]


@pytest.mark.parametrize("cls", [*TREE, Diverged])
def test_every_error_has_one_root_and_says_what_it_means(cls):
    assert issubclass(cls, ZscopeError)
    assert cls.__doc__


def test_an_unknown_name_says_what_was_given_what_is_close_and_what_exists():
    error = UnknownName("colour", "grean", ["red", "green"])
    assert str(error) == "unknown colour 'grean'. Did you mean 'green'? Known: green, red."
    assert (error.given, error.known) == ("grean", ["green", "red"])


def test_an_unknown_name_with_nothing_close_makes_no_suggestion():
    assert str(UnknownName("colour", "xyz", ["red"])) == "unknown colour 'xyz'. Known: red."
    assert str(UnknownName("colour", "xyz", [])) == "unknown colour 'xyz'. Known: none."
    assert str(UnknownName("size", 3, [1, 2])) == "unknown size 3. Known: 1, 2."  # a config may hold anything


def test_of_many_names_the_closest_are_listed():
    error = UnknownName("run", "b-17", [f"a-{i}" for i in range(98)] + ["b-1", "b-7"])
    assert str(error) == "unknown run 'b-17'. Did you mean 'b-7'? Known: b-7, b-1, a-17 and 97 others."
    assert len(error.known) == 100


def test_errors_cross_a_process_boundary():
    error = pickle.loads(pickle.dumps(ZscopeError("what happened")))
    assert str(error) == "what happened"
