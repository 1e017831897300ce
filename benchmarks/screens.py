"""A picture of every page in every size of window, light and dark: python -m benchmarks.screens [--quick].

Not a measurement: what is ugly, cut off, covered or empty shows only to somebody who looks. The pictures go to
benchmarks/out/screens, one a page, size and theme. Sizes below 1100 px across are those of tablets and phones and are
taken with touch. --quick takes two sizes and the light theme alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.live_latency import FLAGS, server

PAGES = {
    "explore": ".zscope-map[data-ready=true]",
    "interpolate": ".fs-frame canvas",
    "generate": ".zg-tile canvas",
    "compare": ".zscope-twins[data-ready=true]",
    "train": "[data-testid=stForm], .st-key-new-run, [data-testid=stMainBlockContainer] button",
    "model": "[data-testid=stMetric]",
}
SIZES = [(1280, 720), (1280, 800), (1440, 900), (1920, 1080), (1024, 768), (820, 1180), (390, 844)]
TOUCH = 1100  # px: narrower windows are taken as those of a tablet or a phone
REST_MS = 900  # from a new size to the picture
FOLDER = Path(__file__).parent / "out" / "screens"


def pictures(page, url: str, model: str, theme: str, sizes: list[tuple[int, int]], pages: list[str]) -> list[Path]:
    """Open each page once, and take it in every size."""
    made = []
    for name in pages:
        path = "" if name == "explore" else name
        page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})
        page.goto(f"{url}/{path}?model={model}")
        page.wait_for_selector(PAGES[name], timeout=60_000)
        page.wait_for_timeout(2500)
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(REST_MS)
            made.append(FOLDER / f"{name}-{width}x{height}-{theme}.png")
            page.screenshot(path=made[-1])
    return made


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screens", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--model", default="fashion-vae")
    parser.add_argument("--page", choices=PAGES, action="append", help="this page alone; may be given again")
    parser.add_argument("--url", help="of an app that runs already")
    args = parser.parse_args(argv)
    sizes, themes = (SIZES[::4], ["light"]) if args.quick else (SIZES, ["light", "dark"])
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    FOLDER.mkdir(parents=True, exist_ok=True)

    def take(url: str) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for theme in themes:
                for touch in (False, True):
                    some = [size for size in sizes if (size[0] < TOUCH) == touch]
                    with browser.new_context(color_scheme=theme, has_touch=touch, is_mobile=touch) as context:
                        context.add_init_script("localStorage.setItem('zscope.tour', 'true')")  # not a first visit
                        for made in pictures(context.new_page(), url, args.model, theme, some, args.page or [*PAGES]):
                            print(made.relative_to(Path.cwd()) if made.is_relative_to(Path.cwd()) else made)
            browser.close()

    if args.url:
        take(args.url)
    else:
        with server("app/main.py") as (url, _, _):
            take(url)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
