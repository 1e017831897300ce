"""`python -m app.live.port N`: says clearly that a port is taken, before Streamlit starts."""

from __future__ import annotations

import socket
import sys

from vae.text import _


def taken(port: int) -> bool:
    """Whether something listens on this machine's port."""
    with socket.socket() as s:
        s.settimeout(1.0)
        return s.connect_ex(("127.0.0.1", port)) == 0


def main(argv: list[str], *, choose: str = "make app PORT={}") -> int:
    """0 free, 1 taken, 2 no port. choose: the command that takes another one, which goes into {}."""
    if len(argv) != 1 or not argv[0].isdecimal() or not 1 <= int(argv[0]) <= 65535:
        print(_("port {argv!r}: expected a number from 1 to 65535.", argv=" ".join(argv)), file=sys.stderr)
        return 2
    port = int(argv[0])
    if taken(port):
        command = choose.format(port + 1)
        print(
            _(
                "port {port} is in use, perhaps by another zscope. Choose another: {command}",
                port=port,
                command=command,
            ),
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
