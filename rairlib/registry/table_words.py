"""What the words and cells of a printed table say: shapes of numbers, contents, levels, units."""

import re
from dataclasses import dataclass, field

from rairlib.registry.printed import MINUS_SIGNS, Printed, PrintedNumberError, parse_printed
from rairlib.registry.table_files import REPEATED

SIGNS = "<>≤≥⩽⩾≦≧＜＞"
NUMBER = (
    rf"((?:[{SIGNS}]=? ?)?[+{MINUS_SIGNS}]? ?(?:\d{{1,3}}(?:[,'’ ]\d{{3}})+(?!\d)(?:[.·]\d+)?"
    r"|\d+(?:[.,·]\d+)?|[.·]\d+)"
    rf"(?:(?:[eE]| ?[×x*] ?10 ?\^? ?)[+⁺⁻{MINUS_SIGNS}]?[\d⁰¹²³⁴-⁹]+)?(?: ?%)?)"
)
TO = rf" ?(?:[,;~～{MINUS_SIGNS}]|to) ?"
RANGE = rf"[(\[] ?{NUMBER}{TO}{NUMBER} ?[)\]]"
SHAPES = {
    name: re.compile(shape)
    for name, shape in {
        "x": NUMBER,
        "x ± y": rf"{NUMBER} ?(?:±|\+/?[{MINUS_SIGNS}]) ?{NUMBER}",
        "x (y)": rf"{NUMBER} ?[(\[] ?{NUMBER} ?[)\]]",
        "x (y to z)": rf"{NUMBER} ?{RANGE}",
        "y to z": rf"[(\[]? ?{NUMBER}{TO}{NUMBER} ?[)\]]?",
        "x (y to z) (u to v)": rf"{NUMBER} ?{RANGE},? ?{RANGE}",
        "x/y": rf"{NUMBER} ?/ ?{NUMBER}",
        "x/y (z)": rf"{NUMBER} ?/ ?{NUMBER} ?[(\[] ?{NUMBER} ?[)\]]",
        "z (x/y)": rf"{NUMBER} ?[(\[] ?{NUMBER} ?/ ?{NUMBER} ?[)\]]",
    }.items()
}
HOW = "Write it into the label, or name it with --cells"
ASK = {
    "x": f"a count, a percentage, a mean or a median? {HOW}",
    "x (y)": f"n (%), mean (SD) or median (IQR)? {HOW}",
    "x (y to z)": f"median (IQR), median (range) or an interval? {HOW}",
    "y to z": f"range, IQR or 95% CI? {HOW}",
    "x/y": "counts of which two levels? Write them into the label: Sex, female/male",
}
CI = r"(?i:(?:\d\d ?% ?)?\b(?:CIs?|confidence intervals?|confidence limits)\b)"
RATIOS = {
    "odds_ratio": r"(?:\b[ac]?ORs?\b|(?i:odds ratios?))",
    "hazard_ratio": r"(?:\b[acs]?HRs?\b|(?i:hazard ratios?))",
    "rate_ratio": r"(?:\ba?IRRs?\b|(?i:rate ratios?))",
    "risk_ratio": r"(?:\ba?RRs?\b|(?i:relative risks?|risk ratios?))",
}
LIMITS = ("ci_low", "ci_high")
MEASURES = RATIOS | {
    "auc": r"(?:\bAUCs?\b|(?i:area under \w*.{0,12}curve))",
    "concordance": r"(?i:\bc-?(?:index|statistic))",
    **{word: rf"(?i:\b{word})" for word in ("sensitivity", "specificity", "accuracy")},
    "ppv": r"(?:\bPPV\b|(?i:positive predictive value))",
    "npv": r"(?:\bNPV\b|(?i:negative predictive value))",
    "cutoff": r"(?i:\bcut-?off(?: value)?)",
    "mean_difference": r"(?i:\bmean difference)",
    "risk_difference": r"(?i:\brisk difference)",
    "coefficient": r"(?:β|(?i:\bbeta|\bcoef\w*))",
}
QUARTILES = r"(?i:iqr|(?:inter.?)?quartiles?(?: range)?|q1\W+q3|25.{0,12}75\w*(?: per\w*)?)"
FIVE = ("median", "q1", "q3", "minimum", "maximum")
COUNTED = r"(?i:\b(?:n|nos?\.?|number|patients|cases|events|freq\w*))"
# What the words of a heading or a label say that the cells hold, longest first.
HOLDS = [
    (re.compile(words), holds)
    for words, holds in (
        (r"(?i:mean)\W*(?i:sem?|standard error)\b\)?", ("mean", "standard_error")),
        (r"(?i:mean)\W*(?i:sd|s\.d\.|standard deviation)\)?", ("mean", "sd")),
        (r"\b[xXM]\W?\W?± ?(?i:sd?)\b", ("mean", "sd")),
        (r"\bM ?\(?[PQ]\W?(?:25|1|L)\W+[PQ]\W?(?:75|3|U)\)?", ("median", "q1", "q3")),
        (rf"(?i:mean)\W*{CI}\)?", ("mean", *LIMITS)),
        (rf"(?i:median)\W*{QUARTILES}\W*(?i:range)\W?", FIVE),
        (rf"(?i:median)\W*{QUARTILES}\W?", ("median", "q1", "q3")),
        (r"(?i:median)\W*(?i:range|min\w*\W+max\w*)\W?", ("median", "minimum", "maximum")),
        (rf"{COUNTED} ?/ ?(?i:n|total)(?![\w-])\W*%?\)?", ("count", "n", "percent")),
        (rf"{COUNTED}\W{{0,2}}[(\[,;] ?%[)\]]?", ("count", "percent")),
        (rf"(?:%|(?i:percent\w*)) ?[(\[] ?{COUNTED} ?[)\]]", ("percent", "count")),
        *((rf"{words}\W*(?:{CI}\)?)?", (name, *LIMITS)) for name, words in MEASURES.items()),
        (CI, LIMITS),
        (r"\b(?i:mean)\b", ("mean",)),
        (r"\b(?i:median)\b", ("median",)),
        (r"\b(?:SD|(?i:standard deviation))\b", ("sd",)),
        (r"\b(?:IQR|(?i:inter-?quartile range))\b", ("q1", "q3")),
        (r"(?i:^range$|[(,] ?range\)?$)", ("minimum", "maximum")),
        (r"\(%\)|\[%\]|, ?%$|^%$|(?i:percentage)", ("percent",)),
        (r"(?:^|[(,] ?)(?:[nN]|(?i:nos?\.|number|count))\)?$", ("count",)),
    )
]
# What taking words away leaves behind.
BLANKED = re.compile(r"[(\[][\s,;]*[)\]]|(?<=[(\[])[\s,;]+|,(?=\s*,)|^[\s,;:)\]]+|[\s,;:(\[]+$")
P = re.compile(
    r"(?i)(?:two-sided |overall |adjusted )?p(?:\W*val(?:ues?|\.)?)?(?:\W*(?:for )?trend)?\W*"
    r"(?:\(.*\)\W*)?"
)
STATISTICS = {
    **dict.fromkeys(("χ2", "χ²", "x2", "chi2", "chisquare", "chisquared"), "chi_square"),
    **{letter: f"{letter}_statistic" for letter in "tufzh"},
    **dict.fromkeys(("smd", "standardizedmeandifference"), "standardised_mean_difference"),
    "wald": "chi_square",
    **dict.fromkeys(("se", "standarderror"), "standard_error"),
    "df": "degrees_of_freedom",
}
METHODS = (
    (re.compile(r"(?i)\b(?:uni-?varia(?:ble|te)|unadjusted|crude)\b"), "univariable"),
    (re.compile(r"(?i)\b(?:multi-?varia(?:ble|te)|adjusted)\b|\ba(?=[OHR]R\b)"), "multivariable"),
)
FILLERS = re.compile(r"(?i)\b(?:analys[ie]s|regression|models?|cox|logistic|patients,?$)\b")
ALL = re.compile(r"(?i)(?:all|total|overall|whole|entire)?(?: ?(?:patients|cohort|sample|cases))?")
SIZE = re.compile(rf"[(\[,;]* ?\b[nN] ?[=:] ?{NUMBER}(?: ?[,;(]+ ?{NUMBER}\)?)? ?[)\]]?")
SIZE_OF_ALL = re.compile(
    rf"(?:(?!\b[nN] ?[=:]).)*\b[nN] ?[=:] ?{NUMBER}(?: (?:patients|cases))?"
    r"(?:[)\]](?!.*\b[nN] ?=).*|\.?)"
)
CATEGORIES = re.compile(r"(?i)(?:categor|level|subgroup|strat|class|value|item)\w*")
BARE_SIZE = re.compile(r" ?\((\d+)\)()$")
SURVIVAL = re.compile(r"\b(?:[DPRL]?R?FS|OS|(?i:survival))\b")
COUNTS = re.compile(r"(?i)(?:nos?\.?|number) of (?:patients|cases)")
SIZES_ROW = re.compile(r"(?i)n|(?:total )?(?:nos?\.?|number) of (?:patients|cases)|patients|total")
MARKS = re.compile(r"⟦(.*?)⟧|\^ ?(\w)\b|([†‡§¶‖#]+|\*+(?! ?10))|(?<=[\d)%])(?<!10)([ᵃ-ᵸ⁰¹²³⁴-⁹]+)$")
LETTER = re.compile(r"(?<=[\d)])([a-h])$")
REFERENCE = re.compile(r"(?i)(?:1(?:[.,·]0+)? ?[(\[]?)?\(?ref(?:erence|erent|\.)?[)\]]?")
ONE = re.compile(r"1(?:[.,·]0+)?")
NOTHING = re.compile(rf"[.·…/ {MINUS_SIGNS}]*|(?i:n/?a|nr)")
WORDS_WITHIN = re.compile(
    rf"^[pP](?:[- ]?value)?(?= ?[={SIGNS}])|{CI}:?|(?i:\b(?:IQR|range|median|mean)\b:?)|="
)
CUT = rf"(?:[{SIGNS}]=? ?\d[\d.,]*|\d[\d.,]* ?(?:[{MINUS_SIGNS}]|to) ?\d[\d.,]*)"
UNIT = (
    r"(?:years?|yrs?|y|months?|mo|weeks?|wk|days?|d|hours?|h|min|[cmkµμ]?[mgl]|%|mm ?Hg|[GMk]Bq"
    r"|mCi|Gy|(?:[×x] ?)?10[^ ]{1,3}/\w+|\w{1,5}/(?:[dmµμ]?[lL]|m[2²]|\w*min|h|d))"
)
LABEL_UNIT = re.compile(rf"[,(\[; ]+({UNIT})[)\]]?$")
UNIT_WITHIN = re.compile(rf"(?<=\d) ?{UNIT}(?= \(?(?:vs|versus)\b)")
LEVEL_UNIT = re.compile(rf"^({CUT}) ?({UNIT})?$")
CUT_BEHIND = re.compile(rf"([^{SIGNS}]*\w)\W*?([{SIGNS}]=? ?)(\d[\d.,]*) ?({UNIT})?[)\]]?")
CELL_UNIT = re.compile(rf"(.*[\d)\]]) ?({UNIT})")
OTHER_SIDE = {"≥": "<", "⩾": "<", "≧": "<", ">=": "<", ">": "≤", "＞": "≤"}
OTHER_SIDE |= {"≤": ">", "⩽": ">", "≦": ">", "<=": ">", "<": "≥", "＜": "≥"}
LEVEL = rf"{CUT}|[\w+–-]+"
OR = r" ?(?:/| \(?(?:vs\.?|versus) ) ?"
SIDES = re.compile(rf"(.*?)[,:;( ]*((?:{LEVEL})(?:{OR}(?:{LEVEL}))+)\)?(?: ({UNIT}))?")
SLASHED = re.compile(r"\d[\d, ]*(?: ?/ ?\d[\d, ]*)+")
P_WITHIN = re.compile(r"[;,(]? ?\b[pP](?:[- ]?value)? ?(?:= ?|(?=[<>≤]))")
LONGEST = 80
NO_OUTCOME = "which group has the outcome, here and in all estimates? Say --outcome"
SHARES = ("count", "percent")
# That of χ2 or T4 is none.
DIGIT = re.compile(r"(?<![^\W\d_])\d")
KEY = ("statistic", "variable", "level", "group", "method")
OPPOSITES = {"yes", "positive", "present", "male", "female", "men", "women", "+"}


