"""The app where people really run it: below a prefix, behind nginx, and started again while somebody uses it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from tests.browser.conftest import READY, serve, stop, tab_of
from tests.conftest import busy

PLACE = """location {path} {{
  proxy_pass {to};
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_read_timeout 1h;
}}"""
CONF = """daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{ listen 127.0.0.1:{port}; {places} }}
}}"""


@pytest.fixture
def nginx(tmp_path):
    """proxy(path, to) -> the address of a reverse proxy that serves `to` below `path`."""
    path = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("there is no nginx on this machine, and CI must not pass without it")
        pytest.skip("there is no nginx on this machine: the tests behind a proxy did not run")
    running = []

    def proxy(**places: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        found = "\n".join(PLACE.format(path=f"/{name}/", to=to) for name, to in places.items())
        conf = tmp_path / "nginx.conf"
        conf.write_text(CONF.format(folder=tmp_path, port=port, places=found))
        running.append(subprocess.Popen([path, "-c", str(conf)], stderr=subprocess.DEVNULL))
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.05)
        raise AssertionError((tmp_path / "error.log").read_text())

    yield proxy
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture
def start(tiny_root, tmp_path):
    """Starts apps, which end with the test, however that does."""
    running = []

    def one(*options: str, port: int = 0):
        running.append(serve(tiny_root, tmp_path / f"{len(running)}.txt", *options, port=port))
        return running[-1]

    yield one
    for server in running:
        stop(server)


def test_below_a_prefix_that_the_server_knows_or_the_proxy_strips(start, nginx, chromium):
    knows, strips = start("--server.baseUrlPath=lab/zscope"), start()
    address = nginx(lab=f"{knows.url}", bare=f"{strips.url}/")
    for server, url in (
        (knows, f"{address}/lab/zscope"),
        (strips, f"{address}/bare"),
        (knows, f"{knows.url}/lab/zscope"),
    ):
        with tab_of(server, chromium) as tab:
            tab.url = url
            tab.open()
            box = tab.page.locator("[data-testid=zscope-map]").bounding_box()
            middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            tab.moves_picture(lambda middle=middle, tab=tab: tab.page.mouse.move(*middle, steps=3))
            tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click()
            proxied = tab.page.get_by_text("Visitors of this server can explore its models")
            proxied.wait_for(
                timeout=15_000
            )  # no right to train behind a proxy, although every address is this machine's
            assert tab.page.get_by_role("button", name="Start", exact=True).count() == 0
            tab.until("location.pathname.endsWith('/train') && location.search.includes('model=')", 15_000)
            tab.page.reload()  # the page by its own address
            proxied.wait_for(timeout=15_000)


def test_a_server_that_was_killed_under_a_drag_goes_on_where_it_was(start, chromium):
    server = start()
    with tab_of(server, chromium) as tab:
        tab.open()
        box = tab.page.locator("[data-testid=zscope-map]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        tab.page.mouse.move(x, y)
        tab.page.mouse.wheel(0, 240)
        tab.page.mouse.click(x, y)
        tab.until("new URL(location).searchParams.get('camera') && new URL(location).searchParams.get('p')", 15_000)
        tab.rest()
        view = "[location.search, document.querySelector('.zm-plot').view.join()]"
        before = tab.do(view)

        server.process.send_signal(signal.SIGKILL)
        server.process.wait(15)
        gone = time.monotonic()
        while time.monotonic() < gone + 4:
            tab.page.mouse.move(x + time.monotonic() * 40 % 60, y)
            tab.page.wait_for_timeout(30)
        assert "server not reachable" in tab.do("document.querySelector('[data-testid=zscope-status]').innerText")
        painted = tab.do("window.zscope.live.painted")
        start(port=int(server.url.rsplit(":", 1)[1]))
        back = time.monotonic()
        while tab.do("window.zscope.live.painted") == painted and time.monotonic() < back + 20:
            tab.page.mouse.move(x + time.monotonic() * 40 % 60, y)
            tab.page.wait_for_timeout(30)
        waited = time.monotonic() - back
        assert waited < 2 * busy(), waited
        tab.page.mouse.move(5, 200)
        tab.until("document.querySelector('[data-testid=stApp]').dataset.testConnectionState === 'CONNECTED'", 30_000)
        tab.rest(20_000)
        assert tab.do(view) == before
        tab.page.wait_for_selector(READY)
        tab.complaints.clear()  # what the browser says of a server that is gone
