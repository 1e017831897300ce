"""python -m vae docs: writes the tables of the documentation, which list what is registered."""

from __future__ import annotations

import inspect
import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataNotFound, SettingError, UnknownName
from ..registry import AS_IN_THE_PAPER, KINDS, LAYOUTS, Family, datasets, families, metric_groups, modalities
from ..settings import knobs
from ..studies.kinds import Compared, markdown
from ..text import _
from ..training.trainer import TrainHparams
from ..types import ARTIFACTS

PAGES = ("docs/guide.md", "docs/reference.md", "docs/data.md", "docs/kinds.md")
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)
FEW = 4  # families without a setting, up to which these are named instead of those with it


def write(args: Namespace) -> int:
    """Write the tables. With --check only list the pages that are out of date; returns 1 if there are any."""
    outdated = []
    for name in PAGES:
        page = Path(args.folder) / name
        if not page.is_file():
            raise DataNotFound(
                _("{page}: no such page. Give the folder that contains {pages}.", page=page, pages=", ".join(PAGES))
            )
        text = page.read_text("utf-8")
        if (new := filled(text)) == text:
            continue
        outdated.append(name)
        if not args.check:
            page.write_text(new, "utf-8")
    if not outdated:
        print(_("all pages are up to date"))
    elif args.check:
        print(_("out of date: {pages}", pages=", ".join(outdated)))
    else:
        print(_("updated: {pages}", pages=", ".join(outdated)))
    return int(args.check and bool(outdated))


def filled(text: str) -> str:
    """A page with up-to-date tables. Raises: UnknownName: no such table. SettingError: a table has no end."""

    def table(found: re.Match) -> str:
        if found[2] not in TABLES:
            raise UnknownName(_("table"), found[2], TABLES)
        return f"{found[1]}{TABLES[found[2]]()}\n{found[3]}"

    if text.count("<!-- table:") != len(MARKED.findall(text)):
        raise SettingError(_("a marked table has no end: expected <!-- table: NAME --> ... <!-- end -->."))
    return MARKED.sub(table, text)


# ---------------------------------------------------------------- tables


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _by_kind() -> list[Family]:
    return sorted(families().values(), key=lambda f: (KINDS.index(f.kind), f.name))


def _families() -> str:
    rows = [(_code([f.name]), f.summary, ", ".join(f.layouts) or "any", _years(f.paper)) for f in _by_kind()]
    return _table(("name", "what", "layout", "paper"), rows)


def _years(paper: str) -> str:
    """Authors and year of each paper, without its title."""
    return "; ".join(m[0] if (m := re.match(r".*?\b\d{4}\b", part)) else part for part in paper.split("; "))


def _departures() -> str:
    rows = [
        (_code([f.name]), _years(f.paper), " ".join(f.departures or [AS_IN_THE_PAPER]))
        for f in _by_kind()
        if f.departures is not None
    ]
    return _table(("family", "paper", "departures"), rows)


def _kinds() -> str:
    rows = [(kind, _code(f.name for f in families().values() if f.kind == kind)) for kind in KINDS]
    return _table(("kind", "families"), rows)


def _settings() -> str:
    """A row per setting and variant of its default, range and meaning; the variant of most families comes first."""
    having: dict[str, dict[tuple, list[str]]] = {}
    for f in _by_kind():
        for name, k in knobs(f.Hparams).items():
            having.setdefault(name, {}).setdefault(_described(k), []).append(f.name)
    rows = []
    for name, variants in having.items():
        for variant, names in sorted(variants.items(), key=lambda item: -len(item[1])):
            rows.append((_code([name]), *variant[:2], _families_with(names), variant[2]))
    rows += [(_code([n]), *_described(k)[:2], "trainer", _described(k)[2]) for n, k in knobs(TrainHparams).items()]
    return _table(("setting", "default", "range", "of", "meaning"), rows)


def _described(k: dict[str, Any]) -> tuple[str, str, str]:
    """Default, range and meaning of a setting, as text, with a link to the term that explains it."""
    span = ", ".join(map(str, k["choices"] or ())) or f"{_number(k['low'])} to {_number(k['high'])}"
    meaning = f"{k['help']} ({_term(k['term'])})" if k["term"] else k["help"]
    if k["type"] is bool:
        return str(k["default"]).lower(), "true, false", meaning
    return (k["default"] if k["type"] is str else _number(k["default"])), span, meaning


