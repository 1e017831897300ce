"""The HTML of a page that is opened by its own address: Streamlit's, told where the server is.

On its own, Streamlit's script first asks for the server below the address of the page (/train/_stcore/health), is
answered 404, and asks again one level up.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from streamlit import file_util

VIEWS = Path(__file__).parents[1] / "views"
PAGES = sorted(view.stem for view in VIEWS.glob("*.py"))
START = "<head>"
SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }</script>'


async def page(request: Request) -> HTMLResponse:
    """Streamlit's index.html, which reads the address of the server from the window."""
    html = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    return HTMLResponse(html.replace(START, START + SERVER, 1), headers={"Cache-Control": "no-cache"})
