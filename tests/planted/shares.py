"""Known bugs of what several processes compute of a batch together, each in three processes, and of what would fail on
an accelerator; see planted.py."""

from __future__ import annotations

from tests.planted.mutant import Mutant

DEVICE = "families/test_one_device.py::test_a_family_stays_on_its_device"
STEP = "training/test_batch_shares.py::test_two_processes_take_the_step_of_one"

# fmt: off
MUTANTS = (
    Mutant("a process without rows adds the one that stands in", "losses/batch_shares.py",
           "values.detach().clone() if share.own else torch.zeros_like(values)", "values.detach().clone()",
           f"{STEP}[vq_vae-image]"),
    Mutant("gathered rows pass back what this process asks of them alone", "losses/batch_shares.py",
           "        dist.all_reduce(total)\n        own = ", "        own = ",
           f"{STEP}[wae-image]"),
    Mutant("a part of a batch weighs like all of it", "losses/batch_shares.py",
           "replace(share, rows=rows).weight / share.weight * values.mean()", "values.mean()",
           f"{STEP}[factor_vae-image]"),
    Mutant("MMD of a share", "losses/penalties.py",
           "z = gathered(output.latent.z)", "z = output.latent.z",
           f"{STEP}[info_vae-image]"),
    Mutant("each process compares with a prior sample of its own", "losses/penalties.py",
           "shared(torch.randn_like(z))", "torch.randn_like(z)",
           f"{STEP}[wae-image]"),
    Mutant("covariance of a share", "losses/penalties.py",
           "covariance(gathered(output.latent.mu))", "covariance(output.latent.mu)",
           f"{STEP}[dip_vae-image]"),
    Mutant("posterior variances of a share", "losses/penalties.py",
           "gathered(output.latent.std).square()", "output.latent.std.square()",
           f"{STEP}[dip_vae-image-II]"),
    Mutant("free bits of a share", "losses/terms.py",
           "gathered(level).mean()", "level.mean()",
           f"{STEP}[ladder_vae-image]"),
    Mutant("the aggregate posterior of a share", "losses/aggregate.py",
           "mu, std = gathered(q.mu), gathered(q.std)", "mu, std = q.mu, q.std",
           f"{STEP}[tc_vae-image]"),
    Mutant("every process takes itself for the first rows", "losses/aggregate.py",
           "mine(log_importance(len(mu), n_data, sampling, q.z.device))",
           "log_importance(len(mu), n_data, sampling, q.z.device)[: len(q.z)]",
           f"{STEP}[tc_vae-image]"),
    Mutant("each process permutes in its own way", "families/factor_vae.py",
           "shared(torch.rand_like(z))", "torch.rand_like(z)",
           f"{STEP}[factor_vae-image]"),
    Mutant("the codebook follows one process", "models/bottlenecks/vq.py",
           "lerp_(added(chosen.T @ z)", "lerp_((chosen.T @ z)",
           f"{STEP}[vq_vae-image]"),
    Mutant("codes revived from a share", "families/vq_vae.py",
           "self.book.revive(gathered(encoded.detach())", "self.book.revive((encoded.detach())",
           f"{STEP}[vq_vae-image]"),
    Mutant("perplexity of a share", "models/bottlenecks/vq.py",
           "perplexity(gathered(model.codes(output.latent.z.detach()))",
           "perplexity((model.codes(output.latent.z.detach()))",
           f"{STEP}[vq_vae-image]"),
    # ------------------------------------------------ on an accelerator
    Mutant("corrupted elements chosen on the CPU", "losses/corruption.py",
           "torch.rand(len(x), n, device=x.device)", "torch.rand(len(x), n)", f"{DEVICE}[denoising_vae-image]"),
    Mutant("weights of the aggregate posterior left on the CPU", "losses/aggregate.py",
           "mine(log_importance(len(mu), n_data, sampling, q.z.device)).to(log_q)",
           "mine(log_importance(len(mu), n_data, sampling))", f"{DEVICE}[tc_vae-image]"),
    Mutant("noise of a series drawn on the CPU", "families/vrnn.py",
           "noise = torch.randn(n, self.d, device=x.device)", "noise = torch.randn(n, self.d)",
           f"{DEVICE}[vrnn-series]"),
    Mutant("an evaluation reseeds the training on MPS", "models/tensors.py",
           "torch.mps.set_rng_state(before)", "pass",
           "models/test_tensors.py::test_the_generator_of_mps_is_put_back_too"),
    Mutant("labels in float64", "models/semi_supervised.py",
           "torch.eye(classes, dtype=x.dtype, device=x.device)",
           "torch.eye(classes, dtype=torch.float64, device=x.device)", f"{DEVICE}[semi_supervised_vae-image]"),
)
