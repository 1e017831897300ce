"""The theatre without a browser: what it sends, when it lays out maps, and its place on the Train page."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from starlette.applications import Starlette

from app.live import access, channel, theatre
from app.panels.train import theatre as watch
from tests.app.panels.test_train_page import button, empty, labels, page, quiet, run_in  # noqa: F401  fixtures
from tests.app.views.test_views import words
from vae.errors import UnknownName
from vae.forming import model_sequence, snapshots
from vae.runs import as_sequence, folder

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Using `httpx` with")  # it asks for httpx2; httpx does for these tests
    from starlette.testclient import TestClient

N = 60


def shots(run, count: int, *, rates=True, d: int = 3, laid: int = 0, shape=(1, 6, 4), seed: int = 0, tests: int = 16):
    """A run's folder with that many snapshots, of which `laid` have a map."""
    rng = np.random.default_rng(seed)
    pictures = lambda n: rng.integers(0, 255, (n, *shape), dtype=np.uint8)  # noqa: E731
    fixed = {"rows": np.arange(N), "labels": np.arange(N) % 10, "test": pictures(tests)}
    snapshots.write(run / "snapshots" / "fixed.npz", fixed | {"drawn_from": np.array("prior")})
    files = {}
    for epoch in range(1, count + 1):
        mu = rng.normal(size=(N, d)) * ([1.0] * (d - 1) + [0.01])
        arrays = {"mu": mu.astype(np.float16), "again": pictures(tests), "drawn": pictures(64)}
        arrays["distortion_nats"] = np.float64(50.0 - epoch)
        if rates:
            arrays |= {"rate_nats": np.float64(epoch), "elbo_nats": np.float64(-50.0)}
            arrays["rate_per_dim_nats"] = np.linspace(epoch, 0, d)
        files[run / "snapshots" / f"{epoch:06d}.npz"] = arrays
    if laid:  # before the snapshots: a server that looks on finds nothing to lay out
        as_read = lambda a: snapshots.Snapshot(1, a["mu"].astype(np.float32), a["again"], a["drawn"], None, {})  # noqa: E731
        known = [as_read(arrays) for arrays in files.values()]
        marks = model_sequence._marks(known[:laid])
        maps = np.random.default_rng(1).normal(size=(laid, N, 2)).astype(np.float32)
        snapshots.write(run / "snapshots" / model_sequence.MAPS, {"maps": maps, "marks": np.array(marks)})
    for path, arrays in files.items():
        snapshots.write(path, arrays)
    return run


@pytest.fixture
def begun(monkeypatch):
    """Folders whose maps the app began to lay out, instead of the processes that do."""
    found, waiting = [], []

    def detached(arguments, log):
        found.append(arguments[-1])
        waits = [sys.executable, "-c", "input()"]
        waiting.append(subprocess.Popen(waits, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL))
        return waiting[-1]

    monkeypatch.setattr(theatre.os_process, "detached", detached)
    monkeypatch.setattr(theatre, "_layers", {})
    yield found
    for process in waiting:
        process.stdin.close()
        process.wait()


@pytest.fixture
def get(empty):  # noqa: F811

    with TestClient(Starlette(routes=channel.routes()), headers={access.HEADER: access.token("")}) as client:
        yield lambda address: client.get(f"/frames/{address}")


def unpacked(body: bytes) -> dict[str, np.ndarray]:
    at, arrays = 4 + int.from_bytes(body[:4], "little"), {}
    for name, kind, shape in json.loads(body[4:at])["arrays"]:
        arrays[name] = np.frombuffer(body, kind, int(np.prod(shape)), at).reshape(shape)
        at += arrays[name].nbytes + -arrays[name].nbytes % 4
    return arrays


# ---------------------------------------------------------------- what is sent


