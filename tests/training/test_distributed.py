"""Two processes that train together on the CPU, through gloo: against one process with the same global batch."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import vae
from vae.commands import training
from vae.errors import DeviceError, SettingError
from vae.losses.batch_shares import Share
from vae.training import distributed
from vae.training.trainer import Event

PROJECT = Path(vae.__file__).resolve().parents[1]
TOLERANCE = 1e-5  # relative, of a loss: float32 sums of the same numbers in another order
TINY = ["net=mlp", "width=16", "d=3"]

SCRIPT = """
    # Forks two processes as torchrun would start them, after one import for all; writes what each found as JSON.
    import contextlib, json, os, signal, sys
    import torch
    torch.set_num_threads(1)
    from vae.saved import checkpoint
    from vae.training import distributed, experiment
    from vae.registry import DATASETS
    from vae.types import Loss

    out = sys.argv[1]
    DATASETS.get("digits").load()

    class Duel(torch.nn.Module):  # an adversary without noise, so that its runs can be compared
        def __init__(self, inner):
            super().__init__()
            self.inner, self.critic = inner, torch.nn.Linear(3, 1)

        def forward(self, model, x, step, y=None):
            loss, told = self.inner(model, x, step, y), self.critic(model.infer(x).mu)
            return Loss(loss.total - 100 * told.mean(), loss.parts, torch.nn.functional.softplus(told).mean())

    def run(name, family, epochs=2, wrap=lambda objective: objective, until=None, resume=False, **settings):
        # The loss curve, as (training, validation) distortion; the final parameters of model and adversary, added up.
        distributed.in_turn(lambda: None)  # what the first process has saved is there for the second
        trainers, real = [], experiment.Trainer
        experiment.Trainer = lambda m, o, *given: trainers.append(real(m, wrap(o), *given)) or trainers[0]
        chosen = {"net": "mlp", "width": "16", "d": "3", "batch_size": "700"} | settings
        chosen = {k: v for k, v in chosen.items() if v}
        plan = experiment.Plan(family, "digits", chosen, epochs, 3, name)
        curve, metrics, report = [], {}, []
        events = experiment.train(plan, resume=resume, report=report.append)
        for event in events:
            if event.kind == "epoch":
                metrics = event.metrics
                curve.append([metrics["distortion_nats"], metrics.get("validation_distortion_nats")])
                if event.epoch == (until or epochs):
                    events.close()
        experiment.Trainer = real
        t = trainers[0]
        sums = [float(sum(p.detach().double().abs().sum() for p in group)) for group in (t.parameters, t.adversary)]
        gradients = [float(sum(p.grad.double().abs().sum() for p in group)) for group in (t.parameters, t.adversary)]
        noise = torch.rand(1).item()
        found = {"curve": curve, "sums": sums, "gradients": gradients, "noise": noise}
        return found | {"command": plan.command(), "names": sorted(metrics)}

    def all_runs(several):
        found = {"ae": run("ae", "ae"), "odd": run("odd", "ae", batch_size="646")}  # 1293 = 2 * 646 + 1
        found["duel"] = run("duel", "ae", wrap=Duel)
        if several:
            alike = {"batch_size": "1292"}  # both take equally many samples, and so use up equally much noise
            found["vae"] = run("vae", "vae", 3, **alike)
            run("again", "vae", 3, until=1, **alike)
            found["again"] = run("again", "vae", 3, resume=True, **alike)
            for family in ("factor_vae", "aae", "gan"):
                found[family] = run(family, family, **({"adversary_width": "8", "adversary_depth": "1"}
                                                       if family == "factor_vae" else {}))
            found["vq_vae"] = run("vq_vae", "vq_vae", 1, net=None, d=None, width="4", codes="8", prior_width="8")
        return found

    def start(name, **environment):
        if child := os.fork():  # the parent never trains: autograd does not survive a fork
            return child
        signal.alarm(100)  # a process left alone would wait for the other
        os.environ |= environment | {"ZSCOPE_CHECKPOINTS": os.path.join(out, "two" if environment else name)}
        with distributed.group(torch.device("cpu")), open(os.path.join(out, f"{name}.json"), "w") as file:
            distributed.group = contextlib.nullcontext  # one for all runs: torchrun starts a process for each
            json.dump(all_runs(bool(environment)), file)
        os._exit(0)

    torchrun = {"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": sys.argv[2]}
    children = [start("alone")] + [start(str(i), RANK=str(i), LOCAL_RANK=str(i), **torchrun) for i in range(2)]
    codes = []
    for _ in range(3):
        child, status = os.wait()
        children.remove(child)
        codes.append(status)
        if status:
            [os.kill(other, signal.SIGTERM) for other in children]
    sys.exit(any(codes))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, dict]:
    """What one process and each of two found, by "alone", "0" and "1"; folder: with the checkpoints they wrote."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    folder = tmp_path_factory.mktemp("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder), str(port)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr[:6000]
    return {"folder": folder} | {
        name: json.loads((folder / f"{name}.json").read_text()) for name in ("alone", "0", "1")
    }


@pytest.mark.parametrize("name", ["ae", "odd", "duel"])
def test_the_loss_curve_is_that_of_one_process(found, name):
    """Also where a batch cannot be shared evenly, or has fewer samples than there are processes; and with an adversary,
    whose parameters end where those of one process do."""
    assert found["0"][name]["sums"] == pytest.approx(found["alone"][name]["sums"], rel=TOLERANCE)
    assert found["0"][name]["gradients"] == pytest.approx(found["alone"][name]["gradients"], rel=1e-3)
    torch.testing.assert_close(
        torch.tensor(found["0"][name]["curve"]), torch.tensor(found["alone"][name]["curve"]), rtol=TOLERANCE, atol=0
    )
    assert found["alone"][name]["curve"][1] != found["alone"][name]["curve"][0]


@pytest.mark.parametrize("name", ["ae", "odd", "duel", "vae", "again", "factor_vae", "aae", "gan", "vq_vae"])
def test_both_processes_end_with_the_same_parameters(found, name):
    assert found["0"][name]["sums"] == found["1"][name]["sums"]
    assert [a for a, _ in found["0"][name]["curve"]] == [a for a, _ in found["1"][name]["curve"]]


def test_their_noise_differs(found):
    assert found["0"]["vae"]["noise"] != found["1"]["vae"]["noise"]


def test_a_resumed_run_repeats_that_of_an_uninterrupted_one(found):
    assert found["0"]["again"]["curve"] == found["0"]["vae"]["curve"][1:]
    for key in ("sums", "noise"):
        assert [found[rank]["again"][key] for rank in "01"] == [found[rank]["vae"][key] for rank in "01"]


def test_one_process_measures_and_saves_and_the_command_says_how_many_there_were(found):
    assert found["0"]["ae"]["names"] == found["alone"]["ae"]["names"]
    assert not [name for name in found["1"]["ae"]["names"] if name.startswith("test_")]
    assert found["0"]["ae"]["command"].startswith("torchrun --nproc-per-node 2 -m vae train ae digits")
    history = (found["folder"] / "two" / "ae" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in history] == [1, 2]


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_shares_make_up_the_batch_and_their_weighted_means_its_mean(rows, world):
    values = torch.rand(rows, dtype=torch.float64)
    shares = [Share(rank, world, rows) for rank in range(world)]
    own = [share.of(torch.arange(rows)) for share in shares]
    taken = list(zip(shares, own, strict=True))
    assert sorted(i for share, mine in taken if share.own for i in mine.tolist()) == list(range(rows))
    mean = sum(share.weight * values[mine].mean() for share, mine in taken) / world
    torch.testing.assert_close(mean, values.mean())


def test_a_batch_must_have_a_sample_for_each_process(monkeypatch):
    monkeypatch.setattr(distributed, "place", lambda: (0, 3))
    with pytest.raises(SettingError, match="batch_size=2: expected at least 3"):
        distributed.replica(torch.nn.Linear(1, 1), torch.nn.Identity(), 2)


@pytest.fixture
def second(monkeypatch) -> None:
    """This process as the second of two that torchrun started."""
    for key, value in {"TORCHELASTIC_RUN_ID": "a", "RANK": "1", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(key, value)


def test_the_second_process_prints_nothing(second, capsys, monkeypatch):
    event = Event("epoch", 1, 1, 1, 1, {"elbo_nats": -1.0, "images_per_s": 1.0}, 1.0, 0.0)
    for rank, lines in (("1", 0), ("0", 2)):
        monkeypatch.setenv("RANK", rank)
        training._say("said")
        with training.tqdm(disable=True) as bar:
            training._draw(bar, event)
        assert len(capsys.readouterr().err.splitlines()) == lines


def test_each_process_has_a_cuda_device_of_its_own_or_none(second, monkeypatch):
    cuda = torch.device("cuda")
    assert distributed.own(torch.device("cpu")) == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceError, match=r"process 2 of this machine, and CUDA devices here: 1"):
        distributed.own(cuda)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    assert distributed.own(cuda) == cuda
