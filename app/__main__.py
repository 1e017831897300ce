"""The program `zscope`: `zscope app` starts the app, every other command is that of `python -m vae`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from app.live import port
from vae import __main__ as commands
from vae.text import _

MAIN = Path(__file__).with_name("main.py")
PORT = 8501


def main(argv: list[str] | None = None) -> int:
    """0 done, 1 a stated error, 2 wrong usage, 130 interrupted."""
    return commands.main(argv, prog="zscope", also=_app)


def _app(commands: Any) -> None:
    p = commands.add_parser("app", help=_("start the app and open it in the browser"))
    p.add_argument(
        "--port",
        default=str(PORT),
        help=_("port of the app on this machine (default {port})", port=PORT),
    )
    p.add_argument(
        "options", nargs="*", help=_("options of streamlit run, after --, such as -- --server.address 0.0.0.0")
    )
    p.set_defaults(run=start)


def start(args: argparse.Namespace) -> int:
    """Streamlit with app/main.py, until it ends; its theme is in .streamlit/ beside that file."""
    if refused := port.main([args.port], choose="zscope app --port {}"):
        return refused
    from streamlit.web.cli import main as streamlit  # a second that other commands need not wait

    return streamlit(["run", str(MAIN), "--server.port", args.port, *args.options], standalone_mode=False) or 0


if __name__ == "__main__":
    sys.exit(main())
