"""Every check of checks.py on every family, and an equivalence for each family by itself."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save as save_tensors

from tests import checks
from vae.errors import SettingError, UnknownName
from vae.registry import FAMILIES, families, modalities
from vae.saved import checkpoint
from vae.saved.restoring import restore
from vae.settings import configure, knobs
from vae.training.trainer import Trainer, TrainHparams

CASES = checks.cases()


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_family(case, check):
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_checkpoint_round_trips_bit_equal(case, tmp_path):
    model, _ = case.build(seed=5)
    spec = case.spec()
    config = {
        "name": "x",
        "family": case.family.name,
        "hparams": vars(case.hparams()),
        "dataset": "digits",
        "seed": 5,
        "spec": vars(spec) | {"shape": list(spec.shape)},
    }
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    checkpoint.save(tmp_path / "x", config, {checkpoint.MODEL: save_tensors(tensors)})
    again, _ = restore(checkpoint.read(tmp_path / "x"), torch.device("cpu"))
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in model.named_parameters()]
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), model.state_dict().values(), strict=True))
    z = torch.randn(3, model.d)
    assert torch.equal(again.eval().decode(z), model.eval().decode(z))


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES, ids=str)
def test_cpu_agrees_with_gpu(case):
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    if device is None:
        pytest.skip("there is neither CUDA nor MPS here")
    model = case.build()[0].eval()
    x, _ = case.batch()
    z = torch.randn(8, model.d)
    with torch.inference_mode():
        here, decoded = model.infer(x), model.decode(z)
        model.to(device)
        there = model.infer(x.to(device))
        torch.testing.assert_close(there.mu.cpu(), here.mu, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(there.std.cpu(), here.std, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(model.decode(z.to(device)).cpu(), decoded, rtol=1e-3, atol=1e-4)


# ---------------------------------------------------------------- equivalences: one for each family, held by name


def trained(name: str, steps: int = 5, **settings) -> Trainer:
    case = checks.Case(FAMILIES.get(name), tuple(({"d": 3, "width": 16, "net": "mlp"} | settings).items()), "image")
    trainer = case.trainer(seed=3)
    for _ in range(steps):
        trainer.train_step(*case.batch())
    return trainer


def same_bits(a: Trainer, b: Trainer) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.model.parameters(), b.model.parameters(), strict=True))


def test_every_family_has_an_equivalence():
    written = "".join(p.read_text("utf-8") for p in Path(__file__).parents[1].rglob("test_*.py"))
    missing = [name for name in families() if f"def test_equivalence_{name}(" not in written]
    assert not missing, f"write test_equivalence_{missing[0]}: a case that equals another family or a closed form"


def test_equivalence_beta_vae():
    """At beta = 1 it is the VAE bit for bit; at another beta it is not."""
    assert same_bits(trained("vae"), trained("beta_vae", beta=1.0))
    assert not same_bits(trained("vae"), trained("beta_vae", beta=2.0))


def test_equivalence_vae():
    """By hand: Gaussian log-likelihood, closed-form rate and the mean over the batch give the same loss."""
    trainer = trained("vae", sigma=0.5)
    case = checks.Case(FAMILIES.get("vae"), (), "image")
    x, _ = case.batch()
    model = trainer.model
    torch.manual_seed(7)
    loss = trainer.objective(model, x, 0)
    torch.manual_seed(7)
    mu, logvar = model.bottleneck.head(model.encoder(x)).chunk(2, 1)
    z = mu + (logvar / 2).exp() * torch.randn_like(mu)
    p = torch.distributions.Normal(torch.sigmoid(model.decoder(z)), 0.5)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    rate = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    by_hand = (-p.log_prob(x).sum((1, 2, 3)) + rate).mean()
    torch.testing.assert_close(loss.total, by_hand, rtol=1e-5, atol=1e-4)


def test_equivalence_ae():
    """Its loss is the distortion of the code itself, which is the beta-VAE's loss at beta = 0 of the same model."""
    trainer = trained("ae")
    model, case = trainer.model, checks.Case(FAMILIES.get("beta_vae"), (("beta", 0.0),), "image")
    x, _ = case.batch()
    loss = trainer.objective(model, x, 0)
    assert torch.equal(loss.total, -model.likelihood.log_prob(model.params(model.infer(x).mu), x).mean())
    assert (loss.parts["rate"] == 0).all()
    assert torch.equal(loss.total, case.build()[1](model, x, 0).total)


