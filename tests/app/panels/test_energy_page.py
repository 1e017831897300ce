"""Pages of an energy-based model: log p(x) and filters on Model, chains on Generate, and no rate and no bound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.panels.model.energy import UP_TO_LOG_Z
from vae.saved import checkpoint

ROUTER = Path(__file__).parents[3] / "app" / "router.py"


@pytest.fixture(scope="module")
def rbm_root(trained_once):
    return trained_once("energy", "rbm", points=300)


@pytest.fixture
def root(rbm_root, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(rbm_root))
    return rbm_root


def page(name: str) -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=90)
    at.query_params["model"] = "tiny-rbm"
    at = at.run().switch_page(f"views/{name}.py").run()
    assert not at.exception
    return at


def words(at: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*at.markdown, *at.caption, *at.info, *at.warning))


def test_the_model_page_has_log_p_with_its_log_z_and_the_filters(root):
    said = words(page("model"))
    for part in ("log p(x), mean over test samples", "exact: a sum over", "Filters", "energy-based model has no rate"):
        assert part in said
    assert "How far off is the NLL?" not in said
    assert "deterministic" not in said


def test_without_a_log_z_no_likelihood_is_shown(root, tmp_path, monkeypatch):
    saved = checkpoint.read(root / "tiny-rbm")
    config = {key: value for key, value in saved.config.items() if key != "log_z"}
    assert json.dumps(config["estimates"])
    checkpoint.save(tmp_path / "tiny-rbm", config, saved.files)
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    said = words(page("model"))
    assert UP_TO_LOG_Z in said
    assert "mean over test samples" not in said


def test_samples_are_named_as_states_of_chains(root):
    at = page("generate")
    assert "not independent draws" in words(at)
    assert "Chains" in [option.content for group in at.get("button_group") for option in group.proto.options]


@pytest.mark.parametrize("name", ["explore", "interpolate"])
def test_other_pages_open(root, name):
    page(name)
