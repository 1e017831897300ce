"""What it costs to begin, each in processes of its own: python -m benchmarks.startup.

Seconds and modules of an import, and which large libraries came with it; seconds to open a model and decode one latent;
of the app, to an open port and to the first interactive map (where there is a Chromium; `benchmarks.live_latency`
measures the same with more around it). The first process of a kind, which reads from the disk, is left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.machine import machine, summary, write

LARGE = ("torch", "scipy", "sklearn", "umap", "numba", "pandas", "streamlit", "plotly", "requests", "pooch")
MAP, NEW = "a process's first map", "the same, nothing compiled"
STEPS = {
    "import vae": "import vae",
    "import vae.__main__": "import vae.__main__",
    "python -m vae --help": "from vae.__main__ import parser\nparser().format_help()",
    "import torch": "import torch",
    "import vae.engine.engine": "import vae.engine.engine",
    "import vae.training.experiment": "import vae.training.experiment",
    "open a model, decode": "import vae\nm = vae.load(sys.argv[1])\nm.decode(m.sample(1))",
    MAP: "import numpy\nfrom vae.latent.fit import fit_map\nfit_map(numpy.random.default_rng(0).normal(size=(500, 8)))",
    NEW: "import os, tempfile\nos.environ['NUMBA_CACHE_DIR'] = tempfile.mkdtemp()\n",
    "import app.state.studio": "import app.state.studio",
    "import app.main": "import app.main",
}
STEPS[NEW] += STEPS[MAP]  # as before UMAP's compiled functions were kept on disk, or with a new installation
PROBE = """
import io, sys, time, contextlib, json
began, worked, out = time.perf_counter(), time.process_time(), io.StringIO()
with contextlib.redirect_stdout(out):
    exec({code!r})
taken, worked = time.perf_counter() - began, time.process_time() - worked
print(json.dumps([taken, worked, len(sys.modules), [m for m in {large!r} if m in sys.modules]]))
"""


def step(code: str, model: str, n: int) -> tuple[list[float], list[float], int, list[str]]:
    """(seconds and seconds of processor time of every process, its modules, the large libraries among them)."""
    probe, seconds, processor = PROBE.format(code=code, large=LARGE), [], []
    for turn in range(n + 1):
        command = [sys.executable, "-W", "ignore", "-c", probe, model]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        taken, worked, modules, large = json.loads(said)
        if turn:
            seconds.append(taken)
            processor.append(worked)
    return seconds, processor, modules, large


def app(n: int) -> dict[str, list[float]]:
    """Seconds to an open port and to the first map, of n servers, with a profile on disk as users have one."""
    from playwright.sync_api import sync_playwright

    from benchmarks.live_latency import FLAGS, open_map, server

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    found: dict[str, list[float]] = {"app: port open": [], "app: first map": []}
    if path is None:
        return {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        opened = {"executable_path": path, "args": FLAGS, "viewport": {"width": 1440, "height": 900}}
        context = playwright.chromium.launch_persistent_context(profile, **opened)
        for turn in range(n + 1):
            with server("app/main.py") as (url, _, start):
                port = time.perf_counter() - start
                page, _ = open_map(context, url)
                if turn:
                    found["app: port open"].append(port)
                    found["app: first map"].append(time.perf_counter() - start)
                page.close()
        context.close()
    return found


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--model", default="fashion-vae")
    p.add_argument("--no-app", action="store_true", help="without server and browser")
    p.add_argument("--quick", action="store_true", help="2 repeats, without server and browser")
    args = p.parse_args()
    n = 2 if args.quick else args.repeats
    print("  ".join(f"{k}: {v}" for k, v in machine().items()))
    rows = []
    for name, code in STEPS.items():
        seconds, processor, modules, large = step(code, args.model, n)
        rows.append({"what": name, "seconds": seconds, "cpu_seconds": processor, "modules": modules, "large": large})
        times = f"{summary(seconds):32} s, processor {statistics.median(processor):.3g} s"
        print(f"{name:26} {times}  {modules:5} modules  {' '.join(large)}")
    for name, seconds in ({} if args.quick or args.no_app else app(n)).items():
        rows.append({"what": name, "seconds": seconds})
        print(f"{name:24} {summary(seconds):32} s")
    write("startup", {"rows": rows, "median_s": {r["what"]: statistics.median(r["seconds"]) for r in rows}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
