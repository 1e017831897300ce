"""The tools of Explore, one of which is open. Each tool is the file of this folder with its name in TOOLS."""

from __future__ import annotations

import importlib
from functools import cache

from app import session
from app.state.studio import TOOLS
from vae.engine.engine import Engine
from vae.text import _


@cache
def panels() -> dict:
    """name -> module with TITLE, HELP, unavailable(engine) -> the reason or "", and show(engine, committed)."""
    return {name: importlib.import_module(f"{__package__}.{name}") for name in TOOLS}


def offered(engine: Engine) -> list[dict[str, str]]:
    """The tools as the component takes them; off: the reason why a tool is disabled, or ""."""
    return [
        {"name": name, "title": _(panel.TITLE), "help": _(panel.HELP), "off": panel.unavailable(engine)}
        for name, panel in panels().items()
    ]


def opened(engine: Engine) -> str:
    """The open tool: the chosen one, or the first if that is not available."""
    chosen = session.studio().tool
    return chosen if chosen in panels() and not panels()[chosen].unavailable(engine) else TOOLS[0]


def show(engine: Engine, committed: dict) -> None:
    panels()[opened(engine)].show(engine, committed)
