"""The quality benchmark: which rows it trains, which it keeps, and what its table says of them."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks import quality
from benchmarks.quality import Protocol

SETTINGS = {"d": 3, "net": "mlp", "width": 8, "beta": 2.0, "lr": 0.01}


@pytest.fixture
def protocol(tmp_path, monkeypatch) -> Protocol:
    monkeypatch.setattr(quality, "OUT", tmp_path)
    return Protocol("test", ("digits",), 1, 3, SETTINGS, limit_s=60)


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, int]]:
    """What would have been trained; each row takes 10 s, of `ae` 21."""
    calls = []

    def row(protocol, family, dataset, seed):
        calls.append((family, seed))
        by = protocol.made_by(family, dataset, seed)
        return {"family": family, "dataset": dataset, "seed": seed, "seconds": 21 if family == "ae" else 10} | {
            "made_by": by
        }

    monkeypatch.setattr(quality, "trained", row)
    return calls


def test_a_restart_trains_what_is_missing_and_nothing_else(protocol, asked):
    quality.train(protocol, ["vae"], ["digits"])
    assert asked == [("vae", 0), ("vae", 1), ("vae", 2)]
    lines = protocol.path.read_text().splitlines()
    protocol.path.write_text(lines[0] + "\n" + lines[2] + "\n")
    asked.clear()
    quality.train(protocol, ["vae"], ["digits"])
    assert asked == [("vae", 1)]
    assert sorted(row["seed"] for row in protocol.rows()) == [0, 1, 2]


def test_a_family_whose_seeds_take_too_long_gets_one(protocol, asked):
    quality.train(protocol, ["ae"], ["digits"])
    quality.train(protocol, ["ae"], ["digits"])
    assert asked == [("ae", 0)]
    quality.train(dataclasses.replace(protocol, limit_s=None), ["ae"], ["digits"])
    assert asked == [("ae", 0), ("ae", 1), ("ae", 2)]


def test_rows_of_other_settings_do_not_count(protocol, asked):
    quality.train(protocol, ["beta_vae"], ["digits"])
    other = dataclasses.replace(protocol, settings=SETTINGS | {"beta": 3.0})
    assert len(protocol.rows()) == 3
    assert other.rows() == []
    assert dataclasses.replace(protocol, epochs=2).rows() == []


def test_a_family_gets_the_settings_it_has(protocol):
    assert protocol.settings_of("vae") == {"d": 3, "net": "mlp", "width": 8, "lr": 0.01}
    assert protocol.settings_of("beta_vae")["beta"] == 2.0
    assert protocol.settings_of("vq_vae") == {"width": 12, "depth": 3, "lr": 0.01}


def test_only_families_that_model_pictures_take_part():
    assert {"vae", "vq_vae"} < set(quality.pictures())
    assert "vrnn" not in quality.pictures()


def test_the_table_says_mean_and_spread_and_how_many_seeds():
    rows = [{"family": "vae", "elbo_nats": v, "active_units": 3} for v in (1.0, 3.0)]
    line = next(line for line in quality.table(rows).splitlines() if line.startswith("| `vae`"))
    assert line.startswith("| `vae` | 2 | 2.0 ± 1.4 | – |")


def test_a_row_is_trained_and_measured(protocol, monkeypatch):
    monkeypatch.setattr(quality, "GROUPS", ("bounds",))
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", "")  # restored after, as it is set within
    row = quality.trained(protocol, "vae", "digits", 1)
    assert (row["family"], row["seed"], row["n_test"]) == ("vae", 1, 360)
    assert row["nll_nats"] <= -row["elbo_nats"] + 1
    assert json.loads(json.dumps(row))["made_by"] == protocol.made_by("vae", "digits", 1)


def test_the_command_trains_the_families_data_sets_and_seeds_it_names(asked, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(quality, "OUT", tmp_path)
    monkeypatch.setattr("benchmarks.machine.OUT", tmp_path)

    def command(*flags: str) -> None:
        monkeypatch.setattr("sys.argv", ["quality", "--cpu", *flags])
        assert quality.main() == 0

    command("--families", "vae,ae", "--datasets", "mnist", "--seeds", "1")
    assert sorted(asked) == [("ae", 0), ("vae", 0)]
    command("--families", "vae", "--datasets", "mnist")
    assert asked[2:] == [("vae", 1), ("vae", 2)]
    command("--table")
    assert len(asked) == 4
    assert "| `vae` | 3 |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="'vrnn' is not among: "):
        command("--families", "vrnn")
