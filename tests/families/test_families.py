"""Every check of checks.py on every family, and an equivalence for each family by itself."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save as save_tensors

from tests import checks
from vae.errors import SettingError, ShapeError, UnknownName, ZscopeError
from vae.registry import FAMILIES, Family, dataset, families, modalities
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
    x = rng.random((3, *m.example_shape()), np.float32)
    pictures = m.pictures(x)
    assert pictures.dtype == np.uint8
    assert pictures.shape == (3, *m.picture_shape(x.shape[1:]))
    shown = m.artifacts(x[0])
    assert shown[0].kind == "picture"
    np.testing.assert_array_equal(shown[0].data.reshape(*pictures.shape[2:], -1).transpose(2, 0, 1), pictures[0])
    assert all(isinstance(a.data, np.ndarray) and json.dumps([a.caption, a.facts]) for a in shown)
    mime, data = m.to_bytes(x[0])
    assert "/" in mime
    assert isinstance(data, bytes)
    assert m.suffix.startswith(".")
    assert m.summary
    json.dumps([m.name, m.likelihood, list(m.example_shape())])


@pytest.mark.parametrize("name", list(modalities()))
def test_modality_reads_what_it_writes(name):
    m = modalities()[name]
    x = np.random.default_rng(0).random((2, *m.example_shape()), np.float32)
    if m.from_bytes:
        read = m.from_bytes(m.to_bytes(x[0])[1], None)
        assert read.shape == x.shape[1:]
        np.testing.assert_allclose(m.from_bytes(m.to_bytes(read)[1], read.shape), read, rtol=1e-5)
        if name in ("series", "vector"):  # what a picture or some other kind cannot hold is lost
            np.testing.assert_allclose(read, x[0], rtol=1e-5)
        with pytest.raises(ZscopeError):
            m.from_bytes(b"\xff\xfe\x00", None)
    if m.from_array:
        again = m.from_array(x.astype(np.float64), [])
        assert again.shape == x.shape
        np.testing.assert_allclose(again, x)


@pytest.mark.parametrize("shape", [(1, 9, 13), (3, 6, 5)])
def test_a_picture_survives_its_png(shape):
    m = modalities()["image"]
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    pixels = m.artifacts(x)[0].data
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(m.to_bytes(x)[1]))))
    assert np.array_equal(pixels, m.artifacts(x.astype(np.float32) / 255)[0].data)
    assert np.array_equal(pixels.reshape(shape[1], shape[2], -1).transpose(2, 0, 1), x)
    assert np.array_equal(m.from_bytes(m.to_bytes(x)[1], shape), x)
    with pytest.raises(ShapeError, match=r"5x6 px|13x9 px"):
        m.from_bytes(m.to_bytes(x)[1], (1, 4, 4))


# ---------------------------------------------------------------- what is mistyped fails at import


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "variatonal"}, "kind of family n 'variatonal'. Did you mean 'variational'"),
        ({"traits": frozenset({"discreet"})}, "trait of family n 'discreet'. Did you mean 'discrete'.*sequential"),
        ({"layouts": ("image",)}, "layout of family n 'image'.*Known: grid, line, set, tokens, vector"),
    ],
)
def test_a_typo_in_a_family_is_refused_where_it_is_registered(given, says):
    vae = FAMILIES.get("vae")
    with pytest.raises(ValueError, match=says):
        Family("n", "N", "p", vae.Hparams, vae.build, **given)


def test_a_typo_in_a_modality_or_a_data_set_is_refused_where_it_is_registered():
    image = modalities()["image"]
    with pytest.raises(ValueError, match=r"layout of modality image 'gird'\. Did you mean 'grid'"):
        dataclasses.replace(image, layout="gird")
    with pytest.raises(ValueError, match="a line has 2 dimensions, not 3"):
        dataclasses.replace(image, layout="line")
    with pytest.raises(UnknownName, match=r"modality 'imag'\. Did you mean 'image'"):
        dataset(name="n", title="N", modality="imag", shape=(1,), classes=(), licence="", origin="", cite="")
