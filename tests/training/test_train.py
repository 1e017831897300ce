"""Training: what a step does, what an epoch reports, divergence, seeds, and resuming bit for bit."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors
from torch import nn

from vae.errors import CheckpointError, SettingError, UnknownName, ZscopeError
from vae.metrics.bounds import evaluate
from vae.registry import FAMILIES
from vae.saved import checkpoint
from vae.saved.checkpoint import MODEL, RESUME
from vae.settings import configure
from vae.training import experiment
from vae.training.experiment import Plan
from vae.training.trainer import Diverged, Trainer, TrainHparams, fit
from vae.types import Loss, Spec

TINY, DYNAMIC = {"net": "mlp", "width": "8", "d": "2"}, {"likelihood": "bernoulli", "binarise": "dynamic"}
CLOCK = ("seconds", "images_per_s")


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def trainer_of(name: str = "vae", seed: int = 0, steps: int = 100, train: dict | None = None, **settings) -> Trainer:
    family = FAMILIES.get(name)
    torch.manual_seed(seed)
    h = configure(family.Hparams, {"net": "mlp", "width": 8, "d": 2} | settings)
    return Trainer(*family.build(Spec((1, 4, 4), 70), h), TrainHparams(**train or {}), seed, steps)


def pictures(n: int = 70) -> torch.Tensor:
    return torch.randint(0, 256, (n, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


class Recording(nn.Module):
    """An objective that keeps what it was given, and has parameters of its own that the loss depends on."""

    def __init__(self, inner: nn.Module, part: float = 2.5):
        super().__init__()
        self.inner, self.part = inner, part
        self.critic = nn.Linear(2, 1)
        self.seen: list[torch.Tensor] = []

    def forward(self, model, x, step, y=None) -> Loss:
        self.seen.append(x.detach().clone())
        loss = self.inner(model, x, step, y)
        scalar = {"constant": torch.tensor(self.part)}
        return Loss(loss.total + self.critic(model.infer(x).mu).mean(), loss.parts | scalar)


# ---------------------------------------------------------------- a step


def test_gradients_reach_the_models_parameters_only():
    """The objective's own parameters get none and do not move, though the loss depends on them."""
    trainer = trainer_of()
    trainer.objective = Recording(trainer.objective)
    before = [p.detach().clone() for p in trainer.objective.critic.parameters()]
    for _ in range(3):
        trainer.train_step(pictures().float() / 255)
    for p, old in zip(trainer.objective.critic.parameters(), before, strict=True):
        assert torch.equal(p, old)
        assert p.grad is None


def test_gradients_do_not_pile_up_over_steps():
    trainer = trainer_of("ae", train={"clip": 0.0})
    x = pictures().float() / 255
    for _ in range(2):
        loss = trainer.objective(trainer.model, x, 0)
        fresh = torch.autograd.grad(loss.total, trainer.parameters)
        trainer.train_step(x)
        for p, g in zip(trainer.parameters, fresh, strict=True):
            torch.testing.assert_close(p.grad, g)


@pytest.mark.parametrize("clip", [0.5, 0.0])
def test_clipping_happens_before_the_step(clip):
    """Adam's first moment after one step is .1 of the gradient it was given: of the clipped one."""
    trainer = trainer_of(train={"clip": clip})
    trainer.train_step(pictures().float() / 255)
    moments = [v.flatten() for k, v in trainer.state().items() if k.startswith("adam.") and k.endswith(".exp_avg")]
    given = 10 * float(torch.cat(moments).norm())
    assert given == pytest.approx(clip, rel=1e-3) if clip else given > 2


def test_clipping_scales_a_gradient_that_two_parameters_share_once():
    """Autograd gives a + b one tensor for the gradients of both, and a sum an expanded one."""
    trainer = trainer_of(train={"clip": 1.0})
    a, b = (module.bias for module in (trainer.model.encoder[1], trainer.model.decoder[0]))
    trainer.objective.forward = lambda model, x, step, y: Loss((2 * (a + b)).sum(), {})
    trainer.train_step(pictures(4))
    torch.testing.assert_close(a.grad, torch.full_like(a, 0.25))  # 16 equal ones of norm 1
    assert torch.equal(a.grad, b.grad)


