"""What vae.explore costs: python -m benchmarks.explore [--quick].

The seconds from the call to the first picture that the page has decoded, of 10 000 samples of d = 16, the map included;
and the time of a decode through the engine as the page asks for it, of fashion-vae opened as a checkpoint and of the
same model attached to this program, in turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import torch
from playwright.sync_api import sync_playwright

import vae
from benchmarks.live_latency import FLAGS
from benchmarks.machine import machine, summary, write
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--decodes", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.decodes:
        return print(json.dumps(in_turns(args.decodes[0], int(args.decodes[1]))))
    quick = args.quick
    data = DATASETS.get("fashion_mnist").load()
    print({"machine": machine()})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=FLAGS, executable_path="/usr/bin/chromium")
        page = browser.new_page()
        starts = [to_first_frame(data, page) for _ in range(1 if quick else 5)]
        browser.close()
    times = decodes(data, 120 if quick else 1020)
    p50 = {way: statistics.median(t) for way, t in times.items()}
    result = {
        "explore_returned_s": summary([ready for ready, _ in starts]),
        "first_picture_s": summary([seen for _, seen in starts]),
        "n": len(times["attached"]),
        **{f"{way}_p50_ms": round(v, 3) for way, v in p50.items()},
        **{f"{way}_p95_ms": round(float(np.percentile(t, 95)), 3) for way, t in times.items()},
        "ratio": round(p50["attached"] / p50["checkpoint"], 2),
        **(autoencoder(20 if quick else 100) if find_spec("diffusers") else {}),
    }
    print(result)
    print(write("explore", result))


if __name__ == "__main__":
    main()
