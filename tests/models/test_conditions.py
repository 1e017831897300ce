"""What a model is told beside a sample, where that is more than a label: numbers, or a small picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import vae
from app.session import cached
from tests.told_digits import inked, small, told_digits
from vae.__main__ import main
from vae.commands import files
from vae.engine.validation import check_conditions
from vae.errors import SettingError, ShapeError
from vae.metrics.subject import Subject
from vae.models.conditional import ConditionalVAE
from vae.models.conditions import told
from vae.models.model import NetHparams
from vae.saved import checkpoint
from vae.studies import copies, oddness
from vae.studies.path import measured_path
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan
from vae.types import Condition, Spec

SETTINGS = {"net": "mlp", "width": 64, "d": 2, "batch_size": 64, "lr": "2e-3"}
EPOCHS, POINTS = 25, 400


@pytest.fixture(scope="module", params=[inked, small], ids=["numbers", "pictures"])
def told_set(request):
    with told_digits(request.param) as entry:
        yield entry


@pytest.fixture(scope="module")
def engine(told_set, tmp_path_factory):
    """A conditional VAE that was trained on it, through the same door as every other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path_factory.mktemp("told")))
        plan = Plan("cvae", told_set.name, SETTINGS, EPOCHS, name="told", device="cpu", points=POINTS)
        events = list(experiment.train(plan))
        assert events[-1].metrics["accuracy"] is None
        return vae.load("told")


def test_the_spec_keeps_the_shape_and_old_ones_open_without(engine, told_set):
    assert engine.card["spec"]["condition"] == list(told_set.condition.shape)
    assert (engine.condition, engine.conditioned, engine.conditional) == (told_set.condition.shape, True, False)
    assert engine.condition == engine.model.condition
    old = vae.load("fashion-cvae")
    assert "condition" not in old.card["spec"]
    assert (old.condition, old.conditioned, old.conditional) == ((10,), False, True)


def test_a_condition_makes_the_bound_better_than_none(engine, told_set, monkeypatch, tmp_path):
    """As it must, since it tells of the picture; with the same model, and with the samples' own conditions or those of
    others."""
    s = told_set.load()
    x, c = torch.from_numpy(s.x_test).float() / 255, told(engine.model, torch.from_numpy(s.c_test))

    def bound(given: torch.Tensor | None) -> float:
        torch.manual_seed(0)
        with torch.inference_mode():
            out = engine.model(x, given)
            return float((engine.model.likelihood.log_prob(out.params, x) - sum(out.latent.kl)).mean())

    own, none, others = bound(c), bound(None), bound(c.roll(1, 0))
    assert own > none + 1
    assert own > others + 1
    assert own == pytest.approx(engine.card["metrics"]["elbo_nats"], abs=0.5)
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    plain = Job.of(Plan("vae", told_set.name, SETTINGS, EPOCHS, device="cpu", points=2))
    assert plain.spec(s).condition == ()
    for event in (events := experiment.train(plain)):
        if event.kind == "epoch" and event.epoch == EPOCHS:
            break
    events.close()
    assert own > event.metrics["validation_elbo_nats"] + 1


def test_another_condition_at_the_same_code_is_another_picture_as_it_says(engine, told_set):
    """The picture has the ink, or at half its size is the picture, that it was told of."""
    s = told_set.load()
    z = np.random.default_rng(0).standard_normal((200, 2)).astype(np.float32)
    c = s.c_test[:200]
    drawn = engine.decode(z, c=c)
    again = (inked if c.ndim == 2 else small)(255 * drawn)
    asked, found = (a.reshape(200, -1).astype(float) for a in (c, again))
    assert np.corrcoef(asked.ravel(), found.ravel())[0, 1] > 0.8
    one = engine.decode(z, c=c[0])  # one for all
    np.testing.assert_array_equal(one, engine.decode(z, c=np.repeat(c[:1], 200, 0)))
    assert np.abs(one - drawn)[1:].mean() > 0.02
    assert not np.array_equal(engine.encode(s.x_test[:5], c=c[:5])[0], engine.encode(s.x_test[:5])[0])


def test_the_map_knows_what_its_rows_are_told_and_decodes_with_the_nearest(engine, told_set):
    atlas, s = engine.atlas, told_set.load()
    c = s.c_train[atlas.index].astype(np.float32) / (255 if s.c_train.dtype == np.uint8 else 1)
    np.testing.assert_allclose(atlas.conditions, c, atol=2e-3)
    np.testing.assert_array_equal(engine.condition_at(atlas.z[:20]), atlas.conditions[:20])
    assert engine.labels_at(atlas.z[:2]) is None
    assert "labels" in np.load(checkpoint_file(engine)).files
    assert np.load(checkpoint_file(engine))["c"].dtype == np.float16
    assert engine.decode(atlas.z[:3], c=engine.condition_at(atlas.z[:3])).shape == (3, 1, 8, 8)


def checkpoint_file(engine):
    return engine.path / checkpoint.ATLAS


