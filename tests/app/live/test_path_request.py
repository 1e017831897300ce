"""The ask for a whole way: what it answers, where a waypoint that is dragged goes, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.live import channel, engines, requests
from app.live.requests.path import WAY
from vae.latent.paths import METHODS
from vae.studies.path import measured_path


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


def frame(values) -> bytes:
    return requests.UP.pack(7, WAY.code, 0) + np.asarray(values, "<f4").tobytes()


def asked(engine, values) -> tuple[dict, dict[str, np.ndarray]]:
    """Facts and arrays of the answer."""
    answer = channel.answer(engine, requests.parse(frame(values), requests.Scene.of(engine)))
    (sequence, kind, form), body = requests.FORM.unpack_from(answer), answer[requests.FORM.size :]
    assert (sequence, kind, form) == (7, WAY.code, 1)
    at, arrays = 4 + int.from_bytes(body[:4], "little"), {}
    facts = json.loads(body[4:at])
    assert "error" not in facts, facts
    for name, kind, shape in facts["arrays"]:
        arrays[name] = np.frombuffer(body, kind, int(np.prod(shape)), at).reshape(shape)
        at += arrays[name].nbytes + -arrays[name].nbytes % 4
    return facts, arrays


@pytest.mark.parametrize("code", range(len(METHODS)))
def test_it_answers_with_the_walk(engine, code):
    points = engine.atlas.z[[3, 40, 77]]
    facts, arrays = asked(engine, [code, -1, -1, 0, 0, *points.ravel()])
    expected = measured_path(engine, points, METHODS[code])
    assert facts["method"] == METHODS[code]
    assert facts["off_data"] == pytest.approx(expected.off_data)
    assert np.array_equal(arrays["z"], expected.z)
    assert np.array_equal(arrays["frames"], expected.frames.transpose(0, 2, 3, 1))
    assert np.array_equal(arrays["rows"], expected.rows)
    places = [place for place in facts["line"] if place is not None]
    assert np.allclose(places, engine.to_map(expected.z), atol=1e-3)


def test_a_waypoint_that_is_dragged_lies_where_the_pointer_is(engine):
    atlas, points = engine.atlas, engine.atlas.z[[3, 40, 77]]
    xy = atlas.xy.mean(0)
    facts, arrays = asked(engine, [0, 1, -1, *xy, *points.ravel()])
    assert np.array_equal(arrays["waypoints"], [points[0], engine.from_map(xy[None])[0][0], points[2]])
    assert facts["xy"] == pytest.approx(xy.tolist(), rel=1e-5)
    facts, arrays = asked(engine, [0, 1, 9, *xy, *points.ravel()])
    assert np.array_equal(arrays["waypoints"], [points[0], atlas.z[9], points[2]])
    assert len(arrays["change"]) == len(arrays["frames"]) - 5  # while it moves, the frames alone are decoded
    assert facts["xy"] == pytest.approx(atlas.xy[9].tolist(), rel=1e-5)


@pytest.mark.parametrize(
    ("head", "waypoints", "reason"),
    [
        ([0, -1, -1, 0, 0], 1, "path payload of 36 bytes"),
        ([0, -1, -1, 0, 0], 13, "at most|expected 5 float32"),
        ([0, -1, -1, 0, 0], 2.25, "expected 5 float32 and 2 to 12 waypoints of 4"),
        ([3, -1, -1, 0, 0], 2, "method 3 of a path; expected a whole number, 0 to 2"),
        ([0.5, -1, -1, 0, 0], 2, "method 0.5"),
        ([0, 2, -1, 0, 0], 2, "waypoint 2 of a path; expected a whole number, -1 to 1"),
        ([0, 1, 1e6, 0, 0], 2, "row 1e\\+06 of a path"),
        ([0, 1, -1, 2e4, 0], 2, "beyond 10000"),
        ([0, 1, -1, np.nan, 0], 2, "NaN"),
    ],
)
def test_what_is_wrong_is_refused(engine, head, waypoints, reason):
    values = [*head, *np.zeros(int(waypoints * 4))]
    with pytest.raises(requests.Refused, match=reason) as refused:
        requests.parse(frame(values), requests.Scene.of(engine))
    assert refused.value.code == requests.BAD_FRAME
