"""The engine: what it takes, what it refuses, threads, and what importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save as save_tensors

import vae
from vae.engine.device import choose_device
from vae.engine.engine import BATCH, Engine
from vae.errors import DeviceError, SettingError, ShapeError, UnknownName, ZscopeError
from vae.latent.projector import Projector
from vae.registry import DATASETS, FAMILIES
from vae.saved import checkpoint
from vae.settings import configure
from vae.types import Spec

PROJECT = Path(vae.__file__).resolve().parents[1]


@pytest.fixture
def engine(tiny_checkpoint) -> Engine:
    return vae.load("tiny-vae")


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 1, 8, 8), dtype=np.uint8)


# ---------------------------------------------------------------- shapes and types


def test_attributes(engine, tiny_checkpoint):
    assert (engine.name, engine.d, engine.shape, engine.device) == ("tiny-vae", 4, (1, 8, 8), "cpu")
    assert engine.modality.name == "image"
    assert engine.card["family"] == "vae"
    assert engine.has_prior
    assert [r["epoch"] for r in engine.history] == [1, 2, 3, 4]
    assert engine.path == tiny_checkpoint
    json.dumps(engine.card)


def test_both_ways_are_float32_of_the_stated_shape(engine, x):
    mu, std = engine.encode(x)
    assert mu.shape == std.shape == (7, 4)
    out, pixels = engine.decode(mu), engine.decode_uint8(mu)
    assert out.shape == pixels.shape == x.shape
    assert (mu.dtype, std.dtype, out.dtype, pixels.dtype) == (np.float32, np.float32, np.float32, np.uint8)
    assert (std > 0).all()
    assert 0 <= out.min() < out.max() <= 1
    assert np.array_equal(pixels, np.rint(out * 255))


def test_uint8_and_float_pictures_agree(engine, x):
    for a, b in zip(engine.encode(x), engine.encode(x.astype(np.float32) / 255), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(engine.encode(x.astype(np.float64) / 255)[0], engine.encode(x)[0], rtol=1e-4, atol=1e-5)


def test_encode_is_deterministic_and_leaves_its_input_alone(engine, x):
    before = x.copy()
    torch.manual_seed(1)
    first = engine.encode(x)
    torch.manual_seed(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, engine.encode(x), strict=True))
    assert np.array_equal(x, before)


@pytest.mark.parametrize("n", [1, 3, BATCH, BATCH + 1, 2 * BATCH + 5])
def test_any_number_of_rows_in_bounded_batches(engine, n):
    z = np.random.default_rng(0).standard_normal((n, 4)).astype(np.float32)
    together = engine.decode(z)
    assert together.shape == (n, 1, 8, 8)
    alone = np.concatenate([engine.decode(z[i : i + 1]) for i in (0, n // 2, n - 1)])
    np.testing.assert_allclose(together[[0, n // 2, n - 1]], alone, rtol=1e-5, atol=1e-6)
    assert engine.encode(together)[0].shape == (n, 4)


def test_views_and_lists_are_taken(engine):
    z = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    assert np.array_equal(engine.decode(z.T[:4].T), engine.decode(np.ascontiguousarray(z[:, :4])))
    assert np.array_equal(engine.decode([[0, 1, 2, 3]]), engine.decode(np.array([[0.0, 1, 2, 3]])))


@pytest.mark.parametrize("far", [1e4, 1e20, 3e38, -3e38])
def test_any_finite_latent_decodes_to_a_picture(engine, far):
    out = engine.decode(np.full((2, 4), far, np.float32) * np.array([[1], [-1]], np.float32))
    assert np.isfinite(out).all()
    assert 0 <= out.min() <= out.max() <= 1
    assert engine.decode_uint8(np.full((1, 4), far, np.float32)).dtype == np.uint8


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (np.zeros(4), ["(4,)", "(n, 4)"]),
        (np.zeros((2, 3)), ["(2, 3)"]),
        (np.zeros((1, 4, 1)), ["(1, 4, 1)"]),
        (np.zeros((0, 4)), ["none", "(b, 4)"]),
        (np.full((2, 4), np.nan), ["NaN", "row 0"]),
        ([[1, 2, 3, 1e39]], ["infinite"]),
        ([["a", "b", "c", "d"]], ["finite numbers"]),
        ([[1, 2, 3, 4], [1]], ["finite numbers"]),
        ("z", ["finite numbers"]),
        (np.array([[0, 0, 0, -np.inf]]), ["infinite"]),
    ],
    ids=lambda v: repr(v)[:40],
)
@pytest.mark.parametrize("method", ["decode", "decode_uint8", "to_map"])
def test_latents_that_are_none_are_refused(engine, method, z, words):
    with pytest.raises(ShapeError) as error:
        getattr(engine, method)(z)
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((2, 8, 8), np.uint8), ["(b, 1, 8, 8)", "(2, 8, 8)"]),
        (np.zeros((1, 8, 8), np.uint8), ["(1, 8, 8)"]),
        (np.zeros((2, 1, 8, 9), np.uint8), ["(2, 1, 8, 9)"]),
        (np.zeros((2, 3, 8, 8), np.uint8), ["(2, 3, 8, 8)"]),
        (np.zeros((0, 1, 8, 8), np.uint8), ["(0, 1, 8, 8)"]),
        (np.zeros((1, 1, 8, 8), np.int64), ["uint8", "int64"]),
        (np.zeros((1, 1, 8, 8), bool), ["bool"]),
        (np.full((1, 1, 8, 8), 255.0), ["0-1", "255", "uint8"]),
        (np.full((1, 1, 8, 8), -0.1), ["\N{MINUS SIGN}0.1"]),
        (np.full((1, 1, 8, 8), np.nan), ["NaN"]),
        (np.full((1, 1, 8, 8), np.inf), ["infinity"]),
        (np.full((1, 1, 8, 8), 1e300), ["1e300"]),
        (np.full((1, 1, 8, 8), None), ["object"]),
        ("picture", ["()"]),
    ],
    ids=lambda v: repr(v)[:30] if isinstance(v, str) else f"{getattr(v, 'shape', v)}-{getattr(v, 'dtype', '')}",
)
def test_pictures_that_are_none_are_refused(engine, x, words):
    with pytest.raises(ShapeError) as error:
        engine.encode(x)
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("xy", [[[0.0]], [0.0, 0.0], [[np.nan, 0]], [["a", "b"]], [[1e39, 0]], "xy"])
def test_map_positions_that_are_none_are_refused(engine, xy):
    with pytest.raises(ShapeError, match=r"\(n, 2\) finite numbers"):
        engine.from_map(xy)


# ---------------------------------------------------------------- the map


def test_reference_rows_sit_where_the_map_says_whatever_their_batch(engine):
    a = engine.atlas
    assert np.array_equal(engine.to_map(a.z[:50]), a.xy[:50])
    z = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    together = engine.to_map(z)
    assert np.array_equal(together, np.concatenate([engine.to_map(z[i : i + 1]) for i in range(20)]))


def test_every_place_of_the_map_decodes_with_a_trust(engine):
    x0, y0, x1, y1 = engine.atlas.projector.box
    xy = np.random.default_rng(0).uniform([x0 - 5, y0 - 5], [x1 + 5, y1 + 5], (200, 2))
    z, trust = engine.from_map(xy)
    assert z.shape == (200, 4)
    assert ((trust >= 0) & (trust <= 1)).all()
    assert np.isfinite(engine.decode(z)).all()
    outside = (xy[:, 0] < x0) | (xy[:, 0] > x1) | (xy[:, 1] < y0) | (xy[:, 1] > y1)
    assert outside.any()
    assert (trust[outside] == 0).all()


def test_the_atlas_is_of_the_training_rows(engine):
    a, samples = engine.atlas, DATASETS.get("digits").load()
    assert a.n == len(a.z) == len(a.labels) == len(a.xy) == 1293
    assert np.array_equal(a.labels, samples.y_train[a.index])
    mu, _ = engine.encode(samples.x_train[a.index])
    np.testing.assert_allclose(a.z, mu, rtol=2e-3, atol=2e-3)  # kept as float16
    for i in (0, 700, 1292):
        shown = a.thumbnail(i)[..., 0].astype(int)
        assert abs(shown - samples.x_train[a.index[i], 0]).mean() < 20  # lossy, but this picture
    rows = np.array([1292, 0, 700, 0])
    several = a.thumbnails(rows)
    assert several.shape == (4, 3, 8, 8)
    for picture, row in zip(several, rows, strict=True):
        np.testing.assert_array_equal(picture.transpose(1, 2, 0), a.thumbnail(int(row)))
    np.testing.assert_array_equal(a.thumbnails(rows, channels=1), several[:, :1])
    with pytest.raises(IndexError):
        a.thumbnails(np.array([2000]))
    rows, distances = a.neighbours(a.z[5], 3)
    assert rows[0] == 5
    assert distances[0] == 0
    assert (np.diff(distances) >= 0).all()


# ---------------------------------------------------------------- threads


def test_eight_threads_get_what_one_gets(engine):
    """Concurrent decoding, encoding and mapping equal the serial results bit for bit."""
    rng = np.random.default_rng(0)
    zs = [rng.standard_normal((1 + i % 5, 4)).astype(np.float32) for i in range(64)]

    def work(z):
        out = engine.decode(z)
        return out, engine.encode(out)[0], engine.to_map(z)

    serial = [work(z) for z in zs]
    with ThreadPoolExecutor(8) as pool:
        for ours, theirs in zip(pool.map(work, zs), serial, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_submit_runs_methods_and_functions_on_one_thread_and_may_nest(engine):
    z = np.zeros((2, 4), np.float32)
    assert np.array_equal(engine.submit("decode", z).result(), engine.decode(z))
    assert engine.submit("sample", 3, seed=1).result().shape == (3, 4)
    names = {engine.submit(lambda: threading.current_thread().name).result() for _ in range(5)}
    assert len(names) == 1
    assert names != {threading.current_thread().name}
    nested = engine.submit(lambda: engine.decode(z))
    assert np.array_equal(nested.result(timeout=20), engine.decode(z))


def test_an_error_on_the_engines_thread_reaches_the_caller_and_the_engine_lives_on(engine):
    with pytest.raises(ShapeError):
        engine.submit("decode", np.zeros(3)).result()
    assert engine.decode(np.zeros((1, 4))).shape == (1, 1, 8, 8)


# ---------------------------------------------------------------- without a trained model


@pytest.fixture
def untrained(tmp_path) -> tuple[Engine, torch.nn.Module]:
    """An engine of a model as it was built, and that model."""
    torch.manual_seed(0)
    family, spec, hparams = FAMILIES.get("vae"), Spec((1, 4, 4), 10), {"net": "mlp", "width": 8, "d": 4}
    model, _ = family.build(spec, configure(family.Hparams, hparams))
    config = {
        "name": "new",
        "family": "vae",
        "hparams": hparams,
        "dataset": "digits",
        "seed": 0,
        "spec": vars(spec) | {"shape": [1, 4, 4]},
    }
    saved = checkpoint.save(tmp_path / "new", config, {checkpoint.MODEL: save_tensors(model.state_dict())})
    return Engine(saved), model


def test_encode_is_the_posteriors_mean_and_std(untrained):
    engine, model = untrained
    x = np.random.default_rng(0).integers(0, 256, (5, 1, 4, 4), dtype=np.uint8)
    with torch.inference_mode():
        mu, logvar = model.bottleneck.head(model.encoder(torch.from_numpy(x) / 255)).chunk(2, 1)
    for found, expected in zip(engine.encode(x), (mu, (logvar / 2).exp()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_an_untrained_engine_refuses_nan(untrained):
    with pytest.raises(ShapeError, match="NaN"):
        untrained[0].decode(np.full((1, 4), np.nan))


def test_a_position_does_not_depend_on_its_batch():
    z = np.random.default_rng(0).standard_normal((300, 3)).astype(np.float32)
    projector = Projector.build(z, z[:, :2])
    new = np.random.default_rng(1).standard_normal((9, 3)).astype(np.float32)
    assert np.array_equal(projector.to_map(new), np.concatenate([projector.to_map(row[None]) for row in new]))


# ---------------------------------------------------------------- names and devices


def test_an_unknown_model_names_the_close_one(tiny_checkpoint):
    with pytest.raises(UnknownName, match=r"'tiny-vea'.*Did you mean 'tiny-vae'.*Known: tiny-ae, tiny-vae"):
        vae.load("tiny-vea")


@pytest.mark.parametrize("name", ["tpu", "cuda:99", "meta", "cud a", "cpu:x"])
def test_a_device_that_is_not_here_is_refused(name, monkeypatch):
    with pytest.raises(DeviceError, match="cpu"):
        choose_device(name)
    monkeypatch.setenv("ZSCOPE_DEVICE", name)
    with pytest.raises(DeviceError) as error:
        choose_device()
    assert name in str(error.value)


def test_the_device_asked_for_beats_the_environment(monkeypatch):
    monkeypatch.setenv("ZSCOPE_DEVICE", "bogus")
    assert choose_device("cpu").type == "cpu"
    monkeypatch.delenv("ZSCOPE_DEVICE")
    assert choose_device().type in ("cuda", "mps", "cpu")


def test_an_autoencoder_has_no_prior_and_no_std(tiny_checkpoint):
    engine = vae.load("tiny-ae")
    assert not engine.has_prior
    assert (engine.encode(np.zeros((2, 1, 8, 8), np.uint8))[1] == 0).all()
    with pytest.raises(SettingError, match="no prior"):
        engine.sample(3)
    assert np.isfinite(engine.decode(engine.sample(9, source="aggregate"))).all()


def test_unknown_attributes_of_the_package_are_attribute_errors():
    assert not hasattr(vae, "lod")
    assert {"load", "Engine", "families", "__version__"} <= set(dir(vae))


# ---------------------------------------------------------------- what an import costs

IMPORTS = """
    import sys, time
    begun = time.perf_counter()
    import vae
    light, after = time.perf_counter() - begun, set(sys.modules)
    engine = vae.load(sys.argv[1])
    xy = engine.to_map(engine.sample(3))
    engine.decode(engine.from_map(xy)[0])
    engine.atlas.thumbnail(0), engine.atlas.neighbours(engine.atlas.z[0])
    heavy = ("umap", "numba", "llvmlite", "streamlit", "plotly", "sklearn", "pandas", "matplotlib", "tensorflow")
    heavy += ("scipy.sparse.csgraph", "scipy.linalg", "scipy.optimize", "scipy.stats", "pooch", "requests")
    print(light, "torch" in after or "numpy" in after, [m for m in heavy if m in sys.modules])
"""


def test_import_is_light_and_a_loaded_map_needs_no_umap(tiny_checkpoint):
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(IMPORTS), "tiny-vae"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert result.returncode == 0, result.stderr
    seconds, loads_numerics, heavy = result.stdout.split(maxsplit=2)
    assert float(seconds) <= 2
    assert loads_numerics == "False", "`import vae` is to be instant"
    assert heavy.strip() == "[]"


def test_every_public_error_is_one_of_ours(tiny_checkpoint):
    """What a user can get wrong ends in a ZscopeError, never in a bare one."""
    engine = vae.load("tiny-vae")
    for call in (
        lambda: vae.load("nothing"),
        lambda: vae.load("tiny-vae", "nothing"),
        lambda: engine.sample(0),
        lambda: engine.decode("x"),
        lambda: engine.encode("x"),
        lambda: engine.to_map("x"),
        lambda: engine.from_map("x"),
        lambda: engine.sample(3, source="x"),
        lambda: engine.sample(3, -1),
        lambda: engine.sample(3, temperature=float("nan")),
    ):
        with pytest.raises(ZscopeError):
            call()
