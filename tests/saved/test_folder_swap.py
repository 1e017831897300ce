"""A folder takes the place of another in one step, whatever is killed meanwhile, and a full disk costs nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import vae
from tests.saved.conftest import CONFIG
from vae.errors import SaveError
from vae.saved import checkpoint
from vae.saved.checkpoint import HISTORY, MODEL

PROJECT = Path(vae.__file__).resolve().parents[1]


def test_killed_between_the_two_renames_is_recovered(saved):
    for lookup in (lambda: checkpoint.checkpoints()["a"], lambda: checkpoint.find("a"), lambda: checkpoint.find(saved)):
        os.rename(saved, saved.with_name(".a.old"))
        assert checkpoint.read(lookup()).files[MODEL] == b"weights"
    os.rename(saved, saved.with_name(".a.old"))
    assert checkpoint.read(saved).files[MODEL] == b"weights"


def test_killed_after_the_second_rename_leaves_the_new_one(saved):
    shutil.copytree(saved, saved.with_name(".a.old"))
    checkpoint.save(saved, CONFIG, {MODEL: b"new"})
    assert checkpoint.read(saved).files[MODEL] == b"new"
    assert not saved.with_name(".a.old").exists()
    assert list(checkpoint.checkpoints()) == ["a"]


def test_what_a_killed_writer_left_is_swept_by_the_next_save(saved):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = saved.with_name(f".a.{dead.pid}-1.partial")
    alive = saved.with_name(f".a.{os.getppid()}-1.partial")
    other = saved.with_name(f".b.{dead.pid}-1.partial")
    for folder in (left, alive, other):
        folder.mkdir()
        (folder / MODEL).write_bytes(b"half")
    assert list(checkpoint.checkpoints()) == ["a"]
    checkpoint.save(saved, CONFIG, {MODEL: b"new"})
    assert not left.exists()
    assert alive.exists(), "a writer at work lost its files"
    assert other.exists()


def test_a_save_that_cannot_be_is_a_save_error(saved):
    (saved.parent / "file").write_text("")
    with pytest.raises(SaveError, match=r"cannot write .*: .*Nothing was changed"):
        checkpoint.save(saved.parent / "file" / "b", CONFIG, {MODEL: b"w"})


FULL_DISK = """
    import os, resource, sys
    from pathlib import Path
    from vae.saved import checkpoint
    from vae.errors import SaveError

    path = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # a write beyond fails as on a full disk
    try:
        checkpoint.save(path, {}, {"a": b"x" * 50_000, "model.safetensors": os.urandom(300_000)})
    except SaveError as e:
        print(e)
        sys.exit(3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_a_full_disk_costs_nothing_that_was_there(saved):
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), saved]
    run = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert run.returncode == 3, run.stderr
    assert "cannot write" in run.stdout
    assert "larger than this system allows" in run.stdout
    assert checkpoint.read(saved).files[MODEL] == b"weights"
    assert [p.name for p in saved.parent.iterdir() if p.name != ".lock"] == ["a"], "litter"


WRITER = """
    import sys
    from pathlib import Path
    from vae.saved import checkpoint

    config = {"name": "a", "family": "vae", "hparams": {}, "dataset": "digits", "seed": 0,
              "spec": {"shape": [1], "n_data": 1, "n_classes": 0, "modality": "vector"}}
    print("ready", flush=True)
    for i in range(100_000):
        payload = str(i).encode() * 20_000
        files = {"model.safetensors": payload, "history.jsonl": payload}
        checkpoint.save(Path(sys.argv[1]), config | {"title": str(i)}, files)
"""


def test_a_reader_never_sees_a_swap(saved):
    """A second process saves as fast as it can; every look-up and every read here finds one whole checkpoint."""
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), saved], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        assert writer.stdout.readline() == "ready\n"
        seen = set()
        for _ in range(250):
            assert "a" in checkpoint.checkpoints()
            found = checkpoint.read(checkpoint.find("a"))
            if found.config["title"] != "a":
                assert found.files[MODEL] == found.files[HISTORY] == found.config["title"].encode() * 20_000
                seen.add(found.config["title"])
        assert len(seen) > 5, "the writer hardly wrote: the test says nothing"
        assert writer.poll() is None, "the writer failed"
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_two_threads_may_save_the_same_checkpoint(saved):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: checkpoint.save(saved, CONFIG, {MODEL: bytes([i]) * 1000}), range(24)))
    assert len(set(checkpoint.read(saved).files[MODEL])) == 1
    assert [p.name for p in saved.parent.iterdir() if p.name != ".lock"] == ["a"]
