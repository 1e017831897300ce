"""The film of Frames: what moves, how long it is, what it tells, and of two rows of them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.files import film
from app.files.film_figures import Figures, short, ticks
from app.files.film_parts import clipped
from app.show.class_looks import Looks
from app.show.figures import ELBO, spread
from app.show.palette import LIGHT
from tests.app.live.test_theatre import shots
from vae.forming import model_sequence, snapshots

MOST = film.MOST


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few pictures, which are what takes the time."""
    monkeypatch.setattr(film, "MOST", 4)


def pictures_of(data: bytes) -> list[np.ndarray]:
    gif = Image.open(io.BytesIO(data))
    found = []
    for i in range(gif.n_frames):
        gif.seek(i)
        found.append(np.asarray(gif.convert("RGB")).astype(int))
    return found


def inside(picture: np.ndarray, box) -> np.ndarray:
    return picture[box[1] : box[3], box[0] : box[2]]


def test_the_film_moves_points_pictures_bars_and_place(tmp_path):
    f = model_sequence.of_folder(shots(tmp_path, 3, laid=3), name="a")
    found = pictures_of(film.gif(f))
    assert found[0].shape == (*film.SIZE[::-1], 3)
    assert len(found) == 2 * film.pace(3)[0] + 1
    for box in (film.MAP, film.DRAWN, film.BARS, film.AGAIN, film.PLANE, film.CURVES):
        assert np.abs(inside(found[0], box) - inside(found[-1], box)).max() > 40, box
    assert np.abs(inside(found[0], film.MAP) - inside(found[1], film.MAP)).max() > 40  # between two frames too


def test_the_film_of_what_has_no_rate_no_map_yet_or_one_frame(tmp_path):
    for i, how in enumerate(({"rates": False}, {"laid": 0}, {"shape": (3, 8, 16)})):
        f = model_sequence.of_folder(shots(tmp_path / str(i), 1 + i, **how), name="a")
        assert len(pictures_of(film.gif(f))) == 1 + i * film.pace(1 + i)[0]