def _term(name: str) -> str:
    """A link to the heading of terms.md that explains it."""
    return f"[{name.replace('-', ' ')}](terms.md#{name})"


def _number(value: int | float) -> str:
    return f"{value:.7g}" if abs(value) <= 1e7 else f"{value:g}".replace("e+0", "e")


def _families_with(names: list[str]) -> str:
    lacking = [f.name for f in _by_kind() if f.name not in names]
    if not lacking:
        return "all"
    return f"all but {_code(lacking)}" if len(lacking) <= FEW else _code(names)


def _sets() -> str:
    rows = [(_code([d.name]), d.summary, d.size, d.comes, d.licence) for d in _published()]
    return _table(("name", "what", "samples (train / test)", "availability", "licence"), rows)


def _datasets() -> str:
    rows = [(_code([d.name]), d.modality, "x".join(map(str, d.shape)), str(len(d.classes) or "")) for d in _published()]
    return _table(("name", "modality", "shape", "classes"), rows)


def _published() -> list[Any]:
    return [d for d in datasets().values() if d.folder is None]


def _modalities() -> str:
    rows = []
    for m in modalities().values():
        quick = _code(f"{k}={v}" for k, v in m.quick.items())
        files = f"`{m.suffix}`{'' if m.from_bytes else ', written only'}"
        rows.append(
            (
                _code([m.name]),
                f"{m.layout} ({LAYOUTS[m.layout]}-d)",
                m.summary,
                files,
                quick,
            )
        )
    return _table(("name", "layout", "what", "files", "quick preset"), rows)


def _metrics() -> str:
    rows = [
        (_code([g.name]), g.figures or g.title, ", ".join(_term(name) for name in dict.fromkeys(g.terms.values())))
        for g in metric_groups().values()
    ]
    return _table(("group", "metrics", "terms"), rows)


def _artifacts() -> str:
    of: dict[str, list[str]] = {kind: [] for kind in ARTIFACTS}
    for m in modalities().values():
        for artifact in m.artifacts(_zeros(m.example_shape())):
            of[artifact.kind].append(m.name)
    return _table(
        ("kind", "data", "of"), [(_code([k]), data, _code(dict.fromkeys(of[k]))) for k, data in ARTIFACTS.items()]
    )


def _handle() -> str:
    """A row for each property and method of what vae.explore returns: its docstring, without examples."""
    from ..attached.explorer import Explorer

    rows = []
    for name, member in vars(Explorer).items():
        if name.startswith("_"):
            continue
        is_property = isinstance(member, property)
        said, _raises, errors = _sentences(member).partition("Raises: ")
        settable = ("yes" if member.fset else "no") if is_property else ""
        rows.append(
            (_code([f".{name}" if is_property else f".{name}{_called(member)}"]), said.strip(), settable, errors)
        )
    return _table(("handle", "what", "settable", "raises"), rows)


def _sentences(member: Any) -> str:
    """A docstring as one line."""
    lines = (inspect.getdoc(member) or "").splitlines()
    return " ".join(line for line in lines if line and not line.startswith(">>>")).strip()


def _called(function: Callable[..., Any]) -> str:
    """The arguments of a method with their defaults: "(path, *, scale=2.0)"."""
    signature = inspect.signature(function)
    plain = [p.replace(annotation=p.empty) for name, p in signature.parameters.items() if name != "self"]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


def _zeros(shape: tuple[int, ...]) -> Any:
    import numpy as np

    return np.zeros(shape, np.float32)


TABLES: dict[str, Callable[[], str]] = {
    "families": _families,
    "departures": _departures,
    "kinds": _kinds,
    "settings": _settings,
    "sets": _sets,
    "datasets": _datasets,
    "modalities": _modalities,
    "metrics": _metrics,
    "artifacts": _artifacts,
    "handle": _handle,
    "compared_claims": lambda: markdown(Compared.shipped().claims()),
    "compared_digits": lambda: markdown(Compared.shipped().measures("digits")),
    "compared_fashion": lambda: markdown(Compared.shipped().measures("fashion_mnist")),
    "compared_protocols": lambda: markdown(Compared.shipped().protocols()),
}
