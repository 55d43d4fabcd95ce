"""Tour the built book in a browser and report what a reader would stumble over.

Not part of `make test`: `make browser` sets up what it needs and runs it after `make book`.

    python tests/browser/check_pages.py --chromium /usr/bin/chromium --axe axe.min.js

Every page is opened in light and in dark colours, and its window drawn to every width between a
phone and a wide screen; then it is printed, and walked through with the Tab key. Reported are
requests to another host, missing files, script errors and console errors, a page wider than the
window, violated accessibility rules, an image without alternative text, what paper would cut off,
focus that is lost, trapped or not to be seen, a page that sends too much, a first screen without
its answer or with words that it does not explain, a verdict whose reason is not to be seen, and a
search that finds nothing. The exit code is 1 if there was anything to report.
"""

import argparse
import os
import re
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

BUILT = Path(os.environ.get("BUILT") or Path(__file__).parents[2] / "_build" / "html")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# At these widths every rule is checked, at the others only whether the page is too wide.
WIDTHS = (390, 768, 1024, 1180, 1280, 1920)
SWEEP = (
    320,
    360,
    390,
    480,
    600,
    768,
    820,
    912,
    992,
    1024,
    1100,
    1180,
    1199,
    1200,
    1280,
    1440,
    1920,
)
# In the dark the contrast alone is another: two widths do.
COLOURS = {"light": SWEEP, "dark": (390, 1280)}
# Pixels of an A4 page between its margins, and what marks a page in the file.
PAPER, PAPER_HEIGHT, MARGIN = 718, 1047, "10mm"
SHEET = re.compile(rb"/Type\s*/Page\b")
FRONT = "book/index.html"
# Of a first visit, as a server without compression sends; pages with formulas load MathJax too.
MOST_BYTES, MOST_WITH_FORMULAS = 1_000_000, 2_600_000
SETTLED = 400  # milliseconds: the theme marks boxes that scroll 300 after a resize
STOPS = 60  # of the Tab key, from the top of a page
SCREEN = {"width": 1280, "height": 900}
# What must stand above the fold: of the front page on one screen, of a study on two.
FIRST_SCREENS = {
    FRONT: (
        1,
        "Rabat|Qingdao|Hunan|independent route|bookkeeping|possible|does not fit|"
        "cannot be tested|Real patients|Does the method work|Look up one number|Run it",
    ),
    "book/lakhdar2024/paper.html": (2, "In short|Standing"),
    "book/wang2025/paper.html": (2, "In short|Standing"),
    "book/tang2025/paper.html": (2, "In short|Standing"),
}
INSIDE_WORDS = "anchor|held out|derivable|witness|registry|ensemble|joint table|calibrat"
CARD = "book/lakhdar2024/paper.html"  # a page with printed numbers in its prose
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
ABOVE = """height => [...document.querySelectorAll(".bd-article *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().bottom <= height)
    .map(e => e.textContent).join(" | ")"""
UNTOLD = """() => [...document.images].filter(image => image.alt === "" && !image.role)
    .map(image => `${image.src} has no alternative text`)"""
