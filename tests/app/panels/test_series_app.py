"""The pages on a model of series: what serves pictures shows its charts."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.files import downloads
from app.live import assets, channel, engines, requests
from app.live.requests import points
from app.show import nats
from tests.app.live.test_live import DOWN
from tests.app.views.test_views import PAGES, ROUTER, SECONDS
from vae.modalities.series import HEIGHT, WIDTH
from vae.registry import DATASETS


@pytest.fixture
def engine(waves_root):
    return engines.engine("waves-vae")


def test_the_live_channel_sends_the_chart(engine):
    request = requests.Request(7, points.ROW, 3)
    frame = channel.answer(engine, request)
    h, w = HEIGHT, WIDTH
    values = DOWN.size + 4 * engine.d  # the values of the series, for their units and names, then its chart
    picture = np.frombuffer(frame, np.uint8, offset=values + 4 * 2 * 24).reshape(h, w, 3)
    sent = np.frombuffer(frame, np.float32, 2 * 24, values).reshape(2, 24)
    np.testing.assert_array_equal(sent, engine.decode(engine.atlas.z[3:4])[0])
    assert np.array_equal(picture, engine.decode_uint8(engine.atlas.z[3:4])[0].transpose(1, 2, 0))
    body = assets.map_bytes(engine)
    head = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    assert head["shape"] == [h, w, 3]
    assert head["sample"] == [2, 24]
    assert (head["thumbs"]["height"], head["thumbs"]["width"]) == (h, w)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("data_here", [True, False])
def test_every_page_shows_it(waves_root, page, data_here, monkeypatch):
    if not data_here:
        monkeypatch.delitem(DATASETS.all(), "waves")
    at = AppTest.from_file(str(ROUTER), default_timeout=SECONDS)
    at.query_params["model"] = "waves-vae"
    at.run()
    if page != "explore":
        at.switch_page(f"views/{page}.py").run()
    assert not at.exception
    assert not at.error


def test_downloads_hold_values_and_charts(engine):
    z = engine.atlas.z[:5]
    with np.load(io.BytesIO(downloads.npz(engine.decode(z), z))) as npz:
        assert np.array_equal(npz["x"], engine.decode(z))
    gif = Image.open(io.BytesIO(downloads.gif(engine.decode_uint8(z))))
    assert gif.n_frames > 1


def test_nats_of_a_family_without_a_choice_of_density_compare():
    recurrent = {"hparams": {"units": 8}, "spec": {"modality": "series"}}
    assert nats.likelihood(recurrent) == "gaussian"
    assert nats.likelihood({"hparams": {"likelihood": "bernoulli"}, "spec": {"modality": "image"}}) == "bernoulli"
