"""The rules for notebooks, as functions that list what breaks them.

They read the stored JSON alone: whether the outputs are current is for nbval to say.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

LONGEST_CELL = 12
LONGEST_FUNCTION = 10
SKELETON = (
    "The paper in one paragraph",
    "What can be recomputed",
    "Do the printed numbers agree with each other?",
    "A cohort that agrees with the paper",
    "The analyses, in the paper's order",
    "Reported beside reproduced",
    "What differs, and why",
    "How far would it move?",
    "Exercises",
)
# Every page opens with its answer; the exercises show their code. Elsewhere one cell may, which has
# one constant to change and one result that moves.
CHANGE_THIS = "change-this"
IN_SHORT = re.compile(
    r"\A# [^\n]+\n(?:(?!#|```|:::)[^\n]*\n){0,8}?(`{3,}|:{3,})\{admonition\} In short\n"
    r":class: in-short\n\n?((?:- [^\n]+\n(?:  [^\n]+\n)*){3})\1$",
    re.MULTILINE,
)
# The first cell of every notebook, left out of the book: what Colab lacks when it opens one alone.
COLAB = """\
import subprocess
import sys
from pathlib import Path

if "google.colab" in sys.modules:
    book = Path("rair-book")
    if not book.is_dir():
        address = "https://github.com/rair-book/rair-book"
        subprocess.run(["git", "clone", "--depth=1", address, str(book)], check=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--editable"]
        subprocess.run([*pip, str(book), "myst-nb"], check=True)
    sys.path.insert(0, str(book.resolve()))"""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FORBIDDEN = {
    ast.AsyncFunctionDef: "async def",
    ast.ClassDef: "class",
    ast.Try: "try",
    ast.TryStar: "try",
}
# What walks over the rows of a frame; an analysis of patients belongs to the library.
OVER_PATIENTS = {"iterrows", "itertuples", "apply"}
FILE_READERS = {"open", "Path", "read_csv", "read_excel", "read_json", "read_text", "to_csv"}
WARNING_FILTERS = {"warnings", "filterwarnings", "simplefilter", "catch_warnings", "seterr"}
FILE_PATH = re.compile(
    r"^(~|\.{1,2})?/\S|^[A-Za-z]:[\\/]|\.(csv|json|ipynb|py|txt|xlsx?|png|svg|pdf|parquet|rds)\b"
)
# Levels of significance and confidence are conventions, not estimates.
CONVENTIONS = {"0.05", "0.95", "0.025", "0.975", "0.01", "0.99"}
DECIMAL = re.compile(r"(?<![\w.])\d*\.\d{2,}(?![\w.])")
CHANGING = {
    "a machine path": re.compile(
        r"(?<![\w.])/(work|tmp|root|home|Users|usr|opt|var|mnt)/\w|\b[A-Z]:\\\w"
    ),
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    "a date": re.compile(r"\b(19|20)\d\d-\d\d-\d\d\b|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d"),
    "a time of day": re.compile(r"\b\d{1,2}:\d\d:\d\d\b"),
    "a random id": re.compile(r'id="(T_|itables_)[0-9a-f_-]{5,}'),
}
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def code_cells(notebook: dict) -> list[dict]:
    """Return the cells with code, that for Colab apart: it is no part of the page."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [cell for cell in cells if joined(cell["source"]) != COLAB]


def notebook_faults(notebook: dict) -> list[str]:
    """List all faults of a notebook, each with the number of its code cell."""
    faults = metadata_faults(notebook)
    for number, cell in enumerate(code_cells(notebook), start=1):
        source = joined(cell["source"])
        found = [*run_faults(cell), *output_faults(cell), *length_faults(source)]
        tree = parsed(source)
        if tree is None:
            found.append("is not plain Python: no magics and no shell commands")
        else:
            found += [*syntax_faults(tree), *text_faults(tree), *typed_in_faults(source)]
            found += function_faults(tree)
            found += import_faults(tree) if number > 1 else []
            found += silence_faults(tree, source, cell)
        faults += [f"code cell {number}: {fault}" for fault in found]
    return faults


def parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def metadata_faults(notebook: dict) -> list[str]:
    faults = [] if notebook["metadata"] == METADATA else ["metadata: differ from the minimal ones"]
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        faults.append("cells: an id is missing or stands twice")
    return faults


def answer_faults(notebook: dict, shown: bool = False) -> list[str]:
    """List what keeps a reader from the answer: none at the top, or code that is not folded."""
    first = notebook["cells"][0]
    faults = []
    if first["cell_type"] != "markdown" or not IN_SHORT.search(joined(first["source"])):
        faults.append("does not open with its title and an admonition In short of three lines")
    for number, cell in enumerate([] if shown else code_cells(notebook), start=1):
        tags = cell["metadata"].get("tags", [])
        if not {"hide-input", "remove-input", "remove-cell", CHANGE_THIS} & set(tags):
            faults.append(f"code cell {number}: its code is not folded (tag hide-input)")
    return faults + change_faults(notebook)


def change_faults(notebook: dict) -> list[str]:
    """List what keeps a reader from changing one constant and watching one result move."""
    cells = code_cells(notebook)
    open_cells = [cell for cell in cells if CHANGE_THIS in cell["metadata"].get("tags", [])]
    faults = ["more than one cell to change and watch"] if len(open_cells) > 1 else []
    for tree in (ast.parse(joined(cell["source"])) for cell in open_cells):
        first = tree.body[0]
        if not (isinstance(first, ast.Assign) and isinstance(first.value, ast.Constant)):
            faults.append("the cell to change does not begin with its constant")
        if not isinstance(tree.body[-1], ast.Expr):
            faults.append("the cell to change shows no result")
    return faults


def run_faults(cell: dict) -> Iterator[str]:
    if joined(cell["source"]).strip() and cell.get("execution_count") is None:
        yield "was never run"
    if "execution" in cell["metadata"]:
        yield "stores the times of its run"
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            yield f"ends in an error: {output['ename']}"
        if output.get("name") == "stderr":
            yield "writes to stderr"


def length_faults(source: str) -> Iterator[str]:
    """Count a cell's lines; the list of imports may be as long as it must."""
    tree = parsed(source)
    listed = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)] if tree else []
    imports = sum(node.end_lineno - node.lineno + 1 for node in listed)
    lines = len(source.splitlines()) - imports
    if lines > LONGEST_CELL:
        yield f"has {lines} lines, at most {LONGEST_CELL} are allowed"