def test_it_sends_what_there_is_of_a_run_and_gets_the_missing_maps_under_way(get, begun):
    run = run_in(folder.DONE)
    shots(run.folder, 3, laid=2)
    found = get(f"run/{run.id}/index.json").json()
    assert (found["name"], found["axis"], found["values"], found["until"]) == ("a", "epoch", [1, 2, 3], None)
    assert (found["about"], found["shape"], found["laid"]) == ("Variational autoencoder on digits", [6, 4, 1], 2)
    assert not found["charts"]
    assert (found["rates"][1], found["active"][1]) == ([2.0, 1.0, 0.0], [True, True, False])
    assert found["figures"][2] == {"distortion_nats": 47.0, "rate_nats": 3.0, "elbo_nats": -50.0}
    assert begun == [str(run.folder)]
    assert get(f"run/{run.id}/index.json").json()["tags"] == found["tags"]
    assert len(begun) == 1  # it is at it
    known = as_sequence.of_run(run.folder)
    fixed, first, third = (unpacked(get(f"run/{run.id}/{part}.bin").content) for part in ("fixed", "0", "2"))
    assert (fixed["shown"] == known.fixed.shown.transpose(0, 2, 3, 1)).all()
    assert (fixed["labels"] == np.arange(N) % 10).all()
    assert (first["xy"] == known.maps[0]).all()
    assert "xy" not in third
    assert (third["drawn"] == known.snapshots[2].drawn.transpose(0, 2, 3, 1)).all()


def test_a_series_is_sent_as_charts(get, begun):
    run = run_in(folder.DONE)
    shots(run.folder, 1, laid=1)
    folder.write(run.folder / folder.PLAN, {**run.plan, "dataset": "ecg_beats"})
    assert get(f"run/{run.id}/index.json").json()["charts"]


def test_what_is_new_is_read_and_only_what_changed_has_another_tag(get, begun):
    run = run_in(folder.DONE)
    shots(run.folder, 2, laid=1)
    before = get(f"run/{run.id}/index.json").json()["tags"]
    shots(run.folder, 3, laid=2)
    after = get(f"run/{run.id}/index.json").json()["tags"]
    assert (len(before), len(after)) == (2, 3)
    assert after[0] == before[0]
    assert after[1].startswith(f"{before[1]}-")


def test_a_run_without_snapshots_and_what_is_not_there_are_told(get, begun):
    run, waits = run_in(folder.DONE), run_in(folder.QUEUED, "b")
    assert get(f"run/{run.id}/index.json").json() == {"empty": True, "active": False}
    assert get(f"run/{waits.id}/index.json").json() == {"empty": True, "active": True}
    assert begun == []
    for address in (f"run/{run.id}/fixed.bin", "run/none/index.json", "way/x/index.json", f"run/{run.id}/no.bin"):
        assert get(address).status_code == 404, address
    shots(run.folder, 1)
    assert "expected 0 to 0" in get(f"run/{run.id}/1.bin").text


def test_a_figure_that_is_no_number_is_left_out(get, begun):
    run = run_in(folder.FAILED)
    shots(run.folder, 1)
    path = run.folder / "snapshots" / "000001.npz"
    with np.load(path) as npz:
        arrays = dict(npz)
    snapshots.write(path, arrays | {"elbo_nats": np.float64("nan"), "rate_per_dim_nats": np.array([1, np.inf, 0])})
    found = get(f"run/{run.id}/index.json").json()
    assert found["figures"] == [{"distortion_nats": 49.0, "rate_nats": 1.0}]
    assert found["rates"] == [None]


def test_a_layout_that_failed_says_why_and_is_tried_again_later(get, begun, monkeypatch):
    run = run_in(folder.DONE)
    shots(run.folder, 1)
    assert get(f"run/{run.id}/index.json").json()["trouble"] == ""
    ((process, _),) = theatre._layers.values()
    process.stdin.close()  # it ends with an error
    assert process.wait(30) == 1
    (run.folder / "snapshots" / theatre.LOG).write_text("Traceback\nMemoryError: much\n")
    assert get(f"run/{run.id}/index.json").json()["trouble"] == "There is no map from epoch 1 on: much"
    assert len(begun) == 1
    (run.folder / "snapshots" / theatre.LOG).write_text("vae.errors.ShapeError: z: given 9 rows.\n")
    assert theatre.index(f"run/{run.id}")["trouble"] == "There is no map from epoch 1 on: z: given 9 rows."
    path = run.folder / "snapshots" / "000001.npz"
    with np.load(path) as npz:
        snapshots.write(path, dict(npz) | {"mu": npz["mu"] * np.float16("nan")})
    told = "There is no map from epoch 1 on: Some latents are not finite: the training diverged."
    assert theatre.index(f"run/{run.id}")["trouble"] == told
    monkeypatch.setattr(theatre, "AGAIN_S", 0.0)
    assert get(f"run/{run.id}/index.json").json()["trouble"] == ""
    assert len(begun) == 2


