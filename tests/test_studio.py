from __future__ import annotations

import base64
import math
import struct
from dataclasses import replace

import numpy as np
import pytest

from app import studio
from app.studio import Point, Studio

D = 16
Z = tuple(float(v) for v in np.random.default_rng(0).normal(size=D).astype(np.float32))
HERE = Point(Z, (1.5, -2.25))


def full() -> Studio:
    return Studio(
        model="mnist-vae",
        point=HERE,
        a=Point(Z[::-1], (0.5, 0.25)),
        b=Point(Z, (4.0, 1.0), row=12),
        method="slerp",
        t=0.25,
        temperature=0.7,
        seed=1234567890,
        count=64,
        source="aggregate",
    )


def test_a_link_restores_everything():
    state, problems = studio.from_query(studio.to_query(full()))
    assert problems == ()
    assert state == replace(full(), b=Point(row=12))  # a row is looked up again in the atlas


def test_the_default_link_names_the_model_alone():
    assert studio.to_query(Studio()) == {"model": studio.DEFAULT_MODEL}


def test_a_link_is_short_enough_to_send():
    assert sum(len(k) + len(v) + 2 for k, v in studio.to_query(full()).items()) < 400


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"model": "../../etc/passwd"}, "model"),
        ({"model": ""}, "model"),
        ({"model": "x" * 65}, "model"),
        ({"method": "geodesics"}, "method"),
        ({"t": "1.5"}, "t="),
        ({"t": "nan"}, "t="),
        ({"temperature": "inf"}, "temperature"),
        ({"temperature": "-1"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"seed": "1e400"}, "seed"),
        ({"seed": str(2**31)}, "seed"),
        ({"seed": "9" * 5000}, "seed"),
        ({"count": "1000000"}, "count"),
        ({"count": "17"}, "count"),
        ({"source": "posterior"}, "source"),
        ({"p": "r-3"}, "p="),
        ({"p": "r99999999999"}, "p="),
        ({"p": "!!!"}, "p="),
        ({"p": "AAAA"}, "p="),
        ({"p": "A" * 100_000}, "longer"),
        ({"a": base64.urlsafe_b64encode(struct.pack("<4f", 0, 0, math.nan, 1)).decode()}, "finite"),
        ({"b": base64.urlsafe_b64encode(struct.pack("<4f", math.inf, 0, 1, 1)).decode()}, "finite"),
        ({"b": base64.urlsafe_b64encode(struct.pack("<4f", 0, 0, 1e9, 1)).decode()}, "finite"),
    ],
)
def test_a_bad_link_gives_the_default_and_says_what_was_wrong(query, word):
    state, problems = studio.from_query(query)
    assert state == Studio()
    assert len(problems) == 1
    assert word in problems[0]
    assert len(problems[0]) < 200


def test_one_bad_part_leaves_the_others():
    state, problems = studio.from_query({"seed": "7", "count": "zero", "unknown": "1"})
    assert (state.seed, state.count, len(problems)) == (7, Studio().count, 1)


def test_clicks_fill_a_then_b_then_move_the_nearer():
    near_a, near_b = Point(Z, (1.0, 0.0)), Point(Z, (9.0, 0.0))
    state = studio.pick(Studio(), Point(Z, (0.0, 0.0)))
    assert (state.a is None, state.b is None) == (False, True)
    state = studio.pick(state, Point(Z, (10.0, 0.0)))
    assert state.b.xy == (10.0, 0.0)
    state = studio.pick(state, near_b)
    assert (state.a.xy, state.b.xy) == ((0.0, 0.0), (9.0, 0.0))
    state = studio.pick(state, near_a)
    assert (state.a, state.b) == (near_a, near_b)


def test_undo_goes_back_step_by_step_and_keeps_settings():
    state = studio.commit(Studio(), HERE)
    state = studio.commit(state, Point(Z, (3.0, 3.0)))
    state = studio.choose(state, seed=9)
    state = studio.undo(state)
    assert (state.point, state.seed) == (HERE, 9)
    state = studio.undo(state)
    assert state.point is None
    assert studio.undo(state) == state


def test_committing_the_same_point_is_no_step():
    state = studio.commit(Studio(), HERE)
    assert studio.commit(state, HERE).past == state.past


def test_undo_has_an_end():
    state = Studio()
    for i in range(3 * studio.UNDO_STEPS):
        state = studio.commit(state, Point(Z, (float(i), 0.0)))
    assert len(state.past) == studio.UNDO_STEPS


def test_swap_walks_the_path_backwards():
    state = studio.swap(full())
    assert (state.a, state.b, state.t) == (full().b, full().a, 0.75)


@pytest.mark.parametrize("settings", [{"seed": -1}, {"seed": True}, {"seed": 1.5}, {"nonsense": 1}, {"count": 3}])
def test_choose_refuses_what_is_out_of_range(settings):
    with pytest.raises(ValueError):
        studio.choose(Studio(), **settings)


def test_another_model_keeps_settings_and_points_that_fit():
    state = replace(full(), point=Point(Z[:4], (0.0, 0.0)))
    state = studio.choose_model(state, "fashion-ae", d=D, row_there=lambda row: row)
    assert (state.model, state.temperature, state.seed, state.source) == ("fashion-ae", 0.7, 1234567890, "aggregate")
    assert state.point is None  # 4 numbers, the model has 16
    assert state.a == Point(Z[::-1])  # same width: kept, to be placed on the new map
    assert state.b == Point(row=12)
    assert studio.choose_model(full(), "fashion-ae", d=D, row_there=lambda row: None).b is None


def test_placed_fills_rows_and_positions_and_drops_what_does_not_exist():
    z, xy = np.arange(20, dtype=np.float32).reshape(5, 4), np.arange(10, dtype=np.float32).reshape(5, 2)
    state = Studio(point=Point(row=3), a=Point(row=5), b=Point((1.0, 2.0)))
    state, problems = studio.placed(state, z, xy, lambda z: (z[0], z[1]))
    assert state.point == Point((12.0, 13.0, 14.0, 15.0), (6.0, 7.0), 3)
    assert (state.a, state.b) == (None, None)
    assert ["row 5" in problems[0], "waypoint B has 2 numbers" in problems[1], len(problems)] == [True, True, 2]
    placed, problems = studio.placed(Studio(point=Point((1.0, 2.0, 3.0, 4.0))), z, xy, lambda z: (z[0], z[1]))
    assert (placed.point.xy, problems) == ((1.0, 2.0), ())
