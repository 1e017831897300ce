"""Classes look in files as they do on the live map."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from app.show.class_looks import OUTLINES, Looks, class_colours, densest
from app.show.palette import LIGHT, SYMBOLS

MAP = Path(__file__).parents[3] / "app/browser/latent_map"


def test_the_shapes_are_those_of_the_browser():
    listed = re.search(r"OUTLINES = (\[.*?\n\])", (MAP / "shapes.js").read_text(), re.DOTALL)[1]
    drawn = [corners for _name, corners in json.loads(re.sub(r",\s*\]", "]", listed))]
    assert drawn == [[list(corner) for corner in corners] for corners in OUTLINES]
    assert len(OUTLINES) == len(SYMBOLS)


def test_classes_have_shapes_where_colours_do_not_suffice_or_where_they_are_wanted():
    assert [Looks(shapes).shaped(n) for shapes in (None, True, False) for n in (10, 11)] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert class_colours(11, True)[10] == LIGHT[0] != class_colours(11, False)[10]
    assert len({*class_colours(30, False)}) == 30


def test_a_name_stands_in_the_densest_part_of_its_class():
    random = np.random.RandomState(0)
    dense, sparse = random.normal((0, 0), 0.1, (300, 2)), random.normal((9, 9), 1.5, (200, 2))
    xy, labels = np.concatenate([dense, sparse]), np.zeros(500, int)
    (row, none) = densest(xy, labels, 2)
    assert np.linalg.norm(xy[row]) < 0.2
    assert none == -1
