"""How functions are called: what a reader of a call cannot tell by its place is given by name."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [str(path.relative_to(ROOT)) for part in ("app", "vae") for path in sorted((ROOT / part).rglob("*.py"))]
MOST = 5  # positional parameters, beside self and cls


def functions(text: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def crowded(text: str) -> list[str]:
    """Functions with more positional parameters than MOST."""
    return [f.name for f in functions(text) if len([a for a in _positional(f) if a.arg not in ("self", "cls")]) > MOST]


def untyped(text: str) -> list[str]:
    """Public functions that do not say what kind of `engine` they take."""
    return [
        f.name
        for f in functions(text)
        if not f.name.startswith("_")
        and any(a.arg == "engine" and a.annotation is None for a in [*_positional(f), *f.args.kwonlyargs])
    ]


def _positional(f: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*f.args.posonlyargs, *f.args.args]


def test_no_function_takes_many_parameters_by_their_place():
    for name in FILES:
        assert not crowded((ROOT / name).read_text("utf-8")), name


def test_every_public_function_says_what_engine_it_takes():
    for name in FILES:
        assert not untyped((ROOT / name).read_text("utf-8")), name


def test_both_are_seen():
    text = "class A:\n    def f(self, a, b, c, d, e, *, g): ...\n    def h(self, a, b, c, d, e, f): ...\n"
    assert crowded(text) == ["h"]
    assert untyped("def f(engine): ...\ndef g(engine: E): ...\ndef _h(engine): ...\ndef i(*, engine): ...") == [
        "f",
        "i",
    ]
