"""Every file that the app offers, opened, and compared with what the screen shows. The model is not the default one."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.state import links
from app.state.studio import Studio
from vae.engine.engine import Engine
from vae.saved import checkpoint
from vae.studies.point import Point

MODEL, ROWS = "tiny-vae", tuple(range(3, 253))  # 250 samples


@pytest.fixture
def engine(tiny_checkpoint):
    return Engine(checkpoint.read(tiny_checkpoint))


def visit(new_tab, page: str, state: Studio):
    """The page of a link, once its map is there."""
    query, left_out = links.to_query(state)
    assert not left_out
    tab = new_tab()
    tab.page.goto(f"{tab.url}/{page}?" + "&".join(f"{key}={value}" for key, value in query.items()))
    tab.until("document.querySelector('[data-testid=stPopover]')", 20_000)
    tab.rest(20_000)
    return tab


def file(tab, name: str) -> bytes:
    with tab.page.expect_download(timeout=30_000) as waited:
        tab.page.get_by_role("button", name=name, exact=True).click()
    return Path(waited.value.path()).read_bytes()


def test_the_files_of_explore_are_the_view_on_the_screen(new_tab, engine):
    tab = visit(new_tab, "", Studio(MODEL, point=Point(row=5), selected=ROWS, tool="group"))
    tab.until("document.querySelector('[data-testid=zscope-group] b')?.textContent.startsWith('250')", 15_000)
    table = list(csv.DictReader(io.StringIO(file(tab, "CSV").decode())))
    assert [int(line["row"]) for line in table] == list(ROWS)
    with np.load(io.BytesIO(file(tab, "NPZ")), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["z"], engine.atlas.z[list(ROWS)])

    tab.page.get_by_role("button", name="Share").click()
    tab.page.get_by_role("button", name="Save as file").wait_for(timeout=15_000)
    state, digest, page, problems = links.from_recipe(file(tab, "Save as file"))
    assert (state.model, state.selected, state.point, page, problems) == (MODEL, ROWS, Point(row=5), "explore", ())
    assert tab.do("new URL(location).searchParams.get('digest')") == digest[:12]
    assert tab.do("new URL(location).searchParams.get('model')") == state.model
    html, at = file(tab, "Map as HTML").decode(), engine.atlas.xy[5]
    marked = [float(v) for v in re.findall(r'"x":\[(-?[\d.e-]+)\],"y":\[-?[\d.e-]+\]', html)]
    assert any(v == pytest.approx(at[0], abs=1e-4) for v in marked), (marked, at)


def test_the_files_of_a_path_are_of_its_waypoints(new_tab, engine):
    way = (Point(row=3), Point(row=90), Point(row=41))
    tab = visit(new_tab, "interpolate", Studio(MODEL, point=Point(row=3), waypoints=way))
    tab.until("document.querySelectorAll('.wp-list li').length === 3", 15_000)
    state, _digest, page, _problems = links.from_recipe(file(tab, "Recipe"))
    assert (state.model, state.waypoints, page) == (MODEL, way, "interpolate")
    with np.load(io.BytesIO(file(tab, "NPZ")), allow_pickle=False) as arrays:
        z = arrays["z"]
        assert len(z) == len(arrays["x"]) == len(arrays["xy"])
    ends = engine.atlas.z[[3, 90, 41]]
    np.testing.assert_allclose(z[[0, len(z) // 2, -1]], ends, atol=1e-4)
    with Image.open(io.BytesIO(file(tab, "GIF"))) as gif:
        assert len(z) <= gif.n_frames <= 2 * len(z) - 2  # there and back; equal frames are one
    with Image.open(io.BytesIO(file(tab, "PNG"))) as png:
        assert png.width > 5 * png.height
    mp4 = tab.page.get_by_role("button", name="MP4", exact=True)
    if mp4.is_enabled():
        assert file(tab, "MP4")[4:8] == b"ftyp"


def test_the_files_of_a_grid_are_what_it_shows(new_tab):
    tab = visit(new_tab, "generate", Studio(MODEL, point=Point(row=5), seed=7, count=36))
    tab.until(
        "document.querySelectorAll('[data-testid=zscope-grid] canvas, [data-testid=zscope-grid] img').length", 20_000
    )
    with zipfile.ZipFile(io.BytesIO(file(tab, "ZIP"))) as files:
        recipe = json.loads(files.read("recipe.json"))
        sheet = files.read("sheet.png")
        assert sum(name.startswith("pictures/") for name in files.namelist()) == 36
    assert (recipe["model"], recipe["seed"]) == (MODEL, 7)
    with Image.open(io.BytesIO(sheet)) as one, Image.open(io.BytesIO(file(tab, "PNG"))) as other:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_the_zip_of_a_model_is_that_model(new_tab, tiny_checkpoint):
    tab = visit(new_tab, "model", Studio(MODEL))
    with zipfile.ZipFile(io.BytesIO(file(tab, "Download as ZIP"))) as files:
        names = {Path(name).name: name for name in files.namelist()}
        assert json.loads(files.read(names["config.json"]))["name"] == MODEL
        assert files.read(names["model.safetensors"]) == (tiny_checkpoint / "model.safetensors").read_bytes()
