"""Does a map hold, and how alike are two models?"""

from __future__ import annotations

import functools
import shutil

import numpy as np
import pytest

import vae
from app.panels.compare.similarity import table
from app.show.records import stability as told
from vae.__main__ import main
from vae.atlas.colours import quantities
from vae.registry import DATASETS
from vae.saved import checkpoint
from vae.studies import similarity, stability


def test_the_command_measures_the_map_saves_it_and_leaves_all_positions(tiny_checkpoint, tmp_path, monkeypatch, capsys):
    shutil.copytree(tiny_checkpoint, tmp_path / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    before = vae.load("tiny-vae")
    assert "--stability" in quantities(before)["stability"].absent
    assert told.of_card(before.card) is None
    monkeypatch.setattr(stability, "measure", functools.partial(stability.measure, refits=1))
    assert main(["atlas", "tiny-vae", "--stability"]) == 0
    said = capsys.readouterr().out
    after = vae.load("tiny-vae")
    found, colour = stability.of_card(after.card), quantities(after)["stability"]
    assert said.strip() == stability.words(found)
    assert 0.2 < found.kept < 0.999, "UMAP with another seed is another map, though not quite"
    assert found.latent > 0.2
    assert found.chance == pytest.approx(15 / (after.atlas.n - 1))
    assert colour.absent == ""
    assert colour.values().mean() == pytest.approx(found.kept, abs=1e-3)
    np.testing.assert_array_equal(before.atlas.xy, after.atlas.xy)
    assert main(["atlas", "tiny-vae", "--measure"]) == 0
    assert "stability" in vae.load("tiny-vae").atlas.measured, "the positions stay, and what was measured of them"
    assert checkpoint.read(tmp_path / "tiny-vae").config["atlas"]["stability"]["refits"] == 1


def test_a_map_that_is_fitted_with_its_own_seed_keeps_all_neighbours(tiny_checkpoint):
    engine = vae.load("tiny-vae")
    each, found = stability.measure(engine.atlas, seed=engine.card["atlas"]["seed"] - 1, refits=1)
    assert found.kept > 0.95  # but for positions rounded to what is stored
    assert each.shape == (engine.atlas.n,)


def test_two_models_are_more_alike_than_chance_and_the_table_says_beside_what(tiny_checkpoint):
    one, other = vae.load("tiny-vae"), vae.load("tiny-ae")
    x = DATASETS.get("digits").load().x_test[:200]
    found = similarity.between(one, other, x, {}, {})
    assert found.codes.cka > 5 * found.chance.cka
    assert found.codes.neighbours > 2 * found.chance.neighbours
    same = similarity.between(one, one, x, {}, {}).codes
    assert [same.cka, same.procrustes, same.neighbours] == pytest.approx([1, 1, 1])
    lines = table(found, "tiny-vae", "tiny-ae").splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == [
        "both codes", "tiny-vae and raw samples", "tiny-ae and raw samples", "shuffled",
    ]  # fmt: skip
