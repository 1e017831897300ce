"""Decisions of a classifier over the map, at the pointer and along a path; a file that does not fit is told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from app.live import engines
from vae.registry import DATASETS
from vae.saved import classifier_files

DECIDED = "document.querySelector('[data-testid=zscope-map]').dataset.decided"


class Bright(nn.Module):
    """Ten logits by the brightness of a sixth of the picture each."""

    def forward(self, x):
        return x.flatten(1)[:, :60].reshape(-1, 10, 6).mean(2) * 30


class Seven(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :7]


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


@pytest.fixture
def kept(engine, tmp_path):
    """Saves a module as a classifier of the model; what was saved is deleted afterwards."""

    def save(module, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.save(torch.jit.script(module), tmp_path / name)
        classifier_files.add(engine.card, name, (tmp_path / name).read_bytes())

    yield save
    for name in classifier_files.listed(engine.card):
        classifier_files.remove(engine.card, name)


def test_places_have_the_colours_of_a_classifier_and_its_accuracy_stands_beside_them(new_tab, engine, kept):
    kept(Bright(), "bright.pt")
    tab = new_tab().open("/?model=tiny-vae&p=r3&classifier=file:bright.pt&tool=decisions")
    tab.until(f"{DECIDED} === 'file:bright.pt'", timeout=40_000)
    s = DATASETS.get("digits").load()
    x = torch.from_numpy(s.x_test / np.float32(255))
    right = float((Bright()(x).argmax(1).numpy() == s.y_test).mean())
    said = f"{100 * right:.1f}%"
    tab.until(f"document.querySelector('.zm-scales').textContent.includes('right for only {said}')")
    tab.page.locator(f".st-key-zscope-tool p:has-text('Right for only {said}')").wait_for()
    tab.hover(engine.atlas.xy[5])
    tab.until("/\\d%$/.test(document.querySelector('.zm-decision').textContent)")
    tab.page.get_by_role("button", name="Select where it disagrees with the label").click()
    tab.until("new URL(location).searchParams.get('s') !== null")
    tab.page.goto(tab.url + "/interpolate?model=tiny-vae&classifier=file:bright.pt&w=r0.r9")
    tab.until("document.querySelector('.fs-classes rect') !== null", timeout=30_000)
    tab.until("/least sure/.test(document.querySelector('.fs-classes').getAttribute('aria-label'))")


def test_a_file_that_does_not_fit_is_told_and_another_can_be_chosen(new_tab, kept):
    kept(Seven(), "seven.pt")
    tab = new_tab().open("/?model=tiny-vae&p=r3&classifier=file:seven.pt&tool=decisions")
    tab.page.get_by_text("expected (32, 10), a score for each of 10 classes").wait_for(timeout=60_000)
    assert not tab.do(DECIDED)
