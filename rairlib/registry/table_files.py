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
HTML = (".html", ".htm")
LINES = ("p", "div", "li", "list-item")
OTHERWISE = "copy the table into a spreadsheet or a Word document, or save the paper's web page"


@dataclass(slots=True)
class Grid:
    """One table: its title, its rows, and how many of them are the head."""

    title: str
    rows: list[list[str]]
    head: int = 0
    doubts: list[str] = field(default_factory=list)


def read_grids(path: Path) -> list[Grid]:
    """Read all tables of a file that are not empty; its ending says what it is."""
    reader, kind = READERS.get(path.suffix.lower(), (None, ""))
    if reader is None:
        raise RairlibError(
            f"{path.name or path}: a table is read from {', '.join(READERS)}; {OTHERWISE}"
        )
    if not path.is_file():
        raise RairlibError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    try:
        if _size(path) > MOST_BYTES:
            raise RairlibError(f"{path.name}: is too large for a printed table; {OTHERWISE}")
        grids = [grid for grid in reader(path) if any(c.strip() for row in grid.rows for c in row)]
    except RairlibError:
        raise
    except Exception as error:  # whatever a library says of a broken file
        raise RairlibError(
            f"{path.name}: cannot be read as {kind}; is it damaged, protected by a password or of "
            f"an old format? Save it again, or {OTHERWISE}"
        ) from error
    if not grids:
        raise RairlibError(f"{path.name}: holds no table; {OTHERWISE}")
    return grids


def _size(path: Path) -> int:
    """Return the bytes of a file, those of its parts if it is packed."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as parts:
        return sum(part.file_size for part in parts.infolist())


def _text(path: Path) -> Iterator[Grid]:
    text = decode(path)
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = max(";\t|,", key=lambda sign: sum(sign in line for line in lines))
    yield Grid("", split_lines(path, text, delimiter, strip=False))


# --- Excel ------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[Grid]:
    from openpyxl import load_workbook

    for sheet in load_workbook(path, rich_text=True).worksheets:
        if sheet.sheet_state != "visible":
            continue
        cells = [*sheet.iter_rows(max_row=min(sheet.max_row, MOST_ROWS + 1))]
        rows = [[_shown(cell) for cell in row] for row in cells]
        for span in sheet.merged_cells.ranges:
            first, *others = (
                (row - 1, column - 1)
                for row in range(span.min_row, min(span.max_row, len(rows)) + 1)
                for column in range(span.min_col, min(span.max_col, len(rows[0])) + 1)
            )
            for row, column in others:
                rows[row][column] = REPEATED + rows[first[0]][first[1]]
        plain = [c.coordinate for row in cells for c in row if _is_plain(c)]
        doubts = [
            f"{place}, and {len(plain) - 1} more: stored as numbers without the printed zeros at "
            "their end (0.30 becomes 0.3): compare them, or type them as text"
            for place in plain[:1]
        ]
        yield Grid(sheet.title, rows, doubts=doubts)


def _is_plain(cell) -> bool:
    return isinstance(cell.value, float) and cell.number_format == "General"


def _shown(cell) -> str:
    """Return what Excel shows, as far as the number's format is a plain one."""
    value, form = cell.value, cell.number_format
    if isinstance(value, str | list):  # a list is text in several fonts
        text = INDENT * int(cell.alignment.indent or 0)
        for part in [value] if isinstance(value, str) else value:
            raised = getattr(getattr(part, "font", None), "vertAlign", "") == "superscript"
            text += _raised(text, str(part)) if raised else str(part)
        return text
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else f"{value} (no text)"
    if plain := re.fullmatch(r"(#,##)?0(?:\.(0+))?(%?)", form):
        thousands, decimals, percent = plain.groups()
        number = value * 100 if percent else value
        return f"{number:{',' * bool(thousands)}.{len(decimals or '')}f}{percent}"
    return f"{value:.15g}" + f" (shown as {form})" * (form not in ("General", "@"))


# --- HTML and JATS ----------------------------------------------------------------------------


def _marked_up(path: Path) -> Iterator[Grid]:
    """Yield every table that holds no other one."""
    from lxml import etree

    content, encoding = path.read_bytes(), None
    with suppress(UnicodeDecodeError):
        encoding = "utf-8" if content.decode("utf-8") else None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    if path.suffix.lower() in HTML:
        parser = etree.HTMLParser(encoding=encoding, no_network=True)
    tree = etree.fromstring(content, parser)
    for element in tree.iter("{*}*"):
        element.tag = element.tag.rpartition("}")[2].lower()
    for table in tree.iter("table"):
        if next(table.iterdescendants("table"), None) is None:
            wraps = [table, *table.iterancestors("table-wrap", "figure", "section")][:2]
            titles = [title for wrap in wraps for title in wrap.iterchildren(*TITLES)]
            rows = [(row, list(row.iterchildren("td", "th"))) for row in table.iter("tr")]
            # The body's first row may stand without a head: th alone are head too.
            head = sum(
                {cell.tag for cell in cells} == {"th"} or any(row.iterancestors("thead"))
                for row, cells in rows
            )
            title = " ".join(_inner(part).strip() for part in titles)
            yield Grid(title, _spread([cells for _, cells in rows]), head)


def _spread(rows: list[list]) -> list[list[str]]:
    """Give each cell its places; those that a merged cell covers repeat its text, marked."""
    grid: dict[tuple[int, int], str] = {}
    for top, cells in enumerate(rows):
        left = 0
        for cell in cells:
            while (top, left) in grid:
                left += 1
            styled = [cell, *cell.iterchildren("p", "span", "div")][:2]
            indented = any(INDENTED.search(part.get("style", "")) for part in styled)
            text = INDENT * indented + _inner(cell).rstrip()
            spans = (cell.get(name, "").strip() for name in ("colspan", "rowspan"))
            width, height = (int(n) if re.fullmatch("[1-9][0-9]{0,9}", n) else 1 for n in spans)
            for row in range(top, min(top + height, len(rows))):
                for column in range(left, left + min(width, MOST_COLUMNS + 1)):
                    grid[row, column] = REPEATED + text
            grid[top, left] = text
    width = 1 + max((column for _, column in grid), default=0)
    return [[grid.get((row, column), "") for column in range(width)] for row in range(len(rows))]


def _inner(element) -> str:
    """Return the text of an element; what is raised becomes an exponent or a footnote mark."""
    text = element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in ("script", "style", "tex-math"):
            inner = _inner(child)
            breaks = child.tag in ("br", "break") or (child.tag in LINES and text.strip())
            raised = child.tag == "sup" or child.get("ref-type") in ("table-fn", "fn")
            text += _raised(text, inner) if raised else BREAK * bool(breaks) + inner
        elif not isinstance(child.tag, str) and (child.text or "").startswith("&"):
            text += html.unescape(child.text)
        text += child.tail or ""
    # Blanks of the markup are one blank; those that indent are other signs.
    return re.sub(r"[ \t\r\n]+", " ", text)


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
        for row in part.rows:
            cells = row.cells
            places = [id(cell._tc) for cell in cells]
            rows.append(
                [
                    REPEATED * (place in places[:column] or place in above) + _paragraphs(cell)
                    for column, (place, cell) in enumerate(zip(places, cells, strict=True))
                ]
            )
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
    **dict.fromkeys(HTML, (_marked_up, "HTML")),
    **dict.fromkeys((".xml", ".nxml"), (_marked_up, "JATS XML")),
    ".docx": (_document, "a Word document"),
}
