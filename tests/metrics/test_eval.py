"""`eval --metrics`: every group on a small real checkpoint, what each figure carries, and what cannot be measured."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import shutil
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vae.__main__ import main
from vae.commands import evaluating
from vae.metrics import features, sample
from vae.metrics.bounds import bits_per_dim, steps_of
from vae.metrics.disentangle import disentanglement_group
from vae.metrics.estimate import Estimate
from vae.metrics.latent import latent_group
from vae.metrics.protocols import protocol
from vae.metrics.subject import Subject
from vae.models.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian
from vae.registry import DATASETS, metric_groups
from vae.saved import checkpoint
from vae.types import Samples


def figures(group: str) -> set[str]:
    """The names that a group says its figures have."""
    return set(re.findall(r"`(\w+)`", metric_groups()[group].figures))


@pytest.fixture
def cli(tiny_checkpoint, capsys, tmp_path, monkeypatch):
    """Runs `eval`, with a classifier of features that takes a second: (exit code, stdout, stderr)."""
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))
    quick = functools.partial(features.feature_space, training=features.Training(width=8, steps=30))
    monkeypatch.setattr(sample, "feature_space", quick)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["eval", *(str(a) for a in arguments)])
        return code, *capsys.readouterr()

    return run


def test_all_measures_what_can_be_and_says_what_cannot(cli):
    code, out, _ = cli("tiny-vae", "--metrics", "all", "--k", 2, "--json")
    assert code == 0
    found = json.loads(out)
    for group in metric_groups().keys() - found["skipped"].keys():
        assert figures(group) & found.keys(), f"{group} measured nothing that it names"
    assert "There is none." in found["skipped"]["detect"]
    assert "digits has no ground-truth factors" in found["skipped"]["disentanglement"]
    assert found["elbo_nats"]
    estimates = {name: value for name, value in found.items() if isinstance(value, dict) and name != "skipped"}
    assert estimates.keys() <= set().union(*map(figures, metric_groups())), "a figure that no group names"
    for name, estimate in estimates.items():
        assert set(estimate) == {"value", "n", "seed", "standard_error", "protocol", "bound"}, name
        assert math.isfinite(estimate["value"])
    assert found["knn_accuracy"]["value"] > 0.6
    assert 0.1 < found["index_code_information_nats"]["value"] <= math.log(360)
    difference = found["rate_nats"] - found["index_code_information_nats"]["value"]
    assert found["aggregate_kl_nats"]["value"] == pytest.approx(difference, rel=1e-4)
    assert "digits classifier, 8-d" in found["frechet_distance"]["protocol"]
    assert found["frechet_distance"]["n"] == 360


def test_a_conditional_model_is_asked_whether_it_heeds_its_label(cli, conditional):
    found = json.loads(cli(conditional, "--metrics", "samples", "--json")[1])
    assert found.keys() - {"checkpoint"} == figures("samples")
    assert "label_agreement" in found
    assert found["label_agreement"]["n"] == 10_000
    assert "digits classifier, 8-d, test accuracy" in found["label_agreement"]["protocol"]


def test_groups_are_measured_as_named_and_every_line_weighs_itself(cli):
    code, out, _ = cli("tiny-vae", "--metrics", "use")
    assert code == 0
    measured, beside = out.split("\n\n")
    lines = {line.split()[0]: line for line in measured.splitlines()}
    assert set(lines) == figures("use")
    assert all("n 360, seed 0" in line for line in lines.values())
    assert "±" in lines["knn_accuracy"]
    assert "±" not in lines["majority_accuracy"], "it is a property of the split"
    head, *rows, rule = beside.splitlines()
    assert rule == "yes, no: by more than two standard errors of the difference"
    assert head.split("  ")[0] == "does the code help?"
    assert [row.split()[0] for row in rows] == ["knn_accuracy", "linear_probe_accuracy", "kmeans_ari", "kmeans_nmi"]
    for row in rows:
        score, *values = re.sub(" ± [0-9.]+", "", row).split()
        in_table = [float(value) for value in values[:3]]
        assert " ".join(values[3:]) in ("yes", "no", "not clear")
        in_lines = [float(lines[key].split()[1]) for key in (score, f"{score}_raw", f"{score}_pca")]
        assert in_table == pytest.approx(in_lines, abs=6e-4), "code, raw samples and components, in this order"


def test_what_was_measured_before_an_interruption_is_printed_and_saved(tiny_checkpoint, tmp_path, monkeypatch, capsys):
    def interrupted(_subject):
        raise KeyboardInterrupt

    shutil.copytree(tiny_checkpoint, tmp_path / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    groups = metric_groups()
    quick = {"codebook_perplexity": Estimate(9.0, 360, 0, 0.01, "by hand")}
    changed = {
        "latent": dataclasses.replace(groups["latent"], measure=lambda _s: quick),
        "use": dataclasses.replace(groups["use"], measure=interrupted),
    }
    monkeypatch.setattr(evaluating, "_groups", lambda text: list(changed.values()))
    assert main(["eval", "tiny-vae", "--metrics", "latent,use", "--save"]) == 130
    out, err = capsys.readouterr()
    assert out.startswith("codebook_perplexity          9.000 ± 0.010 (standard error)")
    assert "latent (1 / 2): " in err
    assert "use (2 / 2): " in err
    assert checkpoint.read(tmp_path / "tiny-vae").config["estimates"]["codebook_perplexity"]["value"] == 9
    assert main(["eval", "tiny-vae", "--metrics", "latent,use", "--json"]) == 130
    assert json.loads(capsys.readouterr()[0])["codebook_perplexity"]["value"] == 9


def test_every_line_of_the_bounds_says_what_it_is(cli):
    out = cli("tiny-vae", "--k", 7)[1]
    lines = {line.split()[0]: line for line in out.splitlines() if "  " in line}
    for key in figures("bounds") & lines.keys():
        assert protocol(key, {"nll_k": 7, "elbo_nats": 1.0}) in lines[key] != "", key
    assert "share of samples with an effective sample size below 3.5" in lines["nll_low_ess"]
    assert "per value" in lines["mse"]
    assert "no bound on log p(x)" in cli("tiny-ae")[1]


def test_help_names_the_groups_and_the_defaults(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["eval", "--help"])
    out = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "default 100" in out
    assert "default bounds" in " ".join(out.split())
    assert all(f"  {name} " in out for name in metric_groups())


def test_save_writes_bounds_and_estimates_to_the_card_each_in_its_place(tiny_checkpoint, tmp_path, monkeypatch):
    """And nothing that would make it unreadable: a text among the metrics, an NLL of another precision."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    before = checkpoint.read(folder).config
    one, two = (Estimate(value, 360, 0, error, "of whom") for value, error in ((0.9, 0.01), (0.5, None)))
    evaluating._save("tiny-vae", {"knn_accuracy": one, "kmeans_ari": one})
    assert checkpoint.read(folder).config["metrics"] == before["metrics"]
    evaluating._save("tiny-vae", {"distortion_nats": 1.5, "pixels": "binary", "kmeans_ari": two})
    card = checkpoint.read(folder).config
    assert card["metrics"] == {"distortion_nats": 1.5}
    assert card["estimates"] == {"knn_accuracy": asdict(one), "kmeans_ari": asdict(two)}
    assert card["files"] == before["files"]
    assert main(["eval", "tiny-vae", "--save", "--precision", "bfloat16"]) == 1


