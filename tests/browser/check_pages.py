"""Read the built book in a browser and report what a reader would stumble over.

Not part of `make test`: it needs a Chromium, the Python package `playwright` and, for the
accessibility rules, the file `axe.min.js` of the npm package `axe-core`. After `make book`:

    python tests/browser/check_pages.py --chromium /usr/bin/chromium --axe axe.min.js

Every page is opened once, and its window drawn to every width between a phone and a wide screen.
Reported are requests to another host, missing files, script errors, a page wider than the window,
what paper would cut off, at 1280 and 390 pixels violated accessibility rules, a heavy first page,
a verdict whose reason is not to be seen, and a search that finds nothing. The exit code is 1 if
there was anything to report.
"""

import argparse
import re
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

BUILT = Path(__file__).parents[2] / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = (1280, 390)
SWEEP = (320, 360, 390, 480, 600, 768, 820, 912, 992, 1024, 1100, 1199, 1200, 1280, 1440, 1920)
# Pixels of an A4 page between its margins, and what marks a page in the file.
PAPER, PAPER_HEIGHT, MARGIN = 718, 1047, "10mm"
SHEET = re.compile(rb"/Type\s*/Page\b")
FRONT = "book/index.html"
CARD = "book/lakhdar2024/paper.html"  # a page with printed numbers in its prose
MOST_BYTES = 1_100_000  # of the front page, images included, as a server without compression sends
# The table of verdicts: what is looked for, and how many rows have it at least.
SEARCHES = {"thyroglobulin": 30, "log-rank": 2, "logrank": 2, "HR": 30, "KM": 10, "40.688": 1}
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Boxes that scroll or cut on the screen and would lose their rest on paper. The theme opens what is
# folded when printing begins; MathJax keeps its texts for screen readers in a box of one pixel.
CUT = """() => [...document.querySelectorAll(".bd-article *")]
    .filter(e => e.checkVisibility() && !e.matches(".toggle-hidden, .math *, span.math"))
    .filter(e => /auto|scroll|hidden/.test(getComputedStyle(e).overflow))
    .filter(e => e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2)
    .map(e => `${e.tagName}.${e.className} is cut off on paper`)"""
# Reasons of verdicts that are not inside of the window and of the table's box.
UNSEEN = """() => [...document.querySelectorAll("table.verdicts td.reason")].filter(reason => {
    if (!reason.textContent) return false;
    const box = reason.getBoundingClientRect();
    const around = reason.closest(".output").getBoundingClientRect();
    return !box.height || box.left < around.left - 1
      || box.right > Math.min(around.right, innerWidth) + 1;
  }).map(reason => reason.closest("tr").id)"""
# Without preload, which asks for style sheets at wrong addresses for a rule that is off.
RULES = """async () =>
    (await axe.run(document, {resultTypes: ["violations"], preload: false})).violations
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


def check_page(browser, home, name, axe, shots):
    """Open one page, draw its window to every width and return a list of faults."""
    page = browser.new_page(viewport={"width": SWEEP[-1], "height": 900})
    faults = listen(page, home)
    page.goto(home + name, wait_until="networkidle")
    for width in SWEEP:
        page.set_viewport_size({"width": width, "height": 900})
        found = [f"{page.evaluate(EXCESS)} pixels too wide"] if page.evaluate(EXCESS) > 0 else []
        found += [f"the reason of {row} is not to be seen" for row in page.evaluate(UNSEEN)[:3]]
        if width in WIDTHS and axe:
            page.wait_for_timeout(400)  # the theme marks boxes that scroll 300 ms after a resize
            page.evaluate(axe)
            found += page.evaluate(RULES)
        if width in WIDTHS and shots:
            file = shots / f"{name.replace('/', '-').removesuffix('.html')}-{width}.png"
            page.screenshot(path=file, full_page=True)
        faults += [f"at {width}: {fault}" for fault in found]
    faults += check_paper(page)
    page.close()
    return faults


def check_paper(page):
    """Return what a printed page would lose: boxes that are cut, and the rest of a long page."""
    edges = dict.fromkeys(("top", "right", "bottom", "left"), MARGIN)
    sheets = len(SHEET.findall(page.pdf(format="A4", margin=edges)))
    page.set_viewport_size({"width": PAPER, "height": PAPER_HEIGHT})
    page.emulate_media(media="print")
    height = page.evaluate("document.documentElement.scrollHeight")
    # Printing may scale a page down by a few per cent to fit its width.
    short = sheets * PAPER_HEIGHT < 0.9 * height
    cut = [f"only {sheets} sheets for {height} pixels"] if short else []
    return cut + page.evaluate(CUT)


def check_weight(browser, home):
    """Return a fault if the front page sends more than it may."""
    page = browser.new_page()
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(home + FRONT, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("networkidle")
    page.close()
    print(f"the front page: {sum(sizes):,} bytes in {len(sizes)} files")
    return [f"the front page: {sum(sizes):,} bytes"] if sum(sizes) > MOST_BYTES else []


def check_filter(browser, home):
    """Search and sort the table of verdicts, follow a link to a hidden row, say what fails."""
    page = browser.new_page()
    faults = listen(page, home)
    page.goto(f"{home}book/verdicts.html", wait_until="networkidle")
    shown = page.locator("table.verdicts tbody tr:visible")
    for words, least in SEARCHES.items():
        page.get_by_role("searchbox", name="Search the table").fill(words)
        if shown.count() < least:
            faults.append(f"{words!r} finds {shown.count()} verdicts, {least} are expected")
    page.get_by_role("button", name="recomputed: Activate to sort").press("Enter")
    page.wait_for_timeout(500)  # the table is drawn again a moment later
    if not page.url.endswith("?search=40.688&sort=recomputed"):
        faults.append(f"search and order do not stand in the address: {page.url}")
    page.evaluate("location.hash = 'lakhdar2024-table1-16'")
    if not page.locator("#lakhdar2024-table1-16 .reason").is_visible():
        faults.append("a link to a row that the filter hides leads nowhere")
    page.close()
    return faults + check_card(browser, home)


def check_card(browser, home):
    """Open the card of a printed number by keyboard, close it, and return what fails."""
    page = browser.new_page()
    faults = listen(page, home)
    page.goto(f"{home}{CARD}", wait_until="networkidle")
    number, card = page.locator("a.printed-number:visible").first, page.get_by_role("dialog")
    number.press("Enter")
    card.locator("a:focus").wait_for()
    if "verdict" not in card.inner_text():
        faults.append("the card of a printed number does not tell its verdict")
    page.keyboard.press("Escape")
    if card.count() or not number.evaluate("link => link === document.activeElement"):
        faults.append("the card of a printed number does not close, or loses its place")
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
        faults = check_search(browser, home, options.word) + check_weight(browser, home)
        faults += check_filter(browser, home)
        for name in names:
            found = check_page(browser, home, name, axe, options.shots)
            faults.extend(f"{name} {fault}" for fault in found)
    print("\n".join(faults) or f"{len(names)} pages, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
