"""Draws the rooms of design.md from the code: `python -m docs.rooms` writes the diagram again, as Mermaid text.

An arrow means "imports". Arrows that follow from others are left out: where a imports b and b imports c, an arrow from
a to c would add nothing. Rooms and imports are read as in tests/test_layers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.test_layers import FILES, FLOOR, module, ours, room

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/design.md"
BEGIN, END = "<!-- the rooms, written by python -m docs.rooms -->\n", "<!-- end of the rooms -->\n"

Graph = Mapping[str, set[str]]


def rooms() -> dict[str, set[str]]:
    """room -> the rooms that it imports, top down, by their paths: {"vae/data": {"vae/registry.py", ...}, ...}."""
    found: dict[str, set[str]] = {name: set() for name in reversed(FLOOR)}
    for name, path in FILES.items():
        here = room(module(name))
        if here in found:
            found[here] |= {room(other) for other in ours(path)} & found.keys() - {here}
    return {_path(name): {_path(other) for other in others} for name, others in found.items()}


def _path(name: str) -> str:
    """The folder or file of a room: "vae/data", "vae/registry.py"; of the package itself its `__init__.py`."""
    path = name.replace(".", "/")
    if path in ("app", "vae"):
        return f"{path}/__init__.py"
    return path if (ROOT / path).is_dir() else f"{path}.py"


def without_shortcuts(graph: Graph) -> dict[str, set[str]]:
    """The fewest arrows by which every room still reaches all that it reaches. The graph has no circles."""

    def reached(start: str) -> set[str]:
        return graph[start].union(*(reached(other) for other in graph[start]))

    return {
        name: {other for other in others if not any(other in reached(between) for between in others - {other})}
        for name, others in graph.items()
    }


def diagram(graph: Graph) -> str:
    """The graph as a Mermaid flow chart, one line for each room that imports another."""
    order, lines = list(graph), []
    for part in ("app", "vae"):
        inside = [f"        {name}" for name in order if name.startswith(f"{part}/")]
        lines += [f"    subgraph {part}", *inside, "    end"]
    for name, others in without_shortcuts(graph).items():
        if others:
            lines.append(f"    {name} --> {' & '.join(sorted(others, key=order.index))}")
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def drawn(page: str) -> str:
    """The page with the diagram of the present code between its two marks."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + diagram(rooms()) + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
