"""How the map of Explore does with many points, in a real Chromium: python -m benchmarks.map_scale [N ...] [--quick].

For each N a checkpoint is made in a temporary folder: fashion-vae with N reference rows drawn around its own (a row,
plus a tenth of a standard deviation on the latent and a hundredth of the width on the map). Measured: the time to
an interactive map in a new tab of a warm server, the time from frame to frame while the map is dragged, and the latency
from pointer to painted picture with trust, density, the grid of decoded pictures and thumbnails all on.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import vae
from benchmarks.live_latency import FLAGS, open_map, percentile, rss_gb, server, wander
from benchmarks.machine import machine, summary, write
from vae.atlas import atlas as atlases
from vae.atlas import building
from vae.atlas.measured import ERROR, RATE
from vae.latent.neighbours import Index
from vae.latent.projector import Projector
from vae.modalities.image import tile
from vae.saved import checkpoint

NAME = "fashion-vae"
SIZES = (10_000, 60_000, 100_000, 1_000_000)
P95_MS, FRAME_MS = 33, 33  # what must hold: the pointer at 60 000, the frames from 10 000 to 100 000
GAPS = """() => { window.__gaps = []; let last = performance.now(); window.__watch = true
  const step = (now) => { __gaps.push(now - last); last = now; if (__watch) requestAnimationFrame(step) }
  requestAnimationFrame(step) }"""


def enlarged(engine, n: int) -> atlases.Atlas:
    """The engine's atlas with n rows; the first are its own."""
    own, random = engine.atlas, np.random.default_rng(0)
    rows = np.concatenate([np.arange(min(n, own.n)), random.integers(0, own.n, max(0, n - own.n))])
    more = (np.arange(n) >= own.n)[:, None]
    z = own.z[rows] + more * (0.1 * own.z_std * random.normal(size=(n, engine.d)))
    xy = own.xy[rows] + more * (0.01 * own.projector.width * random.normal(size=(n, 2)))
    z, xy = z.astype(np.float16).astype(np.float32), xy.astype(np.float32)
    old = own.projector
    trust = old._model  # of the same map
    projector = Projector.build(z, xy, a=old.a, b=old.b, scale=old.scale, trust=trust)
    columns, fit = building._sheet_of(n, own.thumb_size)
    sheet = tile(own.thumbnails(rows[:fit]), columns)
    return dataclasses.replace(
        own, z=z, std=own.std[rows], xy=xy, labels=own.labels[rows], index=np.arange(n), projector=projector,
        thumbnails_webp=_webp(sheet), thumb_columns=columns,
        measured={ERROR: own.measured[ERROR][rows], RATE: np.empty(0)},
        search=Index(projector.seen(z[:2]), projector.scale),
    )  # fmt: skip


def _webp(sheet: np.ndarray) -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "WEBP", quality=60, method=2)
    return out.getvalue()


def make(root: Path, n: int) -> str:
    """A checkpoint with n reference rows below root; its name."""
    saved = checkpoint.read(checkpoint.find(NAME), skip=(checkpoint.RESUME,))
    engine, name = vae.load(NAME), f"{NAME}-{n}"
    config = saved.config | {"name": name, "atlas": saved.config["atlas"] | {"n": n}}
    checkpoint.save(root / name, config, {**saved.files, **enlarged(engine, n).files()})
    return name


