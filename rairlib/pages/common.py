"""Frames for the chapters of every study."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
from myst_nb import glue
from scipy.stats import fisher_exact
from scipy.stats.contingency import odds_ratio

from rairlib.checks.cells import attached, whole_number
from rairlib.checks.wording import load_text_findings
from rairlib.errors import RairlibError
from rairlib.pages.tables import beside, what
from rairlib.registry.agreement import agreeing, central_range, match
from rairlib.registry.kept_files import kept_file
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.studies import load_studies, study_file
from rairlib.registry.vocabulary import BASES, ROLES, TESTS, VERDICTS
from rairlib.verdicts.trial import NOT_TRIED, kind_of_quantity
from rairlib.verdicts.verdicts import TESTED, bases

NO_PROPERTY = "not a property of the cohort"
ROLE_MEANINGS = {
    "design": "defines something; nothing to recompute",
    "derivable": "other printed numbers determine it",
    "anchor": "used to build the cohort",
    "held_out": "the cohort determines it, and it was not used to build it",
    "unavailable": "needs what nobody published",
}


def study_facts(study: str) -> pd.DataFrame:
    """Return what identifies a study, one fact per row.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Column ``as the paper says``, indexed by the fact.
    """
    facts = load_studies()[study]
    rows = {
        "reference": facts.citation,
        "doi": facts.doi,
        "design": facts.design,
        "patients": facts.n,
        "outcome": facts.outcome,
        "software": facts.software,
    }
    return pd.DataFrame({"as the paper says": {name: text for name, text in rows.items() if text}})


def flow_boxes(registry: Registry, flow: Iterable[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Count the patients in the boxes of a flow chart.

    Parameters
    ----------
    registry : Registry
        Any paper.
    flow : iterable of (str, str, str, str)
        Group, text, parent and kind of each box.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.flow_chart.draw_flow_chart` needs it.
    """
    rows = [(name, text, whole_number(registry.size(name)), *rest) for name, text, *rest in flow]
    return pd.DataFrame(rows, columns=["box", "text", "n", "parent", "kind"])


def role_counts(registry: Registry) -> pd.DataFrame:
    """Count a paper's numbers by role, repeats apart.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    DataFrame
        Columns ``meaning, numbers, repeats``, indexed by role; roles without numbers left out.
    """
    table = registry.frame()
    repeated = table["repeats"].ne("").map({False: "numbers", True: "repeats"})
    counts = pd.crosstab(table["role"], repeated).rename_axis(columns=None)
    counts = counts.reindex(columns=["numbers", "repeats"], fill_value=0)
    counts = counts.loc[[role for role in ROLES if role in counts.index]]
    counts.insert(0, "meaning", counts.index.map(ROLE_MEANINGS))
    return counts.rename(index=lambda role: role.replace("_", " "))


def check_labels(findings: pd.DataFrame) -> dict[str, str]:
    """Return the names of the checks as words.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.checks.findings.findings_frame`.

    Returns
    -------
    dict of str to str
        ``grim`` and ``grimmer`` in capitals, underscores as blanks.
    """
    capital = {"grim": "GRIM", "grimmer": "GRIMMER"}
    names = dict.fromkeys(findings["check"])
    return {name: capital.get(name, name.replace("_", " ")) for name in names}


def wording(study: str) -> pd.DataFrame:
    """Return what does not go together in the wording of a paper, both places quoted.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns ``status, one place, another place, what does not go together``.
    """
    return _quoted(study).drop(columns="about")


