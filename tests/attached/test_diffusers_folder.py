"""Autoencoders of diffusers, opened from the folders that diffusers itself wrote."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from vae.attached.adapters.opening import adapted
from vae.errors import SettingError, ShapeError

diffusers = pytest.importorskip("diffusers", reason="needs diffusers: pip install diffusers")

N = 12
PICTURES = np.random.default_rng(0).integers(0, 256, (N, 16, 16, 3)).astype(np.uint8)
TINY = {"encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8)}
BLOCKS = {
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "block_out_channels": (8, 8),
    "norm_num_groups": 4,
}


def made(name: str, **options):
    torch.manual_seed(0)
    if name == "AutoencoderTiny":
        options = TINY | {"num_encoder_blocks": (1, 1), "num_decoder_blocks": (1, 1)} | options
    else:
        options = BLOCKS | {"latent_channels": 2, "scaling_factor": 0.25} | options
    return getattr(diffusers, name)(**options).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """That of an AutoencoderKL."""
    path = tmp_path_factory.mktemp("kl")
    made("AutoencoderKL").save_pretrained(path)
    return path


def copied(folder, to):
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def expected(model, x: np.ndarray):
    """Latents and reconstructions as diffusers' own pipelines compute them, (n, d) and (n, c, h, w) in 0-1."""
    scale, shift = model.config.scaling_factor, model.config.get("shift_factor") or 0.0
    with torch.no_grad():
        found = model.encode(2 * torch.from_numpy(x) - 1)
        z = found.latent_dist.mean if hasattr(found, "latent_dist") else found.latents
        decoded = model.decode(z).sample
    return ((z - shift) * scale).flatten(1).numpy(), (decoded / 2 + 0.5).clamp(0, 1).numpy()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("AutoencoderKL", {}),
        ("AutoencoderKL", {"shift_factor": 0.1}),
        ("AutoencoderTiny", {}),
        ("VQModel", {"num_vq_embeddings": 8}),
    ],
)
def test_a_folder_encodes_and_decodes_as_diffusers_does(explore, tmp_path, name, options):
    model = made(name, **options)
    model.save_pretrained(tmp_path)
    _, engine = explore(tmp_path, x=PICTURES)
    x = np.moveaxis(PICTURES, -1, 1).astype(np.float32) / 255
    z, decoded = expected(model, x)
    assert engine.card["title"] == name
    assert engine.shape == (3, 16, 16)
    mu, std = engine.encode(x)
    assert np.allclose(mu, z, atol=1e-5)
    assert bool(std.any()) == (name == "AutoencoderKL")
    assert np.allclose(engine.decode(z), decoded, atol=1e-4)
    order = np.argsort(engine.atlas.index)
    assert np.allclose(engine.atlas.z[order], z, atol=1e-2), "the map has these latents, from 0-255 as from 0-1"


def test_a_quantiser_snaps_what_is_decoded(tmp_path):
    torch.manual_seed(0)
    made("VQModel", num_vq_embeddings=2).save_pretrained(tmp_path)
    decode = adapted(tmp_path).decode
    with torch.no_grad():
        z = torch.zeros(1, 2, 8, 8)
        assert torch.equal(decode(z), decode(z + 1e-6))
        assert not torch.equal(decode(z - 100), decode(z + 100))


def test_latents_means_of_the_configuration_are_used(tmp_path):
    model = made("AutoencoderKL", latents_mean=(0.5, -0.5), latents_std=(2.0, 4.0))
    model.save_pretrained(tmp_path)
    one = adapted(tmp_path)
    x = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        mean = model.encode(2 * x - 1).latent_dist.mean
        z = one.encode(x)["mu"]
        assert torch.allclose(z[:, 1], (mean[:, 1] + 0.5) / 4 * 0.25, atol=1e-6)
        assert torch.allclose(one.decode(z), (model.decode(mean).sample / 2 + 0.5).clamp(0, 1), atol=1e-5)


def test_a_model_in_memory_is_taken_as_from_its_folder(explore):
    model = made("AutoencoderKL").train()
    x = np.moveaxis(PICTURES, -1, 1).astype(np.float32) / 255
    _, engine = explore(model, x=x * 2 - 1)  # as its owner would have them
    assert np.allclose(engine.encode(x)[0], expected(model.eval(), x)[0], atol=1e-5)


