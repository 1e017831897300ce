"""An imported decoder runs in a process of its own: whatever it does, this one gets an array or an error, in time."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.conftest import busy
from vae.errors import DecoderError, DecoderStopped, SettingError
from vae.saved import decoder_process
from vae.saved.decoder_process import MEGABYTES, SECONDS, DecoderProcess
from vae.saved.decoders import Decoder, opened

D = 3
Z = np.ones((2, D), np.float32)
LIMIT_S = 1.0


class Loop(nn.Module):
    """Loops for ever where the first latent is negative."""

    def forward(self, z):
        while bool(z[0, 0] < 0):
            z = z * 1.0
        return 2 * z


class Glutton(nn.Module):
    """Takes as many megabytes as the first latent says, in small pieces."""

    def forward(self, z):
        taken = [torch.zeros(1)]
        for i in range(int(z[0, 0])):
            taken.append(torch.ones(1_000_000 // 4 + i))
        return 2 * z + 0 * torch.stack([one[0] for one in taken]).sum()


class Writer(nn.Module):
    """torch.save, which TorchScript can call, to a file of the user."""

    def __init__(self, path: str):
        super().__init__()
        self.path = path

    def forward(self, z):
        torch.save(z, self.path)
        return 2 * z


class Texts(nn.Module):
    def forward(self, z) -> str:
        return "a text"


class Double(nn.Module):
    """Prints, and returns more than a picture."""

    def forward(self, z):
        print("what a decoder prints")
        return 2 * z, z


def scripted(net: nn.Module) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(net), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def double():
    """One that does no harm, for several tests."""
    started = opened("decoder.pt", scripted(Double()))
    yield started
    started.close()


@pytest.fixture
def process(monkeypatch):
    """Starts a decoder with a limit of a second; nothing of it may be opened in this process."""
    monkeypatch.setenv(SECONDS, str(LIMIT_S * busy()))
    started = []

    def start(net: nn.Module) -> DecoderProcess:
        data = scripted(net)
        with monkeypatch.context() as patch:
            patch.setattr(torch.jit, "load", None)
            started.append(opened("decoder.pt", data))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_it_decodes_as_in_this_process_whatever_it_prints(double, capfd):
    np.testing.assert_array_equal(double(Z), 2 * Z)
    deep = np.ones((4, D, 1, 1), np.float32)
    np.testing.assert_array_equal(double(deep), 2 * deep)
    assert double(Z).flags.writeable
    large = np.random.default_rng(0).normal(size=(1000, 500)).astype(np.float32)  # more than a pipe holds at once
    np.testing.assert_array_equal(double(large), 2 * large)
    assert "prints" not in "".join(capfd.readouterr())


def test_a_decoder_that_loops_for_ever_is_ended_and_started_again(process):
    decode = process(Loop())
    began = time.monotonic()
    with pytest.raises(DecoderStopped, match=rf"did not answer within .* s, .* {SECONDS}"):
        decode(-Z)
    assert time.monotonic() - began < decode.seconds + 5 * busy()
    np.testing.assert_array_equal(decode(Z), 2 * Z)


def test_a_decoder_that_loops_ends_even_if_the_app_was_killed(tmp_path):
    """Its time on the processor is limited too."""
    (tmp_path / "loop.pt").write_bytes(scripted(Loop()))
    code = (
        "import sys, numpy as np\n"
        "from vae.saved.decoder_process import DecoderProcess\n"
        "d = DecoderProcess('decoder.pt', open(sys.argv[1], 'rb').read())\n"
        "print(d._child._process.pid, flush=True)\n"
        "d(-np.ones((2, 3), np.float32))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "loop.pt")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {SECONDS: "1"},
    ) as app:
        pid = int(app.stdout.readline())
        time.sleep(0.3)
        app.kill()
    deadline = time.monotonic() + 30 * busy()
    while alive(pid):
        assert time.monotonic() < deadline, "it loops on"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not limited")
def test_a_decoder_that_eats_memory_is_stopped(process, monkeypatch):
    monkeypatch.setenv(MEGABYTES, "300")
    monkeypatch.setenv(SECONDS, "60")
    decode = process(Glutton())
    np.testing.assert_array_equal(decode(Z), 2 * Z)
    with pytest.raises(DecoderError, match=rf"memory, .* {MEGABYTES}|ended by signal"):
        decode(400 * Z)
    np.testing.assert_array_equal(decode(Z), 2 * Z)


def test_a_decoder_that_crashes_is_told_and_started_again(double):
    double._child._process.kill()
    with pytest.raises(DecoderStopped, match="ended by signal SIGKILL"):
        double(Z)
    np.testing.assert_array_equal(double(Z), 2 * Z)


def test_an_error_of_the_decoder_is_an_error_of_ours(process):
    with pytest.raises(DecoderError, match="returned a str, expected a tensor"):
        process(Texts())(Z)
    decode = process(Loop())
    with pytest.raises(DecoderError, match=r"the decoder failed: .*index 0"):
        decode(np.zeros((0, D), np.float32))
    np.testing.assert_array_equal(decode(Z), 2 * Z)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_it_touches_no_file(process, tmp_path):
    path = tmp_path / "precious"
    path.write_bytes(b"precious")
    with contextlib.suppress(DecoderError):  # it may be told, or find nothing written
        process(Writer(str(path)))(Z)
    assert path.read_bytes() == b"precious"


def test_it_has_no_secrets_and_an_empty_folder(process, monkeypatch):
    monkeypatch.setenv("ZSCOPE_SECRET", "not for decoders")
    decode = process(Double())
    environment = decode._child._environment()
    assert "not for decoders" not in environment.values()
    folder = Path(environment["HOME"])
    assert list(folder.iterdir()) == []
    running = Path(f"/proc/{decode._child._process.pid}")
    if running.exists():
        assert b"not for decoders" not in (running / "environ").read_bytes()
        assert (running / "cwd").resolve() == folder.resolve()
    decode.close()
    assert not folder.exists()


def test_it_ends_with_the_last_reference_to_it(process):
    decode = DecoderProcess("decoder.pt", scripted(Double()))
    child = decode._child._process
    del decode
    assert child.wait(10) is not None


ANSWERS = {
    "nothing": "",
    "an endless header": "out.write(b'\\xff' * 8)",
    "no JSON": "out.write(b'\\0\\0\\0\\x02[]')",
    "a negative side": "head(shape=[-1], dtype='f4')",
    "more than memory": "head(shape=[2**40], dtype='f4')",
    "no numbers": "head(shape=['a'], dtype='f4')",
    "a type of its own": "head(shape=[1], dtype='O')",
    "too few values": "head(shape=[9], dtype='f4')",
}


@pytest.mark.parametrize("code", ANSWERS.values(), ids=ANSWERS)
def test_no_answer_can_do_harm(tmp_path, monkeypatch, code):
    """Of a process that has been taken over and answers what it likes."""
    worker = tmp_path / "worker.py"
    worker.write_text(
        "import json, struct, sys\nout = sys.stdout.buffer\n"
        "def head(**h):\n    t = json.dumps(h).encode()\n    out.write(struct.pack('!I', len(t)) + t)\n" + code
    )
    monkeypatch.setattr(decoder_process, "WORKER", worker)
    with pytest.raises(DecoderStopped, match="ended or gave an invalid answer"):
        DecoderProcess("decoder.pt", b"")


def test_another_shape_than_the_card_says_is_refused(double):
    with pytest.raises(DecoderError, match=r"returned \(2, 3\), expected \(2, 1, 8, 8\)"):
        Decoder(double, D, False, 0.0, 1.0, shape=(1, 8, 8)).decode(torch.from_numpy(Z))


def test_what_is_no_decoder_is_told(monkeypatch):
    with pytest.raises(DecoderError, match="the decoder failed"):
        DecoderProcess("decoder.pt", b"no archive")


def test_gradients_are_refused_in_words(double):
    model = Decoder(double, D, False, 0.0, 1.0)
    z = torch.from_numpy(Z).requires_grad_()
    with pytest.raises(SettingError, match="no gradients"):
        model.decode(z)
    with torch.no_grad():
        np.testing.assert_array_equal(model.decode(z).numpy(), 2 * Z)


@pytest.mark.parametrize("given", ["0", "-1", "many", "nan", "1e12"])
def test_a_limit_that_is_none_is_told(monkeypatch, given):
    monkeypatch.setenv(SECONDS, given)
    with pytest.raises(SettingError, match=f"{SECONDS}={given}: expected a positive number"):
        DecoderProcess("decoder.pt", b"")
