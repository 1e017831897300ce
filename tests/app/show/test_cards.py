"""What a card says: which figures compare, which dimensions are used, and in what order models are listed."""

from __future__ import annotations

import pytest

from app.show import cards
from vae.registry import Family

METRICS = {"elbo_nats": 10.0, "distortion_nats": -30.0, "rate_nats": 20.0, "active_units": 3, "n_test": 1000}


def card(family: str = "vae", *, dataset: str = "digits", metrics=(), **hparams) -> dict:
    settings = {"d": 3, "likelihood": "gaussian", "sigma": 0.0} | hparams
    return {"family": family, "dataset": dataset, "seed": 5, "hparams": settings, "metrics": METRICS | dict(metrics)}


def figures(of: dict) -> dict[str, cards.Figure]:
    return {figure.key: figure for figure in cards.merit(of)}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (card("beta_vae"), True),
        (card(sigma=0.3), True),
        (card(likelihood="continuous_bernoulli"), True),
        (card(likelihood="bernoulli"), False),
        (card("cvae"), False),
        (card("semi_supervised_vae"), False),
    ],
)
def test_nats_compare_where_they_are_densities_of_the_same_values(other, same):
    assert cards.comparable("elbo_nats", card(), other) == same
    assert cards.comparable("mse", card(), other)


def test_two_conditional_models_compare_but_not_with_one_that_also_tells_the_label():
    assert cards.comparable("elbo_nats", card("cvae"), card("cvae"))
    assert not cards.comparable("elbo_nats", card("cvae"), card("semi_supervised_vae"))


def test_active_units_compare_at_one_width():
    assert cards.comparable("active_units", card(), card("beta_vae"))
    assert not cards.comparable("active_units", card(), card(d=128))


def test_active_units_are_counted_by_rate_and_by_variance_under_two_names():
    """By rate also where an older card has no such count, only the rates."""
    rates = {"rate_per_dim_nats": [2.0, 0.02, 0.06]}
    for one in (card(metrics=rates), card(metrics=rates | {"active_units_by_rate": 2})):
        by_rate, by_variance = figures(one)["active_units_by_rate"], figures(one)["active_units"]
        assert (by_rate.label, by_rate.value, by_rate.text) == ("active (rate)", 2, "2 / 3")
        assert "above 0.05 nats" in by_rate.help
        assert (by_variance.label, by_variance.text) == ("active (variance)", "3 / 3")
        assert "above 0.01" in by_variance.help
    assert figures(card())["active_units_by_rate"].value is None  # a rate that is not a sum over dimensions, or none


def test_by_variance_a_hierarchical_model_compares_with_its_like_only():
    rates = {"rate_per_dim_nats": [2.0, 0.02, 0.06]}
    ladder, flat = card("ladder_vae", metrics=rates), card(metrics=rates)
    assert "levels above" in figures(ladder)["active_units"].help
    assert cards.comparable("active_units_by_rate", ladder, flat)
    assert cards.comparable("active_units", ladder, ladder)
    assert not cards.comparable("active_units", ladder, flat)


def test_active_units_of_a_code_without_a_prior_say_above_what_and_compare_with_their_like_only():
    """The variance that a card names, or .01, by which older cards counted, whatever the family."""
    own, other = (card("ae", metrics={"active_units_above": above}) for above in (2e-6, 3.0))
    older = card("ae")
    assert "above 2e−6, a hundredth of the largest" in figures(own)["active_units"].help
    assert "above 0.01" in figures(older)["active_units"].help
    assert cards.comparable("active_units", own, other)
    assert not cards.comparable("active_units", own, older)
    assert not cards.comparable("active_units", own, card())


def test_help_says_what_a_figure_was_measured_on_and_how_sure_it_is():
    found = figures(card(metrics={"elbo_standard_error_nats": 0.123, "accuracy": 0.5}))
    measured = "Higher is better. Standard error 0.12. Test set, n = 1,000, seed 5."
    assert found["elbo_nats"].help.endswith(f"{measured} [More](terms#elbo)")
    assert "Standard error" not in found["rate_nats"].help
    assert found["accuracy"].value == 0.5


def test_how_often_the_gradient_was_clipped_is_told_and_what_that_makes_of_adam():
    def said(share: float | None, clip: float = 10.0) -> str:
        return cards.clipping(card() | {"train": {"clip": clip}} | ({} if share is None else {"clipped_share": share}))

    assert said(0.25) == "The gradient was clipped to a norm of 10 in 25% of the steps."
    assert said(1.0).endswith("in 100% of the steps. " + cards.NORMALISED)
    assert said(None) == said(0.0, clip=0.0) == "", "not counted, or not clipped at all"


def test_a_model_without_a_rate_has_no_bound():
    assert figures(card("ae"))["elbo_nats"].value is None


def test_models_are_listed_by_data_then_kind_and_say_both():
    known = {
        "a": card("gan"),
        "b": card("factor_vae"),
        "c": card("cvae", dataset="mnist"),
        "d": card("vae"),
        "e": card("wae"),
        "f": {},
        "g": card("ae"),
        "h": card("ladder_vae"),
    }
    assert cards.grouped(known) == ["g", "d", "b", "e", "h", "a", "c", "f"]
    assert cards.summary(known["c"]) == "mnist · conditional · d 3 · ELBO 10.0 nats"
    assert cards.summary({"family": "unknown", "dataset": "mine"}) == "mine · unknown"
    assert cards.summary({"family": "imported", "dataset": "", "hparams": {"d": 4}}) == "imported · d 4"
    assert cards.summary({}) == "cannot be read"


def test_a_family_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind of family x 'odd'"):
        Family("x", "", "", object, print, kind="odd")


def test_what_cannot_be_compared_is_told_with_both_names_and_data_sets():
    known = {"a": {"dataset": "digits"}, "b": {"dataset": "mnist"}, "c": {"dataset": "digits"}, "d": {"dataset": None}}
    known["broken"] = {}
    said = {other: cards.not_comparable(known, "a", other) for other in (*known, "gone")}
    assert said.pop("c") == ""
    assert said["b"] == "a was trained on digits and b on mnist: only models of one data set can be compared."
    assert all(said.values())
    assert len({*said.values()}) == len(said)
    assert said["d"] == "d has no data set here, so a (digits) cannot be compared with it."
