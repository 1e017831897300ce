"""The Train page on binary pixels, without a browser."""

from __future__ import annotations

from app.live import training_cost
from tests.app.views.test_views import opened, words
from vae.runs import control, folder


def test_a_bernoulli_of_grey_pixels_is_told_and_binary_pixels_are_offered(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(control, "tend", folder.runs)
    monkeypatch.setattr(training_cost, "look", lambda plan: "About a second.")
    at = opened("train")
    choose = lambda label, value: next(s for s in at.selectbox if s.label == label).set_value(value).run()  # noqa: E731
    assert "these pixels are grey" not in words(at)
    choose("likelihood", "bernoulli")
    assert "these pixels are grey" in words(at)
    choose("binarise", "dynamic")
    assert not at.exception
    assert "these pixels are grey" not in words(at)
    assert "--set binarise=dynamic" in at.code[-1].value
    choose("likelihood", "gaussian")
    assert any("only likelihood=bernoulli" in warning.value for warning in at.warning)
