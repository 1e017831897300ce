"""The tools of Explore: which there are, what each says of a model, what it takes and refuses."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app import session
from app.live.engines import engine as opened_engine
from app.panels.explore import draw, tools
from tests.app.views.test_views import opened, state
from vae.data.own.series_files import read_series
from vae.registry import MODALITIES
from vae.studies import posterior as posteriors
from vae.studies.point import Point, point_of


def row(engine, i: int) -> Point:
    return point_of(engine.atlas.z[i], engine.atlas.xy[i], i)


@pytest.fixture
def engine(tiny_checkpoint):
    return opened_engine("tiny-vae")


def test_every_tool_shows_itself_for_every_model(tiny_checkpoint):
    for model in ("tiny-vae", "tiny-ae"):
        for tool in tools.panels():
            at = opened(model=model, tool=tool)
            assert not at.exception, (model, tool)
            assert not at.error
            assert state(at).tool == tool


def test_a_tool_that_a_model_cannot_have_says_why_and_what_to_do_instead(engine):
    engine = SimpleNamespace(name="my-rows", shape=(12,), can_encode=True, modality=MODALITIES.get("vector"))
    said = draw.unavailable(engine)
    assert "takes vectors (12 values), which cannot be drawn" in said
    assert "python -m vae encode my-rows samples.npz" in said
    engine = SimpleNamespace(name="mine", shape=(1, 8, 8), can_encode=False)
    assert "no encoder" in draw.unavailable(engine)


def test_a_series_is_drawn_and_read_from_a_file(waves_root, monkeypatch):
    shown = []
    monkeypatch.setattr(draw, "sketch", lambda model, **what: shown.append(what))
    at = opened(model="waves-vae", tool="draw")
    assert not at.exception
    x, _ = posteriors.sample_of(opened_engine("waves-vae"), state(at).point, "", None)
    np.testing.assert_array_equal(shown[-1]["start"], x[0])
    lines = "\n".join(f"{i},{-i}" for i in range(24)).encode()
    at.get("file_uploader")[0].upload("mine.csv", lines, "text/csv").run()
    assert not at.exception
    assert shown[-1]["name"] == "mine.csv"
    np.testing.assert_array_equal(shown[-1]["start"], read_series(lines, (2, 24)))
    at.get("file_uploader")[0].upload("bad.csv", b"1,2,3", "text/csv").run()
    assert "bad.csv: the file has shape (1, 3)" in at.error[0].value


# ---------------------------------------------------------------- posterior


def test_the_cloud_is_real_draws_where_the_map_puts_them(engine):
    found = posteriors.posterior(engine, row(engine, 4), "Digit #4", None, seed=2)
    assert (found.z.shape, found.xy.shape) == ((posteriors.WALL, 4), (posteriors.DRAWS, 2))
    x, _ = posteriors.sample_of(engine, row(engine, 4), "Digit #4", None)
    z = engine.posterior(x, posteriors.DRAWS, 2)
    np.testing.assert_array_equal(found.xy, engine.to_map(z))
    np.testing.assert_array_equal(found.pictures, engine.decode_uint8(z)[: posteriors.WALL])
    np.testing.assert_allclose(engine.encode(x)[0][0], engine.atlas.z[4], atol=2e-3)  # the very sample
    assert "200 draws from q(z|x), where x is Digit #4." in found.said
    std = engine.encode(x)[1][0]
    relative = std / engine.atlas.z_std
    assert found.width == pytest.approx(float(relative[engine.active].mean()))
    assert found.extent == pytest.approx(np.ptp(found.xy, axis=0).max() / np.ptp(engine.atlas.xy[:, 0]))
    assert found.spread.max() > 0


def test_the_width_is_that_of_the_dimensions_that_the_rates_call_active(engine, monkeypatch):
    """A collapsed dimension has the width of the prior beside means that hardly vary."""
    monkeypatch.setitem(engine.card["metrics"], "rate_per_dim_nats", [0.01, 3.0, 3.0, 0.01])
    monkeypatch.delitem(vars(engine), "active", raising=False)
    found = posteriors.posterior(engine, row(engine, 4), "Digit #4", None, seed=2)
    x, _ = posteriors.sample_of(engine, row(engine, 4), "Digit #4", None)
    assert found.width == pytest.approx(float((engine.encode(x)[1][0] / engine.atlas.z_std)[1:3].mean()))
    del engine.active


def test_a_point_that_is_no_sample_is_encoded_again_and_it_is_said(engine):
    point = point_of(engine.atlas.z[:2].mean(0), engine.atlas.xy[0])
    found = posteriors.posterior(engine, point, "between samples", None, seed=0)
    assert "the decoded picture of this point, which is not a sample" in found.said
    again = engine.encode(engine.decode([point.z]))[0]
    np.testing.assert_array_equal(found.mean, engine.decode_uint8(again)[0])


def test_without_the_data_set_its_thumbnail_is_encoded_and_it_is_said(engine, monkeypatch):
    monkeypatch.setattr(posteriors, "here", lambda card: False)
    found = posteriors.posterior(engine, row(engine, 4), "Digit #4", None, seed=0)
    assert "the thumbnail of Digit #4 (the data set is not on this machine)" in found.said
    mu = engine.encode(posteriors.sample_of(engine, row(engine, 4), "", None)[0])[0]
    assert np.abs(mu - engine.atlas.z[4]).max() < 0.5


def test_a_code_without_width_is_called_one(tiny_checkpoint):
    engine = opened_engine("tiny-ae")
    found = posteriors.posterior(engine, row(engine, 4), "Digit #4", None, seed=0)
    assert "has no width" in found.said
    assert (len(found.z), len(found.pictures), found.spread.max()) == (1, 1, 0)


def test_a_codebook_rounds_and_a_hierarchy_is_drawn_from(structured_root, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(structured_root))
    engine = opened_engine("tiny-vq-vae")
    assert "quantises every position" in posteriors.posterior(engine, row(engine, 1), "it", None, 0).said
    engine = opened_engine("tiny-ladder-vae")
    assert posteriors.posterior(engine, row(engine, 1), "it", None, 0).spread.max() > 0


# ---------------------------------------------------------------- upload


def png(value: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (50, 40), value).save(out, "PNG")
    return out.getvalue()


def page(tiny_checkpoint) -> AppTest:
    return opened(model="tiny-vae", tool="draw")


def test_a_given_file_is_what_the_canvas_starts_from(tiny_checkpoint, monkeypatch):
    shown = []
    monkeypatch.setattr(draw, "sketch", lambda model, **what: shown.append(what))
    at = page(tiny_checkpoint)
    assert not at.exception
    assert shown[-1]["version"] == "committed"
    assert shown[-1]["start"].shape == (1, 8, 8)
    at.get("file_uploader")[0].upload("white.png", png(255), "image/png").run()
    assert not at.exception
    assert shown[-1]["name"] == "white.png"
    assert (shown[-1]["start"] == 255).all()
    at.get("file_uploader")[0].upload("torn.png", png(255)[:60], "image/png").run()
    assert "torn.png: the picture is damaged" in at.error[0].value
    assert shown[-1]["version"] == "committed"


def test_the_range_of_a_given_file_is_a_choice_already_made(tiny_checkpoint, monkeypatch):
    shown = []
    monkeypatch.setattr(draw, "sketch", lambda model, **what: shown.append(what))
    out = io.BytesIO()
    Image.fromarray(np.linspace(0, 4095, 64).reshape(8, 8).astype(np.uint16)).save(out, "TIFF")
    at = page(tiny_checkpoint)
    at.get("file_uploader")[0].upload("deep.tif", out.getvalue(), "image/tiff").run()
    assert not at.exception
    assert shown[-1]["start"].max() == 255
    before = shown[-1]["version"]
    (field,) = [box for box in at.selectbox if box.label == "Range"]
    assert field.value == "0:4095"
    field.set_value("0:65535").run()
    assert shown[-1]["start"].max() == 16
    assert shown[-1]["version"] != before
    at.get("file_uploader")[0].upload("white.png", png(255), "image/png").run()
    assert not [box for box in at.selectbox if box.label == "Range"]


def test_the_popover_closes_once_a_file_is_taken_and_stays_for_one_that_is_refused(tiny_checkpoint, monkeypatch):
    monkeypatch.setattr(draw, "sketch", lambda model, **what: None)
    for name, data, is_open in (("torn.png", png(255)[:60], True), ("white.png", png(255), False)):
        at = page(tiny_checkpoint)
        at.session_state["explore.files"] = True
        at.run()
        at.get("file_uploader")[0].upload(name, data, "image/png").run()
        assert not at.exception
        assert at.session_state["explore.files"] == is_open


def test_the_usual_border_is_told_with_a_picture_that_was_given_and_only_then(tiny_checkpoint, monkeypatch):
    shown = []
    monkeypatch.setattr(draw, "sketch", lambda model, **what: shown.append(what))
    at = page(tiny_checkpoint)
    assert shown[-1]["ground"] is None
    at.get("file_uploader")[0].upload("white.png", png(255), "image/png").run()
    assert shown[-1]["ground"] == draw.usual_border(opened_engine("tiny-vae"))


@pytest.mark.parametrize(("edge", "inside", "usual"), [(0, 255, 0.0), (255, 0, 1.0), (51, 255, 0.2)])
def test_the_usual_border_is_that_of_the_edge_pixels_of_most_samples(edge, inside, usual):
    pictures = np.full((9, 1, 6, 5), edge, np.uint8)
    pictures[:, :, 1:-1, 1:-1] = inside
    pictures[:4] = inside  # fewer than half
    atlas = SimpleNamespace(n_thumbnails=9, thumbnails=lambda rows, channels: pictures[rows])
    assert draw.usual_border(SimpleNamespace(atlas=atlas, shape=(1, 6, 5))) == pytest.approx(usual)


def test_the_sample_itself_is_offered_to_draw_on(engine):
    x = session.sample_of(engine, row(engine, 9), "it", None)
    assert (x.dtype, x.shape) == (np.uint8, (1, 8, 8))
    np.testing.assert_array_equal(x, posteriors.sample_of(engine, row(engine, 9), "it", None)[0][0])
