"""Maps that follow one another: points move and do not jump, and each is as good a map as one of its own."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from filelock import FileLock
from sklearn.manifold import trustworthiness

from vae.errors import ShapeError
from vae.forming import model_sequence, snapshots
from vae.latent.aligned import aligned, onto
from vae.latent.fit import fit_map


@pytest.fixture(scope="module")
def forming():
    """Six clusters that drift apart step by step, turned a little each time, with noise of their own."""
    rng = np.random.default_rng(0)
    centres, noise = rng.normal(size=(6, 5)), rng.normal(size=(300, 5))
    turn = np.linalg.qr(np.eye(5) + 0.15 * rng.normal(size=(5, 5)))[0]
    found, through = [], np.eye(5)
    for far in (2.0, 2.5, 3.0, 3.5):
        found.append((far * centres[np.arange(300) % 6] + noise) @ through)
        through = through @ turn
    return [z.astype(np.float32) for z in found]


def moved(maps) -> float:
    """Mean displacement from one map to the next, as a share of the map's width."""
    return float(np.mean([np.linalg.norm(a - b, axis=1).mean() / np.ptp(b) for a, b in pairwise(maps)]))


def test_points_move_a_third_as_far_as_between_maps_of_their_own_and_the_maps_are_as_good(forming):
    maps, own = list(aligned(forming)), [fit_map(z).xy for z in forming]
    assert (maps[0] == own[0]).all()
    assert moved(maps) < moved(own) / 3
    for z, one, alone in zip(forming, maps, own, strict=True):
        assert trustworthiness(z, one, n_neighbors=15) > trustworthiness(z, alone, n_neighbors=15) - 0.02


def test_the_same_latents_give_the_same_maps_lazily(forming):
    again = aligned(forming)
    assert (next(again) == next(aligned(forming))).all()
    assert all((a == b).all() for a, b in zip(again, list(aligned(forming))[1:], strict=True))


def test_onto_undoes_a_turn_a_mirror_and_a_shift():
    target = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    assert np.allclose(onto((target @ turn + [3, -7]).astype(np.float32), target), target, atol=1e-5)


def test_other_rows_are_refused(forming):
    with pytest.raises(ShapeError, match="given 299 rows, expected 300"):
        list(aligned([forming[0], forming[1][:-1]]))
    with pytest.raises(ShapeError, match=r"start: given \(3, 2\), expected \(300, 2\)"):
        fit_map(forming[0], start=np.zeros((3, 2)))


# ---------------------------------------------------------------- frames, which keep such maps


def kept(folder, latents) -> None:
    """Snapshots of epochs 1, 2, ... with those latents, as a training leaves them."""
    picture, n = np.zeros((16, 1, 4, 4), np.uint8), len(latents[0])
    snapshots.write(folder / "snapshots" / "fixed.npz", {"rows": np.arange(n), "test": picture})
    for epoch, z in enumerate(latents, 1):
        arrays = {"mu": z.astype(np.float16), "again": picture, "drawn": picture, "elbo_nats": np.float64(-epoch)}
        snapshots.write(folder / "snapshots" / f"{epoch:06d}.npz", arrays)


def test_frames_lay_out_only_what_is_new_and_begin_at_the_last_map(tmp_path, forming):
    assert model_sequence.of_folder(tmp_path, name="a") is None
    assert model_sequence.lay(tmp_path) == 0
    kept(tmp_path, forming[:2])
    before = model_sequence.of_folder(tmp_path, name="a")
    assert (before.values, before.maps.shape, model_sequence.unlaid(tmp_path)) == ((1.0, 2.0), (0, 0, 2), 2)
    assert model_sequence.lay(tmp_path) == 2
    first = model_sequence.of_folder(tmp_path, name="a").maps
    kept(tmp_path, forming)
    told = []
    assert model_sequence.lay(tmp_path, report=lambda *counts: told.append(counts)) == 2
    assert told == [(3, 4), (4, 4)]
    found = model_sequence.of_folder(tmp_path, name="a", axis="beta", values=(0.1, 1, 2, 4))
    assert (found.axis, found.values, found.snapshots[3].figures) == ("beta", (0.1, 1.0, 2.0, 4.0), {"elbo_nats": -4.0})
    assert (found.maps[:2] == first).all()
    assert np.allclose(found.maps, list(aligned(z.astype(np.float16).astype(np.float32) for z in forming)))
    assert model_sequence.lay(tmp_path) == model_sequence.unlaid(tmp_path) == 0


def test_latents_are_hashed_once_to_lay_out_what_is_new(tmp_path, forming, monkeypatch):
    kept(tmp_path, forming[:1])
    model_sequence.lay(tmp_path)
    kept(tmp_path, forming[:2])
    begin, begun = hashlib.blake2b, []
    monkeypatch.setattr(hashlib, "blake2b", lambda **how: begun.append(how) or begin(**how))
    assert model_sequence.lay(tmp_path) == 1
    assert len(begun) == 1


def test_a_snapshot_that_was_replaced_and_all_after_it_are_laid_out_anew(tmp_path, forming):
    kept(tmp_path, forming)
    model_sequence.lay(tmp_path)
    old = model_sequence.of_folder(tmp_path, name="a").maps
    kept(tmp_path, [forming[0], forming[1][::-1], *forming[2:]])
    assert len(model_sequence.of_folder(tmp_path, name="a").maps) == 1
    assert model_sequence.unlaid(tmp_path) == model_sequence.lay(tmp_path) == 3
    new = model_sequence.of_folder(tmp_path, name="a").maps
    assert (new[0] == old[0]).all()
    assert not (new[1] == old[1]).all()


def test_one_process_at_a_time_lays_out(tmp_path, forming):
    kept(tmp_path, forming[:1])
    with FileLock(tmp_path / "snapshots" / model_sequence.LAYING, thread_local=False):
        assert model_sequence.lay(tmp_path) == 0
    assert model_sequence.lay(tmp_path) == 1


def test_frames_of_other_counts_are_refused(tmp_path, forming):
    kept(tmp_path, forming[:2])
    with pytest.raises(ValueError, match=r"3 values, 2 snapshots, 0 maps"):
        model_sequence.of_folder(tmp_path, name="a", values=(1, 2, 3))


def test_latents_of_two_dimensions_are_their_own_map(tmp_path, forming):
    kept(tmp_path, [z[:, :2] for z in forming])
    assert model_sequence.unlaid(tmp_path) == model_sequence.lay(tmp_path) == 0
    found = model_sequence.of_folder(tmp_path, name="a")
    assert (found.maps == np.stack([s.mu for s in found.snapshots])).all()