@dataclass(slots=True)
class Column:
    """What stands in one column: patients of a group, an estimate, a test statistic or a p."""

    number: int
    heading: str
    role: str
    group: str
    holds: list[tuple[str, ...]]
    method: str
    size: str = ""
    share: str = ""


@dataclass(slots=True)
class Line:
    """One row below the head; that of a variable has the rows of its levels."""

    number: int
    text: str
    label: str
    indent: int
    holds: list[tuple[str, ...]]
    unit: str
    cells: dict[int, str]
    notes: dict[int, str]
    sides: tuple[str, ...] = ()
    name: str = ""
    levels: list["Line"] = field(default_factory=list)

    @property
    def level(self) -> str:
        """What the row is called as a level of another."""
        return tidy(self.label)

    @property
    def pair(self) -> tuple[str, ...]:
        """Two levels that the label itself names, as registry levels."""
        return tuple(map(tidy, self.sides))


def clean(text: str) -> tuple[str, list[str]]:
    """Part a text from its footnote marks."""
    marks = ["".join(filter(None, found)) for found in MARKS.findall(text)]
    return " ".join(MARKS.sub("", text).split()), marks


def shapes_of(text: str) -> dict[str, tuple[str, ...]]:
    """Return the numbers of a cell by every shape that it can have."""
    plain = " ".join(WORDS_WITHIN.sub("", text).split())
    shapes = SHAPES.items() if len(plain) < LONGEST else ()
    matches = ((name, shape.fullmatch(plain)) for name, shape in shapes)
    return {name: tuple(n.strip() for n in match.groups()) for name, match in matches if match}


