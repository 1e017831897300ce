"""Whatever stands in a card or a history: it is read, or refused with a message that says what is wrong."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
from pathlib import Path

import pytest
import torch

import vae
from tests import hostile
from tests.saved.conftest import CONFIG, SPEC
from vae.errors import CheckpointError, ZscopeError
from vae.latent import inverse, projector
from vae.registry import families
from vae.saved import cards, checkpoint, schema
from vae.saved.checkpoint import HISTORY
from vae.types import Spec

PATHS = [
    *((key,) for key in schema.ENTRIES if "." not in key and "*" not in key),
    *((key,) for key in ("format", "digest", "data_title", "data_licence", "data_origin", "data_cite", "unknown")),
    *(("spec", key) for key in (*schema.REQUIRED_IN_SPEC, "condition")), ("spec", "shape", 0), ("classes", 0),
    *(("metrics", key) for key in ("elbo_nats", "active_units", "rate_per_dim_nats", "n_test", "seed", "my own")),
    *(("hparams", key) for key in ("d", "net", "width", "sigma", "x")), ("train", "lr"), ("train", "x"),
    ("estimates", "knn_accuracy"),
    ("versions", "torch"), ("files", "atlas.npz"), ("files", "x"), ("atlas", "n"), ("metrics", "rate_per_dim_nats", 0),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_table():
    """The table of a map is made once for the same latents: it takes most of the time of opening a model, and no entry
    of a card has a part in it."""
    tables = {}

    def made(z, xy):
        key = (z.tobytes(), xy.tobytes())
        if key not in tables:
            tables[key] = inverse.build_lattice(z, xy)
        return tables[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projector, "build_lattice", made)
        yield


@pytest.fixture
def folder(tiny_checkpoint, root) -> Path:
    return Path(shutil.copytree(tiny_checkpoint, root / "tiny-vae"))


def test_every_entry_of_a_card_is_changed_here(tiny_checkpoint):
    covered = {path[0] for path in PATHS} | {path for path in PATHS if path[0] == "spec"}
    card = checkpoint.card(tiny_checkpoint)
    assert covered >= {*card, *(("spec", key) for key in card["spec"])}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_any_value_anywhere_in_a_card_is_read_or_refused(folder, path):
    good = json.loads((folder / "config.json").read_text())
    for value in hostile.VALUES:
        try:
            card = hostile.changed(good, path, value)
        except KeyError:  # it was not there, so it cannot be taken out
            continue
        hostile.sign(folder, card)
        listed, problem = cards.look(folder)
        assert bool(listed) != bool(problem)
        assert not problem or (problem.isprintable() and len(problem) < 2000), problem
        if problem:
            continue
        with contextlib.suppress(ZscopeError):
            engine = vae.load("tiny-vae", "cpu")
            engine.atlas.thumbnail(0)
            engine.decode_uint8(engine.atlas.z[:1])


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("metrics",), [1, 2], "config.json: metrics is [1, 2], expected an object."),
        (("metrics", "elbo_nats"), {"a": 1}, "metrics.elbo_nats is {'a': 1}, expected a number"),
        (("classes", 0), 7, "classes.0 is 7, expected text."),
        (("classes",), ["a"], "1 class names for 10 classes"),
        (("hparams", "d"), [4], "hparams.d is [4], expected a number or text."),
        (("spec", "shape"), [1, 10**6, 10**6], "expected 1 to 16,777,216 values"),
        (("spec",), {"shape": [1, 8, 8]}, "config.json lacks spec.n_data, spec.n_classes, spec.modality."),
        (("files",), {"atlas.npz": "0"}, "files.atlas.npz is '0', expected a SHA-256 in hexadecimal."),
        (("name",), "../x", "name is '../x', expected letters"),
        (("created",), "yesterday", "created is 'yesterday', expected a date"),
        (("note",), "\x1b[2J", r"note is '\x1b[2J', expected text."),
        (("changes",), [{"lr": 3}], "expected an epoch and pairs of settings"),
        (("family",), "diffusion", "cannot be opened here: unknown family 'diffusion'."),
        (("spec", "modality"), "smell", "cannot be opened here: unknown modality 'smell'."),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_the_reason_names_the_entry_what_it_is_and_what_was_expected(folder, path, value, said):
    hostile.sign(folder, hostile.changed(json.loads((folder / "config.json").read_text()), path, value))
    card, problem = cards.look(folder)
    assert card == {}
    assert problem.startswith("tiny-vae")
    assert said in problem


def test_a_metric_that_is_not_finite_is_one_that_was_not_measured(folder):
    card = json.loads((folder / "config.json").read_text())
    card["metrics"] |= {"elbo_nats": float("nan"), "mse": 1e300, "rate_per_dim_nats": [float("inf")] * 4}
    hostile.sign(folder, card)
    metrics = vae.load("tiny-vae").card["metrics"]
    assert [metrics[key] for key in ("elbo_nats", "mse", "rate_per_dim_nats")] == [None] * 3


def test_rates_of_other_dimensions_than_the_models_are_refused(folder):
    card = json.loads((folder / "config.json").read_text())
    hostile.sign(folder, hostile.changed(card, ("metrics", "rate_per_dim_nats"), [1.0] * 7))
    with pytest.raises(CheckpointError, match="the rates of 7 latent dimensions, and the model has 4"):
        vae.load("tiny-vae")


def test_what_cannot_be_written_is_replaced_when_a_card_is_saved(root):
    odd = CONFIG | {"classes": ["a\ud800", "b\x1b[2J"], "spec": {**SPEC, "n_classes": 2}}
    checkpoint.save(root / "a", odd, {})
    assert checkpoint.card("a")["classes"] == ["a\ufffd", "b\ufffd[2J"]


def test_a_card_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(checkpoint, "CONFIG_BYTES_MAX", 100)
    assert "larger than 100 bytes" in cards.look(folder)[1]


@pytest.mark.parametrize("line", hostile.LINES, ids=lambda line: repr(line[:30]))
def test_a_line_of_the_history_that_is_none_is_named(folder, line):
    card = json.loads((folder / "config.json").read_text())
    whole = (folder / HISTORY).read_bytes().splitlines()
    hostile.with_file(card, folder, HISTORY, b"\n".join([whole[0], line, whole[1]]) + b"\n")
    with pytest.raises(CheckpointError, match=r"tiny-vae: line 2 of history\.jsonl is not the record of an epoch"):
        vae.load("tiny-vae")


def test_a_quantity_of_the_history_that_is_not_finite_has_no_value(folder):
    card = json.loads((folder / "config.json").read_text())
    hostile.with_file(card, folder, HISTORY, b'{"epoch": 1, "elbo_nats": NaN, "rate_nats": 2.5}\n')
    assert vae.load("tiny-vae").history == [{"epoch": 1, "elbo_nats": None, "rate_nats": 2.5}]


@pytest.mark.parametrize("changes", [{"shape": [1, 512, 512]}, {"n_classes": 10**9}], ids=str)
def test_a_model_of_other_shapes_than_saved_takes_no_memory(folder, changes):
    card = json.loads((folder / "config.json").read_text())
    card["spec"] |= changes
    card["hparams"] |= {"width": 512}
    hostile.sign(folder, card)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=r"its settings call for .* of shape|class names for"):
        vae.load("tiny-vae")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize("name", families())
def test_every_family_can_be_built_without_memory(name):
    family = families()[name]
    fit = next(shape for kind, shape in (("image", (1, 16, 16)), ("series", (2, 32))) if family.fits(kind))
    spec = Spec(fit, 100, 3, "image" if len(fit) == 3 else "series", (3,) if "conditional" in family.traits else ())
    with torch.device("meta"):
        family.build(spec, family.Hparams())
