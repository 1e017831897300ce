"""The shape of the source: which room may import which, how long a file may be, and what no file may be called.

Read from the text of the files, so that a broken rule is named even where the file cannot be imported.
"""

from __future__ import annotations

import ast
from functools import cache
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
HARD_LIMIT, VIEW_LIMIT, TYPES_LIMIT = 400, 80, 130
LOOSE = {"vae": 5, "app": 3}  # files directly in a package, beside __init__ and __main__
FORBIDDEN_STEMS = {"utils", "util", "base", "common", "core", "helpers", "helper", "misc", "pages"}
HIDING_STEMS = {  # names that do not say what is inside ("group" does in app/panels/explore, of the tool Group)
    "keeping", "rebuild", "quantities", "rungs", "frames", "swaps", "inputs", "imported", "asks", "sides",
    "draws", "evidence", "jobs", "plans", "estimates", "way", "keep", "watch", "remembered", "use", "laying", "fitting",
    "following", "processes",
}  # fmt: skip

# Rooms from the bottom up: a file imports its own room and those of the lines above it, whether at its top, inside a
# function or for its types alone. Rooms of one line do not know each other.
ROOMS = """
    vae.text
    vae.version vae.types vae.errors
    vae.settings vae.disk
    vae.registry
    vae.latent vae.losses vae.modalities
    vae.sampling
    vae.data vae.maxent
    vae.models
    vae.families
    vae.metrics
    vae.saved
    vae.atlas
    vae.engine
    vae.studies
    vae.training
    vae.forming
    vae.runs
    vae.sweeps
    vae.library
    vae.attached
    vae.commands
    vae.__main__
    vae
    app.state
    app.show
    app.files
    app.live
    app.session
    app.browser
    app.panels
    app.views
    app.router app.main app.__main__
"""
FLOORS = [line.split() for line in ROOMS.split("\n") if line.strip()]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def module(name: str) -> str:
    """ "vae/latent/fit.py" -> "vae.latent.fit"; the file of a package goes by the name of the package."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module(name): name for name in FILES}


@cache
def imports(path: Path, *, lazy_only: bool = False) -> set[str]:
    """Full dotted names that a file imports, at its top or inside its functions; `from a import b` gives a and a.b.

    lazy_only: only those inside functions.
    """
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    starts = [node for node in ast.walk(tree) if isinstance(node, functions)] if lazy_only else [tree]
    for node in (node for one in starts for node in ast.walk(one)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {home, *(f"{home}.{alias.name}" for alias in node.names)}
    return found


def ours(path: Path, **how: bool) -> set[str]:
    """The modules of ours that a file imports: of `from a import b` a.b where that is a module, else a."""
    found = imports(path, **how)
    known = {name for name in found if name in MODULES}
    return {name for name in known if not any(other.startswith(f"{name}.") for other in known)} | (known & {"vae"})


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def room(name: str) -> str:
    """The room of a module: its first two parts, or the package alone."""
    return ".".join(name.split(".")[:2])


def below(*folders: str) -> list[str]:
    return [name for name in FILES if name.startswith(folders)]


def test_every_file_imports_downwards():
    for name, path in FILES.items():
        here = room(module(name))
        assert here in FLOOR or name == "app/__init__.py", f"{name} is in no room of ROOMS: give it one"
        for other in ours(path):
            there = room(other)
            if there == here or other == "app" or name == "app/__init__.py":
                continue
            assert FLOOR[there] < FLOOR[here], f"{name} imports {other}, whose room is not below {here}"


def test_no_files_import_each_other_in_a_circle():
    edges = {name: ours(path) - {name} for name, path in ((module(n), p) for n, p in FILES.items())}
    assert not circles(edges)


def circles(edges: dict[str, set[str]]) -> set[str]:
    """The nodes that are left when those that lead nowhere are taken away again and again: on a circle, or above."""
    left = dict(edges)
    while done := {name for name, to in left.items() if not to & set(left)}:
        left = {name: to for name, to in left.items() if name not in done}
    return set(left)


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"e"}, "e": set()}) == {"a", "b", "c"}
    assert not circles({"a": {"b"}, "b": set()})


def test_only_commands_import_our_modules_inside_functions():
    for name in FILES:
        if not name.startswith("vae/commands/") and name != "vae/__init__.py":
            assert not ours(FILES[name], lazy_only=True), name


@pytest.mark.parametrize("package", LOOSE)
def test_a_line_of_code_is_in_a_room(package):
    loose = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py", "__main__.py"}
    assert len(loose) <= LOOSE[package], f"{sorted(loose)} lie loose in {package}/: at most {LOOSE[package]} may"


def test_vae_knows_neither_the_app_nor_widgets_nor_plots():
    for name in below("vae/"):
        assert not roots(FILES[name]) & {"app", "streamlit", "plotly", "matplotlib", "altair"}, name


def test_latent_and_modalities_know_no_torch():
    for name in below("vae/latent/", "vae/modalities/"):
        assert "torch" not in roots(FILES[name]), name


def test_families_never_import_each_other():
    for name in below("vae/families/"):
        assert not {m for m in imports(FILES[name]) if m.startswith("vae.families.")}, name


def test_studio_knows_neither_streamlit_nor_torch_and_of_ours_only_points_and_text():
    path = FILES["app/state/studio.py"]
    assert not roots(path) & {"streamlit", "torch", "numpy"}
    assert ours(path) == {"vae.studies.point", "vae.text"}
    assert not ours(FILES["vae/studies/point.py"])


def test_only_session_touches_session_state_and_caches():
    for name in below("app/"):
        if room(module(name)) == "app.session":
            continue
        attributes = [n for n in ast.walk(ast.parse(FILES[name].read_text("utf-8"))) if isinstance(n, ast.Attribute)]
        touched = {n.attr for n in attributes if isinstance(n.value, ast.Name) and n.value.id in ("st", "streamlit")}
        assert not touched & {"session_state", "query_params", "cache_data", "cache_resource"}, name


def test_views_reach_the_model_through_session():
    closed = ("app.live.engines", "app.live.channel", "app.live.assets", "torch", "app.views.")
    for name in below("app/views/", "app/panels/"):
        assert not {m for m in imports(FILES[name]) if m.startswith(closed)}, name


def test_no_file_is_too_long_or_called_nothing():
    limits = {"app/views/": VIEW_LIMIT, "vae/types/": TYPES_LIMIT}
    for name in TEXTS:
        path = ROOT / name
        lines = len(path.read_text("utf-8").splitlines())
        limit = next((most for folder, most in limits.items() if name.startswith(folder)), HARD_LIMIT)
        assert lines <= limit, f"{name} has {lines} lines, at most {limit}"
        stems = {path.stem.lower(), *(piece.lower() for piece in Path(name).parts[1:-1])}
        assert not stems & FORBIDDEN_STEMS, name
        if not name.startswith("tests/"):
            assert not stems & HIDING_STEMS, f"{name}: a name that says what is inside"


def test_the_reader_of_imports_sees_all_kinds(tmp_path, monkeypatch):
    file = tmp_path / "vae" / "families" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text("import torch.nn as nn\nfrom . import vae\nfrom ..types import Spec\ndef f():\n    import umap\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert imports(file) == {"torch.nn", "vae.families", "vae.families.vae", "vae.types", "vae.types.Spec", "umap"}
    assert imports(file, lazy_only=True) == {"umap"}
