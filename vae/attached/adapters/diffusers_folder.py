"""Autoencoders of Hugging Face diffusers: a folder with config.json and safetensors, or such a model in memory.

They take pictures in -1 to 1. A latent is shown as a diffusion model sees it, (mean - shift_factor) * scaling_factor
(Rombach et al., 2022, appendix D.1). A VQModel quantises it when it decodes.
"""

from __future__ import annotations

import logging
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...engine.device import choose_device
from ...errors import SettingError, ShapeError
from ...text import _
from .adapted import Adapted, Shape, missing
from .weight_files import configuration, whole

CLASSES = ("AutoencoderKL", "AutoencoderTiny", "VQModel")
CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model"
PARTS = ("vae", "vqvae", "movq")  # folders of a pipeline that hold its autoencoder
BATCH = 16  # of pictures with hundreds of channels


class Autoencoder(nn.Module):
    """One of them, of pictures in 0-1 and scaled latents."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model: Any = model
        config: Any = model.config
        c = self.channels = int(config.latent_channels)
        scaling = float(config.get("scaling_factor") or 1.0)
        mean, std = config.get("latents_mean"), config.get("latents_std")
        given = next(model.parameters())
        shift = torch.full((c,), float(config.get("shift_factor") or 0.0)) if mean is None else torch.tensor(mean)
        scale = torch.full((c,), scaling) if std is None else scaling / torch.tensor(std)
        self.shift: Tensor
        self.scale: Tensor
        self.register_buffer("shift", shift.view(1, c, 1, 1).to(given))
        self.register_buffer("scale", scale.view(1, c, 1, 1).to(given))

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        """(b, c, h, w) -> mean and, where there is one, standard deviation (b, c', h', w')"""
        found = self.model.encode(2 * x - 1)
        if not hasattr(found, "latent_dist"):
            return {"mu": (found.latents - self.shift) * self.scale}
        q = found.latent_dist
        return {"mu": (q.mean - self.shift) * self.scale, "std": q.std * self.scale}

    def decode(self, z: Tensor) -> Tensor:
        """(b, c', h', w') -> (b, c, h, w), cut off at 0 and 1 as diffusers does. Raises: ShapeError."""
        if z.ndim != 4 or z.shape[1] != self.channels:
            raise ShapeError(
                _(
                    "z has latents of shape {given}: expected ({channels}, h, w).",
                    given=tuple(z.shape[1:]),
                    channels=self.channels,
                )
            )
        return (self.model.decode(z / self.scale + self.shift).sample / 2 + 0.5).clamp(0, 1)


def is_one(model: Any) -> bool:
    """Whether an object is such a model."""
    return type(model).__module__.startswith("diffusers.") and type(model).__name__ in CLASSES


def of_model(model: nn.Module, name: str = "") -> Adapted:
    """That of a model in memory."""
    name = name or type(model).__name__
    config: Any = model.config
    held, channels = Autoencoder(model), int(config.in_channels)
    multiple = 2 ** (len(config.block_out_channels) - 1)

    def fits(shape: Shape) -> None:
        if len(shape) != 3 or shape[0] != channels:
            advice = _("np.repeat(x, 3, axis=1) makes colours of grey") if (shape[0], channels) == (1, 3) else ""
            raise ShapeError(
                _(
                    "x has samples of shape {given}: {name} takes pictures ({channels}, h, w). {advice}",
                    given=shape,
                    name=name,
                    channels=channels,
                    advice=advice,
                ).rstrip()
            )
        if shape[1] % multiple or shape[2] % multiple:
            raise ShapeError(
                _(
                    "x has pictures of {height} x {width} px: {name} takes sides that are multiples of {multiple}.",
                    height=shape[1],
                    width=shape[2],
                    name=name,
                    multiple=multiple,
                )
            )

    said = [_("{name} takes pictures from -1 to 1: yours are brought there and back", name=name)]
    if bool(torch.any(held.scale != 1) or torch.any(held.shift != 0)):
        said.append(_("latents are scaled as for a diffusion model, by {scale:g}", scale=float(held.scale.mean())))
    if name == "VQModel":
        said.append(_("latents are those before the quantiser, which each decode goes through"))
    return Adapted(name, held.encode, held.decode, fits=fits, batch=BATCH, notes=tuple(said))


def found(folder: Path) -> Path | None:
    """The folder of such a model in this one, which may be a pipeline; None if it has neither."""
    if (folder / "model_index.json").is_file():
        return next((folder / part for part in PARTS if (folder / part / CONFIG).is_file()), None)
    if not (folder / CONFIG).is_file():
        return None
    config = configuration(folder / CONFIG)
    return folder if "_class_name" in config or "_diffusers_version" in config else None


def opened(folder: Path) -> Adapted:
    """Raises: SettingError: of a class that is not known, without safetensors, damaged, or diffusers is missing."""
    name = str(configuration(folder / CONFIG).get("_class_name"))
    if name not in CLASSES:
        raise SettingError(
            _(
                "{folder} holds {name!r}: expected one of {known}. Open it with diffusers, and give encode= and "
                "decode=.",
                folder=folder,
                name=name,
                known=", ".join(CLASSES),
            )
        )
    variant = _variant(folder)
    if find_spec("diffusers") is None:
        raise missing(name, "diffusers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the versions of what it imports
        import diffusers

        loggers = [logging.getLogger(f"diffusers{part}") for part in ("", ".models.modeling_utils")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.ERROR)  # what is missing is an error below
        try:
            model, loading = getattr(diffusers, name).from_pretrained(
                str(folder),
                use_safetensors=True,
                local_files_only=True,
                variant=variant or None,
                torch_dtype=torch.float32,
                low_cpu_mem_usage=False,
                output_loading_info=True,
            )
        except Exception as e:  # of diffusers, torch and huggingface_hub
            said = " ".join(str(e).split())
            raise SettingError(_("diffusers does not open {folder}: {error}", folder=folder, error=said)) from e
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
    if loading.get("missing_keys"):
        raise SettingError(
            _(
                "the weights in {folder} are not those of its {config}: {missing} is missing.",
                folder=folder,
                config=CONFIG,
                missing=sorted(loading["missing_keys"])[0],
            )
        )
    return of_model(model.to(choose_device()).eval().requires_grad_(False), name)


def _variant(folder: Path) -> str:
    """The variant whose weights the folder has, "" for the plain ones. Raises: SettingError: none in safetensors."""
    if (folder / f"{WEIGHTS}.safetensors.index.json").is_file():  # in several files
        for path in sorted(folder.glob(f"{WEIGHTS}-*.safetensors")):
            whole(path)
        return ""
    if (folder / f"{WEIGHTS}.safetensors").is_file():
        whole(folder / f"{WEIGHTS}.safetensors")
        return ""
    others = sorted(folder.glob(f"{WEIGHTS}.*.safetensors"))
    if others:
        return whole(others[0]).name.removeprefix(f"{WEIGHTS}.").removesuffix(".safetensors")
    if (folder / f"{WEIGHTS}.bin").is_file():
        raise SettingError(
            _(
                "{folder} has its weights in {name}.bin, a pickle, which is not opened: save it again with diffusers, "
                "model.save_pretrained(folder, safe_serialization=True).",
                folder=folder,
                name=WEIGHTS,
            )
        )
    raise SettingError(
        _(
            "{folder} has no {name}.safetensors: expected the weights beside {config}; it has: {files}.",
            folder=folder,
            name=WEIGHTS,
            config=CONFIG,
            files=", ".join(sorted(p.name for p in folder.iterdir())[:8]),
        )
    )
