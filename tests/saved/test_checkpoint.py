"""A checkpoint is whole or refused with a clear message, whatever happened to its folder, and is never unpickled."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

import vae
from tests.saved.conftest import CONFIG
from vae.atlas import atlas
from vae.errors import CheckpointError, UnknownName
from vae.registry import FAMILIES, families
from vae.saved import checkpoint, schema
from vae.saved.checkpoint import ATLAS, HISTORY, MODEL, RESUME, THUMBNAILS

PROJECT = Path(vae.__file__).resolve().parents[1]


@pytest.fixture
def real(tiny_checkpoint, root) -> Path:
    """A copy of a trained checkpoint, to be damaged."""
    shutil.copytree(tiny_checkpoint, root / "tiny-vae")
    return root / "tiny-vae"


def resign(path: Path, **changes) -> None:
    """Change a config the way a forger would: with its digest right."""
    config = json.loads((path / "config.json").read_text()) | changes
    config["digest"] = checkpoint.digest(config)
    (path / "config.json").write_text(json.dumps(config))


def refuse(path: Path, *words: str, load: bool = False) -> None:
    with pytest.raises(CheckpointError) as error:
        vae.load(str(path)) if load else checkpoint.read(path)
    message = str(error.value)
    assert all(word in message for word in words), message
    assert path.name in message


# ---------------------------------------------------------------- whole


def test_what_was_saved_is_read(saved):
    found = checkpoint.read(saved)
    assert found.files == {MODEL: b"weights", HISTORY: b'{"epoch": 1}\n'}
    assert found.config | CONFIG == found.config
    assert found.config["format"] == checkpoint.FORMAT
    assert found.history() == [{"epoch": 1}]
    assert checkpoint.checkpoints() == {"a": saved}
    assert sorted(p.name for p in saved.iterdir()) == ["config.json", HISTORY, MODEL]


def test_skipped_files_are_not_read(saved):
    (saved / MODEL).unlink()
    assert list(checkpoint.read(saved, skip=(MODEL,)).files) == [HISTORY]


def test_a_shipped_checkpoint_lacks_what_resumes_it(root):
    checkpoint.save(root / "a", CONFIG, {MODEL: b"w", RESUME: b"r"})
    (root / "a" / RESUME).unlink()
    assert list(checkpoint.read(root / "a").files) == [MODEL]


def test_saving_replaces_the_whole_folder(saved):
    checkpoint.save(saved, CONFIG, {MODEL: b"other"})
    assert checkpoint.read(saved).files == {MODEL: b"other"}
    assert sorted(p.name for p in saved.iterdir()) == ["config.json", MODEL]


def test_find_takes_names_and_paths_and_suggests_the_close_name(saved, monkeypatch, tmp_path_factory):
    assert checkpoint.find("a") == checkpoint.find(saved) == saved
    with pytest.raises(UnknownName, match=r"unknown checkpoint 'b'.*Known: a"):
        checkpoint.find("b")
    with pytest.raises(UnknownName):
        checkpoint.find("../" + saved.parent.name + "/nothing")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path_factory.mktemp("x") / "missing"))
    assert checkpoint.checkpoints() == {}


def test_the_same_arrays_pack_to_the_same_bytes():
    arrays = {"b": np.arange(5), "a": np.eye(2, dtype=np.float16)}
    packed = checkpoint.pack(arrays)
    assert packed == checkpoint.pack(dict(reversed(arrays.items())))
    with np.load(io.BytesIO(packed)) as npz:
        assert all(np.array_equal(npz[k], v) and npz[k].dtype == v.dtype for k, v in arrays.items())


# ---------------------------------------------------------------- damaged


@pytest.mark.parametrize("name", [MODEL, HISTORY])
@pytest.mark.parametrize("damage", ["truncated", "edited", "emptied", "longer"])
def test_a_changed_file_is_refused(saved, name, damage):
    data = (saved / name).read_bytes()
    changed = {"truncated": data[:-1], "edited": data[:-1] + b"#", "emptied": b"", "longer": data + b"\0"}[damage]
    (saved / name).write_bytes(changed)
    refuse(saved, name, "truncated or edited")


@pytest.mark.parametrize("name", [MODEL, ATLAS, THUMBNAILS])
def test_one_flipped_bit_of_a_real_checkpoint_is_refused(real, name):
    data = bytearray((real / name).read_bytes())
    data[len(data) // 2] ^= 1
    (real / name).write_bytes(data)
    refuse(real, name, "truncated or edited", load=True)


@pytest.mark.parametrize("name", [MODEL, HISTORY])
def test_a_missing_file_is_refused(saved, name):
    (saved / name).unlink()
    refuse(saved, name, "listed in config.json, cannot be read")


def test_an_edited_setting_is_refused(saved):
    text = (saved / "config.json").read_text()
    (saved / "config.json").write_text(text.replace('"seed": 0', '"seed": 1'))
    refuse(saved, "edited")


def test_a_card_from_before_validation_says_so_once_however_often_it_is_saved(real):
    config = {k: v for k, v in checkpoint.read(real).config.items() if k != "digest"}
    config["train"] = {k: v for k, v in config["train"].items() if k != "validation"}
    config["command"] = "python -m vae train vae digits --epochs 3 --name old"
    once = schema.completed(config)
    assert once["command"].count("--set=validation=0") == 1
    assert schema.completed(once)["command"] == once["command"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff\xfe", "null", "[1]", '{"a": 1}', '{"format": "1"}'])
def test_a_config_that_is_none_is_refused(saved, text):
    (saved / "config.json").write_bytes(text.encode("latin-1"))
    refuse(saved, "config.json")


def test_a_newer_format_is_refused_with_what_to_do(saved):
    resign(saved, format=checkpoint.FORMAT + 1)
    refuse(saved, f"format {checkpoint.FORMAT + 1}", f"up to {checkpoint.FORMAT}", "Update zscope")


def test_a_format_without_an_upgrade_is_refused(saved):
    resign(saved, format=0)
    refuse(saved, "format 0")


def test_an_older_format_takes_its_named_upgrade_step(saved, monkeypatch):
    resign(saved, format=0)
    monkeypatch.setitem(checkpoint.UPGRADES, 0, lambda config: config | {"title": "upgraded"})
    assert checkpoint.read(saved).config["title"] == "upgraded"


@pytest.mark.parametrize("key", schema.REQUIRED)
def test_a_config_without_a_required_key_is_refused(saved, key):
    config = json.loads((saved / "config.json").read_text())
    del config[key]
    config["digest"] = checkpoint.digest(config)
    (saved / "config.json").write_text(json.dumps(config))
    refuse(saved, "lacks", key)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "sub/file", "..", ".", ""])
def test_a_file_outside_the_folder_is_never_read(saved, name):
    (saved.parent / "secret").write_bytes(b"weights")
    resign(saved, files={name: checkpoint._sha256(b"weights")})
    refuse(saved, "outside its folder")


@pytest.mark.parametrize("files", [[], "x", 3, None, {MODEL: 3}, {MODEL: None}])
def test_a_forged_list_of_files_is_refused(saved, files):
    resign(saved, files=files)
    refuse(saved)


# ---------------------------------------------------------------- foreign


def test_a_folder_of_anything_else_is_no_checkpoint(root):
    (root / "photos").mkdir()
    (root / "photos" / "cat.jpg").write_bytes(b"\xff\xd8")
    refuse(root / "photos", "is not a checkpoint")
    with pytest.raises(UnknownName, match="photos"):
        vae.load("photos")
    assert checkpoint.checkpoints() == {}


def test_a_single_file_is_no_checkpoint(root):
    (root / "model.pt").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(UnknownName, match=r"model\.pt"):
        vae.load(str(root / "model.pt"))


def test_another_projects_safetensors_are_refused(root):
    (root / "bert").mkdir()
    (root / "bert" / MODEL).write_bytes(save({"x": torch.zeros(3)}))
    (root / "bert" / "config.json").write_text('{"model_type": "bert", "hidden_size": 768}')
    refuse(root / "bert", "no format number", "not a zscope checkpoint", load=True)


@pytest.mark.parametrize("content", ["safetensors", "pickle", "noise", "empty"])
def test_a_foreign_model_file_is_refused_even_with_its_hash_right(real, content):
    foreign = save({"x": torch.zeros(3)})
    data = {"safetensors": foreign, "pickle": pickle.dumps(Bomb()), "noise": b"x" * 999, "empty": b""}
    files = {name: (real / name).read_bytes() for name in (ATLAS, THUMBNAILS, HISTORY)}
    checkpoint.save(real, checkpoint.read(real).config, {**files, MODEL: data[content]})
    refuse(real, "cannot be rebuilt", load=True)


@pytest.mark.parametrize(
    "change",
    [
        {"family": "gan"},
        {"family": None},
        {"hparams": {"d": 9999}},
        {"hparams": {"x": 1}},
        {"hparams": 3},
        {"spec": {"shape": [1, 9, 9], "n_data": 1, "n_classes": 0, "modality": "image"}},
        {"spec": None},
        {"spec": {"shape": [1, 8, 8], "n_data": 1, "n_classes": 0, "modality": "smell"}},
        {"spec": {}},
    ],
    ids=str,
)
def test_a_config_that_names_no_model_of_ours_is_refused(real, change):
    resign(real, **change)
    refuse(real, load=True)


@pytest.mark.parametrize("family", [*families()])
def test_a_card_that_calls_for_a_huge_model_takes_no_memory(real, family):
    """The shape of its samples makes some layer one of gigabytes."""
    modality = next(m for m in ("image", "series") if FAMILIES.get(family).fits(m))
    shape = [1, 2**12, 2**12] if modality == "image" else [2**12, 2**12]  # as many values as a card may say
    resign(real, family=family, hparams={}, spec={"shape": shape, "n_data": 9, "n_classes": 10, "modality": modality})
    refuse(real, "its settings call for", load=True)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self):
        return open, (str(MARK), "w")


MARK = Path(tempfile.gettempdir()) / f"zscope-bomb-{os.getpid()}"


@pytest.mark.parametrize("where", ["npz", "npy", "pickle"])
def test_nothing_is_ever_unpickled(real, where):
    buffer = io.BytesIO()
    if where == "npz":
        np.savez(buffer, z=np.array([Bomb()], dtype=object), xy=np.zeros((1, 2)), thumbs=np.array([1, 8, 8]))
    elif where == "npy":
        np.save(buffer, np.array([Bomb()], dtype=object))
    else:
        pickle.dump(Bomb(), buffer)
    files = {name: (real / name).read_bytes() for name in (MODEL, THUMBNAILS, HISTORY)}
    checkpoint.save(real, checkpoint.read(real).config, {**files, ATLAS: buffer.getvalue()})
    engine = vae.load("tiny-vae", "cpu")  # the model is whole, so it loads; its map is refused
    with pytest.raises(CheckpointError, match=r"atlas.npz cannot be read.*vae atlas"):
        _ = engine.atlas
    assert not MARK.exists(), "a pickle was run"


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "no zip", "lacks z", "wrong shapes"])
def test_an_atlas_that_is_none_is_refused(real, damage):
    whole = (real / ATLAS).read_bytes()
    arrays = dict(np.load(io.BytesIO(whole)))
    data = {
        "empty": b"",
        "no zip": b"no",
        "cut": whole[: len(whole) // 2],
        "noise": whole[:200] + b"\1" * 2000 + whole[2200:],
        "lacks z": checkpoint.pack({k: v for k, v in arrays.items() if k != "z"}),
        "wrong shapes": checkpoint.pack(arrays | {"xy": arrays["xy"][:-3]}),
    }[damage]
    with pytest.raises(CheckpointError, match=r"atlas.npz cannot be read"):
        atlas.load({ATLAS: data, THUMBNAILS: b""}, (), "torn")


def test_a_checkpoint_without_a_map_says_how_to_make_one(real):
    files = {name: (real / name).read_bytes() for name in (MODEL, HISTORY)}
    checkpoint.save(real, checkpoint.read(real).config, files)
    with pytest.raises(CheckpointError, match="has no map yet: run `python -m vae atlas "):
        _ = vae.load("tiny-vae").atlas


def test_an_atlas_holds_no_objects_and_its_latents_are_float16(real):
    with np.load(real / ATLAS, allow_pickle=False) as npz:
        assert all(npz[name].dtype != object for name in npz.files)
        assert npz["z"].dtype == np.float16
