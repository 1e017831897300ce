"""Encoders and decoders in ONNX: graphs made here, run by onnxruntime."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from vae.attached.adapters.onnx_pair import Graph
from vae.attached.adapters.opening import adapted
from vae.errors import SettingError, ShapeError

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install onnx onnxruntime")
pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install onnxruntime")

N, D, SIDE = 10, 3, 8
M = SIDE * SIDE
RANDOM = np.random.default_rng(0)
DOWN, WIDE = RANDOM.normal(size=(2, M, D)).astype(np.float32) / M
UP = RANDOM.normal(size=(D, M)).astype(np.float32)
X = RANDOM.random((N, 1, SIDE, SIDE), np.float32)


def written(path, weights: dict[str, np.ndarray], given: list, kind=onnx.TensorProto.FLOAT):
    """A graph whose outputs are its flat input times each of the weights."""
    helper = onnx.helper
    nodes = [helper.make_node("Flatten", ["in"], ["flat"])]
    nodes += [helper.make_node("MatMul", ["flat", f"w_{name}"], [name]) for name in weights]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("in", kind, given)],
        [helper.make_tensor_value_info(name, kind, [given[0], w.shape[1]]) for name, w in weights.items()],
        [onnx.numpy_helper.from_array(w, f"w_{name}") for name, w in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, path)
    return path


@pytest.mark.parametrize("batch", ["batch", 1, 4])
def test_a_pair_is_explored(explore, tmp_path, batch):
    """With a dynamic and a fixed batch size, and outputs of any name."""
    pair = (
        written(tmp_path / "encoder.onnx", {"a": DOWN, "b": WIDE - 1}, [batch, 1, SIDE, SIDE]),
        written(tmp_path / "decoder.onnx", {"out": UP}, [batch, D]),
    )
    for model in (pair, tuple(map(str, pair)), tmp_path):
        one, engine = explore(model, x=X, shape=(1, SIDE, SIDE), span=(-5.0, 5.0))
        mu, std = engine.encode((X + 5) / 10)
        flat = X.reshape(N, -1)
        assert np.allclose(mu, flat @ DOWN, atol=1e-4)
        assert np.allclose(std, np.exp(flat @ (WIDE - 1) / 2), rtol=1e-3)
        assert np.allclose(engine.decode(mu), ((mu @ UP + 5) / 10).reshape(N, 1, SIDE, SIDE), atol=1e-5)
        one.close()


def test_outputs_are_known_by_name(tmp_path):
    """Log variances that are all positive, before the mean; as a pair the first would be the mean."""
    path = written(tmp_path / "e.onnx", {"logvar": np.abs(WIDE), "mu": DOWN}, ["n", M])
    decoder = written(tmp_path / "d.onnx", {"out": UP}, ["n", D])
    found = adapted((path, decoder)).encode(X.reshape(N, -1))
    assert np.allclose(found["mu"], X.reshape(N, -1) @ DOWN, atol=1e-5)
    assert set(found) == {"mu", "logvar"}


def test_a_decoder_alone_is_drawn_from_or_decodes_given_latents(explore, tmp_path):
    path = written(tmp_path / "decoder.onnx", {"out": UP}, ["n", D, 1, 1])
    one, engine = explore(path)
    assert engine.atlas.n == 2000
    one.close()
    _, engine = explore((None, path), z=RANDOM.normal(size=(N, D)), name="given")
    z = engine.atlas.z.astype(np.float32)
    assert np.allclose(engine.decode(z), z @ UP, atol=1e-5), "latents (d,) as the graph has them, (d, 1, 1)"


def test_numbers_are_brought_to_the_type_that_it_takes(tmp_path):
    path = written(tmp_path / "d.onnx", {"out": UP.astype(np.float64)}, ["n", D], onnx.TensorProto.DOUBLE)
    assert Graph(path, "decoder")(np.ones((2, D), np.float32)).dtype == np.float64


def test_shapes_that_it_does_not_take_are_said(tmp_path):
    graph = Graph(written(tmp_path / "e.onnx", {"out": DOWN}, ["n", 1, SIDE, SIDE]), "encoder")
    for given in ((2, 1, 4, 4), (2, M // 2, 2), (2, SIDE, 1, SIDE, 2)):
        with pytest.raises(ShapeError, match=r"e\.onnx takes \(1, 8, 8\), got samples of shape"):
            graph(np.zeros(given, np.float32))
    assert graph(X[:, 0]).shape == (N, D), "a side of 1 may be missing"
    free = Graph(written(tmp_path / "f.onnx", {"out": DOWN}, ["n", 1, "h", SIDE]), "encoder")
    with pytest.raises(ShapeError, match=r"f\.onnx takes \(1, '\?', 8\), got samples of shape \(8, 9\)"):
        free(np.zeros((2, 8, 9), np.float32))


def test_colours_are_not_reshaped_into_another_order(tmp_path):
    weights = np.zeros((3 * M, D), np.float32)
    graph = Graph(written(tmp_path / "e.onnx", {"out": weights}, ["n", 3, SIDE, SIDE]), "encoder")
    with pytest.raises(ShapeError, match=r"takes \(3, 8, 8\), got samples of shape \(8, 8, 3\)"):
        graph(np.zeros((2, SIDE, SIDE, 3), np.float32))


def test_bad_files_are_said(tmp_path, monkeypatch):
    path = tmp_path / "decoder.onnx"
    with pytest.raises(SettingError, match="there is no such file; expected the decoder in ONNX"):
        adapted(path)
    with pytest.raises(SettingError, match="the decoder is None, expected a file"):
        adapted((path, None))
    path.write_bytes(b"not a graph")
    with pytest.raises(SettingError, match=r"decoder\.onnx is no ONNX file, or is damaged"):
        adapted(path)
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(SettingError, match="is a pointer of Git LFS"):
        adapted(path)
    written(path, {"out": UP}, ["n", D])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SettingError, match="ONNX needs onnxruntime, which is not installed: pip install onnxruntime"):
        adapted(path)