def test_a_variant_and_the_folder_of_a_pipeline_are_found(tmp_path):
    made("AutoencoderKL").half().save_pretrained(tmp_path / "vae", variant="fp16")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    one = adapted(tmp_path)
    assert one.title == "AutoencoderKL"
    with torch.no_grad():
        assert one.decode(torch.zeros(1, 2, 8, 8)).dtype == torch.float32


def test_latents_alone_are_decoded(explore, folder):
    z = np.random.default_rng(0).normal(size=(N, 2, 8, 8)).astype(np.float32)
    _, engine = explore(str(folder), z=z)
    assert not engine.can_encode
    assert engine.shape == (3, 16, 16)
    with pytest.raises(ShapeError, match=r"z has latents of shape \(3, 8, 8\): expected \(2, h, w\)"):
        explore(folder, z=np.zeros((N, 3, 8, 8)), name="other")


def test_pictures_that_it_does_not_take_are_said(explore, folder):
    for x, says in (
        (PICTURES[..., :1], r"\(1, 16, 16\): AutoencoderKL takes pictures \(3, h, w\)\. np\.repeat"),
        (np.zeros((N, 5), np.float32), r"samples of shape \(5,\): AutoencoderKL takes pictures \(3, h, w\)"),
        (PICTURES[:, :15], "15 x 16 px: AutoencoderKL takes sides that are multiples of 2"),
    ):
        with pytest.raises(ShapeError, match=says):
            explore(folder, x=x)
    with pytest.raises(SettingError, match="AutoencoderKL has no prior to draw latents from: give samples x or"):
        explore(folder)


def broken(path, how: str):
    """What happens to folders."""
    weights, config = path / "diffusion_pytorch_model.safetensors", path / "config.json"
    stored = json.loads(config.read_text())
    if how == "pointer":
        weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    elif how == "half":
        weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    elif how == "empty":
        weights.write_bytes(b"")
    elif how == "gone":
        weights.unlink()
    elif how == "pickle":
        weights.rename(path / "diffusion_pytorch_model.bin")
    elif how == "class":
        config.write_text(json.dumps(stored | {"_class_name": "UNet2DModel"}))
    elif how == "deeper":
        config.write_text(json.dumps(stored | {"layers_per_block": 2}))
    elif how == "wider":
        config.write_text(json.dumps(stored | {"block_out_channels": [16, 16]}))
    elif how == "no JSON":
        config.write_text("{")
    elif how == "list":
        config.write_text("[]")
    elif how == "no config":
        config.unlink()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("pointer", "is a pointer of Git LFS, the file itself was not downloaded"),
        ("half", "is damaged or was not downloaded as a whole"),
        ("empty", "is empty: download it again"),
        ("gone", r"has no diffusion_pytorch_model\.safetensors: expected .*; it has: config\.json"),
        ("pickle", r"diffusion_pytorch_model\.bin, a pickle, which is not opened"),
        ("class", "'UNet2DModel': expected one of AutoencoderKL, AutoencoderTiny, VQModel"),
        ("deeper", r"are not those of its config\.json: .* is missing"),
        ("wider", "diffusers does not open"),
        ("no JSON", r"config\.json is no JSON"),
        ("list", r"config\.json has a list: expected an object"),
        ("no config", "holds no known model: expected a config.json of diffusers"),
    ],
)
def test_a_broken_folder_is_said_in_a_sentence(folder, tmp_path, how, says):
    path = copied(folder, tmp_path / "one")
    broken(path, how)
    with pytest.raises(SettingError, match=says):
        adapted(path)


def test_without_diffusers_it_says_what_it_needs(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(SettingError, match="AutoencoderKL needs diffusers, which is not installed: pip install diffus"):
        adapted(folder)


def test_what_is_no_folder_is_said(tmp_path):
    with pytest.raises(SettingError, match="there is no such folder"):
        adapted(tmp_path / "stabilityai/sd-vae-ft-mse")
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(SettingError, match="is a file: expected the folder of a model"):
        adapted(tmp_path / "model.pt")
    with pytest.raises(SettingError, match=r"holds no known model: .*; it has: model\.pt"):
        adapted(tmp_path)


def test_a_saved_model_and_functions_are_not_both_taken(explore, folder):
    with pytest.raises(SettingError, match="a saved model and encode= or decode= are given"):
        explore(folder, decode=lambda z: z, x=PICTURES)
