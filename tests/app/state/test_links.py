from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from dataclasses import replace

import pytest

from app.state import links, studio
from app.state.studio import Studio
from tests.app.state.test_studio import full
from vae.studies.point import Point


def test_a_link_restores_everything():
    state, problems = links.from_query(links.to_query(full())[0])
    assert problems == ()
    rows = (*full().waypoints[:2], Point(row=12))  # a row is looked up again in the atlas
    assert state == replace(full(), waypoints=rows)


def test_the_default_link_names_the_model_alone():
    assert links.to_query(Studio())[0] == {"model": studio.DEFAULT_MODEL}


def test_a_link_is_short_enough_to_send():
    assert sum(len(k) + len(v) + 2 for k, v in links.to_query(full())[0].items()) < 800


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"model": "../../etc/passwd"}, "model"),
        ({"model": ""}, "model"),
        ({"model": "x" * 65}, "model"),
        ({"method": "geodesics"}, "method"),
        ({"t": "1.5"}, "t="),
        ({"t": "nan"}, "t="),
        ({"residual": "1.01"}, "residual="),
        ({"temperature": "inf"}, "temperature"),
        ({"temperature": "-1"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"seed": "1e400"}, "seed"),
        ({"seed": str(2**31)}, "seed"),
        ({"seed": "9" * 5000}, "seed"),
        ({"count": "1000000"}, "count"),
        ({"count": "17"}, "count"),
        ({"source": "posterior"}, "source"),
        ({"tool": "hammer"}, "tool="),
        ({"view": "<script>"}, "view="),
        ({"camera": "1,2,3"}, "camera="),
        ({"camera": "1,0,0,1"}, "camera="),
        ({"camera": "nan,1,0,1"}, "camera="),
        ({"camera": "," * 100_000}, "camera="),
        ({"w": ".".join(["r1"] * 13)}, "more than 12"),
        ({"w": "r1.nonsense"}, "w="),
        ({"s": "!"}, "packed rows"),
        ({"s": links._pack_rows((1, 2))[:-6]}, "s="),
        (
            {"s": base64.urlsafe_b64encode(zlib.compress(struct.pack("<2I", 5, 0))).decode()},
            "ascending order",
        ),
        ({"s": base64.urlsafe_b64encode(zlib.compress(bytes(50_000_000), 9)).decode()}, "at most 1,000,000"),
        ({"p": "r-3"}, "p="),
        ({"p": "r99999999999"}, "p="),
        ({"p": "!!!"}, "p="),
        ({"p": "AAAA"}, "p="),
        ({"p": "A" * 100_000}, "longer"),
        ({"pin": base64.urlsafe_b64encode(struct.pack("<4f", 0, 0, math.nan, 1)).decode()}, "finite"),
        ({"w": base64.urlsafe_b64encode(struct.pack("<4f", math.inf, 0, 1, 1)).decode()}, "finite"),
        ({"w": base64.urlsafe_b64encode(struct.pack("<4f", 0, 0, 1e9, 1)).decode()}, "finite"),
    ],
)
def test_a_bad_link_gives_the_default_and_says_what_was_wrong(query, word):
    state, problems = links.from_query(query)
    assert state == Studio()
    assert len(problems) == 1
    assert word in problems[0]
    assert len(problems[0]) < 200


def test_one_bad_part_leaves_the_others():
    state, problems = links.from_query({"seed": "7", "count": "zero", "unknown": "1"})
    assert (state.seed, state.count, len(problems)) == (7, Studio().count, 1)


def test_a_selection_too_long_for_a_link_is_left_out_and_said():
    state = replace(full(), group_b=tuple(range(0, 100_000, 7)), selected=tuple(i * i for i in range(1, 20_000)))
    query, left_out = links.to_query(state)
    assert sum(len(k) + len(v) + 2 for k, v in query.items()) <= links.LINK_MAX
    assert left_out == ("the selection (19,999 samples)",)
    assert links.from_query(query)[0].group_b == state.group_b  # even steps pack well


def test_a_file_holds_what_a_link_cannot():
    state = replace(full(), selected=tuple(i * i for i in range(1, 20_000)))
    back, digest, page, problems = links.from_recipe(links.to_recipe(state, "abc", "interpolate"))
    assert page == "interpolate"
    assert (back.selected, back.camera, digest, problems) == (state.selected, state.camera, "abc", ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("[]", "JSON object"),
        ("{}", "JSON object"),
        (json.dumps({"recipe": links.RECIPE, "version": 2}), "version 2"),
        (json.dumps({"recipe": links.RECIPE, "version": 1, "link": {"seed": 1}}), "link"),
        (b"x" * (links.RECIPE_BYTES + 1), "at most"),
    ],
)
def test_a_file_that_is_none_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        links.from_recipe(text)


def test_a_link_of_an_older_version_opens_a_sweep_by_its_old_name():
    state, problems = links.from_query({"model": "fashion-vae", "watched": "ladder/fashion-beta", "beside": "ladder/b"})
    assert (state.watched, state.beside, problems) == ("sweep/fashion-beta", "sweep/b", ())
