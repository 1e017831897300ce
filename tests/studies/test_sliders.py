"""What the console offers to pull: one Jacobian for all tabs, dimensions by rate, what the user saved."""

from __future__ import annotations

import numpy as np
import pytest

from app.state.generation import label_of
from vae import load
from vae.saved.directions import Named
from vae.studies import sliders


@pytest.fixture
def engine(tiny_checkpoint):
    return load("tiny-vae")


def test_the_decoder_is_asked_once_for_all_tabs(engine, monkeypatch):
    asked, decode = [], engine.decode
    monkeypatch.setattr(engine, "decode", lambda z, **told: asked.append(len(z)) or decode(z, **told))
    found = sliders.tabs(engine, sliders.slope_at(engine, engine.atlas.z[0], None))
    assert asked == [2 * engine.d]
    assert list(found) == ["here", "pca", "raw", "named"]
    assert [len(found[tab]["u"]) for tab in found] == [engine.d] * 3 + [0]
    for tab in found.values():
        assert len({len(values) for values in tab.values()}) == 1


def test_raw_dimensions_come_by_their_rate_and_say_it(engine):
    at = sliders.slope_at(engine, engine.atlas.z[0], None)
    rates = engine.card["metrics"]["rate_per_dim_nats"]
    raw = sliders.tabs(engine, at)["raw"]
    order = [int(name[1:]) for name in raw["names"]]
    assert order == list(np.argsort(rates)[::-1])
    assert raw["says"][0] == f"{max(rates):.1f} nats"
    engine.card = {**engine.card, "metrics": {}}
    assert sliders.tabs(engine, at)["raw"]["says"][0].endswith("%")


def test_saved_directions_of_another_width_are_left_out(engine):
    at = sliders.slope_at(engine, engine.atlas.z[0], None)
    named = [Named("wide", (1.0,) * 9, "elsewhere"), Named("fits", (0.0, 2.0, 0.0, 0.0), "here")]
    found = sliders.tabs(engine, at, named)["named"]
    assert (found["names"], found["why"]) == (["fits"], ["here"])
    assert found["u"] == [[0, 2, 0, 0]]
    assert (found["low"], found["high"]) == ([-3], [3])


def test_the_label_to_decode_with_is_the_chosen_one_or_that_of_the_nearest(conditional, monkeypatch):
    engine = load(conditional)
    assert label_of(engine, engine.atlas.z[5], None) == engine.atlas.labels[5]
    monkeypatch.setattr(engine, "labels_at", None)  # not asked where a label was chosen
    assert label_of(engine, engine.atlas.z[5], 7) == 7


def test_a_model_without_labels_has_none(engine):
    assert label_of(engine, engine.atlas.z[5], None) is None
