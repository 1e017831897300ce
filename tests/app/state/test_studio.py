from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from app.state import studio
from app.state.studio import Studio
from vae.studies.point import Point

D = 16
Z = tuple(float(v) for v in np.random.default_rng(0).normal(size=D).astype(np.float32))
HERE = Point(Z, (1.5, -2.25))


def full() -> Studio:
    return Studio(
        model="mnist-vae",
        point=HERE,
        pin=Point(Z[::-1], (1.0, 1.0)),
        held_sample=Point(Z, (2.0, 0.5)),
        residual=0.25,
        waypoints=(Point(Z[::-1], (0.5, 0.25)), HERE, Point(Z, (4.0, 1.0), row=12)),
        selected=(0, 3, 4, 4000),
        group_a=(7,),
        group_b=tuple(range(100, 200)),
        method="slerp",
        t=0.25,
        temperature=0.7,
        seed=1234567890,
        count=64,
        source="aggregate",
        tool="attribute",
        view="z0,z3",
        colour="density",
        camera=(-1.5, 2.0, 0.25, 4.0),
    )


def test_a_held_sample_and_the_share_of_its_residual_are_steps_of_their_own():
    state = studio.choose(studio.hold(Studio(), HERE), residual=0.5)
    assert studio.undo(state) == replace(Studio(), held_sample=HERE)
    assert studio.undo(studio.undo(state)) == Studio()
    with pytest.raises(studio.InvalidValue, match="from 0 to 1"):
        studio.choose(state, residual=1.5)


def test_clicks_give_a_path_its_ends_then_move_the_nearest():
    state = Studio()
    for x in (0.0, 10.0):
        state = studio.pick(state, Point(Z, (x, 0.0)))
    state = studio.add_waypoint(state, Point(Z, (5.0, 0.0)), at=1)
    for x in (9.0, 1.0, 4.0):
        state = studio.pick(state, Point(Z, (x, 0.0)))
    assert [p.xy[0] for p in state.waypoints] == [1.0, 4.0, 9.0]


def test_waypoints_come_and_go_and_a_path_keeps_two():
    p = [Point((float(i),)) for i in range(4)]
    state = studio.set_waypoints(Studio(), p[:2])
    state = studio.add_waypoint(state, p[2])
    state = studio.move_waypoint(state, 1, p[3])
    assert state.waypoints == (p[0], p[3], p[2])
    state = studio.remove_waypoint(state, 0)
    assert state.waypoints == (p[3], p[2])
    with pytest.raises(ValueError, match="at least two"):
        studio.remove_waypoint(state, 0)
    for wrong in (-1, 2):
        with pytest.raises(ValueError, match="expected 0 to 1"):
            studio.move_waypoint(state, wrong, p[0])
    with pytest.raises(ValueError, match="at most 12 waypoints, this one would have 13"):
        studio.set_waypoints(state, p[:1] * 13)


def test_a_selection_is_rising_rows_each_once():
    state = studio.select(Studio(), [5, 1, 5, 3])
    assert state.selected == (1, 3, 5)
    assert studio.select(state, [9], into="group_a").group_a == (9,)
    assert studio.undo(state).selected == ()
    with pytest.raises(ValueError, match="unknown group"):
        studio.select(state, [1], into="point")
    with pytest.raises(ValueError, match="expected 0 to"):
        studio.select(state, [-1])


def test_redo_brings_back_what_undo_took_until_something_new_is_done():
    first, second = studio.commit(Studio(), HERE), studio.pin(studio.commit(Studio(), HERE), HERE)
    state = studio.undo(second)
    assert (state.pin, studio.redo(state).pin) == (None, HERE)
    assert studio.undo(studio.redo(state)) == state
    state = studio.select(state, [1])
    assert studio.redo(state) == state
    assert studio.redo(first) == first


def test_undo_goes_back_step_by_step_settings_included_but_not_where_one_looks():
    state = studio.commit(Studio(), HERE)
    state = studio.commit(state, Point(Z, (3.0, 3.0)))
    state = studio.choose(state, seed=9, colour="error", camera=(0.0, 1.0, 0.0, 1.0), tool="group")
    assert studio.choose(state, seed=9, tool="sliders").past == state.past
    state = studio.undo(state)
    assert (state.point.xy, state.seed, state.colour, state.tool) == ((3.0, 3.0), 0, "label", "group")
    assert state.camera is not None
    assert studio.redo(state).colour == "error"
    state = studio.undo(state)
    assert state.point == HERE
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


