"""A feature space for pictures: the penultimate layer of a small classifier, trained on the labels of a data set.

It is trained once and saved in the user's cache folder. Metrics computed in it are comparable only within the same
classifier, which their protocol names. It is not an Inception net, and a Frechet distance in it is not an FID.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..data.published.store import cache
from ..disk.one_step import replacing
from ..disk.saving import saving
from ..errors import SettingError
from ..models.tensors import seeded, to_float
from ..text import _
from ..types import Samples
from .estimate import in_english

FORMAT = 1  # of the file and the training: increase it when either changes
SIDE = 32  # px: larger pictures are downsampled to this by the first layer
HIDDEN = 256  # units of the first layer for samples that are not pictures
BATCH = 500
log = logging.getLogger("zscope.features")


@dataclass(frozen=True)
class Training:
    """How the classifier is trained: Adam, learning rate falling to 0 along a cosine, no augmentation."""

    width: int = 64  # of the features
    steps: int = 1400
    batch_size: int = 128
    lr: float = 2e-3
    seed: int = 0


class Net(nn.Module):
    """Three strided convolutions and one hidden layer of SiLU units, the features. (Half of ReLU units were dead.) For
    samples that are not pictures two hidden layers."""

    def __init__(self, shape: tuple[int, ...], classes: int, width: int):
        super().__init__()
        if len(shape) != 3:
            hidden = nn.Linear(math.prod(shape), HIDDEN)
            self.features = nn.Sequential(nn.Flatten(), hidden, nn.SiLU(), nn.Linear(HIDDEN, width), nn.SiLU())
            self.head = nn.Linear(width, classes)
            return
        channels, *sides = shape
        stem = max(1, math.ceil(max(sides) / SIDE))
        layers: list[nn.Module] = [nn.Conv2d(channels, 16, 3, stem, 1), nn.ReLU()]
        sides = [-(-side // stem) for side in sides]
        for before, after in ((16, 32), (32, 64)):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.ReLU()]
            sides = [-(-side // 2) for side in sides]
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * math.prod(sides), width), nn.SiLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b classes"]:
        return self.head(self.features(x))


@dataclass(frozen=True)
class FeatureSpace:
    """A trained classifier. record: data set, settings, test accuracy, and an id of its weights."""

    net: Net
    record: dict[str, Any]

    @property
    def name(self) -> str:
        r = self.record
        accuracy = f"{r['test_accuracy']:.3f}".removeprefix("0")
        width = r["training"]["width"]
        return in_english(f"{r['dataset']} classifier, {width}-d, test accuracy {accuracy}, id {r['id']}")

    @torch.inference_mode()
    def __call__(self, x: np.ndarray) -> Float[np.ndarray, "n m"]:
        """Features of pictures (n, c, h, w), uint8 0-255 or float 0-1."""
        return self._through(self.net.features, x)

    @torch.inference_mode()
    def classify(self, x: np.ndarray) -> Int[np.ndarray, " n"]:
        """The most likely class of each picture, given as above."""
        return self._through(self.net, x).argmax(1)

    @torch.inference_mode()
    def logits(self, x: np.ndarray) -> Float[np.ndarray, "n classes"]:
        """Of each sample, given as above; their softmax is p(class | x)."""
        return self._through(self.net, x)

    def _through(self, part: nn.Module, x: np.ndarray) -> np.ndarray:
        device = self.net.head.weight.device
        rows = (torch.from_numpy(x[i : i + BATCH]).to(device) for i in range(0, len(x), BATCH))
        return torch.cat([part(to_float(batch)).cpu() for batch in rows]).numpy()


def feature_space(
    dataset: str,
    samples: Samples,
    *,
    training: Training = Training(),
    device: torch.device | str = "cpu",
    report: Callable[[str], Any] = lambda stage: None,
    progress: Callable[[float], Any] = lambda share: None,
    pictures: bool = True,
) -> FeatureSpace:
    """The classifier of that data set, loaded from the cache, or trained on its training split and saved there.

    An unreadable or wrong file is named in a log message and replaced. The accuracy in its record is that on the test
    split, which is used for nothing else.

    progress: the share of the training that is done. pictures: samples of another kind are refused.

    Raises: SettingError: samples that are not pictures, or fewer than two classes. SaveError.
    """
    shape, y = samples.x_train.shape[1:], samples.y_train
    classes = 0 if y is None or samples.y_test is None else int(y.max()) + 1
    if (len(shape) != 3 and pictures) or classes < 2:
        raise SettingError(
            _(
                "{dataset}: given samples of shape {shape}, number of classes {classes}; the features need pictures "
                "(c, h, w) and at least 2 classes.",
                dataset=dataset,
                shape=tuple(shape),
                classes=classes,
            )
        )
    wanted = {
        "format": FORMAT,
        "dataset": dataset,
        "data": f"{_crc(samples.x_train):08x}-{_crc(y):08x}",
        "shape": list(shape),
        "classes": classes,
        "training": dataclasses.asdict(training),
    }
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
    path = cache(dataset) / f"classifier-{key}.safetensors"
    found = _read(path, wanted) if path.exists() else None
    if found is None:
        report(_("training the classifier of {dataset} for its features (once)", dataset=dataset))
        net = _train(shape, classes, samples, training, device=torch.device(device), progress=progress)
        record = wanted | {"id": _id(net), "test_accuracy": _accuracy(net, samples)}
        _write(path, net, record)
        found = FeatureSpace(net, record)
    return FeatureSpace(found.net.to(device).eval(), found.record)


# ---------------------------------------------------------------- training


def _train(
    shape: tuple[int, ...],
    classes: int,
    samples: Samples,
    t: Training,
    *,
    device: torch.device,
    progress: Callable[[float], Any],
) -> Net:
    x, y = torch.from_numpy(samples.x_train).to(device), torch.from_numpy(samples.y_train).to(device)
    order = torch.Generator().manual_seed(t.seed)
    with seeded(t.seed, device):
        net = Net(shape, classes, t.width).to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=t.lr)
        rows, at = torch.randperm(len(x), generator=order), 0
        for step in range(t.steps):
            if at >= len(x):
                rows, at = torch.randperm(len(x), generator=order), 0
            batch = rows[at : at + t.batch_size].to(device)
            at += t.batch_size
            optimizer.param_groups[0]["lr"] = t.lr * 0.5 * (1 + math.cos(math.pi * step / t.steps))
            loss = F.cross_entropy(net(to_float(x[batch])), y[batch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            progress((step + 1) / t.steps)
    return net.eval()


@torch.inference_mode()
def _accuracy(net: Net, samples: Samples) -> float:
    device, right = net.head.weight.device, 0
    assert samples.y_test is not None  # or there would be no features
    for i in range(0, len(samples.x_test), BATCH):
        predicted = net(to_float(torch.from_numpy(samples.x_test[i : i + BATCH]).to(device))).argmax(1).cpu()
        right += int((predicted == torch.from_numpy(samples.y_test[i : i + BATCH])).sum())
    return right / len(samples.x_test)


def _id(net: Net) -> str:
    """Eight hexadecimal digits that identify the weights: equal settings may train differently on another machine."""
    tensors = [p.detach().cpu().contiguous().numpy().tobytes() for p in net.state_dict().values()]
    return hashlib.sha256(b"".join(tensors)).hexdigest()[:8]


# ---------------------------------------------------------------- the file


def _read(path: Path, wanted: dict[str, Any]) -> FeatureSpace | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            record = json.loads((file.metadata() or {})["record"])
            net = Net(tuple(wanted["shape"]), wanted["classes"], wanted["training"]["width"])
            net.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  no mapping
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        log.warning(in_english("%s cannot be read (%s): training it again"), path, error)
        return None
    if {name: record.get(name) for name in wanted} != wanted or record.get("id") != _id(net):
        log.warning(in_english("%s is not the classifier that its name says: training it again"), path)
        return None
    return FeatureSpace(net, record)


def _write(path: Path, net: Net, record: dict[str, Any]) -> None:
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    with saving(path, variable="ZSCOPE_CACHE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, variable="ZSCOPE_CACHE") as partial:
            partial.write_bytes(save(tensors, {"record": json.dumps(record)}))


def _crc(a: np.ndarray | None) -> int:
    return zlib.crc32(np.ascontiguousarray(a).data)
