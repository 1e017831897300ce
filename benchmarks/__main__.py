"""Run every benchmark of this folder, one after the other: python -m benchmarks [NAME ...] [--quick]."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

NOT_BENCHMARKS = {
    "__main__", "at_rate", "held_out", "kinds_measures", "kinds_models", "machine", "monte_carlo_bounds", "peer",
    "screens",
}  # fmt: skip


def main(argv: list[str]) -> int:
    known = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in NOT_BENCHMARKS)
    flags = [a for a in argv if a.startswith("-")]
    chosen = [a for a in argv if not a.startswith("-")] or known
    unknown = [name for name in chosen if name not in known]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = [
        name for name in chosen if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *flags]).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
