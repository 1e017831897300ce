"""What every family must keep, one property a function; test_families.py runs each over all that is registered.

A new family, knob choice or modality is met here without an edit: cases come from the registries and from the ranges
in each Hparams class.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vae.errors import SettingError
from vae.losses.terms import log_weights
from vae.models import likelihoods, nets
from vae.models.conditions import one_hot
from vae.registry import FAMILIES, Family, families, modalities
from vae.settings import configure, knobs
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

SMALL = {  # where a family has these knobs: wide enough to learn, small enough to test; weights for batches of 8
    "d": 3, "width": 8, "adversary_width": 8, "lambda_mmd": 10.0, "capacity_nats": 5.0, "gamma_capacity": 10.0,
    "n_pseudo": 4, "units": 32, "step_width": 2, "energy_width": 8, "prior_chains": 16, "prior_steps": 2,
}  # fmt: skip
SHRINK = 2  # examples are thinned by this along each side: a quarter of the pixels, a quarter of the time
CHECKS: list[Callable[[Case], None]] = []


@dataclass(frozen=True)
class Case:
    """One family with one choice made, on the samples of one modality."""

    family: Family
    settings: tuple[tuple[str, Any], ...]
    modality: str

    def __str__(self) -> str:
        chosen = "-".join(str(v) for k, v in self.settings if k not in SMALL)
        return f"{self.family.name}-{self.modality}" + (f"-{chosen}" if chosen else "")

    def hparams(self):
        return configure(self.family.Hparams, dict(self.settings))

    def spec(self) -> Spec:
        c, *sides = modalities()[self.modality].example_shape()
        return Spec((c, *(s // SHRINK for s in sides)), n_data=64, n_classes=3, modality=self.modality)

    def build(self, seed: int = 0) -> tuple[nn.Module, nn.Module]:
        torch.manual_seed(seed)
        return self.family.build(self.spec(), self.hparams())

    def trainer(self, seed: int = 0, **settings: Any) -> Trainer:
        return Trainer(*self.build(seed), configure(TrainHparams, settings), seed, steps=1000)

    def batch(self, n: int = 8, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Samples of four flat parts a channel, in 0-1 or standardised as their modality has them, and their labels'
        rows, each with a single 1."""
        rng = np.random.default_rng(seed)
        shape = self.spec().shape
        c, *sides = shape if len(shape) > 1 else (1, *shape)
        coarse = rng.random((n, c, *[round(4 ** (1 / len(sides)))] * len(sides)), np.float32)
        x = nn.functional.interpolate(torch.from_numpy(coarse), sides, mode="nearest").view(n, *shape)
        bounded = modalities()[self.modality].bounded
        return x if bounded else (x - 0.5) * math.sqrt(12), one_hot(torch.from_numpy(rng.integers(0, 3, n)), 3)


def cases() -> list[Case]:
    """Every family on every modality it models, as it is by default and with every other layout that fits; on the first
    of them also with every other choice of each knob with choices, one at a time.

    The knobs that families share are tried where they are all there is: on the families that add none of their own.
    """
    out = []
    for family in families().values():
        offered = knobs(family.Hparams)
        small = {k: v for k, v in SMALL.items() if k in offered}
        shared = family.Hparams.__module__ == "vae.models.model"
        own = offered if shared else vars(family.Hparams).get("__annotations__", {})
        others = [{n: c} for n in own for c in offered[n]["choices"] or () if c != offered[n]["default"]]
        for i, modality in enumerate(m for m in modalities() if family.fits(m)):
            tried = [o for o in others if (i == 0 or "net" in o) and all(fits(*c, modality) for c in o.items())]
            out += [Case(family, tuple((small | other).items()), modality) for other in ({}, *tried)]
    return out


def fits(knob: str, choice: Any, modality: str) -> bool:
    """Whether a choice can be made for a modality: a likelihood by the range of its values, a layout by the dimensions
    of its samples, for which "auto" stands for the one that fits."""
    if knob == "net":
        return choice in (*nets.ANY, "auto")
    return modalities()[modality].bounded or knob != "likelihood" or choice in likelihoods.UNBOUNDED


def check(function: Callable[[Case], None]) -> Callable[[Case], None]:
    CHECKS.append(function)
    return function


