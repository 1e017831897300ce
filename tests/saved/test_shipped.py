"""The checkpoints in the repository are what the documents promise."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from vae.data.binarise import binarised
from vae.data.published.store import locate
from vae.engine.engine import Engine
from vae.metrics.bounds import evaluate
from vae.registry import DATASETS, families
from vae.saved import checkpoint
from vae.saved.restoring import restore
from vae.sweeps import comparison, sweeps

ROOT = Path(__file__).resolve().parents[2] / "checkpoints"
SUBSET = 1000


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "checkpoints"], cwd=ROOT.parent, capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


SHIPPED = sorted({name.split("/")[1] for name in _tracked() if name.endswith("config.json")})


@pytest.fixture(scope="module")
def engines() -> dict[str, Engine]:
    return {name: Engine(checkpoint.read(ROOT / name), "cpu") for name in SHIPPED}


def test_they_stay_small():
    assert sum((ROOT.parent / name).stat().st_size for name in _tracked()) <= 60 * 2**20


def test_they_are_of_families_that_are_here(engines):
    """A family need not ship a model; what ships must open."""
    assert len(SHIPPED) > 20
    assert {engine.card["family"] for engine in engines.values()} <= set(families())


@pytest.mark.parametrize("name", SHIPPED)
def test_each_has_a_map_that_goes_both_ways(engines, name):
    m = engines[name]
    assert m.atlas.n == m.card["atlas"]["n"] >= min(2000, m.card["spec"]["n_data"])
    assert np.allclose(m.to_map(m.atlas.z[:20]), m.atlas.xy[:20], atol=1e-4)
    z, trust = m.from_map(m.atlas.xy[:200])
    assert z.shape == (200, m.d)
    assert np.median(trust) > 0.5
    assert m.decode(z).shape == (200, *m.shape)
    assert (m.atlas.stored_mixture is None) == ("discrete" in m.traits)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_where_it_comes_from(engines, name):
    card = engines[name].card
    assert card["command"].startswith("python -m vae train ")
    assert "validation" in card["train"] or "--set=validation=0 --epochs" in card["command"]
    assert card["data_licence"]
    assert card["data_origin"]
    assert card["epochs_done"] == card["epochs"] == len(engines[name].history)
    assert "/" not in json.dumps(card["command"])


@cache
def held_out(dataset: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Test samples and labels, read once for all models of a data set."""
    samples = DATASETS.get(dataset).load()
    return torch.from_numpy(samples.x_test[:SUBSET]), torch.from_numpy(samples.y_test[:SUBSET])


@pytest.mark.parametrize("name", SHIPPED)
def test_its_figures_can_be_measured_again(name):
    saved = checkpoint.read(ROOT / name)
    if locate(saved.config["dataset"]) is None:
        pytest.skip(f"{saved.config['dataset']} is not on this machine and tests do not download")
    model, _ = restore(saved, torch.device("cpu"))
    x, y = held_out(saved.config["dataset"])
    if drawn := saved.config.get("binarisation"):
        x = torch.from_numpy(binarised(x.numpy(), drawn["seed"]))
    again, card = evaluate(model, x, y), saved.config["metrics"]
    assert again["mse"] == pytest.approx(card["mse"], rel=0.08)
    if card["rate_nats"] is None:  # a model without a prior pays none
        assert again["rate_nats"] is None
    else:
        assert again["rate_nats"] == pytest.approx(card["rate_nats"], rel=0.05)
    assert again["active_units"] == card["active_units"]


def test_fashion_vae_is_sharp_and_uses_its_latent(engines):
    metrics = engines["fashion-vae"].card["metrics"]
    assert engines["fashion-vae"].d == 16
    assert metrics["n_test"] == 10_000
    assert metrics["mse"] <= 0.0085
    assert metrics["active_units"] >= 14


def test_fashion_ae_has_the_same_net(engines):
    vae, ae = engines["fashion-vae"].card["hparams"], engines["fashion-ae"].card["hparams"]
    assert ae == {key: vae[key] for key in ae}


# ---------------------------------------------------------------- the sweep


@pytest.fixture(scope="module")
def sweep() -> sweeps.Sweep:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
        yield sweeps.find("fashion-beta")


def test_the_ladder_is_small_and_ready_to_be_looked_through(sweep):
    folders = (*(f"checkpoints/{model}/" for model in sweep.models), "checkpoints/.ladders/fashion-beta/")
    sizes = [(ROOT.parent / name).stat().st_size for name in _tracked() if name.startswith(folders)]
    assert sum(sizes) <= 8e6
    assert sweep.values == (0, 0.1, 0.5, 1, 2, 4, 10)
    assert set(sweep.states().values()) == {"done"}
    assert comparison.ready(sweep)
    assert sweep.name in sweeps.shipped()
    found = comparison.frames_of(sweep)
    assert (found.values, found.maps.shape) == (sweep.values, (7, 2000, 2))


def test_its_models_differ_in_beta_alone(engines, sweep):
    cards = [engines[model].card for model in sweep.models]
    assert [card["hparams"]["beta"] for card in cards] == list(sweep.values)
    same = ("family", "dataset", "train", "seed", "epochs", "spec", "stream_mb")
    alike = [{k: card[k] for k in same} | {"hparams": card["hparams"] | {"beta": 0}} for card in cards]
    assert all(one == alike[0] for one in alike)
    assert all(np.array_equal(engines[r].atlas.index, engines[sweep.models[0]].atlas.index) for r in sweep.models)


def test_a_higher_price_buys_a_lower_rate_and_the_bound_is_best_at_beta_1(engines, sweep):
    measured = [engines[model].card["metrics"] for model in sweep.models]
    rate, distortion, elbo = ([m[f"{name}_nats"] for m in measured] for name in ("rate", "distortion", "elbo"))
    error = [m["distortion_standard_error_nats"] for m in measured]
    assert (np.diff(rate) < 0).all()
    assert (np.diff(distortion) > -2 * np.hypot(error[1:], error[:-1])).all()
    assert int(np.argmax(elbo)) == sweep.values.index(1)


def test_its_frames_are_what_its_models_say(engines, sweep):
    found = comparison.frames_of(sweep)
    for model, shot in zip(sweep.models, found.snapshots, strict=True):
        m = engines[model]
        shown = np.isin(found.fixed.rows, m.atlas.index)
        assert shown.all()  # of the same seed, the same samples are on the map and in the frames
        assert np.allclose(shot.mu, m.atlas.z, atol=0.02 * m.atlas.z.std())
        again = m.modality.pictures(m.decode(m.encode(found.fixed.shown)[0]))
        assert np.abs(again.astype(int) - shot.again).max() <= 1
        figures = comparison.figures(m.card, found.fixed.split)
        expected = {name: figures[name] for name in shot.figures}
        assert shot.figures == pytest.approx(
            expected, abs=0.5
        )  # nats: the card was measured again, with other draws of z
        assert {"elbo_nats", "distortion_nats", "rate_nats", "active_units"} <= set(shot.figures)
