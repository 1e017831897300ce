"""A model whose texts are full of markup, in a real Chromium: it reads as it is written, and fetches nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.app.views.test_foreign_text import MARKUP, foreign
from tests.browser.conftest import serve, stop, tab_of

PAGES = ("", "interpolate", "generate", "compare", "train", "model")
READ = "document.querySelector('[data-testid=stMain]').innerText"
RENDERED = '[data-testid=stMain] :is(a[href*=":"], .katex-error, img[src*=":9/"])'
DONE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


@pytest.fixture
def foreign_server(tiny_root, tmp_path):
    root = tmp_path / "checkpoints"
    for name in ("foreign", "second"):
        foreign(Path(shutil.copytree(tiny_root / "tiny-vae", root / name)))
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)


def test_markup_in_the_texts_of_a_model_is_read_and_fetches_nothing(foreign_server, chromium):
    with tab_of(foreign_server, chromium) as tab:
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))
        for page in PAGES:
            tab.page.goto(f"{tab.url}/{page}?model=foreign&other=second&tool=attribute")
            tab.until(f"{DONE} && {READ}.length > 200", 40_000)
            tab.rest(20_000)
            assert tab.do(f"document.querySelectorAll({RENDERED!r}).length") == 0
            if page == "model":
                assert tab.do(READ).count(MARKUP) >= 5
                tab.until("document.querySelector('.legendtext')", 20_000)
                classes = tab.do("[...document.querySelectorAll('.legendtext')].map(e => e.textContent)")
                assert any(name.startswith(f"0 {MARKUP} (") for name in classes)
        hosts = {urlparse(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
        assert hosts == {urlparse(tab.url).netloc}
