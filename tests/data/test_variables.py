"""Names, units and means of values: from files to the data set, the card, the browser and downloads."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from app.live import assets
from vae.data.card_variables import of_card
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.modalities import chart_scale, series, vector
from vae.modalities.variables import described, fitting, headings, measured, of_json
from vae.registry import DATASETS, MODALITIES
from vae.saved import schema
from vae.training import experiment
from vae.types import NO_VARIABLES, Variables

WINE = Variables(names=("alcohol", "hue, at noon"), units=("%", ""), mean=(13.0, 1.0), std=(0.8, 0.2))
WAVE = Variables(("a", "b"), ("mV", "mV"), (1.0, -1.0), (2.0, 0.5), step=0.25, start=-1.0, step_unit="s", axis="time")


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))


def stored(tmp_path, lines: list[str], **choices):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    found = understand(given(str(path)), Choices(**choices))
    shelf.add("mine", found, guard=nullcontext)
    return found, DATASETS.get("mine")


def rows(n: int = 40) -> list[str]:
    return [f"{12 + 0.1 * (i % 9):.2f},{700 + i * 7}" for i in range(n)]


def test_a_table_gives_its_names_units_and_means_to_the_data_set_and_the_card(tmp_path):
    found, entry = stored(tmp_path, ["alcohol,proline", "%,mg/l", *rows()])
    v = entry.variables
    assert (v.names, v.units) == (("alcohol", "proline"), ("%", "mg/l"))
    back = measured(found.samples.x_train, v)
    assert back[:, 1].min() >= 700 - 1e-3
    assert np.isin(np.round((back[:, 1] - 700) / 7, 4) % 1, 0).all()  # the very numbers of the file
    card = {"spec": {"modality": "vector", "shape": [2]}, "dataset": "mine", "data_origin": entry.origin}
    assert of_card(card) == v  # a model from before cards had names
    assert of_card(card | experiment._variables(entry)) == v
    shelf.remove("mine", guard=nullcontext)
    assert of_card(card) == NO_VARIABLES  # numbered, standardised
    assert of_card(card | experiment._variables(entry)) == v


def test_another_data_set_of_the_same_name_gives_no_names(tmp_path):
    _found, entry = stored(tmp_path, ["alcohol,proline", *rows()])
    card = {"spec": {"modality": "vector", "shape": [2]}, "dataset": "mine", "data_origin": entry.origin + "x"}
    assert of_card(card) == NO_VARIABLES


def test_a_time_column_gives_series_their_steps(tmp_path):
    lines = [f"{0.25 * i},{np.sin(i / 5):.3f},{i % 7}" for i in range(400)]
    _found, entry = stored(tmp_path, ["hour,load,heat", "h,MW,C", *lines], time_column="hour", window=16)
    v = entry.variables
    assert (v.names, v.units, v.step, v.step_unit, v.axis) == (("load", "heat"), ("MW", "C"), 0.25, "h", "hour")
    dates = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d} 00:00,{i % 7}" for i in range(280)]
    _found, entry = replaced(tmp_path, ["when,load", *dates])
    assert (entry.variables.step, entry.variables.step_unit, entry.variables.axis) == (1.0, "days", "when")


def replaced(tmp_path, lines):
    shelf.remove("mine", guard=nullcontext)
    shelf._entry.cache_clear()
    return stored(tmp_path, lines, time_column="when", window=16)


@pytest.mark.parametrize(
    ("modality", "known", "x"),
    [
        ("vector", WINE, np.array([0.5, -2.0], np.float32)),
        ("series", WAVE, np.linspace(-2, 2, 10, dtype=np.float32).reshape(2, 5)),
        ("vector", NO_VARIABLES, np.array([0.5, -2.0], np.float32)),
        ("vector", Variables(("1", "2"), ("", ""), (3.0, 4.0), (1.0, 2.0)), np.array([0.5, -2.0], np.float32)),
    ],
)
def test_a_file_has_names_and_units_and_is_read_back(modality, known, x):
    m = MODALITIES.get(modality).with_variables(known)
    data = m.to_bytes(x)[1]
    if known is WINE:
        assert data == b'alcohol (%),"hue, at noon"\n13.4,0.6\n'
    if known is WAVE:
        assert data.decode().splitlines()[:2] == ["time (s),a (mV),b (mV)", "-1,-3,-0.888889"]
    np.testing.assert_allclose(m.from_bytes(data, x.shape), x, atol=1e-5)
    plain = MODALITIES.get(modality)
    np.testing.assert_allclose(m.from_bytes(plain.to_bytes(x)[1], x.shape), x, atol=1e-5)  # a file without those names


def test_artifacts_have_names():
    table = vector.artifacts(np.zeros(2, np.float32), WINE)[1]
    assert table.facts == {"columns": headings(WINE)}
    np.testing.assert_allclose(table.data, [[13, 1]])
    assert series.artifacts(np.zeros((2, 5), np.float32), WAVE)[1].facts == {"names": ["a (mV)", "b (mV)"]}


def test_what_does_not_fit_is_left_out():
    assert fitting(WINE, 3) == NO_VARIABLES
    endless = dataclasses.replace(WINE, std=(0.0, float("inf")))
    assert fitting(endless, 2) == Variables(names=WINE.names)
    assert of_json(dataclasses.asdict(WAVE), 2) == WAVE
    entry = dataclasses.replace(DATASETS.get("ecg_beats"), variables=WAVE, shape=(2, 5))
    made = experiment._variables(entry)
    assert schema.problem(CARD | made) == ""
    assert "variables.mean.0" in schema.problem(CARD | {"variables": made["variables"] | {"mean": ["x", 1]}})


CARD = {
    **{"name": "a", "family": "vae", "dataset": "mine", "seed": 0, "hparams": {}, "files": {}},
    "spec": {"shape": [2, 5], "n_data": 9, "n_classes": 0, "modality": "series"},
}


def test_arrays_and_words_tell_the_scale():
    assert list(described(WINE)) == ["names", "units", "mean", "std"]
    assert described(None) == {}
    assert chart_scale.scale(None, (1, 2, 2)) == ""
    assert "2.7 standard deviations (a 5.5 mV, b 1.4 mV); from left to right 1 s" in chart_scale.scale(WAVE, (2, 5))
    assert "a bar for each column" in chart_scale.scale(WINE, (2,))


def test_the_browser_gets_the_variables_with_the_map():
    known = assets._variables(SimpleNamespace(variables=WINE))
    assert known is not None
    assert (known["names"], known["soft"]) == (WINE.names, 5.0)
    assert assets._variables(SimpleNamespace(variables=None)) is None


@pytest.mark.parametrize("name", ["ecg_beats", "sp500_returns"])
def test_built_in_series_have_names_and_a_time_axis(name):
    entry = DATASETS.get(name)
    assert fitting(entry.variables, entry.shape[0]) == entry.variables
    assert entry.variables.step > 0
    card = {"spec": {"modality": "series", "shape": list(entry.shape)}, "dataset": name, "data_origin": entry.origin}
    assert of_card(card) == entry.variables  # the shipped checkpoints