def syntax_faults(tree: ast.Module) -> Iterator[str]:
    nodes = list(ast.walk(tree))
    yield from sorted(
        {f"uses {FORBIDDEN[type(node)]}" for node in nodes if type(node) in FORBIDDEN}
    )
    if sum(isinstance(node, ast.Lambda) for node in nodes) > 1:
        yield "uses more than one lambda"
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {part for name in imported(tree) for part in name.split(".")}
    yield from (f"filters warnings with {name}" for name in sorted(names & WARNING_FILTERS))
    yield from (f"reads or writes files with {name}" for name in sorted(names & FILE_READERS))


def function_faults(tree: ast.Module) -> Iterator[str]:
    """List functions that a student cannot take in, or that walk over patients."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            lines = function.end_lineno - function.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{function.name} has {lines} lines, at most {LONGEST_FUNCTION} are allowed"
            nodes = list(ast.walk(function))
            if any(isinstance(n, ast.Attribute) and n.attr in OVER_PATIENTS for n in nodes):
                yield f"{function.name} loops over patients"


def definitions(notebook: dict) -> dict:
    """Return what a page defines: its imports, its functions and the constants that they use."""
    trees = (ast.parse(joined(cell["source"])) for cell in code_cells(notebook))
    chosen = [node for tree in trees for node in tree.body if _defines(node)]
    found: dict = {}
    exec(compile(ast.Module(chosen, []), "notebook", "exec"), found)
    return found


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [part for target in targets for part in ast.walk(target)]
        return all(part.id.isupper() for part in names if isinstance(part, ast.Name))
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)


def imported(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def import_faults(tree: ast.Module) -> Iterator[str]:
    if imported(tree):
        yield "imports: only the first code cell does"


def text_faults(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if FILE_PATH.search(node.value):
                yield f"names the file {node.value!r}"
            for number in DECIMAL.findall(node.value):
                if number not in CONVENTIONS:
                    yield f"has {number} typed in a text: take it from a result"


def typed_in_faults(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        number = token.string if token.type == tokenize.NUMBER else ""
        if DECIMAL.fullmatch(number) and number not in CONVENTIONS:
            yield f"has {number} typed in: take it from the registry or from a result"


def silence_faults(tree: ast.Module, source: str, cell: dict) -> Iterator[str]:
    """List cells that end in an expression and show nothing."""
    shows = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    if shows and source.rstrip().endswith(";"):
        yield "hides what it shows behind a semicolon"
    elif shows and not cell["outputs"]:
        yield "ends in an expression and has no stored output"


def output_faults(cell: dict) -> Iterator[str]:
    for output in cell["outputs"]:
        data = output.get("data", {})
        texts = [joined(output.get("text", ""))]
        texts += [joined(text) for kind, text in data.items() if kind.startswith("text/")]
        for name, pattern in CHANGING.items():
            if any(pattern.search(text) for text in texts):
                yield f"shows {name}"
        yield from alternative_text_faults(output)


def alternative_text_faults(output: dict) -> Iterator[str]:
    """List pictures without a statement that a screen reader and nbval can read."""
    data, metadata = output.get("data", {}), output.get("metadata", {})
    for kind in PICTURES:
        if kind in data:
            alt = metadata.get(kind, {}).get("alt", "")
            if len(alt.split()) < 5:
                yield "shows a picture without alternative text"
            elif joined(data.get("text/plain", "")) != alt:
                yield "shows a picture whose plain text is not its alternative text"


def headings(markdown: str) -> list[str]:
    """Return the headings of a text without numbers and marks, code left out."""
    prose = re.sub(r"^(```+|~~~+).*?^\1\s*$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#{1,6}\s+(.+?)\s*#*\s*$", prose, flags=re.MULTILINE)
    return [re.sub(r"^\d+[.)]?\s+", "", text).replace("’", "'").strip("*_ ") for text in found]


def skeleton_faults(chapters: list[str], complete: bool) -> list[str]:
    """Compare the headings of a study's chapters, in the book's order, with the skeleton."""
    found = [title for text in chapters for title in headings(text) if title in SKELETON]
    wanted = [title for title in SKELETON if title in found]
    faults = [
        f"heading {title!r} stands {found.count(title)} times"
        for title in wanted
        if found.count(title) > 1
    ]
    if not faults and found != wanted:
        faults.append(f"headings are in the order {found}")
    missing = [title for title in SKELETON if title not in found] if complete else []
    return faults + [f"heading {title!r} is missing" for title in missing]
