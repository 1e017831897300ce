"""Symmetric matrices: what test_one_file.py drops in as a new modality, with files and pictures of its own."""

from __future__ import annotations

import numpy as np

from vae.errors import SettingError, ShapeError
from vae.registry import Modality, modality
from vae.types import Artifact

COLD, WARM = np.array([0.1, 0.3, 0.9], np.float32), np.array([0.9, 0.3, 0.1], np.float32)


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3 or shape[0] != 1 or shape[1] != shape[2]:
        raise ShapeError(f"matrices of shape {tuple(shape)}: expected (1, n, n).")
    return (3, *shape[1:])


def pictures(x: np.ndarray) -> np.ndarray:
    """(b, 1, n, n) -> uint8 (b, 3, n, n): negative values blue, positive ones red."""
    picture_shape(x.shape[1:])
    depth = np.tanh(np.abs(np.asarray(x, np.float32)))
    colours = np.where(x < 0, COLD[:, None, None], WARM[:, None, None])
    return np.rint(255 * depth * colours).astype(np.uint8)


def artifacts(x: np.ndarray) -> tuple[Artifact, ...]:
    columns = {"columns": [f"variable {i + 1}" for i in range(x.shape[-1])]}
    table = Artifact("table", np.asarray(x[0], np.float32), "covariances", columns)
    return (Artifact("picture", np.ascontiguousarray(pictures(x[None])[0].transpose(1, 2, 0))), table)


def to_bytes(x: np.ndarray) -> tuple[str, bytes]:
    """The lower triangle, a row a line."""
    rows = (" ".join(f"{v:.6g}" for v in row[: i + 1]) for i, row in enumerate(x[0]))
    return "text/plain", "\n".join([*rows, ""]).encode()


def from_bytes(data: bytes, shape: tuple[int, ...] | None) -> np.ndarray:
    try:
        rows = [[float(v) for v in line.split()] for line in data.decode().splitlines()]
    except ValueError as e:
        raise SettingError(f"no triangle of numbers ({e}).") from None
    if not rows or [len(row) for row in rows] != list(range(1, len(rows) + 1)):
        raise SettingError("no triangle of numbers.")
    x = np.zeros((1, len(rows), len(rows)), np.float32)
    for i, row in enumerate(rows):
        x[0, i, : i + 1] = x[0, : i + 1, i] = row
    if shape is not None and x.shape != tuple(shape):
        raise ShapeError(f"a matrix of shape {x.shape}; expected {tuple(shape)}.")
    return x


def looks(x: np.ndarray) -> int:
    """Surely, if each is its own transpose."""
    return 3 * (x.ndim == 3 and x.shape[1] == x.shape[2] and np.array_equal(x, x.transpose(0, 2, 1)))


def from_array(x: np.ndarray, notes: list[str]) -> np.ndarray:
    x = x[:, None] if x.ndim == 3 else x
    try:
        picture_shape(x.shape[1:])
    except ShapeError as e:
        raise SettingError(str(e)) from None
    notes.append(f"{len(x)} matrices.")
    return x.astype(np.float64)


MATRIX = modality(
    Modality(
        "matrix",
        layout="grid",
        likelihood="gaussian",
        example_shape=lambda: (1, 12, 12),
        bounded=False,
        pictures=pictures,
        picture_shape=picture_shape,
        artifacts=artifacts,
        to_bytes=to_bytes,
        suffix=".tri",
        from_bytes=from_bytes,
        looks=looks,
        from_array=from_array,
        plural="matrices",
        measured="rows and columns",
        quick={"d": 3, "width": 8},
        summary="symmetric, negative values blue, positive ones red",
    )
)
