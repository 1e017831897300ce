"""Importance-weighted NLL, zscope against pythae's get_nll, both in one run: python -m benchmarks.nll_speed.

Net A (784-512-ReLU to two heads of d = 10, d-512-ReLU-784-sigmoid), trained for one epoch on Fashion-MNIST by zscope,
its weights copied into pythae's VAE; k = 500, float32, both in inference mode, on the same test pictures, in turns, in
an order that turns too. For each likelihood the two must agree within 3 standard errors of their difference, which the
spread over turns gives.

Mode "same": float32 on both sides; "best": zscope's decoder in bfloat16 (`eval --precision bfloat16`), with what that
changes of each picture's nll at the same draws, against the only precision that pythae has on a CPU.

What is made equal: get_nll returns log p(x), here its negative; its "mse" is a density of sigma 1, with the
normaliser that its training loss leaves out; its "bce" takes grey pixels as zscope's bernoulli does, the log cut off at
-100. It draws n_samples // batch_size whole batches, and a whole batch where n_samples is smaller: 500 is both k = 5 x
100, its default, and k = 1 x 500, the faster setting, so it is asked for both, and the faster one of a turn counts; the
ratio to its default stands beside.
pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.machine import summary, write
from benchmarks.peer import begin, fitted
from vae.data.sets import fashion_mnist
from vae.metrics.bounds import BATCH, log_marginal
from vae.models.model import VAE
from vae.models.nets.precision import decoding_in
from vae.models.tensors import to_float
from vae.registry import FAMILIES
from vae.settings import configure
from vae.types import Spec

K, D, WIDTH = 500, 10, 512
THEIR_BATCHES = (100, 500)
MODES = {"same": "float32", "best": "bfloat16"}
LOSSES = {"gaussian": "mse", "bernoulli": "bce"}
WANTED = {"cpu": 5, "cuda": 50}
SIGMAS = 3


def trained(likelihood: str, x: Tensor, epochs: int) -> VAE:
    torch.manual_seed(0)
    family = FAMILIES.get("vae")
    settings = {"net": "mlp", "width": WIDTH, "d": D, "likelihood": likelihood, "sigma": 1.0}
    model, objective = family.build(Spec(tuple(x.shape[1:]), len(x)), configure(family.Hparams, settings))
    fitted(model, objective, x, {}, epochs, 0)
    return model.eval()


def copied(model: VAE, likelihood: str) -> nn.Module:
    """pythae's VAE with the weights of ours."""
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig

    theirs = PythaeVAE(VAEConfig(input_dim=model.shape, latent_dim=D, reconstruction_loss=LOSSES[likelihood]))
    ours = [m for net in (model.encoder, model.decoder) for m in net.modules() if isinstance(m, nn.Linear)]
    targets = [theirs.encoder.layers[0][0], theirs.decoder.layers[0][0], theirs.decoder.layers[1][0]]
    for a, b in zip(ours, targets, strict=True):
        b.load_state_dict(a.state_dict())
    for part, head in enumerate((theirs.encoder.embedding, theirs.encoder.log_var)):
        head.load_state_dict({name: p.chunk(2)[part] for name, p in model.bottleneck.head.state_dict().items()})
    return theirs.to(model.bottleneck.head.weight.device).eval()


def our_nll(model: VAE, decoding: nn.Module, x: Tensor) -> Tensor:
    """Nats of each picture; `vae.metrics.bounds.evaluate` without the other figures."""
    return -torch.cat([log_marginal(decoding, part, model.infer(part), K) for part in x.split(BATCH)])


def timed(call: Callable[[], Tensor], device: str) -> tuple[float, float, float]:
    """(seconds, seconds of processor time, the mean of what it returns)."""
    began, worked = time.perf_counter(), time.process_time()
    value = call()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began, time.process_time() - worked, float(value.mean())


@torch.inference_mode()
def compare(likelihood: str, model: VAE, x: Tensor, repeats: int, device: str) -> list[dict]:
    """A row for each mode: pictures/s of either side, and their answers, of every turn."""
    theirs = copied(model, likelihood)
    decoding = {mode: decoding_in(model, precision) for mode, precision in MODES.items()}
    sides: dict[str, Callable[[], Tensor]] = {
        mode: lambda decoder=decoder: our_nll(model, decoder, x) for mode, decoder in decoding.items()
    }
    for size in THEIR_BATCHES:
        sides[f"pythae, batch_size={size}"] = lambda size=size: -torch.tensor(theirs.get_nll(x, K, size))
    seconds, worked, nll = ({side: [] for side in sides} for _ in range(3))
    for call in (
        *(lambda d=d: our_nll(model, d, x[:20]) for d in decoding.values()),
        lambda: theirs.get_nll(x[:20], K),
    ):
        call()  # warms up
    for turn in range(repeats):
        for number, side in list(enumerate(sides))[:: -1 if turn % 2 else 1]:
            torch.manual_seed(len(sides) * turn + number)
            taken, processor, value = timed(sides[side], device)
            seconds[side].append(taken)
            worked[side].append(processor)
            nll[side].append(value)
    change = _change(model, decoding["best"], x)
    rows = [row(mode, seconds, nll, likelihood, len(x), device) | _processor(mode, worked) for mode in MODES]
    return [found | (change if found["mode"] == "best" else {}) for found in rows]


