"""On the accelerator, CUDA or else MPS, what the other tests find on the CPU: `make test-gpu`.

`ZSCOPE_TEST_DEVICE=cpu make test-gpu` rehearses them without one.
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests.checks import Case
from tests.ranks import NoiseOfOne, compared, difference, gradients
from vae.engine.device import repeatable
from vae.engine.engine import Engine
from vae.losses.batch_shares import Share, _Gather
from vae.metrics.bounds import evaluate
from vae.models.nets.precision import decoding_in
from vae.models.tensors import seeded
from vae.saved import checkpoint
from vae.settings import configure, knobs
from vae.training import distributed, stream
from vae.training.experiment import Plan, train
from vae.training.trainer import Trainer, TrainHparams

pytestmark = [pytest.mark.gpu, pytest.mark.filterwarnings("default::UserWarning")]
CASES = compared()
FORWARD, GRADIENT = 1e-4, 1e-3  # relative, in float32 with sums in another order
ALL = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module", autouse=True)
def device():
    """With products in full float32, as on a CPU: TF32 has 10 bits."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    name = os.environ.get("ZSCOPE_TEST_DEVICE") or found
    if name is None:
        pytest.skip("there is neither CUDA nor MPS here, and ZSCOPE_TEST_DEVICE names no other device")
    tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    repeatable(torch.device(name))
    yield torch.device(name)
    torch.backends.cudnn.allow_tf32 = tf32
    torch.use_deterministic_algorithms(False)


def trainer_on(case: Case, device: torch.device, **settings) -> Trainer:
    model, objective = case.build(seed=1)
    return Trainer(model.to(device), objective.to(device), configure(TrainHparams, settings), 1, steps=100)


