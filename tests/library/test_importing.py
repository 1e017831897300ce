"""A decoder of somebody else's: it decodes and has a map, encodes nothing and says so, and no pickle is opened."""

from __future__ import annotations

import io
import pickle
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import vae
from app.live import channel, requests
from tests.app.views.test_views import opened, words
from vae.__main__ import main
from vae.atlas.atlas import load as load_atlas
from vae.errors import DecoderError, DecoderStopped, SettingError
from vae.library import packing
from vae.library.importing import take_in
from vae.modalities.image import tile
from vae.saved import checkpoint, decoder_worker, decoders
from vae.saved.decoder_process import DecoderProcess

D, N = 3, 60


def scripted(net: nn.Module, path: Path, deep: bool = False) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(net, torch.zeros(2, D, 1, 1) if deep else torch.zeros(2, D)), str(path))
    return path


class Net(nn.Module):
    """(b, d) -> (b, 1, 8, 8) between low and high."""

    def __init__(self, low: float = 0.0, high: float = 1.0):
        super().__init__()
        torch.manual_seed(0)
        self.inner = nn.Linear(D, 64)
        self.low, self.high = low, high

    def forward(self, z):
        return self.low + (self.high - self.low) * torch.sigmoid(4 * self.inner(z.flatten(1))).view(-1, 1, 8, 8)


@pytest.fixture
def given(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.arange(N) % 2
    z = rng.normal(size=(N, D)) + 6 * labels[:, None]
    np.savez(tmp_path / "latents.npz", z=z, labels=labels, classes=np.array(["near", "far"]))
    scripted(Net(), tmp_path / "decoder.pt")
    return tmp_path


class InThisProcess(DecoderProcess):
    """Answers as the process of a decoder does, which takes seconds to begin; it is tested in test_decoder_process."""

    def __init__(self, name: str, data: bytes, noun: str = "decoder"):
        self.decode = decoder_worker._opened(torch, name, data)

    def _decoded(self, z, output):
        try:
            x, shapes = self.decode(np.array(z, "<f4"), output)
        except Exception as error:
            raise DecoderError(f"the decoder failed: {decoder_worker._told(error)['error']}") from None
        return {name: tuple(sides) for name, sides in shapes.items()}, x

    def close(self):
        pass


@pytest.fixture
def inside(given, monkeypatch) -> Path:
    """As `given`; decoders run in this process."""
    monkeypatch.setattr(decoders, "DecoderProcess", InThisProcess)
    return given


def test_an_imported_decoder_opens_as_a_model_without_an_encoder(given, capsys):
    assert main(["import", "mine", "--decoder", "decoder.pt", "--latents", "latents.npz"]) == 0
    assert "0 is black, 1 is white" in capsys.readouterr().out
    m = vae.load("mine", "cpu")
    assert (m.d, m.shape, m.can_encode, m.has_prior, m.sources) == (D, (1, 8, 8), False, False, ("mixture",))
    z = m.atlas.z[:5]
    with torch.inference_mode():
        np.testing.assert_allclose(m.decode(z), Net()(torch.from_numpy(z)).numpy(), atol=1e-6)
    assert m.atlas.classes == ("near", "far")
    assert m.atlas.labels.tolist() == [0, 1] * (N // 2)
    np.testing.assert_allclose(m.to_map(m.atlas.z), m.atlas.xy, atol=1e-4)
    trust = m.trust(np.concatenate([m.atlas.z[:4], np.full((1, D), 300, np.float32)]))
    assert ((trust >= 0) & (trust <= 1)).all()
    assert trust[:4].min() > 0.3
    assert m.from_map(m.atlas.xy[:2])[1].min() > 0.3
    with pytest.raises(SettingError, match=r"mine was imported as a decoder .* no encoder"):
        m.encode(np.zeros((1, 1, 8, 8), np.uint8))


def test_its_pages_say_what_it_brought_and_leave_nothing_blank(given, recwarn):
    take_in("mine", given / "decoder.pt", given / "latents.npz")
    assert not any("writable" in str(warning.message) for warning in recwarn)  # nor when it decodes
    told = {"compare": "mine has no data set here", "generate": "fitted to its latents"}
    for page, said in told.items():
        assert said in opened(page, model="mine").info[0].value
    at = opened("model", model="mine")
    assert any(re.match(r"Imported \w{3} \d+, 20\d\d", caption.value) for caption in at.caption)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 255.0)])
def test_the_range_of_its_pictures_is_seen(inside, low, high):
    scripted(Net(low, high), inside / "other.pt")
    take_in("other", inside / "other.pt", inside / "latents.npz")
    other = vae.load("other", "cpu")
    with torch.inference_mode():
        plain = Net()(torch.from_numpy(other.atlas.z)).numpy()
    np.testing.assert_allclose(other.decode(other.atlas.z), plain, atol=1e-4)


