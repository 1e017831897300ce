"""How soon an open page goes on after its server was killed: python -m benchmarks.recovery.

The server is killed with SIGKILL while the pointer moves over the map, and started again after --away seconds. Counted
from the first answer of the new server: seconds until the picture follows the pointer again (the live channel), and
until Streamlit's own connection is back, which is what a page without a channel of its own waits for.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import time
from contextlib import ExitStack

from benchmarks.live_latency import FLAGS, open_map, server
from benchmarks.machine import machine, summary, write

CONNECTED = "document.querySelector('[data-testid=stApp]').dataset.testConnectionState === 'CONNECTED'"


def once(context, away_s: float) -> tuple[float, float]:
    """(seconds to the live picture, seconds to Streamlit's connection), both after the new server's first answer."""
    with ExitStack() as first, ExitStack() as second:
        url, process, _start = first.enter_context(server("app/main.py"))
        page, _taken = open_map(context, url)
        box = page.locator("[data-testid=zscope-map]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def move() -> None:
            page.mouse.move(x + time.monotonic() * 40 % 60, y)
            page.wait_for_timeout(30)

        process.send_signal(signal.SIGKILL)
        gone = time.perf_counter()
        while time.perf_counter() < gone + away_s:
            move()
        painted = page.evaluate("zscope.live.painted")
        second.enter_context(server("app/main.py", int(url.rsplit(":", 1)[1])))
        back = time.perf_counter()
        live = streamlit = None
        while live is None or streamlit is None:
            move()
            if live is None and page.evaluate("zscope.live.painted") > painted:
                live = time.perf_counter() - back
            if streamlit is None and page.evaluate(CONNECTED):
                streamlit = time.perf_counter() - back
        page.close()
    return live, streamlit


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--away", type=float, default=4.0, help="seconds without a server")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script("localStorage.setItem('zscope.tour', 'true')")  # nobody's first visit
        found = [once(context, given.away) for _turn in range(given.repeats)]
        browser.close()
    live, streamlit = (list(each) for each in zip(*found, strict=True))
    print(machine())
    print(f"killed, away for {given.away:g} s; after the return, in seconds:")
    print(f"  the picture follows the pointer  {summary(live)}")
    print(f"  Streamlit is connected           {summary(streamlit)}")
    write("recovery", {"away_s": given.away, "live_s": live, "streamlit_s": streamlit})


if __name__ == "__main__":
    main()