def test_an_autoencoder_draws_from_its_aggregate_and_has_no_posterior(cli):
    found = json.loads(cli("tiny-ae", "--metrics", "all", "--k", 0, "--json")[1])
    assert "draws from the aggregate" in found["coverage"]["protocol"]
    assert "need exactly one level of Gaussian latents" in found["skipped"]["latent"]
    assert not {name for name in found if "bits_per_dim" in name}


def test_what_was_asked_for_by_name_and_cannot_be_is_an_error(cli):
    code, out, err = cli("tiny-ae", "--metrics", "latent")
    assert (code, out) == (1, "")
    assert "tiny-ae: these metrics need exactly one level of Gaussian latents" in err
    code, out, err = cli("tiny-ae", "--metrics", "latent,use", "--json")
    assert code == 1
    assert "tiny-ae: these metrics need exactly one level of Gaussian latents" in err
    assert set(json.loads(out)) == {"checkpoint", "skipped"} | figures("use"), "what was measured is not lost"
    code, _, err = cli("tiny-vae", "--metrics", "boundz")
    assert code == 1
    assert "unknown metric group 'boundz'. Did you mean 'bounds'" in err


# ---------------------------------------------------------------- groups, one by one


def test_codes_of_a_discrete_model_are_counted_over_the_whole_test_set():
    """A model whose codes are its two latents themselves, of eight."""
    mu = np.arange(250 * 2, dtype=np.float32).reshape(250, 2) % 4
    model = SimpleNamespace(codes=lambda z: z.long(), codebook=lambda: torch.zeros(8, 3))
    engine = SimpleNamespace(traits=frozenset({"discrete"}), conditional=False)
    subject = Subject(engine, model, torch.device("cpu"), DATASETS.get("digits").load(), seed=0)
    subject.__dict__["posteriors"] = (mu, 0 * mu, None)  # cached, as after the first look
    found = latent_group(subject)
    assert found["codebook_perplexity"].value == pytest.approx(4)
    assert found["codebook_perplexity"].n == 250


