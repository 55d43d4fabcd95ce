"""Read the tables of a CSV, Excel, HTML, JATS or Word file as grids of texts, nothing converted.

Programs that turn texts into numbers lose the zeros at their end and the footnote marks.
"""

import html
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rairlib.errors import RairlibError
from rairlib.registry.files import decode, split_lines
from rairlib.registry.printed import SUPERSCRIPTS

MOST_ROWS, MOST_COLUMNS, MOST_BYTES = 2000, 100, 100_000_000
# A text that a merged cell carries into the places that it covers.
REPEATED = "\ue000"
INDENT = "  "
BREAK = "\u2028"
POWERS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
# Behind these a raised number is an exponent, elsewhere it refers to a footnote.
RAISED = re.compile(r"(?:[×x*·]\s?10|[χΧ]|\b[cmk]?m)$")
INDENTED = re.compile(r"(?:padding-left|text-indent|margin-left)\s*:\s*0*[1-9.]")
TITLES = ("label", "caption", "figcaption", "h3", "h4")
PROTECTED = b"\xd0\xcf\x11\xe0"
OTHERWISE = (
    "copy the table into a spreadsheet or a Word document, or save the web page of the paper"
)


@dataclass(slots=True)
class Grid:
    """One table: its title, its rows with their numbers, and how many of them are the head."""

    title: str
    rows: list[tuple[int, list[str]]]
    head: int = 0
    doubts: list[str] = field(default_factory=list)


def read_grids(path: Path) -> list[Grid]:
    """Read all tables of a file.

    Parameters
    ----------
    path : Path
        Its ending says what it is: ``csv``, ``tsv``, ``txt``, ``xlsx``, ``html``, ``xml`` (JATS)
        or ``docx``.

    Returns
    -------
    list of Grid
        In the file's order, none of them empty.

    Raises
    ------
    RairlibError
        If the file cannot be read or holds no table.
    """
    ending = path.suffix.lower()
    if ending not in READERS:
        raise RairlibError(
            f"{path.name or path}: a table is read from {', '.join(READERS)}; {OTHERWISE}"
        )
    if not path.is_file():
        raise RairlibError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    reader, kind = READERS[ending]
    try:
        _refuse_what_is_locked_or_huge(path)
        grids = [
            grid for grid in reader(path) if any(c.strip() for _, row in grid.rows for c in row)
        ]
    except RairlibError:
        raise
    except Exception as error:  # whatever a library says of a broken file
        raise RairlibError(
            f"{path.name}: cannot be read as {kind}: save it again, or {OTHERWISE}"
        ) from error
    if not grids:
        raise RairlibError(f"{path.name}: holds no table; {OTHERWISE}")
    return grids


