"""One model object for the whole process, and a new one when the checkpoint was saved anew."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.live import engines
from vae.errors import UnknownName
from vae.saved import checkpoint


def test_all_threads_get_one_object(tiny_checkpoint):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: engines.engine("tiny-vae"), range(16)))
    assert len({id(e) for e in found}) == 1


def test_a_checkpoint_saved_anew_is_loaded_anew(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    shutil.copytree(tiny_checkpoint, tmp_path / "again")
    saved = checkpoint.read(tmp_path / "again")
    checkpoint.save(tmp_path / "again", saved.config | {"name": "again"}, saved.files)
    first = engines.engine("again")
    checkpoint.save(tmp_path / "again", saved.config | {"name": "again", "title": "later"}, saved.files)
    assert engines.engine("again").card["title"] == "later"
    assert engines.engine("again") is not first


def test_what_is_not_there_is_named(tiny_checkpoint):
    with pytest.raises(UnknownName, match="Did you mean 'tiny-vae'"):
        engines.engine("tiny-vea")
