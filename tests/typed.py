"""Types are checked in tests: by jaxtyping where a signature names arrays, at a tenth of its cost where it names none.

jaxtyping wraps every function of the package. It binds the arguments of each call, to compare the sizes of axes with
one another, and checks them once before and once after. A signature without arrays has no axes: beartype alone checks
it.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import _decorator

by_jaxtyping = _decorator.jaxtyped
by_beartype = beartype(conf=BeartypeConf(violation_type=jaxtyping.TypeCheckError))


def checked(fn: Any = None, *, typechecker: Any) -> Any:
    """`jaxtyping.jaxtyped` as the import hook calls it: on classes, functions, and what is made of functions."""
    if fn is None:
        return lambda fn: checked(fn, typechecker=typechecker)
    if not inspect.isfunction(fn):
        return by_jaxtyping(fn, typechecker=typechecker)  # which comes back for the functions inside
    as_written = fn.__annotations__
    hints = {name: resolved(hint, fn) for name, hint in as_written.items()}
    if any(map(names_an_array, hints.values())):
        return by_jaxtyping(fn, typechecker=typechecker)
    fn.__annotations__ = hints
    try:
        return by_beartype(fn)
    finally:
        fn.__annotations__ = as_written


def resolved(hint: Any, fn: Callable) -> Any:
    """What an annotation stands for; anything where a name is not known yet, as jaxtyping has it."""
    return _decorator._destring_annotation(hint, fn.__globals__)


def names_an_array(hint: Any) -> bool:
    """Whether a jaxtyping array is anywhere in a type."""
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    inside = hint if isinstance(hint, list) else typing.get_args(hint)  # a list: the arguments of a Callable
    return any(map(names_an_array, inside))


sys.dont_write_bytecode = False  # the workers of a test run share what the import hook makes of the package
_decorator.jaxtyped = jaxtyping.jaxtyped = checked  # what the import hook decorates from now on is decorated here