def test_adam_pairs_each_gradient_with_its_own_parameter():
    """Autograd may give a transposed or an expanded gradient, and torch's fused kernel reads them as they lie. The
    first step of Adam is the learning rate long, against the sign of the gradient."""
    trainer = trainer_of(train={"clip": 0.0, "lr": 1e-3})
    w, b = trainer.model.encoder[1].weight, trainer.model.encoder[1].bias
    c = torch.randn(w.shape[1], w.shape[0])
    trainer.objective.forward = lambda model, x, step, y: Loss((w.t() * c).sum() + b.sum(), {})
    before = [p.detach().clone() for p in (w, b)]
    trainer.train_step(pictures(4))
    torch.testing.assert_close(w.detach() - before[0], -1e-3 * c.t().sign(), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(b.detach() - before[1], torch.full_like(b, -1e-3), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_steps_are_those_of_torchs_adam(clip):
    """A parameter without a gradient stays as it is, and so does its count of steps."""
    trainer = trainer_of(train={"clip": clip})
    pair = (trainer.model.encoder[1].weight, trainer.model.encoder[1].bias)
    copies = [p.detach().clone().requires_grad_() for p in pair]
    adam = torch.optim.Adam(copies, lr=1e-3)

    def loss(w, b, step):
        return w.square().sum() + (3 * b.square().sum() if step > 1 else 0)

    trainer.objective.forward = lambda model, x, step, y: Loss(loss(*pair, step), {})
    for step in range(5):
        adam.zero_grad()
        loss(*copies, step).backward()
        if clip:
            nn.utils.clip_grad_norm_(copies, clip)
        adam.step()
        trainer.train_step(pictures(4))
    for p, q in zip(pair, copies, strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("end", [1.0, 0.1, 0.0])
def test_the_learning_rate_falls_along_a_cosine(end):
    """Where the gradient is 1 everywhere and at all times, a step of Adam is the learning rate long."""
    trainer = trainer_of(steps=10, train={"lr": 1e-3, "lr_end": end})
    trainer.objective.forward = lambda model, x, step, y: Loss(sum(p.sum() for p in trainer.parameters), {})
    one, rates = trainer.model.encoder[1].bias.detach()[0], []
    for _ in range(13):
        before = one.zero_().item()
        trainer.train_step(pictures(4))
        rates.append(before - one.item())
    cosine = [end + (1 - end) * (1 + math.cos(math.pi * min(1, i / 10))) / 2 for i in range(13)]
    assert rates == pytest.approx([1e-3 * c for c in cosine], rel=1e-4, abs=1e-8)


# ---------------------------------------------------------------- an epoch


def test_an_epoch_shows_every_sample_once_in_an_order_of_its_own():
    trainer = trainer_of(train={"batch_size": 32})
    trainer.objective = Recording(trainer.objective)
    x = pictures()
    list(fit(trainer, x, None, None, 2))
    seen = torch.cat(trainer.objective.seen)
    assert [len(b) for b in trainer.objective.seen] == [32, 32, 6] * 2
    first, second = (sorted((255 * half).round().int().flatten(1).tolist()) for half in seen.split(70))
    assert first == second == sorted(x.int().flatten(1).tolist())
    assert not torch.equal(seen[:70], seen[70:])


def test_labels_stay_with_their_samples():
    trainer, pairs = trainer_of("ae", train={"batch_size": 32}), []
    trainer.model.condition = (256,)  # as if it were told labels
    inner = trainer.objective.forward
    trainer.objective.forward = lambda model, x, step, c=None: (pairs.append((x, c)), inner(model, x, step, c))[1]
    x = pictures()
    list(fit(trainer, x, x[:, 0, 0, 0].long(), None, 1))
    assert all(torch.equal((b[:, 0, 0, 0] * 255).round().long(), c.argmax(1)) for b, c in pairs)
    assert all(torch.equal(c.sum(1), torch.ones(len(c))) for _, c in pairs)


def test_epoch_figures_are_means_over_the_samples():
    """With the last batch smaller and a rate too small to move anything: equal to evaluate() on the same set.
    A part that is already a mean stays what it is."""
    trainer = trainer_of("ae", train={"batch_size": 32, "lr": 1e-7})
    trainer.objective = Recording(trainer.objective, part=2.5)
    x = pictures()
    x[:32] = 0
    epoch = next(e for e in fit(trainer, x, None, x, 1) if e.kind == "epoch").metrics
    truth = evaluate(trainer.model, x)
    assert epoch["distortion_nats"] == pytest.approx(truth["distortion_nats"], rel=1e-4)
    assert epoch["validation_distortion_nats"] == truth["distortion_nats"]
    assert not {"elbo_nats", "validation_elbo_nats", "validation_rate_nats"} & set(epoch), (
        "an autoencoder bounds nothing"
    )
    assert epoch["constant_nats"] == pytest.approx(2.5)
    assert epoch["validation_mse"] == truth["mse"]


def test_signs_and_units_of_what_is_reported():
    """rate is positive, elbo = -(distortion + rate) for training and validation alike; every nat is named one."""
    events = list(fit(trainer_of(train={"batch_size": 16}), pictures(), None, pictures(), 2))
    for event in events:
        m = event.metrics
        assert m["rate_nats"] > 0
        assert m["elbo_nats"] == pytest.approx(-(m["distortion_nats"] + m["rate_nats"]), rel=1e-5)
        if event.kind == "epoch":
            elbo, distortion, rate = (m[f"validation_{k}_nats"] for k in ("elbo", "distortion", "rate"))
            assert rate > 0 and elbo == pytest.approx(-(distortion + rate))  # noqa: PT018
            assert m["images_per_s"] > 0
    assert [e.epoch for e in events if e.kind == "epoch"] == [1, 2]
    assert (events[-1].step, events[-1].steps) == (10, 10)
    assert events[-1].seconds_left == 0


def test_a_batch_larger_than_the_set_is_the_set():
    trainer = trainer_of(train={"batch_size": 5000})
    list(fit(trainer, pictures(3), None, None, 2))
    assert trainer.step == 2


# ---------------------------------------------------------------- divergence


def test_nan_in_the_data_names_part_and_step():
    x = pictures().float() / 255
    x[5, 0, 1, 2] = float("nan")
    with pytest.raises(Diverged, match=r"distortion_nats is nan by step \d+: try a lower lr"):
        list(fit(trainer_of(train={"batch_size": 16}), x, None, None, 3))


def test_a_learning_rate_of_a_million_names_part_and_step():
    with pytest.raises(Diverged, match=r"_nats is -?(inf|nan) by step \d+"):
        list(fit(trainer_of(train={"batch_size": 16, "lr": 1e6}), pictures(), None, None, 30))


def test_divergence_in_the_last_step_of_an_epoch_is_seen_before_it_is_reported():
    """The training loss of a step is measured before the step: the validation set tells, and no epoch event comes."""
    trainer = trainer_of(train={"batch_size": 70, "lr": 1.0})
    events = fit(trainer, pictures(), None, poisoned(trainer), 1)
    assert next(events).kind == "step"
    with pytest.raises(Diverged, match=r"validation_\w+ is -?(inf|nan) by step 1\b"):
        next(events)


def poisoned(trainer: Trainer) -> torch.Tensor:
    """Samples after one look at which every weight is infinite, as after a step that overflowed."""
    trainer.model.register_forward_pre_hook(lambda m, given: None if m.training else _overflow(m))
    return pictures()


def _overflow(model: nn.Module) -> None:
    with torch.no_grad():
        for p in model.encoder.parameters():
            p.fill_(float("inf"))


def test_a_diverged_run_keeps_its_last_good_epoch(root, monkeypatch):
    """The checkpoint still holds finite parameters, and the command line says so with exit code 1."""
    run(Plan("vae", "digits", TINY, epochs=2, name="a"), until=1)
    before = checkpoint.read(root / "a").files
    monkeypatch.setattr(Trainer, "_share", lambda self: 1e33)
    with pytest.raises(Diverged):
        run(Plan("vae", "digits", TINY, epochs=2, name="a"), resume=True)
    assert checkpoint.read(root / "a").files == before


# ---------------------------------------------------------------- seeds and resuming


def run(plan: Plan, until: int | None = None, **options) -> checkpoint.Checkpoint:
    """Train to the end of epoch `until` and stop there, as a closed generator does: no map is built."""
    events = experiment.train(plan, **options)
    for event in events:
        if event.kind == "epoch" and event.epoch == (until or plan.epochs):
            events.close()
    return checkpoint.read(checkpoint.root() / plan.checkpoint_name())


def numbers(saved: checkpoint.Checkpoint) -> list[dict]:
    return [{k: v for k, v in record.items() if k not in CLOCK} for record in saved.history()]


@pytest.mark.parametrize(
    "settings",
    [{}, {"lr_end": "0.1", "warmup": "linear", "warmup_steps": "20"}, {"precision": "bfloat16"}, DYNAMIC],
    ids=str,
)
def test_a_resumed_run_equals_a_straight_one_bit_for_bit(root, settings):
    """Parameters, optimiser, random states and history, though other random numbers were drawn in between."""
    plan = Plan("vae", "digits", TINY | settings, epochs=3, seed=3, name="straight")
    straight = run(plan)
    broken = Plan(**vars(plan) | {"name": "broken"})
    for until in (1, 2, 3):
        again = run(broken, until, resume=until > 1)
        torch.manual_seed(until)
        torch.randn(99)
    assert again.files[MODEL] == straight.files[MODEL]
    assert again.files[RESUME] == straight.files[RESUME]
    assert numbers(again) == numbers(straight)
    assert [r["epoch"] for r in again.history()] == [1, 2, 3]
    assert again.config["epochs_done"] == 3


def test_a_longer_plan_goes_on_from_a_finished_one(root):
    """With a constant rate, 1 epoch and then --epochs 2 --resume equals 2 epochs."""
    run(Plan("vae", "digits", TINY, epochs=1, name="a"))
    longer = run(Plan("vae", "digits", TINY, epochs=2, name="a"), resume=True)
    assert longer.files[MODEL] == run(Plan("vae", "digits", TINY, epochs=2, name="b")).files[MODEL]


def test_same_seed_same_bits_other_seed_other_bits(root):
    runs = ((1, "a"), (1, "b"), (2, "c"))
    files = [run(Plan("vae", "digits", TINY, epochs=1, seed=s, name=n)).files for s, n in runs]
    assert files[0][MODEL] == files[1][MODEL]
    assert files[0][RESUME] == files[1][RESUME]
    assert files[0][MODEL] != files[2][MODEL]


def test_model_and_optimiser_in_a_checkpoint_are_of_the_same_step(root):
    """No best weights beside the last optimiser: resuming repeats the saved test numbers with the saved weights."""
    saved = run(Plan("vae", "digits", TINY, epochs=2, name="a"))
    state = load_tensors(saved.files[RESUME])
    assert int(state["epoch"]) == saved.config["epochs_done"] == 2
    assert int(state["step"]) == saved.history()[-1]["step"] == int(state["adam.0.step"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 4}, ["seed", "3", "4"]),
        ({"family": "beta_vae"}, ["family", "vae", "beta_vae"]),
        ({"settings": TINY | {"d": "3"}}, ["hparams", "'d': 2", "'d': 3"]),
        ({"settings": TINY | {"batch_size": "64"}}, ["train", "128", "64", "lr, lr_end, clip, precision and --epochs"]),
    ],
)
def test_another_plan_cannot_resume(root, change, words):
    plan = Plan("vae", "digits", TINY, epochs=1, seed=3, name="a")
    run(plan)
    with pytest.raises(SettingError) as error:
        run(Plan(**vars(plan) | change), resume=True)
    assert all(word in str(error.value) for word in ["cannot resume a", *words]), str(error.value)


def test_resume_and_overwrite_say_what_is_there(root):
    plan = Plan("vae", "digits", TINY, epochs=1, name="a")
    with pytest.raises(SettingError, match="nothing to resume"):
        run(plan, resume=True)
    first = run(plan)
    with pytest.raises(SettingError, match=r"'a' already exists.*--resume.*--overwrite"):
        run(plan)
    assert run(Plan(**vars(plan) | {"seed": 9}), overwrite=True).files[MODEL] != first.files[MODEL]
    (root / "a" / RESUME).unlink()
    with pytest.raises(CheckpointError, match="cannot be resumed, only trained again"):
        run(plan, resume=True)


def test_a_resume_file_of_another_model_is_refused():
    small, large = trainer_of(), trainer_of(width=16)
    small.train_step(pictures(4).float())
    with pytest.raises(ZscopeError, match="belongs to another model"):
        large.restore(small.state())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"family": "vea"}, UnknownName, "Did you mean 'vae'"),
        ({"dataset": "digit"}, UnknownName, "Did you mean 'digits'"),
        ({"settings": {"betta": "1"}}, SettingError, "unknown setting 'betta' for vae"),
        ({"settings": {"lr": "7"}}, SettingError, "lr=7.0: expected 1e-07 to 1.0"),
        ({"epochs": 0}, SettingError, "epochs=0: expected 1 to"),
        ({"seed": -1}, SettingError, "seed=-1: expected"),
        ({"seed": 2**32}, SettingError, "seed=4294967296"),
        ({"name": "../up"}, SettingError, "name '../up'"),
        ({"name": ".hidden"}, SettingError, "not starting with"),
        ({"name": "a" * 65}, SettingError, "at most 64"),
    ],
)
def test_a_bad_plan_fails_before_anything_is_trained(root, change, error, words):
    with pytest.raises(error) as caught:
        run(Plan(**{"family": "vae", "dataset": "digits", "settings": TINY, "epochs": 1, "name": "a"} | change))
    assert words in str(caught.value)
    assert checkpoint.checkpoints() == {}


def test_history_is_plain_json_without_nan(tiny_checkpoint):
    lines = (tiny_checkpoint / "history.jsonl").read_text().splitlines()
    records = [json.loads(line, parse_constant=lambda c: pytest.fail(f"{c} in history.jsonl")) for line in lines]
    assert [r["epoch"] for r in records] == [1, 2, 3, 4]
    assert records[-1]["validation_elbo_nats"] > records[0]["validation_elbo_nats"]
