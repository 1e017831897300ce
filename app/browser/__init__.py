"""Browser parts. Each folder holds one: __init__.py mounts it, <name>.js draws it, <name>.css styles it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.live import channel

_LOADER = """
// The part itself is a module served beside the page, so the browser caches it and all parts share zscope.js.
export default function (component) {
  const host = component.parentElement
  // an absolute address, as this loader itself comes from a blob
  const address = new URL(component.data.link.base + "/browser/%(name)s/%(name)s.js", location.origin).href
  import(address)
    .then((part) => part.default(component))
    .then(() => host.querySelector(".zscope-broken")?.remove())
    .catch((error) => {
      console.error(error)
      host.querySelector(".zscope-broken")?.remove()
      const note = document.createElement("div")
      note.className = "zscope-broken"
      note.setAttribute("role", "alert")
      note.textContent = "This part of the page could not start: " + error.message
      host.append(note)
    })
  return () => import(address).then((part) => part.unmount(host))
}
"""


def register(name: str):
    """The mount command of browser/<name>: its style sheet, and a loader of <name>.js.

    The module exports default(component), called again whenever data or theme change, and unmount(parentElement).
    """
    style = (Path(__file__).parent / name / f"{name}.css").read_text()
    return st.components.v2.component(f"zscope_{name}", css=style, js=_LOADER % {"name": name}, isolate_styles=False)


def link(model: str) -> dict[str, str]:
    """What a part needs to reach its server: {model, token, base}; goes into data["link"]."""
    context = get_script_run_ctx()
    return {
        "model": model,
        "token": channel.token(context.session_id if context else "bare"),
        "base": channel.base_path(),
    }
