"""Training on binary pixels: what a step sees, what the card says, and that all who evaluate see the same pixels."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vae.__main__ import main
from vae.data import as_evaluated, binarise
from vae.data.binarise import binarised
from vae.data.validation import split
from vae.engine.engine import load
from vae.errors import SettingError
from vae.forming.recording import Look
from vae.losses.batch_shares import Share
from vae.metrics.bounds import evaluate
from vae.metrics.subject import Subject
from vae.models.tensors import to_float
from vae.registry import DATASETS, FAMILIES
from vae.saved import checkpoint, schema
from vae.settings import configure
from vae.studies import oddness
from vae.training import experiment
from vae.training.experiment import Plan
from vae.training.job import Job
from vae.training.resuming import changes
from vae.training.trainer import Trainer, TrainHparams, fit
from vae.types import Spec

TINY = {"net": "mlp", "width": "8", "d": "2", "likelihood": "bernoulli"}
GREY = torch.randint(1, 255, (70, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def trainer_of(mode: str, seed: int = 0) -> Trainer:
    family = FAMILIES.get("vae")
    torch.manual_seed(seed)
    h = configure(family.Hparams, TINY)
    return Trainer(*family.build(Spec((1, 4, 4), 70), h), TrainHparams(batch_size=32, binarise=mode), seed, 100)


def pixels_seen(trainer: Trainer, epochs: int) -> torch.Tensor:
    seen, inner = [], trainer.objective.forward
    trainer.objective.forward = lambda model, x, *rest: (seen.append(x.clone()), inner(model, x, *rest))[1]
    list(fit(trainer, GREY, None, None, epochs))
    return torch.cat(seen)


# ---------------------------------------------------------------- a step


def test_dynamic_draws_every_sample_anew_in_every_epoch():
    seen = pixels_seen(trainer_of("dynamic"), 30).view(30, 70, 16)
    assert set(seen.unique().tolist()) == {0.0, 1.0}
    assert float(seen.mean()) == pytest.approx(float(GREY.float().mean() / 255), abs=4 * 0.5 / (30 * 70 * 16) ** 0.5)
    assert not torch.equal(seen[0].sum(0), seen[1].sum(0)), "the order of samples does not change the sum over them"
    trainer = trainer_of("dynamic")
    assert not torch.equal(trainer.inputs(GREY), trainer.inputs(GREY))
    assert set(pixels_seen(trainer_of("none"), 1).flatten().tolist()) == set(to_float(GREY).flatten().tolist())


def test_several_processes_see_the_pixels_that_one_would():
    """Also where there are fewer rows than processes; and the next batch is again the same for all."""
    for rows in (9, 2):
        whole = [trainer.inputs(GREY[:rows]) for trainer in [trainer_of("dynamic")] for _ in range(2)]
        for rank in range(3):
            trainer, share = trainer_of("dynamic"), Share(rank, 3, rows)
            for batch in whole:
                seen = trainer.inputs(share.of(GREY[:rows]), share)
                assert share.weight == 0 or torch.equal(seen, share.of(batch))


@pytest.mark.parametrize("settings", [{"likelihood": "gaussian"}, {"likelihood": "continuous_bernoulli"}])
def test_binary_pixels_need_a_probability_of_them(settings):
    with pytest.raises(SettingError, match=r"binarise=static: only likelihood=bernoulli.*binarise=none"):
        Job.of(Plan("vae", "digits", {"binarise": "static"} | settings))


# ---------------------------------------------------------------- the checkpoint


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A checkpoints folder with a model of each kind, `dynamic` with a map, and what was said while it was trained."""
    root, said = tmp_path_factory.mktemp("binary"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        for mode in binarise.MODES:
            plan = Plan("vae", "digits", TINY | {"binarise": mode}, epochs=1, seed=4, name=mode, points=200)
            said[mode] = []
            events = experiment.train(plan, report=said[mode].append)
            for event in events:
                if event.kind == "epoch" and mode != "dynamic":
                    events.close()
        yield said


def test_grey_pixels_under_a_bernoulli_are_said_to_be_grey(root):
    assert binarise.GREY in root["none"]
    assert binarise.GREY not in root["static"] + root["dynamic"]


@pytest.mark.parametrize("mode", ["static", "dynamic"])
def test_all_who_evaluate_see_the_same_pixels(root, mode):
    """`eval`, Draw and the engine, which are given the grey samples: equal codes, equal ELBOs."""
    engine = load(mode)
    assert engine.card["binarisation"] == {"mode": mode, "name": "zscope", "seed": 4}
    grey = DATASETS.get("digits").load()
    subject = Subject.of(engine)
    assert np.array_equal(subject.x_test.numpy(), binarised(grey.x_test, 4))
    assert np.array_equal(engine.encode(grey.x_test)[0], subject.posteriors[0])
    drawn = -oddness.scores(engine, grey.x_test)["negative_elbo"].mean()
    assert drawn == pytest.approx(evaluate(engine.model, subject.x_test, seed=0)["elbo_nats"], rel=1e-6)
    held_out = split(grey, engine.card["train"]["validation"]).x_validation
    drawn = -oddness.scores(engine, held_out)["negative_elbo"].mean()
    assert drawn == pytest.approx(engine.history[-1]["validation_elbo_nats"], rel=1e-6)  # measured with seed 0


def test_the_map_is_of_the_pixels_that_the_model_sees(root):
    engine, grey = load("dynamic"), DATASETS.get("digits").load()
    measured = evaluate(engine.model, Subject.of(engine).x_test, seed=4)
    assert engine.card["metrics"]["elbo_nats"] == pytest.approx(measured["elbo_nats"], rel=1e-6)
    rows = grey.x_train[engine.atlas.index]
    assert np.abs(engine.encode(rows)[0] - engine.atlas.z).max() < 0.01
    error = np.square(engine.decode(engine.encode(rows)[0]) - binarised(rows, 4) / 255).mean((1, 2, 3))
    assert engine.atlas.measured["error"] == pytest.approx(error, rel=0.01)
    x = grey.x_test[:1]
    assert np.array_equal(engine.posterior(x, 3), engine.posterior(binarised(x, 4), 3))


def test_a_snapshot_encodes_the_pixels_that_the_map_does(root):
    for mode in ("static", "dynamic"):
        plan = Plan("vae", "digits", TINY | {"binarise": mode}, seed=4)
        look = Look(Job.of(plan), as_evaluated.of_card(load(mode).card))
        grey = DATASETS.get("digits").load()
        assert np.array_equal(look._x.numpy(), binarised(grey.x_train[look.fixed.rows], 4))


def test_every_protocol_says_how_the_pixels_were_made_binary(root, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))
    assert main(["eval", "dynamic", "--metrics", "bounds,use", "--k", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    said = "binary pixels: trained on new draws in each step, evaluated on zscope's fixed draw with seed 4"
    assert found["pixels"] == said
    assert all(v["protocol"].endswith("; " + said) for v in found.values() if isinstance(v, dict))
    assert isinstance(found["knn_accuracy"], dict)
    assert "pixel_entropy_nats" not in found
    theirs = {"binarisation": {"mode": "static", "name": "larochelle-murray-2011", "seed": 4}}
    samples = DATASETS.get("digits").load()
    subject = Subject(SimpleNamespace(card=theirs), None, torch.device("cpu"), samples, 4)
    assert subject.pixels == "binary pixels: the fixed draw of Larochelle and Murray, 2011"
    assert main(["eval", "none", "--k", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 13 < found["pixel_entropy_nats"] < 14.5
    assert found["nll_binarisations"] == 1
    assert "pixels" not in found


def test_a_run_goes_on_with_its_own_binarisation_alone(root):
    plan = Plan("vae", "digits", TINY | {"binarise": "static"}, epochs=2, seed=4, name="static", points=200)
    saved = checkpoint.read(checkpoint.find("static"))
    card = saved.config | {"binarisation": saved.config["binarisation"] | {"name": "larochelle-murray-2011"}}
    assert changes(saved, Job.of(plan))
    assert schema.problem(card) == ""
    assert "binarisation is" in schema.problem(card | {"binarisation": {"mode": "static"}})
    with pytest.raises(SettingError, match="its binarisation is"):
        changes(dataclasses.replace(saved, config=card), Job.of(plan))