def test_a_generator_of_one_pixel_maps_and_a_stated_range(inside):
    class Deep(nn.Module):
        def forward(self, z):
            return z[:, :1].expand(-1, -1, 8, 8) * 1.0 + z.sum() * 0 if z.ndim == 4 else torch.zeros(0)

    scripted(Deep(), inside / "deep.pt", deep=True)
    saved = take_in("deep", inside / "deep.pt", inside / "latents.npz", span=(-4.0, 12.0))
    assert saved.config["hparams"] | {"deep": True, "low": -4.0, "high": 12.0} == saved.config["hparams"]


@pytest.mark.parametrize("kind", ["npz", "sheet", "folder"])
def test_thumbnails_come_from_where_they_are(inside, kind):
    x = np.zeros((N, 1, 8, 8), np.uint8)
    x[1::2] = 255
    if kind == "npz":
        where = inside / "t.npz"
        np.savez(where, x=x)
    elif kind == "sheet":
        where = inside / "t.png"
        Image.fromarray(tile(x, 10)).save(where)
    else:
        where = inside / "t"
        where.mkdir()
        for i in range(N):
            Image.fromarray(x[i, 0]).save(where / f"{i:02}.png")
    saved = take_in("mine", inside / "decoder.pt", inside / "latents.npz", thumbnails=where)
    atlas = load_atlas(saved.files, (), "mine", False)
    assert [round(float(atlas.thumbnail(i).mean())) > 128 for i in range(4)] == [False, True, False, True]


def test_without_onnxruntime_an_onnx_decoder_says_what_it_needs(given, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (given / "decoder.onnx").write_bytes(b"x")
    with pytest.raises(SettingError, match="pip install onnxruntime"):
        take_in("mine", given / "decoder.onnx", given / "latents.npz")


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_pickles_are_never_opened(given):
    (given / "pickled.pt").write_bytes(pickle.dumps(Trap()))
    torch.save({"a": Trap()}, given / "saved.pt")
    exported = io.BytesIO()
    torch.export.save(torch.export.export(Net(), (torch.zeros(2, D),)), exported)
    (given / "exported.pt").write_bytes(exported.getvalue())
    for name, words_ in (("pickled", "not TorchScript"), ("saved", "not TorchScript"), ("exported", "torch.export")):
        with pytest.raises(SettingError, match=words_):
            take_in("mine", given / f"{name}.pt", given / "latents.npz")
    assert not (given / "sprung").exists()
    assert checkpoint.checkpoints() == {}


def test_what_does_not_fit_is_told(inside):
    np.savez(inside / "wide.npz", z=np.zeros((9, D + 1)))
    np.savez(inside / "none.npz", x=np.zeros((9, D)))
    for latents, words_ in (("wide.npz", "takes neither"), ("none.npz", r"expected an array z")):
        with pytest.raises(SettingError, match=words_):
            take_in("mine", inside / "decoder.pt", inside / latents)
    (inside / "decoder.h5").write_bytes(b"x")
    with pytest.raises(SettingError, match="expected TorchScript"):
        take_in("mine", inside / "decoder.h5", inside / "latents.npz")
    assert main(["import", "mine", "--decoder", "decoder.pt", "--latents", "latents.npz", "--range", "x"]) == 1


def test_a_decoder_from_a_zip_is_opened_only_by_who_trusts_it(inside):
    take_in("mine", inside / "decoder.pt", inside / "latents.npz")
    data = packing.pack("mine")
    with pytest.raises(SettingError, match="allow-code"):
        packing.unpack(io.BytesIO(data), "again")
    packing.unpack(io.BytesIO(data), "again", allow_code=True)
    assert vae.load("again", "cpu").atlas.n == N


def test_the_app_goes_on_when_the_decoder_crashes(given):
    """Its socket answers with the error, and with pictures again."""
    take_in("mine", given / "decoder.pt", given / "latents.npz")
    engine = vae.load("mine", "cpu")
    kind = next(kind for kind in requests.kinds().values() if kind.name == "latent")
    request = requests.Request(1, kind, engine.atlas.z[0], None)
    engine.model.run._child._process.kill()
    assert b"ended by signal SIGKILL" in channel.answer(engine, request)
    assert len(channel.answer(engine, request)) > 64
    engine.model.run._child._process.kill()
    with pytest.raises(DecoderStopped):
        engine.decode(engine.atlas.z[:1])
    assert engine.decode(engine.atlas.z[:1]).shape == (1, 1, 8, 8)


def test_every_page_opens_it(inside):
    take_in("mine", inside / "decoder.pt", inside / "latents.npz")
    for page in ("explore", "interpolate", "generate", "model"):
        at = opened(page, model="mine")
        assert not at.exception
        assert not at.error
    assert "has no encoder" in words(at)


# ---------------------------------------------------------------- outputs of any kind


class Returns(nn.Module):
    """The pictures of Net in one of several forms."""

    def __init__(self, form: str):
        super().__init__()
        self.net, self.form = Net(), form

    def forward(self, z):
        x = self.net(z)
        forms = {
            "dict": {"mu": z, "reconstruction": x, "more": x + 1},
            "tuple": (z, x),
            "nested": {"out": (x, z)},
            "flat": x.flatten(1),
            "rows": x[:, 0],
            "double": x.double(),
            "nothing": {"kind": "none"},
        }
        return forms[self.form]


def kept_as(given: Path, form: str, **how) -> tuple[np.ndarray, list[str]]:
    """What the decoder in that form decodes as a checkpoint, and what was told."""
    net, said = Returns(form), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(net, torch.zeros(2, D), strict=False), str(given / "form.pt"))
    take_in("form", given / "form.pt", given / "latents.npz", report=said.append, **how)
    engine = vae.load("form", "cpu")
    return engine.decode(engine.atlas.z), said


