"""Plants the bugs of planted/ one at a time in a copy of the package; test_mutants.py wants a test to fail for each.

`python -m tests.mutants` runs them all (`quick`: those always on) and prints a JSON line each: [name, exit code of
pytest, its last lines]. What is heavy is imported once and each mutant runs in a fork, so that it costs a second.
"""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from tests.planted import MUTANTS, Mutant

PROJECT = Path(__file__).resolve().parents[1]
CAUGHT = 1  # pytest's exit code when tests ran and some failed
BASELINE = "no mutant"
QUIET = ("-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-o", "addopts=")
HEAVY = (
    "torch",
    "torch._dynamo",
    "scipy.spatial",
    "sklearn.datasets",
    "sklearn.mixture",
    "PIL.Image",
    "safetensors.torch",
    "filelock",
    "tqdm",
    "scipy.special",
    "requests",
    "platformdirs",
    "beartype",
    "jaxtyping",
)


def run(copy: Path, mutants: list[Mutant]) -> None:
    """Run the tests of these mutants without any, then with each in turn, printing as it goes."""
    tests = sorted({m.test for m in mutants})
    print(json.dumps([BASELINE, *_pytest(copy, tests)]), flush=True)
    for m in mutants:
        path = copy / "vae" / m.file
        before = path.read_text("utf-8")
        if before.count(m.old) != 1:
            print(json.dumps([m.name, -1, f"{m.file} holds {before.count(m.old)} times: {m.old}"]), flush=True)
            continue
        path.write_text(before.replace(m.old, m.new), "utf-8")
        print(json.dumps([m.name, *_pytest(copy, [m.test])]), flush=True)
        path.write_text(before, "utf-8")


def _pytest(copy: Path, tests: list[str]) -> tuple[int, str]:
    """Exit code and last lines of pytest on the copy, in a fork of this process."""
    import pytest

    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 99
            try:
                code = pytest.main([*QUIET, "--rootdir", str(copy), *(str(copy / "tests" / t) for t in tests)])
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)  # nothing of this process is cleaned up by its fork
        _, status = os.waitpid(child, 0)
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    return os.waitstatus_to_exitcode(status), "\n".join(lines[-6:])


def main() -> None:
    sys.dont_write_bytecode = False
    os.environ.update(OMP_NUM_THREADS="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    for heavy in HEAVY:
        __import__(heavy)
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "vae", copy / "vae", ignore=ignore)
        shutil.copytree(
            PROJECT / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pycache__", "app", "browser")
        )
        shutil.copy(PROJECT / "pyproject.toml", copy)
        by_content = py_compile.PycInvalidationMode.CHECKED_HASH  # a mutant may have its source's size and second
        compileall.compile_dir(copy / "vae", quiet=1, invalidation_mode=by_content)
        os.chdir(copy)
        sys.path[:] = [str(copy), *(p for p in sys.path if p and Path(p).resolve() != PROJECT)]
        del sys.modules["tests"]
        run(copy, [m for m in MUTANTS if m.always or "quick" not in sys.argv])
        os.chdir(PROJECT)


if __name__ == "__main__":
    main()