def holds_of(text: str) -> tuple[list[tuple[str, ...]], str]:
    """Return what words say that cells hold, and the other words."""
    found = []
    for words, holds in HOLDS:
        text, times = words.subn(" ", text)
        found += [holds] * bool(times)
    return found, BLANKED.sub("", " ".join(text.split())).strip()


def number_of(text: str) -> Printed | None:
    """Return a printed number, or None."""
    try:
        return parse_printed(text)
    except PrintedNumberError:
        return None


def whole_of(text: str) -> int | None:
    """Return a printed whole number, or None."""
    number = number_of(text)
    plain = number and number.operator == "=" and not number.decimals and "%" not in text
    return int(number.value) if plain and abs(number.value) < 1e12 else None


def slug_of(text: str) -> str:
    """Return a label as the name of a variable."""
    return re.sub(r"\W+", "_", text.lower()).strip("_") or "unnamed"


def tidy(level: str) -> str:
    """Return a level without blanks behind its sign and without its unit."""
    found = LEVEL_UNIT.match(level)
    return re.sub(rf"(?<=[{SIGNS}=]) ", "", found[1].strip()) if found else level


def cut_of(levels: tuple[str, ...]) -> str:
    """Return the number of which two levels are the two sides, or nothing."""
    sides = {re.sub(f"^[{SIGNS}]=?", "", level) for level in levels if level[:1] in SIGNS}
    return sides.pop() if len(levels) == 2 and len(sides) == 1 and levels[1][:1] in SIGNS else ""