def wording_and_consequence(study: str, consequences: dict[str, str]) -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Parameters
    ----------
    study : str
        Key of the study.
    consequences : dict of str to str
        What hangs on each finding, by its identifier.

    Returns
    -------
    DataFrame
        Indexed by finding, proofs first: ``status, about, one place, another place, what hangs on
        it``.
    """
    table = _quoted(study).drop(columns="what does not go together")
    table["what hangs on it"] = [consequences[name] for name in table.index]
    return table.sort_values("status", kind="stable")


def _quoted(study: str) -> pd.DataFrame:
    rows = {
        finding.id: {
            "status": finding.status,
            "about": finding.kind,
            "one place": f"{finding.locus_a}: “{finding.quote_a}”",
            "another place": f"{finding.locus_b}: “{finding.quote_b}”",
            "what does not go together": finding.text,
        }
        for finding in load_text_findings(study)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding")


def verdict_board(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of one study by what they rest on, repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.verdicts.study_verdicts`.

    Returns
    -------
    DataFrame
        One row per basis, independent tests first, one column per verdict, and
        totals; bases and verdicts that do not occur are left out.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    margins = {"margins": True, "margins_name": "all"}
    counts = pd.crosstab(bases(originals), originals["verdict"], **margins)
    rows = [name for name in (*BASES.values(), "all") if name in counts.index]
    counts = counts.loc[rows, [name for name in (*VERDICTS, "all") if name in counts.columns]]
    return counts.rename_axis(index="basis", columns=None)


def verdict_counts(verdicts: pd.DataFrame) -> dict[str, int]:
    """Count verdicts for sentences, repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.verdicts.all_verdicts`.

    Returns
    -------
    dict of str to int
        ``printed, repeats, originals, tested, independent, bookkeeping``; each verdict by its
        name, and those of evidence also as ``reproduced_independent`` and so on.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    verdict, test = originals["verdict"], originals["test"]
    counts = {
        "printed": len(verdicts),
        "repeats": len(verdicts) - len(originals),
        "originals": len(originals),
        "tested": int(originals["evidence"].isin(TESTED).sum()),
    }
    counts |= {name: int((test == name).sum()) for name in TESTS}
    counts |= {name.replace(" ", "_"): int((verdict == name).sum()) for name in VERDICTS}
    return counts | {
        f"{name}_{kind}": int(((verdict == name) & (test == kind)).sum())
        for name in VERDICTS[:4]
        for kind in TESTS
    }


# What became of a number, in words that need no explanation; in the order of the front page.
PLAIN = {
    "recomputed by an independent route": ("reproduced, independent",),
    "follows by bookkeeping": ("reproduced, bookkeeping",),
    "possible": ("compatible",),
    "does not fit": ("differs", "contradicted"),
    "cannot be tested from print": ("met", "missed", "given", "not assessable"),
}


def plain_board(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count what became of the numbers in plain words, repeats left out.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.verdicts.all_verdicts`.

    Returns
    -------
    DataFrame
        One row per entry of :data:`PLAIN` and ``all``, one column per study and ``all``; the
        rows add up.
    """
    originals = verdicts[verdicts["repeats"] == ""]
    verdict, test = originals["verdict"], originals["test"]
    became = verdict.where(verdict != "reproduced", verdict + ", " + test)
    told = became.map({name: words for words, names in PLAIN.items() for name in names})
    margins = {"margins": True, "margins_name": "all"}
    counts = pd.crosstab(told, originals["study"], **margins)
    studies = [study for study in load_studies() if study in counts]
    counts = counts.reindex(index=[*PLAIN, "all"], columns=[*studies, "all"], fill_value=0)
    return counts.rename_axis(index=None, columns=None)


def beside_in(verdicts: pd.DataFrame, locus: str, statistic: str = "") -> pd.DataFrame:
    """Set the numbers of one place beside recomputed ones, without naming the place in each row.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.verdicts.study_verdicts`.
    locus : str
        The place, for example ``Table 2``.
    statistic : str
        Keep this statistic alone; empty for all.

    Returns
    -------
    DataFrame
        Columns ``number, printed, recomputed, evidence, verdict``, indexed by identifier.
    """
    chosen = verdicts[verdicts["locus"] == locus]
    if statistic:
        chosen = chosen[chosen["statistic"] == statistic]
    return beside(chosen.assign(group="")).drop(columns="place")


def load_achieved(study: str) -> pd.DataFrame:
    """Load the report of targets and achieved values of a study's simulated cohort.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns as :func:`rairlib.studies.simulations.achieved`.
    """
    return pd.read_csv(
        study_file(study, "achieved.csv"),
        dtype={"printed": str},
        keep_default_na=False,
        na_values={"achieved": [""]},
        encoding="utf-8",
    )


def load_result(study: str, name: str) -> pd.DataFrame:
    """Load a kept result of a study.

    Parameters
    ----------
    study : str
        Key of the study.
    name : str
        For example ``unpublished``.

    Returns
    -------
    DataFrame
        The columns of ``data/results/STUDY_NAME.csv``.
    """
    return pd.read_csv(kept_file(f"results/{study}_{name}.csv"), encoding="utf-8")


def hits_by_role(achieved: pd.DataFrame) -> pd.DataFrame:
    """Count the targets that a simulated cohort hits, by role.

    Parameters
    ----------
    achieved : DataFrame
        See :func:`load_achieved`.

    Returns
    -------
    DataFrame
        One row per role, columns ``hit, missed, not a property of the cohort``.
    """
    counts = _hits(achieved, achieved["role"]).rename_axis(index="role")
    counts = counts.reindex([role for role in ROLES if role in counts.index])
    return counts.rename(index=lambda role: role.replace("_", " "))


def _hits(achieved: pd.DataFrame, by: pd.Series | list[pd.Series]) -> pd.DataFrame:
    counts = pd.crosstab(by, achieved["hit"].replace({"yes": "hit", "no": "missed"}))
    return counts.reindex(columns=["hit", "missed", NO_PROPERTY], fill_value=0).rename_axis(
        columns=None
    )


# --- Write recomputed numbers as the print writes its own, so that both can stand side by side ---


def recomputed(registry: Registry, results: pd.DataFrame) -> dict[str, float]:
    """Return what an analysis gives for each reported number that it answers.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        Columns ``statistic, variable, level, group, method, value``, see
        :mod:`rairlib`.

    Returns
    -------
    dict of str to float
        By identifier; where several methods may be meant, the one that agrees with the print.
    """
    return {
        identifier: agreeing(registry[identifier], values)[1]
        for identifier, values in match(registry, results).items()
    }


def shown(row: ReportedNumber, value: float) -> str:
    """Write a recomputed value with the decimals of the print; a small p value with one digit.

    Parameters
    ----------
    row : ReportedNumber
        The number as printed.
    value : float
        The number as recomputed; NaN if it is not.

    Returns
    -------
    str
        A dash if nothing was recomputed.
    """
    if math.isnan(value):
        return "–"
    decimals = row.number.decimals
    if row.number.operator == "=" and row.number.agrees(value):
        return format_value(row.number.value, decimals)  # a tie may be rounded either way
    if row.statistic == "p_value" and value < 10.0**-decimals:
        return f"{value:.1g}"
    return format_value(value, decimals)


def cell(rows: Iterable[ReportedNumber], values: dict[str, float] | None = None) -> str:
    """Join numbers as papers do, 47 (36, 59): from `values` if given, else as printed.

    Parameters
    ----------
    rows : iterable of ReportedNumber
        The first stands before the bracket; two ends of a range are joined by a dash.
    values : dict of str to float, optional
        See :func:`recomputed`.

    Returns
    -------
    str
        For a table.
    """
    rows = list(rows)
    texts = [
        row.printed if values is None else shown(row, values.get(row.id, math.nan)) for row in rows
    ]
    if rows[0].statistic == "minimum":
        return "–".join(texts)
    return texts[0] if len(texts) == 1 else f"{texts[0]} ({', '.join(texts[1:])})"


def agree(rows: Iterable[ReportedNumber], values: dict[str, float]) -> str:
    """Say whether all recomputed numbers round to the print, or how many do.

    Parameters
    ----------
    rows, values
        As for :func:`cell`.

    Returns
    -------
    str
        ``yes`` or, for example, ``2 of 3``.
    """
    rows = list(rows)
    hits = sum(row.number.agrees(values.get(row.id, math.nan)) for row in rows)
    return "yes" if hits == len(rows) else f"{hits} of {len(rows)}"


def with_limits(registry: Registry, ratio: ReportedNumber) -> list[ReportedNumber]:
    """Return a ratio and both its limits.

    Parameters
    ----------
    registry : Registry
        Any paper.
    ratio : ReportedNumber
        For example a hazard ratio.

    Returns
    -------
    list of ReportedNumber
        Three numbers.
    """
    return [ratio, *(attached(registry, ratio, name) for name in ("ci_low", "ci_high"))]


# --- Hand results to the prose of a page ------------------------------------------------------


def keep(**values: float | int | str) -> None:
    """Keep values of a notebook for its prose, where ``{glue:text}`` prints them.

    Parameters
    ----------
    **values : float, int or str
        Name and value. Numbers of numpy become plain ones, which a page can format.
    """
    for name, value in values.items():
        plain = value.item() if isinstance(value, np.generic) else value
        glue(name, plain, display=False)


def keep_printed(registry: Registry, identifiers: str) -> None:
    """Keep reported numbers for the prose of a page, as printed, under their identifiers.

    Parameters
    ----------
    registry : Registry
        Any paper.
    identifiers : str
        Identifiers between blanks, as they stand in the column ``id``.
    """
    keep(**{name: registry[name].printed for name in identifiers.split()})


# --- How far a simulated cohort is from the numbers that it should meet -----------------------


def hits_by_place(achieved: pd.DataFrame, role: str) -> pd.DataFrame:
    """Count the hits of one role by place and statistic.

    Parameters
    ----------
    achieved : DataFrame
        See :func:`rairlib.pages.common.load_achieved`.
    role : str
        For example ``anchor``.

    Returns
    -------
    DataFrame
        Indexed by place and statistic: ``hit, missed``; numbers that are not a property of a
        cohort are left out.
    """
    chosen = achieved[(achieved["role"] == role) & (achieved["hit"] != NO_PROPERTY)]
    statistic = chosen["statistic"].str.replace("_", " ")
    counts = _hits(chosen, [chosen["locus"], statistic])[["hit", "missed"]]
    order = list(dict.fromkeys(zip(chosen["locus"], statistic, strict=True)))
    return counts.reindex(order).rename_axis(index=["place", "statistic"])


# --- Ranges over an ensemble of consistent cohorts, beside the print and for what is not printed


KEY = ["statistic", "variable", "level", "group"]
# Values that are the same but for the noise of floating point.
TIE = 1e-9


def ranges_beside_print(
    registry: Registry, ensemble: pd.DataFrame, role: str = "held_out"
) -> pd.DataFrame:
    """Set reported numbers beside their range over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers of the study.
    ensemble : DataFrame
        See :func:`rairlib.registry.studies.load_ensemble`.
    role : str
        The role of the numbers that are wanted.

    Returns
    -------
    DataFrame
        Indexed by identifier, in the order of the paper, repeats left out: ``number, printed``,
        ``2.5 %``, ``median``, ``97.5 %`` over the cohorts, whether this range holds a value that
        rounds to the print, and the percentage of cohorts whose value does.
    """
    by_key = dict(list(ensemble.groupby(KEY, sort=False)))
    rows = {}
    for row in registry:
        if row.role == role and not row.repeats and row.key[:4] in by_key:
            rows[row.id] = _beside(row, _of_method(by_key[row.key[:4]], row.method)["value"])
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


def _of_method(part: pd.DataFrame, method: str) -> pd.DataFrame:
    """Keep the method that the print names, or the first where it names none."""
    wanted = method if (part["method"] == method).any() else part["method"].iloc[0]
    return part[part["method"] == wanted]


def _beside(row: ReportedNumber, values: pd.Series) -> dict:
    low, high = central_range(values)
    record = {name: getattr(row, name) for name in (*KEY, "printed")}
    return {
        "number": what(record),
        "printed": row.printed,
        "2.5 %": low,
        "median": values.median(),
        "97.5 %": high,
        "holds the print": "yes" if row.number.overlaps(low, high) else "no",
        "round to the print, %": 100 * values.map(row.number.agrees).mean(),
    }


def unpublished_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Say what the print leaves open for numbers that it does not state.

    Parameters
    ----------
    table : DataFrame
        Columns ``cohort, quantity, value``.

    Returns
    -------
    DataFrame
        Indexed by quantity in order of appearance: ``cohorts`` with a value, ``smallest``,
        ``2.5 %``, ``median``, ``97.5 %``, ``largest``; the ``class`` and how often 95 % ranges of
        this kind ``covered, %`` where the records are open (empty if not tried).
    """
    rows = {}
    for quantity, part in table.groupby("quantity", sort=False):
        values = part["value"].dropna()
        low, high = central_range(values)
        rows[quantity] = {
            "cohorts": len(values),
            "smallest": values.min(),
            "2.5 %": low,
            "median": values.median(),
            "97.5 %": high,
            "largest": values.max(),
            **_class_of(quantity),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")


def told_ranges(ranges: pd.DataFrame) -> pd.DataFrame:
    """Tell ranges by their class: a 95 % range, or what follows if the cohorts are as assumed.

    Parameters
    ----------
    ranges : DataFrame
        See :func:`unpublished_ranges`.

    Returns
    -------
    DataFrame
        Indexed by quantity: ``cohorts, median``, the central 95 % of the cohorts under ``95 %
        range`` or ``if as assumed, then``, and ``class`` and ``covered, %``.
    """
    texts = {name: ranges[name].map("{:.3g}".format) for name in ("2.5 %", "median", "97.5 %")}
    central = texts["2.5 %"] + " to " + texts["97.5 %"]
    told = ranges[["cohorts"]].assign(median=texts["median"])
    told["95 % range"] = central.where(ranges["class"] != NOT_TRIED.label, "")
    told["if as assumed, then"] = central.where(ranges["class"] == NOT_TRIED.label, "")
    return told.join(ranges[["class", "covered, %"]])


def _class_of(quantity: str) -> dict[str, str]:
    kind = kind_of_quantity(quantity)
    return {"class": kind.label, "covered, %": f"{100 * kind.coverage:.0f}" if kind.papers else ""}


def ranges_by_mass(table: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Summarise values that have unequal probabilities, and say how much a range holds of it.

    Parameters
    ----------
    table : DataFrame
        The values, and their ``probability``.
    columns : dict of str to str
        Columns to summarise → label.

    Returns
    -------
    DataFrame
        Indexed by label: ``smallest``, ``2.5 %``, ``median``, ``97.5 %``, ``largest``, and
        ``mass``, the probability from the 2.5 % to the 97.5 % value, both included: where few
        values are possible, it is more than 0.95.
    """
    shares, rows = {"2.5 %": 0.025, "median": 0.5, "97.5 %": 0.975}, {}
    for column, label in columns.items():
        ordered = table.sort_values(column)
        values, chances = ordered[column].to_numpy(), ordered["probability"].to_numpy()
        below = chances.cumsum() / chances.sum()
        at = {name: values[np.searchsorted(below, share)] for name, share in shares.items()}
        held = (values >= at["2.5 %"] - TIE) & (values <= at["97.5 %"] + TIE)
        ends = {"smallest": values[0], **at, "largest": values[-1]}
        rows[label] = {**ends, "mass": chances[held].sum() / chances.sum()}
    return pd.DataFrame.from_dict(rows, orient="index")


def quantities(ranges: pd.DataFrame, labels: dict[tuple[str, str], str]) -> dict[str, str]:
    """Find quantities by topic and name, and label them.

    Parameters
    ----------
    ranges : DataFrame
        Indexed by quantity, see :func:`unpublished_ranges`.
    labels : dict of (str, str) to str
        Topic and name, as the module of the unpublished quantities has them → label.

    Returns
    -------
    dict of str to str
        Quantity as indexed → label, in the order of the labels.

    Raises
    ------
    RairlibError
        If a quantity is absent or stands twice.
    """
    found = {}
    for (topic, name), label in labels.items():
        hits = [q for q in ranges.index if q.startswith(topic) and _rest(q, topic) == name]
        if len(hits) != 1:
            raise RairlibError(f"{topic}, {name}: {len(hits)} quantities have this name")
        found[hits[0]] = label
    return found


def _rest(quantity: str, topic: str) -> str:
    return quantity.removeprefix(topic).lstrip(" :,|/")


def for_figure(ranges: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Choose ranges for :func:`rairlib.figures.ensemble.draw_ranges`.

    Parameters
    ----------
    ranges : DataFrame
        Indexed; columns ``2.5 %, median, 97.5 %``; without a median, a row is left out.
    labels : dict of str to str
        Index → label, in the order of the figure.

    Returns
    -------
    DataFrame
        Columns ``label, low, median, high``.
    """
    names = {"2.5 %": "low", "median": "median", "97.5 %": "high"}
    chosen = ranges.loc[list(labels), list(names)].dropna(subset=["median"]).rename(columns=names)
    return chosen.rename(index=labels).rename_axis("label").reset_index()


# --- How many patients would have to be classified otherwise before an association is gone ----


def reclassified(
    exposed_cases: int, cases: int, exposed_controls: int, controls: int
) -> pd.DataFrame:
    """Turn exposed cases into exposed controls, one after the other.

    Parameters
    ----------
    exposed_cases, cases : int
        Patients with the outcome: exposed, and all.
    exposed_controls, controls : int
        Patients without the outcome: exposed, and all.

    Returns
    -------
    DataFrame
        One row per number of patients moved, from 0 to all exposed cases but one: ``moved,
        exposed_cases, cases, exposed_controls, controls``, the crude ``odds_ratio`` with its Wald
        limits ``low`` and ``high`` (infinite if a cell is empty: odds ratio inf, limits NaN), and
        ``p_value`` of Fisher's exact test.

    Raises
    ------
    RairlibError
        If no case is exposed, all controls are, or more are exposed than there are patients.
    """
    if not (0 < exposed_cases <= cases and 0 <= exposed_controls < controls):
        raise RairlibError("some case must be exposed and some control must not be")
    rows = []
    for moved in range(exposed_cases):
        a, b = exposed_cases - moved, cases - exposed_cases
        c, d = exposed_controls + moved, controls - exposed_controls
        rows.append((moved, a, a + b, c, c + d, *_crude_odds_ratio(a, b, c, d)))
    columns = ["moved", "exposed_cases", "cases", "exposed_controls", "controls"]
    return pd.DataFrame(rows, columns=[*columns, "odds_ratio", "low", "high", "p_value"])


def _crude_odds_ratio(a: int, b: int, c: int, d: int) -> tuple[float, float, float, float]:
    p_value = fisher_exact([[a, b], [c, d]]).pvalue
    if 0 in (b, c):
        return np.inf, np.nan, np.nan, p_value
    crude = odds_ratio([[a, b], [c, d]], kind="sample")
    return crude.statistic, *crude.confidence_interval(0.95), p_value
