"""How far to rely on an NLL: python -m benchmarks.nll_evidence [NAME ...] [--n N] [--k K ...].

For each checkpoint and k over the first n test samples: the NLL, its standard error, the mean effective sample size of
its importance weights and the share of samples where that is low. For grey pixels under a Bernoulli also what the same
log-sum-exp makes of their expected log-likelihood (zscope did so once), which is no NLL of anything.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.machine import machine, write
from vae.engine.engine import load
from vae.metrics.bounds import evaluate, importance
from vae.metrics.subject import Subject
from vae.models.conditions import told
from vae.models.tensors import to_float

NAMES = ("digits-vae", "mnist-vae", "fashion-vae", "fashion-beta-1", "fashion-iwae", "fashion-cvae")


def judged(name: str, n: int, k: int) -> dict[str, float | int | str]:
    """A row of the table."""
    s = Subject.of(load(name))
    x, y, c = (None if part is None else part[:n] for part in (s.x_test, s.y_test, s.c_test))
    assert x is not None
    found = evaluate(s.model, x, y, c=c, k=k)
    keys = ("nll_nats", "nll_standard_error_nats", "nll_ess", "nll_low_ess")
    row: dict[str, float | int | str] = {"model": name, "n": len(x), "k": k}
    row |= {key: round(found[key], 3) for key in keys if found.get(key) is not None}
    if "pixel_entropy_nats" in found:
        torch.manual_seed(0)
        given, grey = told(s.model, y if c is None else c), to_float(x)
        with torch.inference_mode():
            expected = importance(s.model, grey, s.model.infer(grey, given), k, given)[0]
        row |= {"of_expected_nats": round(-float(expected.mean()), 3), "pixel_entropy": found["pixel_entropy_nats"]}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--k", type=int, nargs="+", default=[100, 1000])
    args = parser.parse_args()
    found = []
    for name in args.names:
        for k in args.k:
            found.append(judged(name, args.n, k))
            print("  ".join(f"{key} {value}" for key, value in found[-1].items()), flush=True)
    write("nll_evidence", {"machine": machine(), "rows": found})


if __name__ == "__main__":
    main()
