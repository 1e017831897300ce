"""The decisions tool: which classifiers it offers, what it says of one, and what a visitor may not do."""

from __future__ import annotations

import io
import time
import warnings

import pytest
import torch
from torch import nn

from app.live import classifiers
from app.live.engines import engine as opened_engine
from tests.app.views.test_views import opened, state, words
from vae.saved import classifier_files
from vae.studies import classifiers as studies


class Bright(nn.Module):
    """Ten logits by the brightness of a tenth of the picture each, which has nothing to do with its digit."""

    def forward(self, x):
        return x.flatten(1)[:, :60].reshape(-1, 10, 6).mean(2) * 30


def compiled() -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(Bright()), buffer)
    return buffer.getvalue()


@pytest.fixture
def engine(tiny_checkpoint):
    found = opened_engine("tiny-vae")
    yield found
    for name in classifier_files.listed(found.card):
        classifier_files.remove(found.card, name)


def until_open(engine, name):
    end = time.monotonic() + 60
    while not (job := classifiers.job(engine, name)).done and time.monotonic() < end:
        time.sleep(0.05)
    return job


def test_a_file_is_added_judged_and_deleted(engine):
    at = opened(model="tiny-vae", tool="decisions")
    assert next(s for s in at.selectbox if s.label == "Classifier").options == ["none", "trained here on the labels"]
    at.get("file_uploader")[0].upload("bright.pt", compiled(), "application/zip").run()
    assert not at.exception
    assert state(at).classifier == "file:bright.pt"
    job = until_open(engine, "file:bright.pt")
    assert not job.error
    at = opened(model="tiny-vae", tool="decisions", classifier="file:bright.pt")
    assert not at.exception
    assert "the most frequent class alone gives 10%" in words(at)
    assert "taken for logits" in words(at)
    next(b for b in at.button if b.label == "Select where it disagrees with the label").click().run()
    assert not at.exception
    assert len(state(at).selected) > engine.atlas.n / 2
    assert "are called otherwise than their label" in at.warning[0].value
    at = opened(model="tiny-vae", tool="decisions", classifier="file:bright.pt")
    next(b for b in at.button if b.label == "Delete bright.pt").click().run()
    assert not at.exception
    assert state(at).classifier == ""
    assert not classifier_files.listed(engine.card)


def test_a_link_to_a_classifier_that_is_not_there_says_so(engine):
    at = opened(model="tiny-vae", tool="decisions", classifier="file:gone.pt")
    assert not at.exception
    assert "has no classifier" in at.error[0].value


def test_a_visitor_trains_none_and_adds_none(engine, monkeypatch):
    monkeypatch.setenv("ZSCOPE_PUBLIC", "explore")
    monkeypatch.setattr(studies, "cache", lambda _dataset: engine.path / "nothing")
    at = opened(model="tiny-vae", tool="decisions", classifier="labels")
    assert not at.exception
    assert "not train" in at.error[0].value
    assert not at.get("file_uploader")
    assert "labels" not in classifiers._jobs.get(engine, {})
