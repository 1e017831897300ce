"""One step of every family in two processes, through gloo, against the same step in one.

Each process trains on its share of a batch, and its noise is what one process would draw for these rows, so that
nothing may differ but rounding. `python -m tests.ranks [CASE ...]` prints JSON: case -> batch size -> quantity ->
relative difference.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.distributed as dist
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tests.checks import Case, cases
from vae.losses.batch_shares import Share
from vae.settings import knobs
from vae.training import distributed
from vae.training import trainer as trainers

WORLD, SECONDS = 2, 100
BATCHES = (9, 1)  # shares of 5 and 4 rows; and a batch with fewer rows than processes
DRAWS = {torch.randn, torch.rand, torch.randint, torch.randn_like, torch.rand_like, torch.randint_like}
OTHER = {  # settings with which a family's terms are as hard as they get
    "energy_prior_vae": {"prior_chains": 7},
    "rbm": {"chains": 7},  # no multiple of the rows of a share, so that what is drawn for them is not taken for rows
    "vq_vae": {"codes": 7, "prior_width": 8},
    "ladder_vae": {"free_bits_nats": 0.28},  # between the rates of the two shares in one level
}


def compared() -> dict[str, Case]:
    """Every family as it is by default, and with every other choice of its own settings, on one modality."""
    found, first = {}, {}
    for case in cases():
        shared = [k for k, _ in case.settings if k in ("net", "likelihood", "warmup")]
        if not shared and first.setdefault(case.family.name, case.modality) == case.modality:
            wide = {"sigma": 1.0} if "sigma" in knobs(case.family.Hparams) else {}  # the distortion weighs little
            settings = dict(case.settings) | wide | OTHER.get(case.family.name, {})
            found[str(case)] = dataclasses.replace(case, settings=tuple(settings.items()))
    return found


class NoiseOfOne(TorchFunctionMode):
    """Numbers with a row for each of this process's are those rows of what one process draws for the whole batch.

    Others, which the processes can only share, are in the first those of one process, and in the second different.
    """

    def __init__(self, share: Share):
        super().__init__()
        self.share, self.seed = share, 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        drawn, own = function(*args, **(kwargs or {})), max(1, self.share.own)
        if function not in DRAWS:
            return drawn
        self.seed += 1
        if len(drawn) % own:
            return self.numbers(function, drawn, args, self.seed + 100 * self.share.rank)
        whole = drawn.new_empty(len(drawn) // own, self.share.rows, *drawn.shape[1:])
        return torch.cat([self.share.of(part) for part in self.numbers(function, whole, args, self.seed)])

    def numbers(self, function: Any, like: Tensor, args: Any, seed: int) -> Tensor:
        """Of the same distribution as function(*args), in the shape of `like`."""
        generator, kind = torch.Generator().manual_seed(seed), function.__name__.removesuffix("_like")
        drawn = torch.empty_like(like, device="cpu")  # the same on every device
        if kind == "randint":
            drawn.random_(0, next(a for a in args if isinstance(a, int)), generator=generator)
        else:
            (drawn.normal_ if kind == "randn" else drawn.uniform_)(generator=generator)
        return drawn.to(like.device)


def step(case: Case, share: Share) -> dict[str, Tensor]:
    """What one step leaves: gradients, buffers, and the figures of the batch."""
    trainer = case.trainer(seed=1, clip=0.0)
    trainer.step = 500  # every warm-up has begun
    with torch.no_grad():
        for p in trainer.parameters:
            p *= 2  # so that codes are as far apart as after some training
    x, c = case.batch(share.rows)
    with NoiseOfOne(share):
        loss = trainer.train_step(share.of(x), share.of(c), share)
    found = {"model": gradients(trainer.parameters), "adversary": gradients(trainer.adversary)}
    buffers = [b.flatten().float() for name, b in trainer.model.named_buffers() if "sigma" not in name]
    found |= {"buffers": torch.cat(buffers)} if buffers else {}
    found |= distributed_mean(loss.figures, share)
    return {name: value for name, value in found.items() if value.numel()}


def distributed_mean(figures: dict[str, Tensor], share: Share) -> dict[str, Tensor]:
    """As they are reported."""
    numbers = distributed.mean({k: float(v) for k, v in figures.items()}, share.own, torch.device("cpu"))
    return {k: torch.tensor(v) for k, v in numbers.items()}


def gradients(parameters: list[torch.nn.Parameter]) -> Tensor:
    return torch.cat([torch.empty(0), *(p.grad.flatten() for p in parameters if p.grad is not None)])


def steps(names: list[str], rank: int, world: int, apart: bool) -> dict[str, dict[int, dict[str, Tensor]]]:
    """apart: each process computes every term from its own rows alone."""
    unaware = mock.patch.object(trainers, "taking", return_value=contextlib.nullcontext())
    with unaware if apart else contextlib.nullcontext():
        chosen = {name: case for name, case in compared().items() if name in names or not names}
        return {name: {n: step(case, Share(rank, world, n)) for n in BATCHES} for name, case in chosen.items()}


def difference(a: Tensor, b: Tensor) -> float:
    """|a - b| / |b|; 0 where neither is anything."""
    return float((a - b).norm() / b.norm()) if b.any() else float(a.norm())


def measure(names: list[str], *, apart: bool = False) -> dict[str, dict[str, dict[str, float]]]:
    """The largest differences of both processes from a single one, in these cases, or in all if none is named; apart:
    see `steps`. It forks, so the caller may have no threads."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        children = {}
        for name, rank, world in (("alone", 0, 1), ("0", 0, WORLD), ("1", 1, WORLD)):
            if child := os.fork():
                children[child] = name
                continue
            signal.alarm(SECONDS)  # a process left alone would wait for the other
            torch.set_num_threads(1)
            if world > 1:
                dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=world)
            torch.save(steps(names, rank, world, apart), Path(folder) / name)
            os._exit(0)
        failed = ""
        while children:
            child, status = os.wait()
            name = children.pop(child)
            if status and not failed:
                failed = name
                for other in children:
                    os.kill(other, signal.SIGTERM)
        if failed:
            raise SystemExit(f"process {failed} failed")
        alone, *ranks = (torch.load(Path(folder) / name) for name in ("alone", "0", "1"))
    return {
        case: {
            str(rows): {key: max(difference(r[case][rows][key], value) for r in ranks) for key, value in found.items()}
            for rows, found in by_rows.items()
        }
        for case, by_rows in alone.items()
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1:])))
