"""Training as a stream of events: no prints, no files, no user interface.

The data set lives on the device as one tensor, or comes in chunks (stream.py); nothing is fetched from the device
inside an epoch but one small tensor every `REPORT_SECONDS`. The random state is part of the training state, so a
resumed run repeats bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..data import binarise
from ..errors import ZscopeError
from ..losses.batch_shares import ALONE, Share, taking
from ..losses.model import Model
from ..metrics.bounds import evaluate
from ..models.conditions import told
from ..models.nets.precision import PRECISIONS, mixed
from ..models.tensors import to_float
from ..settings import knob
from ..text import _
from ..types import Loss
from . import augment, distributed
from .adam import Group
from .stream import Resident, Stream

REPORT_SECONDS = 0.25
EVALUATED = ("elbo_nats", "distortion_nats", "rate_nats", "mse", "accuracy")  # after each epoch
ADVERSARY_BETAS = (0.5, 0.9)  # of its Adam, as in the training of the adversary in Kim and Mnih, 2018


class Diverged(ZscopeError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class TrainHparams:
    """Settings of the optimiser; Adam (Kingma and Ba, 2015)."""

    batch_size: int = knob(128, "samples a step", low=1, high=65536)
    lr: float = knob(1e-3, "learning rate of Adam at the start", low=1e-7, high=1.0, log=True)
    lr_end: float = knob(
        1.0, "last learning rate as a share of the first; below 1 it falls along a cosine", low=0.0, high=1.0
    )
    precision: str = knob(
        "float32",
        "of the products in encoder and decoder while training; bfloat16 is faster where the processor has it",
        choices=PRECISIONS,
    )
    clip: float = knob(
        10.0,
        "norm to which longer gradients are scaled down; 0: never. Where nearly all are longer, only their directions "
        "count: Adam with normalised gradients",
        low=0.0,
        high=1e9,
        term="gradient-clipping",
    )
    binarise: str = knob(binarise.NONE, binarise.HELP, choices=binarise.MODES, term="binarisation")
    augment: str = knob(augment.NONE, augment.HELP, choices=augment.MODES, term="augmentation")
    validation: float = knob(
        0.1,
        "share of the training samples, 5,000 at most, that is held out to measure the model after each epoch; 0: none",
        low=0.0,
        high=0.5,
        term="validation-set",
    )


@dataclass(frozen=True)
class Event:
    """kind "step" (several a second) or "epoch"; metrics: means since the epoch began, units in their names, and those
    of the last evaluation."""

    kind: str
    epoch: int  # the one under way, from 1
    epochs: int
    step: int
    steps: int
    metrics: dict[str, Any]
    images_per_s: float
    seconds_left: float


class Trainer:
    """Everything that changes while training: parameters, optimisers, step, random state.

    Two named groups: `parameters`, the model's, minimise the objective's total; `adversary`, the objective's own,
    minimise its adversary. Each gets the gradients of its own loss alone, and both are taken before either moves.
    """

    def __init__(self, model: Model, objective: nn.Module, h: TrainHparams, seed: int, steps: int):
        self.model, self.objective, self.h, self.steps = model, objective, h, steps
        self.step = self.epoch = 0
        mixed(model, h.precision)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.adversary = [p for p in objective.parameters() if p.requires_grad]
        self.groups = [Group("adam", self.parameters, h.lr, (0.9, 0.999))]
        if self.adversary:
            self.groups.append(Group("adversary", self.adversary, h.lr, ADVERSARY_BETAS))
        self.seed, self.replica = seed, distributed.replica(model, objective, h.batch_size)
        self.order = torch.Generator().manual_seed(seed)  # of the samples: on the CPU, the same on every device
        self.pixels = torch.Generator().manual_seed(seed)  # of binary pixels drawn anew in each step: likewise
        self.moves = torch.Generator().manual_seed(seed)  # of pictures, in each step: likewise
        torch.manual_seed(seed)

    def train_step(self, x: Tensor, c: Tensor | None = None, share: Share = ALONE) -> Loss:
        """One Adam step of the model and, where the loss has an adversary, one of that. share: what x is of a batch
        that several processes share.

        Raises: ZscopeError: for an adversary's loss without parameters in the objective that could minimise it.
        """
        alone = self.replica is None
        with taking(share):
            loss = self.replica(x, self.step, c) if self.replica else self.objective(self.model, x, self.step, c)
        model, *rest = self.groups
        if loss.adversary is None:
            rest = []
        elif not rest:
            raise ZscopeError(
                _("{name} has an adversary's loss but no parameters to lower it.", name=type(self.objective).__name__)
            )
        for adversary in rest:
            # the two losses may share what is before them
            adversary.take_gradients(_weighed(loss.adversary, share.weight), keep_graph=True)
            distributed.average(adversary.parameters)
        model.take_gradients(_weighed(loss.total, share.weight), averaged=not alone)
        for group in (model, *rest):
            group.step(self._share(), self.h.clip)
        self.step += 1
        return loss

    def inputs(self, x: Tensor, share: Share = ALONE) -> Tensor:
        """Samples (b, *shape), uint8 or float, as the model is trained on them: float, mirrored and shifted as augment
        says, and with binarise=dynamic a new draw of 0 and 1. share: what x is of a batch that several processes share;
        the noise of the whole batch is drawn, so that they see the pixels that one would."""
        x = to_float(x)
        if self.h.augment != augment.NONE:
            x = augment.augmented(x, self.h.augment, self.moves, share)
        if self.h.binarise != binarise.DYNAMIC:
            return x
        noise = torch.rand((share.rows or len(x), *x.shape[1:]), generator=self.pixels)
        return (share.of(noise).to(x.device) < x).to(x.dtype)

    def clipped_shares(self) -> dict[str, float]:
        """`clipped_share`, that of the steps since the last call whose gradient was above the clip, and the same of an
        adversary. Waits for the device."""
        names = ("clipped_share", "adversary_clipped_share")
        return {name: group.clipped_share() for name, group in zip(names, self.groups, strict=False)}

    def _share(self) -> float:
        """Of the learning rate, at this step: 1 at the start, lr_end at the end."""
        done = min(1.0, self.step / max(1, self.steps))
        return self.h.lr_end + (1 - self.h.lr_end) * 0.5 * (1 + math.cos(math.pi * done))

    # -------------------------------------------------------- state, as flat tensors for a safetensors file

    def state(self) -> dict[str, Tensor]:
        """Objective, optimisers, counters and random state: with the model, all that a bit-for-bit resume needs."""
        out = {"step": torch.tensor(self.step), "epoch": torch.tensor(self.epoch), "order": self.order.get_state()}
        if self.h.binarise == binarise.DYNAMIC:
            out["pixels"] = self.pixels.get_state()
        if self.h.augment != augment.NONE:
            out["moves"] = self.moves.get_state()
        out["random_cpu"] = torch.get_rng_state()
        device = self.parameters[0].device
        if device.type == "cuda":
            out["random_cuda"] = torch.cuda.get_rng_state(device)
        if device.type == "mps":
            out["random_mps"] = torch.mps.get_rng_state()
        for group in self.groups:
            out |= group.state()
        out |= {f"objective.{k}": v for k, v in self.objective.state_dict().items()}
        return {k: v.detach().cpu().contiguous() for k, v in out.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue where `state()` was taken. Raises: ZscopeError: if it is of another model or objective."""
        device = self.parameters[0].device
        self.step, self.epoch = int(state["step"]), int(state["epoch"])
        self.order.set_state(state["order"])
        if self.h.binarise == binarise.DYNAMIC:
            self.pixels.set_state(state["pixels"])
        if self.h.augment != augment.NONE and "moves" in state:
            self.moves.set_state(state["moves"])
        for group in self.groups:
            group.restore(state)
        saved = {k.removeprefix("objective."): v for k, v in state.items() if k.startswith("objective.")}
        try:
            self.objective.load_state_dict(saved)
        except RuntimeError as e:
            raise ZscopeError(_("this resume file belongs to another objective: {error}", error=e)) from e
        torch.set_rng_state(state["random_cpu"])
        if device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], device)
        if device.type == "mps" and "random_mps" in state:
            torch.mps.set_rng_state(state["random_mps"])


