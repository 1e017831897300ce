"""A port in use is said before Streamlit starts."""

from __future__ import annotations

import socket

import pytest

from app.live.port import main


def test_a_taken_port_is_named_with_a_way_out(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert main([str(port)]) == 1
    message = capsys.readouterr().err
    assert f"port {port} is in use" in message
    assert f"make app PORT={port + 1}" in message


def test_a_free_port_passes(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert main([str(port)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("given", ["", "http", "0", "65536", "-1", "8501.0"])
def test_what_is_no_port_is_refused(given, capsys):
    assert main([given]) == 2
    assert "expected a number from 1 to 65535" in capsys.readouterr().err
