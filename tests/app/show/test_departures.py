"""The Model page says under the formula where a family departs from its paper."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from vae.registry import AS_IN_THE_PAPER, FAMILIES, OF_ALL_FAMILIES
from vae.settings import knobs
from vae.training.trainer import TrainHparams


@pytest.mark.parametrize("family", FAMILIES.built_in().values(), ids=lambda family: family.name)
def test_every_family_says_in_sentences_where_it_departs_from_its_paper(family):
    assert family.departures is not None, "departures=() if nowhere"
    assert all(sentence.endswith(".") for sentence in family.departures)


@pytest.mark.parametrize("family", FAMILIES.built_in().values(), ids=lambda family: family.name)
def test_departures_name_settings_of_the_family_with_their_defaults(family):
    known = knobs(family.Hparams) | knobs(TrainHparams)
    said = " ".join(family.departures)
    assert {*re.findall(r"`(\w+)`", said)} <= {*known}
    for name, value in re.findall(r"`(\w+)` is ([\d.]+)(?=[\s,;:])", said):
        assert known[name]["default"] == float(value), name


@pytest.mark.parametrize("name", ["vq_vae", "vae"])
def test_departures_stand_below_the_formula(name):
    def page(name):
        from app.show import records
        from vae.registry import FAMILIES

        records.idea(FAMILIES.get(name))

    caption = AppTest.from_function(page, args=(name,), default_timeout=60).run().caption[0].value
    expected = FAMILIES.get(name).departures or (AS_IN_THE_PAPER,)
    assert all(sentence in caption for sentence in (*expected, OF_ALL_FAMILIES))
