"""What the comparisons with pythae share: how they begin, the nets, and either library's own training loop, timed.

pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.machine import machine
from vae.data.sets import fashion_mnist
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams, fit
from vae.types import Spec

BATCH, LR = 128, 1e-3
Watch = Callable[[float, nn.Module], None]  # called after every epoch: seconds of training so far, the model


def begin(what: str, as_json: bool) -> tuple[str, Callable[[str], None]]:
    """(the device to measure on, where to say how it goes); quiet but for that, which begins with the machine.

    Raises: SystemExit: pythae is not installed.
    """
    try:
        import pythae  # noqa: F401
    except ImportError as e:
        missing = f"this benchmark compares with pythae, which is not installed ({e}): pip install pythae"
        raise SystemExit(missing) from e
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def say(text: str) -> None:
        print(text, file=sys.stderr if as_json else sys.stdout)

    say(f"{what}, {device}, {torch.get_num_threads()} threads")
    say("  ".join(f"{k}: {v}" for k, v in machine().items()))
    return device, say


def fitted(
    model: nn.Module,
    objective: nn.Module,
    x: Tensor,
    settings: dict[str, Any],
    epochs: int,
    seed: int,
    watch: Watch | None = None,
) -> float:
    """Seconds that vae.training.trainer.fit takes to train the model on x, without what `watch` takes."""
    h = configure(TrainHparams, settings)
    trainer = Trainer(model.to(x.device), objective, h, seed, epochs * -(-len(x) // h.batch_size))
    taken, began = 0.0, time.perf_counter()
    for event in fit(trainer, x, None, None, epochs):
        if watch and event.kind == "epoch":
            taken += time.perf_counter() - began
            watch(taken, model)
            began = time.perf_counter()
    return taken + time.perf_counter() - began


@dataclass(frozen=True)
class Net:
    """One architecture. body: (b, c, h, w) -> (b, features); painter: (b, d) -> (b, c, h, w), before a sigmoid."""

    side: int
    d: int
    features: int
    images: int  # of one turn
    body: Callable[[], nn.Module]
    painter: Callable[[], nn.Module]


def _conv(a: int, b: int) -> list[nn.Module]:
    return [nn.Conv2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU()]


def _up(a: int, b: int, extra: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(a, b, 3, 2, 1, extra), nn.BatchNorm2d(b), nn.ReLU()]


NETS = {
    "A": Net(
        28, 10, 512, 100 * BATCH,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU()),
        lambda: nn.Sequential(nn.Linear(10, 512), nn.ReLU(), nn.Linear(512, 784), nn.Unflatten(1, (1, 28, 28))),
    ),
    "B": Net(
        28, 16, 1024, 3 * BATCH,
        lambda: nn.Sequential(*_conv(1, 128), *_conv(128, 256), *_conv(256, 512), *_conv(512, 1024), nn.Flatten()),
        lambda: nn.Sequential(
            nn.Linear(16, 16384), nn.Unflatten(1, (1024, 4, 4)), *_up(1024, 512, 0), *_up(512, 256, 1),
            nn.ConvTranspose2d(256, 1, 3, 2, 1, 1),
        ),
    ),
    "D": Net(
        32, 10, 256, 40 * BATCH,
        lambda: nn.Sequential(
            *(m for a in (1, 32, 32) for m in (nn.Conv2d(a, 32, 4, 2, 1), nn.ReLU())), nn.Flatten(),
            nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(),
        ),
        lambda: nn.Sequential(
            nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(),
            nn.Unflatten(1, (32, 4, 4)), nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1),
        ),
    ),
}  # fmt: skip


def ours(net: Net, precision: str, x: Tensor, epochs: int, seed: int, watch: Watch | None = None) -> tuple[float, VAE]:
    """(images/s, model) of vae.training.trainer.fit; convolutions laid out as zscope's own nets are."""
    torch.manual_seed(seed)
    family = FAMILIES.get("vae")
    h = configure(family.Hparams, {"net": "mlp", "width": 1, "d": net.d, "sigma": 1.0})
    model, objective = family.build(Spec(tuple(x.shape[1:]), len(x)), h)
    layout = torch.channels_last if any(isinstance(m, nn.Conv2d) for m in net.body()) else torch.contiguous_format
    model.encoder, model.decoder = (part().to(memory_format=layout) for part in (net.body, net.painter))
    model.bottleneck = Gaussian(net.features, net.d)
    settings = {"batch_size": BATCH, "lr": LR, "precision": precision}
    seconds = fitted(model, objective, x, settings, epochs, seed, watch)
    return epochs * len(x) / seconds, model


def theirs(net: Net, x: Tensor, epochs: int, seed: int, watch: Watch | None = None) -> tuple[float, nn.Module]:
    """(images/s, model) of pythae's BaseTrainer: its training loop alone, without set-up and final save."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.body = net.body()
            self.mu, self.logvar = nn.Linear(net.features, net.d), nn.Linear(net.features, net.d)

        def forward(self, x):
            h = self.body(x)
            return ModelOutput(embedding=self.mu(h), log_covariance=self.logvar(h))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.body = net.painter()

        def forward(self, z):
            return ModelOutput(reconstruction=self.body(z).sigmoid())

    torch.manual_seed(seed)
    settings = VAEConfig(input_dim=tuple(x.shape[1:]), latent_dim=net.d, reconstruction_loss="mse")
    model = PythaeVAE(settings, Encoder(), Decoder())
    data = BaseDataset(x.float().cpu() / 255, torch.zeros(len(x)))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=BATCH,
            learning_rate=LR,
            seed=seed,
            no_cuda=x.device.type != "cuda",
        )
        trainer = BaseTrainer(model, data, training_config=config)
        trainer.prepare_training()
        seconds = 0.0
        for epoch in range(1, epochs + 1):
            model.train()
            began = time.perf_counter()
            trainer.train_step(epoch)
            seconds += time.perf_counter() - began
            if watch:
                watch(seconds, model)
    return epochs * len(x) / seconds, model


@torch.inference_mode()
def their_elbo(model: nn.Module, x: Tensor) -> float:
    """The test elbo in nats of pythae's model, with the normaliser that its loss leaves out."""
    torch.manual_seed(0)
    model.eval()
    total = 0.0
    for batch in x.split(500):
        x01 = batch.float() / 255
        q = model.encoder(x01)
        std = (0.5 * q.log_covariance).exp()
        mean = model.decoder(q.embedding + std * torch.randn_like(std)).reconstruction
        squares = (x01 - mean).flatten(1).square().sum(1)
        kl = 0.5 * (q.embedding.square() + std.square() - 1 - q.log_covariance).sum(1)
        total -= float((0.5 * squares + 0.5 * x01[0].numel() * math.log(2 * math.pi) + kl).sum())
    return total / len(x)


def pictures(side: int, device: str) -> tuple[Tensor, Tensor]:
    """Fashion-MNIST, train and test, uint8 (n, 1, side, side)."""
    data, border = fashion_mnist.load(), (side - 28) // 2
    both = (torch.from_numpy(a) for a in (data.x_train, data.x_test))
    return tuple(nn.functional.pad(a, [border] * 4).to(device) for a in both)