def test_another_kind_of_frames_can_be_shown(tmp_path, begun):
    shots(tmp_path, 3, laid=3)
    read = lambda path: model_sequence.of_folder(path, name="betas", axis="beta", values=(0, 0.5, 4))  # noqa: E731
    theatre.register("made", lambda id: tmp_path, read)
    try:
        found = theatre.index("made/betas")
        assert (found["axis"], found["values"], found["until"]) == ("beta", (0.0, 0.5, 4.0), None)
        with pytest.raises(UnknownName, match="kind of frames"):
            theatre.of("other/betas")
    finally:
        del theatre._kinds["made"]


def test_large_pictures_are_sent_smaller():
    pictures = np.random.default_rng(0).integers(0, 255, (2, 3, 100, 200), dtype=np.uint8)
    found = theatre.small(pictures)
    assert found.shape == (2, 3, 32, 64)
    assert abs(found.mean() - pictures.mean()) < 2
    assert theatre.small(pictures[..., :64, :64]).shape == (2, 3, 64, 64)


# ---------------------------------------------------------------- the page


def test_a_runs_card_leads_to_the_theatre_and_back(empty, begun, monkeypatch):  # noqa: F811
    run = run_in(folder.DONE)
    other = run_in(folder.DONE, "b")
    for one in (run, other):
        shots(one.folder, 2, laid=2)
        (one.folder / folder.PROGRESS).write_text(json.dumps({"epoch": 2}))
    at = page()
    button(at, "Watch it form").click().run()
    assert not at.exception
    assert "**b** :gray[Variational autoencoder on digits]" in words(at)
    assert at.session_state["zscope.studio"].watched == f"run/{other.id}"
    over = at.selectbox[0]
    assert over.options == ["Add a second run", "a (vae, digits)"]
    offered = []
    monkeypatch.setattr(watch.st, "download_button", lambda label, data, name, *_, **__: offered.append(name))
    over.set_value(f"run/{run.id}").run()
    assert offered[-1] == "b-and-a.gif"
    assert at.session_state["zscope.studio"].beside == f"run/{run.id}"
    button(at, "All runs").click().run()
    assert labels(at).count("Watch it form") == 2


def test_a_gif_waits_for_its_maps_and_says_for_how_many(empty, begun, monkeypatch):  # noqa: F811
    run, other = run_in(folder.DONE), run_in(folder.DONE, "b")
    shots(run.folder, 3, laid=3)
    shots(other.folder, 3, laid=1)
    for one in (run, other):
        (one.folder / folder.PROGRESS).write_text(json.dumps({"epoch": 3}))
    offered = []
    monkeypatch.setattr(watch.st, "download_button", lambda *_, disabled, help, **__: offered.append((disabled, help)))
    at = page()
    button(at, "Watch it form").click().run()  # of b, the newest
    assert offered[-1] == (True, "The GIF is available once every map is computed: 1 of 3 so far, of b.")
    button(at, "All runs").click().run()
    at.button(key=f"watch-{run.id}").click().run()
    assert offered[-1] == (False, "The whole training as a looping GIF; takes some seconds.")
    at.selectbox[0].set_value(f"run/{other.id}").run()
    assert offered[-1][0]  # the second run has no maps yet
    ((process, _),) = theatre._layers.values()
    process.stdin.close()  # it ends with an error
    process.wait(30)
    (other.folder / "snapshots" / theatre.LOG).write_text("Traceback\nMemoryError: much\n")
    at.run()
    assert offered[-1][0] is False  # it will not get them: the reason is told here and in the GIF
    assert offered[-1][1].endswith("There is no map from epoch 2 on: much")
    assert not at.exception


def test_a_gif_of_a_training_without_a_snapshot_says_when_there_is_one(empty, monkeypatch):  # noqa: F811
    run = run_in(folder.DONE)
    assert watch._missing(f"run/{run.id}") == ("This run has no snapshots to make a GIF of.", "")
    monkeypatch.setattr(theatre, "_active", lambda key: True)
    assert watch._missing(f"run/{run.id}", "") == ("The GIF is available after the first epoch.", "")


def test_a_link_to_a_run_that_is_gone_says_so(empty, begun):  # noqa: F811
    import dataclasses

    at = page()
    studio = at.session_state["zscope.studio"]
    at.session_state["zscope.studio"] = dataclasses.replace(studio, watched="run/gone")
    at.run()
    assert not at.exception
    assert any("unknown run" in warning.value for warning in at.warning)
    assert at.session_state["zscope.studio"].watched == ""
