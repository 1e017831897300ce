"""What Generate draws, beside its page: copies found, recipes that draw the same, everything in one ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import vae
from app.files import downloads
from app.live import background, engines
from app.state import generation
from app.state.scripts import script
from app.state.studio import Studio
from tests.app.views.test_views import opened, state
from vae.metrics.copies import SUSPECT
from vae.studies import copies
from vae.studies.point import Point


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


def test_a_training_sample_is_called_perhaps_a_copy_and_noise_is_not(engine):
    known = copies.training(engine)
    x = vae.list_datasets()["digits"].load().x_train[:4].astype(np.float32) / 255
    x = np.concatenate([x, np.random.default_rng(0).uniform(size=(4, *engine.shape)).astype(np.float32)])
    found = copies.nearest(engine, known, x)
    assert found.suspect == (True,) * 4 + (False,) * 4
    assert found.words[0].startswith("Possibly a copy of a training sample")
    assert "only 0.0% of test reconstructions are as close" in found.words[0]
    assert found.words[4].startswith("Not a copy of a training sample")
    assert "100% of test reconstructions are closer" in found.words[4]
    labels = vae.list_datasets()["digits"].load().y_train
    assert [name.split(" #") for name in found.names[:4]] == [[str(labels[i]), str(i)] for i in range(4)]
    assert found.pictures.shape == (8, 1, 8, 8)
    assert known.search.find(x).share[0] < SUSPECT


def test_without_its_data_set_a_model_searches_its_thumbnails_and_judges_nothing(engine, monkeypatch):
    monkeypatch.setattr(copies, "here", lambda card: False)
    found = copies.nearest(engine, copies.training(engine), engine.decode(engine.atlas.z[:5]))
    assert found.suspect == (None,) * 5
    assert "copies cannot be recognised" in found.words[0]
    assert all(int(name.split("#")[1]) in engine.atlas.index for name in found.names)


def test_a_drawing_of_a_series_is_no_training_sample(waves_root, monkeypatch):
    waves = engines.engine("waves-vae")
    monkeypatch.setattr(copies, "here", lambda card: False)
    assert copies.training(waves) is None


@pytest.mark.parametrize(
    "settings", [{}, {"source": "mixture", "temperature": 0.5, "seed": 7}, {"source": "aggregate", "count": 16}]
)
def test_the_lines_of_python_draw_the_same(engine, settings):
    check_python(engine, replace(Studio(model="tiny-vae"), **settings))


def test_so_it_does_for_labels_and_for_levels(conditional, structured_root, monkeypatch):
    check_python(engines.engine(conditional), Studio(model=conditional, label=3, count=16))
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(structured_root))
    sweep = engines.engine("tiny-ladder-vae")
    check_python(sweep, Studio(model="tiny-ladder-vae", held=1, point=Point(tuple(map(float, sweep.atlas.z[0])))))


def check_python(engine, wanted: Studio) -> None:
    drawn = generation.draw(engine, wanted)
    code = script("generate", engine, wanted)
    made: dict = {}
    exec(code, made)
    np.testing.assert_allclose(made["z"], drawn.z, atol=1e-6)
    np.testing.assert_allclose(made["x"], engine.decode(drawn.z, drawn.y), atol=1e-5)


def test_the_zip_holds_pictures_latents_and_how_to_draw_them_again(engine):
    wanted = Studio(model="tiny-vae", count=16)
    drawn = generation.draw(engine, wanted)
    x, pictures = engine.decode(drawn.z), engine.decode_uint8(drawn.z)
    given = generation.recipe(engine, wanted, drawn)
    names, code = ["a/b", *"cdefghijklmnopq"], script("generate", engine, wanted)
    how = {"modality": engine.modality, "columns": 4, "recipe": given, "python": code}
    body = downloads.bundle(x, drawn.z, names=names, **how)
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert sum(name.startswith("pictures/") for name in names) == 16
        assert "pictures/01-a_b.png" in names  # a label is no folder
        picture = np.asarray(Image.open(io.BytesIO(file.read("pictures/02-c.png"))))
        np.testing.assert_array_equal(picture, pictures[1, 0])
        with np.load(io.BytesIO(file.read("samples.npz"))) as kept:
            np.testing.assert_array_equal(kept["z"], drawn.z)
        assert json.loads(file.read("recipe.json")) == given
        assert "vae.load('tiny-vae')" in file.read("again.py").decode()


def test_samples_that_are_no_pictures_are_in_the_zip_as_what_they_are(waves_root):
    waves = engines.engine("waves-vae")
    x = waves.decode(waves.atlas.z[:3])
    how = {"modality": waves.modality, "columns": 2, "recipe": {}, "python": ""}
    with zipfile.ZipFile(io.BytesIO(downloads.bundle(x, waves.atlas.z[:3], **how))) as file:
        assert {n for n in file.namelist() if "/" in n} == {
            f"{folder}/{i}.{ending}" for i in (1, 2, 3) for folder, ending in (("pictures", "png"), ("samples", "csv"))
        }
        read = waves.modality.from_bytes(file.read("samples/2.csv"), waves.shape)
    np.testing.assert_allclose(read, x[1], rtol=1e-4, atol=1e-5)


def test_the_page_finds_out_in_the_background_and_then_says(tiny_checkpoint):
    at = opened("generate", model="tiny-vae", source="mixture")
    assert not at.exception
    assert state(at).source == "mixture"
    job = next(job for key, job in background._jobs.items() if key[:2] == ("training", "tiny-vae"))
    assert isinstance(job.result(timeout=60), copies.Training)
    assert not at.run().exception


def test_a_job_runs_once_and_one_that_failed_again():
    runs = []

    def work(fail: bool) -> int:
        runs.append(fail)
        if fail:
            raise ValueError("no")
        return len(runs)

    first, second = background.once("a job", work, False), background.once("a job", work, False)
    assert first is second
    assert isinstance(first, Future)
    assert first.result(10) == 1
    with pytest.raises(ValueError, match="no"):
        background.once("failing", work, True).result(10)
    assert background.once("failing", work, False).result(10) == 3


def test_results_of_jobs_are_not_kept_for_ever():
    background.once(("kept", 0), int).result(10)
    for i in range(1, background.KEEP + 1):
        background.once(("kept", i), int).result(10)
    assert ("kept", 0) not in background._jobs
    assert len(background._jobs) == background.KEEP