def _refuse_what_is_locked_or_huge(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == PROTECTED:
        raise RairlibError(
            f"{path.name}: is protected by a password or in an old format of Office; save it "
            "without one, as .xlsx or .docx"
        )
    size = path.stat().st_size
    if start == b"PK\x03\x04":
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    if size > MOST_BYTES:
        raise RairlibError(f"{path.name}: is too large for a printed table; {OTHERWISE}")


def _text(path: Path) -> Iterator[Grid]:
    text = decode(path)
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = max(";\t|,", key=lambda sign: sum(sign in line for line in lines))
    rows = split_lines(path, text, delimiter, strip=False)
    yield Grid("", list(enumerate(rows, start=1)))


# --- Excel ------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[Grid]:
    from openpyxl import load_workbook

    results, formulas = (
        load_workbook(path, data_only=shown, rich_text=True) for shown in (True, False)
    )
    for sheet, written in zip(results.worksheets, formulas.worksheets, strict=True):
        if sheet.sheet_state != "visible":
            continue
        covered = {
            (row, column): sheet.cell(span.min_row, span.min_col)
            for span in sheet.merged_cells.ranges
            for row in range(span.min_row, min(span.max_row, MOST_ROWS) + 1)
            for column in range(span.min_col, min(span.max_col, MOST_COLUMNS) + 1)
            if (row, column) != (span.min_row, span.min_col)
        }
        filled = [*sheet.iter_rows(max_row=min(sheet.max_row, MOST_ROWS + 1))]
        rows = [
            (place, [_shown(cell, covered, written) for cell in cells])
            for place, cells in enumerate(filled, start=1)
        ]
        plain = [
            cell.coordinate
            for cells in filled
            for cell in cells
            if isinstance(cell.value, float) and cell.number_format == "General"
        ]
        doubts = [
            f"{place}, and {len(plain) - 1} more: stored as numbers without the printed zeros at "
            "their end (0.30 becomes 0.3): compare them, or type them as text"
            for place in plain[:1]
        ]
        yield Grid(sheet.title, rows, doubts=doubts)


def _shown(cell, covered: dict, written) -> str:
    """Return what Excel shows, as far as the number's format is a plain one."""
    if (cell.row, cell.column) in covered:
        return REPEATED + _shown(covered[cell.row, cell.column], {}, written)
    value, form = cell.value, cell.number_format
    if value is None:
        # A formula whose result was never stored.
        return str(written[cell.coordinate].value or "")
    if isinstance(value, str | list):  # a list is text in several fonts
        text = INDENT * int(cell.alignment.indent or 0)
        for part in [value] if isinstance(value, str) else value:
            raised = getattr(getattr(part, "font", None), "vertAlign", "") == "superscript"
            text += _raised(text, str(part)) if raised else str(part)
        return text
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{value} (no text)"
    if form in ("General", "@"):
        return f"{value:.15g}"
    if plain := re.fullmatch(r"(#,##)?0(?:\.(0+))?(%?)", form):
        thousands, decimals, percent = plain.groups()
        number = value * 100 if percent else value
        return f"{number:{',' * bool(thousands)}.{len(decimals or '')}f}{percent}"
    return f"{value:.15g} (shown as {form})"


# --- HTML and JATS ----------------------------------------------------------------------------


def _page(path: Path) -> Iterator[Grid]:
    import lxml.html

    content, encoding = path.read_bytes(), None
    with suppress(UnicodeDecodeError):
        encoding = "utf-8" if content.decode("utf-8") else None
    if content.strip():
        parser = lxml.html.HTMLParser(encoding=encoding, no_network=True)
        yield from _marked_up(path, lxml.html.document_fromstring(content, parser=parser))


def _journal_article(path: Path) -> Iterator[Grid]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise RairlibError(f"{path.name}: line {error.lineno or 1} is no well-formed XML") from None
    yield from _marked_up(path, tree)


def _marked_up(path: Path, tree) -> Iterator[Grid]:
    """Yield every table that holds no other one."""
    for element in tree.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2].lower()
    for table in tree.iter("table"):
        if next(table.iterdescendants("table"), None) is None:
            wraps = [table, *table.iterancestors("table-wrap", "figure", "section")][:2]
            titles = [title for wrap in wraps for title in wrap.iterchildren(*TITLES)]
            # The body's first row may stand without a head: th alone are head too.
            rows = list(table.iter("tr"))
            head = sum(
                next(row.iterancestors("thead"), None) is not None
                or {cell.tag for cell in row.iterchildren("td", "th")} == {"th"}
                for row in rows
            )
            spread = _spread([list(row.iterchildren("td", "th")) for row in rows])
            title = " ".join(_inner(part).strip() for part in titles)
            yield Grid(title, list(enumerate(spread, start=1)), head)