# ---------------------------------------------------------------- loss and gradients


@check
def loss_is_finite_and_in_nats_per_sample(case: Case) -> None:
    """distortion is -log p(x|z) summed over the sample, rate is not negative, elbo is minus their plain sum.
    Without a prior there is no bound to report. A figure that is not in nats is a scalar beside them."""
    model, objective = case.build()
    x, y = case.batch()
    assert torch.isfinite(objective(model, x, 0, y).total)
    model.eval(), objective.eval()  # in training, what an objective shows the model may be less than x and y
    torch.manual_seed(1)
    loss = objective(model, x, 0, y)
    assert loss.total.shape == ()
    assert torch.isfinite(loss.total)
    for name, value in loss.parts.items():
        assert value.shape in ((), (len(x),)), name
        assert torch.isfinite(value).all(), name
        assert not value.requires_grad, f"{name} keeps the graph alive"
    for name, value in loss.figures.items():
        assert value.shape == (), name
        assert torch.isfinite(value), name
        assert not value.requires_grad, f"{name} keeps the graph alive"
        assert name not in loss.parts
    torch.manual_seed(1)
    output = model(x, y)
    one_by_one = [-model.likelihood.log_prob(output.params[i : i + 1], x[i : i + 1]) for i in range(len(x))]
    torch.testing.assert_close(loss.parts["distortion"], torch.cat(one_by_one).detach(), rtol=1e-4, atol=1e-3)
    if output.latent.kl:
        if (loss.parts["rate"] < -1e-5).any():  # as that of one draw may be, where there is no closed form
            rates = torch.stack([sum(model.infer(x, y).kl).detach() for _ in range(100)])
            assert (rates.mean(0) >= -5 * rates.std(0) / math.sqrt(len(rates)) - 1e-5).all()
        torch.testing.assert_close(loss.parts["elbo"], -(loss.parts["distortion"] + loss.parts["rate"]))
    else:
        assert "elbo" not in loss.parts  # a bound on nothing is not reported


@check
def every_parameter_learns(case: Case) -> None:
    trainer = case.trainer()
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    assert before
    for _ in range(4):
        trainer.train_step(*case.batch())
    still = [name for name, p in trainer.model.named_parameters() if torch.equal(p, before[name])]
    assert not still, f"did not change in 4 steps: {still}"


@check
def model_and_objective_are_two_groups(case: Case) -> None:
    """What belongs to the objective is an adversary's: the model's gradients neither move it nor come from it."""
    trainer = case.trainer()
    assert {id(p) for p in trainer.parameters} == {id(p) for p in trainer.model.parameters() if p.requires_grad}
    assert {id(p) for p in trainer.adversary} == {id(p) for p in trainer.objective.parameters() if p.requires_grad}
    assert not {id(p) for p in trainer.parameters} & {id(p) for p in trainer.adversary}
    for group in trainer.groups:
        group.lr *= group.name != "adversary"
    before = [p.detach().clone() for p in trainer.objective.parameters()]
    loss = trainer.train_step(*case.batch())
    for p, old in zip(trainer.objective.parameters(), before, strict=True):
        assert torch.equal(p, old)
        assert p.grad is None or loss.adversary is not None


@check
def an_adversary_learns_and_leaves_the_model_alone(case: Case) -> None:
    """Where there is one: all of it moves, and the model's step is the same as with the adversary's rate at 0."""
    moving, still = case.trainer(), case.trainer()
    before = [p.detach().clone() for p in moving.adversary]
    for group in still.groups:
        group.lr *= group.name != "adversary"
    for trainer in (moving, still):
        torch.manual_seed(1)
        has_one = trainer.train_step(*case.batch()).adversary is not None
    assert has_one == bool(moving.adversary)
    for p, q in zip(moving.model.parameters(), still.model.parameters(), strict=True):
        assert torch.equal(p, q)
    for _ in range(3 if has_one else 0):
        moving.train_step(*case.batch())
    assert not any(torch.equal(p, old) for p, old in zip(moving.adversary, before, strict=True))


