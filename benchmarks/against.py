"""This tree against another one of zscope, in turns: python -m benchmarks.against FOLDER [--repeats N] [--live N].

Seconds to import, to print the help, and to open a model and decode one latent, each in a process of its own; with
--live N also `benchmarks.live_latency --quick`, N times on either side. Ratios are this tree over the other. FOLDER is
a checkout with benchmarks of its own, as `git worktree add FOLDER COMMIT` makes one; both run under this Python.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import machine, summary, write

HERE = Path(__file__).resolve().parents[1]
STEPS = {
    "import vae": "import vae",
    "python -m vae --help": "from vae.__main__ import parser\nparser().format_help()",
    "open a model, decode": "import vae\nm = vae.load('fashion-vae')\nm.decode(m.sample(1))",
    "import app.main": "import app.main",
}
LIVE = ("latency_p50_ms", "latency_p95_ms", "drag_frames_per_s", "first_map_s", "server_rss_gb")


def seconds(tree: Path, code: str) -> float:
    """Of a process that runs those lines in that tree, its own start included."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=tree, check=True, capture_output=True)
    return time.perf_counter() - began


def live(tree: Path) -> dict[str, float]:
    """The figures of `benchmarks.live_latency --quick` in that tree."""
    command = [sys.executable, "-m", "benchmarks.live_latency", "--quick"]
    subprocess.run(command, cwd=tree, check=False, env=os.environ | {"PYTHONPATH": str(tree)})
    return json.loads((tree / "benchmarks/out/live_latency.json").read_text("utf-8"))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--live", type=int, default=0)
    args = parser.parse_args(argv)
    trees = {"this": HERE, "other": args.folder.resolve()}
    result: dict[str, object] = {"machine": machine(), "repeats": args.repeats}
    for step, code in STEPS.items():
        found: dict[str, list[float]] = {side: [] for side in trees}
        for turn in range(args.repeats + 1):
            for side, tree in trees.items():
                took = seconds(tree, code)
                if turn:  # the first reads from the disk
                    found[side].append(took)
        ratio = statistics.median(found["this"]) / statistics.median(found["other"])
        print(f"{step}: this {summary(found['this'])} s, other {summary(found['other'])} s, ratio {ratio:.2f}")
        result[step] = found | {"ratio": ratio}
    turns = [{side: live(tree) for side, tree in trees.items()} for _ in range(args.live)]
    for name in LIVE if turns else ():
        this, other = ([turn[side][name] for turn in turns] for side in trees)
        ratio = statistics.median(this) / statistics.median(other)
        print(f"{name}: this {summary(this)}, other {summary(other)}, ratio {ratio:.2f}")
    result["live"] = turns
    write("against", result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
