"""Strips a second while a waypoint is dragged, in a real Chromium: python -m benchmarks.live_paths [--quick].

A strip is a way of at least 64 latents by one method, with its frames, its line on the map and its evidence, painted.
The pin of the first waypoint goes round over the map, a move every 30 ms; answers are counted as the page gets them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time

import numpy as np
from playwright.sync_api import sync_playwright

import vae
from benchmarks.live_latency import FLAGS, READY, ROOT, server
from benchmarks.machine import machine, summary, write
from vae.latent.paths import METHODS
from vae.studies.path import measured_path

WANTED = 5  # strips of the method that is walked, a second
STRIPS = "document.querySelectorAll('[data-testid=zscope-strip] button.fs-frame').length >= 33"
DRAG = """([x, y, seconds]) => new Promise((done) => {
  const pin = document.querySelector("[data-testid=zscope-pin-0]"), seen = [], start = performance.now()
  const note = (way) => seen.push([performance.now() - start, way.method, way.server_ms, way.round_trip_ms])
  const off = zscope.on("way", note)
  let moves = 0
  const moving = setInterval(() => {
    const turn = ++moves / 9, at = { clientX: x + 60 * Math.sin(turn), clientY: y + 40 * (1 - Math.cos(turn)) }
    pin.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, bubbles: true, buttons: 1, ...at }))
    if (performance.now() - start < 1000 * seconds) return
    clearInterval(moving)
    off()
    done([seen, moves])
  }, 30)
})"""


def drag(page, seconds: float) -> tuple[list[list], float]:
    """What arrived while the first pin was dragged, [ms, method, server ms, round trip ms] each, and moves a second.

    The mouse takes the pin; the moves are made in the page, as a driver from outside is slower than the strips.
    """
    pin = page.locator("[data-testid=zscope-pin-0]").bounding_box()
    x, y = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen, moves = page.evaluate(DRAG, [x, y, seconds])
    page.mouse.up()
    return seen, moves / seconds


def cpu_ms(model: str, method: str, n: int) -> list[float]:
    """Processor time of one strip while a waypoint is dragged, between random reference rows: no other work counts."""
    engine = vae.load(model, device="cpu")
    rng, taken = np.random.default_rng(0), []
    for _ in range(n + 1):
        ends, start = engine.atlas.z[rng.integers(0, engine.atlas.n, 2)], time.process_time()
        measured_path(engine, ends, method, fine=False)
        taken.append(1e3 * (time.process_time() - start))
    return taken[1:]  # the first also makes the graph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="fashion-vae")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of 3 s")
    args = parser.parse_args()
    rounds, seconds = (1, 3.0) if args.quick else (args.rounds, 6.0)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("there is no Chromium on this machine")
    rates: dict[str, list[float]] = {method: [] for method in METHODS}
    spent: dict[str, list[float]] = {method: [] for method in METHODS}
    moves: list[float] = []
    with server(str(ROOT / "app" / "main.py")) as (url, _, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in range(rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{url}/interpolate?model={args.model}&method=geodesic")
            page.wait_for_selector(READY, timeout=90_000)
            page.wait_for_function(STRIPS, timeout=90_000)
            page.wait_for_timeout(1500)
            seen, moved = drag(page, seconds)
            moves.append(moved)
            for method in METHODS:
                found = [row for row in seen if row[1] == method]
                rates[method].append(len(found) / seconds)
                spent[method] += [row[2] for row in found]
            page.close()
        browser.close()
    load = os.getloadavg()[0]
    print(machine() | {"load": f"{load:.1f}"})
    for method in METHODS:
        print(f"{method:9s} strips a second {summary(rates[method])}; on the server {summary(spent[method])} ms")
        print(f"{'':9s} processor time {summary(cpu_ms(args.model, method, 10 if args.quick else 40))} ms")
    print(f"moves a second {summary(moves)}")
    total = [sum(each) for each in zip(*rates.values(), strict=True)]
    print(f"all three together {summary(total)} strips a second; wanted {WANTED}")
    write("live_paths", {"model": args.model, "strips_s": rates, "total_s": total, "server_ms": spent, "load": load})


if __name__ == "__main__":
    main()
