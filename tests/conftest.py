"""Shared by all tests: one thread, a small real checkpoint, isolation from the user's own folders."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

from tests import typed  # noqa: F401  before vae is imported: it is decorated as that says
from vae.registry import DATASETS, FAMILIES, Dataset
from vae.saved import checkpoint
from vae.settings import knobs
from vae.training import experiment
from vae.types import Samples

torch.set_num_threads(1)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the processes that tests start share what one of them compiles
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
os.environ["NUMBA_NUM_THREADS"] = "1"  # two workers with two threads each wait for one another
os.environ["ZSCOPE_OWN"] = str(Path(tempfile.gettempdir()) / "zscope-tests-own-nothing")  # not those of who tests
os.environ["ZSCOPE_DEVICE"] = "cpu"  # also where there is a GPU: only tests marked gpu use it, by name


os.fsync = lambda handle: None  # no power cut happens meanwhile, and the disk takes longer than most tests

LONGEST = (  # files, to begin with: the processes of a test run that begin them last would be waited for
    "test_one_file.py", "test_mutants.py", "test_reporting.py", "test_importing.py", "test_families.py",
    "test_views.py", "test_cli.py", "test_kills.py", "test_distributed.py", "test_batch_shares.py", "test_recipes.py",
    "test_structured.py", "test_manage.py", "test_sweeps.py", "test_full_disk_runs.py", "test_packaging.py",
    "test_decoder_process.py", "test_train_page.py", "test_tools.py", "test_shipped.py", "test_conditions.py",
    "test_axe_browser.py", "test_pages_browser.py", "test_access_browser.py", "test_history_browser.py",
    "test_explore_browser.py", "test_fits_browser.py", "test_map_browser.py", "test_tools_browser.py",
    "test_theatre_browser.py", "test_deployed_browser.py", "test_foreign_text_browser.py",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    rank = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def busy() -> float:
    """How many times longer things take here than on a quiet machine, at least 1."""
    load = max(os.getloadavg()[:2]) if hasattr(os, "getloadavg") else 0.0
    return max(1.0, load / (os.cpu_count() or 1))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """A time limit is that of a quiet machine: where others work too it grows with the load."""
    if item.config.getoption("timeout") is None:
        own = item.get_closest_marker("timeout")
        limit = own.args[0] if own else float(item.config.getini("timeout"))
        item.add_marker(pytest.mark.timeout(limit * busy()), append=False)
    return (yield)


def trained(root: Path, *families: str, points: int = 10_000) -> Path:
    """The folder with a real model of the 8x8 digits of each family, a few epochs old: tiny-<family>."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        for family in families:
            known = {*knobs(FAMILIES.get(family).Hparams), "batch_size"}
            settings = {"net": "mlp", "width": "64", "d": "4", "batch_size": "64"}
            if "net" not in known:  # convolutions: wide enough, and quick
                settings |= {"width": "4", "batch_size": "256"}
            settings = {k: v for k, v in settings.items() if k in known}
            name = f"tiny-{family.replace('_', '-')}"
            plan = experiment.Plan(family, "digits", settings, epochs=4, name=name, device="cpu", points=points)
            for _ in experiment.train(plan):
                pass
    return root


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory, pytestconfig):
    """`trained` under a name: by the first process of a test run that asks for it; the others copy what it made."""

    def once(name: str, *families: str, **options) -> Path:
        own = tmp_path_factory.mktemp(name)
        if not hasattr(pytestconfig, "workerinput"):  # no worker of xdist, so there are no others
            return trained(own, *families, **options)
        made = tmp_path_factory.getbasetemp().parent / f"{name}-trained"
        with FileLock(f"{made}.lock"):
            if not made.exists():
                shutil.copytree(trained(own, *families, **options), made)
                return own
        return shutil.copytree(made, own, dirs_exist_ok=True)

    return once


@pytest.fixture(scope="session")
def tiny_root(trained_once) -> Path:
    """A checkpoints folder with `tiny-vae` and `tiny-ae`."""
    return trained_once("checkpoints", "vae", "ae")


@pytest.fixture(scope="session")
def conditional_root(trained_once) -> Path:
    """A checkpoints folder with `tiny-cvae`, which knows ten labels, and a map of 300 samples."""
    return trained_once("conditional", "cvae", points=300)


@pytest.fixture(scope="session")
def structured_root(trained_once) -> Path:
    """A checkpoints folder with `tiny-ladder-vae` and `tiny-vq-vae`: levels, and a codebook."""
    return trained_once("structured", "ladder_vae", "vq_vae", points=300)


@pytest.fixture
def tiny_checkpoint(tiny_root, monkeypatch) -> Path:
    """The folder of `tiny-vae`, with `vae.load` looking in its root. Read it, do not change it."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
    assert "tiny-vae" in checkpoint.checkpoints()
    return tiny_root / "tiny-vae"


@pytest.fixture
def conditional(conditional_root, monkeypatch) -> str:
    """The name of a conditional checkpoint, with `vae.load` looking in its root."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(conditional_root))
    return "tiny-cvae"


# ---------------------------------------------------------------- series


def waves(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Slow and fast waves of any phase with some noise, standardised; the second channel lags behind the first."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1)) - np.array([0, 1])[:, None]
    x = 1.4 * np.sin((y[:, None, None] + 1) * np.linspace(0, 6, 24) + phase)
    return (x + 0.1 * rng.standard_normal(x.shape)).astype(np.float32), y


def load_waves() -> Samples:
    return Samples(*waves(200, 0), *waves(50, 1))


WAVES = Dataset("waves", "Waves", "series", (2, 24), ("slow", "fast"), "CC0 1.0", "made up", "nobody, 2024", load_waves)


@pytest.fixture(scope="session")
def waves_trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("series")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS.all(), "waves", WAVES)
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        settings = {"width": "8", "d": "4", "batch_size": "20", "lr": "3e-3"}
        for _ in experiment.train(experiment.Plan("vae", "waves", settings, epochs=12, device="cpu")):
            pass
    return root


@pytest.fixture(scope="module")
def waves_root(waves_trained, tmp_path_factory):
    """A checkpoints folder with `waves-vae`, a few epochs old; for as long, the data set exists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS.all(), "waves", WAVES)
        root = shutil.copytree(waves_trained, tmp_path_factory.mktemp("series"), dirs_exist_ok=True)
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        yield root
