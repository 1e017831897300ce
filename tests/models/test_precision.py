"""bfloat16 in encoder and decoder while training, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from vae.metrics.bounds import evaluate, log_marginal
from vae.models.conditions import one_hot
from vae.models.nets.precision import decoding_in
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

X = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def trainer_of(precision: str, family: str = "vae", **settings) -> Trainer:
    torch.manual_seed(0)
    known = FAMILIES.get(family)
    model, objective = known.build(Spec((1, 8, 8), 64), configure(known.Hparams, {"d": 2, "width": 16} | settings))
    return Trainer(model, objective, configure(TrainHparams, {"precision": precision}), 0, 100)


@pytest.mark.parametrize("net", ["mlp", "conv2d"])
def test_products_are_bfloat16_and_all_else_is_float32(net):
    trainer = trainer_of("bfloat16", net=net)
    kinds = []
    for part in trainer.model.encoder, trainer.model.decoder:
        layer = next(m for m in part.modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d)))
        layer.register_forward_hook(lambda m, given, out: kinds.append(out.dtype))
    latent, raw = trainer.model.infer(X), trainer.model.params(torch.zeros(64, 2))
    assert kinds == [torch.bfloat16] * 2
    assert {latent.z.dtype, latent.std.dtype, latent.kl[0].dtype, raw.dtype} == {torch.float32}
    loss = trainer.train_step(X)
    assert {v.dtype for v in loss.parts.values()} == {torch.float32}
    assert {p.dtype for p in trainer.parameters} == {p.grad.dtype for p in trainer.parameters} == {torch.float32}


def test_a_step_is_nearly_that_of_float32_and_not_the_same():
    one, two = trainer_of("float32"), trainer_of("bfloat16")
    a, b = (float(t.train_step(X).total.detach()) for t in (one, two))
    assert a != b
    assert a == pytest.approx(b, abs=0.5)
    whole = [torch.cat([p.grad.flatten() for p in t.parameters]) for t in (one, two)]
    assert torch.nn.functional.cosine_similarity(*whole, 0) > 0.99


def test_what_is_measured_is_float32():
    one, two = trainer_of("float32"), trainer_of("bfloat16")
    two.train_step(X)
    one.model.load_state_dict(two.model.state_dict())
    assert evaluate(one.model, X) == evaluate(two.model, X)


def picture_models() -> Iterator[tuple[str, torch.nn.Module, torch.nn.Module]]:
    """A small model and its objective of every family of pictures."""
    for name, family in FAMILIES.all().items():
        if not family.fits("image"):
            continue
        known = family.Hparams.__dataclass_fields__
        torch.manual_seed(0)
        h = configure(family.Hparams, {k: v for k, v in {"d": 2, "width": 8, "net": "mlp"}.items() if k in known})
        yield name, *family.build(Spec((1, 8, 8), 64, 10), h)


def test_every_picture_family_trains_with_it():
    for name, model, objective in picture_models():
        trainer = Trainer(model, objective, configure(TrainHparams, {"precision": "bfloat16"}), 0, 100)
        kinds = []
        parts = [m for n, m in model.named_modules() if n.split(".")[-1] == "encoder"]
        if not parts:  # a restricted Boltzmann machine has no net
            assert "energy" in FAMILIES.get(name).traits, name
            continue
        layers = [m for m in parts[0].modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]
        layers[0].register_forward_hook(lambda m, given, out, kinds=kinds: kinds.append(out.dtype))
        loss = trainer.train_step(X, one_hot(torch.arange(64) % 10, 10))
        assert torch.isfinite(loss.total), name
        assert set(kinds) == {torch.bfloat16}, name


# ---------------------------------------------------------------- the nll in bfloat16, where it is asked for


def test_only_the_nll_is_of_another_precision_and_says_so():
    model = trainer_of("float32").model
    plain, quick = evaluate(model, X, k=50), evaluate(model, X, k=50, precision="bfloat16")
    assert quick.pop("nll_precision") == "bfloat16"
    assert quick["nll_nats"] != plain["nll_nats"]
    assert quick["nll_nats"] == pytest.approx(plain["nll_nats"], abs=0.5)
    nll = {"nll_nats", "nll_standard_error_nats", "nll_ess", "nll_low_ess"}
    assert {k: v for k, v in quick.items() if k not in nll} == {k: v for k, v in plain.items() if k not in nll}


def test_decoders_are_copies_whose_products_are_bfloat16_and_what_comes_out_is_float32():
    """Of every family of pictures; its own model is left as it was, and so are densities, priors and encoders."""
    for name, built, _ in picture_models():
        model = built.eval()
        with torch.inference_mode():
            quick, q = decoding_in(model, "bfloat16"), model.infer(X)
            if not q.kl:
                continue
            kinds = {
                which: _kinds(of, ("encoder", "decoder"), lambda of=of, z=q.z: of.log_joint(X, z))
                for which, of in (("copy", quick), ("model", model))
            }
            assert kinds["copy"]["decoder"] == {torch.bfloat16}, name
            assert kinds["copy"]["encoder"] | kinds["model"]["encoder"] <= {torch.float32}, name
            assert kinds["model"]["decoder"] == {torch.float32}, name
            found = [log_marginal(of, X, q, 3).dtype for of in (quick, model)]
            assert found == [torch.float32] * 2, name


def _kinds(model, names, call) -> dict[str, set[torch.dtype]]:
    """Of what the linear and convolutional layers below each of the names give, while call() runs."""
    found, handles = {name: set() for name in names}, []
    for path, net in model.named_modules():
        if (name := path.split(".")[-1]) in names:
            layers = [m for m in net.modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]
            handles += [m.register_forward_hook(lambda m, _, out, n=name: found[n].add(out.dtype)) for m in layers]
    call()
    for handle in handles:
        handle.remove()
    return found