def test_a_film_says_from_where_on_it_has_no_map(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(film.ImageDraw.ImageDraw, "text", lambda self, at, text, *_, **__: said.append(text))
    stage = film.Stage(model_sequence.of_folder(shots(tmp_path, 4, laid=2), name="a"), None)
    for place, absent in ((0.0, False), (1.0, False), (1.5, True), (3.0, True)):
        said.clear()
        stage.at(place)
        assert ("no map from epoch 3 on" in said) == absent, place


def test_figures_that_are_no_numbers_do_not_spoil_the_film(tmp_path):
    run = shots(tmp_path, 3, laid=3)
    path = run / "snapshots" / "000001.npz"
    with np.load(path) as npz:
        arrays = dict(npz)
    snapshots.write(path, arrays | dict.fromkeys(("elbo_nats", "distortion_nats", "rate_nats"), np.float64("nan")))
    found = pictures_of(film.gif(model_sequence.of_folder(run, name="a")))
    middle = found[film.pace(3)[0]]
    for box in (film.PLANE, film.CURVES):
        assert np.abs(inside(middle, box) - inside(found[-1], box)).max() > 40, box


def test_two_runs_in_one_film_have_their_colours_bars_and_pictures(tmp_path):
    a, b = (model_sequence.of_folder(shots(tmp_path / "ab"[i], 4, laid=4, seed=i), name="ab"[i]) for i in (0, 1))
    colour = tuple(int(film.SECOND[i : i + 2], 16) for i in (1, 3, 5))
    alone, two = (np.asarray(film.Stage(a, beside).at(1.0)).astype(int) for beside in (None, b))

    def coloured(picture: np.ndarray, box) -> bool:
        return bool((np.abs(inside(picture, box) - colour) < 9).all(-1).any())

    for box in (film.MAP, film.BARS_OF_TWO, film.PLANE, film.CURVES):
        assert not coloured(alone, box), box
        assert coloured(two, box), box
    drawn = np.asarray(film.Stage(a, replace(b, snapshots=a.snapshots)).at(1.0)).astype(int)
    left, top, right, _ = film.DRAWN
    middle, foot = (left + right) // 2, top + (right - left) // 2 - 8
    for box, differs in (((left, top, middle - 8, foot), False), ((middle + 8, top, right, foot), True)):
        assert (np.abs(inside(two, box) - inside(drawn, box)).max() > 40) == differs, box


def test_a_film_shows_what_the_same_samples_come_back_as_from_both(tmp_path):
    a, b = (model_sequence.of_folder(shots(tmp_path / name, 4, laid=4), name=name) for name in "ab")
    other = replace(b, fixed=replace(b.fixed, shown=255 - b.fixed.shown))
    sheets = [inside(np.asarray(film.Stage(a, beside).at(1.0)), film.AGAIN) for beside in (b, other)]
    three_rows, two_rows = (int(np.flatnonzero((sheet < 200).any((0, 2)))[-1]) for sheet in sheets)
    assert three_rows < 0.8 * two_rows  # of one height


def test_the_axes_of_a_ladders_film_are_those_of_its_page(tmp_path):
    f = replace(
        model_sequence.of_folder(shots(tmp_path, 4, laid=4), name="a"), axis="beta", values=(0.0, 1.0, 2.0, 4.0)
    )
    rates = (200.0, 20.0, 8.0, 3.0)  # without a price the first is many times the others
    shown = (replace(s, figures=s.figures | {"rate_nats": r}) for s, r in zip(f.snapshots, rates, strict=True))
    f = replace(f, snapshots=tuple(shown))
    assert [s["rate_nats"] for s in Figures(f).late()] == [20.0, 8.0, 3.0]


def swept(path, pairs) -> model_sequence.Frames:
    """Frames of a sweep whose models have those rates and distortions."""
    f = model_sequence.of_folder(shots(path, len(pairs), laid=len(pairs)), name="a")
    told = [{"rate_nats": r, "distortion_nats": d, "elbo_nats": -r - d} for r, d in pairs]
    shown = tuple(replace(s, figures=figures) for s, figures in zip(f.snapshots, told, strict=True))
    return replace(f, axis="beta", values=tuple(0.5 * 2**i for i in range(len(pairs))), snapshots=shown)


NAN, INF = float("nan"), float("inf")
KINDS = {
    "two models": [(23.1, 60.0), (7.3, 81.0)],
    "one model": [(7.3, 81.0)],
    "each a third of the one before": [(200.0, 10.0), (50.0, 60.0), (3.0, 300.0)],
    "a first model far away": [(200.0, 10.0), (20.0, 60.0), (8.0, 80.0)],
    "equal": [(5.0, 80.0)] * 3,
    "zeros": [(0.0, 0.0)] * 2,
    "no numbers": [(NAN, 80.0), (7.0, 81.0), (INF, 82.0)],
    "tiny": [(1e-200, 2e-200), (3e-200, 9e-200)],
    "huge": [(1e15, 3e16), (2.5e16, 1.1e17)],
    "the largest": [(1.0, -1.7e308), (2.0, 1.7e308)],
}


@pytest.mark.parametrize("name", KINDS)
def test_the_axes_of_a_gif_have_different_numbers_and_no_dot_at_an_edge_is_without_its_own(tmp_path, name, monkeypatch):
    said, at_edge = [], []
    plain, real = film.ImageDraw.ImageDraw.text, film.dot

    def text(self, at, text, fill=None, font=None, anchor=None, **more):
        said.append((text, anchor, fill))
        plain(self, at, text, fill, font, anchor, **more)

    def dot(draw, place, box, *more):
        inside = real(draw, place, box, *more)
        at_edge.append(box == film.PLANE and not inside)
        return inside

    monkeypatch.setattr(film.ImageDraw.ImageDraw, "text", text)
    monkeypatch.setattr(film, "dot", dot)
    stage = film.Stage(swept(tmp_path, KINDS[name]), None)
    for place in np.arange(0, len(KINDS[name]) - 0.5, 0.5):
        said.clear(), at_edge.clear()
        stage.at(float(place))
        assert not [text for text, *_ in said if "nan" in text.lower().split() or "inf" in text.lower().split()]
        for anchor in ("ma", "rm"):  # the numbers of either axis of the plane
            axis = [text for text, where, _ in said if where == anchor]
            assert len({*axis}) == len(axis)
            assert len(axis) >= 2 or (name == "no numbers" and not axis)
        assert sum(text.startswith("rate ") and ", distortion" in text for text, *_ in said) == sum(at_edge)
        if name in ("two models", "one model", "each a third of the one before", "equal"):
            assert not any(at_edge)
    assert (name == "a first model far away") == (Figures(stage.frames).late()[0].get("rate_nats") == 20.0)


@pytest.mark.parametrize(
    "values", [[], [NAN, INF], [0], [1e-300], [0, 5e-324], [1e300], [-1e308, 1e308], [1, 1 + 2**-52], [1e17, 1e17 + 32]]
)
def test_an_axis_around_any_numbers_has_a_width_and_ticks_that_differ(values):
    low, high = spread(values)
    assert 0 < high - low < INF
    said = [text for _, text in ticks(low, high, 5)]
    assert len({*said}) == len(said) >= 2


@pytest.mark.parametrize("span", [(4e15, 2.1e16), (1e-9, 4.2e-9), (-3e-8, 3e-8), (0, 1), (1e4, 1.0003e4), (5e6, 6e6)])
def test_the_number_of_a_tick_is_its_own(span):
    for value, text in ticks(*span, 4):
        by = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1.0)
        assert abs(float(text.rstrip("kMG")) * by - value) <= 1e-9 * (span[1] - span[0])


