"""The comparison of AE, VAE and GAN that comes with zscope: its verdicts, its tables, and what it must hold."""

from __future__ import annotations

import pytest

from vae.studies.kinds import CLAIMS, FEW, HOLDS, KINDS, MEASURES, OPPOSITE, UNCLEAR, Claim, Compared, markdown, spread


def compared(more: list[float], less: list[float]) -> Compared:
    return Compared({"values": {"digits": {"gan": {"mse": more}, "vae": {"mse": less}}}})


@pytest.mark.parametrize(
    ("more", "less", "verdict"),
    [
        ([0.4, 0.5, 0.6], [0.1, 0.2, 0.3], HOLDS),
        ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6], OPPOSITE),
        ([0.2, 0.5, 0.6], [0.1, 0.3, 0.4], UNCLEAR),  # though the means are apart
        ([0.4, 0.5, 0.6], [0.1, 0.2, 0.4], UNCLEAR),
        ([0.5, 0.6], [0.1, 0.2, 0.3], FEW),
        ([0.4, 0.5, 0.6], [], FEW),
    ],
)
def test_a_claim_holds_where_it_is_true_of_every_pair_of_runs(more, less, verdict):
    assert compared(more, less).verdict(Claim("", "mse", "gan", "vae"), "digits") == verdict


def test_spread_is_mean_and_standard_deviation():
    assert spread([1.0, 3.0], 2) == "2.00 ± 1.41"
    assert spread([2.0, 2.0], 1) == spread([2.0], 1) == "2.0"
    assert spread([], 1) == "–"


def test_a_table_has_its_head_first():
    assert markdown([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_what_is_shipped_holds_every_kind_and_claim():
    shipped = Compared.shipped()
    known = {key for measures in MEASURES.values() for key in measures}
    for dataset in shipped.datasets:
        values, seeds = shipped.record["values"][dataset], shipped.record["protocols"][dataset]["seeds"]
        assert set(values) == set(KINDS)
        assert {key for of_kind in values.values() for key in of_kind} == known
        for claim in CLAIMS:
            for kind in (claim.more, claim.less):
                diverged = sum(values[kind]["diverged"])
                assert len(values[kind][claim.measure]) == seeds - diverged, (dataset, claim.text)
    assert len(shipped.claims()) == len(CLAIMS) + 1
    assert len({len(row) for row in shipped.measures("digits")}) == 1


def test_the_training_pictures_are_the_best_samples():
    shipped = Compared.shipped()
    for dataset in shipped.datasets:
        of = {kind: shipped.values(dataset, kind, "frechet_distance") for kind in KINDS}
        assert max(of.pop("data")) < min(map(min, of.values()))