def test_what_asks_an_engine_is_answered(engine, told_set, monkeypatch):
    """Draws, posteriors, paths, oddness and measurements take the condition where there is one."""
    s = told_set.load()
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(engine.path.parent))
    assert engine.sample(3, c=s.c_test[0]).shape == (3, 2)
    assert engine.posterior(s.x_test[:1], 5, c=s.c_test[0]).shape == (5, 2)
    pair = engine.atlas.z[:2]
    near = measured_path(engine, pair, "linear").frames
    other = measured_path(
        engine, pair, "linear", condition=told(engine.model, torch.from_numpy(s.c_test[:1]))[0].numpy()
    ).frames
    assert near.shape == other.shape
    assert not np.array_equal(near, other)
    known = engine.submit(oddness.reference, engine).result()
    assert known.said.endswith("test samples")
    subject = Subject.of(engine)
    with torch.inference_mode():
        q = engine.model.infer(subject.x_test[:9].float() / 255, told(engine.model, subject.c_test[:9]))
    np.testing.assert_allclose(subject.posteriors[0][:9], q.mu.numpy(), atol=1e-5)
    experiment.measure_atlas(checkpoint.read(engine.path), s, device="cpu")


# ---------------------------------------------------------------- what is refused, and how


@pytest.mark.parametrize(
    ("c", "said"),
    [
        (np.zeros((3, 2), np.float32), r"got \(3, 2\), expected \(4, 3\) or one for all, \(3\)"),
        (np.zeros(3, int), "got int64, expected float or uint8"),
        (np.array([0, np.nan, 0], np.float32), "got NaN"),
        (np.array([0, 1e9, 0], np.float32), "beyond ±1,000,000"),
    ],
)
def test_a_wrong_condition_is_told_with_what_was_expected(c, said):
    with pytest.raises(ShapeError, match=said):
        check_conditions(c, 4, (3,))


def test_a_condition_is_one_for_all_or_one_each_and_bytes_are_shares():
    each = check_conditions(np.array([0, 51, 255], np.uint8), 2, (3,))
    assert each.tolist() == [[0, pytest.approx(0.2), 1]] * 2


def test_labels_are_the_one_hot_case_of_a_condition_and_others_take_none(conditional):
    engine = vae.load(conditional)
    z = np.random.default_rng(1).standard_normal((4, engine.d)).astype(np.float32)
    y = np.array([3, 1, 4, 1])
    np.testing.assert_array_equal(engine.decode(z, y), engine.decode(z, c=np.eye(10, dtype=np.float32)[y]))
    np.testing.assert_array_equal(engine.condition_at(z, 7), np.eye(10, dtype=np.float32)[[7] * 4])
    with pytest.raises(SettingError, match="labels y and conditions c: expected one of them"):
        engine.decode(z, y, c=np.zeros(10, np.float32))
    with pytest.raises(ShapeError, match="expected 0 to 9"):
        engine.condition_at(z, 10)


def test_a_model_without_conditions_takes_none(tiny_checkpoint):
    with pytest.raises(SettingError, match="takes no conditions: got c"):
        vae.load("tiny-vae").decode(np.zeros((1, 4), np.float32), c=np.zeros(10, np.float32))


def test_a_label_alone_is_what_a_family_of_labels_is_told():
    job = Job.of(Plan("semi_supervised_vae", "digits", {}))
    told_too = dataclasses.replace(job, data=dataclasses.replace(job.data, condition=Condition((2,))))
    assert not told_too.conditioned
    assert dataclasses.replace(Job.of(Plan("cvae", "digits", {})), data=told_too.data).conditioned


def test_a_long_condition_starts_no_louder_than_a_label():
    """What enters the decoder from standardised conditions has the size of what a label brings, however many."""
    loud = []
    for spec in (Spec((1, 8, 8), 50, 10), Spec((1, 8, 8), 50, 0, condition=(64,))):
        torch.manual_seed(0)
        weight = ConditionalVAE(spec, NetHparams(d=3, net="mlp", width=64)).decoder[0].weight.detach()
        scale = weight[:, :3].std()
        c = torch.eye(10) if spec.n_classes else torch.randn(500, 64)
        loud.append(float((c @ weight[:, 3:].T).std() / scale))
    assert loud[0] == pytest.approx(loud[1], rel=0.3)


def test_the_command_line_gives_the_conditions_beside_the_samples(engine, told_set, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "load", {"told": engine}.__getitem__)
    monkeypatch.chdir(tmp_path)
    s = told_set.load()
    np.savez("x.npz", x=s.x_test[:4], c=s.c_test[:4])
    assert main(["encode", "told", "x.npz", "--out", "z.npz"]) == 0
    with np.load("z.npz") as coded:
        assert np.array_equal(coded["mu"], engine.encode(s.x_test[:4], c=s.c_test[:4])[0])
    assert main(["decode", "told", "z.npz", "--out", "x2.npz"]) == 0
    with np.load("z.npz") as coded, np.load("x2.npz") as made:
        assert np.array_equal(made["x"], engine.decode(coded["z"], c=s.c_test[:4]))


def test_the_pages_encode_samples_with_their_own_condition(engine, told_set):
    x, y, c = cached.test_samples(told_set.name, "", 6)
    s = told_set.load()
    of = [int(np.flatnonzero((s.x_test == one).all((1, 2, 3)))[0]) for one in x]
    assert np.array_equal(c, s.c_test[of])
    assert np.array_equal(y, s.y_test[of])
    assert list(cached.Shown(x, y, c, "").given(engine)) == ["c"]
    assert list(cached.Shown(x, y, c, "").given(vae.load("fashion-cvae"))) == ["y"]


def test_the_yardstick_for_copies_is_encoded_with_its_own_condition(engine, told_set):
    s, rows = told_set.load(), np.arange(5)
    z, _ = engine.encode(s.x_test[:5], c=s.c_test[:5])
    assert np.array_equal(copies._reconstructed(engine, s, rows), engine.decode(z, c=engine.condition_at(z)))
