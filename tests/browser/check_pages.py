"""Read the built book in a browser and report what a reader would stumble over.

Not part of `make test`: it needs a Chromium, the Python package `playwright` and, for the
accessibility rules, the file `axe.min.js` of the npm package `axe-core`. After `make book`:

    python tests/browser/check_pages.py --chromium /usr/bin/chromium --axe axe.min.js

Every page is opened at 1280 and at 390 pixels. Reported are requests to another host, missing
files, script errors, pages wider than the window, violated accessibility rules, and a search
that finds nothing. The exit code is 1 if there was anything to report.
"""

import argparse
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

BUILT = Path(__file__).parents[2] / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = (1280, 390)
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
RULES = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .map(v => `${v.id} (${v.impact}): ${v.nodes[0].html.slice(0, 120)}`)"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve files without writing a line for each."""

    def log_message(self, *args):
        """Say nothing."""


def serve(folder):
    """Serve a folder on a free port of this machine and return its address."""
    server = ThreadingHTTPServer(("localhost", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}/"


def listen(page, home):
    """Return a list that fills with what goes wrong while the page loads."""
    faults = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("response", lambda r: r.status >= 400 and faults.append(f"{r.status}: {r.url}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("http:", "https:", "ws:", "wss:"))
            and not request.url.startswith(home)
            and faults.append(f"asks another host: {request.url}")
        ),
    )
    return faults


def check_page(browser, home, name, width, axe, shots):
    """Open one page at one width and return a list of faults."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults = listen(page, home)
    page.goto(home + name, wait_until="networkidle")
    if page.evaluate(EXCESS) > 0:
        faults.append(f"{page.evaluate(EXCESS)} pixels wider than the window")
    if axe:
        page.evaluate(axe)
        faults.extend(page.evaluate(RULES))
    if shots:
        file = shots / f"{name.replace('/', '-').removesuffix('.html')}-{width}.png"
        page.screenshot(path=file, full_page=True)
    page.close()
    return faults


def check_search(browser, home, word):
    """Search the book for a word and return a fault if no page is found."""
    page = browser.new_page()
    page.goto(f"{home}search.html?q={word}", wait_until="networkidle")
    found = page.locator("#search-results li").count()
    page.close()
    return [] if found else [f"the search for {word!r} finds nothing"]


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    parser.add_argument("--axe", type=Path, help="axe.min.js; without it no accessibility rules")
    parser.add_argument("--shots", type=Path, help="folder for one picture of each page")
    parser.add_argument("--word", default="radioiodine", help="a word that the search must find")
    return parser.parse_args()


def main():
    """Check every page at every width, print the faults and return the exit code."""
    options = arguments()
    axe = options.axe and options.axe.read_text(encoding="utf-8")
    names = sorted(path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*.html"))
    names = [name for name in names if not name.startswith(("_static/", "_sources/"))]
    home = serve(BUILT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        faults = check_search(browser, home, options.word)
        for name in names:
            for width in WIDTHS:
                found = check_page(browser, home, name, width, axe, options.shots)
                faults.extend(f"{name} at {width}: {fault}" for fault in found)
    print("\n".join(faults) or f"{len(names)} pages, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
