"""What is unpacked opens from then on; what does not open is refused and leaves nothing behind."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save

import vae
from tests import hostile
from vae.__main__ import main
from vae.errors import ZscopeError
from vae.library import packing
from vae.saved import checkpoint
from vae.saved.checkpoint import ATLAS, HISTORY, MODEL, RESUME, THUMBNAILS


@pytest.fixture
def good(tiny_checkpoint, tmp_path, monkeypatch) -> tuple[dict, dict[str, bytes]]:
    """The card and the files of a whole checkpoint; unpacking goes to an empty folder."""
    saved = checkpoint.read(tiny_checkpoint, skip=(RESUME,))
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    return json.loads((tiny_checkpoint / "config.json").read_text()), saved.files


def packed(card: dict, files: dict[str, bytes]) -> io.BytesIO:
    """The ZIP of a forger: every hash and the digest are right."""
    card = card | {"files": {name: checkpoint._sha256(data) for name, data in files.items()}}
    card["digest"] = checkpoint.digest(card)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in {**files, "config.json": json.dumps(card).encode()}.items():
            z.writestr(f"sent/{name}", data)
    return io.BytesIO(out.getvalue())


def refused(card: dict, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(ZscopeError, match=words):
        packing.unpack(packed(card, files))
    assert not [path for path in checkpoint.root().parent.rglob("*") if path.name not in (".lock", "checkpoints")]


def sheet(size: tuple[int, int], kind: str = "WEBP") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return out.getvalue()


def test_a_whole_one_is_unpacked(good):
    assert packing.unpack(packed(*good)).config["name"] == "tiny-vae"
    assert vae.load("tiny-vae").history


ARRAYS = {  # of the atlas, as a forger might leave them; n rows
    "z": [
        lambda a: a[:, :2],
        lambda a: a * np.nan,
        lambda a: a[:0],
        lambda a: a.astype(bool).astype("U5"),
        lambda a: a[None],
    ],
    "std": [lambda a: a[:5], lambda a: -a, lambda a: a * np.inf, lambda a: a[0]],
    "xy": [lambda a: a[:, :1], lambda a: a * np.nan, lambda a: a[:-1], lambda a: a.ravel()],
    "index": [lambda a: a - 5000, lambda a: a[:3], lambda a: a[:, None]],
    "labels": [lambda a: a + 10, lambda a: a - 1, lambda a: a[:-1], lambda a: np.full(len(a), 2**31 - 1, np.int32)],
    "thumbs": [lambda a: a * 0, lambda a: -a, lambda a: a[:2], lambda a: a * 1000],
    "measured.error": [lambda a: a[:7], lambda a: a[:, None]],
    "mixture.means": [lambda a: a[:, :1], lambda a: a * np.nan],
    "mixture.weights": [lambda a: a * 0, lambda a: -a, lambda a: a[:1].repeat(99)],
    "mixture.factors": [lambda a: a[..., 0]],
    "projector.ab": [lambda a: a[:1]],
    "projector.scale": [lambda a: a[:1]],
}


@pytest.mark.parametrize(
    ("name", "i"), [(name, i) for name, changes in ARRAYS.items() for i in range(len(changes))], ids=str
)
def test_a_map_that_does_not_fit_is_refused(good, name, i):
    card, files = good
    arrays = dict(np.load(io.BytesIO(files[ATLAS])))
    arrays[name] = ARRAYS[name][i](arrays[name])
    refused(
        card, files | {ATLAS: checkpoint.pack(arrays)}, r"rebuild (it|the map) with|thumbnails\.webp cannot be read"
    )


@pytest.mark.parametrize("data", [b"", b"x" * 999, sheet((8, 8)), sheet((304, 304), "PNG")], ids=len)
def test_thumbnails_that_are_none_are_refused(good, data):
    refused(good[0], good[1] | {THUMBNAILS: data}, r"thumbnails\.webp cannot be read")


def test_thumbnails_that_are_cut_short_are_refused(good):
    card, files = good
    refused(card, files | {THUMBNAILS: files[THUMBNAILS][:-900]}, r"thumbnails\.webp cannot be read")


@pytest.mark.parametrize("missing", [ATLAS, THUMBNAILS, MODEL])
def test_half_a_checkpoint_is_refused(good, missing):
    card, files = good
    refused(card, {name: data for name, data in files.items() if name != missing}, "no map yet|cannot be rebuilt")


@pytest.mark.parametrize("line", hostile.LINES, ids=lambda line: repr(line[:30]))
def test_a_history_that_is_none_is_refused(good, line):
    refused(good[0], good[1] | {HISTORY: b'{"epoch": 1}\n' + line + b"\n" + b'{"epoch": 3}\n'}, "line 2 of history")


def test_what_resumes_a_training_is_opened_too(good):
    refused(good[0], good[1] | {RESUME: b"x" * 100}, "do not fit each other")
    assert packing.unpack(packed(good[0], good[1] | {RESUME: save({})})).files[RESUME]


@pytest.mark.parametrize(
    "classes", [["a"], [str(i) for i in range(11)], list(range(10)), [None] * 10, "0123456789", {"a": 1}, [["a"]] * 10]
)
def test_class_names_of_another_number_or_kind_are_refused(good, classes):
    refused(good[0] | {"classes": classes}, good[1], "config.json: .*class")


@pytest.mark.parametrize("metrics", [[1, 2], {"elbo_nats": "-97"}, {"mse": {"a": 1}}, {"elbo_nats": [1]}, 3, "x"])
def test_metrics_that_are_none_are_refused(good, metrics):
    refused(good[0] | {"metrics": metrics}, good[1], "config.json: metrics.* is .*, expected")


@pytest.mark.parametrize("name", ["..", "/", "x" * 300, "a\nb", "", "\u202e.zip"])
def test_a_zip_of_any_name_is_unpacked(good, name):
    data = packed(*good)
    data.name = name
    assert packing.unpack(data).config["name"] == "tiny-vae"


def test_the_command_says_in_one_line_what_is_wrong(good, capsys):
    Path("bad.zip").write_bytes(packed(good[0] | {"metrics": [1, 2]}, good[1]).getvalue())
    assert main(["checkpoint", "unpack", "bad.zip"]) == 1
    assert capsys.readouterr().err == "error: bad.zip: config.json: metrics is [1, 2], expected an object.\n"