@check
def overfits_one_batch(case: Case) -> None:
    """On 8 samples the decoded means come to halve the error of the best constant, and the loss falls.
    An implicit model has only a game to play: against an adversary that stands still, it comes to win."""
    implicit = "implicit" in case.family.traits
    trainer = case.trainer(lr=1e-3 if implicit else 1e-2)
    trainer.step = 10**6  # where every schedule has come to its end: a rate may be held at 0 before
    for group in trainer.groups[1:] if implicit else ():
        group.lr = 0.0
    part = "fooling" if implicit else "distortion"
    x, y = case.batch()
    first = trainer.train_step(x, y).parts[part].mean()
    enough = 0.5 * x.var(dim=0, correction=0).mean()
    for step in range(120):
        if step == 100 and not implicit:
            trainer.groups[0].lr *= 0.1  # the last steps settle, so that rounding does not decide the outcome
        last = trainer.train_step(x, y).parts[part].mean()
        if step % 10 == 9:
            error, share = (0, 0.8) if implicit else (reconstruction_error(trainer.model, x, y), 1)
            if error < 0.8 * enough and last < share * first:  # clearly, and not by rounding
                break
    assert last < first
    assert error < enough or "energy" in case.family.traits  # which does not minimise it: families/test_rbm.py


def reconstruction_error(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor | None) -> torch.Tensor:
    """Mean squared, of what the posterior means decode to; the model trains on afterwards as if nobody had asked."""
    model.eval()
    with torch.inference_mode():
        error = (model.decode(model.infer(x, y).mu, y) - x).square().mean()
    model.train()
    return error


