"""What a process of its own costs an imported decoder: python -m benchmarks.decoder_process [--quick].

One TorchScript decoder, opened in this process as before, and by vae.saved.decoder_process as now; both in turns, so
that a busy machine slows both. Times are of one call with NumPy in and out, in ms.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
import warnings

import numpy as np
import torch
from torch import nn

import vae
from benchmarks.machine import machine, write
from vae.saved.decoder_process import DecoderProcess

D, BATCHES = 16, (1, 16, 256)


def decoders() -> dict[str, nn.Module]:
    """A dense net of 28x28, and the convolutional decoder of fashion-vae."""
    dense = nn.Sequential(nn.Linear(D, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))
    return {"dense, 28x28": dense, "fashion-vae, 28x28": Decoded(vae.load("fashion-vae", "cpu").model)}


class Decoded(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, z):
        return self.model.decode(z)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    n = 100 if parser.parse_args().quick else 1000
    torch.set_num_threads(1)  # as the engine does
    print({"machine": machine()})
    rows = []
    for name, net in decoders().items():
        d = getattr(getattr(net, "model", None), "d", D)
        buffer = io.BytesIO()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.trace(net.eval(), torch.zeros(2, d), check_trace=False), buffer)
            here = torch.jit.load(io.BytesIO(buffer.getvalue())).eval()
        began = time.perf_counter()
        apart = DecoderProcess("decoder.pt", buffer.getvalue())
        start_s = time.perf_counter() - began

        def inside(z: np.ndarray, net=here) -> np.ndarray:
            with torch.inference_mode():
                return net(torch.from_numpy(z)).float().numpy()

        for batch in BATCHES:
            z = np.random.default_rng(0).normal(size=(batch, d)).astype(np.float32)
            times: dict[str, list[float]] = {"inside": [], "apart": []}
            turns = n if batch == 1 else n // 10
            for i in range(turns + 20):
                for way, decode in (("inside", inside), ("apart", apart)):
                    began = time.perf_counter()
                    x = decode(z)
                    if i >= 20:  # TorchScript optimises itself in the first calls
                        times[way].append(1e3 * (time.perf_counter() - began))
            assert np.allclose(x, inside(z), atol=1e-5)
            p50 = {way: statistics.median(t) for way, t in times.items()}
            p95 = {way: float(np.percentile(t, 95)) for way, t in times.items()}
            rows.append(
                {
                    "decoder": name,
                    "batch": batch,
                    "n": turns,
                    "inside_p50_ms": round(p50["inside"], 3),
                    "apart_p50_ms": round(p50["apart"], 3),
                    "ratio": round(p50["apart"] / p50["inside"], 2),
                    "inside_p95_ms": round(p95["inside"], 3),
                    "apart_p95_ms": round(p95["apart"], 3),
                    "start_s": round(start_s, 2),
                }
            )
            print(rows[-1], flush=True)
        apart.close()
    print(write("decoder_process", {"rows": rows}))


if __name__ == "__main__":
    main()