def _spread(rows: list[list]) -> list[list[str]]:
    """Give each cell its places; those that a merged cell covers repeat its text, marked."""
    grid: dict[tuple[int, int], str] = {}
    for top, cells in enumerate(rows):
        left = 0
        for cell in cells:
            while (top, left) in grid:
                left += 1
            text = _indent(cell) + _inner(cell).rstrip()
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            for row in range(top, min(top + height, len(rows))):
                for column in range(left, left + width):
                    grid[row, column] = REPEATED + text
            grid[top, left] = text
    width = 1 + max((column for _, column in grid), default=0)
    return [[grid.get((row, column), "") for column in range(width)] for row in range(len(rows))]


def _span(cell, name: str) -> int:
    text = cell.get(name, "").strip()
    most = MOST_COLUMNS + 1 if name == "colspan" else MOST_ROWS
    return min(max(1, int(text)), most) if text.isascii() and text.isdigit() else 1


def _indent(cell) -> str:
    styled = [cell, *cell.iterchildren("p", "span", "div")][:2]
    return INDENT * any(INDENTED.search(part.get("style", "")) for part in styled)


def _inner(element) -> str:
    """Return the text of an element; what is raised becomes an exponent or a footnote mark."""
    text = element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in ("script", "style", "tex-math"):
            inner = _inner(child)
            raised = child.tag == "sup" or child.get("ref-type") in ("table-fn", "fn")
            text += _raised(text, inner) if raised else BREAK * _breaks(child, text) + inner
        elif not isinstance(child.tag, str) and (child.text or "").startswith("&"):
            text += html.unescape(child.text)
        text += child.tail or ""
    # Blanks of the markup are one blank; those that indent are other signs.
    return re.sub(r"[ \t\r\n]+", " ", text)


def _breaks(element, before: str) -> bool:
    """Whether a line begins with this element."""
    if element.tag in ("br", "break"):
        return True
    return element.tag in ("p", "div", "li", "list-item") and bool(before.strip())


def _raised(before: str, text: str) -> str:
    plain = text.strip()
    if RAISED.search(before.rstrip()) and plain.translate(SUPERSCRIPTS).lstrip("+-").isdigit():
        return plain.translate(POWERS)
    return text if text.startswith("⟦") or not plain else f"⟦{plain}⟧"


# --- Word -------------------------------------------------------------------------------------


def _document(path: Path) -> Iterator[Grid]:
    import docx
    from docx.table import Table

    title = ""
    for part in docx.Document(str(path)).iter_inner_content():
        if not isinstance(part, Table):
            title = part.text.strip() or title
            continue
        rows, above = [], []
        for number, row in enumerate(part.rows, start=1):
            cells = row.cells
            places = [id(cell._tc) for cell in cells]
            texts = [
                REPEATED * (place in places[:column] or place in above) + _paragraphs(cell)
                for column, (place, cell) in enumerate(zip(places, cells, strict=True))
            ]
            rows.append((number, texts))
            above = places
        yield Grid(title, rows)
        title = ""


def _paragraphs(cell) -> str:
    """Return all that Word shows in a cell: links, inserted text and formulas too."""
    from docx.oxml.ns import nsmap
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

    run, formula = f"{{{nsmap['w']}}}r", f"{{{nsmap['m']}}}t"
    texts = []
    for element in cell._tc.iter(f"{{{nsmap['w']}}}p"):
        indent = Paragraph(element, cell).paragraph_format.left_indent or 0
        text = INDENT if indent > 0 else ""
        for part in element.iter(run, formula):
            shown = Run(part, cell) if part.tag == run else part
            raised = part.tag == run and shown.font.superscript
            text += _raised(text, shown.text) if raised else shown.text or ""
        texts.append(text)
    return BREAK.join(texts).rstrip()


READERS: dict[str, tuple[Callable[[Path], Iterator[Grid]], str]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), (_text, "text")),
    ".xlsx": (_workbook, "an Excel workbook"),
    **dict.fromkeys((".html", ".htm"), (_page, "HTML")),
    **dict.fromkeys((".xml", ".nxml"), (_journal_article, "JATS XML")),
    ".docx": (_document, "a Word document"),
}
