"""Checkpoints renamed, annotated, deleted, packed and unpacked: what is kept, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

import vae
from vae.__main__ import main
from vae.errors import CheckpointError, SettingError, UnknownName
from vae.library import manage, packing
from vae.runs import control, folder, starting
from vae.runs.folder import DONE, FAILED, QUEUED, STOPPED
from vae.saved import checkpoint, names
from vae.sweeps import sweeps
from vae.training import experiment
from vae.training.plan import Plan

PROJECT = Path(vae.__file__).resolve().parents[1]


@pytest.fixture
def root(tiny_root, tmp_path, monkeypatch) -> Path:
    """A folder of checkpoints of one's own, to be changed, with `tiny-vae` in it."""
    shutil.copytree(tiny_root / "tiny-vae", tmp_path / "checkpoints" / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "checkpoints"


def repacked(data: bytes, change) -> io.BytesIO:
    """The ZIP with its files, by name, as change(files) leaves them."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        files = {n: z.read(n) for n in z.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            z.writestr(name, content)
    return io.BytesIO(out.getvalue())


def test_a_renamed_model_is_the_same_and_can_still_be_resumed(root):
    before = checkpoint.read(root / "tiny-vae")
    manage.rename("tiny-vae", "better")
    assert set(checkpoint.checkpoints()) == {"better"}
    after = checkpoint.read(root / "better")
    assert after.files == before.files
    assert after.config["name"] == "better"
    assert "--name better" in after.config["command"]
    assert vae.load("better").name == "better"
    assert [p.name for p in root.iterdir() if p.name != ".lock"] == ["better"]


def test_the_run_and_the_ladder_of_a_renamed_model_follow(root):
    plan = Plan("vae", "digits", {}, 4, name="tiny-vae")
    shutil.move(root / "tiny-vae", root.parent / "kept")
    begun = [starting.start(plan, work=False)]
    end(begun[0], DONE)
    begun.append(starting.start(plan, work=False))  # the model of the first was deleted
    end(begun[1], STOPPED)
    shutil.copytree(root.parent / "kept", root / "tiny-vae")
    sweep = sweeps.home() / "climb"
    sweep.mkdir(parents=True)
    record = {"family": "vae", "dataset": "digits", "setting": "d", "values": [2.0, 4.0], "command": ""}
    folder.write(sweep / sweeps.RECORD, record | {sweeps.MODELS: ["other", "tiny-vae"]})
    manage.rename("tiny-vae", "better")
    first, run = folder.runs()
    assert (first.name, run.name) == ("tiny-vae", "better")
    assert "--name better" in run.plan["command"]
    assert run.state.name == STOPPED
    assert sweeps.find("climb").models == ("other", "better")
    assert control.resume("better", work=False).state.name == QUEUED


def test_no_model_takes_the_name_of_a_run_that_would_go_on_with_it(root):
    end(starting.start(Plan("vae", "digits", {}, 4, name="better"), work=False), FAILED)
    with pytest.raises(
        SettingError, match=r"trains 'better' and is failed\. Choose another name, for example better-2"
    ):
        manage.rename("tiny-vae", "better")
    assert list(checkpoint.checkpoints()) == ["tiny-vae"]


def end(run, state: str) -> None:
    with folder.lock():
        folder.change(run, state)


@pytest.mark.parametrize("name", ["tiny-ae", "TINY-AE", "", "../x", ".x", "a/b", "a" * 65])
def test_names_that_cannot_be(root, tiny_root, name):
    shutil.copytree(tiny_root / "tiny-ae", root / "tiny-ae")
    with pytest.raises(SettingError, match="name"):
        manage.rename("tiny-vae", name)
    assert "tiny-vae" in checkpoint.checkpoints()


def test_a_note_stands_on_the_card_until_it_is_taken_off(root):
    weights = checkpoint.read(root / "tiny-vae").files
    manage.annotate("tiny-vae", "  the first one  ")
    assert checkpoint.read(root / "tiny-vae").config["note"] == "the first one"
    manage.annotate("tiny-vae", "")
    saved = checkpoint.read(root / "tiny-vae")
    assert "note" not in saved.config
    assert saved.files == weights
    with pytest.raises(SettingError, match="at most"):
        manage.annotate("tiny-vae", "x" * (manage.NOTE_MAX + 1))


def test_a_note_that_is_written_while_its_run_trains_stays(root):
    plan = Plan("vae", "digits", {"net": "mlp", "width": "8", "d": "2", "batch_size": "479"}, 3, name="a", points=3)

    def note(text: str) -> None:
        manage.annotate("a", text)

    def watch(trainer, samples, event) -> None:
        if event.epoch == 1:
            note("of its first epoch")

    seen = {}
    for event in experiment.train(plan, watch=watch):
        seen[event.kind, event.epoch] = checkpoint.card("a").get("note") if event.kind != "step" else None
    assert seen["epoch", 2] == seen["epoch", 3] == seen["done", 3] == "of its first epoch"
    late = lambda stage: stage == "drawing thumbnails" and note(stage)  # noqa: E731
    for event in experiment.train(plan, overwrite=True, report=late):
        if event.kind == "epoch":
            assert "note" not in checkpoint.card("a")  # what was noted of the model before went with it
    assert checkpoint.card("a")["note"] == "drawing thumbnails"
    assert checkpoint.ATLAS in checkpoint.read(root / "a").files


TRAINER = """
    import sys
    from pathlib import Path
    from vae.saved import checkpoint

    config = {"name": "a", "family": "vae", "hparams": {}, "dataset": "digits", "seed": 0,
              "spec": {"shape": [1], "n_data": 1, "n_classes": 0, "modality": "vector"}}
    for epoch in range(1, 100_000):
        files = {"model.safetensors": str(epoch).encode() * 20_000}
        checkpoint.save(Path(sys.argv[1]), config | {"epochs_done": epoch}, files, keep_note=epoch > 1)
        print(epoch, flush=True)
"""


def test_a_note_and_an_epoch_that_are_saved_at_once_both_stay(root):
    """Another process saves epochs as fast as it can: none is lost to a note, and no note to an epoch."""
    trainer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(TRAINER), root / "a"], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        for i in range(100):
            told = int(trainer.stdout.readline())  # that many are saved at least
            manage.annotate("a", f"note {i}")
            found = checkpoint.read(root / "a")
            assert found.config["note"] == f"note {i}"
            assert found.config["epochs_done"] >= told
            assert found.files[checkpoint.MODEL] == str(found.config["epochs_done"]).encode() * 20_000
        assert trainer.poll() is None, "the trainer failed"
    finally:
        trainer.kill()
        trainer.wait()
        trainer.stdout.close()
    last = checkpoint.read(root / "a").config["epochs_done"]
    manage.annotate("a", "the last word")
    assert checkpoint.read(root / "a").config["epochs_done"] == last


def test_a_deleted_model_does_not_come_back(root):
    shutil.copytree(root / "tiny-vae", root / ".tiny-vae.old")  # as a process killed while it saved leaves it
    manage.delete("tiny-vae")
    assert checkpoint.checkpoints() == {}
    assert [p.name for p in root.iterdir() if p.name != ".lock"] == []
    with pytest.raises(UnknownName):
        manage.delete("tiny-vae")


def test_a_packed_model_comes_out_bit_by_bit(root):
    before = checkpoint.read(root / "tiny-vae")
    data = packing.pack("tiny-vae")
    assert data == packing.pack("tiny-vae")
    with pytest.raises(SettingError, match="already"):
        packing.unpack(io.BytesIO(data))
    made = packing.unpack(io.BytesIO(data), "again")
    assert made.files == {n: f for n, f in before.files.items() if n != checkpoint.RESUME}
    assert vae.load("again").atlas.n == vae.load("tiny-vae").atlas.n
    packing.unpack(io.BytesIO(packing.pack("tiny-vae", resume=True)), "whole")
    assert checkpoint.read(root / "whole").files == before.files


def edit(files):
    files["tiny-vae/model.safetensors"] = files["tiny-vae/model.safetensors"][:-1] + b"x"


def tell(files):
    config = json.loads(files["tiny-vae/config.json"])
    files["tiny-vae/config.json"] = json.dumps(config | {"title": "mine"}).encode()


def escape(files):
    files["../../model.safetensors"] = files.pop("tiny-vae/model.safetensors")


def pickled(files):
    files["tiny-vae/model.pt"] = b"\x80\x04cos\nsystem\n."


def unlisted(files):
    config = json.loads(files["tiny-vae/config.json"])
    del config["files"]["history.jsonl"]
    config["digest"] = checkpoint.digest(config)
    files["tiny-vae/config.json"] = json.dumps(config).encode()


def empty(files):
    files.clear()
    files["words.txt"] = b"words"


def bomb(files):
    files["tiny-vae/atlas.npz"] = bytes(80 * 2**20)


def another_family(files):
    config = json.loads(files["tiny-vae/config.json"])
    config["family"] = "mind_reader"
    config["digest"] = checkpoint.digest(config)
    files["tiny-vae/config.json"] = json.dumps(config).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit, "is not the file that was saved"), (tell, "was edited after it was saved"),
        (escape, "does not belong to a checkpoint"), (pickled, "model.pt' does not belong"),
        (empty, "does not belong to a checkpoint"),
        (unlisted, "does not list history.jsonl"), (bomb, "200 times"), (another_family, "mind_reader"),
    ],
)  # fmt: skip
def test_a_zip_that_is_not_what_was_saved_is_refused(root, change, words):
    before = {p: p.stat().st_mtime_ns for p in root.parent.rglob("*")}
    with pytest.raises((SettingError, CheckpointError), match=words):
        packing.unpack(repacked(packing.pack("tiny-vae"), change), "new")
    after = {p: p.stat().st_mtime_ns for p in root.parent.rglob("*")}
    assert set(after) - set(before) <= {root / ".lock"}


def test_what_is_wrong_with_a_zip_is_said_of_that_zip(root):
    data = repacked(packing.pack("tiny-vae"), edit)
    data.name = "from a friend.zip"  # as an upload has one
    with pytest.raises(CheckpointError, match=r"^from a friend\.zip: .*is not the file that was saved"):
        packing.unpack(data, "new")


def test_no_zip_at_all(root):
    with pytest.raises(SettingError, match="not a ZIP"):
        packing.unpack(io.BytesIO(b"words"))


def test_what_is_shipped_is_what_git_tracks_and_stays(monkeypatch):
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    listed = subprocess.run(
        ["git", "ls-files", "checkpoints"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        tracked = {line.split("/")[1] for line in listed.stdout.splitlines() if line.count("/") > 1}
        assert names.shipped() == tracked - {".ladders"}
    for act in (manage.delete, lambda name: manage.rename(name, "mine"), lambda name: manage.annotate(name, "x")):
        with pytest.raises(SettingError, match="comes with zscope"):
            act("fashion-vae")
    assert "fashion-vae" in checkpoint.checkpoints()


def test_the_command_line(root, capsys):
    assert main(["checkpoint", "note", "tiny-vae", "worth keeping"]) == 0
    assert main(["checkpoint", "pack", "tiny-vae"]) == 0
    assert main(["checkpoint", "delete", "tiny-vae"]) == 1  # nobody is there to ask
    assert "confirm with --yes" in capsys.readouterr().err
    assert main(["checkpoint", "rename", "tiny-vae", "other"]) == 0
    assert main(["checkpoint", "unpack", "tiny-vae.zip"]) == 0
    assert checkpoint.read(root / "tiny-vae").config["note"] == "worth keeping"
    assert main(["checkpoint", "delete", "other", "--yes"]) == 0
    assert set(checkpoint.checkpoints()) == {"tiny-vae"}
    assert main(["checkpoint", "unpack", "none.zip"]) == 1
