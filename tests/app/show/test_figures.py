"""Figures and files made of records: the right numbers, in the right order, with their units."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import vae
from app.files import downloads
from app.show import figures, records

HISTORY = [
    {"epoch": e, "elbo_nats": -100.0 - 900.0 / e**2, "distortion_nats": 90.0 + 900.0 / e**2, "rate_nats": 10.0}
    for e in range(1, 31)
]


def test_bars_put_active_units_first_and_the_largest_rate_first():
    figure = figures.rate_bars([0.5, 3.0, 0.0, 2.0, 1.0], [True, True, False, True, False])
    bar = figure.data[0]
    assert list(bar.y) == [3.0, 2.0, 0.5, 1.0, 0.0]
    assert [text[-7] for text in bar.x] == ["1", "3", "0", "4", "2"]
    assert list(bar.marker.color) == [figures.RATE] * 3 + [figures.QUIET] * 2
    assert figure.layout.shapes[0].x0 == 2.5  # between the third and the fourth bar
    assert "nats" in figure.layout.yaxis.title.text


def test_bars_draw_no_line_where_all_are_active():
    assert not figures.rate_bars([1.0, 2.0], [True, True]).layout.shapes


def test_bars_refuse_flags_of_another_width():
    with pytest.raises(ValueError, match="2 rates but 3"):
        figures.rate_bars([1.0, 2.0], [True, True, False])


def test_bars_of_levels_stay_with_their_level_and_say_its_total():
    figure = figures.rate_bars([0.5, 3.0, 0.01, 2.0, 7.0], [True, True, False, True, True], levels=(2, 3))
    assert [text[-7] for text in figure.data[0].x] == ["1", "0", "4", "3", "2"]
    assert list(figure.data[0].marker.color) == [figures.RATE] * 4 + [figures.QUIET]
    assert [line.x0 for line in figure.layout.shapes] == [1.5]
    assert [(a.text, a.x) for a in figure.layout.annotations] == [("level 1: 3.5 nats", 0.5), ("level 2: 9.0 nats", 3)]
    with pytest.raises(ValueError, match="levels of 4 dimensions"):
        figures.rate_bars([1.0, 2.0, 3.0], [True] * 3, levels=(2, 2))


def test_a_finger_on_a_chart_scrolls_the_page_and_zooms_nothing():
    bars = [figures.rate_bars([1.0, 2.0], [True, True]), figures.usage_bars([3, 1])]
    assert all(axis.fixedrange for figure in bars for axis in (figure.layout.xaxis, figure.layout.yaxis))
    assert all(figure.layout.dragmode is False for figure in [*bars, figures.training_curve(HISTORY)])


def test_curves_hold_the_records():
    figure = figures.training_curve([*HISTORY, {"epoch": 31, "test_elbo_nats": -101.0}])
    lines = {line.name: line for line in figure.data}
    assert list(lines["ELBO"].x) == list(range(1, 31))
    assert lines["ELBO"].y[-1] == pytest.approx(-101.0)
    assert lines["ELBO, test"].x == (31,)
    assert all(line.y[0] == pytest.approx(-(a + b)) for line, a, b in [(lines["ELBO"], 990.0, 10.0)])


def test_curves_are_cut_to_show_the_last_gains():
    low, high = figures.training_curve(HISTORY).layout.yaxis.range
    assert low > -250  # the first epochs, down to -1000, would hide the rest
    assert low < HISTORY[3]["elbo_nats"] < HISTORY[-1]["elbo_nats"] < high


@pytest.mark.parametrize(("epochs", "shown"), [(5, 1), (11, 1), (12, 2), (30, 3)])
def test_what_leaves_an_axis_is_less_than_a_tenth_and_nothing_of_a_short_run(epochs, shown):
    history = [record | {"test_elbo_nats": record["elbo_nats"] - 5} for record in HISTORY[:epochs]]
    low, _ = figures.training_curve(history).layout.yaxis.range
    first = next(r["epoch"] for r in history if r["test_elbo_nats"] > low)
    assert first == shown


def test_a_test_line_of_few_epochs_is_cut_where_the_others_are():
    history = [r | ({"test_elbo_nats": r["elbo_nats"]} if r["epoch"] in (1, 10, 20, 30) else {}) for r in HISTORY]
    assert figures.training_curve(history).layout.yaxis.range[0] > -250


def test_a_training_that_diverged_at_once_has_axes_around_the_epochs_that_it_has():
    history = [r | {"elbo_nats": -9.0 - r["epoch"] if r["epoch"] < 3 else float("nan")} for r in HISTORY]
    low, high = figures.training_curve(history).layout.yaxis.range
    assert -12 < low < -11 < -10 < high < -9


def test_shares_of_a_large_codebook_have_different_numbers_on_their_axis():
    assert figures.usage_bars(np.ones(4096)).layout.yaxis.tickformat == "~%"  # ".1%" wrote 0.0% at each of them


def test_the_strip_of_an_effect_has_room_for_all_that_it_draws():
    class Evidence:
        d, low, high = 2.0, 1.5, 2.5
        null, random = np.array([-1.0, 7.0]), np.array([-3.0, 0.5])

    low, high = figures.effect_strip(Evidence).layout.xaxis.range
    assert low < -3 < 7 < high


def test_curves_of_a_model_without_a_rate_show_no_bound():
    figure = figures.training_curve(HISTORY, has_rate=False)
    assert [line.name for line in figure.data] == ["distortion"]
    assert figure.layout.yaxis.title.text == "distortion, nats"


def test_curves_of_a_short_or_flat_or_empty_run():
    assert figures.training_curve([HISTORY[0]]).data[0].mode == "markers"
    low, high = figures.training_curve(HISTORY).layout.yaxis3.range
    assert low < 10.0 < high
    assert not figures.training_curve([]).data


def test_figures_leave_text_and_background_to_the_theme():
    for figure in (figures.rate_bars([1.0], [True]), figures.training_curve(HISTORY)):
        layout = figure.layout
        assert (layout.paper_bgcolor, layout.plot_bgcolor, layout.font.color) == (None, None, None)


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8)).astype(np.uint8)


def test_png_is_a_sheet_row_by_row(pictures):
    image = Image.open(io.BytesIO(downloads.png(pictures, 3)))
    side = image.width // 3
    assert image.size == (3 * side, 2 * side)
    small = np.asarray(image.resize((24, 16), Image.Resampling.BOX), float)
    rebuilt = np.concatenate([np.concatenate(list(pictures[i : i + 3, 0]), axis=1) for i in (0, 3)])
    assert np.corrcoef(small.ravel(), rebuilt.ravel())[0, 1] > 0.9


def test_gif_goes_there_and_back_for_ever(pictures):
    image = Image.open(io.BytesIO(downloads.gif(pictures, seconds=1.2)))
    assert image.n_frames == 2 * len(pictures) - 2
    assert image.info["loop"] == 0
    assert image.info["duration"] == 200


@pytest.mark.parametrize("shape", [(6, 1, 8, 8), (6, 3, 7, 15)])
def test_mp4_has_a_frame_for_each_picture(shape):
    import av

    level = np.array([200, 40, 90, 10, 250, 130], np.uint8)
    pictures = np.broadcast_to(level[:, None, None, None], shape).copy()
    with av.open(io.BytesIO(downloads.mp4(pictures, seconds=2.0))) as file:
        stream = file.streams.video[0]
        frames = [frame.to_ndarray(format="gray") for frame in file.decode(stream)]
        assert stream.codec_context.name == "h264"
    assert len(frames) == len(pictures)
    h, w = pictures.shape[2:]
    assert [side % 2 for side in frames[0].shape] == [0, 0]
    assert abs(frames[0].shape[0] / frames[0].shape[1] - h / w) < 0.05
    assert (np.argsort([frame.mean() for frame in frames]) == np.argsort(level)).all()


def test_gif_of_colour(pictures):
    image = Image.open(io.BytesIO(downloads.gif(np.repeat(pictures, 3, axis=1))))
    assert image.n_frames == 10


def test_npz_gives_back_what_went_in(pictures):
    z = np.arange(12, dtype=np.float64).reshape(6, 2)
    with np.load(io.BytesIO(downloads.npz(pictures, z, seed=np.array(3))), allow_pickle=False) as saved:
        assert (saved["x"] == pictures).all()
        assert saved["z"].dtype == np.float32
        assert (saved["z"] == z).all()
        assert saved["seed"] == 3


def test_the_map_is_a_trace_a_class_with_every_sample_once_and_what_is_marked(tiny_checkpoint):
    atlas = vae.load("tiny-vae").atlas
    figure = figures.latent_map(atlas, {"A": (1.0, 2.0)})
    points, mark = figure.data[:-1], figure.data[-1]
    assert [trace.name for trace in points] == [f"{k} ({(atlas.labels == k).sum()})" for k in range(10)]
    assert sorted(np.concatenate([trace.customdata for trace in points])) == sorted(atlas.index)
    np.testing.assert_array_equal(np.stack([points[3].x, points[3].y], 1), atlas.xy[atlas.labels == 3])
    assert (mark.x, mark.y, mark.text) == ((1.0,), (2.0,), ("A",))
    body = downloads.page(figure)
    assert b"<html" in body[:100]
    assert len(body) > 3_000_000  # plotly.js is in it: nothing is fetched


def test_plotly_finds_pandas_whole():
    """It takes pandas from sys.modules, where another tab's thread may just be importing it: we import it before."""
    assert records.pandas.DataFrame
