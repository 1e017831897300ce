"""vae.explore up to the engine: what is given, how it is read, and what is said when the user's code misbehaves."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import vae
from vae.attached.callables import Decode, Encode, Function
from vae.attached.given import Given
from vae.errors import CheckpointError, DecoderError, DecoderStopped, SettingError, ShapeError
from vae.latent import fit_process
from vae.latent.fit import fit_map, principal_layout
from vae.saved import attached_model
from vae.saved.decoder_process import SECONDS

N, D = 90, 3
RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.random((N, 1, 12, 12), np.float32)


class Small(nn.Module):
    """A linear autoencoder with dropout and batch normalisation, in training."""

    def __init__(self, side: int = 12):
        super().__init__()
        self.side = side
        self.down, self.up = nn.Linear(side * side, D), nn.Linear(D, side * side)
        self.drop, self.norm = nn.Dropout(0.5), nn.BatchNorm1d(D)

    def encode(self, x):
        return self.norm(self.drop(self.down(x.flatten(1))))

    def decode(self, z):
        return torch.sigmoid(self.up(z)).view(-1, 1, self.side, self.side)


def test_a_module_decodes_in_its_program_as_it_does_when_in_use(explore):
    torch.manual_seed(0)
    model = Small()
    one, engine = explore(model, x=PICTURES, labels=["a", "b", "c"] * (N // 3))
    assert one.measured(60.0)  # no call is under way
    assert model.training
    assert model.drop.training
    before = model.norm.running_mean.clone()
    z = engine.atlas.z[:5].astype(np.float32)
    with torch.no_grad():
        assert np.allclose(engine.decode(z), model.decode(torch.from_numpy(z)), atol=1e-6)
        expected = model.eval().encode(torch.from_numpy(PICTURES))
    assert np.allclose(engine.encode(PICTURES)[0], expected, atol=1e-5)
    assert torch.equal(before, model.norm.running_mean)
    assert engine.atlas.classes == ("a", "b", "c")
    assert engine.traits == {"attached"}


def test_functions_of_numpy_are_given_what_they_were_made_for(explore):
    """Pictures (h, w, c) from 0 to 255 go in as they lie, and what is decoded is turned round."""
    pictures = RANDOM.integers(0, 256, (N, 10, 8, 3)).astype(np.uint8)
    basis = RANDOM.normal(size=(10 * 8 * 3, D)) / 50

    def encode(x):
        assert type(x) is np.ndarray
        assert x.shape[1:] == (10, 8, 3)
        assert x.max() > 1
        return x.reshape(len(x), -1) @ basis

    def decode(z):
        return np.clip(z @ basis.T * 9 + 128, 0, 255).reshape(-1, 10, 8, 3)

    _, engine = explore(encode=encode, decode=decode, x=pictures)
    assert engine.shape == (3, 10, 8)
    z = engine.atlas.z.astype(np.float32)
    assert np.allclose(engine.decode(z), np.moveaxis(decode(z), -1, 1) / 255, atol=1e-3)
    mu, std = engine.encode(np.moveaxis(pictures, -1, 1) / np.float32(255))
    assert np.allclose(mu, encode(pictures), atol=1e-2)
    assert not std.any()


@pytest.mark.parametrize(("low", "high", "taken"), [(-0.3, 1.4, (0, 1)), (-9, 1.2, (-9, 1.2)), (0, 200, (0, 255))])
def test_a_decoder_without_a_bound_leaves_the_span_of_its_samples_by_a_little(explore, low, high, taken):
    def decode(z):
        return np.linspace(low, high, len(z) * 144).reshape(-1, 12, 12)

    one, _engine = explore(decode=decode, z=RANDOM.normal(size=(N, D)), x=PICTURES)
    made = one._worker.model.made
    assert (made.low, made.high) == pytest.approx(taken)


def test_embeddings_show_the_nearest_sample(explore):
    z = RANDOM.normal(size=(N, D)).astype(np.float32)
    _, engine = explore(x=PICTURES, z=z)
    assert not engine.can_encode
    near = engine.atlas.z[engine.atlas.index == 7].astype(np.float32) + 1e-3
    assert np.allclose(engine.decode(near)[0], PICTURES[7], atol=1e-6)


def test_latents_alone_are_vectors(explore):
    _, engine = explore(z=RANDOM.normal(size=(N, D)))
    assert engine.shape == (D,)


def test_a_module_without_samples_is_drawn_from_its_prior(explore):
    torch.manual_seed(0)
    model = Small()
    model.latent_dim = D
    _, engine = explore(model)
    assert engine.atlas.n == 2000
    assert engine.atlas.z.std() == pytest.approx(1, abs=0.05)


def test_latents_of_any_shape_are_flat_on_the_map_and_as_they_were_for_the_model(explore):
    seen = []

    def decode(z):
        seen.append(z.shape[1:])
        return np.repeat(np.repeat(np.tanh(z[:, :1]), 4, 2), 4, 3)

    z = RANDOM.normal(size=(N, 2, 3, 3)).astype(np.float32)
    _, engine = explore(decode=decode, z=z)
    assert engine.d == 18
    assert set(seen) == {(2, 3, 3)}
    assert engine.shape == (1, 12, 12)


def test_metadata_colour_the_map(explore):
    _, engine = explore(x=PICTURES, z=RANDOM.normal(size=(N, D)), metadata={"age": range(N), "who": ["ann", None] * 45})
    assert engine.atlas.metadata["age"].tolist() == engine.atlas.index.tolist()
    assert set(engine.atlas.metadata["who"]) == {"ann", ""}


@pytest.mark.parametrize(
    ("returned", "wide"),
    [
        (lambda m, s: m, False),
        (lambda m, s: (m, 2 * s.log()), True),
        (lambda m, s: torch.distributions.Normal(m, s), True),
        (lambda m, s: {"mu": m, "log_var": 2 * s.log()}, True),
        (lambda m, s: SimpleNamespace(latent_dist=SimpleNamespace(mean=m, std=s)), True),
        (lambda m, s: SimpleNamespace(embedding=m, log_covariance=None), False),
        (lambda m, s: (m, [1], "more"), False),
    ],
)
def test_what_encoders_return(returned, wide):
    mean, width = torch.randn(4, D), torch.full((4, D), 0.5)
    mu, std = Encode(Function(lambda x: returned(mean, width), "encode", torch.zeros(1)))(np.zeros((4, 2), np.float32))
    assert np.array_equal(mu, mean)
    assert np.allclose(std, 0.5 if wide else 0)


@pytest.mark.parametrize(
    "returned", [lambda x: x, lambda x: (x, 1), lambda x: {"recon_x": x}, lambda x: SimpleNamespace(sample=x)]
)
def test_what_decoders_return(returned):
    x = torch.randn(4, 1, 8, 8, requires_grad=True)
    assert np.array_equal(
        Decode(Function(lambda z: returned(x), "decode"), (D,))(np.zeros((4, D), np.float32)), x.detach()
    )


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"x": PICTURES}, SettingError, "x has no latents: give encode= or z="),
        ({}, SettingError, "neither samples x nor latents z"),
        ({"model": object(), "x": PICTURES}, SettingError, "object has no method decode"),
        (
            {"x": PICTURES, "z": np.zeros((N + 1, D))},
            ShapeError,
            "x of shape \\(90, 1, 12, 12\\): expected \\(91, ...\\)",
        ),
        ({"z": np.zeros((N, D)), "labels": [1, 2]}, ShapeError, "labels of shape \\(2,\\): expected \\(90,\\)"),
        ({"z": np.zeros((N, D)), "metadata": {"age": [1]}}, ShapeError, "metadata 'age' of shape \\(1,\\): expected"),
        ({"x": PICTURES, "z": [["a"]] * N}, ShapeError, "z: expected an array of numbers, got list"),
        ({"z": np.ones((N, D)), "decode": lambda z: np.full((len(z), 4), np.nan)}, ShapeError, "decode returned NaN"),
        ({"z": np.ones((N, D)), "decode": lambda z: z[0]}, ShapeError, "decode returned \\(3,\\): expected \\(64"),
        ({"x": PICTURES, "encode": lambda x: x[:2]}, ShapeError, "encode returned .*: expected \\(90, d\\)"),
        (
            {"x": PICTURES, "z": np.ones((N, D)), "decode": lambda z: np.random.rand(len(z), 1, 9, 9)},
            ShapeError,
            "decode returns samples of shape \\(1, 9, 9\\), x has \\(1, 12, 12\\)",
        ),
        ({"z": np.ones((N, D)), "name": "no such/name"}, SettingError, "name"),
    ],
)
def test_what_does_not_fit_is_said(explore, options, error, says):
    with pytest.raises(error, match=says):
        explore(options.pop("model", None), **options)


def test_errors_of_the_user_s_code_are_told_and_nothing_else_fails(explore, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.3")
    monkeypatch.setattr(attached_model, "SPARE_S", 0.3)
    now = {"do": lambda z: None}
    gone = threading.Event()

    def decode(z):
        now["do"](z)
        return now.get("x", np.zeros((len(z), 1, 12, 12)))

    one, engine = explore(decode=decode, z=RANDOM.normal(size=(N, D)))
    z = engine.atlas.z[:1].astype(np.float32)
    assert engine.decode(z).shape == (1, 1, 12, 12)

    def fails(z):
        raise RuntimeError("out of paint\nin line 3")

    now["do"] = fails
    with pytest.raises(DecoderError, match="RuntimeError: out of paint in line 3"):
        engine.decode(z)
    now["do"] = lambda z: sys.exit("enough")
    with pytest.raises(DecoderError, match="SystemExit: enough"):
        engine.decode(z)
    now["do"] = lambda z: None
    assert engine.decode(z).shape == (1, 1, 12, 12)
    now["x"] = np.full((1, 1, 12, 12), np.inf)
    with pytest.raises(DecoderError, match="decode returned NaN or infinity"):
        engine.decode(z)
    now["x"] = np.zeros((1, 1, 5, 5))
    with pytest.raises(DecoderError, match="a sample of shape \\(1, 5, 5\\), expected \\(1, 12, 12\\)"):
        engine.decode(z)
    del now["x"]
    now["do"] = lambda z: gone.wait(30)
    for _call in ("the one that takes long", "the next one"):
        with pytest.raises(DecoderError, match=r"^your model is busy: a call has run for \d+ s\.$"):
            engine.decode(z)
    gone.set()
    now["do"] = lambda z: None
    assert engine.decode(z).shape == (1, 1, 12, 12)
    one._worker.close()
    with pytest.raises(DecoderStopped, match="has ended"):
        [engine.decode(z) for _ in range(2)]


def test_without_its_program_a_model_is_not_opened(explore):
    one, _ = explore(z=RANDOM.normal(size=(N, D)))
    (one._folder / attached_model.WORKER).unlink()
    with pytest.raises(CheckpointError, match=r"was opened with vae\.explore from a program"):
        vae.load(one.name)


def test_only_who_knows_the_key_is_answered(explore):
    one, engine = explore(z=RANDOM.normal(size=(N, D)))
    right = attached_model.Address.read(one._folder)
    assert (one._folder / attached_model.WORKER).stat().st_mode & 0o077 == 0
    stranger = attached_model.Link(right._replace(key=b"guess"))
    with pytest.raises(DecoderStopped):
        stranger.ask({"ask": "decode"}, np.zeros((1, D), np.float32))
    assert engine.decode(engine.atlas.z[:1].astype(np.float32)).size


def test_trust_is_measured_beside(explore):
    torch.manual_seed(0)
    one, _ = explore(Small().eval(), x=PICTURES)
    assert one.measured(60.0)
    assert vae.load(one.name).atlas.projector.trust_report["auroc"] >= 0


def test_the_first_map_is_replaced_by_umap(explore):
    """The rows and their latents stay; the card says which it is."""
    one, engine = explore(encode=lambda x: x.reshape(len(x), -1)[:, :D], x=PICTURES)
    first = engine.atlas
    assert engine.card["atlas"]["first"] == 1
    assert np.allclose(first.xy, principal_layout(first.projector.seen(first.z) * first.projector.scale), atol=1e-3)
    assert one.measured(120.0)
    later = vae.load(one.name)
    assert later.card["atlas"]["first"] == 0
    assert np.array_equal(later.atlas.z, first.z)
    assert np.allclose(later.atlas.xy, fit_map(first.z).xy, atol=1e-4)
    assert np.allclose(later.atlas.projector.to_map(first.z), later.atlas.xy, atol=1e-4)


def test_a_fit_that_fails_leaves_the_first_map(explore, monkeypatch):
    monkeypatch.setattr(fit_process, "MODULE", "vae.no_such_module")

    def finished():
        one, _ = explore(z=RANDOM.normal(size=(N, D)))
        assert one.measured(60.0)
        return one

    with pytest.warns(
        UserWarning, match="the map stays as it is: the fit of the map ended with code 1: .*no_such_module"
    ):
        one = finished()
    assert vae.load(one.name).card["atlas"]["first"] == 1


def test_a_closed_explorer_calls_the_model_no_more(explore):
    calls = []

    def decode(z):
        calls.append(len(z))
        return Small.decode(model, torch.as_tensor(z)).detach().numpy()

    model = Small().eval()
    one, _ = explore(encode=lambda x: x.reshape(len(x), -1)[:, :D], decode=decode, x=PICTURES)
    one.close()
    before = len(calls)
    assert one.measured(0.0)
    assert len(calls) == before


def test_given_has_no_more_rows_than_the_map():
    given = Given(encode=None, decode=None, x=None, z=np.zeros((10_500, 2)), model=None, labels=None, metadata=None)
    assert len(given.rows) == 10_000


def test_its_files_are_gone_when_it_is_closed(explore):
    one, _ = explore(z=RANDOM.normal(size=(N, D)))
    folder = Path(one._folder)
    one.close()
    assert not folder.exists()
