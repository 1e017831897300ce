"""python -m benchmarks.maxent [series | spins | texture FILE] [--n 4]: maximum entropy under moments, judged by
what was not imposed.

series: the mean daily log-return of 19 US stocks, 2,048 days from 1996, by wavelet scattering spectra, beside Gaussian
series of the same spectrum, the usual surrogate. spins: whether each of 20 stocks rose, by means and products, beside
independent spins, on days that were not used. texture: a square of a grey picture, beside a Gaussian of the same
spectrum and the square next to it.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.machine import machine, write
from vae.data.published.store import find
from vae.data.sets.sp500_returns import FIRST, SOURCE
from vae.maxent.descent import Target, same_spectrum, synthesise, target
from vae.maxent.judging import Judgement, judge
from vae.maxent.multipliers import fit, spins_of

DAYS, COARSE, SIZE, SPLIT = 2048, "RRC", 64, "2015-01-01"  # RRC is quoted too coarsely before 2000


def log_returns() -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Dates (t,), names of the stocks, and their daily log-returns (t, stocks), from 1996 on."""
    head, *rows = csv.reader(io.StringIO(find(SOURCE)["sp500_dataset.csv.gz"].decode()))
    dates = np.array([row[0] for row in rows], "datetime64[D]")[1:]
    returns = np.diff(np.log(np.array([row[1:] for row in rows], float)), axis=0)
    used = dates >= np.datetime64(FIRST)
    return dates[used], tuple(head[1:]), returns[used]


def series(n: int) -> list[dict[str, Any]]:
    _dates, names, returns = log_returns()
    x = returns[:, [name != COARSE for name in names]].mean(1)[:DAYS]
    data = torch.from_numpy((x - x.mean()) / x.std())[None, None]
    rows = [shown("Gaussian of the same spectrum", judge(data.numpy(), same_spectrum(data, n).numpy()), {})]
    for kinds in (["spectrum"], ["spectrum", "modulus"], ["marginal", "spectrum"], ["spectrum", "scattering"]):
        rows.append(synthesised(target(kinds, data), data, n, " + ".join(kinds)))
    return rows


def texture(path: str, n: int) -> list[dict[str, Any]]:
    with Image.open(path) as opened:
        grey = np.asarray(opened.convert("L").resize((3 * SIZE, 3 * SIZE), Image.Resampling.LANCZOS), float)
    grey = (grey - grey.mean()) / grey.std()
    data = torch.from_numpy(grey[:SIZE, :SIZE].copy())[None, None]
    other = torch.from_numpy(grey[:SIZE, SIZE : 2 * SIZE].copy())[None, None]
    rows = []
    for kinds in (["marginal", "spectrum"], ["marginal", "spectrum", "scattering"], ["marginal", "filters"]):
        goal = target(kinds, data)
        beside = {
            "misfit of the next square": float(goal.misfit(other)[0]),
            "misfit of a Gaussian": float(goal.misfit(same_spectrum(data, 1))[0]),
        }
        rows.append(synthesised(goal, data, n, " + ".join(kinds)) | beside)
        print("   ", "  ".join(f"{k} {v:.2f}" for k, v in beside.items()), flush=True)
    rows.append(shown("Gaussian of the same spectrum", judge(data.numpy(), same_spectrum(data, n).numpy()), {}))
    return rows


def synthesised(goal: Target, data: torch.Tensor, n: int, kinds: str) -> dict[str, Any]:
    began = time.process_time()
    found = synthesise(goal, n)
    cost = {
        "moments": len(goal.values),
        "misfit": round(max(found.misfit), 2),
        "before": round(min(found.before), 1),
        "reached": f"{sum(found.reached)} / {n}",
        "steps": max(found.steps),
        "cpu_s": round((time.process_time() - began) / n, 1),
    }
    return shown(kinds, judge(data.numpy(), found.x.numpy()), cost)


def shown(kinds: str, j: Judgement, cost: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"moments of": kinds, **cost, "alike": round(j.alike, 2), "copied": round(j.copied, 2)}
    row["statistics"] = {
        name: f"{mean:.2f} +- {sd:.2f} (data {of:.2f}, halves {half[0]:.2f} {half[1]:.2f})"
        for name, (of, half, (mean, sd)) in j.statistics.items()
    }
    print(*(f"{k} {v}" for k, v in row.items() if k != "statistics"), sep="  ")
    print(*(f"    {name}: {value}" for name, value in row["statistics"].items()), sep="\n", flush=True)
    return row


def spins() -> list[dict[str, Any]]:
    """Fitted before 2015, told by the mean log-likelihood of each later day, nats."""
    dates, names, returns = log_returns()
    s = torch.from_numpy(np.where(returns > 0, 1.0, -1.0))
    early = torch.from_numpy(dates < np.datetime64(SPLIT))
    one = spins_of(s[early])
    wanted = one.features(s[early]).mean(0)
    began = time.process_time()
    begin = s[early][torch.randint(int(early.sum()), (2000,), generator=torch.Generator().manual_seed(0))]
    found = fit(one.features, wanted, one.move, begin, rounds=400)
    log_z, nats, exact = one.exact(found.theta)
    late = s[~early]
    log_p = one.features(late) @ found.theta - log_z
    mean = wanted[: one.n]
    alone = torch.where(late > 0, (1 + mean) / 2, (1 - mean) / 2).log().sum(1)
    row = {
        "stocks": len(names), "moments": len(wanted), "days": int(early.sum()), "later days": len(late),
        "worst moment error": round(float((exact - wanted).abs().max()), 4), "entropy_nats": round(nats, 3),
        "log p of a later day": f"{float(log_p.mean()):.3f} +- {float(log_p.std() / len(late) ** 0.5):.3f}",
        "independent": f"{float(alone.mean()):.3f}",
        "gain": f"{float((log_p - alone).mean()):.3f} +- {float((log_p - alone).std() / len(late) ** 0.5):.3f}",
        "cpu_s": round(time.process_time() - began, 1),
    }  # fmt: skip
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return [row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("series", "spins", "texture"), nargs="?", default="series")
    parser.add_argument("file", nargs="?", default="", help="of a texture")
    parser.add_argument("--n", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="one synthesis")
    args = parser.parse_args()
    n = 1 if args.quick else args.n
    rows = spins() if args.what == "spins" else texture(args.file, n) if args.what == "texture" else series(n)
    write(f"maxent_{args.what}", {"machine": machine(), "n": n, "seed": 0, "rows": rows})


if __name__ == "__main__":
    main()