# The element in focus: its place among all, whether it is seen, and how its focus shows.
FOCUS = """() => {
    const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
    const near = [e, e.parentElement, ...e.querySelectorAll("*")].map(n => getComputedStyle(n));
    const marked = near.some(s => s.outlineStyle !== "none" || s.boxShadow !== "none");
    return {place: [...document.querySelectorAll("*")].indexOf(e), body: e === document.body,
      html: e.outerHTML.slice(0, 90), marked,
      seen: box.width > 0 && box.height > 0 && style.visibility === "visible"};
  }"""
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
    page.on("console", lambda told: told.type == "error" and faults.append(f"console: {told.text}"))
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
    """Open one page in each colour and return a list of faults."""
    context = browser.new_context(viewport={**SCREEN, "width": SWEEP[-1]})
    page, sizes = context.new_page(), []
    faults = listen(page, home)
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(home + name, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("networkidle")
    faults += check_weight(page, sum(sizes))
    for colour, widths in COLOURS.items():
        page.emulate_media(color_scheme=colour)
        faults += check_widths(page, name, axe, shots, colour, widths)
    page.emulate_media(color_scheme="light")
    faults += [*page.evaluate(UNTOLD), *check_above_the_fold(page, name), *check_keyboard(page)]
    faults += check_paper(page)
    context.close()
    return faults


def check_widths(page, name, axe, shots, colour, widths):
    """Draw the window to every width and return what does not fit or breaks a rule."""
    faults = []
    if axe:
        page.evaluate(axe)
    for width in widths:
        page.set_viewport_size({**SCREEN, "width": width})
        found = [f"{excess} pixels too wide"] if (excess := settled_excess(page)) > 0 else []
        found += [f"the reason of {row} is not to be seen" for row in page.evaluate(UNSEEN)[:3]]
        if width in WIDTHS and axe:
            page.wait_for_timeout(SETTLED)
            found += page.evaluate(RULES)
        if width in WIDTHS and shots:
            file = f"{name.replace('/', '-').removesuffix('.html')}-{width}-{colour}.png"
            page.screenshot(path=shots / file, full_page=True)
        faults += [f"at {width}, {colour}: {fault}" for fault in found]
    return faults


def settled_excess(page):
    """Return by how many pixels a page is wider than its window, scripts given time to adapt."""
    if page.evaluate(EXCESS) > 0:
        page.wait_for_timeout(SETTLED)
    return page.evaluate(EXCESS)


def check_weight(page, sent):
    """Return a fault if a first visit sends more than it may."""
    formulas = page.locator("script[src*=mathjax]").count()
    most = MOST_WITH_FORMULAS if formulas else MOST_BYTES
    return [f"sends {sent:,} bytes, {most:,} are allowed"] if sent > most else []


def check_above_the_fold(page, name):
    """Return what the first screens of the front page and of each study fail to tell."""
    if name not in FIRST_SCREENS:
        return []
    screens, wanted = FIRST_SCREENS[name]
    page.set_viewport_size(SCREEN)
    page.evaluate("scrollTo(0, 0)")
    text = page.evaluate(ABOVE, screens * SCREEN["height"]).lower()
    missing = [word for word in wanted.lower().split("|") if word not in text]
    inside = sorted(set(re.findall(INSIDE_WORDS, text))) if name == FRONT else []
    return [f"{word!r} is not on the first {screens} screens" for word in missing] + [
        f"{word!r} stands on the first screen without a word of explanation" for word in inside
    ]


def check_keyboard(page):
    """Walk through the page with the Tab key and return where focus is lost, or not to be seen."""
    page.set_viewport_size(SCREEN)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    faults, before = [], None
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["body"]:
            break
        if focus["place"] == before:
            faults.append(f"the Tab key stays on {focus['html']}")
            break
        if not focus["marked"]:  # its mark may fade in
            page.wait_for_timeout(SETTLED)
            focus = page.evaluate(FOCUS)
        if not focus["seen"] or not focus["marked"]:
            faults.append(f"focus is not to be seen on {focus['html']}")
        before = focus["place"]
    return faults[:3]


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


def check_some(names, options):
    """Check some pages in a browser of their own and return their faults."""
    axe = options.axe and options.axe.read_text(encoding="utf-8")
    home, faults = serve(BUILT), []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for name in names:
            found = check_page(browser, home, name, axe, options.shots)
            faults.extend(f"{name} {fault}" for fault in found)
            print(f"{name}: {len(found)} faults", file=sys.stderr, flush=True)
    return faults


def main():
    """Check every page, print the faults and return the exit code."""
    options = arguments()
    names = sorted(path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*.html"))
    names = [name for name in names if not name.startswith(("_static/", "_sources/"))]
    home = serve(BUILT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        faults = check_search(browser, home, options.word) + check_filter(browser, home)
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        parts = [names[first::workers] for first in range(workers)]
        for found in pool.map(check_some, parts, [options] * workers):
            faults += found
    print("\n".join(dict.fromkeys(faults)) or f"{len(names)} pages, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