def method_of(text: str) -> str:
    """Return the method that a title or a heading names."""
    return next((method for words, method in METHODS if words.search(text)), "")


def joined(*texts: str) -> str:
    """Join the parts of a note."""
    return "; ".join(filter(None, texts))


def fit(holds: tuple[str, ...], shape: str, numbers: tuple[str, ...], proven: bool):
    """Name the numbers of a cell by what it is said to hold; None where it does not fit."""
    first, pair = holds[0], holds[0] in ("minimum", "q1", "ci_low")
    if shape == "x":
        whole = whole_of(numbers[0]) is not None
        if first in ("count", "percent"):
            share = "%" in numbers[0] or first == "percent"
            return (("percent" if share else "count", *numbers),) if share or whole else None
        return None if pair and len(holds) == 2 else ((first, *numbers),)
    if shape in ("x/y", "x/y (z)", "z (x/y)") and first in ("count", "percent"):
        numbers = (*numbers[1:], numbers[0]) if shape == "z (x/y)" else numbers
        said = len(numbers) == 3 or holds[1:2] == ("n",)
        return tuple(zip(("count", "n", "percent"), numbers, strict=False)) if said else None
    if shape == "x (y)":
        if first in ("count", "percent") and ("%" in "".join(numbers) or proven or len(holds) > 1):
            holds = ("percent", "count") if "%" in numbers[0] or holds[1:] == ("count",) else SHARES
        if holds == ("median", "q1", "q3"):
            holds = ("median", "interquartile_range")
        counts = [number for name, number in zip(holds, numbers, strict=False) if name == "count"]
        if pair or None in map(whole_of, counts):
            return None
    if (shape == "x ± y" and first != "mean") or (shape == "y to z" and not pair):
        return None
    return tuple(zip(holds, numbers, strict=True)) if len(holds) == len(numbers) else None


