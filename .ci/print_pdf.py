"""Print the built book as PDF files: one of each study, and one of the whole.

After `make book`: ``python .ci/print_pdf.py --chromium PATH [KEY ...]``. The pages of a file become
one document, which Chromium prints: so numbers of pages, bookmarks, tags for screen readers and
links between chapters are those of the file. Folded tables are open, folded code is left out.
"""

import argparse
import logging
import sys
import time
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "html"
WHOLE = "book"
SLOWEST = 600_000  # milliseconds until a document is loaded or printed
WIDTH = 688  # pixels of an A4 page between its margins
FLAGS = ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
LEFT_OUT = "script, button, a.headerlink, details.above-input, .toctree-wrapper, form.correction"
EDGES = {"top": "16mm", "right": "14mm", "bottom": "18mm", "left": "14mm"}
FOOTER = """<div style="width:100%;margin:0 14mm;font:8px sans-serif;display:flex;
justify-content:space-between"><span class="title"></span>
<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>"""
READY = """async () => {
  if (window.MathJax?.startup) await MathJax.startup.promise;
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  const room = document.body.clientWidth;
  document.querySelectorAll("table").forEach((table) => {
    if (table.scrollWidth > room) table.style.zoom = room / table.scrollWidth;
  });
}"""


def chapters(toc):
    """Return the pages of the book in order, without ending."""
    listed = [page for part in toc["parts"] for page in part["chapters"]]
    pages = [page for top in listed for page in (top, *top.get("sections", ()))]
    return [toc["root"], *(page["file"] for page in pages)]


def place(page, fragment=""):
    """Return the identifier of a page in the printed document, or of a place on it."""
    return "--".join(part for part in (page.replace("/", "-"), fragment) if part)


def target(page, address, pages):
    """Return where a link leads in the document, its address elsewhere, or nothing."""
    if address.startswith(("http:", "https:", "mailto:")):
        return address
    path, fragment = urldefrag(urljoin(f"{page}.html", address))
    name = path.partition("?")[0].removesuffix(".html")
    return f"#{place(name, unquote(fragment))}" if name in pages else None


def article(page, pages, built=BUILT):
    """Return the text of one page as a part of the document, with the addresses of that."""
    soup = BeautifulSoup((built / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    text = soup.select_one("article.bd-article")
    for element in text.select(LEFT_OUT):
        element.decompose()
    for element in text.select("[id]"):
        element["id"] = place(page, element["id"])
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for element in text.select(f"[{name}]"):
            element[name] = " ".join(place(page, one) for one in element[name].split())
    for link in text.select("a[href]"):
        where = target(page, link["href"], pages)
        if where:
            link["href"] = where
        else:
            link.unwrap()
    for image in text.select("img[src]"):
        image["src"] = (built / page).parent.joinpath(image["src"]).resolve().as_uri()
        image["loading"] = "eager"
    for folded in text.select("details"):
        folded["open"] = ""
    text["id"] = place(page)
    return text


def head(built=BUILT):
    """Return style sheets and MathJax as the built pages name them, with whole addresses."""
    page = built / "book" / "index.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    sheets = [link["href"] for link in soup.select('link[rel="stylesheet"][href]')]
    whole = [page.parent.joinpath(sheet.partition("?")[0]).resolve() for sheet in sheets]
    lines = [f'<link rel="stylesheet" href="{path.as_uri()}">' for path in whole]
    mathjax = (built / "_static/mathjax/es5/tex-mml-chtml.js").as_uri()
    settings = """<script>MathJax = {options: {enableMenu: false, processHtmlClass:
        "tex2jax_process|mathjax_process|math|output_area", ignoreHtmlClass: ".*"}}</script>"""
    return "\n".join([*lines, settings, f'<script defer src="{mathjax}"></script>'])


def document(title, pages, citation, built=BUILT):
    """Return one document of these pages behind a title page with version, licence and contents."""
    articles = [article(page, pages, built) for page in pages]
    headings = [text.h1.get_text(strip=True) for text in articles]
    contents = "".join(
        f'<li><a href="#{place(page)}">{escape(heading)}</a></li>'
        for page, heading in zip(pages, headings, strict=True)
    )
    return f"""<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>
<meta charset="utf-8"><title>{escape(title)}</title>{head(built)}</head>
<body class="printed-book"><article class="bd-article title-page"><h1>{escape(title)}</h1>
<p>{escape(citation["authors"][0]["name"])}</p><p>Version {citation["version"]}</p>
<p>{escape(citation["abstract"])}</p>
<p>Text and data: CC BY 4.0. Code: {citation["license"]}.</p>
<p>The code of each result is left out. It stands folded on the page of the result, and in
<a href="{citation["repository-code"]}">the repository</a>.</p>
<ol>{contents}</ol></article>{"".join(map(str, articles))}</body></html>"""


def bookmarks(parent):
    """Yield all bookmarks below one."""
    item = parent.get("/First")
    while item is not None:
        item = item.get_object()
        yield item
        yield from bookmarks(item)
        item = item.get("/Next")


def name_bookmarks(writer, headings):
    """Give bookmarks the words of their headings: Chromium drops blanks where a line breaks."""
    known = {"".join(text.split()): " ".join(text.split()) for text in headings}
    for item in bookmarks(writer.root_object["/Outlines"]):
        title = "".join(item["/Title"].split())
        # A heading that was moved to the next sheet is there twice, the first time in part.
        ends = [text for text in known if title.endswith(text)]
        if ends:
            item[NameObject("/Title")] = TextStringObject(known[max(ends, key=len)])


def print_file(browser, title, pages, file):
    """Print one document; times of day are left out of the file."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    source = file.with_suffix(".html")
    source.write_text(document(title, pages, citation), encoding="utf-8")
    page = browser.new_page(color_scheme="light", viewport={"width": WIDTH, "height": 1000})
    page.emulate_media(media="print")
    page.set_default_timeout(SLOWEST)
    page.goto(source.as_uri(), wait_until="load")
    page.evaluate(READY)
    page.pdf(
        path=file,
        format="A4",
        margin=EDGES,
        outline=True,
        tagged=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    headings = page.locator("h1, h2, h3, h4, h5, h6").all_text_contents()
    page.close()
    source.unlink()
    writer = PdfWriter(clone_from=file)
    name_bookmarks(writer, headings)
    writer.metadata = {"/Title": title, "/Author": citation["authors"][0]["name"]}
    writer.write(file)


def main():
    """Print the files that are asked for, or all, and tell pages, size and time of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"studies, or {WHOLE}")
    options = parser.parse_args()
    every = chapters(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    there = [page for page in every if (BUILT / f"{page}.html").is_file()]
    studies = [path.parent.name for path in sorted((ROOT / "data").glob("*/study.toml"))]
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    files = {key: [page for page in there if f"/{key}/" in page] for key in studies}
    files = {key: pages for key, pages in files.items() if pages} | {WHOLE: there}
    folder = ROOT / "_build" / "pdf"
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it counts Chromium's objects otherwise
    unknown = set(options.keys) - set(files)
    if unknown:
        print(f"{', '.join(sorted(unknown))}: no such file; there are {', '.join(files)}")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for key in options.keys or files:
            start, file = time.monotonic(), folder / f"{key}.pdf"
            named = title if key == WHOLE else f"{title}: {key}"
            print_file(browser, named, files[key], file)
            size, sheets = file.stat().st_size / 1e6, len(PdfReader(file).pages)
            seconds = time.monotonic() - start
            told = f"{sheets} pages, {size:.1f} MB, {seconds:.0f} s"
            print(f"{file.relative_to(ROOT)}: {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