def batch_on(case: Case, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    x, c = case.batch()
    return x.to(device), c.to(device)


def states(trainer: Trainer) -> dict[str, torch.Tensor]:
    return trainer.state() | {f"model.{k}": v.cpu() for k, v in trainer.model.state_dict().items()}


# ---------------------------------------------------------------- training


@ALL
def test_a_family_trains(device, name):
    trainer = trainer_on(CASES[name], device)
    before = [p.detach().clone() for p in trainer.parameters]
    for _ in range(4):
        loss = trainer.train_step(*batch_on(CASES[name], device))
        assert torch.isfinite(loss.total)
        assert {value.device.type for value in (loss.parts | loss.figures).values()} == {device.type}
    assert not any(torch.equal(p, old) for p, old in zip(trainer.parameters, before, strict=True))


@ALL
def test_its_numbers_are_those_of_the_cpu(device, name):
    """With the same noise: posterior, decoded means, every part of the loss, the gradients, the codebook."""
    case, found = CASES[name], []
    for where in (torch.device("cpu"), device):
        trainer = trainer_on(case, where, clip=0.0)
        trainer.step = 500  # every warm-up has begun
        x, c = batch_on(case, where)
        with NoiseOfOne(Share(0, 1, len(x))):
            loss = trainer.train_step(x, c)
        numbers = {"total": loss.total.detach(), **loss.parts, **loss.figures}
        numbers |= {f"buffer {k}": v.float() for k, v in trainer.model.named_buffers()}
        taken = {"model": gradients(trainer.parameters), "adversary": gradients(trainer.adversary)}
        again = trainer_on(case, where).model.eval()  # before Adam, which makes rounding large
        with torch.inference_mode():
            q = again.infer(x, c)
            numbers |= {"mu": q.mu, "std": q.std, "decoded": again.decode(q.mu, c)}
        found.append([{k: v.cpu() for k, v in each.items()} for each in (numbers, taken)])
    (numbers, taken), (numbers_there, taken_there) = found
    for key, value in numbers.items():
        torch.testing.assert_close(numbers_there[key], value, rtol=FORWARD, atol=1e-4, msg=lambda m, k=key: f"{k}: {m}")
    for key, value in taken.items():
        assert difference(taken_there[key], value) <= GRADIENT, key


@ALL
def test_a_resumed_training_repeats_bit_for_bit(device, name):
    case = CASES[name]
    straight, broken = trainer_on(case, device), trainer_on(case, device)
    for trainer in (straight, broken):
        torch.manual_seed(7)
        for _ in range(2):
            trainer.train_step(*batch_on(case, device))
        if trainer is straight:
            for _ in range(2):
                trainer.train_step(*batch_on(case, device))
    saved = states(broken)
    torch.randn(99, device=device)
    again = trainer_on(case, device)
    again.model.load_state_dict({k.removeprefix("model."): v for k, v in saved.items() if k.startswith("model.")})
    again.restore(saved)
    for _ in range(2):
        again.train_step(*batch_on(case, device))
    expected = states(straight)
    assert [k for k, v in states(again).items() if not torch.equal(v, expected[k])] == []


@ALL
def test_lower_precision_is_near_float32(device, name):
    case = CASES[name]
    lower = []
    for precision in ("float32", "bfloat16"):
        trainer = trainer_on(case, device, precision=precision)
        with NoiseOfOne(Share(0, 1, 8)):
            lower.append(float(trainer.train_step(*batch_on(case, device)).total.detach()))
        assert {p.dtype for p in trainer.parameters} == {torch.float32}
    assert lower[1] == pytest.approx(lower[0], rel=0.02, abs=1.0)


def test_a_decoder_in_lower_precision_gives_nearly_the_same_pictures(device):
    model = trainer_on(CASES["vae-image"], device).model.eval()
    z = torch.randn(8, model.d).to(device)
    with torch.inference_mode():
        lower = decoding_in(model, "bfloat16").decode(z)
        torch.testing.assert_close(lower, model.decode(z), rtol=0.02, atol=0.01)


# ---------------------------------------------------------------- random numbers and streams


def test_an_evaluation_leaves_no_trace_in_the_random_numbers(device):
    case = CASES["vae-image"]
    model = trainer_on(case, device).model
    drawn = []
    for measured in (False, True):
        torch.manual_seed(3)
        if measured:
            first, second = (evaluate(model, batch_on(case, device)[0], k=3, seed=5) for _ in range(2))
            assert first == second
            assert math.isfinite(first["nll_nats"])
        drawn.append((torch.randn(4), torch.randn(4, device=device).cpu()))
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))
    with seeded(1, device):
        inside = torch.randn(4, device=device)
    with seeded(1, device):
        assert torch.equal(torch.randn(4, device=device), inside)


def test_a_stream_brings_the_epoch_that_it_brings_on_the_cpu(device, monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (1000, 1, 16, 16), dtype=np.uint8)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 8 * x[:1].nbytes)
    epochs = []
    for where in (torch.device("cpu"), device):
        data = stream.Stream(x, torch.arange(1000, device=where), where, 1)
        data.bytes = 100 * x[:1].nbytes  # ten chunks
        order, epoch = torch.Generator().manual_seed(0), []
        for _ in range(3):
            for samples, labels, rows in data.epoch(order, 8):
                assert samples.device.type == labels.device.type == where.type
                epoch.append((samples.index_select(0, rows).clone(), labels[rows].clone()))
        epochs.append([(a.cpu(), b.cpu()) for a, b in epoch])
    for (here, y), (there, y_there) in zip(*epochs, strict=True):
        assert torch.equal(here, there)
        assert torch.equal(y, y_there)
        assert torch.equal(here, torch.from_numpy(x)[y])


# ---------------------------------------------------------------- from a plan to an engine