@pytest.mark.parametrize("beta", [0.0, 0.5, 4.0])
def test_beta_weighs_the_rate_in_nats(beta):
    """total = distortion + beta * rate, both sums over the sample: no hidden factor, and elbo stays unweighted."""
    trainer = trained("beta_vae", beta=beta)
    x, _ = checks.Case(FAMILIES.get("vae"), (), "image").batch()
    loss = trainer.objective(trainer.model, x, 0)
    total = (loss.parts["distortion"] + beta * loss.parts["rate"]).mean()
    torch.testing.assert_close(loss.total.detach(), total)
    torch.testing.assert_close(loss.parts["elbo"], -(loss.parts["distortion"] + loss.parts["rate"]))


def test_warmup_starts_without_the_rate():
    trainer = trained("vae", warmup="linear", warmup_steps=10)
    x, _ = checks.Case(FAMILIES.get("vae"), (), "image").batch()
    for step, weight in ((0, 0.0), (5, 0.5), (10, 1.0), (99, 1.0)):
        loss = trainer.objective(trainer.model, x, step)
        total = (loss.parts["distortion"] + weight * loss.parts["rate"]).mean()
        torch.testing.assert_close(loss.total.detach(), total)


# ---------------------------------------------------------------- settings from the outside


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"d": "0"}, ["d=0", "1 to 4096"]),
        ({"d": "4.5"}, ["d='4.5'", "int"]),
        ({"d": "nan"}, ["nan", "int"]),
        ({"d": float("inf")}, ["inf", "int"]),
        ({"d": None}, ["None", "int"]),
        ({"sigma": "nan"}, ["sigma=nan", "0.0 to 10.0"]),
        ({"sigma": "-1"}, ["sigma=-1", "0.0 to 10.0"]),
        ({"net": "convd"}, ["convd", "Did you mean", "conv2d", "mlp"]),
        ({"widht": "3"}, ["widht", "Did you mean 'width'"]),
    ],
)
def test_a_bad_setting_says_what_was_given_and_what_is_expected(given, words):
    (name,) = given
    having = [f for f in families().values() if {"widht": "width"}.get(name, name) in knobs(f.Hparams)]
    assert len(having) > 2
    for family in having:
        with pytest.raises(SettingError) as error:
            configure(family.Hparams, given)
        assert all(word in str(error.value) for word in words), f"{family.name}: {error.value}"


def test_an_unknown_family_names_the_close_one():
    with pytest.raises(UnknownName, match="Did you mean 'beta_vae'"):
        FAMILIES.get("beta-vae")


def test_the_trainer_has_knobs_too():
    case = CASES[0]
    checks.knobs_have_help_and_ranges_that_hold_their_default(
        checks.Case(type(case.family)("train", "t", "p", TrainHparams, case.family.build), (), case.modality)
    )


# ---------------------------------------------------------------- modalities


@pytest.mark.parametrize("name", list(modalities()))
def test_modality_shows_its_samples(name):
    m = modalities()[name]
    rng = np.random.default_rng(0)
    x = rng.random(m.example_shape(), np.float32)
    artifact = m.render(x)
    assert artifact.kind
    mime, data = m.to_bytes(x)
    assert "/" in mime
    assert isinstance(data, bytes)
    json.dumps([m.name, m.likelihood, list(m.example_shape())])


@pytest.mark.parametrize("shape", [(1, 9, 13), (3, 6, 5)])
def test_a_picture_survives_its_png(shape):
    m = modalities()["image"]
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    pixels = m.render(x).data
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(m.to_bytes(x)[1]))))
    assert np.array_equal(pixels, m.render(x.astype(np.float32) / 255).data)
    assert np.array_equal(pixels.reshape(shape[1], shape[2], -1).transpose(2, 0, 1), x)
