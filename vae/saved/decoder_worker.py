"""The process in which an imported decoder runs; started as a file by `decoder_process`, imports nothing of zscope.

Each message on its pipes is the length of a header (4 bytes, big-endian), the header (JSON: shape, dtype and more) and
the raw values of one array. The decoder is opened only after the limits are set: of memory, of time on the processor,
no file written, and for TorchScript, which could ask for them, no file or socket opened.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

import numpy as np

DTYPES: dict[str, np.dtype[Any]] = {"f4": np.dtype("<f4"), "u1": np.dtype("u1")}
HEADER_MAX = 1 << 16  # bytes
ERROR_MAX = 300  # characters
SPARE_S = 3  # of the processor, beyond the time that the other side waits


def send(stream: IO[bytes], header: dict[str, Any], array: np.ndarray | None = None) -> None:
    """Write one message. Raises: OSError: nobody reads any more."""
    array = np.zeros(0, DTYPES["u1"]) if array is None else np.ascontiguousarray(array)
    kind = next(name for name, dtype in DTYPES.items() if dtype == array.dtype)
    text = json.dumps(header | {"shape": array.shape, "dtype": kind}).encode()
    stream.write(struct.pack("!I", len(text)) + text)
    stream.write(array.data.cast("B") if array.size else b"")
    stream.flush()


def receive(stream: IO[bytes], bytes_max: int) -> tuple[dict[str, Any], np.ndarray]:
    """Read one message, of an array of at most that many bytes. Raises: EOFError, ValueError."""
    (length,) = struct.unpack("!I", _exactly(stream, 4))
    if length > HEADER_MAX:
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(_exactly(stream, length))
    shape, dtype = header["shape"], DTYPES[header["dtype"]]
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"an array of shape {shape}")
    if len(shape) > 8 or math.prod(shape) * dtype.itemsize > bytes_max:
        raise ValueError(f"an array of shape {shape}")
    array = np.empty(shape, dtype)
    if array.size:
        view = array.reshape(-1).data.cast("B")
        while len(view):
            n = stream.readinto(view)  # type: ignore[attr-defined]
            if not n:
                raise EOFError
            view = view[n:]
    return header, array


def _exactly(stream: IO[bytes], n: int) -> bytes:
    data = stream.read(n)
    if len(data) < n:
        raise EOFError
    return data


# ---------------------------------------------------------------- in the process of its own


def main() -> None:
    out, given = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # a decoder that prints must not write into the answers
        os.dup2(nothing, standard)
    try:
        import torch

        _warm(torch)
        send(out, {})
    except Exception as error:
        send(out, _told(error))
        return
    decode: Callable | None = None
    while True:
        try:
            header, array = receive(given, sys.maxsize)
        except EOFError:  # the other side has ended
            return
        try:
            if decode is None:
                _limit(header)
                decode = _opened(torch, header["name"], array.tobytes())
                send(out, {})
            else:
                _limit_time(header["seconds"])
                send(out, {}, decode(array))
        except OSError:
            return
        except Exception as error:
            send(out, _told(error))


def _warm(torch: Any) -> None:
    """Do once what loads libraries or reads about the machine, while files may be opened."""
    torch.set_num_threads(1)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, kernel = torch.zeros(2, 4, 8, 8), torch.zeros(4, 4, 3, 3)
        x = torch.nn.functional.conv_transpose2d(torch.nn.functional.conv2d(x, kernel), kernel).flatten(1)
        torch.nn.functional.linear(x, torch.zeros(3, x.shape[1])).softmax(1)
        double = torch.jit.trace(lambda z: 2 * z, torch.zeros(1))
        buffer = io.BytesIO()
        torch.jit.save(double, buffer)
        torch.jit.load(io.BytesIO(buffer.getvalue()))(torch.zeros(1))


def _limit(header: dict[str, Any]) -> None:
    _limit_time(header["seconds"])
    try:
        import resource
    except ImportError:  # Windows has none: the other side still ends what takes too long
        return
    limits = {"CORE": 0, "FSIZE": 0}
    with contextlib.suppress(OSError), open("/proc/self/statm") as pages:  # what torch itself takes does not count
        limits["AS"] = int(pages.read().split()[0]) * resource.getpagesize() + header["memory_bytes"]
    if header["name"].endswith(".pt"):
        limits["NOFILE"] = 0  # those that are open stay so
    for name, most in limits.items():
        with contextlib.suppress(OSError, ValueError):  # macOS does not take all of them
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def _limit_time(seconds: float) -> None:
    """From now on: a decoder that loops for ever ends even if the other side was killed."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = math.ceil(used.ru_utime + used.ru_stime + seconds) + SPARE_S
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _opened(torch: Any, name: str, data: bytes) -> Callable[[np.ndarray], np.ndarray]:
    if name.endswith(".onnx"):
        return _onnx(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is deprecated but supported
        module = torch.jit.load(io.BytesIO(data), map_location="cpu").eval()

    def decode(z: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            x = module(torch.from_numpy(z))
            x = x[0] if isinstance(x, tuple | list) and x else x
            if not isinstance(x, torch.Tensor):
                raise TypeError(f"it returned a {type(x).__name__}, expected a tensor")
            return x.float().cpu().contiguous().numpy()

    return decode


def _onnx(data: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """An ONNX graph: its first input to its first output."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda z: np.ascontiguousarray(session.run(None, {name: z})[0], "<f4")


def _told(error: Exception) -> dict[str, Any]:
    """The last line of what it says, in TorchScript that of its own message, and whether memory ran out."""
    text = str(error).strip()
    memory = isinstance(error, MemoryError) or "alloc" in text
    last = text.splitlines()[-1] if text else type(error).__name__
    return {"error": "".join(c for c in last if c.isprintable())[:ERROR_MAX], "memory": memory}


if __name__ == "__main__":
    main()
    os._exit(0)  # there is nothing to tidy up, and torch takes long to do so