def fits(holds, shapes: dict, proven: bool = False) -> list[tuple]:
    """Return every reading of a cell; where some fill all that a label says, only these."""
    pairs = [(held, fit(held, shape, shapes[shape], proven)) for held in holds for shape in shapes]
    whole = [read for held, read in pairs if read and len(read) == len(held)]
    return list(dict.fromkeys(whole or (read for _, read in pairs if read)))


def own(cell: str) -> bool:
    """Whether a cell has a text of its own, none that a merged cell repeats."""
    return bool(cell.strip()) and not cell.startswith(REPEATED)


def bare(cell: str) -> str:
    """Return the text of a cell, its own or repeated."""
    return cell.removeprefix(REPEATED)


def is_title(cells: list[str]) -> bool:
    """Whether a row holds one text, in its first cell or across all."""
    return bool(cells[0].strip()) and len({bare(cell).strip() for cell in cells} - {""}) == 1


def read_heading(parts: list[str], number: int) -> Column:
    """Read the texts above a column."""
    texts = [text for text in dict.fromkeys(clean(part)[0] for part in parts) if text] or [""]
    text = " ".join(texts)
    size = SIZE.search(text) or BARE_SIZE.search(text)
    holds, names = [], []
    for part in texts:
        rest = COUNTS.sub("n", BARE_SIZE.sub("", SIZE.sub(" ", part)))
        for words, _ in METHODS:
            rest = words.sub("", rest)
        found, name = holds_of(FILLERS.sub("", rest))
        holds += found
        names.append(name)
    name = " ".join(filter(None, names))
    group = "all" if ALL.fullmatch(name) else name
    sized = size.groups("") if size else ()
    found = Column(number, text, "data", group, holds, method_of(text), *sized)
    words = [re.sub(r"[\W_]|value|statistic|test", "", w.lower()) for w in texts[-1].split("/")]
    if P.fullmatch(texts[-1]):
        found.role = "p"
    elif all(word in STATISTICS for word in words):
        found.role, found.holds = "statistic", [(STATISTICS[word],) for word in words]
    elif measures := [held for held in holds if held[0] in MEASURES or held == LIMITS]:
        found.role, found.group, found.holds = "estimate", name, measures[:1]
    elif SURVIVAL.search(text) and ("percent",) in holds:
        found.role = "survival"
    return found


def read_line(number: int, cells: list[str]) -> Line:
    """Read a row below the head: its label and what its cells hold."""
    text = re.sub(r"^\s*[•·–-] +", "  ", bare(cells[0]).expandtabs(2))
    whole, marks = clean(text)
    given = {place: clean(cell) for place, cell in enumerate(cells[1:], start=2) if own(cell)}
    kept = {place: text for place, (text, _) in given.items() if not NOTHING.fullmatch(text)}
    if set(kept.values()) <= {whole}:
        kept = {}
    marked = {place: dict.fromkeys(marks + found) for place, (_, found) in given.items()}
    notes = {place: f"footnote {', '.join(found)}" for place, found in marked.items() if found}
    holds, label = holds_of(whole)
    if ("percent",) in holds and len(holds) > 1 and not {"count"} & {*sum(holds, ())}:
        holds.remove(("percent",))
        label = f"{label} (%)"
    unit = None if re.search(r"\bper\b", label) else LABEL_UNIT.search(label)
    label = UNIT_WITHIN.sub("", label[: unit.start()] if unit else label)
    indent = len(text) - len(text.lstrip())
    line = Line(number, whole, label, indent, holds, unit[1] if unit else "", kept, notes)
    if found := SIDES.fullmatch(label):
        sides = tuple(re.split(OR, found[2]))
        paired = len(sides) == 2 and (sides[0].lower() in OPPOSITES or sides[0][0] in SIGNS)
        if paired or " vs" in label or any(map(SLASHED.fullmatch, kept.values())):
            line.label, line.sides, line.unit = found[1], sides, found[3] or line.unit
    return line
