"""What `import vae` offers: each name works however often and in whatever order it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import vae

PACKAGES = {path.parent.name for path in Path(vae.__file__).parent.glob("*/__init__.py")}
LISTS = ("list_checkpoints", "list_families", "list_datasets", "list_modalities", "list_metric_groups")
ALIASES = {"checkpoints": "list_checkpoints", "datasets": "list_datasets"}  # names of before


def test_no_public_name_is_that_of_a_package():
    assert not set(vae.__all__) & PACKAGES


def test_each_list_is_called_twice_and_after_a_model_was_loaded(tiny_checkpoint):
    """In a process of its own: there, importing a sub-package sets its name in the package."""
    code = f"""
        import sys, vae
        first = {{name: sorted(getattr(vae, name)()) for name in {LISTS!r}}}
        assert first == {{name: sorted(getattr(vae, name)()) for name in {LISTS!r}}}
        vae.load(sys.argv[1]).sample(1)
        assert first == {{name: sorted(getattr(vae, name)()) for name in {LISTS!r}}}
        for alias, name in {ALIASES!r}.items():
            assert sorted(getattr(vae, alias)()) == first[name]
        print(*map(len, first.values()))
    """
    lines = "\n".join(line[8:] for line in code.splitlines())
    root = Path(vae.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", lines, str(tiny_checkpoint)], capture_output=True, text=True, cwd=root, check=False
    )
    assert run.returncode == 0, run.stderr
    assert all(int(n) for n in run.stdout.split()[1:])
