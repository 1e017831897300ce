"""What the map asks a classifier: of latents and of boxes; one that is not open, fails or hangs is told once."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.live import classifiers
from app.live.requests import decide
from app.live.requests.views import KEY_BYTES
from tests.app.live.test_live import UP, client, connect, engine, is_refused
from tests.app.live.test_view_requests import in_view, opened
from vae.errors import DecoderStopped
from vae.studies import classifiers as studies
from vae.studies import decisions

__all__ = ["client", "engine"]  # fixtures


def called(name, rest=b""):
    return name.encode().ljust(decide.NAME_BYTES, b"\0") + rest


def scores(x):
    bright = x.reshape(len(x), -1)
    return np.stack([bright[:, k::10].mean(1) for k in range(10)], 1) * 20


@pytest.fixture
def ready(engine, monkeypatch):
    """A classifier "test" of this engine that is open."""
    made = classifiers.Job("test", classifier=studies.fitted("test", "test", engine, scores), unmeasured="not asked")
    monkeypatch.setitem(classifiers._jobs.setdefault(engine, {}), "test", made)
    return made


def test_latents_are_decided(client, engine, ready):
    z = engine.atlas.z[:7].astype("<f4")
    with connect(client) as socket:
        _, arrays = opened(socket, decide.DECIDE, called("test", z.tobytes()))
    expected = decisions.decided(engine, ready.classifier, z)
    np.testing.assert_array_equal(arrays["label"], expected.label)
    np.testing.assert_allclose(arrays["confidence"], expected.confidence, atol=1e-5)


@pytest.mark.parametrize("share", [None, 0.5])
def test_a_box_is_decided_with_the_residual_of_what_is_held(client, engine, ready, share):
    x0, y0, x1, y1 = box = [float(v) for v in (*engine.atlas.xy.min(0), *engine.atlas.xy.max(0))]
    held = engine.atlas.z[5]
    beyond = [*held] if share is None else [*held, share]
    with connect(client) as socket:
        _, arrays = opened(socket, decide.DECISIONS, called("test", in_view("umap", [*box, 2, 1, *beyond])))
    xy = np.array([(x0 + (c + 0.5) * (x1 - x0) / 2, (y0 + y1) / 2) for c in range(2)], np.float32)
    z = engine.from_map(xy)[0] if share is None else engine.with_residual(xy, held, share)
    np.testing.assert_array_equal(arrays["label"], decisions.decided(engine, ready.classifier, z).label)
    expected = engine.from_map(xy)[1]
    if share is not None:
        expected = engine.atlas.projector.returned(z, engine.encode(engine.decode(z))[0], xy)
    np.testing.assert_allclose(arrays["trust"], expected, atol=1e-5)


def test_a_place_far_from_all_samples_is_doubted_also_while_a_sample_is_held(client, engine, ready):
    x0, y0 = (float(v) for v in engine.atlas.xy.max(0))
    far = [x0 + 50, y0 + 50, x0 + 60, y0 + 60]
    for share in (None, 1.0):
        beyond = [*engine.atlas.z[5]] if share is None else [*engine.atlas.z[5], share]
        with connect(client) as socket:
            _, arrays = opened(socket, decide.DECISIONS, called("test", in_view("umap", [*far, 2, 2, *beyond])))
        assert arrays["trust"].max() < 0.1


def test_one_that_is_not_open_or_failed_is_told(client, engine, ready):
    z = engine.atlas.z[:1].astype("<f4").tobytes()
    with connect(client) as socket:
        facts, _ = opened(socket, decide.DECIDE, called("labels", z))
        assert "not open yet" in facts["error"]
        ready.error = "it has ended"
        facts, _ = opened(socket, decide.DECIDE, called("test", z))
        assert facts["error"] == "it has ended"


def test_one_that_hangs_is_asked_once(engine):
    asked = []

    def hangs(x):
        asked.append(len(x))
        raise DecoderStopped("the classifier did not answer within 10 s")

    found = classifiers.Job("hangs")
    run = classifiers._watched(hangs, found)
    for _ in range(3):
        with pytest.raises(Exception, match="did not answer"):
            run(np.zeros((1, 1, 8, 8), np.float32))
    assert asked == [1]
    assert found.done


def test_an_error_says_which_classifier_it_is_of():
    found = classifiers.Job("file:slow.pt")
    found.fail("the classifier did not answer within 10 s")
    assert found.error == "slow.pt: the classifier did not answer within 10 s"
    found.fail("the classifier 'slow.pt' returned (1, 2)")
    assert found.error == "the classifier 'slow.pt' returned (1, 2)"


def test_what_cannot_be_opened_says_why_and_is_tried_again(engine):
    for again in (False, True):
        found = classifiers.job(engine, "file:none.pt", again=again)
        end = time.monotonic() + 20
        while not found.done and time.monotonic() < end:
            time.sleep(0.02)
        assert "unknown classifier 'none.pt'" in found.error
    assert found is classifiers.job(engine, "file:none.pt")


BAD = {
    "no latents": (UP.pack(1, 90) + called("test"), "got 0"),
    "a name that is no ASCII": (UP.pack(1, 90) + b"\xff" * 64 + bytes(16), "no ASCII"),
    "too many cells": (UP.pack(1, 91) + called("test", in_view("umap", [0, 0, 1, 1, 50, 2, 0, 0, 0, 0])), "at most 64"),
    "an empty box": (UP.pack(1, 91) + called("test", in_view("umap", [1, 0, 0, 1, 2, 2, 0, 0, 0, 0])), "x0 < x1"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_frame_closes_the_socket_and_nothing_else(client, engine, name):
    assert KEY_BYTES == 32
    is_refused(client, engine, *BAD[name])
