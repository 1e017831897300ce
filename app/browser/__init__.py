"""Browser parts. Each folder holds one: __init__.py mounts it, <name>.js draws it, <name>.css styles it."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from app.live import access, engines
from vae.text import N_, _

LOADING = N_("Loading …")
_LOADER = """
// The part itself is a module served beside the page, so the browser caches it and all parts share zscope.js.
export default function (component) {
  const host = component.parentElement
  // beside Streamlit's own scripts: a proxy may serve the app below a prefix of which the server knows nothing
  const scripts = [...document.querySelectorAll("script[src]")].map((script) => script.src)
  const base = scripts.find((address) => address.includes("/static/"))?.split("/static/")[0] ?? location.origin
  const address = `${base}/browser/%(name)s/%(name)s.js`
  const drop = (name) => host.querySelector(name)?.remove()
  if (!host.childElementCount) { // style.css shows it where the part takes long
    const loading = document.createElement("div")
    loading.className = "zscope-loading"
    loading.textContent = %(loading)s
    host.append(loading)
  }
  import(address)
    .then((part) => part.default(component))
    .then(() => { drop(".zscope-loading"); drop(".zscope-broken") })
    .catch((error) => {
      console.error(error)
      drop(".zscope-loading")
      drop(".zscope-broken")
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
    return st.components.v2.component(
        f"zscope_{name}",
        css=style,
        js=_LOADER % {"name": name, "loading": json.dumps(_(LOADING))},
        isolate_styles=False,
    )


def link(model: str) -> dict[str, str]:
    """What a part needs to reach its server: {model, version, token}; goes into data["link"]."""
    token = access.token(access.browser_of(st.context.cookies))
    return {"model": model, "version": engines.version(model), "token": token}
