"""What a classifier says of decoded samples: of which, where, and in words where it does not fit."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from vae import load
from vae.__main__ import main
from vae.errors import DecoderError, DecoderStopped, SettingError, ShapeError
from vae.registry import DATASETS
from vae.saved import classifier_files
from vae.saved.decoder_process import SECONDS
from vae.studies import classifiers, decisions


class Nearest(nn.Module):
    """Logits by the distance to a template of each class."""

    def __init__(self, templates: torch.Tensor):
        super().__init__()
        self.templates = nn.Parameter(templates)

    def forward(self, x):
        return -(x.flatten(1)[:, None] - self.templates[None]).square().sum(2)


class Linear(nn.Module):
    def __init__(self, values: int, classes: int, weight: float = 1.0):
        super().__init__()
        self.layer = nn.Linear(values, classes)
        nn.init.constant_(self.layer.weight, weight)

    def forward(self, x):
        return self.layer(x.flatten(1))


class First(Linear):
    """Scores of the first sample alone."""

    def forward(self, x):
        return self.layer(x.flatten(1))[:1]


class Loop(nn.Module):
    """Loops for ever on anything."""

    def forward(self, x):
        while bool(x.sum() > -1e30):
            x = x * 1.0
        return x


def saved(module: nn.Module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module.eval()), path)
    return path


@pytest.fixture
def engine(tiny_checkpoint):
    return load("tiny-vae")


@pytest.fixture(scope="module")
def templates() -> np.ndarray:
    s = DATASETS.get("digits").load()
    x = s.x_train.reshape(len(s.x_train), -1) / 255
    return np.stack([x[s.y_train == k].mean(0) for k in range(10)]).astype(np.float32)


@pytest.fixture
def nearest(engine, templates):
    def run(x):
        return -np.square(x.reshape(len(x), 1, -1) - templates).sum(2)

    return classifiers.fitted("test", "nearest", engine, run)


@pytest.fixture
def halved(engine):
    """0 on the side of the first row of the map, 1 on that of the row farthest from it: a model of a few epochs decodes
    all places much alike, but not quite."""
    z = engine.atlas.z
    ends = engine.decode(z[[0, int(np.square(z - z[0]).sum(1).argmax())]]).reshape(2, -1)
    across = (ends[1] - ends[0]) / np.square(ends[1] - ends[0]).sum()

    def run(x):
        far = (x.reshape(len(x), -1) - ends[0]) @ across  # 0 at the first, 1 at the other
        return np.stack([0.5 - far, far - 0.5, *[np.full(len(x), -9.0)] * 8], axis=1) * 20

    return classifiers.fitted("halves", "halves", engine, run)


def test_scores_are_told_apart_and_brought_to_probabilities(engine, nearest, templates):
    assert nearest.outputs == "logits"
    assert "softmax" in nearest.said
    x = engine.decode(engine.atlas.z[:40])
    p = nearest.probabilities(x)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
    of_p = classifiers.fitted("p", "p", engine, nearest.probabilities)
    assert of_p.outputs == "probabilities"
    np.testing.assert_allclose(of_p.probabilities(x), p, atol=1e-6)
    as_said = classifiers.fitted("p", "p", engine, nearest.probabilities, outputs="logits")
    assert as_said.probabilities(x).max() < 0.3  # the softmax of probabilities is nearly flat
    grey = DATASETS.get("digits").load().x_test[:5]
    np.testing.assert_allclose(nearest.probabilities(grey), nearest.probabilities(grey / np.float32(255)), atol=1e-6)


def test_its_agreement_stands_beside_what_the_majority_gives(engine, nearest):
    found, s = decisions.agreement(engine, nearest, n=200), DATASETS.get("digits").load()
    rows = np.random.default_rng(0).permutation(len(s.x_test))[:200]
    right = nearest.probabilities(s.x_test[rows]).argmax(1) == s.y_test[rows]
    assert found.on_samples.value == pytest.approx(right.mean())
    assert found.on_samples.standard_error == pytest.approx(np.sqrt(right.mean() * (1 - right.mean()) / 200))
    assert found.on_samples.value > 0.8 > 0.2 > found.majority.value
    again = nearest.probabilities(engine.decode(engine.encode(s.x_test[rows])[0])).argmax(1)
    assert found.on_reconstructions.value == pytest.approx((again == s.y_test[rows]).mean())


def test_a_field_is_what_is_said_of_the_places(engine, halved):
    field = decisions.field(engine, halved, side=12)
    x0, y0, x1, y1 = field.box
    at = np.array([[x0 + 3.5 * (x1 - x0) / 12, y0 + 8.5 * (y1 - y0) / 12]], np.float32)
    p = halved.probabilities(engine.decode(engine.from_map(at)[0]))[0]
    assert field.label[8, 3] == p.argmax()
    assert field.confidence[8, 3] == pytest.approx(p.max(), abs=1e-5)
    edge = field.flipping()
    assert edge.any()
    for r, c in np.argwhere(edge[:-1, :-1]):
        assert field.label[r, c] != field.label[r, c + 1] or field.label[r, c] != field.label[r + 1, c]


def test_a_path_flips_where_the_class_changes(engine, halved):
    z = engine.atlas.z
    ends = z[[0, int(np.square(z - z[0]).sum(1).argmax())]]
    t, found, places = decisions.flips(engine, halved, ends, n=33)
    assert len(t) == len(found.label) == 33
    assert [(flip.before, flip.after) for flip in places] == [(0, 1)]
    both = ends[0] + np.array([[places[0].t - 1e-3], [places[0].t + 1e-3]], np.float32) * (ends[1] - ends[0])
    assert list(decisions.decided(engine, halved, both).label) == [0, 1]


def test_rows_that_are_called_otherwise_are_found(engine, nearest):
    rows, real = decisions.disagreeing(engine, nearest)
    assert real
    x = DATASETS.get("digits").load().x_train[engine.atlas.index]
    np.testing.assert_array_equal(rows, np.flatnonzero(nearest.probabilities(x).argmax(1) != engine.atlas.labels))
    assert 0 < len(rows) < engine.atlas.n / 4


def test_a_file_runs_in_a_process_of_its_own(engine, nearest, templates, tmp_path):
    of_file = classifiers.of_file(engine, saved(Nearest(torch.from_numpy(templates)), tmp_path / "nearest.pt"))
    x = engine.decode(engine.atlas.z[:9])
    np.testing.assert_allclose(of_file.probabilities(x), nearest.probabilities(x), atol=1e-4)
    assert (of_file.name, of_file.outputs) == ("file:nearest.pt", "logits")


WRONG = {
    "another number of classes": (
        lambda: Linear(64, 7),
        ShapeError,
        r"\(32, 7\) for a batch of 32 × 1 × 8 × 8: expected \(32, 10\).*10 classes",
    ),
    "another number of rows": (lambda: First(64, 10), ShapeError, r"returned \(1, 10\) for .*expected \(32, 10\)"),
    "another shape": (
        lambda: Linear(784, 10),
        DecoderError,
        r"'wrong.pt' was given a batch of 32 × 1 × 8 × 8, values 0 to 1, and failed with .*32x64 and 784x10.*: "
        r"expected one that takes any batch "
        r"of N × 1 × 8 × 8 \(samples × channels × height × width\), values 0 to 1",
    ),
    "NaN": (lambda: Linear(64, 10, float("nan")), ShapeError, "returned NaN or infinity for a batch of 32 × 1 × 8 × 8"),
    "no end": (Loop, DecoderStopped, "the classifier did not answer within 1 s"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_does_not_fit_is_told_in_words(engine, tmp_path, monkeypatch, what):
    monkeypatch.setenv(SECONDS, "1")
    make, error, says = WRONG[what]
    with pytest.raises(error, match=says):
        classifiers.of_file(engine, saved(make(), tmp_path / "wrong.pt"))


def test_what_is_no_classifier_is_refused(engine, tmp_path):
    (tmp_path / "pickle.pt").write_bytes(b"\x80\x04")
    with pytest.raises(SettingError, match="the classifier is not TorchScript"):
        classifiers.of_file(engine, tmp_path / "pickle.pt")
    with pytest.raises(SettingError, match="expected one of probabilities, logits"):
        classifiers.fitted("x", "x", engine, lambda x: np.zeros((len(x), 10)), outputs="odds")
    with pytest.raises(SettingError, match="no classifier of its own"):
        classifiers.of_model(engine)


@pytest.fixture
def kept(engine, templates, tmp_path):
    path = saved(Nearest(torch.from_numpy(templates)), tmp_path / "nearest.pt")
    yield path
    for name in classifier_files.listed(engine.card):
        classifier_files.remove(engine.card, name)


def test_the_command_prints_the_agreement_and_saves_field_and_file(engine, kept, tmp_path, capsys):
    out = tmp_path / "field.npz"
    given = ["decisions", "tiny-vae", "--classifier", str(kept), "--side", "6", "--out", str(out), "--json", "--save"]
    assert main(given) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["on_samples"]["value"] > 0.8 > record["majority"]["value"]
    assert sum(record["share_of_map"].values()) == pytest.approx(1)
    with np.load(out) as field:
        assert field["label"].shape == field["confidence"].shape == (6, 6)
    assert list(classifier_files.listed(engine.card)) == ["nearest.pt"]
    classifier_files.say(engine.card, "nearest.pt", "probabilities")
    assert main(["decisions", "tiny-vae", "--classifier", "nearest.pt", "--side", "4"]) == 0
    said = capsys.readouterr().out
    assert "probabilities (taken for probabilities as you say, although they do not sum to 1)" in said
    assert "± " in said


def test_what_the_command_cannot_do_is_said(engine, tmp_path, capsys):
    for given, says in (
        (["--classifier", str(tmp_path / "none.pt")], "no such file"),
        (["--side", "1"], "expected 2 to 512"),
        (["--out", "field.png"], "expected a .npz file"),
        (["--classifier", "labels", "--outputs", "logits"], "what this one returns is known"),
    ):
        assert main(["decisions", "tiny-vae", *given]) == 1
        assert says in capsys.readouterr().err
