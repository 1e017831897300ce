"""The tools of Explore, of which one is open. A file of this folder named like a tool of the studio is that tool."""

from __future__ import annotations

import importlib
from functools import cache

from app import session
from app.state.studio import TOOLS
from vae.engine.engine import Engine


@cache
def panels() -> dict:
    """name -> module with TITLE, HELP, unavailable(engine) -> why not, or "", and show(engine, committed)."""
    return {name: importlib.import_module(f"{__package__}.{name}") for name in TOOLS}


def offered(engine: Engine) -> list[dict[str, str]]:
    """What the row of tools shows."""
    return [
        {"name": name, "title": panel.TITLE, "help": panel.HELP, "off": panel.unavailable(engine)}
        for name, panel in panels().items()
    ]


def opened(engine: Engine) -> str:
    """The tool in use: the chosen one, or the first where that is not to be had."""
    chosen = session.studio().tool
    return chosen if chosen in panels() and not panels()[chosen].unavailable(engine) else TOOLS[0]


def show(engine: Engine, committed: dict) -> None:
    panels()[opened(engine)].show(engine, committed)