@check
def same_seed_same_parameters(case: Case) -> None:
    runs = []
    for seed in (0, 0, 1):
        trainer = case.trainer(seed)
        trainer.train_step(*case.batch())
        runs.append(torch.cat([p.detach().flatten() for p in trainer.model.parameters()]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


# ---------------------------------------------------------------- infer and decode


@check
def shapes_at_the_boundary(case: Case) -> None:
    model, _ = case.build()
    x, y = case.batch(5)
    q = model.infer(x, y)
    assert q.z.shape == q.mu.shape == q.std.shape == (5, model.d)
    assert all(level.shape == (5,) for level in q.kl)
    assert (q.std >= 0).all()
    assert model.has_prior or not q.kl, "a rate is paid to a prior"
    assert sum(model.levels) == model.d
    assert q.kl == [] or len(q.kl) == len(model.levels)
    if q.kl_per_dim is not None:
        torch.testing.assert_close(q.kl_per_dim.sum(1), sum(q.kl), rtol=1e-4, atol=1e-4)
    assert model.decode(q.z, y).shape == x.shape
    view = model.map_view()
    assert view is None or view.shape[0] == model.d


@check
def the_prior_can_be_drawn_and_decoded(case: Case) -> None:
    """The same seed gives the same draws; a model without a prior says so."""
    model = case.build()[0].eval()
    y = case.batch(6)[1]

    def draw(seed: int, temperature: float = 1.0) -> Tensor:
        with torch.inference_mode():
            return model.sample_prior(6, torch.Generator().manual_seed(seed), temperature, y)

    if not model.has_prior:
        with pytest.raises(SettingError, match="no prior"):
            draw(0)
        return
    z = draw(0)
    assert z.shape == (6, model.d)
    assert torch.equal(draw(0), z)
    assert not torch.equal(draw(1), z)
    with torch.inference_mode():
        assert torch.isfinite(model.decode(z, y)).all()


@check
def importance_weights_agree_with_the_elbo(case: Case) -> None:
    """The mean log weight is the elbo with its closed-form rate, and their log mean is above it."""
    model = case.build()[0].eval()
    x, y = case.batch(3)
    torch.manual_seed(2)
    with torch.inference_mode():
        q = model.infer(x, y)
        if not q.kl:
            return
        w = log_weights(model, x, q, 400, y)
        passes = model(many := x.repeat(60, 1, *[1] * (x.ndim - 2)), y.repeat(60, 1))
        elbo = (model.likelihood.log_prob(passes.params, many) - sum(passes.latent.kl)).view(60, len(x))
    error = (w.var(0) / len(w) + elbo.var(0) / len(elbo)).sqrt()
    assert w.shape == (400, 3)
    assert ((w.mean(0) - elbo.mean(0)).abs() <= 5 * error + 1e-3).all()
    assert (torch.logsumexp(w, 0) - math.log(len(w)) >= w.mean(0) - 1e-3).all()  # float32 of hundreds of nats


@check
def encode_is_deterministic(case: Case) -> None:
    """mu and std do not jitter, whatever the random state, the batch or the calls before."""
    model = case.build()[0].eval()
    x, y = case.batch()
    with torch.inference_mode():
        once, again, alone = model.infer(x, y), model.infer(x, y), model.infer(x[:1], y[:1])
    assert torch.equal(once.mu, again.mu)
    assert torch.equal(once.std, again.std)
    torch.testing.assert_close(once.mu[:1], alone.mu, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(once.std[:1], alone.std, rtol=1e-4, atol=1e-5)


@check
def decode_is_batch_invariant(case: Case) -> None:
    model = case.build()[0].eval()
    z, y = torch.randn(9, model.d), case.batch(9)[1]
    with torch.inference_mode():
        together = model.decode(z, y)
        alone = torch.cat([model.decode(z[i : i + 1], y[i : i + 1]) for i in range(9)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@check
def decode_is_finite_within_6_std(case: Case) -> None:
    trainer = case.trainer()
    for _ in range(3):
        trainer.train_step(*case.batch())
    model = trainer.model.eval()
    axes, inside = 6 * torch.eye(model.d), 6 * (2 * torch.rand(40, model.d) - 1)
    corners = torch.cat([axes, -axes, axes.sum(0, keepdim=True), inside])
    with torch.inference_mode():
        x = model.decode(corners, one_hot(torch.zeros(len(corners), dtype=torch.int64), 3))
    assert torch.isfinite(x).all()
    if modalities()[case.modality].bounded:
        assert x.min() >= 0
        assert x.max() <= 1


@check
def no_state_is_kept_between_calls(case: Case) -> None:
    """One model object serves every session's thread: a call may leave nothing behind."""
    model, objective = case.build()
    x, y = case.batch()

    def attributes() -> dict[str, Any]:
        found = {}
        for root in (model, objective):
            for where, module in root.named_modules():
                found |= {f"{where}.{k}": id(v) for k, v in vars(module).items() if not k.startswith("_")}
        return found

    before, weights = attributes(), {k: v.clone() for k, v in model.state_dict().items()}
    objective.eval()
    model.eval()
    before |= {k: v for k, v in attributes().items() if k.endswith("training")}
    objective(model, x, 0, y)
    model.decode(model.infer(x, y).mu, y)
    assert attributes() == before
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())


# ---------------------------------------------------------------- settings and files


@check
def knobs_have_help_and_ranges_that_hold_their_default(case: Case) -> None:
    for name, k in knobs(case.family.Hparams).items():
        assert k["help"], name
        assert k["default"] is not None, name
        if k["choices"]:
            assert k["default"] in k["choices"], name
        elif k["type"] is not bool:
            assert k["low"] is not None, name
            assert k["high"] is not None, name
            assert k["low"] <= k["default"] <= k["high"], name
            for edge in (k["low"], k["high"]):
                assert getattr(configure(case.family.Hparams, {name: str(edge)}), name) == edge
    assert configure(case.family.Hparams, {}) == case.family.Hparams()


@check
def settings_survive_json(case: Case) -> None:
    h = case.hparams()
    assert configure(case.family.Hparams, json.loads(json.dumps(asdict(h)))) == h


@check
def the_registry_names_its_source(case: Case) -> None:
    f = case.family
    assert FAMILIES.get(f.name) is f
    assert all((f.name.isidentifier(), f.title))
    assert f.idea.count(".") >= 2, "its idea in three sentences"
    assert any(macro in f.formula for macro in (r"\D{", r"\R{", r"\O{")), "its formula, each term in its colour"
    assert any(part.strip(",.").isdigit() for part in f.paper.split()), f"{f.paper!r} has no year"
    assert f.departures is not None, "where it departs from its paper; departures=() if nowhere"


def numbers_are_finite_below(record: Any) -> bool:
    """Whether nothing in a metrics record is NaN or infinite."""
    if isinstance(record, dict):
        return all(numbers_are_finite_below(v) for v in record.values())
    if isinstance(record, list):
        return all(numbers_are_finite_below(v) for v in record)
    return not isinstance(record, float) or bool(np.isfinite(record))
