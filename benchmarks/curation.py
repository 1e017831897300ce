"""Does it help to drop what the map shows to be labelled wrongly? python -m benchmarks.curation [--quick].

Of the 1 437 training digits 5 % get a wrong label. A VAE is trained on them, and the samples whose label more than half
of their 15 nearest latents outvote (label disagreement, a rule set in advance) are dropped, or given their true label,
as somebody would who looks at them. Then the model is trained again, and a linear probe and nearest neighbours are
fitted to its latents with the labels that are left, and measured on the 360 test digits, whose labels are right. Beside
it, as many samples dropped at random, those of the largest reconstruction error, and those that the neighbours in
pixels outvote.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile

import numpy as np
import torch

import vae
from benchmarks.machine import machine, write
from vae.atlas.colours import disagreement
from vae.data.edits import DROP, LABEL, NO_EDITS, Change, Edits, come_to
from vae.metrics.usefulness import use_estimates
from vae.models.tensors import resident, to_float
from vae.registry import DATASETS
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.trainer import fit

SHARE, SEEDS, EPOCHS = 0.05, 5, 40
SETTINGS = {"net": "mlp", "width": 256, "d": 8, "batch_size": 64, "lr": 2e-3, "lr_end": 0.05, "validation": 0}


def planted(y: np.ndarray, rng: np.random.Generator) -> tuple[Change, ...]:
    """Changes that give SHARE of the samples another label, drawn at random."""
    rows = np.sort(rng.choice(len(y), round(SHARE * len(y)), replace=False))
    wrong = (y[rows] + rng.integers(1, 10, len(rows))) % 10
    return tuple(Change(LABEL, (int(i),), str(k), (str(y[i]),)) for i, k in zip(rows, wrong, strict=True))


def dropped(rows: np.ndarray) -> tuple[Change, ...]:
    return (Change(DROP, tuple(sorted(int(i) for i in rows))),)


def job_of(edits: Edits, seed: int, epochs: int) -> Job:
    """The training of a VAE of the digits with these edits."""
    plan = Plan("vae", "digits", SETTINGS, epochs, seed, f"curation-{seed}", "cpu", edits=False)
    return dataclasses.replace(Job.of(plan), edits=edits)


def mapped(edits: Edits, seed: int, epochs: int) -> vae.Engine:
    """The same with its map, as Explore has it."""
    for _event in experiment.train(job_of(edits, seed, epochs), overwrite=True):
        pass
    return vae.load(f"curation-{seed}")


def measured(edits: Edits, seed: int, epochs: int) -> dict[str, float]:
    """What the latents of such a VAE are good for on the test set."""
    job = job_of(edits, seed, epochs)
    s = job.load()
    trainer, _spec = experiment.prepare(job, s)
    for _event in fit(trainer, resident(s.x_train, job.device), None, epochs=epochs, x_validation=None):
        pass
    with torch.inference_mode():
        z, t = (trainer.model.infer(to_float(resident(x, job.device)), None).mu.numpy() for x in (s.x_train, s.x_test))
    found = use_estimates(z, s.y_train, t, s.y_test, seed=seed)
    return {key: found[key].value for key in ("linear_probe_accuracy", "knn_accuracy")}


def rows_of(seed: int, epochs: int) -> list[dict]:
    """One seed: a row for each way to treat the planted labels."""
    rng, y = np.random.default_rng(seed), DATASETS.get("digits").load().y_train
    wrong = planted(y, rng)
    bad = np.array([one.samples[0] for one in wrong])
    atlas = mapped(come_to(wrong), seed, epochs).atlas
    share = disagreement(atlas.projector.seen(atlas.z), atlas.projector.scale, atlas.labels)
    found = atlas.index[share > 0.5]
    x = DATASETS.get("digits").load().x_train.reshape(len(y), -1).astype(np.float32)
    in_pixels = disagreement(x, np.ones(x.shape[1]), labels_of(y, wrong))
    by_error = atlas.index[np.argsort(-atlas.measured["error"])[: len(found)]]
    true = tuple(Change(LABEL, (int(i),), str(y[i]), (str(y[i]),)) for i in found)
    ways = {
        "wrong labels kept": None,
        "dropped by disagreement of latents": dropped(found),
        "relabelled by hand, those found": true,
        "dropped by disagreement of pixels": dropped(np.flatnonzero(in_pixels > 0.5)),
        "dropped by reconstruction error": dropped(by_error),
        "dropped at random": dropped(rng.choice(len(y), len(found), replace=False)),
        "no wrong labels": NO_EDITS,
    }
    out = []
    for way, changes in ways.items():
        edits = changes if isinstance(changes, Edits) else come_to([*wrong, *(changes or ())])
        result = measured(edits, seed, epochs)
        touched = np.array(changes[0].samples if changes and len(changes) == 1 else found if changes else [], int)
        hit = {"touched": len(touched), "of_them_wrong": int(np.isin(touched, bad).sum()), "planted": len(bad)}
        out.append({"seed": seed, "way": way, **hit, **result})
        print("  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{v}" for k, v in out[-1].items()), flush=True)
    return out


def labels_of(y: np.ndarray, wrong: tuple[Change, ...]) -> np.ndarray:
    """The labels with the planted ones."""
    given = y.copy()
    for one in wrong:
        given[one.samples[0]] = int(one.value)
    return given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZSCOPE_CHECKPOINTS"] = folder
        seeds, epochs = (1, 5) if args.quick else (SEEDS, EPOCHS)
        rows = [row for seed in range(seeds) for row in rows_of(seed, epochs)]
    for way in dict.fromkeys(row["way"] for row in rows):
        some = [row for row in rows if row["way"] == way]
        keys = ("touched", "of_them_wrong", "linear_probe_accuracy", "knn_accuracy")
        means = {key: np.array([row[key] for row in some], float) for key in keys}
        print(
            f"{way:<38}",
            "  ".join(f"{v.mean():.3f} ± {v.std(ddof=1) if len(v) > 1 else 0:.3f}" for v in means.values()),
        )
    write("curation", {"machine": machine(), "rows": rows})


if __name__ == "__main__":
    main()
