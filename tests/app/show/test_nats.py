"""What log-likelihoods are of, and why two of them do not compare."""

from __future__ import annotations

import pytest

from app.show import cards, nats

DRAWN = {"mode": "dynamic", "name": "zscope", "seed": 0}


def card(likelihood: str = "gaussian", *, binarisation: dict | None = None, family: str = "vae", **metrics) -> dict:
    drawn = {} if binarisation is None else {"binarisation": binarisation}
    return {"name": "a", "family": family, "hparams": {"likelihood": likelihood}, "metrics": metrics, **drawn}


def test_an_nll_compares_at_one_number_of_importance_samples():
    one, many = card(nll_k=5, nll_nats=3.0, mse=0.1), card(nll_k=5000, nll_nats=2.0, mse=0.1)
    assert not cards.comparable("nll_nats", one, many)
    assert cards.comparable("nll_nats", many, many)
    assert cards.comparable("elbo_nats", one, many)
    assert "k = 5 importance samples, the other with 5,000" in nats.not_comparable(one, many)
    assert nats.not_comparable(one, card(mse=0.1)) == nats.not_comparable(one, one) == ""


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (None, False),
        (DRAWN, True),
        (DRAWN | {"mode": "static"}, True),  # other training data, the same test set
        (DRAWN | {"seed": 1}, False),
        (DRAWN | {"name": "larochelle-murray-2011"}, False),
    ],
)
def test_binary_pixels_compare_where_they_are_the_same_draw(other, same):
    a, b = card("bernoulli", binarisation=DRAWN), card("bernoulli", binarisation=other)
    for key in ("elbo_nats", "nll_nats", "mse"):
        assert cards.comparable(key, a, b) == same
    assert (nats.not_comparable(a, b) == "") == same
    assert cards.comparable("accuracy", a, b)


def test_what_log_likelihoods_are_of_is_said():
    assert (
        nats.measure(card("bernoulli")) == "log p(x), probability of binary pixels, in expectation over the grey ones"
    )
    drawn = card("bernoulli", binarisation=DRAWN)
    assert nats.measure(drawn) == "log p(x), probability of binary pixels (zscope's fixed draw with seed 0)"
    assert nats.notes(drawn) == ["Evaluated on binary pixels (zscope's fixed draw with seed 0)."]
    theirs = card("bernoulli", binarisation=DRAWN | {"name": "larochelle-murray-2011"})
    assert nats.pixels(theirs) == "binary pixels (fixed draw of Larochelle and Murray, 2011)"
    assert "log p(x), density of the values; b: log p(x), probability" in nats.not_comparable(
        card(), card("bernoulli") | {"name": "b"}
    )


def test_a_density_of_pixels_says_that_they_are_not_dequantised():
    assert nats.notes(card()) == nats.notes(card("continuous_bernoulli"))
    assert "without dequantisation" in nats.notes(card())[0]
    series = card() | {"spec": {"modality": "series"}}
    assert nats.notes(series) == nats.notes(card(family="ae")) == nats.notes(card("bernoulli")) == []


def test_an_nll_says_how_many_of_its_samples_count():
    found = {f.key: f.help for f in cards.merit(card(nll_nats=3.0, nll_k=100, nll_ess=7.31, nll_low_ess=0.4))}
    assert "importance weights: 7.3 of 100 on average, below 5 for 40% of the samples." in found["nll_nats"]
    grey = {f.key: f for f in cards.merit(card("bernoulli", nll_nats=3.0, nll_binarisations=1, pixel_entropy_nats=9.0))}
    assert "Mean over 1 seeded binarisation of each sample." in grey["nll_nats"].help
    assert grey["pixel_entropy_nats"].value == 9.0


def test_the_distortion_of_a_point_is_no_expectation_at_a_rate():
    vae, ae = card(distortion_nats=-700.0), card(family="ae", distortion_nats=-710.0)
    assert not cards.comparable("distortion_nats", vae, ae)
    assert cards.comparable("distortion_nats", ae, ae)
    assert nats.NO_BOUND in nats.notes(ae)
    assert nats.NO_BOUND not in nats.notes(vae)
