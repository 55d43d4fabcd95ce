"""The de-identification gate: what in a file could point to a person, before anything is computed.

The classes are those of HIPAA Safe Harbor, 45 CFR 164.514(b)(2), by the names of columns (English,
some German, French and Chinese in pinyin) and by what stands in them. No finding holds a value.

What the rules on content cannot see: a name, a town, a postcode of digits or a number that several
rows share in a column whose name says nothing (`x`); a name among texts that mostly repeat; fax
numbers apart from telephone numbers; account, licence and health plan numbers apart from record
numbers; birth years of people over 89; a face or a voice in a recording that is only referred to;
whether a rare combination of harmless values is known to a neighbour, beyond the declared
quasi-identifiers. A gate that is passed is no proof of anonymity.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pycanon.anonymity import k_anonymity, l_diversity

from rairlib.cohorts.suppression import THRESHOLD
from rairlib.errors import RairlibError, unknown

NAMES, PLACES, DATES, AGES = "names", "places", "dates", "ages over 89"
PHONE, FAX, EMAIL, NATIONAL = "telephone numbers", "fax numbers", "e-mail", "national ids"
RECORD, PLAN, ACCOUNT = "record numbers", "health plan numbers", "account numbers"
LICENCE, VEHICLE, DEVICE = "licence numbers", "vehicle ids", "device ids"
URL, IP, BIOMETRIC, PHOTO = "URLs", "IP addresses", "biometric data", "photographs"
CODE, TEXT = "other unique codes", "free text"
SMALL_GROUPS, ALIKE = "small groups", "sensitive values alike"

DROP = "drop the column"
MENDS = {
    PLACES: "keep nothing smaller than a state or province",
    DATES: "keep the year alone, or give the days or months since a start",
    AGES: "give every age of 90 or more as 90",
    RECORD: "drop the column; a running number such as P001 serves as pseudonym",
    CODE: "drop the column; a running number such as P001 serves as pseudonym",
    TEXT: "drop the column, or code the text into levels that patients share",
    SMALL_GROUPS: "use wider bands or fewer quasi-identifiers",
    ALIKE: "use wider bands or fewer quasi-identifiers",
}

# Words of a column's name; "a b" are neighbours, "=a" is the whole name.
WORDS = {
    NAMES: "=name surname forename firstname lastname fullname initials maiden vorname nachname "
    "prenom xingming xing;ming first;name last;name full;name family;name given;name middle;name "
    "patient;name doctor;name physician;name surgeon;name name;patient nom;patient =nom",
    DATES: "date dates datum riqi dob birth birthday birthdate geburtstag geburtsdatum naissance "
    "timestamp shengri",
    PHONE: "phone telephone mobile cellphone telefon handy dianhua shouji",
    FAX: "fax telefax chuanzhen",
    EMAIL: "email mail courriel youxiang",
    NATIONAL: "ssn social;security nin national;id passport cnie =cin nir shenfenzheng steuer;id",
    RECORD: "mrn medical;record record;number record;no hospital;number hospital;no chart;number "
    "admission;number admission;no accession patientennummer fallnummer dossier =ipp zhuyuanhao "
    "binganhao",
    PLAN: "beneficiary policy;number insurance;number insurance;id medicare;number medicaid;number "
    "health;plan versichertennummer cnss yibaohao",
    ACCOUNT: "iban account konto kontonummer",
    LICENCE: "licence;number license;number certificate;number driver driving",
    VEHICLE: "vin vehicle licence;plate license;plate kennzeichen chepai",
    DEVICE: "device;id serial serial;number imei udi uuid mac;address",
    URL: "url website homepage",
    IP: "=ip ip;address",
    BIOMETRIC: "fingerprint iris retina voiceprint biometric faceprint zhiwen",
    PHOTO: "photo photograph picture portrait photos foto zhaopian",
    PLACES: "zip zipcode postcode postal plz postleitzahl youbian city town village street address "
    "county commune wohnort =ort ville strasse adresse dizhi latitude longitude =lat =lon gps "
    "geocode",
    TEXT: "comment comments remark remarks note notes freetext bemerkung bemerkungen commentaire "
    "remarques beizhu",
}
_MONTH = (
    r"(?:jan|feb|f[ée]v|mar|m[aä]r|apr|avr|may|mai|jun|juin|jul|juil|aug|ao[uû]t|sep|oct|okt|"
    r"nov|dec|dez|d[ée]c)[a-zäéû]*\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DATE = "|".join(
    (
        rf"\b{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)",
        rf"(?<![\d.])(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:{_YEAR}|\d\d)(?![\d.])",
        rf"(?<![\d/.-]){_YEAR}[-/](?:0[1-9]|1[0-2])(?![\d/.-])",
        rf"(?<![\d/.-])(?:0?[1-9]|1[0-2])[-/.]{_YEAR}(?![\d/.-])",
        rf"\b{_MONTH}[ -]*(?:\d\d?(?:st|nd|rd|th)?,?[ -]+)?{_YEAR}\b",
        rf"\b\d\d?\.?[ -]?{_MONTH}[ -]?(?:{_YEAR}|\d\d)\b",
        rf"{_YEAR} ?年 ?\d",
        rf"^{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$",
    )
)
# What any one text can give away by its form.
PATTERNS = {
    DATES: _DATE,
    EMAIL: r"[\w.+-]+@[\w-]+\.\w",
    URL: r"https?://|\bwww\.\w",
    DEVICE: r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b",
    IP: r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
    r"|\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b",
    NATIONAL: rf"(?<!\d)\d{{3}}-\d\d-\d{{4}}(?!\d)|(?<!\d)\d{{6}}{_YEAR}\d{{7}}[\dx](?!\d)",
    ACCOUNT: r"\b[a-z]{2}\d\d(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,4})?\b",
    VEHICLE: r"\b(?=[a-hj-npr-z0-9]*\d[a-hj-npr-z0-9]*\d)(?=[a-hj-npr-z0-9]*[a-hj-npr-z])"
    r"[a-hj-npr-z0-9]{17}\b",
    PHONE: r"(?<![\w.])(?=(?:\D*\d){9,15}\D*$)(?:\+|00|0|\()[\d ()./-]{8,}\d(?![\w.])",
    RECORD: r"(?<![\d.])\d{9,}(?![\d.])",
    PLACES: r"\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b|(?<!\d)\d{5}-\d{4}(?!\d)"
    r"|\b\d+,? (?:rue|avenue|boulevard)\b|\b\d+ \w+ (?:street|avenue|road|lane)\b"
    r"|\w(?:straße|strasse|str\.) ?\d",
    BIOMETRIC: r"\b[acgt]{20,}\b",
    PHOTO: r"\.(?:jpe?g|png|gif|tiff?|dcm|bmp|heic)$|^data:image",
    NAMES: r"\b(?:dr|mr|mrs|ms|mme|prof|herr|frau|monsieur|madame)\b\.? [^\W\d_]{2,}",
}
_FORMS = {kind: re.compile(form, re.IGNORECASE) for kind, form in PATTERNS.items()}

# Days since 1899-12-30 of the years 1940 to 2050, as Excel stores them.
EXCEL_DAYS = (14611, 55153)
OLDEST_AGE = 89
# How many units an age of a year has, where a column's name tells the unit.
YEAR_IN = {"months": 12, "weeks": 52, "days": 365}
PSEUDONYM_DIGITS = 5
PLAIN_NUMBER = r"-?(?:0|[1-9]\d{0,6})(?:\.\d+)?"
RECORD_DIGITS = 6
LONG_DIGITS = 9
ROWS_MIN = 5
MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFinding:
    """One class of identifier in one column: where, how often, what mends it; never a value.

    Attributes
    ----------
    column : str
        Its name, or its place if the name itself looks like an identifier.
    kind : str
        One of the classes of this module.
    rows : int
        Rows concerned.
    mend : str
        What to do.
    reason : str
        Why it is let pass; empty unless it was overridden.
    """

    column: str
    kind: str
    rows: int
    mend: str
    reason: str = ""

    @property
    def key(self) -> str:
        """How an override names the finding: ``COLUMN: CLASS``."""
        return f"{self.column}: {self.kind}"

    def __str__(self) -> str:
        rows = f"{self.rows} row{'s' * (self.rows != 1)}"
        return f"{self.key} in {rows}: {self.mend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What the gate found.

    Attributes
    ----------
    findings : tuple of GateFinding
        In the order of the columns, the groups of patients last.
    notes : tuple of str
        How quasi-identifiers were read, whether k was reached, and the l that was.
    """

    findings: tuple[GateFinding, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every finding, if there is one, was overridden with a reason."""
        return all(finding.reason for finding in self.findings)

    def require_passed(self) -> None:
        """Raise one RairlibError with a line per finding that was not overridden."""
        open_findings = [str(finding) for finding in self.findings if not finding.reason]
        if open_findings:
            raise RairlibError("\n".join(f"gate: {line}" for line in open_findings))

    def to_frame(self, threshold: int = THRESHOLD) -> pd.DataFrame:
        """Return the findings for a report: columns ``column, class, rows, mend, override``.

        Parameters
        ----------
        threshold : int
            Numbers of rows up to this one read ``THRESHOLD or fewer``.
        """
        return pd.DataFrame(
            [
                {
                    "column": finding.column,
                    "class": finding.kind,
                    "rows": str(finding.rows)
                    if finding.rows > threshold
                    else f"{threshold} or fewer",
                    "mend": finding.mend,
                    "override": finding.reason,
                }
                for finding in self.findings
            ],
            columns=["column", "class", "rows", "mend", "override"],
        )


def gate(
    raw: pd.DataFrame,
    quasi_identifiers: Mapping[str, Sequence[float] | None] | Iterable[str] = (),
    sensitive: Iterable[str] = (),
    k: int = 5,
    l: int = 2,  # noqa: E741
    *,
    ids: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
) -> GateReport:
    """Look for what could identify a patient: the classes of Safe Harbor, and small groups.

    Parameters
    ----------
    raw : DataFrame
        The file as read, one row per patient, every column.
    quasi_identifiers : mapping of str to sequence of float, or iterable of str
        Columns that others may know of a patient, such as age and sex. A mapping gives the edges of
        bands of a numeric column, the lower one included; None or an iterable takes values as they
        are.
    sensitive : iterable of str
        Columns that must vary among patients who are alike in the quasi-identifiers.
    k : int
        Least number of patients that must be alike in all quasi-identifiers.
    l : int
        Least number of different values of each sensitive column among them.
    ids : iterable of str
        Columns declared as pseudonyms. Their names do not count against them. A pseudonym is a
        running number: the same signs in every row around at most five digits (six for more than
        10,000 rows), such as ``SIM-001``. Anything else is a record number.
    overrides : mapping of str to str
        ``COLUMN: CLASS`` of a finding → the reason why it is let pass, which the report carries.

    Returns
    -------
    GateReport
        It refuses unless ``passed``.

    Raises
    ------
    RairlibError
        If a declared column is absent, bands are not rising, k or l is below 1, or an override
        names no finding or gives no reason. One line per fault.

    Notes
    -----
    A missing value counts as a value of its own among quasi-identifiers. The number of patients in
    small groups is told, never who they are (Sweeney 2002, doi 10.1142/S0218488502001648;
    Machanavajjhala et al. 2007, doi 10.1145/1217299.1217302; computed by pycanon).
    """
    bands = _bands(quasi_identifiers)
    sensitive, ids = list(sensitive), set(ids)
    _check_declared(raw, bands, sensitive, ids, (k, l))
    whole = raw if isinstance(raw.index, pd.RangeIndex) else raw.reset_index()
    findings = []
    for place, name in enumerate(whole.columns):
        found = _column_findings(str(name), whole.iloc[:, place], str(name) in ids)
        shown = _shown(str(name), place)
        if shown != str(name):
            found.setdefault(CODE, len(whole))
        findings += [
            GateFinding(column=shown, kind=kind, rows=rows, mend=MENDS.get(kind, DROP))
            for kind, rows in found.items()
        ]
    groups, notes = _group_findings(raw, bands, sensitive, k, l)
    report = GateReport(findings=(*findings, *groups), notes=notes)
    return _overridden(report, overrides or {})


def _bands(quasi_identifiers) -> dict[str, Sequence[float] | None]:
    if isinstance(quasi_identifiers, Mapping):
        return dict(quasi_identifiers)
    return dict.fromkeys(quasi_identifiers)


def _check_declared(raw, bands, sensitive, ids, least) -> None:
    faults = [
        f"{kind} {unknown(name, 'column', [str(column) for column in raw.columns])}"
        for kind, names in (("quasi-identifier", bands), ("sensitive", sensitive), ("id", ids))
        for name in names
        if name not in raw.columns
    ]
    for name, edges in bands.items():
        if edges is not None and (not len(edges) or (np.diff(edges) <= 0).any()):
            faults.append(f"quasi-identifier {name}: bands need rising edges")
    faults += [
        f"{letter} must be 1 or more, got {value}"
        for letter, value in zip("kl", least, strict=True)
        if value < 1
    ]
    if faults:
        raise RairlibError("\n".join(f"gate: {fault}" for fault in faults))


def _overridden(report: GateReport, overrides: Mapping[str, str]) -> GateReport:
    known = [finding.key for finding in report.findings]
    faults = [
        f"override {unknown(key, 'finding', known) if known else f'{key!r}: nothing was found'}"
        for key in overrides
        if key not in known
    ]
    faults += [
        f"override {key}: a reason is needed"
        for key, reason in overrides.items()
        if not str(reason).strip()
    ]
    if faults:
        raise RairlibError("\n".join(f"gate: {fault}" for fault in faults))
    findings = (
        replace(finding, reason=overrides.get(finding.key, "")) for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


# --- One column -------------------------------------------------------------------------------


def _shown(name: str, place: int) -> str:
    """Return a column's name, or its place if the name itself looks like an identifier."""
    return f"column {place + 1}" if any(f.search(name) for f in _FORMS.values()) else name


def _column_findings(name: str, column: pd.Series, declared_id: bool) -> dict[str, int]:
    """Return the classes found in one column, with their numbers of rows."""
    counts = _counts(column)
    if counts.empty:
        return {}
    if pd.api.types.is_datetime64_any_dtype(column):
        return {DATES: int(counts.sum())}
    numeric = pd.to_numeric(counts.index.to_series(), errors="coerce").notna().to_numpy()
    found = _age_findings(name, counts)
    if not pd.api.types.is_numeric_dtype(column):
        found |= _text_findings(counts, numeric)
    if numeric.all():
        found = {**_number_findings(name, counts), **found}
    if declared_id:
        return found if found or _is_pseudonym(counts) else {RECORD: int(counts.sum())}
    named = _named_class(name)
    if named and named not in found and not _harmless(named, counts.index):
        found = {named: int(counts.sum()), **found}
    return found


def _counts(column: pd.Series) -> pd.Series:
    """Count the different values that are there, as texts; a whole number without decimals."""
    values = column.dropna()
    if pd.api.types.is_float_dtype(values) and (values % 1 == 0).all():
        values = values.astype("Int64")
    counts = values.astype(str).value_counts()
    counts = counts.groupby(counts.index.str.strip(), sort=False).sum()
    return counts.drop("", errors="ignore")


def _named_class(name: str) -> str:
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    whole = " ".join(words)
    for kind, signs in WORDS.items():
        for sign in signs.split():
            wanted = sign.lstrip("=").replace(";", " ")
            if whole == wanted or (sign[0] != "=" and f" {wanted} " in f" {whole} "):
                return kind
    return ""


def _harmless(kind: str, texts: pd.Index) -> bool:
    """Whether a suspect name stands over plain years, or over a few levels such as yes and no."""
    if kind == DATES and texts.str.fullmatch(_YEAR).all():
        return True
    return texts.str.lower().isin(["yes", "no", "true", "false", "0", "1"]).all()


def _is_pseudonym(counts: pd.Series) -> bool:
    """Whether values are running numbers: they differ in few digits alone."""
    digits = counts.index.str.count(r"\d").max()
    shapes = counts.index.str.replace(r"\d+", "#", regex=True).nunique()
    return bool(shapes == 1 and digits <= max(PSEUDONYM_DIGITS, len(str(counts.sum())) + 1))


def _number_findings(name: str, counts: pd.Series) -> dict[str, int]:
    values, rows = pd.to_numeric(counts.index.to_series()).astype(float), int(counts.sum())
    if not (values % 1 == 0).all():
        return {}
    if _compact_dates(values):
        return {DATES: rows}
    apart = rows >= ROWS_MIN and len(values) > MOSTLY * rows
    if values.between(*EXCEL_DAYS).all() and (apart or _named_class(name) == DATES):
        return {DATES: rows}
    if apart and values.min() >= 10 ** (RECORD_DIGITS - 1):
        return {RECORD: rows}
    long = (values.abs() >= 10 ** (LONG_DIGITS - 1)).to_numpy()
    return {RECORD: int(counts[long].sum())} if long.any() else {}


def _age_findings(name: str, counts: pd.Series) -> dict[str, int]:
    """Find ages over 89, unless all of them are given as 90."""
    words = set(re.findall(r"[a-z]+", name.lower()))
    if not {"age", "alter", "nianling"} & words:
        return {}
    unit = next((days for word, days in YEAR_IN.items() if word in words), 1)
    ages = pd.to_numeric(counts.index.str.extract(r"^(\d+)")[0], errors="coerce") // unit
    over = (ages > OLDEST_AGE).to_numpy()
    return {AGES: int(counts[over].sum())} if (ages > OLDEST_AGE + 1).any() else {}


def _compact_dates(values: pd.Series) -> bool:
    """Whether numbers such as 20190503 are all dates."""
    if not values.between(19000101, 20991231).all():
        return False
    return bool(pd.to_datetime(values.astype(int).astype(str), errors="coerce").notna().all())


def _text_findings(counts: pd.Series, numeric: np.ndarray) -> dict[str, int]:
    # A decimal number such as 5.2019 is no month and year.
    found, still = {}, counts[~counts.index.str.fullmatch(PLAIN_NUMBER)]
    for kind, form in _FORMS.items():
        seen = np.array([form.search(text) is not None for text in still.index], dtype=bool)
        if seen.any():
            found[kind] = int(still[seen].sum())
            still = still[~seen]
    if not found and not _is_pseudonym(counts):
        found = _distinct_findings(counts[~numeric], int(counts.sum()))
    return found


def _distinct_findings(counts: pd.Series, rows: int) -> dict[str, int]:
    """Judge texts that are no numbers by how many rows share them."""
    if counts.empty:
        return {}
    words = counts.index.str.split().str.len().to_numpy()
    own = counts.to_numpy() == 1
    apart = rows >= ROWS_MIN and len(counts) > MOSTLY * rows
    if apart:
        coded = counts.index.str.contains(r"\d").mean() > MOSTLY
        return {CODE if coded and words.max() == 1 else TEXT: int(counts.sum())}
    long = own & (words >= 5)
    several = own & (words >= 3)
    if long.any() or several.sum() > max(20, 0.1 * rows):
        return {TEXT: int((long | several).sum())}
    return {}


# --- Groups of patients -----------------------------------------------------------------------


def _group_findings(raw, bands, sensitive, k, l):  # noqa: E741
    if not bands or raw.empty:
        return (), ("no quasi-identifiers were declared: groups of patients were not looked at",)
    names, notes = list(bands), []
    table = pd.DataFrame(index=range(len(raw)))
    for name, edges in bands.items():
        table[name] = _as_groups(raw[name], edges)
        if edges is not None:
            told = ", ".join(f"{edge:g}" for edge in edges)
            notes.append(f"{name}: counted in bands from {told}, not as single values")
        elif pd.api.types.is_numeric_dtype(raw[name]):
            notes.append(f"{name}: numeric, counted as single values; bands were not declared")
    for name in sensitive:
        table[name] = _as_groups(raw[name], None)
    sizes = table.groupby(names)[names[0]].transform("size")
    label = f"quasi-identifiers {', '.join(names)}"
    reached = k_anonymity(table, names)
    # Above the wanted number it would tell how many patients the smallest group has.
    notes.append(f"k-anonymity {f'{k} or more' if reached >= k else f'below {k}'}, wanted {k}")
    found = []
    if (sizes < k).any():
        found.append((label, SMALL_GROUPS, int((sizes < k).sum())))
    for name in sensitive:
        notes.append(f"{name}: l-diversity {l_diversity(table, names, [name])}, wanted {l}")
        kinds = table.groupby(names)[name].transform("nunique")
        if (kinds < l).any():
            found.append((name, ALIKE, int((kinds < l).sum())))
    findings = tuple(
        GateFinding(column=column, kind=kind, rows=rows, mend=MENDS[kind])
        for column, kind, rows in found
    )
    return findings, tuple(notes)


def _as_groups(column: pd.Series, edges: Sequence[float] | None) -> np.ndarray:
    """Return values as texts, numbers by the band in which they fall, missing ones as such."""
    absent = column.isna().to_numpy()
    if edges is not None:
        numbers = pd.to_numeric(column, errors="coerce")
        if (numbers.isna().to_numpy() & ~absent).any():
            raise RairlibError(f"gate: quasi-identifier {column.name}: bands need numbers alone")
        column = pd.Series(np.searchsorted(np.asarray(edges, float), numbers, side="right"))
    return np.where(absent, "missing", column.astype(str).to_numpy())
