"""python -m vae maxent: of a data set, of a picture, of an array; and what it says of anything else."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.maxent.test_descent import bricks, calm_and_wild
from vae.__main__ import main


@pytest.fixture
def wall(tmp_path):
    path = tmp_path / "wall.png"
    x = bricks()[0, 0].numpy()
    Image.fromarray(np.rint(255 * np.clip(x, 0, 1)).astype(np.uint8)).save(path)
    return str(path)


def test_a_texture_is_told_with_a_gaussian_beside_it_and_drawn(wall, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert main(["maxent", wall, "--moments", "marginal,filters", "--n", "2", "--stop", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "sample 1, step 0: misfit" in said
    assert "Gaussian of that spectrum" in said
    assert "largest correlation at any shift" in said
    with Image.open(out) as sheet:
        assert sheet.size == (2 * 32, 3 * 32)


def test_a_series_of_an_array_comes_back_as_json_and_npz(tmp_path, capsys):
    np.save(tmp_path / "x.npy", 3 + 2 * calm_and_wild()[0, 0].numpy())
    out = tmp_path / "new.npz"
    assert main(["maxent", str(tmp_path / "x.npy"), "--n", "1", "--json", "--out", str(out)]) == 0
    record = json.loads(capsys.readouterr().out.splitlines()[0])
    assert record["reached"] == [True]
    assert record["misfit"][0] <= 0.5 < record["misfit_of_noise"][0]
    assert set(record["misfit_by_kind"]) == {"spectrum", "scattering"}
    with np.load(out) as found:
        assert found["x"].shape == found["gaussian"].shape == found["data"].shape == (1, 1, 512)
        assert found["x"].mean() == pytest.approx(3, abs=0.5)


def test_a_data_set_of_one_class(capsys):
    assert main(["maxent", "digits", "--moments", "marginal", "--of", "5", "--label", "1", "--n", "1"]) == 0
    said = capsys.readouterr().out
    assert "misfit, in standard errors" in said
    assert "largest correlation with the data at any shift" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["digits", "--label", "eleven"], "label 'eleven': expected one of 0, 1, 2"),
        (["digits", "--of", "99999"], "n=99999: expected 1 to"),
        (["digits", "--moments", "beauty"], "beauty: expected some of marginal, spectrum, scattering, filters"),
        (["digits", "--out", "x.gif"], "expected a .npz or .png file"),
        (["digits", "--stop", "0"], "--stop 0.0: expected more than 0"),
        (["digits", "--n", "0"], "n=0, steps=400: expected at least 1"),
        (["nothing.png"], "there is no such file"),
        (["nothing"], "unknown data set 'nothing'"),
    ],
)
def test_what_cannot_be_made_is_told(given, said, capsys):
    assert main(["maxent", *given]) == 1
    assert said in capsys.readouterr().err


def test_an_array_that_is_no_series_is_told(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 4, 5)))
    assert main(["maxent", str(tmp_path / "x.npy")]) == 1
    assert "x.npy has float64 of shape (2, 3, 4, 5): expected numbers of shape" in capsys.readouterr().err
