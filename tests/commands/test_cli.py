"""The command line: every command on a small real checkpoint, what it prints, and what it says when it cannot."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vae
from vae.__main__ import main, parser
from vae.registry import datasets, families
from vae.saved import checkpoint
from vae.saved.checkpoint import ATLAS, THUMBNAILS
from vae.settings import knobs
from vae.text.formats import MINUS
from vae.training.trainer import TrainHparams

PROJECT = Path(vae.__file__).resolve().parents[1]


@pytest.fixture
def cli(tiny_checkpoint, capsys, tmp_path, monkeypatch):
    """Runs a command in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return run


def refused(result: tuple[int, str, str], *words: str) -> None:
    """Exit code 1, one line on stderr that holds every word, nothing on stdout, no traceback."""
    code, out, err = result
    assert code == 1, (out, err)
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    assert out == ""
    assert all(word in lines[0] for word in words), lines[0]


def arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(name, allow_pickle=False) as npz:
        return dict(npz)


def size(name: str) -> tuple[int, int]:
    with Image.open(name) as image:
        return image.size


def leaves(command: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Every command that has none below it."""
    below = next((a for a in command._actions if isinstance(a, argparse._SubParsersAction)), None)
    return [leaf for c in below.choices.values() for leaf in leaves(c)] if below else [command]


@pytest.mark.parametrize("command", leaves(parser()), ids=lambda command: command.prog)
def test_every_command_has_the_function_that_it_runs(command):
    module, function = command.get_default("run").args
    assert callable(getattr(importlib.import_module(f"vae.commands.{module}"), function))


# ---------------------------------------------------------------- list


def test_list_families_shows_every_setting(cli):
    code, out, _ = cli("list", "families")
    assert code == 0
    for family in families().values():
        assert family.name in out.splitlines()
        assert all(f"--set {name}={k['default']}" in out for name, k in knobs(family.Hparams).items())
    assert all(f"--set {name}=" in out for name in knobs(TrainHparams))
    rows = json.loads(cli("list", "families", "--json")[1])
    assert [r["name"] for r in rows] == list(families())
    assert all(list(r["settings"]) == list(knobs(families()[r["name"]].Hparams)) for r in rows)


def test_list_datasets(cli):
    rows = json.loads(cli("list", "datasets", "--json")[1])
    assert [r["name"] for r in rows] == list(datasets())
    assert all(r["licence"] and r["origin"] and r["cite"] and r["title"] for r in rows)
    assert all(name in cli("list", "datasets")[1].splitlines() for name in datasets())


def test_list_checkpoints(cli):
    code, out, _ = cli("list", "checkpoints")
    assert code == 0
    assert {"tiny-ae", "tiny-vae"} <= set(out.splitlines())
    assert "elbo_nats" in out
    rows = {r["name"]: r for r in json.loads(cli("list", "checkpoints", "--json")[1])}
    assert rows["tiny-vae"]["metrics"]["n_test"] == 360
    assert rows["tiny-vae"]["epochs"] == 4


def test_list_checkpoints_shows_a_broken_one_beside_the_others(cli, tiny_root, tmp_path, monkeypatch):
    shutil.copytree(tiny_root, tmp_path / "root")
    (tmp_path / "root" / "tiny-ae" / "config.json").write_text("{")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "root"))
    rows = {r["name"]: r for r in json.loads(cli("list", "checkpoints", "--json")[1])}
    assert "not valid JSON" in rows["tiny-ae"]["error"]
    assert "metrics" in rows["tiny-vae"]
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "none"))
    assert cli("list", "checkpoints")[:2] == (0, "none yet: python -m vae train vae digits\n")
    assert json.loads(cli("list", "checkpoints", "--json")[1]) == []


# ---------------------------------------------------------------- train, eval, atlas


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vea", "digits"], ["unknown family 'vea'", "Did you mean 'vae'", "beta_vae"]),
        (["vae", "digit"], ["unknown data set 'digit'", "Did you mean 'digits'"]),
        (["vae", "digits", "--set", "witdh=3"], ["unknown setting 'witdh'", "width", "batch_size"]),
        (["vae", "digits", "--set", "beta=3"], ["unknown setting 'beta' for vae"]),
        (["vae", "digits", "--set", "d=0"], ["d=0: expected 1 to 4096"]),
        (["vae", "digits", "--set", "lr=fast"], ["lr='fast': expected float, for example 0.001"]),
        (["vae", "digits", "--set", "net=cnn"], ["unknown value for net 'cnn'", "conv2d", "mlp"]),
        (["vae", "digits", "--set", "d=2", "--set", "d=3"], ["--set d is given twice", "'2'", "'3'"]),
        (["vae", "digits", "--set", "depth=9"], ["depth=9", "can be halved only"]),
        (["vae", "digits", "--epochs", "0"], ["epochs=0: expected 1 to"]),
        (["vae", "digits", "--seed", "-1"], ["seed=-1: expected 0 to"]),
        (["vae", "digits", "--points", "1"], ["points=1: expected 2 to"]),
        (["vae", "digits", "--device", "tpu"], ["tpu", "cpu"]),
        (["vae", "digits", "--name", "a/b"], ["name 'a/b'"]),
        (["vae", "digits", "--name", "tiny-vae"], ["'tiny-vae' already exists", "--resume", "--overwrite"]),
        (["vae", "digits", "--name", "new", "--resume"], ["nothing to resume", "'new'"]),
        (["vae", "digits", "--name", "tiny-vae", "--resume"], ["cannot resume tiny-vae", "hparams"]),
    ],
    ids=lambda v: " ".join(v)[:40],
)
def test_train_refuses_with_what_exists(cli, arguments, words):
    refused(cli("train", *arguments), *words)
    assert list(checkpoint.checkpoints()) == ["tiny-ae", "tiny-vae"]


@pytest.mark.parametrize("arguments", [[], ["train"], ["train", "vae"], ["list", "models"], ["paint"], ["eval"]])
def test_wrong_usage_is_exit_code_2(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize("setting", ["d", "=3", ""])
def test_a_setting_without_a_value_is_wrong_usage(setting, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "vae", "digits", "--set", setting])
    assert "expected key=value" in capsys.readouterr().err


def test_eval_prints_what_training_stored_with_units_in_its_keys(cli):
    code, out, _ = cli("eval", "tiny-vae", "--json", "--k", 100)
    assert code == 0
    found = json.loads(out)
    card = checkpoint.read(checkpoint.find("tiny-vae")).config["metrics"]
    assert found | {"checkpoint": "tiny-vae", **card} == found
    assert {"elbo_nats", "distortion_nats", "rate_nats", "nll_nats", "rate_per_dim_nats"} < set(found)
    assert found["nll_k"] == 100
    assert -found["elbo_nats"] >= found["nll_nats"] - 0.5
    text = cli("eval", "tiny-vae", "--k", 0)[1]
    assert any(
        line.split()[0] == "elbo_nats" and float(line.split()[1].replace(MINUS, "-")) for line in text.splitlines()
    )


def test_eval_of_an_autoencoder_has_no_bound(cli):
    found = json.loads(cli("eval", "tiny-ae", "--json")[1])
    assert [found[k] for k in ("elbo_nats", "rate_nats", "nll_nats", "nll_k")] == [None] * 4
    assert found["distortion_nats"]
    assert cli("eval", "tiny-ae")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny-vea"], ["unknown checkpoint 'tiny-vea'", "Did you mean 'tiny-vae'"]),
        (["tiny-vae", "--k", "-1"], ["--k -1: expected 0 to"]),
        (["tiny-vae", "--device", "tpu"], ["tpu"]),
    ],
)
def test_eval_refuses(cli, arguments, words):
    refused(cli("eval", *arguments), *words)


def test_atlas_again_gives_the_same_map_bit_for_bit(cli, tiny_root, tmp_path, monkeypatch):
    """And leaves model, history and metrics as they were; another number of points gives another map."""
    shutil.copytree(tiny_root / "tiny-vae", tmp_path / "root" / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "root"))
    before = checkpoint.read(checkpoint.find("tiny-vae"))
    assert cli("atlas", "tiny-vae")[0] == 0
    again = checkpoint.read(checkpoint.find("tiny-vae"))
    assert again.files == before.files
    assert again.config["metrics"] == before.config["metrics"]
    assert cli("atlas", "tiny-vae", "--n", 50)[0] == 0
    smaller = checkpoint.read(checkpoint.find("tiny-vae"))
    assert {k for k in before.files if smaller.files[k] != before.files[k]} == {ATLAS, THUMBNAILS}
    assert vae.load("tiny-vae").atlas.n == smaller.config["atlas"]["n"] == 50
    refused(cli("atlas", "tiny-vae", "--n", 1), "at least 2 samples")
    refused(cli("atlas", "tiny-vae", "--n", -3), "at least 2 samples")


# ---------------------------------------------------------------- encode, decode, sample, interpolate


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8), dtype=np.uint8)


def test_encode_decode_round_trip_through_files(cli, x, tmp_path):
    np.savez(tmp_path / "x.npz", x=x)
    assert cli("encode", "tiny-vae", "x.npz", "--out", "z.npz")[:2] == (0, "z.npz\n")
    engine, coded = vae.load("tiny-vae"), arrays("z.npz")
    assert np.array_equal(coded["mu"], engine.encode(x)[0])
    assert np.array_equal(coded["std"], engine.encode(x)[1])
    assert np.array_equal(coded["xy"], engine.to_map(coded["mu"]))
    assert cli("decode", "tiny-vae", "z.npz", "--out", "x2.npz")[0] == 0
    assert np.array_equal(arrays("x2.npz")["x"], engine.decode(coded["mu"]))
    assert cli("decode", "tiny-vae", "z.npz", "--scale", 1, "--out", "x2.png")[0] == 0
    assert size("x2.png") == (16, 16)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.npz", "x2.npz", "x2.png", "z.npz"]


def test_a_conditional_model_is_given_labels_by_name_or_with_the_samples(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    engine = vae.load("fashion-cvae")
    x, y = (255 * engine.decode(engine.sample(3))).astype(np.uint8), np.array([1, 0, 8])
    np.savez("x.npz", x=x, y=y)
    assert main(["encode", "fashion-cvae", "x.npz", "--out", "z.npz"]) == 0
    coded = arrays("z.npz")
    assert np.array_equal(coded["mu"], engine.encode(x, y)[0])
    assert np.array_equal(coded["y"], y)
    assert main(["decode", "fashion-cvae", "z.npz", "--out", "x2.npz"]) == 0
    assert np.array_equal(arrays("x2.npz")["x"], engine.decode(coded["z"], y))
    for said in ("Bag", "8"):
        assert main(["decode", "fashion-cvae", "z.npz", "--label", said, "--out", "x2.npz"]) == 0
        assert np.array_equal(arrays("x2.npz")["x"], engine.decode(coded["z"], 8))
    assert main(["sample", "fashion-cvae", "--n", "2", "--label", "Bag", "--out", "x2.npz"]) == 0
    assert np.array_equal(arrays("x2.npz")["x"], engine.decode(engine.sample(2, y=8), 8))
    capsys.readouterr()
    for arguments, said in (
        (["fashion-cvae", "z.npz", "--label", "bag"], "Bag"),
        (["fashion-vae", "z.npz", "--label", "1"], "no labels"),
    ):
        assert main(["decode", *arguments, "--out", "x3.npz"]) == 1
        assert said in capsys.readouterr().err


def test_encode_reads_pictures_of_any_mode(cli, x):
    Image.fromarray(x[0, 0]).save("a.png")
    Image.fromarray(x[1, 0]).convert("RGBA").save("b.png")
    assert cli("encode", "tiny-vae", "a.png", "b.png", "--out", "z.npz")[0] == 0
    assert np.array_equal(arrays("z.npz")["mu"], vae.load("tiny-vae").encode(x[:2])[0])


def test_sample_is_seeded(cli):
    for seed, out in ((1, "a.npz"), (1, "b.npz"), (2, "c.npz")):
        assert cli("sample", "tiny-vae", "--n", 5, "--seed", seed, "--out", out)[0] == 0
    a, b, c = (arrays(f"{n}.npz") for n in "abc")
    assert a["x"].shape == (5, 1, 8, 8)
    assert np.array_equal(a["x"], b["x"])
    assert not np.array_equal(a["z"], c["z"])
    assert cli("sample", "tiny-ae", "--source", "aggregate", "--n", 10, "--out", "s.png")[0] == 0
    assert size("s.png") == (4 * 32, 4 * 24)


def test_pictures_are_written_as_files_and_read_again(cli):
    assert cli("sample", "tiny-vae", "--n", 3, "--out", "new")[:2] == (0, "new\n")
    assert sorted(p.name for p in Path("new").iterdir()) == ["1.png", "2.png", "3.png"]
    assert size("new/1.png") == (8, 8)
    assert cli("encode", "tiny-vae", "new/1.png", "new/2.png", "--out", "z.npz")[0] == 0
    refused(cli("sample", "tiny-vae", "--out", "new"), "'new'", "not empty")
    refused(cli("sample", "tiny-vae", "--out", "new.csv"), "ending in .npz or .png, or a folder")


def test_series_are_written_as_csv_and_read_again(waves_root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sample", "waves-vae", "--n", "11", "--out", "new"]) == 0
    names = sorted(p.name for p in Path("new").iterdir())
    assert (names[0], names[-1]) == ("01.csv", "11.csv")
    m = vae.load("waves-vae")
    x = m.decode(m.sample(11, 0))
    assert main(["encode", "waves-vae", "new/01.csv", "new/11.csv", "--out", "z.npz"]) == 0
    np.testing.assert_allclose(arrays("z.npz")["mu"], m.encode(x[[0, 10]])[0], atol=1e-3)
    assert main(["sample", "waves-vae", "--n", "1", "--out", "one.csv"]) == 0
    one = m.decode(m.sample(1, 0))[0]
    np.testing.assert_allclose(m.modality.from_bytes(Path("one.csv").read_bytes(), m.shape), one, atol=1e-4)
    assert main(["sample", "waves-vae", "--n", "2", "--out", "two.csv"]) == 1
    assert "holds one sample, but there are 2. Give a folder" in capsys.readouterr().err
    Path("short.csv").write_text("channel_1,channel_2\n1,2\n")
    assert main(["encode", "waves-vae", "short.csv", "--out", "z.npz"]) == 1
    assert "short.csv: the file contains a sample of shape (2, 1); expected (2, 24)" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["linear", "slerp"])
def test_interpolate_goes_from_sample_to_sample(cli, method):
    assert cli("interpolate", "tiny-vae", 3, 10, "--frames", 5, "--method", method, "--out", "p.npz")[0] == 0
    path, reference = arrays("p.npz")["z"], vae.load("tiny-vae").atlas.z
    assert path.shape == (5, 4)
    assert np.array_equal(path[[0, -1]], reference[[3, 10]])
    assert cli("interpolate", "tiny-vae", 3, 10, "--frames", 5, "--out", "p.gif")[0] == 0
    with Image.open("p.gif") as gif:
        assert gif.size == (32, 32)
        assert 2 <= gif.n_frames <= 8  # there and back, equal frames merged
    assert cli("interpolate", "tiny-vae", 3, 10, "--frames", 5, "--out", "p.png")[0] == 0
    assert size("p.png") == (160, 32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["encode", "tiny-vae", "x.npz", "--out", "z.png"], ["z.png", ".npz"]),
        (["sample", "tiny-vae", "--scale", "0", "--out", "z.png"], ["--scale 0", "1 to 64"]),
        (["encode", "tiny-vae", "missing.png", "--out", "z.npz"], ["missing.png", "cannot be read"]),
        (["encode", "tiny-vae", "text.txt", "--out", "z.npz"], ["text.txt", "cannot be read as a picture"]),
        (["encode", "tiny-vae", "large.png", "--out", "z.npz"], ["large.png: the picture has 9x7 px", "takes 8x8"]),
        (["encode", "tiny-vae", "z3.npz", "--out", "z.npz"], ["no array 'x'", "it has: z"]),
        (["encode", "tiny-vae", "cut.npz", "--out", "z.npz"], ["cut.npz", "cannot be read as an npz"]),
        (["encode", "tiny-vae", "empty.npz", "--out", "z.npz"], ["empty.npz", "cannot be read as an npz"]),
        (["encode", "tiny-vae", "pickle.npz", "--out", "z.npz"], ["pickle.npz", "cannot be read as an npz"]),
        (["encode", "tiny-vae", "x9.npz", "--out", "z.npz"], ["(b, 1, 8, 8)", "(2, 1, 9, 9)"]),
        (["decode", "tiny-vae", "z3.npz", "--out", "x.npz"], ["(2, 3)", "(n, 4)"]),
        (["decode", "tiny-vae", "words.npz", "--out", "x.npz"], ["finite numbers"]),
        (["decode", "tiny-vae", "nan.npz", "--out", "x.npz"], ["NaN"]),
        (["decode", "tiny-vae", "z3.npz", "--out", "x.jpg"], ["x.jpg", ".npz or .png"]),
        (["decode", "tiny-vae", "missing.npz", "--out", "x.npz"], ["missing.npz", "cannot be read"]),
        (["sample", "tiny-vae", "--out", "no/such/folder.npz"], ["cannot write no/such/folder.npz", "No such file"]),
        (["sample", "tiny-vae", "--out", "text.txt/x.png"], ["cannot write text.txt/x.png", "Not a directory"]),
        (["sample", "tiny-vae", "--n", "0", "--out", "x.npz"], ["n=0: expected 1 to"]),
        (["sample", "tiny-vae", "--seed", "-1", "--out", "x.npz"], ["seed=-1"]),
        (["sample", "tiny-vae", "--source", "priro", "--out", "x.npz"], ["Did you mean 'prior'"]),
        (["sample", "tiny-ae", "--out", "x.npz"], ["no prior", "aggregate"]),
        (["interpolate", "tiny-vae", "0", "1437", "--out", "x.gif"], ["sample #1437", "#1435, #1436"]),
        (["interpolate", "tiny-vae", "-1", "3", "--out", "x.gif"], ["sample #-1", "#0, #1"]),
        (["interpolate", "tiny-vae", "0", "1", "--frames", "1", "--out", "x.gif"], ["--frames 1: expected 2 to"]),
        (["interpolate", "tiny-vae", "0", "1", "--method", "sleep", "--out", "x.gif"], ["Did you mean 'slerp'"]),
    ],
    ids=lambda v: " ".join(v)[:50],
)
def test_files_that_cannot_be_used_are_refused(cli, tmp_path, arguments, words):
    Path("text.txt").write_text("no picture")
    Path("empty.npz").write_bytes(b"")
    Image.new("L", (9, 7)).save("large.png")
    np.savez("x.npz", x=np.zeros((2, 1, 8, 8), np.uint8))
    np.savez("x9.npz", x=np.zeros((2, 1, 9, 9), np.uint8))
    np.savez("z3.npz", z=np.zeros((2, 3)))
    np.savez("nan.npz", z=np.full((2, 4), np.nan))
    np.savez("words.npz", z=np.array([["a", "b", "c", "d"]]))
    np.savez("pickle.npz", x=np.array([{}], dtype=object))
    Path("cut.npz").write_bytes(Path("x9.npz").read_bytes()[:100])
    before = {p.name for p in tmp_path.iterdir()}
    refused(cli(*arguments), *words)
    assert {p.name for p in tmp_path.iterdir()} == before, "litter"


def test_an_output_that_cannot_be_finished_costs_nothing_that_was_there(cli, monkeypatch):
    cli("sample", "tiny-vae", "--out", "a.npz")
    before = Path("a.npz").read_bytes()

    def half(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", half)
    refused(cli("sample", "tiny-vae", "--seed", 5, "--out", "a.npz"), "cannot write a.npz: the disk is full (")
    assert Path("a.npz").read_bytes() == before
    assert [p.name for p in Path().iterdir()] == ["a.npz"]


def test_the_module_runs_as_a_program_and_help_is_quick():
    """`python -m vae --help` needs neither torch nor a checkpoint."""
    probe = "import sys, runpy; sys.argv = ['vae', '--help']\ntry: runpy.run_module('vae', run_name='__main__')\n"
    probe += "except SystemExit as e: print('exit', e.code, 'torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert result.stdout.splitlines()[-1] == "exit 0 False", result.stderr
    for command in ("list", "train", "eval", "atlas", "encode", "decode", "sample", "interpolate"):
        assert command in result.stdout
