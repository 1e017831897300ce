"""Does a step in two processes equal that of one? For every family, before batch-global terms were gathered, and now.

    python -m benchmarks.distributed

One step on two gloo processes (shares of 5 and 4 rows) against one process with the same batch of 9, in float32, with
the noise that one process would draw for these rows: tests/ranks.py, seed 1, posterior and prior codes twice as far
apart as at the start, sigma 1. Relative difference |a - b| / |b| of all gradients of the model together, of those of
its adversary, and of the codebook's buffers; apart: every process computes each term from its own rows alone, which is
what DistributedDataParallel does by itself.
"""

from __future__ import annotations

from benchmarks.machine import write
from tests.ranks import BATCHES, measure

SHOWN = ("model", "adversary", "buffers")


def main() -> None:
    found = {"apart": measure([], apart=True), "gathered": measure([])}
    print("| family | apart | gathered |\n| --- | ---: | ---: |")
    for case in found["gathered"]:
        each = {way: by_case[case][str(BATCHES[0])] for way, by_case in found.items()}
        cells = [", ".join(f"{values[key]:.1e}" for key in SHOWN if key in values) for values in each.values()]
        print(f"| `{case}` | " + " | ".join(cells) + " |")
    write("distributed", found)


if __name__ == "__main__":
    main()
