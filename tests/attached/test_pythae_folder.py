"""Models of pythae, opened from the folders that pythae itself wrote, without unpickling."""

from __future__ import annotations

import json
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
import torch

from vae.attached.adapters.opening import adapted
from vae.errors import SettingError, ShapeError

pythae = pytest.importorskip("pythae.models", reason="needs pythae: pip install pythae")

SHAPE, D, N = (1, 8, 8), 2, 12
X = np.random.default_rng(0).random((N, *SHAPE), np.float32)


def saved(path, name: str = "VAE", **options):
    """A model, and the folder to which it saved itself."""
    torch.manual_seed(0)
    settings = {"input_dim": SHAPE, "latent_dim": D} | options
    config = next(c for c in (f"{name}Config", f"{name}_Config") if hasattr(pythae, c))
    model = getattr(pythae, name)(getattr(pythae, config)(**settings)).eval()
    model.save(str(path))
    return model


@pytest.mark.parametrize(
    "name", ["AE", "VAE", "BetaVAE", "FactorVAE", "INFOVAE_MMD", "IWAE", "RAE_L2", "VAEGAN", "VAMP", "WAE_MMD"]
)
def test_a_folder_encodes_and_decodes_as_pythae_does(tmp_path, name):
    model = saved(tmp_path, name)
    one = adapted(tmp_path)
    x = torch.from_numpy(X)
    with torch.no_grad():
        expected = model.encoder(x)
        found = one.encode(x)
        assert torch.equal(found["mu"], expected["embedding"])
        assert ("log_var" in found) == ("log_covariance" in expected)
        assert torch.equal(one.decode(found["mu"]), model.decoder(expected["embedding"])["reconstruction"])
    assert one.title == f"pythae {name}"


@pytest.mark.parametrize("ema", [False, True])
def test_a_vq_vae_quantises_when_it_decodes(tmp_path, ema):
    model = saved(tmp_path, "VQVAE", num_embeddings=4, use_ema=ema)
    one, x = adapted(tmp_path), torch.from_numpy(X)
    with torch.no_grad():
        assert torch.allclose(one.decode(one.encode(x)["mu"]), model({"data": x}).recon_x, atol=1e-6)


def test_it_is_explored_with_flat_samples_or_none(explore, tmp_path):
    model = saved(tmp_path)
    _, engine = explore(tmp_path, x=X.reshape(N, -1))
    assert engine.shape == SHAPE
    mu, std = engine.encode(X)
    with torch.no_grad():
        expected = model.encoder(torch.from_numpy(X))
        assert np.allclose(mu, expected["embedding"], atol=1e-6)
        assert np.allclose(std, (expected["log_covariance"] / 2).exp(), atol=1e-6)
        assert np.allclose(engine.decode(mu), model.decoder(torch.from_numpy(mu))["reconstruction"], atol=1e-6)
    _, engine = explore(str(tmp_path), name="drawn")
    assert engine.atlas.n == 2000


def test_the_folder_of_a_training_is_found(tmp_path):
    saved(tmp_path / "VAE_training_2026-11-30_09-00-00" / "final_model")
    assert adapted(tmp_path).title == "pythae VAE"


