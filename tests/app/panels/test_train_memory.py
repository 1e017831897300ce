"""The form of the Train page and the link: a reload brings back what was chosen."""

from __future__ import annotations

import dataclasses

import pytest

from app.panels.train import form_memory
from app.state import links, studio
from app.state.studio import Studio
from app.state.training_form import from_text, to_text
from tests import odd_pictures
from tests.app.views.test_views import opened, state, words
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.library import user_data
from vae.registry import DATASETS, FAMILIES
from vae.settings import knobs
from vae.training.trainer import TrainHparams


def shown(at) -> str:
    """The command that the form comes to."""
    return next(str(code.value) for code in at.code if " runs start " in str(code.value))


def number(at, label: str):
    return next(n for n in at.number_input if n.label == label)


@pytest.fixture
def changed(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    odd_pictures.write(tmp_path / "mine.zip")
    user_data.add("mine", understand(given(str(tmp_path / "mine.zip")), Choices()))
    at = opened("train", model="tiny-vae")
    assert "form" not in at.query_params
    at.selectbox(key="train.data").set_value(DATASETS.get("mine")).run()
    next(s for s in at.selectbox if s.label == "Family").set_value(FAMILIES.get("beta_vae")).run()
    at.segmented_control(key="train.preset").set_value("quick").run()
    number(at, "Epochs").set_value(7).run()
    number(at, "beta").set_value(2.5).run()
    number(at, "learning rate").set_value(0.0005).run()
    number(at, "Seed").set_value(3).run()
    assert not at.exception
    return at


def test_a_reload_brings_back_data_set_family_preset_and_settings(changed):
    link = changed.query_params["form"]
    again = opened("train", model="tiny-vae", form=link[0] if isinstance(link, list) else link)
    assert not again.exception
    assert shown(again) == shown(changed)
    for word in (" beta_vae mine ", "--epochs 7 ", "--seed 3 ", "--set beta=2.5", "--set lr=0.0005"):
        assert word in shown(again), word
    number(again, "Epochs").set_value(8).run()
    assert "--epochs 8 " in shown(again), "what is typed then counts"


def test_a_step_back_brings_back_the_form_before(changed):
    before = changed.session_state["zscope.studio"]
    number(changed, "Epochs").set_value(9).run()
    changed.selectbox(key="train.data").set_value(DATASETS.get("digits")).run()
    changed.session_state["zscope.studio"] = before
    changed.run()
    assert " mine " in shown(changed)
    assert "--epochs 7 " in shown(changed)
    changed.session_state["zscope.studio"] = dataclasses.replace(before, form="")
    changed.run()
    assert " vae digits" in shown(changed)
    assert "--set" not in shown(changed)


def test_a_sweep_comes_back_with_its_values(tiny_checkpoint):
    at = opened("train", model="tiny-vae", form="what:sweep,over:beta,values:0.5/1/2")
    assert not at.exception
    assert "beta=0.5,1,2" in words(at).replace(" ", "")


def test_what_the_link_asks_for_and_is_not_here_is_said(tiny_checkpoint):
    at = opened("train", model="tiny-vae", form="data:gone,epochs:5")
    assert "The link asks for data set gone, which is not here." in words(at)
    assert " digits " in shown(at)
    at = opened("train", model="tiny-vae", form="d:many,epochs:5")
    assert "The link asks for d = many, which cannot be." in words(at)
    assert "--epochs 5 " in shown(at)


def test_a_link_holds_what_was_changed_and_no_setting_is_called_like_another_field():
    text = to_text(
        {"data": "wine", "lr": 1e-05, "d": 2, "note": "a b"}, {"data": "digits", "lr": 1, "d": 2, "note": ""}
    )
    assert text == "data:wine,lr:1e-05"
    assert from_text(text) == {"data": "wine", "lr": "1e-05"}
    assert links.from_query({"form": text}) == (dataclasses.replace(Studio(), form=text), ())
    for bad in ("data", "data:wine,,", "data:<b>", "a:" + "x" * 300):
        with pytest.raises(studio.InvalidValue):
            studio.choose(Studio(), form=bad)
    fields = {*form_memory.FRESH, "family", *form_memory.NUMBERS}
    for family in FAMILIES.all().values():
        assert not fields & {*knobs(family.Hparams), *knobs(TrainHparams)}, family.name


def test_the_form_stays_in_the_link_of_other_pages(changed):
    assert state(changed).form
    changed.switch_page("views/explore.py").run()
    assert "form" in changed.query_params