@pytest.mark.parametrize("k", [2, 6, 15, 20, 40, 120])
def test_a_film_is_long_enough_to_be_followed_and_its_first_picture_stays(k, monkeypatch):
    monkeypatch.setattr(film, "MOST", MOST)
    between, step_ms = film.pace(k)
    pictures = between * (k - 1) + 1
    assert 5_500 < film.START_MS + (pictures - 2) * step_ms + film.END_MS < 13_000
    assert pictures <= max(k, MOST + 1)


def test_the_durations_of_a_film_are_its_pace(tmp_path):
    f = model_sequence.of_folder(shots(tmp_path, 2, laid=2), name="a")
    gif, told = Image.open(io.BytesIO(film.gif(f))), []
    for i in range(gif.n_frames):
        gif.seek(i)
        told.append(gif.info["duration"])
    assert told == [film.START_MS, *[film.pace(2)[1]] * (film.pace(2)[0] - 1), film.END_MS]


def sparse(path, epochs, name: str):
    """Frames of those epochs, with the figures of each epoch to 9."""
    total = {"elbo_nats": -99.0, "distortion_nats": 90.0, "rate_nats": 9.0}
    told = tuple({"epoch": e} | {key: v / e for key, v in total.items()} for e in range(1, 10))
    f = model_sequence.of_folder(shots(path, len(epochs), laid=len(epochs)), name=name)
    return replace(f, values=tuple(map(float, epochs)), history=told, classes=tuple("abcdefghij"))


def test_figures_and_dots_of_a_film_are_of_the_epoch_in_its_title_and_of_both_runs(tmp_path, monkeypatch):
    a, b = sparse(tmp_path / "a", (1, 7, 9), "a"), sparse(tmp_path / "b", (1, 9), "b")
    figures, dots, said = Figures(a), [], []
    assert [figures.named(p) for p in (0, 0.5, 0.6, 1.5, 2)] == [f"epoch {e} of 9" for e in (1, 4, 5, 8, 9)]
    assert figures.at(0.5) == {"elbo_nats": -99 / 4, "distortion_nats": 90 / 4, "rate_nats": 9 / 4}
    assert figures.at(0.25)["elbo_nats"] == pytest.approx((-99 / 2 - 99 / 3) / 2)
    assert Figures(replace(a, history=())).at(0.5)["rate_nats"] == 1.5  # between the snapshots, where there is no more
    monkeypatch.setattr(film, "dot", lambda draw, place, box, r, colour: dots.append((place, colour)) or True)
    monkeypatch.setattr(film.ImageDraw.ImageDraw, "text", lambda self, at, text, *_, **__: said.append(text))
    film.Stage(a, b).at(0.5)
    assert {"a and b", "epoch 4 of 9", "active", "dead", "j"} <= set(said)
    assert said.count("-24.8") == said.count("22.5") == 2  # of both runs
    assert [colour for _, colour in dots[:2]] == [film.SECOND, ELBO]
    assert dots[0][0] == pytest.approx(dots[1][0])
    assert [colour == film.SECOND for _, colour in dots[2:]] == [True, False] * 3


