"""What benchmarks.compare_kinds measures of an encoder and a decoder, of whatever kind of model they are.

Samples, classification and neighbours are measured by `vae.metrics` and `vae.latent`; here is only what those lack.
Pictures are (n, c, h, w), float32 in 0-1; codes (n, d).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae.latent.attributes import mean_difference
from vae.latent.neighbours import Index
from vae.metrics.features import FeatureSpace
from vae.metrics.sample import frechet_distance, neighbour_scores
from vae.metrics.usefulness import knn, linear_probe

NEAR = 15  # the neighbour that `reach` is the distance to, as for trust and the off-data score of a path
REFERENCE = 2000  # training samples that neighbours are searched among, at most
PAIRS, STEPS = 200, 9  # paths, and points on each between its ends
NOISE = (0.1, 0.2)  # standard deviations, where black is 0 and white is 1
QUANTILE = 0.95  # of the test pictures: a generated picture farther from the training pictures is in a hole


@dataclass(frozen=True)
class Codec:
    """An encoder and a decoder. y: labels, which only a conditional model uses; prior: (n, seed) -> codes (n, d), None
    where codes are drawn from a Gaussian fitted to the training codes (ex-post density estimation, Ghosh et al., 2020).
    """

    encode: Callable[..., np.ndarray]  # pictures, y=None -> codes
    decode: Callable[..., np.ndarray]  # codes, y=None -> pictures
    prior: Callable[[int, int], np.ndarray] | None = None
    conditional: bool = False


@dataclass(frozen=True)
class Near:
    """Training samples in some space. reach: the median distance of one to its 15th neighbour."""

    index: Index
    reach: float

    @classmethod
    def of(cls, points: np.ndarray, *, weighted: bool) -> Near:
        """weighted: by the metric of the map, in which unused latent dimensions do not count; else Euclidean."""
        index = Index(points, None if weighted else np.ones(points.shape[1], np.float32))
        return cls(index, float(np.median(index.query_points(NEAR + 1)[0][:, -1])))

    def off_data(self, points: np.ndarray) -> float:
        """Mean of 1 - reach / distance to the 15th nearest, at least 0: the off-data score of docs/terms.md."""
        far = self.index.query(points, NEAR)[0][:, -1]
        return float(np.maximum(0, 1 - self.reach / np.maximum(far, 1e-12)).mean())

    def nearest(self, points: np.ndarray) -> np.ndarray:
        return self.index.query(points, 1)[0][:, 0]


@dataclass(frozen=True)
class Data:
    """Pictures and labels of both splits, and the classifier that judges pictures, trained on the labels alone."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    judge: FeatureSpace

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1

    @functools.cached_property
    def seen_test(self) -> np.ndarray:
        """Features of the test pictures."""
        return self.judge(self.x_test)

    @functools.cached_property
    def pictures(self) -> Near:
        """Training pictures in the classifier's features."""
        return Near.of(self.judge(self.x[:REFERENCE]), weighted=False)


def sharpness(x: np.ndarray) -> float:
    """The variance of the Laplacian over the pixels of a picture, averaged over pictures: a measure of focus
    (Pech-Pacheco et al., 2000). Noise raises it too. The outermost pixels have no Laplacian."""
    x = x.astype(np.float64)
    across, down = x[..., 1:-1, 2:] + x[..., 1:-1, :-2], x[..., 2:, 1:-1] + x[..., :-2, 1:-1]
    laplacian = across + down - 4 * x[..., 1:-1, 1:-1]
    return float(laplacian.reshape(len(x), -1).var(1).mean())