def fit(
    trainer: Trainer,
    x: Tensor | Stream,
    given: Tensor | None,
    x_validation: Tensor | None,
    epochs: int,
    *,
    y_validation: Tensor | None = None,
    c_validation: Tensor | None = None,
    held_out: bool = True,
) -> Iterator[Event]:
    """Train to `epochs` epochs in all (a resumed trainer does the rest), yielding events.

    x: (n, *shape) uint8 or float 0-1, on the model's device; given: what the model is told of each, (n,) labels, -1
    where unknown, or conditions (n, *condition), or None; a stream as x has its own. x_validation: evaluated after each
    epoch; y_validation: its labels; c_validation: its conditions, for a model that is told those. held_out: False for
    samples that it trains on, whose number of active units alone is reported. Stop by closing the generator. Of several
    processes each takes its share of every batch; events of "step" tell of that alone.
    Raises: Diverged: as soon as an epoch part is not finite, naming the part and the step.
    """
    batch, n = min(trainer.h.batch_size, len(x)), len(x)
    data = x if isinstance(x, Stream) else Resident(x, given)
    per_epoch = -(-n // batch)
    rank, world = distributed.place()
    began, began_step = time.perf_counter(), trainer.step
    evaluated: dict[str, Any] = {}  # as of the last epoch that was
    clipped: dict[str, float] = {}  # as of the last epoch
    while trainer.epoch < epochs:
        trainer.model.train()
        trainer.clipped_shares()  # of an epoch that was broken off
        distributed.begin_epoch(trainer.seed, trainer.epoch)
        sums: dict[str, float] = {}
        pending: list[tuple[dict[str, Tensor], int]] = []  # figures of the steps since they were last added up
        seen, epoch_began, reported = 0, time.perf_counter(), 0.0
        for xs, ys, rows in data.epoch(trainer.order, batch):
            share = Share(rank, world, len(rows))
            mine = share.of(rows)
            c = None if ys is None else told(trainer.model, ys[mine])
            loss = trainer.train_step(trainer.inputs(xs.index_select(0, mine), share), c, share)
            parts = loss.parts if loss.adversary is None else loss.parts | {"adversary": loss.adversary.detach()}
            measured = {f"{name}_nats": value for name, value in parts.items()} | loss.figures
            if share.weight:
                pending.append((measured, len(mine)))
                seen += len(mine)
            now = time.perf_counter()
            if now - reported > REPORT_SECONDS:
                reported = now
                left = (now - began) / max(1, trainer.step - began_step) * (epochs * per_epoch - trainer.step)
                yield Event(
                    "step",
                    trainer.epoch + 1,
                    epochs,
                    trainer.step,
                    per_epoch * epochs,
                    _means(sums, pending, seen, trainer.step) | evaluated | clipped,
                    world * seen / (now - epoch_began),
                    left,
                )
        seconds = time.perf_counter() - epoch_began
        means = distributed.mean(_means(sums, pending, seen, trainer.step), seen, data.device)
        clipped = trainer.clipped_shares()
        metrics = means | clipped | {"seconds": seconds, "images_per_s": n / seconds}
        trainer.epoch += 1
        if x_validation is not None:
            found = evaluate(trainer.model, x_validation, y_validation, c=c_validation)
            of = "validation" if held_out else "training"
            figures = {f"{of}_{k}": found[k] for k in EVALUATED if found[k] is not None}
            _check_finite(figures, trainer.step)  # the last step may have broken what no training loss has seen yet
            counted = {k: found[k] for k in ("active_units_by_rate", "active_units") if found[k] is not None}
            evaluated = counted | (figures if held_out else {})
            metrics |= evaluated
        left = (time.perf_counter() - began) / max(1, trainer.step - began_step) * (epochs * per_epoch - trainer.step)
        yield Event("epoch", trainer.epoch, epochs, trainer.step, per_epoch * epochs, metrics, n / seconds, left)


def _weighed(loss: Tensor, weight: float) -> Tensor:
    return loss if weight == 1 else weight * loss


def _means(sums: dict[str, float], pending: list, seen: int, step: int) -> dict[str, float]:
    """Add the pending steps to the sums and forget them; the means over `seen`. Step after step, so that the sum does
    not depend on when it is taken."""
    values: dict[str, list[Tensor]] = {}
    for measured, rows in pending:
        for name, value in measured.items():
            values.setdefault(name, []).append(value.expand(rows))  # (b,), or a scalar that holds for each sample
    pending.clear()
    for name, several in values.items():
        for total in torch.stack([value.sum() for value in several]).tolist():
            sums[name] = sums.get(name, 0.0) + total
    means = {name: total / seen for name, total in sums.items()}
    _check_finite(means, step)
    return means


def _check_finite(metrics: dict[str, float], step: int) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise Diverged(
                _(
                    "{name} is {value} by step {step}: try a lower lr or a smaller clip.",
                    name=name,
                    value=value,
                    step=step,
                )
            )