def test_a_film_has_rows_as_long_as_there_are_test_samples(tmp_path):
    f = model_sequence.of_folder(shots(tmp_path, 2, laid=2, tests=11), name="a")
    f = replace(f, snapshots=tuple(replace(s, again=f.fixed.shown) for s in f.snapshots))
    sheet = inside(np.asarray(film.Stage(f, None).at(0.0)).astype(int), film.AGAIN)
    rows = np.flatnonzero((sheet < 200).any((1, 2)))
    half = (rows[-1] + 1) // 2
    assert np.abs(sheet[4 : half - 4] - sheet[half + 4 : 2 * half - 4]).mean() < 12


def test_the_classes_have_their_colours_under_a_films_map(tmp_path):
    f = replace(model_sequence.of_folder(shots(tmp_path, 1, laid=1), name="a"), classes=tuple("abcdefghij"))
    left, _, right, bottom = film.MAP
    foot = (left, bottom - film.LINE_PX, right, bottom)
    named, bare = (inside(np.asarray(film.Stage(g, None).at(0.0)), foot) for g in (f, replace(f, classes=())))
    for colour in LIGHT:
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert (named == rgb).all(-1).sum() >= 49, colour
        assert (bare == rgb).all(-1).sum() < 49, colour


def test_a_way_is_cut_at_its_box_and_numbers_are_short():
    box = (0, 0, 10, 10)
    assert clipped([(-5, 5), (5, 5), (5, 15), (8, 15), (8, 5)], box) == [[(0, 5), (5, 5), (5, 10)], [(8, 10), (8, 5)]]
    assert clipped([(-5, -1), (15, -1)], box) == clipped([(2, 30), (1e12, 1e14)], box) == clipped([(1, 1)], box) == []
    said = [short(v) for v in (9999.4, 123456, 1e6, -1.5e10, 2e17)]
    assert said == ["9999.4", "123456", "1.0M", "-15.0G", "2.0e17"]


def test_a_film_shows_shapes_and_names_of_classes_where_the_screen_does(tmp_path, monkeypatch):
    f = replace(model_sequence.of_folder(shots(tmp_path, 2, laid=2), name="a"), classes=tuple("abcdefghij"))
    drawn = {"polygon": 0, "text": []}
    polygon, text = film.ImageDraw.ImageDraw.polygon, film.ImageDraw.ImageDraw.text

    def counts(self, *given, **how):
        drawn["polygon"] += 1
        return polygon(self, *given, **how)

    def says(self, at, said, *given, **how):
        drawn["text"] += [said] if how.get("stroke_width") else []
        return text(self, at, said, *given, **how)

    monkeypatch.setattr(film.ImageDraw.ImageDraw, "polygon", counts)
    monkeypatch.setattr(film.ImageDraw.ImageDraw, "text", says)
    found = {}
    for looks in (Looks(), Looks(shapes=True, names=False)):
        drawn |= {"polygon": 0, "text": []}
        film.Stage(f, None, looks).at(0.0)
        found[looks] = (drawn["polygon"], drawn["text"])
    assert found[Looks()][0] == 0
    assert {*found[Looks()][1]} <= {*f.classes}
    assert found[Looks()][1]
    shaped, named = found[Looks(shapes=True, names=False)]
    assert shaped >= (f.fixed.labels % 7 != 0).sum() > 0
    assert not named
