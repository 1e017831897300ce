"""Answers for the model, from threads of the program that holds it; the other side is `vae.saved.attached_model`."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from typing import Any

import numpy as np

from ..saved.attached_model import Address, as_bytes, busy, packed, unpacked
from .callables import Classify, Decode, Encode
from .samples import Layout
from .threads import Threads, as_given

ERROR_MAX = 300  # characters
KEY_BYTES = 32


@dataclass
class Model:
    """The user's model in the form of zscope. made: the layout of what it decodes, seen: of what it encodes.
    real: the user's samples at rows of the map, if there are any. threads: the context in which it answers."""

    decode: Decode | Callable[[np.ndarray], np.ndarray]
    made: Layout
    encode: Encode | None
    seen: Layout
    classify: Classify | None = None
    real: Callable[[np.ndarray], np.ndarray] | None = None
    threads: Threads = as_given

    def samples(self, z: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, *shape)"""
        with self.threads():
            return self.made.read(self.decode(z))

    def posteriors(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, *shape) -> means and standard deviations (n, d)"""
        assert self.encode is not None  # else nobody asks
        with self.threads():
            return self.encode(self.seen.write(x))

    def scores(self, x: np.ndarray) -> np.ndarray:
        """(n, *shape) -> (n, k), what the user's classifier returns for samples as the model has them"""
        assert self.classify is not None  # else nobody asks
        with self.threads():
            return self.classify(self.seen.write(x))

    def given(self, rows: np.ndarray) -> np.ndarray:
        """The user's samples (n, *shape) at rows (n,) of the map"""
        assert self.real is not None  # else nobody asks
        return self.seen.read(self.real(rows.astype(int)))


class Worker:
    """Listens on this machine until it is closed. Calls of the model come one after the other; what is on the screen is
    told and asked beside them. changed: called with what the screen says of itself."""

    def __init__(self, changed: Callable[[dict[str, Any]], Any]):
        self.model: Model | None = None  # until it is known
        self._changed = changed
        self._turn = threading.Lock()  # whose call of the model it is
        self._since = 0.0
        self._wanted: dict[str, tuple[int, Any]] = {}  # by name, with the number of the change that set it
        self._change, self._seen = 0, 0  # of those changes, the last one and the last that a page has taken over
        key = secrets.token_bytes(KEY_BYTES)
        # not over TCP, where two parts of a message may wait 40 ms for each other
        self._listener = Listener(authkey=key, backlog=16)
        self.address = Address(str(self._listener.address), key)
        self._closed = False
        threading.Thread(target=self._listen, name="zscope-worker", daemon=True).start()

    def want(self, values: Mapping[str, Any]) -> None:
        """Set something on the screen: values of the state by name."""
        self._change += 1
        self._wanted = self._wanted | {name: (self._change, value) for name, value in values.items()}

    @property
    def settled(self) -> bool:
        """Whether a page has taken over all that was wanted."""
        return self._seen >= self._change

    def close(self) -> None:
        self._closed = True
        self._listener.close()

    def called(self, run: Callable[..., Any], *args: Any, seconds: float = float("inf")) -> Any:
        """run(*args) when it is its turn. Raises: TimeoutError: another call took that long."""
        if not self._turn.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            raise TimeoutError(busy(time.monotonic() - self._since))
        try:
            self._since = time.monotonic()
            return run(*args)
        finally:
            self._turn.release()

    def _listen(self) -> None:
        while not self._closed:
            with contextlib.suppress(AuthenticationError, OSError, EOFError):  # someone who does not know the key
                connection = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), name="zscope-answers", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with connection, contextlib.suppress(OSError, EOFError):
            while not self._closed:
                connection.send_bytes(self._answer(connection.recv_bytes()))

    def _answer(self, message: bytes) -> bytes:
        try:
            header, array = unpacked(message)
            return packed({}, self._answered(header["ask"], header, array))
        except (Exception, SystemExit) as error:  # exit() in the user's code would end this thread alone
            return packed({"error": told(error)})

    def _answered(self, ask: str, header: dict[str, Any], array: np.ndarray) -> np.ndarray | None:
        if ask == "state":
            self._changed(json.loads(array.tobytes()))
            return None
        if ask == "wanted":
            self._seen = max(self._seen, header["seen"])
            new = {name: value for name, (change, value) in self._wanted.items() if change > header["seen"]}
            return as_bytes(new | {"change": self._change})
        assert self.model is not None  # there is a map of it
        model = self.model
        run = {"decode": model.samples, "encode": self._stacked, "classify": model.scores, "given": model.given}[ask]
        return np.asarray(self.called(run, array, seconds=header["seconds"]), "<f4")

    def _stacked(self, x: np.ndarray) -> np.ndarray:
        assert self.model is not None
        return np.stack(self.model.posteriors(x))


def told(error: BaseException) -> str:
    """An error of the user's code in a line: "ValueError: ..."; one of ours as it is."""
    text = " ".join(str(error).split())
    own = type(error).__module__.startswith("vae.") or isinstance(error, TimeoutError)
    text = text if own else f"{type(error).__name__}: {text}".rstrip(": ")
    return "".join(c for c in text if c.isprintable())[:ERROR_MAX]
