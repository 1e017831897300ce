"""A model that stays in another program on this machine, which answers for it; see `vae.attached`.

The checkpoint has the map alone, and beside it, for this user only, where its program listens. A message is that of
`decoder_worker`, in one piece; `multiprocessing.connection` keeps out whoever does not know the key.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import CheckpointError, DecoderError, DecoderStopped, SettingError
from ..text import _, number
from ..types import Latent
from .checkpoint import Checkpoint
from .decoder_process import SECONDS, limit
from .decoder_worker import receive, send

WORKER = "worker.json"  # beside the folder of the checkpoint
AT_ONCE = 16  # latents in one call, so that many do not exceed the time that one call may take
SPARE_S = 2.0  # that the program has to say that its model is busy


class Address(NamedTuple):
    """Where the program listens, a socket or pipe of this machine, and the key that it asks for."""

    path: str
    key: bytes

    def write(self, folder: Path) -> None:
        """For this user alone."""
        with os.fdopen(os.open(folder / WORKER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"path": self.path, "key": self.key.hex()}, file)

    @classmethod
    def read(cls, folder: Path) -> Address:
        """Raises: CheckpointError: there is none."""
        try:
            found = json.loads((folder / WORKER).read_text())
            return cls(str(found["path"]), bytes.fromhex(found["key"]))
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise CheckpointError(
                _("{name} was opened with vae.explore from a program that has ended.", name=folder.name)
            ) from e


def busy(seconds: float) -> str:
    """What is said where a call of the model takes that long: this one, or another one that was to end before it."""
    return _("your model is busy: a call has run for {n} s.", n=number(seconds))


def packed(header: dict[str, Any], array: np.ndarray | None = None) -> bytes:
    """One message."""
    stream = io.BytesIO()
    send(stream, header, array)
    return stream.getvalue()


def unpacked(message: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """Header and array of a message. Raises: EOFError, ValueError, KeyError: it is none."""
    return receive(io.BytesIO(message), sys.maxsize)


class Link:
    """The connection to the program. Any thread; calls are answered one after the other."""

    def __init__(self, address: Address):
        self.address, self.seconds = address, limit(SECONDS)
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def ask(self, header: dict[str, Any], array: np.ndarray | None = None) -> tuple[dict[str, Any], np.ndarray]:
        """Its answer. Raises: DecoderError: the model raised an error or is busy. DecoderStopped: its program ended."""
        with self._lock:
            try:
                if self._open is None:
                    self._open = Client(self.address.path, authkey=self.address.key)
                self._open.send_bytes(packed(header | {"seconds": self.seconds}, array))
                if not self._open.poll(self.seconds + SPARE_S):
                    raise TimeoutError
                found, answer = unpacked(self._open.recv_bytes())
            except TimeoutError:
                self._close()
                raise DecoderError(busy(self.seconds + SPARE_S)) from None
            except (OSError, EOFError, ValueError, KeyError, AuthenticationError):
                self._close()
                raise DecoderStopped(_("the program that holds the model has ended: run it again to go on.")) from None
        if "error" in found:
            raise DecoderError(str(found["error"]), str(found["error"]))
        return found, answer

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


class AttachedModel(nn.Module):
    """The model with the interface that `vae.engine.engine` needs of one. encodes: it has an encoder; classifies,
    gives: its program also gave a classifier, or samples."""

    has_prior = False
    condition = ()

    def __init__(self, link: Link, d: int, encodes: bool, *, classifies: bool = False, gives: bool = False):
        super().__init__()
        self.link, self.d, self.levels, self.encodes = link, d, (d,), encodes
        self.classifies, self.gives = classifies, gives
        self.notes = Link(link.address)  # does not wait behind what the model is asked for

    def infer(self, x: Tensor, c: Tensor | None = None) -> Latent:
        """Raises: SettingError: it has no encoder. DecoderError, DecoderStopped: as Link.ask."""
        if not self.encodes:
            raise SettingError(_("this model was opened without an encoder."))
        answer = self.link.ask({"ask": "encode"}, x.float().cpu().numpy())[1]
        mu, std = torch.from_numpy(answer).to(x.device)
        return Latent(mu, mu, std)

    def resample(self, q: Latent, n: int) -> Latent:
        """n draws from a Gaussian of that mean and width."""
        z = q.mu + q.std * torch.randn(n, self.d, device=q.mu.device)
        return Latent(z, q.mu.expand(n, -1), q.std.expand(n, -1))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """(b, d) -> (b, *shape), pictures in 0-1, without gradients.

        Raises: SettingError: gradients are wanted. DecoderError, DecoderStopped: as Link.ask.
        """
        if z.requires_grad and torch.is_grad_enabled():
            raise SettingError(_("a model in another program has no gradients here: decode under torch.no_grad()."))
        given = z.float().cpu().numpy()
        parts = [given[i : i + AT_ONCE] for i in range(0, max(1, len(given)), AT_ONCE)]
        x = [torch.from_numpy(self.link.ask({"ask": "decode"}, part)[1]) for part in parts]
        return (x[0] if len(x) == 1 else torch.cat(x)).to(z.device)

    def classify(self, x: np.ndarray) -> np.ndarray:
        """Scores (b, k) of samples (b, *shape) by the program's classifier. Raises: SettingError: it has none. As
        Link.ask."""
        if not self.classifies:
            raise SettingError(_("this model was opened without classify=."))
        return self.link.ask({"ask": "classify"}, np.asarray(x, "<f4"))[1]

    def given(self, rows: np.ndarray) -> np.ndarray:
        """The program's samples (n, *shape), pictures in 0-1, at rows (n,) of the map. Raises: SettingError: it gave
        none. As Link.ask."""
        if not self.gives:
            raise SettingError(_("this model was opened without x=."))
        return self.link.ask({"ask": "given"}, np.asarray(rows, "<f4"))[1]

    def map_view(self) -> None:
        return None

    def wanted(self, seen: int) -> dict[str, Any]:
        """What the program has set since its change number `seen`: {"change": the number of the last, and values by
        name}. Raises: as Link.ask."""
        return json.loads(self.notes.ask({"ask": "wanted", "seen": seen})[1].tobytes())

    def tell(self, state: dict[str, Any]) -> None:
        """Tell the program what is on the screen. Raises: as Link.ask."""
        self.notes.ask({"ask": "state"}, as_bytes(state))


def as_bytes(value: dict[str, Any]) -> np.ndarray:
    """JSON as an array, since a header is short."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def restore(saved: Checkpoint, device: torch.device) -> nn.Module:
    """The model of a checkpoint whose program runs. Raises: CheckpointError."""
    h = saved.config["hparams"]
    try:
        d, encodes = int(h["d"]), bool(h["encodes"])
        has = {name: bool(h.get(name, False)) for name in ("classifies", "gives")}
    except (KeyError, TypeError, ValueError) as e:
        raise CheckpointError(_("{name}: the model cannot be opened: {error}", name=saved.path.name, error=e)) from e
    return AttachedModel(Link(Address.read(saved.path.parent)), d, encodes, **has).to(device)