def drag(page, seconds: float) -> list[float]:
    """Milliseconds from frame to frame while the map is dragged in a circle."""
    box = page.locator("[data-testid=zscope-map]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(GAPS)
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < seconds:
        page.mouse.move(x + 120 * np.sin(3 * now), y + 80 * np.cos(3 * now))
    gaps = page.evaluate("(window.__watch = false, __gaps.slice(2))")
    page.mouse.up()
    return gaps


def layers(page) -> None:
    """Trust, density and the manifold on; the thumbnails are from the start."""
    page.locator(".zm-drop > button", has_text="Layers").click()
    for name in ("Trust", "Density", "Manifold"):
        page.locator(".zm-menu:not([hidden]) .zm-item", has_text=name).first.click()
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('[data-testid=zscope-map]').dataset.cells === '160'", timeout=60_000)
    page.wait_for_timeout(500)


def measure(context, root: Path, n: int, seconds: float) -> dict:
    start = time.perf_counter()
    name = make(root, n)
    made_s = time.perf_counter() - start
    os.environ["ZSCOPE_CHECKPOINTS"] = str(root)
    try:
        with server("app/main.py") as (url, process, _):
            address = f"{url}/?model={name}"
            page, first_s = open_map(context, address)
            opened = []
            for _ in range(3):
                page.close()
                page, took = open_map(context, address)
                opened.append(took)
            fetched = page.evaluate(
                "performance.getEntriesByType('resource').find((e) => e.name.includes('map.bin')).decodedBodySize"
            )
            page.wait_for_timeout(1000)
            gaps = drag(page, seconds / 2)
            most = page.evaluate("document.querySelector('.zm-thinned').textContent")
            page.get_by_role("button", name="Show the whole map").click()
            page.wait_for_timeout(800)
            layers(page)
            moved = wander(page, seconds)
            result = {"server_rss_gb": rss_gb(process)}
            page.close()
    finally:
        del os.environ["ZSCOPE_CHECKPOINTS"]
    return result | {
        "n": n, "made_s": made_s, "first_map_s": first_s, "map_s": opened, "map_bin_bytes": fetched, "frame_ms": gaps,
        "thinned": most, "latency_ms": moved["latency_ms"], "sent": moved["sent"], "painted": moved["painted"],
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--quick", action="store_true", help="a quarter of the time")
    args = parser.parse_args(argv)
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        print("there is no Chromium on this machine", file=sys.stderr)
        return 1
    here, results = machine(), []
    print(f"{here['cpu']}, {here['cores']} cores; python {here['python']}; {here['versions']}\n")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        opened = {"executable_path": path, "args": FLAGS, "viewport": {"width": 1440, "height": 900}}
        context = playwright.chromium.launch_persistent_context(f"{folder}/profile", **opened)
        context.add_init_script("localStorage.setItem('zscope.tour', 'true')")  # nobody's first visit
        for n in args.n:
            r = measure(context, Path(folder) / "checkpoints", n, 5 if args.quick else 20)
            results.append(r | {"load_1min": os.getloadavg()[0]})
            print(report(results[-1]), flush=True)
            shutil.rmtree(Path(folder) / "checkpoints", ignore_errors=True)
        context.close()
    print(f"\nwritten to {write('map_scale', {'quick': args.quick, 'sizes': results}).relative_to(Path.cwd())}")
    held = [percentile(r["latency_ms"], 0.95) <= P95_MS for r in results if r["n"] == 60_000]
    held += [statistics.median(r["frame_ms"]) <= FRAME_MS for r in results if r["n"] <= 100_000]
    return 0 if all(held) else 1


def report(r: dict) -> str:
    size, frames, pointer = r["map_bin_bytes"] / 1e6, r["frame_ms"], r["latency_ms"]
    lines = [
        f"{r['n']} points ({size:.1f} MB), load {r['load_1min']:.1f}, server {r['server_rss_gb']:.2f} GB",
        f"  first map of the checkpoint, s        {r['first_map_s']:.1f}",
        f"  next tab to interactive map, s        {summary(r['map_s'])}",
        f"  frame to frame while dragged, ms      p95 {percentile(frames, 0.95):.0f}, {summary(frames)}",
        f"  pointer to picture, all layers on, ms p95 {percentile(pointer, 0.95):.1f}, {summary(pointer)}",
    ]
    return "\n".join([*lines, f"  {r['thinned']}"] if r["thinned"] else lines)


if __name__ == "__main__":
    sys.exit(main())