def test_what_a_page_begins_with_is_no_step_and_undo_never_goes_before_it():
    way = (Point((1.0,)), Point((2.0,)))
    state = studio.set_waypoints(studio.start(Studio(), waypoints=way), way[::-1])  # Interpolate first, then Explore
    state = studio.start(state, point=HERE)
    moved = studio.commit(state, Point(Z, (3.0, 3.0)))
    for _ in range(5):
        moved = studio.undo(moved)
    assert (moved.point, moved.waypoints, moved.past) == (HERE, way, ())
    assert studio.start(moved, point=Point(Z[::-1])).point == HERE  # what was chosen stays
    for _ in range(5):
        moved = studio.redo(moved)
    assert (moved.point.xy, moved.waypoints) == ((3.0, 3.0), way[::-1])


def test_a_path_can_be_reversed():
    state = studio.reverse(full())
    assert (state.waypoints, state.t) == (full().waypoints[::-1], 0.75)


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": -1}, {"seed": True}, {"seed": 1.5}, {"nonsense": 1}, {"count": 3}, {"tool": "hammer"}, {"view": "<b>"},
        {"colour": ""}, {"camera": (0, 1, 2)}, {"camera": (1, 0, 0, 1)}, {"camera": (0, math.nan, 0, 1)},
        {"camera": (0, 1e9, 0, 1)},
    ],
)  # fmt: skip
def test_choose_refuses_what_is_out_of_range(settings):
    with pytest.raises(ValueError):
        studio.choose(Studio(), **settings)


def test_another_model_keeps_settings_and_points_that_fit():
    state = replace(full(), point=Point(Z[:4], (0.0, 0.0)))
    state = studio.choose_model(state, "fashion-ae", d=D, row_there=lambda row: row)
    assert (state.model, state.temperature, state.seed, state.source) == ("fashion-ae", 0.7, 1234567890, "aggregate")
    assert state.point is None  # 4 numbers, the model has 16
    assert state.waypoints == (Point(Z[::-1]), Point(Z), Point(row=12))  # same width: kept, to be placed on the new map
    assert (state.selected, state.group_a) == ((0, 3, 4, 4000), (7,))
    assert (state.view, state.colour, state.camera) == ("umap", "label", None)
    gone = studio.choose_model(full(), "fashion-ae", d=D, row_there=lambda row: None)
    assert (len(gone.waypoints), gone.selected, gone.pin) == (2, (), Point(Z[::-1]))


def test_placed_fills_rows_and_positions_and_drops_what_does_not_exist():
    z, xy = np.arange(20, dtype=np.float32).reshape(5, 4), np.arange(10, dtype=np.float32).reshape(5, 2)
    state = Studio(point=Point(row=3), waypoints=(Point(row=5), Point((1.0, 2.0)), Point(row=1)), selected=(1, 9))
    state, problems = studio.placed(state, z, xy, lambda z: (z[0], z[1]))
    assert state.point == Point((12.0, 13.0, 14.0, 15.0), (6.0, 7.0), 3)
    assert (state.waypoints, state.selected) == ((Point((4.0, 5.0, 6.0, 7.0), (2.0, 3.0), 1),), (1,))
    assert len(problems) == 3
    assert "row 5" in problems[0]
    assert "Waypoint B was left out: it has 2 numbers" in problems[1]
    assert "1 row of the selection was left out" in problems[2]
    placed, problems = studio.placed(Studio(point=Point((1.0, 2.0, 3.0, 4.0))), z, xy, lambda z: (z[0], z[1]))
    assert (placed.point.xy, problems) == ((1.0, 2.0), ())


def test_on_a_map_laid_out_anew_points_keep_their_latents():
    at = Point((1.0, 2.0), (5.0, 6.0), 3)
    state = Studio(point=at, pin=None, waypoints=(at,), camera=(0.0, 1.0, 0.0, 1.0), selected=(3,))
    free = studio.unplaced(state)
    assert free.point == Point((1.0, 2.0), None, 3)
    assert free.waypoints == (Point((1.0, 2.0), None, 3),)
    assert free.camera is None
    assert free.selected == (3,)
    again, problems = studio.placed(free, np.zeros((4, 2)), np.zeros((4, 2)), lambda z: (7.0, 8.0))
    assert again.point == Point((1.0, 2.0), (7.0, 8.0), 3)
    assert not problems