def gaussian(z: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n draws from the Gaussian with the mean and the covariance of z."""
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(z.mean(0), np.cov(z, rowvar=False), n, method="eigh").astype(np.float32)


def drawn(codec: Codec, z: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n codes to generate from: the model's own prior, or a Gaussian fitted to its training codes z."""
    return gaussian(z, n, seed) if codec.prior is None else codec.prior(n, seed)


def mse(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.square(a.astype(np.float64) - b).mean())


def generated(made: np.ndarray, data: Data) -> dict[str, float]:
    """Sharpness, distance, coverage and what goes with it of generated pictures, against the test pictures."""
    real, fake = data.seen_test, data.judge(made)
    found = {"sharpness": sharpness(made) / sharpness(data.x_test), "frechet_distance": frechet_distance(real, fake)}
    return found | {name: float(each.mean()) for name, each in neighbour_scores(real, fake).items()}


def samples(codec: Codec, data: Data, z: np.ndarray, seed: int) -> dict[str, float]:
    """As many generated pictures as test pictures, from the model's own prior; frechet_fitted: from a Gaussian fitted
    to the training codes, the same rule for every model."""
    n = len(data.x_test)
    found = generated(codec.decode(drawn(codec, z, n, seed), data.y_test), data)
    if not codec.conditional:
        fitted = data.judge(codec.decode(gaussian(z, n, seed)))
        found["frechet_fitted"] = frechet_distance(data.seen_test, fitted)
    return found


def frechet(codec: Codec, data: Data, seed: int) -> float:
    """The Frechet distance of `samples` alone, for a look between two epochs."""
    z = codec.encode(data.x, data.y) if codec.prior is None else data.x[:0]
    made = codec.decode(drawn(codec, z, len(data.x_test), seed), data.y_test)
    return frechet_distance(data.seen_test, data.judge(made))


def agreement(codec: Codec, data: Data, z: np.ndarray, seed: int) -> float:
    """The share of pictures generated for a label that the classifier assigns to it. A model without labels draws from
    a Gaussian fitted to the training codes of that label."""
    each = len(data.x_test) // data.classes
    y = np.repeat(np.arange(data.classes), each)
    if codec.conditional:
        codes = drawn(codec, z, len(y), seed)
    else:
        codes = np.concatenate([gaussian(z[data.y == c], each, seed + c) for c in range(data.classes)])
    return float((data.judge.classify(codec.decode(codes, y)) == y).mean())


def attribute_effect(codec: Codec, data: Data, z: np.ndarray, z_test: np.ndarray) -> float:
    """By how much the share of pictures classified as the next label rises when test codes of a label move along the
    difference of both labels' mean training codes; mean over labels. A conditional model keeps the code and is given
    the next label."""
    rises = []
    for b in range(data.classes):
        a = (b + 1) % data.classes
        codes, label = z_test[data.y_test == b], np.full((data.y_test == b).sum(), b)
        if codec.conditional:
            before, after = codec.decode(codes, label), codec.decode(codes, np.full_like(label, a))
        else:
            step = mean_difference(z[data.y == a], z[data.y == b])
            before, after = codec.decode(codes), codec.decode(codes + step)
        rises.append((data.judge.classify(after) == a).mean() - (data.judge.classify(before) == a).mean())
    return float(np.mean(rises))


def holes(codec: Codec, data: Data, z: np.ndarray, seed: int) -> dict[str, float]:
    """Codes drawn to generate from, and from the box that holds the middle 98 % of the training codes in each
    dimension. `holes`, `holes_box`: the share whose picture lies farther from its nearest training picture, in the
    classifier's features, than 95 % of the test pictures do. `lost`: the share of the former that, decoded and encoded
    again, end farther from where they began than a typical training code is from its 15th neighbour."""
    codes, own = Near.of(z[:REFERENCE], weighted=True), drawn(codec, z, len(data.x_test), seed)
    bound = np.quantile(data.pictures.nearest(data.seen_test), QUANTILE)
    low, high = np.quantile(z, (0.01, 0.99), axis=0)
    box = np.random.default_rng(seed).uniform(low, high, own.shape).astype(np.float32)
    made = codec.decode(own)
    moved = np.linalg.norm((codec.encode(made) - own) * codes.index.scale, axis=1)
    return {
        "holes": float((data.pictures.nearest(data.judge(made)) > bound).mean()),
        "holes_box": float((data.pictures.nearest(data.judge(codec.decode(box))) > bound).mean()),
        "lost": float((moved > codes.reach).mean()),
    }


def between(z_test: np.ndarray, y_test: np.ndarray, seed: int) -> np.ndarray:
    """Points (PAIRS * STEPS, d) on the straight lines between test codes of different labels, without their ends."""
    rng, pairs = np.random.default_rng(seed), []
    while len(pairs) < PAIRS:
        a, b = rng.integers(0, len(z_test), 2)
        if y_test[a] != y_test[b]:
            pairs.append((a, b))
    first, last = z_test[np.array(pairs)].swapaxes(0, 1)[:, :, None]
    t = (np.arange(1, STEPS + 1, dtype=np.float32) / (STEPS + 1))[:, None]
    return ((1 - t) * first + t * last).reshape(-1, z_test.shape[1])


def paths(codec: Codec, data: Data, z: np.ndarray, z_test: np.ndarray, seed: int) -> dict[str, float]:
    """The off-data score of points on straight paths, among training codes, and of their pictures."""
    points = between(z_test, data.y_test, seed)
    off = Near.of(z[:REFERENCE], weighted=True).off_data(points)
    return {"off_data": off, "off_data_pictures": data.pictures.off_data(data.judge(codec.decode(points)))}


def reconstruction(codec: Codec, data: Data, z_test: np.ndarray, seed: int) -> dict[str, float]:
    """Squared error of reconstructed test pictures, clean, and against the clean picture with Gaussian noise at the
    input, which is cut off at black and white. noise_rise: by how much the stronger noise raises the error."""
    found, rng = {"mse": mse(codec.decode(z_test, data.y_test), data.x_test)}, np.random.default_rng(seed)
    for i, std in enumerate(NOISE, 1):
        noisy = (data.x_test + std * rng.standard_normal(data.x_test.shape)).clip(0, 1).astype(np.float32)
        found[f"noise_{i}"] = mse(codec.decode(codec.encode(noisy, data.y_test), data.y_test), data.x_test)
    return found | {"noise_rise": found[f"noise_{len(NOISE)}"] - found["mse"]}


def measures(codec: Codec, data: Data, seed: int) -> dict[str, float]:
    """Everything that is measured of a trained model; of a conditional one what its labels leave comparable."""
    z, z_test = codec.encode(data.x, data.y), codec.encode(data.x_test, data.y_test)
    found = samples(codec, data, z, seed) | reconstruction(codec, data, z_test, seed)
    found |= {"label_agreement": agreement(codec, data, z, seed)}
    found |= {"attribute_effect": attribute_effect(codec, data, z, z_test)}
    if codec.conditional:
        return found
    found |= holes(codec, data, z, seed) | paths(codec, data, z, z_test, seed)
    return found | classified(z, data.y, z_test, data.y_test)


def classified(z: np.ndarray, y: np.ndarray, z_test: np.ndarray, y_test: np.ndarray) -> dict[str, float]:
    """How well labels are read from codes, by the functions of `vae.metrics.usefulness`."""
    probe = linear_probe(z, y, z_test)[1]
    found = {"linear_probe_accuracy": probe, "knn_accuracy": knn(z, y, z_test)}
    return {name: float((predicted == y_test).mean()) for name, predicted in found.items()}