@pytest.mark.parametrize("family", ["vae", "cvae", "ladder_vae", "vq_vae", "vamp_vae", "factor_vae"])
def test_a_checkpoint_made_on_the_device_opens_there_and_on_the_cpu(device, family, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    known = {*knobs(CASES[f"{family}-image"].family.Hparams), "batch_size"}
    small = {"d": "3", "width": "8", "adversary_width": "16", "codes": "8", "prior_width": "8", "batch_size": "256"}
    settings = {k: v for k, v in small.items() if k in known}
    plan = Plan(family, "digits", settings, epochs=2, name="there", device=device.type, points=200)
    metrics = [event.metrics for event in train(plan)][-1]
    assert math.isfinite(metrics["distortion_nats"])
    for _ in train(Plan(**vars(plan) | {"epochs": 3}), resume=True):
        pass
    saved = checkpoint.read(checkpoint.find("there"))
    assert saved.config["trained_on"] == device.type
    there, here = Engine(saved, device.type), Engine(saved, "cpu")
    x = np.random.default_rng(0).random((300, *there.shape), np.float32)
    y = {"y": 3} if there.conditional else {}
    for a, b in zip(there.encode(x, **y), here.encode(x, **y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)
    z = here.atlas.z[:50]
    np.testing.assert_allclose(there.decode(z, **y), here.decode(z, **y), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(there.sample(20, seed=1), here.sample(20, seed=1), rtol=1e-3, atol=1e-3)
    if there.has_width:
        state = torch.get_rng_state()
        assert np.array_equal(there.posterior(x[:1], 5, seed=2, **y), there.posterior(x[:1], 5, seed=2, **y))
        assert torch.equal(torch.get_rng_state(), state)


# ---------------------------------------------------------------- several processes


@pytest.fixture
def one_process(device, tmp_path):
    """A group of this process alone, through NCCL on CUDA."""
    if device.type == "mps":
        pytest.skip("torch.distributed has no backend for MPS")
    cuda = torch.device("cuda", 0) if device.type == "cuda" else None
    dist.init_process_group(
        "nccl" if cuda else "gloo", init_method=(tmp_path / "meeting").as_uri(), rank=0, world_size=1, device_id=cuda
    )
    with contextlib.ExitStack() as stack:
        stack.callback(dist.destroy_process_group)
        yield cuda or device


@pytest.mark.parametrize("name", ["vae-image", "wae-image", "factor_vae-image", "vq_vae-image", "vrnn-series"])
def test_distributed_data_parallel_takes_the_step_of_one_process(one_process, name):
    case, found = CASES[name], []
    for wrapped in (False, True):
        trainer = trainer_on(case, one_process, clip=0.0)
        if wrapped:
            trainer.replica = DistributedDataParallel(distributed.Replica(trainer.model, trainer.objective))
        x, c = batch_on(case, one_process)
        with NoiseOfOne(Share(0, 1, len(x))):
            trainer.train_step(x, c)
        found.append((gradients(trainer.parameters), gradients(trainer.adversary)))
    assert all(difference(b, a) <= 1e-5 for a, b in zip(*found, strict=True))


def test_rows_are_gathered_and_their_gradients_added_up(one_process):
    rows = torch.rand(4, 3, device=one_process, requires_grad=True)
    batch = _Gather.apply(rows, Share(0, 1, 4))
    assert torch.equal(batch, rows)
    batch.square().sum().backward()
    torch.testing.assert_close(rows.grad, 2 * rows.detach())
    assert distributed.agreed(5, one_process) == 5


@pytest.mark.parametrize("processes", [1, 2])
def test_torchrun_trains_on_the_device(device, processes, tmp_path):
    if device.type == "mps" or (device.type == "cuda" and processes > torch.cuda.device_count()):
        pytest.skip(f"there are no {processes} devices for torchrun here")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["-m", "vae", "train", "vae", "digits", "--device", device.type, "--epochs", "2", "--name", "there"]
    environment = os.environ | {"ZSCOPE_CHECKPOINTS": str(tmp_path)}
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert len((tmp_path / "there" / "history.jsonl").read_text().splitlines()) == 2
