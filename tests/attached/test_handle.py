"""What the handle of vae.explore sets and reads: point, selection, pictures, edits; and the user's classifier."""

from __future__ import annotations

import base64
import threading
import time

import numpy as np
import pytest
import torch

from tests.attached.test_explore import PICTURES, RANDOM, D, N
from vae.attached.samples import rows_there
from vae.data import edit_list
from vae.data.edits import Change
from vae.errors import DecoderError, NotMeasurable, SettingError, ShapeError
from vae.studies import classifiers, curation, decisions


def test_the_page_and_the_program_tell_each_other(explore):
    one, engine = explore(x=PICTURES, z=RANDOM.normal(size=(N, D)))
    assert one.point is None
    assert one.selection.tolist() == []
    engine.model.tell({"point": [1.0, 2.0, 3.0], "selected": [3, 4], "waypoints": [[0, 0, 0], [1, 1, 1]]})
    assert one.point.tolist() == [1, 2, 3]
    assert one.selection.tolist() == engine.atlas.index[[3, 4]].tolist()
    assert one.path.tolist() == [[0, 0, 0], [1, 1, 1]]
    seen = engine.model.wanted(0)["change"]
    one.point = torch.tensor([4.0, 5.0, 6.0])
    one.selection = engine.atlas.index[[8, 9]]
    wanted = engine.model.wanted(seen)
    assert wanted["point"] == [4, 5, 6]
    assert wanted["selected"] == [8, 9]
    assert engine.model.wanted(wanted["change"]) == {"change": wanted["change"]}
    one.colour = "trust"
    only = engine.model.wanted(wanted["change"])
    assert only.keys() == {"colour", "change"}, "what was set before does not come back"
    with pytest.raises(ShapeError, match=r"point of shape \(2,\): expected \(3,\)"):
        one.point = [1, 2]


def test_a_script_asks_an_open_page_for_a_picture_of_the_map(explore, tmp_path):
    one, engine = explore(x=PICTURES, z=RANDOM.normal(size=(N, D)))
    one.layer = "trust"
    with pytest.raises(SettingError, match="expected one of '', 'trust', 'density', 'manifold'"):
        one.layer = "shapes"
    assert one.layer == "trust"
    with pytest.raises(SettingError, match="open Explore at http://localhost:1"):
        one.screenshot(tmp_path / "map.png", seconds=0.1)
    for size, scale in (((100, 500), 1.0), ((500, 5000), 1.0), ((500, 500), 9.0)):
        with pytest.raises(SettingError, match="expected 120 to 4000 px"):
            one.screenshot(tmp_path / "map.png", size=size, scale=scale)

    def page() -> None:
        while not (wanted := engine.model.wanted(0).get("picture")) or wanted["n"] < 2:
            time.sleep(0.01)
        assert engine.model.wanted(0)["layer"] == "trust"
        assert wanted == {"n": 2, "width": 300, "height": 200, "scale": 2.0, "legend": True}
        engine.model.tell({"selected": [1]})
        engine.model.tell({"drawn": {"n": 2, "png": base64.b64encode(b"a picture").decode()}})

    drawing = threading.Thread(target=page)
    drawing.start()
    assert one.screenshot(tmp_path / "map.png", size=(300, 200), seconds=30.0).read_bytes() == b"a picture"
    drawing.join()
    assert one.selection.tolist() == [engine.atlas.index[1]], "what the page told before stays"