def test_disentanglement_is_of_the_engines_own_codes():
    """Against factors: evaluate_disentanglement with encode, samples and seed of the subject."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (600, 2))
    x = factors.astype(np.float32)
    samples = Samples(x, None, x, None, factors, factors, ("x", "y"))
    small = lambda x: (1e-3 * x, np.zeros_like(x))  # noqa: E731
    engine = SimpleNamespace(encode=lambda x: (x, np.full_like(x, 0.1)), card={"dataset": "sprites"}, has_prior=True)
    found = disentanglement_group(Subject(engine, None, torch.device("cpu"), samples, seed=3))
    assert found["mig_binned"].value > 0.9
    assert {e.seed for e in found.values()} == {3}
    assert found["factor_vae_score"].value == 1
    engine.card["metrics"] = {"rate_per_dim_nats": [0.01, 0.01]}
    collapsed = disentanglement_group(Subject(engine, None, torch.device("cpu"), samples, seed=3))
    assert collapsed["factor_vae_score"].value == collapsed["sap"].value == 0, "by the rates of the card"
    engine = SimpleNamespace(encode=small, card={"dataset": "sprites"}, has_prior=False)
    plain = disentanglement_group(Subject(engine, None, torch.device("cpu"), samples, seed=3))
    assert plain["factor_vae_score"].value == 1, "a code without a prior in units of its own"


def test_bits_per_dim_of_a_uniform_density_are_log_255():
    """Density 1 on 0-1: a level is 1/255 wide, so log2 255 bits a pixel, whatever their number."""
    uniform = ContinuousBernoulli()
    nll = -float(uniform.log_prob(torch.zeros(1, 1, 4, 4), torch.rand(1, 1, 4, 4)))
    assert bits_per_dim(uniform, nll, 16) == pytest.approx(math.log2(255), abs=1e-5)
    twice = bits_per_dim(Gaussian(), -16 * math.log(2), 16)
    assert twice == pytest.approx(math.log2(255) - 1), "twice as dense everywhere: a bit less"
    assert bits_per_dim(Bernoulli(), 3.0, 16) is None
    levels = Gaussian()
    levels.measure = "levels"
    assert bits_per_dim(levels, 16 * math.log(2), 16) == pytest.approx(1)


def test_a_level_is_as_wide_as_the_levels_of_the_samples_are_apart():
    uniform = ContinuousBernoulli()
    nll = -float(uniform.log_prob(torch.zeros(1, 1, 4, 4), torch.rand(1, 1, 4, 4)))
    digits = torch.from_numpy(DATASETS.get("digits").load().x_test)
    assert steps_of(digits) == 16
    assert bits_per_dim(uniform, nll, 16, steps_of(digits)) == pytest.approx(4, abs=1e-5)
    assert steps_of(torch.arange(256, dtype=torch.uint8)) == 255
    assert steps_of(torch.tensor([0, 3, 200, 255], dtype=torch.uint8)) == 255, "not evenly spaced"
    assert steps_of(torch.tensor([0, 255, 255], dtype=torch.uint8)) == 1
    assert steps_of(torch.tensor([7, 7], dtype=torch.uint8)) == 255


def test_eval_prints_bits_beside_the_bounds(cli):
    found = json.loads(cli("tiny-vae", "--k", 2, "--json")[1])
    for name, nats in (("elbo", -found["elbo_nats"]), ("nll", found["nll_nats"])):
        assert found[f"{name}_bits_per_dim"] == pytest.approx(nats / (64 * math.log(2)) + math.log2(16)), "17 levels"
    assert found["dequantised"] is False
    assert "without dequantisation noise" in cli("tiny-vae", "--k", 0)[1]
    assert "nll_bits_per_dim" not in json.loads(cli("tiny-vae", "--k", 0, "--json")[1])
