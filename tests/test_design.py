"""docs/design.md: its diagram is that of the present code, its table names every room, and the files it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import rooms

ROOT = Path(__file__).resolve().parents[1]
DESIGN = (ROOT / "docs/design.md").read_text("utf-8")
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PATH = re.compile(r"(?<![\w/.-])(?:vae|app|tests|docs)/[\w./-]*\w/?")
RECIPE = re.compile(r"(?<=```python\n)# .*")  # its first line names a file that is yet to be


def cells(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without its head."""
    section = DESIGN.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| ")][2:]


def test_the_diagram_is_that_of_the_code():
    assert rooms.drawn(DESIGN) == DESIGN, "the rooms have changed: python -m docs.rooms"


def test_the_table_has_a_line_for_each_room():
    assert [row[0].strip(" `") for row in cells("Rooms")] == list(rooms.rooms())


def test_the_questions_are_many_and_each_is_answered_by_a_file():
    asked = [row for row in cells("Which file do I open for ...") if "**" not in row[0]]
    assert len(asked) >= 25
    for question, answer in asked:
        assert PATH.findall(answer), question


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_in_the_documents_exists(page):
    text = RECIPE.sub("", page.read_text("utf-8"))
    for path in PATH.findall(text):
        assert (ROOT / path).exists(), f"{page.name} names {path}"


def test_shortcuts_are_left_out():
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": set(), "d": {"c"}}
    assert rooms.without_shortcuts(graph) == {"a": {"b", "d"}, "b": {"c"}, "c": set(), "d": {"c"}}


def test_paths_are_found_in_text():
    assert PATH.findall("see `vae/runs/`, app/live/x.js; not https://x.org/vae/y") == ["vae/runs/", "app/live/x.js"]
