"""Models that pythae has saved: model_config.json and model.pt, read as tensors alone.

pythae itself is the reference for its nets, so they are built by it and only their weights are loaded. A custom net is
stored as encoder.pkl and decoder.pkl. pythae unpickles these; here they are never run. Where their names say that they
are nets that pythae ships, those are built instead; any other is refused.
"""

from __future__ import annotations

import contextlib
import logging
import pickletools
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ...engine.device import choose_device
from ...errors import SettingError, ShapeError
from ...text import _
from .adapted import Adapted, Shape, missing
from .weight_files import configuration, state_of, tensors

CONFIG, WEIGHTS = "model_config.json", "model.pt"
# of a configuration -> the model; those whose code is that of the encoder and goes straight to the decoder
MODELS = {
    "AEConfig": "AE", "Adversarial_AE_Config": "Adversarial_AE", "BetaTCVAEConfig": "BetaTCVAE",
    "BetaVAEConfig": "BetaVAE", "CIWAEConfig": "CIWAE", "DisentangledBetaVAEConfig": "DisentangledBetaVAE",
    "FactorVAEConfig": "FactorVAE", "INFOVAE_MMD_Config": "INFOVAE_MMD", "IWAEConfig": "IWAE",
    "MIWAEConfig": "MIWAE", "MSSSIM_VAEConfig": "MSSSIM_VAE", "PIWAEConfig": "PIWAE", "RAE_GP_Config": "RAE_GP",
    "RAE_L2_Config": "RAE_L2", "VAEConfig": "VAE", "VAEGANConfig": "VAEGAN", "VAMPConfig": "VAMP",
    "VQVAEConfig": "VQVAE", "WAE_MMD_Config": "WAE_MMD",
}  # fmt: skip
WITHOUT_PRIOR = {"AE", "RAE_GP", "RAE_L2", "VQVAE", "VAMP"}
SHIPPED = "pythae.models.nn.benchmarks."  # its nets for MNIST, CIFAR and CelebA
NAMES = 64 * 1024  # bytes of a pickle, whose first lines name the class


class Autoencoder(nn.Module):
    """Encoder and decoder of one of them; a VQ-VAE quantises when it decodes."""

    def __init__(self, model: Any):
        super().__init__()
        self.encoder, self.decoder = model.encoder, model.decoder
        self.quantizer: nn.Module | None = getattr(model, "quantizer", None)

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        """(b, *shape) -> mean and, where there is one, log variance (b, d) or (b, c, h, w)"""
        found = self.encoder(x)
        log_variance = found.get("log_covariance")
        return {"mu": found["embedding"]} | ({} if log_variance is None else {"log_var": log_variance})

    def decode(self, z: Tensor) -> Tensor:
        """(b, d) or (b, c, h, w) -> (b, *shape)"""
        if self.quantizer is not None:
            deep = z if z.ndim == 4 else z.reshape(len(z), 1, 1, -1)  # of a flat code each value is quantised
            code = self.quantizer(deep.permute(0, 2, 3, 1), uses_ddp=False)["quantized_vector"]
            z = code if z.ndim == 4 else code.reshape(len(z), -1)
        return self.decoder(z)["reconstruction"]


def found(folder: Path) -> Path | None:
    """The folder of such a model: this one, or the last in it, as a training of pythae leaves them; else None."""
    inside = (folder, folder / "final_model", *sorted(folder.glob("*/final_model"), reverse=True))
    return next((one for one in inside if (one / CONFIG).is_file()), None)


def opened(folder: Path) -> Adapted:
    """Raises: SettingError: of a model or a net that is not known, damaged, or pythae is missing."""
    config = configuration(folder / CONFIG)
    name = str(config.pop("name", None))
    if name not in MODELS:
        raise SettingError(
            _(
                "{folder} holds a pythae model {name!r}: expected one of {known}. {advice}",
                folder=folder,
                name=name,
                known=", ".join(MODELS),
                advice=_advice(),
            )
        )
    if not (folder / WEIGHTS).is_file():
        raise SettingError(
            _("{folder} has {config} and no {weights}: expected both.", folder=folder, config=CONFIG, weights=WEIGHTS)
        )
    if find_spec("pythae") is None:
        raise missing(_("a model of pythae"), "pythae")
    nets = {part: _shipped(folder, part) for part in ("encoder", "decoder") if _is_custom(folder, config, part)}
    weights = state_of(tensors(folder / WEIGHTS).get("model_state_dict") or {})
    with _quiet():
        models = import_module("pythae.models")
        try:
            settings = getattr(models, name)(**config)
            model = getattr(models, MODELS[name])(settings, **{part: net(settings) for part, net in nets.items()})
            held = Autoencoder(model)
            parts = dict(held.named_children())
            held.load_state_dict({key: value for key, value in weights.items() if key.partition(".")[0] in parts})
        except Exception as e:  # of pydantic, torch and pythae
            said = " ".join(str(e).split())
            raise SettingError(
                _(
                    "{weights} does not fit the {config} in {folder}: {error}",
                    weights=WEIGHTS,
                    config=CONFIG,
                    folder=folder,
                    error=said,
                )
            ) from e
    sample = tuple(map(int, settings.input_dim))
    kind = MODELS[name]

    def fits(shape: Shape) -> None:
        if shape != sample:
            raise ShapeError(
                _(
                    "x has samples of shape {given}: this {name} takes {expected}.",
                    given=shape,
                    name=kind,
                    expected=sample,
                )
            )

    held.to(choose_device()).eval().requires_grad_(False)
    prior = None if kind in WITHOUT_PRIOR else (int(settings.latent_dim),)
    return Adapted(f"pythae {kind}", held.encode, held.decode, sample=sample, fits=fits, prior=prior)


# ---------------------------------------------------------------- parts


def _advice() -> str:
    return _(
        "Open it with pythae, model = AutoModel.load_from_folder(folder), and give encode=model.encoder, "
        "decode=model.decoder."
    )


def _is_custom(folder: Path, config: dict[str, Any], part: str) -> bool:
    return config.get(f"uses_default_{part}") is not True or (folder / f"{part}.pkl").exists()


def _shipped(folder: Path, part: str) -> Callable[[Any], nn.Module]:
    """The class in pythae that the pickle of a net names. Raises: SettingError: none, as anything else is a program."""
    names: list[str] = []
    with contextlib.suppress(OSError, ValueError), (folder / f"{part}.pkl").open("rb") as file:
        for _operation, argument, _position in pickletools.genops(file.read(NAMES)):  # reads, and runs nothing
            names += [argument] if isinstance(argument, str) else []
    after = names.index("__module__") + 1 if "__module__" in names else len(names)
    where = names[after] if after < len(names) else ""
    if where.startswith(SHIPPED):
        with _quiet():
            module = import_module(where)
        net = next((getattr(module, name, None) for name in names[:after] if hasattr(module, name)), None)
        if isinstance(net, type) and issubclass(net, nn.Module):
            return net
    raise SettingError(
        _(
            "{folder} has a net of its own in {part}.pkl, a pickle, which is not opened. {advice}",
            folder=folder,
            part=part,
            advice=_advice(),
        )
    )


@contextlib.contextmanager
def _quiet():
    """pythae warns of files that it leaves open, and logs what it builds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("pythae").setLevel(logging.ERROR)
        yield
