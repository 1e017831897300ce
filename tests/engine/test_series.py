"""Series from end to end: a model of (c, t) is trained, mapped, asked, drawn and shown by what serves pictures too."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from PIL import Image

import vae
from vae.__main__ import main
from vae.errors import SettingError, ShapeError
from vae.modalities.series import COLOURS, FINE, HEIGHT, WIDTH, pictures
from vae.models.likelihoods import NAMES, UNBOUNDED, likelihood
from vae.registry import DATASETS, FAMILIES, modalities
from vae.training import experiment


def waves():
    return DATASETS.get("waves").load()


@pytest.fixture
def engine(waves_root):
    return vae.load("waves-vae")


def test_it_learns_and_its_figures_are_those_of_an_unbounded_gaussian(engine):
    figures = engine.card["metrics"]
    assert figures["mse"] < 0.5 * waves().x_test.var()
    assert figures["elbo_nats"] <= figures["nll_nats"] * -1 + 1
    x = waves().x_test
    out = engine.decode(engine.encode(x)[0])
    assert out.shape == x.shape
    assert out.min() < -0.5  # a mean squashed into 0-1, or clamped to it, can follow no wave
    assert out.max() > 1.1


def test_the_engine_takes_real_values_only(engine):
    x = waves().x_test
    assert np.array_equal(engine.encode(x)[0], engine.encode(x.astype(np.float64))[0])
    for wrong, word in ((x[:, :1], "(b, 2, 24)"), ((255 * x).astype(np.uint8), "uint8"), (x * np.nan, "NaN")):
        with pytest.raises(ShapeError) as error:
            engine.encode(wrong)
        assert word in str(error.value)
    with pytest.raises(ShapeError, match=r"within ±1,000,000, got .* to 1e300"):
        engine.encode(np.full((1, 2, 24), 1e300))


def test_what_is_shown_is_the_drawn_series(engine):
    z = engine.atlas.z[:3]
    drawn = engine.decode_uint8(z)
    assert engine.picture_shape == drawn.shape[1:] == (3, HEIGHT, WIDTH)
    assert np.array_equal(drawn, pictures(engine.decode(z)))
    thumbnail = engine.atlas.thumbnail(5).astype(float)
    real = pictures(waves().x_train[engine.atlas.index[5:6]])[0].transpose(1, 2, 0)
    assert thumbnail.shape == real.shape
    assert np.abs(thumbnail - real).mean() < 12  # WebP blurs
    other = pictures(waves().x_train[engine.atlas.index[6:7]])[0].transpose(1, 2, 0)
    assert np.abs(thumbnail - other).mean() > 2 * np.abs(thumbnail - real).mean()


def test_files_hold_values_and_charts(engine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    x = waves().x_test
    np.savez("x.npz", x=x)
    assert main(["encode", "waves-vae", "x.npz", "--out", "z.npz"]) == 0
    assert main(["decode", "waves-vae", "z.npz", "--out", "back.npz"]) == 0
    with np.load("back.npz") as back:
        assert np.array_equal(back["x"], engine.decode(engine.encode(x)[0]))
    assert main(["sample", "waves-vae", "--n", "4", "--out", "new.png"]) == 0
    assert main(["interpolate", "waves-vae", "0", "1", "--frames", "5", "--out", "way.gif"]) == 0
    for name, size in (("new.png", (2 * WIDTH, 2 * HEIGHT)), ("way.gif", (WIDTH, HEIGHT))):
        with Image.open(name) as image:
            assert (image.width % size[0], image.height % size[1]) == (0, 0)
    capsys.readouterr()
    assert main(["encode", "waves-vae", "new.png", "--out", "z.npz"]) == 1
    said = capsys.readouterr().err
    assert "new.png: expected a CSV file" in said
    assert "one .npz file with the array x (n, 2, 24)" in said


def test_settings_that_do_not_fit_say_so(waves_root):
    def build(dataset: str = "waves", family: str = "vae", **settings: str) -> None:
        next(experiment.train(experiment.Plan(family, dataset, settings, name="no", device="cpu")))

    with pytest.raises(ShapeError, match="conv1d takes series"):
        build(net="conv2d")
    with pytest.raises(ShapeError, match="conv2d takes pictures"):
        build("digits", net="conv1d")
    with pytest.raises(SettingError, match=r"'bernoulli' is a density of values in 0-1.*expected gaussian"):
        build(likelihood="bernoulli")
    for name in set(NAMES) - set(UNBOUNDED):
        with pytest.raises(SettingError):
            likelihood(name, bounded=False)
    assert "no" not in vae.list_checkpoints()


def test_a_family_of_one_layout_names_the_data_that_fit():
    family = FAMILIES.get("vae")
    family.check("series")
    narrow = type(family)("n", "N", "p", family.Hparams, family.build, layouts=("grid",))
    narrow.check("image")
    with pytest.raises(SettingError, match=r"layout grid, not series, whose layout is line\. .* fit: .*digits.*mnist"):
        narrow.check("series")


def test_a_gaussian_without_bounds_has_the_raw_mean():
    raw = torch.tensor([[-3.0, 0.0, 4.0]])
    free, bounded = likelihood("gaussian", sigma=0.5, bounded=False), likelihood("gaussian", sigma=0.5)
    assert torch.equal(free.mean(raw), raw)
    assert bounded.mean(raw).max() < 1
    torch.testing.assert_close(
        free.log_prob(raw, raw + 1), torch.distributions.Normal(raw, 0.5).log_prob(raw + 1).sum(1)
    )


# ---------------------------------------------------------------- the charts


def line(x: np.ndarray) -> np.ndarray:
    """Where the ink of one channel's chart is, by column: mean row, brightest counted most."""
    picture = pictures(x[None, None].astype(np.float32))[0, 0].astype(float)
    picture[HEIGHT // 2] *= picture[HEIGHT // 2] > 60  # without the line at 0
    return (picture * np.arange(HEIGHT)[:, None]).sum(0) / picture.sum(0)


def test_up_is_up_and_time_runs_to_the_right():
    rows = line(np.linspace(-4, 4, 50))
    assert (np.diff(rows) < 0).all()
    assert rows[0] + rows[-1] == pytest.approx(HEIGHT - 1, abs=1.0)


def test_amplitudes_compare_between_charts_and_large_ones_stay_inside():
    heights = [HEIGHT / 2 - line(np.full(9, v))[WIDTH // 2] for v in (1.0, 2.0, 6.0, 12.0, 1e6)]
    assert heights == sorted(heights)
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.12)  # near the middle the scale is linear
    assert heights[3] - heights[2] > 2  # and far out still told apart
    assert heights[4] < HEIGHT / 2 - 1


@pytest.mark.parametrize("t", [1, 2, 3, 96, 500, 5000])
def test_a_chart_of_any_length_is_whole(t):
    x = np.zeros((1, 1, t), np.float32)
    x[0, 0, t // 2] = 8
    picture = pictures(x)[0, 0]
    assert (picture.max(0) > 60).all(), "a column without a line"
    assert picture[:8].max() > 60, "the peak is gone"


def test_a_line_is_as_dark_whatever_its_slope():
    """Ink by length: a flat line against one that rises 25 rows in 8 columns."""
    flat = pictures(np.ones((1, 1, 2), np.float32))[0, 0].astype(float)
    steep = np.full(WIDTH, -4.0)
    steep[WIDTH // 2 :] = 4
    picture = pictures(steep[None, None].astype(np.float32))[0, 0].astype(float)
    assert picture[20:44, WIDTH // 2 - 2 : WIDTH // 2 + 2].max(1).min() > 0.5 * flat.max()


def test_channels_have_their_own_colours_and_do_not_hide_each_other():
    x = np.stack([np.full(10, 3.0), np.full(10, -3.0)])[None].astype(np.float32)
    picture = pictures(x)[0].astype(float)
    for half, colour in ((picture[:, : HEIGHT // 2], COLOURS[0]), (picture[:, HEIGHT // 2 + 1 :], COLOURS[1])):
        brightest = half.reshape(3, -1)[:, half.sum(0).argmax()]
        assert np.allclose(brightest / brightest.max(), colour / colour.max(), atol=0.02)


def test_many_charts_are_those_of_each_alone():
    x = np.random.default_rng(0).standard_normal((300, 2, 40)).astype(np.float32)
    together = pictures(x)
    assert all(np.array_equal(together[i], pictures(x[[i]])[0]) for i in (0, 255, 256, 299))
    assert FINE > 1


@pytest.mark.parametrize("shape", [(24,), (2, 3, 24), (0, 24), (2, 0)])
def test_no_series_no_chart(shape):
    with pytest.raises(ShapeError, match=r"\(c, t\)"):
        modalities()["series"].picture_shape(shape)


def test_values_are_kept_as_csv():
    x = np.array([[0.5, -1.25], [3, 1e-7]], np.float32)
    mime, data = modalities()["series"].to_bytes(x)
    assert mime == "text/csv"
    head, *rows = data.decode().split(os.linesep if os.linesep in data.decode() else "\n")
    assert head == "channel_1,channel_2"
    assert np.allclose(np.array([row.split(",") for row in rows if row], float), x.T)
