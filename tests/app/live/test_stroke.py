"""A sample drawn by hand, over the live channel: what comes back is what the model says, and bad frames are refused."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

import vae
from app.live import engines, requests
from app.live.requests import Refused, Scene
from app.live.requests.stroke import NEAR, STROKE
from vae.studies import oddness

HEAD = struct.Struct("<IBB2xI")


def answered(engine, x: np.ndarray, label: int | None = None) -> tuple[dict, dict]:
    """Facts and arrays of the parcel for a sample, through bytes both ways."""
    payload = x.transpose(1, 2, 0).tobytes() if x.ndim == 3 else x.astype("<f4").tobytes()
    frame = requests.UP.pack(5, STROKE.code, 0 if label is None else label + 1) + payload
    request = requests.parse(frame, Scene.of(engine))
    data = engine.submit(STROKE.answer, engine, request).result()
    sequence, code, form, size = HEAD.unpack_from(data)
    assert (sequence, code, form) == (5, STROKE.code, 1)
    facts, at, arrays = json.loads(data[HEAD.size : HEAD.size + size]), HEAD.size + size, {}
    for name, kind, shape in facts.pop("arrays"):
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(data, kind, count, at).reshape(shape)
        at += -(-arrays[name].nbytes // 4) * 4
    return facts, arrays


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


@pytest.fixture
def x() -> np.ndarray:
    return vae.list_datasets()["digits"].load().x_test[3]


def test_a_stroke_is_encoded_placed_and_weighed(engine, x):
    facts, arrays = answered(engine, x)
    mu, std = engine.encode(x[None])
    np.testing.assert_array_equal(arrays["mu"], mu[0])
    np.testing.assert_array_equal(arrays["std"], std[0])
    np.testing.assert_allclose(facts["xy"], engine.to_map(mu)[0], rtol=1e-6)
    np.testing.assert_array_equal(arrays["picture"], engine.decode_uint8(mu)[0].transpose(1, 2, 0))
    rows, distances = engine.atlas.neighbours(mu[0], NEAR)
    np.testing.assert_array_equal(arrays["rows"], rows)
    np.testing.assert_allclose(arrays["distances"], distances, rtol=1e-6)
    assert facts["mse"] == pytest.approx(float(((engine.decode(mu)[0] - x / 255) ** 2).mean()), rel=1e-4)
    scores = oddness.scores(engine, x[None])
    assert facts["elbo_nats"] == pytest.approx(-float(scores["negative_elbo"][0]), rel=1e-4)  # the sign of the header
    assert facts["trust"] == pytest.approx(float(engine.trust(mu)[0]), abs=1e-5)
    assert "test samples" in facts["reference"]


def test_a_test_sample_is_ordinary_and_noise_is_not(engine, x):
    test = oddness._samples(engine)[0]
    shares = [answered(engine, sample)[0]["oddness"] for sample in test[:20]]
    assert min(shares) < 0.3
    assert max(shares) > 0.5
    noise = np.random.default_rng(0).integers(0, 256, x.shape, dtype=np.uint8)
    facts, _ = answered(engine, noise)
    assert facts["oddness"] == 1
    assert facts["by"] == "error"


def test_oddness_is_a_share_of_the_reference_and_sees_a_rate_at_both_ends():
    """Of the reference itself it is uniform, whatever it is made of; a usual error with an unheard-of rate is odd."""
    rng = np.random.default_rng(0)
    own = {"reconstruction_error": rng.random(400), "rate": rng.normal(9, 1, 400)}
    known = oddness.Reference(own, "400 numbers")
    share, _ = known.oddness(own)
    np.testing.assert_allclose(np.quantile(share, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)
    given = {"reconstruction_error": np.array([0.5, 0.5, 2, 0.5]), "rate": np.array([1, 20, 9, 9.0])}
    share, by = known.oddness(given)
    assert by[:3] == ("low rate", "high rate", "error")
    assert (share[:3] > 0.98).all()
    assert share[3] < 0.5


def test_even_noise_is_odd_by_its_low_rate(monkeypatch):
    """Noise of a large picture is even once it is small: rebuilt about as well as a garment, from a code that says
    nothing. The shipped model: a tiny one knows too little."""
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    engine = engines.engine("fashion-vae")
    noise = np.random.default_rng(0).integers(0, 256, (28, 9, 28, 9)).mean((1, 3)).astype(np.uint8)
    facts, _ = answered(engine, noise[None])
    assert facts["by"] == "low rate"
    assert facts["oddness"] > 0.95
    known = oddness.reference(engine).scores["reconstruction_error"]
    assert facts["mse"] < np.quantile(known, 0.98)  # the error alone does not tell


def test_without_the_data_set_the_thumbnails_stand_in_and_it_is_said(engine, x, monkeypatch):
    monkeypatch.setattr(oddness, "here", lambda card: False)
    monkeypatch.setattr(oddness, "_known", {})
    facts, _ = answered(engine, x)
    assert "thumbnails" in facts["reference"]


def test_a_model_without_a_rate_has_no_bound_to_tell(tiny_checkpoint, x):
    facts, arrays = answered(engines.engine("tiny-ae"), x)
    assert facts["elbo_nats"] is None
    assert (arrays["std"] == 0).all()


def test_a_conditional_model_is_told_the_chosen_or_the_likeliest_label(conditional, x):
    engine = engines.engine(conditional)
    (chosen, told), (guessed, untold) = (answered(engine, x, label) for label in (2, None))
    assert (chosen["label"], chosen["label_given"]) == (2, True)
    np.testing.assert_array_equal(told["mu"], engine.encode(x[None], 2)[0][0])
    bounds = [answered(engine, x, label)[0]["elbo_nats"] for label in range(10)]
    assert guessed["label_given"] is False
    assert bounds[guessed["label"]] >= sorted(bounds)[-2]  # each of one posterior sample
    np.testing.assert_array_equal(untold["mu"], engine.encode(x[None], guessed["label"])[0][0])
    assert guessed["elbo_nats"] == pytest.approx(bounds[guessed["label"]], rel=1e-4)


def test_a_series_goes_up_as_numbers(waves_root):
    engine = engines.engine("waves-vae")
    x = oddness._samples(engine)[0][0]
    facts, arrays = answered(engine, x)
    np.testing.assert_array_equal(arrays["mu"], engine.encode(x[None])[0][0])
    assert arrays["picture"].shape == (64, 96, 3)
    assert facts["mse"] > 0


@pytest.mark.parametrize(
    ("shape", "payload", "said"),
    [
        ((1, 8, 8), b"", "0 bytes; expected 8x8x1"),
        ((1, 8, 8), bytes(63), "63 bytes"),
        ((3, 8, 8), bytes(64), "expected 8x8x3"),
        ((2, 24), bytes(48), "48 float32"),
        ((2, 24), np.full(48, np.nan, "<f4").tobytes(), "NaN"),
        ((2, 24), np.full(48, 1e3, "<f4").tobytes(), "beyond 100"),
    ],
)
def test_bad_payloads_are_refused(shape, payload, said):
    with pytest.raises(Refused, match=said) as refused:
        requests.parse(requests.UP.pack(1, STROKE.code, 0) + payload, Scene(4, 10, 0, shape))
    assert refused.value.code == requests.BAD_FRAME


def test_a_frame_longer_than_a_sample_is_refused_as_such():
    with pytest.raises(Refused, match="at most") as refused:
        requests.parse(requests.UP.pack(1, STROKE.code, 0) + bytes(70_000), Scene(4, 10, 0, (1, 28, 28)))
    assert refused.value.code == requests.OVERSIZE