@pytest.mark.parametrize(
    ("form", "how", "told"),
    [
        ("dict", {"span": (0.0, 1.0)}, "output 'reconstruction' .* returns mu .*, reconstruction .*, more"),
        ("dict", {"output": "more", "span": (1.0, 2.0)}, None),
        ("tuple", {}, "output '1' .* returns 0 .*, 1 "),
        ("nested", {}, "output 'out.0'"),
        ("flat", {"shape": (1, 8, 8)}, None),
        ("rows", {}, "taken for grey pictures .--shape 8,8"),
        ("rows", {"shape": (1, 8, 8)}, None),
        ("double", {}, None),
    ],
)
def test_every_form_of_output_is_right_by_value(request, form, how, told):
    folder = request.getfixturevalue("given" if form == "nested" else "inside")  # one through the process itself
    decoded, said = kept_as(folder, form, **how)
    z = vae.load("form", "cpu").atlas.z
    with torch.inference_mode():
        np.testing.assert_allclose(decoded, Net()(torch.from_numpy(z)).numpy(), atol=1e-6)
    assert bool(said) == bool(told)
    assert told is None or re.search(told, said[0])


@pytest.mark.parametrize(
    ("form", "how", "told"),
    [
        ("dict", {"output": "x"}, "no output 'x'; it has: mu .*reconstruction"),
        ("flat", {"shape": (1, 8, 9)}, r"shape \(1, 8, 9\) does not fit: .* .64,."),
        ("flat", {"shape": (2, 4, 8)}, "grey or colour"),
        ("flat", {"shape": (1, 1, 8, 8)}, r"expected pictures \(c, h, w\), series"),
    ],
)
def test_what_does_not_fit_the_outputs_is_told(inside, form, how, told):
    with pytest.raises(SettingError, match=told):
        kept_as(inside, form, **how)


def test_flat_pictures_without_a_shape_are_vectors_and_say_so(inside):
    decoded, said = kept_as(inside, "flat")
    assert decoded.shape == (N, 64)
    assert "--shape 1,8,8" in said[0]


def test_a_decoder_with_weights_in_float64_frozen_or_not(inside):
    for name, freeze in (("double", False), ("frozen", True)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = torch.jit.script(Net().double()) if not freeze else None
            module = module or torch.jit.freeze(torch.jit.script(Net().double().eval()))
            torch.jit.save(module, str(inside / f"{name}.pt"))
        take_in(name, inside / f"{name}.pt", inside / "latents.npz")
        engine = vae.load(name, "cpu")
        with torch.inference_mode():
            expected = Net()(torch.from_numpy(engine.atlas.z)).numpy()
        np.testing.assert_allclose(engine.decode(engine.atlas.z), expected, atol=1e-6)


def test_its_flags_and_a_map_of_equal_latents(inside, capsys):
    np.savez(inside / "equal.npz", z=np.full((40, D), 0.3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Returns("flat"), torch.zeros(2, D)), str(inside / "flat.pt"))
    command = ["import", "mine", "--decoder", "flat.pt", "--latents", "equal.npz", "--shape"]
    assert main([*command, "8x8"]) == 1
    assert "expected whole numbers, for example 1,28,28" in capsys.readouterr().err
    assert main([*command, "1,8,8"]) == 0
    told = "All latents of the map are equal (n = 40)"
    assert told in capsys.readouterr().out
    assert "--shape 1,8,8" in checkpoint.read(checkpoint.root() / "mine").config["command"]
    assert main(["list", "checkpoints"]) == 0
    assert told in capsys.readouterr().out
    assert main(["eval", "mine"]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "it has no metrics" in said
    for page in ("explore", "interpolate", "model"):
        assert told in opened(page, model="mine").warning[0].value
