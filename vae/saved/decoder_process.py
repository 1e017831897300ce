"""Runs an imported decoder, or classifier, in a process of its own, within limits of time and memory, as it may contain
any code.

Arrays go to it and come back over pipes (see `decoder_worker`). It has no environment variables of ours, no network,
and an empty folder to stand in. When it exceeds a limit or crashes it is ended, and started again by the next call.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import DecoderError, DecoderStopped, SettingError
from ..text import N_, _, number, size
from . import decoder_worker
from .decoder_worker import receive, send

SECONDS, MEGABYTES = "ZSCOPE_DECODER_SECONDS", "ZSCOPE_DECODER_MB"  # for one call; in all, beside torch itself
DEFAULTS = {SECONDS: 10.0, MEGABYTES: 4096.0}
START_S = 120.0  # until torch is imported, on a busy machine
XCPU = getattr(signal, "SIGXCPU", 0)  # sent by the system, should this process not end it in time
WORKER = Path(decoder_worker.__file__)
INHERITED = (  # what Python needs to find its libraries, and nothing that could be a secret
    "PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT",
)  # fmt: skip


def limit(variable: str) -> float:
    """A limit from the environment, or its default. Raises: SettingError: not a positive number."""
    given = os.environ.get(variable) or str(DEFAULTS[variable])
    try:
        value = float(given)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise SettingError(_("{variable}={given}: expected a positive number.", variable=variable, given=given))
    return value


class DecoderProcess:
    """A decoder that is called with latents (b, d) or (b, d, 1, 1) and returns what it decodes, float32, all in NumPy.
    May be called from any thread; calls are answered one after the other.

    Args: name: ends in .pt for TorchScript, .onnx for ONNX. data: the bytes of the file. noun: what messages call it,
    as N_(...); a classifier is called with samples and returns a score for each class.
    Raises: DecoderError: it cannot be opened. SettingError: an invalid limit.
    """

    def __init__(self, name: str, data: bytes, noun: str = N_("decoder")):
        self.name, self.data, self.noun = name, np.frombuffer(data, np.uint8), noun
        self.seconds, self.memory_bytes = limit(SECONDS), int(limit(MEGABYTES) * 1e6)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        with self._lock:
            self._start()

    def __call__(self, z: Float[np.ndarray, "b d *ones"], output: str = "") -> np.ndarray:
        """output: which of those that it returns (see `outputs`); "": the first.

        Raises: DecoderError: it raised an error, or has no such output. DecoderStopped: it exceeded a limit or ended by
        itself.
        """
        return self._decoded(z, output)[1]

    def outputs(self, z: Float[np.ndarray, "b d *ones"]) -> dict[str, tuple[int, ...]]:
        """The shapes of all that it returns for z, by key of a dict or index of a tuple; one alone is called "".

        Raises: as a call.
        """
        return self._decoded(z, "")[0]

    def _decoded(self, z: np.ndarray, output: str) -> tuple[dict[str, tuple[int, ...]], np.ndarray]:
        with self._lock:
            if self._child is None:
                self._start()
            return self._ask({"output": output}, np.asarray(z, "<f4"))

    def close(self) -> None:
        """End the process; the next call starts it again."""
        with self._lock:
            if self._child is not None:
                self._end()

    def _start(self) -> None:
        try:
            self._child = _Child()
        except OSError as e:
            raise DecoderStopped(
                _(
                    "the process of the {noun} could not be started: {reason}.",
                    noun=_(self.noun),
                    reason=e.strerror or e,
                )
            ) from e
        self._finalizer = weakref.finalize(self, self._child.end)  # with the last reference, or when Python ends
        try:
            self._answer(START_S, lambda child: None)
            self._ask({"name": self.name, "memory_bytes": self.memory_bytes}, self.data)
        except DecoderError:
            if self._child is not None:
                self._end()
            raise

    def _ask(self, header: dict[str, Any], array: np.ndarray) -> tuple[dict[str, tuple[int, ...]], np.ndarray]:
        header = header | {"seconds": self.seconds}
        return self._answer(self.seconds, lambda child: send(child.asked, header, array))

    def _answer(self, seconds: float, ask: Any) -> tuple[dict[str, tuple[int, ...]], np.ndarray]:
        child = self._child
        assert child is not None  # it was started
        try:
            with child.within(seconds):
                ask(child)
                header, array = receive(child.answers, self.memory_bytes)
                outputs = {_plain(name): tuple(map(int, sides)) for name, sides in header.get("outputs", {}).items()}
        except (EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            code = self._end()
            raise DecoderStopped(self._why(child.late or code == -XCPU, seconds, code)) from None
        except BaseException:  # interrupted: what it still answers would be taken for the next
            self._end()
            raise
        if header.get("memory"):
            raise DecoderError(
                _(
                    "the {noun} needs more than {limit} of memory, the limit set by {variable}.",
                    noun=_(self.noun),
                    limit=size(self.memory_bytes),
                    variable=MEGABYTES,
                )
            )
        if "error" in header:
            said = str(header["error"])
            raise DecoderError(_("the {noun} failed: {error}", noun=_(self.noun), error=said), said)
        return outputs, array

    def _end(self) -> int:
        """End the process; its exit status."""
        child, self._child = self._child, None
        assert child is not None
        self._finalizer.detach()
        return child.end()

    def _why(self, late: bool, seconds: float, code: int) -> str:
        if late and seconds == START_S:
            return _(
                "the process of the {noun} did not start within {seconds} s.",
                noun=_(self.noun),
                seconds=number(seconds),
            )
        if late:
            return _(
                "the {noun} did not answer within {seconds} s, the limit set by {variable}, and was ended.",
                noun=_(self.noun),
                seconds=number(seconds, 0 if seconds == int(seconds) else 1),
                variable=SECONDS,
            )
        if code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
                return _("the process of the {noun} ended by signal {name}.", noun=_(self.noun), name=name)
        return _(
            "the process of the {noun} ended or gave an invalid answer (exit status {code}).",
            noun=_(self.noun),
            code=code,
        )


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


class _Child:
    """One process with its pipes, its folder, and a thread that ends it when an answer takes too long."""

    def __init__(self) -> None:
        self.late = False
        self._begun: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._answered = threading.Semaphore(0)
        self._folder = tempfile.mkdtemp(prefix="zscope-decoder-")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None  # both are pipes
        self.asked, self.answers = self._process.stdin, self._process.stdout
        threading.Thread(target=self._watch, name=f"watches-{self._process.pid}", daemon=True).start()

    def _environment(self) -> dict[str, str]:
        own = {"HOME": self._folder, "TMPDIR": self._folder, "TEMP": self._folder, "OMP_NUM_THREADS": "1"}
        if base := site.getuserbase():
            own["PYTHONUSERBASE"] = base
        return {name: os.environ[name] for name in INHERITED if name in os.environ} | own

    @contextlib.contextmanager
    def within(self, seconds: float):
        """The process is ended if the block takes longer."""
        self._begun.put(seconds)
        try:
            yield
        finally:
            self._answered.release()

    def _watch(self) -> None:
        while (seconds := self._begun.get()) is not None:
            if not self._answered.acquire(timeout=seconds):
                self.late = True
                self._process.kill()
                self._answered.acquire()

    def end(self) -> int:
        """End it and delete its folder; its exit status, negative for a signal. More than one call does no harm."""
        with contextlib.suppress(OSError):
            self.asked.close()
        try:
            code = self._process.wait(0 if self.late else 0.5)  # one that crashed ends by itself: its status says how
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.answers.close()
        self._begun.put(None)
        shutil.rmtree(self._folder, ignore_errors=True)
        return code
