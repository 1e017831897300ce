"""What vae.explore costs: python -m benchmarks.explore [--quick], or [--n N] --d D.

The seconds from the call to the first picture that the page has decoded, of 10 000 samples of d = 16, the map included;
and the time of a decode through the engine as the page asks for it, of fashion-vae opened as a checkpoint and of the
same model attached to this program, in turns, so that a busy machine slows both.

With --d: the CPU time of each step towards a map of latents of D dimensions, and of the latents at its positions. Those
of an AutoencoderKL have 4 096 at 256 px and 16 384 at 512 px.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from playwright.sync_api import sync_playwright

import vae
from benchmarks.live_latency import FLAGS, wander
from benchmarks.machine import machine, summary, write
from vae.atlas.atlas import load
from vae.atlas.building import laid_out, of_latents
from vae.attached.adapters import diffusers_folder
from vae.attached.callables import Decode, Function
from vae.attached.explorer import Explorer
from vae.attached.threads import as_given, quicker
from vae.registry import DATASETS

N, MODEL = 10_000, "fashion-vae"
PAINTED = "window.zscope && window.zscope.live && window.zscope.live.painted > 0"


def opened(data) -> Explorer:
    model = vae.load(MODEL, "cpu").model
    return vae.explore(
        encode=lambda x: model.infer(x).mu,
        decode=model.decode,
        x=torch.from_numpy(data.x_train[:N].astype(np.float32) / 255),
        labels=data.y_train[:N],
        name="attached",
        browser=False,
    )


def to_first_frame(data, page) -> tuple[float, float]:
    """Seconds until explore returned, and until the page had a decoded picture."""
    began = time.perf_counter()
    with opened(data) as explorer:
        ready = time.perf_counter() - began
        page.goto(explorer.url)
        page.wait_for_function(PAINTED, timeout=120_000)
        return ready, time.perf_counter() - began


def decodes(data, turns: int) -> dict[str, list[float]]:
    """ms of one decode, by way, in a process of its own as the app is."""
    with opened(data) as explorer:
        explorer.measured(600.0)  # else trust takes turns with the decodes
        asked = [sys.executable, "-m", "benchmarks.explore", "--decodes", str(explorer.folder), str(turns)]
        return json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def in_turns(folder: str, turns: int) -> dict[str, list[float]]:
    engines = {"checkpoint": vae.load(MODEL, "cpu"), "attached": vae.load(folder, "cpu")}
    times: dict[str, list[float]] = {way: [] for way in engines}
    z = engines["checkpoint"].atlas.z[:turns].astype(np.float32)
    for i in range(turns):
        seen = []
        for way, engine in engines.items():
            began = time.perf_counter()
            seen.append(engine.decode_uint8(z[i : i + 1]).astype(int))
            times[way].append(1e3 * (time.perf_counter() - began))
        assert np.abs(seen[0] - seen[1]).max() <= 1
    return {way: t[20:] for way, t in times.items()}


def frames(data, page, rounds: int) -> dict[str, list[float]]:
    """ms from a move of the pointer to the painted picture, by way, in one browser and one app, in turns."""
    times: dict[str, list[float]] = {MODEL: [], "attached": []}
    with opened(data) as explorer:
        explorer.measured(600.0)
        for _ in range(rounds):
            for name, seen in times.items():
                page.goto(explorer.url.replace(f"model={explorer.name}", f"model={name}"))
                page.wait_for_function(PAINTED, timeout=120_000)
                wander(page, 1.0)  # what is made once
                seen += wander(page, 4.0)["latency_ms"]
    return {"checkpoint": times[MODEL], "attached": times["attached"]}


def autoencoder(turns: int) -> dict[str, float]:
    """Frames/s that an AutoencoderKL of 1.25 million weights with latents (4, 8, 8) decodes for the page, at 64 px, on
    the threads that explore chose and on all."""
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    model = AutoencoderKL(**blocks, block_out_channels=(32, 64, 64, 64), latent_channels=4, sample_size=64)
    held = diffusers_folder.of_model(model.eval())
    z = np.random.default_rng(0).standard_normal((turns, 4, 8, 8), dtype=np.float32)
    decode = Decode(Function(held.decode, "decode"), (4, 8, 8))
    flat = z.reshape(turns, -1)
    chosen = quicker(lambda: decode(flat[:1]))
    times: dict[str, list[float]] = {"chosen": [], "all": []}
    for i in range(turns):
        for way, threads in (("chosen", chosen), ("all", as_given)):
            with threads():
                began = time.perf_counter()
                decode(flat[i : i + 1])
            times[way].append(time.perf_counter() - began)
    return {f"autoencoder_{way}_frames_s": round(1 / statistics.median(t), 1) for way, t in times.items()}


def wide(n: int, d: int) -> dict[str, Any]:
    """CPU s of the steps that the program and the app take with n latents of d dimensions, UMAP itself left out."""
    random = np.random.default_rng(0)
    z = random.standard_normal((n, 16)) @ random.standard_normal((16, d)) + random.standard_normal((n, d))
    pictures = np.zeros((n, 1, 8, 8), np.uint8)
    steps: dict[str, float] = {}

    def timed(step: str, run: Callable[[], Any]) -> Any:
        began = time.process_time()
        found = run()
        steps[step] = time.process_time() - began
        return found

    z = z.astype(np.float32)
    first = timed("first_map", lambda: of_latents(z, None, np.arange(n), (), pictures, quick=True))
    files = timed("saved", first.files)
    timed("opened_by_the_app", lambda: load(files, (), "wide", d=d))
    later = timed("other_positions", lambda: laid_out(first, random.permutation(first.xy)))
    near = later.xy[:200] + 0.02 * later.projector.width * random.standard_normal((200, 2))
    anywhere = random.uniform(*np.reshape(later.projector.box, (2, 2)), (50, 2))
    timed("200_positions_near_samples", lambda: later.projector.from_map(near))
    timed("50_positions_anywhere", lambda: later.projector.from_map(anywhere))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {f"{step}_cpu_s": round(s, 2) for step, s in steps.items()} | {"peak_memory_gb": round(peak, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--d", type=int, default=0)
    parser.add_argument("--n", type=int, default=N)
    parser.add_argument("--decodes", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.decodes:
        return print(json.dumps(in_turns(args.decodes[0], int(args.decodes[1]))))
    if args.d:
        result = {"n": args.n, "d": args.d, **wide(args.n, args.d)}
        return print(result, write(f"explore_d{args.d}", result), sep="\n")
    quick = args.quick
    data = DATASETS.get("fashion_mnist").load()
    print({"machine": machine()})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=FLAGS, executable_path="/usr/bin/chromium")
        page = browser.new_page()
        starts = [to_first_frame(data, page) for _ in range(1 if quick else 5)]
        seen = frames(data, page, 1 if quick else 5)
        browser.close()
    times = decodes(data, 120 if quick else 1020)
    p50 = {way: statistics.median(t) for way, t in times.items()}
    painted = {way: statistics.median(t) for way, t in seen.items()}
    result = {
        "explore_returned_s": summary([ready for ready, _ in starts]),
        "first_picture_s": summary([seen for _, seen in starts]),
        "frames": {way: len(t) for way, t in seen.items()},
        **{f"{way}_frame_p50_ms": round(v, 2) for way, v in painted.items()},
        **{f"{way}_frame_p95_ms": round(float(np.percentile(t, 95)), 2) for way, t in seen.items()},
        "frame_ratio": round(painted["attached"] / painted["checkpoint"], 2),
        "n": len(times["attached"]),
        **{f"{way}_p50_ms": round(v, 3) for way, v in p50.items()},
        **{f"{way}_p95_ms": round(float(np.percentile(t, 95)), 3) for way, t in times.items()},
        "decode_ratio": round(p50["attached"] / p50["checkpoint"], 2),
        **(autoencoder(20 if quick else 100) if find_spec("diffusers") else {}),
    }
    print(result)
    print(write("explore", result))


if __name__ == "__main__":
    main()
