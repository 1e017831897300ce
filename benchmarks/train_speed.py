"""Images per second of training, zscope against pythae, both sides in one run: python -m benchmarks.train_speed.

Net A: 784-512-ReLU to two heads of d=10, d-512-ReLU-784-sigmoid (820 004 parameters), Fashion-MNIST, Adam 1e-3, batch
128, float32, the gaussian likelihood with sigma 1 (which is pythae's "mse" reconstruction loss up to a constant).
Each library runs its own trainer, the two take turns, and the test elbo of both is computed by the same function.
pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import math
import sys
import tempfile
import time
import warnings

import numpy as np
import torch

from benchmarks.machine import machine, summary, write
from vae.data import fashion_mnist
from vae.metrics.bounds import evaluate
from vae.registry import FAMILIES, configure
from vae.train import Trainer, TrainHparams, fit
from vae.types import Spec

D, WIDTH, BATCH, LR = 10, 512, 128, 1e-3


def ours(x: torch.Tensor, epochs: int, seed: int):
    """(images/s, model) of vae.train.fit."""
    family = FAMILIES.get("vae")
    torch.manual_seed(seed)
    h = configure(family.Hparams, {"net": "mlp", "width": WIDTH, "d": D, "sigma": 1.0})
    model, objective = family.build(Spec(tuple(x.shape[1:]), len(x)), h)
    t = configure(TrainHparams, {"batch_size": BATCH, "lr": LR})
    trainer = Trainer(model, objective, t, seed, epochs * -(-len(x) // BATCH))
    began = time.perf_counter()
    for _ in fit(trainer, x, None, None, epochs):
        pass
    return epochs * len(x) / (time.perf_counter() - began), model


def theirs(x: torch.Tensor, epochs: int, seed: int):
    """(images/s, model) of pythae's BaseTrainer: its training loop alone, without set-up and final save."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    torch.manual_seed(seed)
    model = VAE(VAEConfig(input_dim=tuple(x.shape[1:]), latent_dim=D, reconstruction_loss="mse"))
    data = BaseDataset(x.float() / 255, torch.zeros(len(x)))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=BATCH,
            learning_rate=LR,
            seed=seed,
            no_cuda=True,
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
def their_elbo(model: torch.nn.Module, x: torch.Tensor) -> float:
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


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--epochs", type=int, default=3)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--quick", action="store_true", help="1 epoch, 2 repeats")
    args = p.parse_args()
    epochs, repeats = (1, 2) if args.quick else (args.epochs, args.repeats)
    try:
        import pythae  # noqa: F401
    except ImportError as e:
        print(f"this benchmark compares with pythae, which is not installed ({e}): pip install pythae", file=sys.stderr)
        return 1
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    data = fashion_mnist.load()
    x, x_test = torch.from_numpy(data.x_train), torch.from_numpy(data.x_test)
    speeds: dict[str, list[float]] = {"zscope": [], "pythae": []}
    elbos: dict[str, list[float]] = {"zscope": [], "pythae": []}
    for seed in range(repeats):
        speed, model = ours(x, epochs, seed)
        speeds["zscope"].append(speed)
        elbos["zscope"].append(evaluate(model, x_test)["elbo_nats"])
        speed, model = theirs(x, epochs, seed)
        speeds["pythae"].append(speed)
        elbos["pythae"].append(their_elbo(model, x_test))
    ratios = [a / b for a, b in zip(speeds["zscope"], speeds["pythae"], strict=True)]
    print(
        f"training, net A on Fashion-MNIST, batch {BATCH}, float32, {epochs} epochs, {torch.get_num_threads()} threads"
    )
    print("  ".join(f"{k}: {v}" for k, v in machine().items()))
    for name in speeds:
        print(f"{name:8} {summary(speeds[name])} images/s   test elbo {summary(elbos[name])} nats")
    print(f"ratio    {summary(ratios)} times (target >= 1.5)")
    print(
        f"test elbo, zscope minus pythae: {np.mean(elbos['zscope']) - np.mean(elbos['pythae']):+.3f} nats (within .5)"
    )
    write("train_speed", {"images_per_s": speeds, "test_elbo_nats": elbos, "ratio": ratios, "epochs": epochs})
    return 0


if __name__ == "__main__":
    sys.exit(main())
