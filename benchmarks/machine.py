"""What a measurement must carry to mean something: machine, versions, n and spread."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "out"


def machine() -> dict[str, str]:
    """Processor, cores, Python and the versions of what is measured."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    packages = ("torch", "numpy", "scipy", "umap-learn", "streamlit", "plotly")
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in packages)
    return {"cpu": cpu, "cores": str(os.cpu_count()), "python": platform.python_version(), "versions": versions}


def summary(values: Sequence[float]) -> str:
    """median (min-max, n) of a list of measurements."""
    v = sorted(values)
    return f"{statistics.median(v):.3g} ({v[0]:.3g}-{v[-1]:.3g}, n={len(v)})"


def write(name: str, result: dict[str, Any]) -> Path:
    """benchmarks/out/NAME.json with the machine; units stand in the keys."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **result}, indent=1) + "\n")
    return path
