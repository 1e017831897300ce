"""An older map measured again: what it lacks is added, and it stays where it is."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np

import vae
from vae.__main__ import main
from vae.saved import checkpoint


def test_measuring_adds_what_older_maps_lack_of_trust_and_fidelity(tiny_checkpoint, tmp_path, monkeypatch):
    """A trust without its curve and a card without baselines come out as if the map had been built today."""
    shutil.copytree(tiny_checkpoint, tmp_path / "older")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    saved, atlas = checkpoint.read(tmp_path / "older"), vae.load("older").atlas
    plain = dataclasses.replace(atlas.projector._model, curve=None)
    files = dataclasses.replace(atlas, projector=atlas.projector.with_trust(plain)).files()
    map_of = {k: v for k, v in saved.config["atlas"].items() if k != "baselines"}
    card = saved.config | {"name": "older", "atlas": map_of}
    checkpoint.save(saved.path, card, {**saved.files, **files})
    assert vae.load("older").atlas.projector._model.curve is None

    assert main(["atlas", "older", "--measure"]) == 0
    again = vae.load("older")
    np.testing.assert_array_equal(again.atlas.projector._model.curve, atlas.projector._model.curve)
    np.testing.assert_array_equal(again.atlas.projector._model.code, atlas.projector._model.code)
    np.testing.assert_array_equal(again.atlas.xy, atlas.xy)
    assert again.card["atlas"] == saved.config["atlas"]
