"""What the handle of vae.explore sets and reads: point, selection, pictures, edits; and the user's classifier."""

from __future__ import annotations

import base64
import inspect
import threading
import time

import numpy as np
import pytest
import torch

from tests.attached.conftest import explorers_without_app
from tests.attached.test_explore import PICTURES, RANDOM, D, N
from vae.attached import settable
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
    for size, scale in ((600, 1.0), ((600, "wide"), 1.0), ((600, 400), None)):
        with pytest.raises(SettingError, match="expected two numbers and one"):  # without the checks of the tests
            inspect.unwrap(type(one).screenshot)(one, tmp_path / "map.png", size=size, scale=scale)

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
    """On a map of the samples 0, 2, 4, 6 of 7."""
    index = np.array([0, 2, 4, 6])
    assert settable.selection([2, 6], 7, index).tolist() == [1, 3]
    assert settable.selection([2, 3], 7, index).tolist() == [1], "what is not on the map is left out"
    assert settable.selection(np.isin(np.arange(7), (2, 4)), 7, index).tolist() == [1, 2]
    assert settable.selection([], 7, index).tolist() == []
    for rows, says in (
        ([1, 5], "none of these rows of x is on the map \\(on it: 4 / 7\\)"),
        ([2, 99], "selection has row 99: expected rows of x, 0 to 6"),
        ([-1], "selection has row -1"),
        ([0.5], r"selection of float64 \(1,\): expected rows of x, or a mask \(7,\)"),
        ([[0, 2]], r"selection of int64 \(1, 2\)"),
        ([True, False], r"a mask of shape \(2,\), expected \(7,\)"),
        (["a"], "selection: expected an array of numbers, got list"),
    ):
        with pytest.raises(ShapeError, match=says):
            settable.selection(rows, 7, index)


@pytest.mark.parametrize(
    ("name", "value", "error", "says"),
    [
        ("colour", "banana", SettingError, "colour 'banana': expected one of 'label', 'age', 'column.1', 'trust', "),
        ("colour", ["age"], SettingError, "expected one of 'label', 'age'"),
        (
            "colour",
            "error",
            SettingError,
            "colour 'error': not measured of a model that stays in its program. Expected",
        ),
        ("colour", "who", SettingError, "colour 'who': 90 different texts; .* Expected one of 'label'"),
        ("layer", "shapes", SettingError, "layer 'shapes': expected one of '', 'trust', 'density', 'manifold'"),
        ("point", [1, 2], ShapeError, r"point of shape \(2,\): expected \(3,\)"),
        ("point", [1, np.nan, 2], ShapeError, "point has NaN or infinity"),
        ("point", [1, 1e300, 2], ShapeError, "point has NaN or infinity"),
        ("point", [[1, 2], [3]], ShapeError, "point: expected an array of numbers: .*inhomogeneous"),
        ("point", [1j, 2, 3], ShapeError, "point: expected an array of numbers, got list"),
        ("path", np.zeros((3, 2)), ShapeError, r"path of shape \(3, 2\): expected \(w, 3\), w from 2 to 12"),
        ("path", np.zeros((13, 3)), ShapeError, r"path of shape \(13, 3\)"),
        ("path", np.zeros((1, 3)), ShapeError, r"path of shape \(1, 3\)"),
        ("path", [], ShapeError, r"path of shape \(0,\)"),
        ("path", np.full((2, 3), np.inf), ShapeError, "path has NaN or infinity"),
        ("selection", [N], ShapeError, f"selection has row {N}: expected rows of x, 0 to {N - 1}"),
        ("edits", None, AttributeError, "edits of an explorer cannot be set: expected one of colour, layer, path"),
        ("color", "age", AttributeError, "color of an explorer cannot be set"),
        ("url", "", AttributeError, "url of an explorer cannot be set"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(opened, name, value, error, says):
    one, engine = opened
    before = engine.model.wanted(0)
    with pytest.raises(error, match=says):
        setattr(one, name, value)
    assert engine.model.wanted(0) == before, "the page is told nothing"


@pytest.fixture(scope="module")
def opened():
    """An explorer with metadata, one column of which has the name of a quantity."""
    with pytest.MonkeyPatch.context() as patch:
        run, opened = explorers_without_app(patch)
        who = [f"nr {i}" for i in range(N)]
        metadata = {"age": range(N), "trust": range(N), "who": who}
        yield run(x=PICTURES, z=RANDOM.normal(size=(N, D)), labels=[0, 1] * (N // 2), metadata=metadata, name="told")
        opened[0].close()


def test_a_colour_goes_by_the_name_of_its_column(opened):
    one, engine = opened
    for name, key in (("age", "column.0"), ("column.1", "column.1"), ("density", "density"), ("label", "label")):
        one.colour = name
        assert engine.model.wanted(0)["colour"] == key
        engine.model.tell({"colour": key})
        assert one.colour == name


def test_a_program_waits_until_a_page_has_taken_over_what_it_set(explore):
    one, engine = explore(x=PICTURES, z=RANDOM.normal(size=(N, D)))
    assert one.settled(0.0), "nothing was set"
    one.colour = "density"
    assert not one.settled(0.1), "no page is open"

    def page() -> None:
        change = engine.model.wanted(0)["change"]
        engine.model.tell({"colour": "density"})
        engine.model.wanted(change)

    taking = threading.Thread(target=page)
    taking.start()
    assert one.settled(30.0)
    assert one.colour == "density"
    taking.join()
    one.layer = "trust"
    assert not one.settled(0.0)