def _processor(mode: str, worked: dict[str, list[float]]) -> dict:
    """The ratios in processor time, which other work on the machine changes less; of one thread, what it all costs."""
    peers = [side for side in worked if side not in MODES]
    best = [min(each) for each in zip(*(worked[side] for side in peers), strict=True)]
    return {"cpu_ratios": [b / a for a, b in zip(worked[mode], best, strict=True)], "cpu_seconds": worked[mode]}


def row(mode: str, seconds: dict, nll: dict, likelihood: str, pictures: int, device: str) -> dict:
    peers = [side for side in seconds if side not in MODES]
    best = [min(each) for each in zip(*(seconds[side] for side in peers), strict=True)]
    answers = {"zscope": nll[mode], "pythae": [value for side in peers for value in nll[side]]}
    ratios = [b / a for a, b in zip(seconds[mode], best, strict=True)]
    default = [b / a for a, b in zip(seconds[mode], seconds[peers[0]], strict=True)]
    errors = [statistics.stdev(v) / math.sqrt(len(v)) for v in answers.values()]
    found = {"net": "A", "device": device, "mode": mode, "likelihood": likelihood, "k": K, "pictures": pictures}
    found |= {"ours": pictures / statistics.median(seconds[mode]), "peer": pictures / statistics.median(best)}
    found |= {"ratio": statistics.median(ratios), "wanted": WANTED[device], "ratios": ratios}
    found |= {"ratios_to_default": default, "seconds": {side: seconds[side] for side in (mode, *peers)}}
    apart = statistics.mean(answers["zscope"]) - statistics.mean(answers["pythae"])
    return found | {"nll_nats": answers, "apart_nats": apart, "apart_standard_error_nats": math.hypot(*errors)}


def _change(model: VAE, decoding: nn.Module, x: Tensor) -> dict[str, float]:
    """What another precision changes of each picture's nll, at the same draws, nats."""
    found = []
    for decoder in (model, decoding):
        torch.manual_seed(0)
        found.append(our_nll(model, decoder, x).double())
    change = found[1] - found[0]
    return {"change_mean_nats": float(change.mean()), "change_std_nats": float(change.std())}


def tell(row: dict, say: Callable[[str], None]) -> None:
    times = ", ".join(f"{side} {summary(v)}" for side, v in row["seconds"].items())
    say(f"{row['likelihood']}, {row['mode']}: seconds {times}")
    ratio, default = summary(row["ratios"]), summary(row["ratios_to_default"])
    say(f"  ratio {ratio}, wanted >= {row['wanted']}; to its default {default}")
    say(f"  in processor time {summary(row['cpu_ratios'])}; zscope {summary(row['cpu_seconds'])} s")
    apart, error = row["apart_nats"], row["apart_standard_error_nats"]
    say(
        f"  nll {statistics.mean(row['nll_nats']['zscope']):.3f} nats, minus pythae's {apart:+.4f} +- {error:.4f}, "
        f"within {SIGMAS} standard errors: {'yes' if abs(apart) <= SIGMAS * error else 'no'}"
    )
    if "change_mean_nats" in row:
        mean, std = row["change_mean_nats"], row["change_std_nats"]
        say(f"  bfloat16 changes a picture's nll by {mean:+.5f} nats, standard deviation {std:.5f}")


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--pictures", type=int, default=1000, help="of the test set (default 1 000)")
    p.add_argument("--quick", action="store_true", help="3 repeats, 100 pictures")
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    repeats, pictures = (3, 100) if args.quick else (args.repeats, args.pictures)
    what = f"nll, k = {K}, net A on {pictures} pictures of Fashion-MNIST"
    device, say = begin(what, args.json)
    data = fashion_mnist.load()
    x, x_test = (torch.from_numpy(a).to(device) for a in (data.x_train, data.x_test[:pictures]))
    rows = []
    for likelihood in LOSSES:
        model = trained(likelihood, x, 1)
        for found in compare(likelihood, model, to_float(x_test), repeats, device):
            rows.append(found)
            tell(found, say)
    result = {"rows": rows, "unit": "pictures/s"}
    write("nll_speed", result)
    if args.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
