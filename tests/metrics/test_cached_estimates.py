"""Estimates of a data set alone are measured once, and again as soon as anything that they depend on differs."""

from __future__ import annotations

import logging
import pkgutil

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from vae.data.published.store import cache
from vae.metrics import usefulness
from vae.metrics.cached_estimates import cached
from vae.metrics.estimate import Estimate
from vae.metrics.usefulness import BASELINES, baseline_estimates

DATA = {"x": np.arange(6, dtype=np.float32), "y": np.arange(3)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def measure():
    """Returns another value at each call."""
    values = iter(range(100))
    return lambda: {"score": Estimate(float(next(values)), 6, 0, None, "of the test")}


def test_the_same_data_and_settings_are_measured_once(measure):
    first = cached("mine", "raw", DATA, {"seed": 0}, measure)
    assert first == {"score": Estimate(0.0, 6, 0, None, "of the test")}
    assert cached("mine", "raw", {key: a.copy() for key, a in DATA.items()}, {"seed": 0}, measure) == first


@pytest.mark.parametrize(
    ("dataset", "name", "data", "settings"),
    [
        ("yours", "raw", {}, {}),
        ("mine", "pca", {}, {}),
        ("mine", "raw", {}, {"seed": 1}),
        ("mine", "raw", {"x": np.float32([0, 1, 2, 3, 5, 4])}, {}),
        ("mine", "raw", {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}, {}),
        ("mine", "raw", {"y": np.arange(3) + 1}, {}),
    ],
)
def test_whatever_differs_is_measured_again(measure, dataset, name, data, settings):
    cached("mine", "raw", DATA, {"seed": 0}, measure)
    assert cached(dataset, name, DATA | data, {"seed": 0} | settings, measure)["score"].value == 1


@pytest.mark.parametrize(
    "damaged", [b"", b"[]", b"\xff", b"{}", b'{"estimates": 3}', "settings", "value"], ids=lambda d: str(d)
)
def test_a_file_that_is_not_what_was_written_is_named_and_replaced(measure, caplog, damaged):
    cached("mine", "raw", DATA, {"seed": 0}, measure)
    (path,) = cache("mine").iterdir()
    if damaged == "settings":
        damaged = path.read_bytes().replace(b'"seed": 0\n', b'"seed": 7\n')
    elif damaged == "value":
        damaged = path.read_bytes().replace(b'"value"', b'"worth"')
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        assert cached("mine", "raw", DATA, {"seed": 0}, measure)["score"].value == 1
    assert path.name in caplog.text
    assert cached("mine", "raw", DATA, {"seed": 0}, measure)["score"].value == 1, "the file was replaced"


def test_a_cache_that_cannot_be_written_loses_no_estimate(measure, folder, caplog):
    (folder / "mine").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert cached("mine", "raw", DATA, {"seed": 0}, measure)["score"].value == 0
    assert "cannot be written" in caplog.text


def test_baselines_of_a_data_set_are_those_measured_at_once_and_the_raw_ones_serve_every_width(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (120, 1, 3, 3), np.uint8), np.arange(120) % 3
    one = baseline_estimates(x[:80], y[:80], x[80:], y[80:], 1, seed=0, dataset="mine")
    assert one == baseline_estimates(x[:80], y[:80], x[80:], y[80:], 1, seed=0)
    measured = []
    use = usefulness.use_estimates
    monkeypatch.setattr(usefulness, "use_estimates", lambda *a, **k: measured.append(k["kind"]) or use(*a, **k))
    two = baseline_estimates(x[:80], y[:80], x[80:], y[80:], 2, seed=0, dataset="mine")
    assert measured == ["2 principal components"]
    assert baseline_estimates(x[:80], y[:80], x[80:], y[80:], 1, seed=0, dataset="mine") == one
    assert measured == ["2 principal components"]
    assert two.keys() == {f"{score}_{name}" for score in usefulness.SCORES for name in BASELINES}
    baseline_estimates(x[:80], y[:80], x[80:], y[80:][::-1].copy(), 1, seed=0, dataset="mine")
    assert measured[1:] == ["raw values", "1 principal components"], "other labels of the test samples"


@pytest.mark.parametrize("name", ["sklearn.cluster.KMeans", "sklearn.linear_model.LogisticRegression",
                                  "sklearn.neighbors.KNeighborsClassifier", "sklearn.decomposition.PCA"])  # fmt: skip
def test_small_steps_run_on_one_thread_and_the_threads_come_back(monkeypatch, name):
    """Threads of small steps wait for one another: 50 s instead of one on a busy machine."""
    kind = pkgutil.resolve_name(name)
    seen = []

    class Watched(kind):
        def fit(self, *args, **kwargs):
            seen.append({pool["num_threads"] for pool in threadpool_info()})
            return super().fit(*args, **kwargs)

    if name.endswith("KMeans"):
        Watched.fit_predict = lambda self, x: self.fit(x).labels_
    module, _, attribute = name.rpartition(".")
    monkeypatch.setattr(pkgutil.resolve_name(module), attribute, Watched)
    x, y = np.random.default_rng(0).random((60, 4)), np.arange(60) % 3
    with threadpool_limits(2):
        baseline_estimates(x[:40], y[:40], x[40:], y[40:], 2, seed=0)
        assert {pool["num_threads"] for pool in threadpool_info()} == {2}
    assert seen
    assert all(threads == {1} for threads in seen)