def test_edits_of_its_samples_are_those_of_the_page(explore, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    one, engine = explore(x=PICTURES, z=RANDOM.normal(size=(N, D)), labels=["a", "b"] * (N // 2))
    assert not one.edits
    edit_list.add(curation.place(engine.card), [curation.relabel(engine, [2], "c"), Change("drop", (5,))])
    assert (one.edits.train.labels, one.edits.train.dropped) == ({int(engine.atlas.index[2]): "c"}, (5,))


def test_a_classifier_of_the_program_is_asked_there(explore):
    """It gets samples as x has them: here pictures (h, w, c) from 0 to 255."""
    pictures = RANDOM.integers(0, 256, (N, 10, 8, 3)).astype(np.uint8)

    def classify(x):
        assert x.shape[1:] == (10, 8, 3)
        assert x.max() > 1
        bright = x.reshape(len(x), -1).mean(1) / 255
        return {"other": x, "logits": np.stack([bright, 1 - bright, 0 * bright], 1)}

    z = pictures.reshape(N, -1)[:, :D] / 255
    _one, engine = explore(x=pictures, z=z, classify=classify, labels=["a", "b", "c"] * (N // 3))
    assert classifiers.available(engine)[classifiers.PROGRAM] == ""
    found = classifiers.of_program(engine)
    assert found.classes == ("a", "b", "c")
    x = engine.decode(engine.atlas.z[:4])
    expected = x.reshape(4, -1).mean(1)
    scores = engine.model.classify(x)
    np.testing.assert_allclose(scores[:, 0], expected, atol=0.01)
    np.testing.assert_allclose(found.probabilities(x).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("classify", "error", "says"),
    [
        (lambda x: np.zeros((len(x), 2)), ShapeError, "expected .*, 3"),
        (lambda x: np.zeros(len(x)), DecoderError, "classify returned"),
        (lambda x: 1 / 0, DecoderError, "ZeroDivisionError"),
        (lambda x: np.full((len(x), 3), np.nan), DecoderError, "NaN or infinity"),
    ],
)
def test_a_classifier_of_the_program_that_does_not_fit_is_told(explore, classify, error, says):
    _one, engine = explore(x=PICTURES, z=PICTURES.reshape(N, -1)[:, :D], classify=classify, labels=[0, 1, 2] * (N // 3))
    with pytest.raises(error, match=says):
        classifiers.of_program(engine)


def test_the_accuracy_of_a_classifier_is_measured_on_the_samples_that_the_program_gave(explore):
    """Pictures (h, w, c) from 0 to 255, of which every third is called otherwise than its label."""
    pictures = RANDOM.integers(0, 256, (N, 10, 8, 3)).astype(np.uint8)
    labels = np.array([0, 1] * (N // 2))
    pictures[:, 0, 0, 0] = 255 * np.where(np.arange(N) % 3 == 0, 1 - labels, labels)

    def classify(x):
        one = np.asarray(x)[:, 0, 0, 0] / 255
        return np.stack([1 - one, one], 1)

    _one, engine = explore(x=pictures, z=pictures.reshape(N, -1)[:, 5 : 5 + D] / 255, classify=classify, labels=labels)
    found = decisions.agreement(engine, classifiers.of_program(engine))
    assert (found.on_samples.value, found.on_samples.n) == (pytest.approx(2 / 3), N)
    assert found.majority.value == 0.5
    assert found.of_program
    assert "no test split" in found.on_samples.protocol
    assert list(found.shares()) == ["on_samples", "majority"], "it has no encoder"
    rows, real = decisions.disagreeing(engine, classifiers.of_program(engine))
    assert real
    assert (engine.atlas.index[rows] % 3 == 0).all()
    assert len(rows) == N // 3


@pytest.mark.parametrize(("what", "says"), [("x", "gave no samples"), ("labels", "gave no labels")])
def test_what_the_accuracy_of_a_classifier_needs_is_said(explore, what, says):
    z = PICTURES.reshape(N, -1)[:, :D]
    given = {"x": PICTURES, "labels": [0, 1, 2] * (N // 3)}
    decode = {"decode": lambda z: np.zeros((len(z), 1, 12, 12))} if what == "x" else {}
    _one, engine = explore(z=z, classify=lambda x: x.reshape(len(x), -1)[:, :3], **decode, **(given | {what: None}))
    with pytest.raises(NotMeasurable, match=says):
        decisions.agreement(engine, classifiers.of_program(engine))
    if what == "x":
        with pytest.raises(SettingError, match="opened without x="):
            engine.model.given(np.arange(2))


def test_a_program_without_a_classifier_has_none(explore):
    _one, engine = explore(x=PICTURES, z=PICTURES.reshape(N, -1)[:, :D])
    assert classifiers.PROGRAM not in classifiers.available(engine)
    with pytest.raises(SettingError, match="without classify="):
        classifiers.of_program(engine)


def test_a_selection_is_rows_of_x_or_a_mask_of_them():
    """On a map of the samples 0, 2, 4, 6."""
    index = np.array([0, 2, 4, 6])
    assert rows_there([2, 6], index).tolist() == [1, 3]
    assert rows_there(np.array([False, False, True, False, True, False, False]), index).tolist() == [1, 2]
    assert rows_there([], index).tolist() == []
    with pytest.raises(ShapeError, match="none of these rows of x is on the map, whose last is 6"):
        rows_there([99], index)
    with pytest.raises(ShapeError, match="selection of float64: expected rows of x, or a mask"):
        rows_there([0.5], index)
