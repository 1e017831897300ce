"""The shape of the source: who may import whom, how long a file may be, and what no file may be called.

Read from the text of the files, so that what is broken is named even where it cannot be imported.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {str(path.relative_to(ROOT)): path for part in ("app", "vae") for path in sorted((ROOT / part).rglob("*.py"))}
TEXTS = sorted(
    str(path.relative_to(ROOT))
    for part in ("app", "vae", "tests")
    for path in (ROOT / part).rglob("*")
    if path.suffix in (".py", ".js", ".css")
)
HARD_LIMIT, VIEW_LIMIT, TYPES_LIMIT = 400, 80, 120
FORBIDDEN_STEMS = {"utils", "util", "base", "common", "core", "helpers", "helper", "misc", "pages"}

# Imports inside app point down this list; within one level only what is named.
LEVELS = [
    {"studio", "engines", "plans", "downloads", "figures", "jobs", "layouts", "port", "anomaly"},
    {"attribute", "cards", "estimates", "draws", "evidence", "film_figures", "film_parts", "groups"}
    | {"links", "posterior", "sides", "sliders", "walk"},
    {"asks", "film"},
    {"theatre"},
    {"assets", "scripts"},
    {"live"},
    {"session", "show", "knobs"},
    {"components"},
    {"panels"},
    {"views"},
    {"router", "main"},
]


def imports(path: Path) -> set[str]:
    """Full dotted names that a file imports, at its top or inside its functions; `from a import b` gives a and a.b."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {home, *(f"{home}.{alias.name}" for alias in node.names)}
    return found


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def part(name: str) -> str:
    """The part of app that a file or an import belongs to: "app/views/model.py" and "app.views.model" -> "views"."""
    pieces = name.removesuffix(".py").replace("/", ".").split(".")
    return pieces[1] if len(pieces) > 1 else ""


def level(name: str) -> int | None:
    return next((i for i, names in enumerate(LEVELS) if part(name) in names), None)


def below(*folders: str) -> list[str]:
    return [name for name in FILES if name.startswith(folders)]


@pytest.mark.parametrize("name", below("vae/"))
def test_vae_knows_neither_the_app_nor_widgets_nor_plots(name):
    assert not roots(FILES[name]) & {"app", "streamlit", "plotly", "matplotlib", "altair"}


@pytest.mark.parametrize("name", below("vae/latent/", "vae/modalities/"))
def test_latent_and_modalities_know_no_torch(name):
    found = imports(FILES[name])
    assert "torch" not in {module.split(".")[0] for module in found}
    torch_parts = {"model", "train", "engine", "terms", "objectives", "likelihoods", "nets", "bottlenecks", "families"}
    assert not {m for m in found if m.startswith("vae.") and m.split(".")[1] in torch_parts}


@pytest.mark.parametrize("name", below("vae/families/"))
def test_families_never_import_each_other(name):
    others = {m for m in imports(FILES[name]) if m.startswith("vae.families.")}
    assert not others


@pytest.mark.parametrize("name", below("app/"))
def test_the_app_imports_downwards(name):
    if name == "app/__init__.py":
        return
    here = level(name)
    assert here is not None, f"{name} has no place in LEVELS: give it one"
    for module in imports(FILES[name]):
        if module == "app" or not module.startswith("app.") or level(module) is None:
            continue
        assert level(module) < here or part(module) == part(name), f"{name} imports {module}, which lies above it"


def test_studio_knows_neither_streamlit_nor_torch_nor_anything_of_ours():
    assert not roots(FILES["app/studio.py"]) & {"streamlit", "torch", "app", "vae", "numpy"}


@pytest.mark.parametrize("name", [n for n in below("app/") if part(n) != "session"])
def test_only_session_touches_session_state_and_caches(name):
    nodes = [node for node in ast.walk(ast.parse(FILES[name].read_text("utf-8"))) if isinstance(node, ast.Attribute)]
    touched = {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id in ("st", "streamlit")}
    assert not touched & {"session_state", "query_params", "cache_data", "cache_resource"}


@pytest.mark.parametrize("name", below("app/views/", "app/panels/"))
def test_views_reach_the_model_through_session(name):
    assert not {m for m in imports(FILES[name]) if m.startswith(("app.engines", "app.live", "app.assets", "torch"))}
    assert not {m for m in imports(FILES[name]) if m.startswith("app.views.")}


@pytest.mark.parametrize("name", TEXTS)
def test_no_file_is_too_long_or_called_nothing(name):
    path = ROOT / name
    lines = len(path.read_text("utf-8").splitlines())
    limit = VIEW_LIMIT if name.startswith("app/views/") else TYPES_LIMIT if name == "vae/types.py" else HARD_LIMIT
    assert lines <= limit, f"{name} has {lines} lines, at most {limit}"
    assert not {path.stem.lower(), *(piece.lower() for piece in Path(name).parts[1:-1])} & FORBIDDEN_STEMS


def test_the_reader_of_imports_sees_all_kinds(tmp_path, monkeypatch):
    file = tmp_path / "vae" / "families" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text("import torch.nn as nn\nfrom . import vae\nfrom ..types import Spec\ndef f():\n    import umap\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert imports(file) == {"torch.nn", "vae.families", "vae.families.vae", "vae.types", "vae.types.Spec", "umap"}
