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

Decode = Callable[[np.ndarray, str], tuple[np.ndarray, dict[str, list[int]]]]  # also the shapes of all its outputs
DTYPES: dict[str, np.dtype[Any]] = {"f4": np.dtype("<f4"), "u1": np.dtype("u1")}
HEADER_MAX = 1 << 16  # bytes
ERROR_MAX, NAME_MAX = 300, 100  # characters
OUTPUTS_MAX = 100
SPARE_S = 3  # of the processor, beyond the time that the other side waits


def send(stream: IO[bytes] | io.BytesIO, header: dict[str, Any], array: np.ndarray | None = None) -> None:
    """Write one message. Raises: OSError: nobody reads any more."""
    array = np.zeros(0, DTYPES["u1"]) if array is None else np.ascontiguousarray(array)
    kind = next(name for name, dtype in DTYPES.items() if dtype == array.dtype)
    text = json.dumps(header | {"shape": array.shape, "dtype": kind}).encode()
    stream.write(struct.pack("!I", len(text)) + text)
    stream.write(array.data.cast("B") if array.size else b"")
    stream.flush()


def receive(stream: IO[bytes] | io.BytesIO, bytes_max: int) -> tuple[dict[str, Any], np.ndarray]:
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
            n = stream.readinto(view)  # type: ignore[union-attr]
            if not n:
                raise EOFError
            view = view[n:]
    return header, array


def _exactly(stream: IO[bytes] | io.BytesIO, n: int) -> bytes:
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
    decode: Decode | None = None
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
                decoded, shapes = decode(array, header.get("output", ""))
                send(out, {"outputs": shapes}, decoded)
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


def _opened(torch: Any, name: str, data: bytes) -> Decode:
    if name.endswith(".onnx"):
        return _onnx(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is deprecated but supported
        module = torch.jit.load(io.BytesIO(data), map_location="cpu").eval()

    dtypes = {t.dtype for t in module.parameters() if t.is_floating_point()} or {torch.float32, torch.float64}
    dtypes = sorted(dtypes, key=str)  # of its weights; of a frozen module, whose weights are not listed, one may fail

    def decode(z: np.ndarray, output: str) -> tuple[np.ndarray, dict[str, list[int]]]:
        with torch.inference_mode():
            returned = _first(lambda dtype: module(torch.from_numpy(z).to(dtype)), dtypes)
            found = _named(returned, torch.Tensor)
            x = _chosen(found, output, returned)
            if x.is_complex():
                raise TypeError("it returned complex numbers, expected real ones")
            return x.float().cpu().contiguous().numpy(), _shapes(found)

    return decode


def _first(run: Callable[[Any], Any], kinds: list[Any]) -> Any:
    """What run(kind) returns for the first kind that it takes; raises the error of the first where it takes none."""
    errors = []
    for kind in kinds:
        try:
            return run(kind)
        except RuntimeError as error:
            errors.append(error)
    raise errors[0]


def _named(returned: Any, kind: type, name: str = "") -> dict[str, Any]:
    """All arrays in what a decoder returned, in order: a dict by key, a tuple by field or index, one within another
    with a dot between; an array alone is ""."""
    if isinstance(returned, kind):
        return {name: returned}
    if isinstance(returned, dict):
        parts = [(str(key), value) for key, value in returned.items()]
    elif isinstance(returned, tuple | list):
        parts = list(zip(getattr(returned, "_fields", map(str, range(len(returned)))), returned, strict=True))
    else:
        return {}
    found: dict[str, Any] = {}
    for key, value in parts:
        found |= _named(value, kind, f"{name}.{key}" if name else key)
    return found


def _chosen(found: dict[str, Any], output: str, returned: Any) -> Any:
    """The output of that name; of no name, the first."""
    if not found:
        raise TypeError(f"it returned a {type(returned).__name__}, expected a tensor, or tensors in a dict or a tuple")
    if output and output not in found:
        raise ValueError(f"it has no output {output!r}; it has: {', '.join(found)}")
    return found[output] if output else next(iter(found.values()))


def _shapes(found: dict[str, Any]) -> dict[str, list[int]]:
    return {name[:NAME_MAX]: list(map(int, x.shape)) for name, x in list(found.items())[:OUTPUTS_MAX]}


def _onnx(data: bytes) -> Decode:
    """An ONNX graph: its first input to its outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    given, names = session.get_inputs()[0], [output.name for output in session.get_outputs()]
    dtype = {"tensor(double)": "<f8", "tensor(float16)": "<f2"}.get(given.type, "<f4")

    def decode(z: np.ndarray, output: str) -> tuple[np.ndarray, dict[str, list[int]]]:
        returned = session.run(None, {given.name: z.astype(dtype)})
        found = _named(dict(zip(names, returned, strict=True)) if len(names) > 1 else returned[0], np.ndarray)
        return np.ascontiguousarray(_chosen(found, output, returned), "<f4"), _shapes(found)

    return decode


def _told(error: Exception) -> dict[str, Any]:
    """The last line of what it says, in TorchScript that of its own message, and whether memory ran out."""
    text = str(error).strip()
    memory = isinstance(error, MemoryError) or "alloc" in text
    last = text.splitlines()[-1] if text else type(error).__name__
    return {"error": "".join(c for c in last if c.isprintable())[:ERROR_MAX], "memory": memory}


if __name__ == "__main__":
    main()
    os._exit(0)  # there is nothing to tidy up, and torch takes long to do so
