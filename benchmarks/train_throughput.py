"""Images per second of training, zscope against pythae, both in one run: python -m benchmarks.train_throughput.

Three nets, the same modules on both sides: A, an MLP (784-512, d = 10); B, pythae's ConvNet for MNIST (17 million
parameters, d = 16); D, the net of Burgess et al., 2018, for 32 x 32 pictures (d = 10). Fashion-MNIST, for D with a
border of two pixels; Adam 1e-3, batch 128, the gaussian likelihood with sigma 1 (pythae's "mse" up to a constant).
Each library runs its own training loop, without set-up and saving. Mode "same": float32 on both sides; "best":
zscope's bfloat16 against the only mode that pythae has on a CPU. The sides take turns, in an order that turns too.
pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.machine import summary, write
from benchmarks.peer import begin, fitted
from vae.bottlenecks import Gaussian
from vae.data import fashion_mnist
from vae.metrics.bounds import evaluate
from vae.model import VAE
from vae.registry import FAMILIES, configure
from vae.train import Trainer, TrainHparams
from vae.types import Spec

BATCH, LR = 128, 1e-3
WANTED = {
    ("A", "same"): 1.5,
    ("A", "best"): 2,
    ("B", "same"): 1.2,
    ("B", "best"): 1.8,
    ("D", "same"): 1.5,
    ("D", "best"): 2,
}
ROOFLINE_BATCH, ROOFLINE = 512, 0.6


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


def ours(net: Net, precision: str, x: Tensor, epochs: int, seed: int) -> tuple[float, VAE]:
    """(images/s, model) of vae.train.fit; convolutions laid out as zscope's own nets are."""
    torch.manual_seed(seed)
    family = FAMILIES.get("vae")
    h = configure(family.Hparams, {"net": "mlp", "width": 1, "d": net.d, "sigma": 1.0})
    model, objective = family.build(Spec(tuple(x.shape[1:]), len(x)), h)
    layout = torch.channels_last if any(isinstance(m, nn.Conv2d) for m in net.body()) else torch.contiguous_format
    model.encoder, model.decoder = (part().to(memory_format=layout) for part in (net.body, net.painter))
    model.bottleneck = Gaussian(net.features, net.d)
    seconds = fitted(model, objective, x, {"batch_size": BATCH, "lr": LR, "precision": precision}, epochs, seed)
    return epochs * len(x) / seconds, model


def theirs(net: Net, x: Tensor, epochs: int, seed: int) -> tuple[float, nn.Module]:
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
        model.train()
        began = time.perf_counter()
        for epoch in range(1, epochs + 1):
            trainer.train_step(epoch)
        seconds = time.perf_counter() - began
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


def throughput(name: str, repeats: int, device: str) -> dict[str, list[float]]:
    """Images/s of every turn, by side."""
    net = NETS[name]
    x = pictures(net.side, device)[0][: net.images]
    sides = {
        "same": lambda seed: ours(net, "float32", x, 1, seed)[0],
        "best": lambda seed: ours(net, "bfloat16", x, 1, seed)[0],
        "peer": lambda seed: theirs(net, x, 1, seed)[0],
    }
    speeds: dict[str, list[float]] = {side: [] for side in sides}
    for seed in range(repeats + 1):
        for side in (order := list(sides))[seed % 3 :] + order[: seed % 3]:
            speed = sides[side](seed)
            if seed:  # the first round warms up
                speeds[side].append(speed)
    return speeds


def elbos(name: str, epochs: int, device: str) -> dict[str, float]:
    """Test elbo, nats, after whole epochs of the training set, by side; one seed."""
    net = NETS[name]
    x, x_test = pictures(net.side, device)
    found = {mode: ours(net, p, x, epochs, 0)[1] for mode, p in (("same", "float32"), ("best", "bfloat16"))}
    by_mode = {mode: evaluate(model, x_test)["elbo_nats"] for mode, model in found.items()}
    return by_mode | {"peer": their_elbo(theirs(net, x, epochs, 0)[1], x_test)}


def roofline(repeats: int, device: str) -> list[float]:
    """Share of the machine's own rate of float32 products that a training step of net A reaches, of each turn."""
    net, b = NETS["A"], ROOFLINE_BATCH
    x = pictures(28, device)[0]
    flops = (
        2 * b * (2 * 784 * 512 + 3 * 512 * 784 + 3 * 512 * 2 * net.d + 3 * net.d * 512)
    )  # the input needs no gradient
    shares = []
    for seed in range(repeats):
        h = configure(FAMILIES.get("vae").Hparams, {"net": "mlp", "width": 512, "d": net.d, "sigma": 1.0})
        model, objective = FAMILIES.get("vae").build(Spec((1, 28, 28), len(x)), h)
        trainer = Trainer(model.to(device), objective, configure(TrainHparams, {"batch_size": b, "lr": LR}), seed, 100)
        step = _seconds(lambda t=trainer: t.train_step(x[:b].float() / 255), device)
        a, w = torch.randn(b, 784, device=device), torch.randn(784, 512, device=device)
        product = _seconds(lambda a=a, w=w: a @ w, device)
        shares.append(flops / step / (2 * b * 784 * 512 / product))
    return shares


def _seconds(call: Callable, device: str, n: int = 40) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(n):
        began = time.perf_counter()
        call()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--nets", nargs="+", default=list(NETS), choices=NETS)
    p.add_argument("--epochs", type=int, default=1, help="of the comparison of elbos; 0 leaves it out")
    p.add_argument("--quick", action="store_true", help="2 repeats, no elbos")
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    repeats, epochs = (2, 0) if args.quick else (args.repeats, args.epochs)
    device, say = begin(f"training on Fashion-MNIST, batch {BATCH}", args.json)
    rows = []
    for name in args.nets:
        speeds = throughput(name, repeats, device)
        test = elbos(name, epochs, device) if epochs and name != "B" else {}
        for mode in ("same", "best"):
            ratios = [a / b for a, b in zip(speeds[mode], speeds["peer"], strict=True)]
            row = {"net": name, "device": device, "mode": mode, "n": repeats, "ratios": ratios}
            row |= {"ours": statistics.median(speeds[mode]), "peer": statistics.median(speeds["peer"])}
            row |= {"ratio": statistics.median(ratios), "wanted": WANTED[name, mode]}
            if test:
                row |= {"ours_test_elbo_nats": test[mode], "peer_test_elbo_nats": test["peer"]}
            rows.append(row)
            elbo = f"   test elbo {test[mode]:.2f}, pythae {test['peer']:.2f} nats" if test else ""
            say(
                f"net {name}, {mode}: zscope {summary(speeds[mode])}, pythae {summary(speeds['peer'])} images/s, "
                f"ratio {summary(ratios)}, wanted >= {WANTED[name, mode]}{elbo}"
            )
    result = {"rows": rows, "unit": "images/s"}
    if "A" in args.nets:
        shares = roofline(repeats, device)
        result["roofline_share"] = {
            "net": "A",
            "batch": ROOFLINE_BATCH,
            "share": float(np.median(shares)),
            "all": shares,
        }
        say(f"net A, batch {ROOFLINE_BATCH}: {summary(shares)} of its largest product alone, wanted >= {ROOFLINE}")
    write("train_throughput", result)
    if args.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
