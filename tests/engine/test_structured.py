"""Levels and codebooks from the engine to the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.live import engines
from tests.app.views.test_views import OF_THE_MODEL
from vae.errors import SettingError

ROUTER = Path(__file__).parents[2] / "app" / "router.py"


@pytest.fixture(autouse=True)
def root(structured_root, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(structured_root))


def page(name: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    return at if name == "explore" else at.switch_page(f"views/{name}.py").run()


def test_redraw_keeps_the_upper_levels_and_draws_those_below():
    engine = engines.engine("tiny-ladder-vae")
    top = engine.levels[0]
    z = engine.atlas.z[:1]
    drawn = engine.redraw(z, 1, 20, seed=3)
    assert (drawn[:, :top] == z[:, :top]).all()
    assert len(np.unique(drawn[:, top:], axis=0)) == 20
    assert np.array_equal(engine.redraw(z, 1, 20, seed=3), drawn)
    assert np.array_equal(engine.redraw(z, len(engine.levels), 2), np.repeat(z, 2, 0))
    with pytest.raises(SettingError, match="held=9: expected 0 to"):
        engine.redraw(z, 9, 2)


def test_what_a_model_has_not_is_said():
    ladder, vq = engines.engine("tiny-ladder-vae"), engines.engine("tiny-vq-vae")
    with pytest.raises(SettingError, match="has no codebook"):
        ladder.codes(ladder.atlas.z[:1])
    with pytest.raises(SettingError, match="has one level"):
        vq.redraw(vq.atlas.z[:1], 1, 2)
    assert ladder.n_codes == 0


def test_latents_of_a_discrete_model_decode_as_their_codes():
    engine = engines.engine("tiny-vq-vae")
    z = engine.atlas.z[:3]
    codes = engine.codes(z)
    assert codes.min() >= 0
    assert codes.max() < engine.n_codes
    assert np.array_equal(engine.codes(z + 1e-4), codes)
    assert np.array_equal(engine.decode(z + 1e-4), engine.decode(z))


@pytest.mark.parametrize("model", ["tiny-ladder-vae", "tiny-vq-vae"])
@pytest.mark.parametrize("name", ["explore", "interpolate", "generate", "compare", "model"])
def test_every_page_shows_them(name, model):
    at = page(name, model=model)
    assert not at.exception
    assert not at.error
    assert {warning.icon for warning in at.warning} <= OF_THE_MODEL


def test_generate_keeps_as_many_levels_as_it_is_told_and_the_link_has_it():
    at = page("generate", model="tiny-ladder-vae", held="1", p="r5")
    assert not at.exception
    assert at.query_params["held"] == "1"
    assert any("The lower levels are sampled" in caption.value for caption in at.caption)


def test_model_shows_how_the_codebook_is_used():
    at = page("model", model="tiny-vq-vae")
    assert any("perplexity" in caption.value for caption in at.caption)