def test_nets_that_pythae_ships_are_built_and_not_unpickled(tmp_path, monkeypatch):
    from pythae.models.nn.benchmarks import mnist

    torch.manual_seed(0)
    config = pythae.VAEConfig(input_dim=(1, 28, 28), latent_dim=D)
    nets = {"encoder": mnist.Encoder_Conv_VAE_MNIST(config), "decoder": mnist.Decoder_Conv_AE_MNIST(config)}
    model = pythae.VAE(config, **nets).eval()
    model.save(str(tmp_path))
    monkeypatch.setattr(pickle, "load", None)
    one, x = adapted(tmp_path), torch.rand(2, 1, 28, 28)
    with torch.no_grad():
        z = one.encode(x)["mu"]
        assert torch.equal(z, model.encoder(x)["embedding"])
        assert torch.equal(one.decode(z), model.decoder(z)["reconstruction"])


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_net_of_its_own_is_refused_and_does_not_run(tmp_path):
    saved(tmp_path / "model")
    trace = tmp_path / "ran"
    for name in ("encoder.pkl", "decoder.pkl"):
        path = tmp_path / "model" / name
        path.write_bytes(pickle.dumps(Runs(trace)))
        with pytest.raises(
            SettingError, match=rf"a net of its own in {name}, a pickle, which is not opened\. Open it "
        ):
            adapted(tmp_path / "model")
        path.unlink()
    weights = tmp_path / "model" / "model.pt"
    stored = torch.load(weights, weights_only=True)
    torch.save(stored | {"more": Runs(trace)}, weights)
    with pytest.raises(SettingError, match=r"model\.pt is not a file of tensors alone, or is damaged"):
        adapted(tmp_path / "model")
    assert not trace.exists()
    torch.load(weights, weights_only=False)["more"].close()
    assert trace.exists(), "it would have run"


def test_weights_that_would_unpack_to_more_than_they_are_are_refused(tmp_path):
    """PyTorch writes its archives uncompressed; compressed ones could be decompression bombs."""
    saved(tmp_path / "model")
    weights = tmp_path / "model" / "model.pt"
    torch.save({"model_state_dict": {"zeros": torch.zeros(20_000_000)}}, weights)
    stored = zipfile.ZipFile(weights)
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in stored.infolist():
            packed.writestr(entry.filename, stored.read(entry))
    (tmp_path / "packed.pt").replace(weights)
    with pytest.raises(SettingError, match="rejected as a decompression bomb"):
        adapted(tmp_path / "model")


def test_a_net_that_takes_the_name_of_a_shipped_one_is_refused(tmp_path):
    """A class of that name from another module, and a name in the module of pythae that is no net."""
    import cloudpickle

    saved(tmp_path)
    module = types.ModuleType("my_nets")
    exec("class Encoder_Conv_VAE_MNIST:\n    pass\n", module.__dict__)
    sys.modules["my_nets"] = module
    try:
        cloudpickle.register_pickle_by_value(module)
        data = cloudpickle.dumps(module.Encoder_Conv_VAE_MNIST())
    finally:
        cloudpickle.unregister_pickle_by_value(module)
        del sys.modules["my_nets"]
    for pickled in (data, data.replace(b"my_nets", b"builtin"), b"no pickle"):
        (tmp_path / "encoder.pkl").write_bytes(pickled)
        with pytest.raises(SettingError, match=r"a net of its own in encoder\.pkl"):
            adapted(tmp_path)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"name": "PoincareVAEConfig"}, "a pythae model 'PoincareVAEConfig': expected one of AEConfig, .*give encode="),
        ({"latent_dim": 5}, r"model\.pt does not fit the model_config\.json"),
        ({"latent_dim": "many"}, r"model\.pt does not fit the model_config\.json"),
        ({"uses_default_encoder": False}, r"a net of its own in encoder\.pkl"),
    ],
)
def test_a_configuration_that_does_not_fit_is_said(tmp_path, how, says):
    saved(tmp_path)
    path = tmp_path / "model_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | how))
    with pytest.raises(SettingError, match=says):
        adapted(tmp_path)


def test_what_is_missing_is_said(tmp_path, explore, monkeypatch):
    saved(tmp_path)
    with pytest.raises(ShapeError, match=r"samples of shape \(1, 9, 9\): this VAE takes \(1, 8, 8\)"):
        explore(tmp_path, x=np.zeros((N, 1, 9, 9), np.float32))
    monkeypatch.setitem(sys.modules, "pythae", None)
    with pytest.raises(SettingError, match="a model of pythae needs pythae, which is not installed"):
        adapted(tmp_path)
    (tmp_path / "model.pt").unlink()
    with pytest.raises(SettingError, match=r"has model_config\.json and no model\.pt"):
        adapted(tmp_path)
