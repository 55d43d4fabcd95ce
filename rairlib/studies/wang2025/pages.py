"""Qingdao: what the chapters on Wang et al. 2025 show, printed beside recomputed."""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from rairlib.checks.cells import whole_number
from rairlib.pages.common import (
    agree,
    attached,
    cell,
    ranges_beside_print,
    recomputed,
    shown,
    with_limits,
)
from rairlib.pages.exercises import exercise
from rairlib.reconstruct.accounts import Hypothesis
from rairlib.reconstruct.logistic import agreement
from rairlib.reconstruct.printed_models import PrintedModel, printed_models
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import load_witness
from rairlib.stats.cox import cox, landmark
from rairlib.stats.roc import dichotomise
from rairlib.stats.survival import log_rank
from rairlib.studies.wang2025.analysis import BY_PROGRESSION, TABLE_5_MODEL, evaluable
from rairlib.studies.wang2025.printed import (
    AVID,
    avidity_cases,
    avidity_logrank,
    avidity_unions,
    left_out,
    tg_table,
    univariable_splits,
)

STUDY = "wang2025"
TIME, EVENT = OUTCOME = ("pfs", "progressed")
# As short as a forest plot on a phone needs them; the level is the numerator of the ratio.
SHORT = {
    "gender": "Female",
    "age_55": "Age ≥55 y",
    "histology": "Follicular",
    "multicentricity": "One focus",
    "tumor_size_4": "Size >4 cm",
    "lnm_ratio_50": "Node ratio\n≥50 %",
    "ete": "No extension",
    "t_stage": "T1 to T3",
    "n_stage": "N0 or N1a",
    "ps_tg_528": "ps-Tg ≥528.5",
    "rai_avid_status": "Partial or\nno avidity",
    "lm_size_1": "Lung met.\n≥1 cm",
}
CHARACTERISTICS = {
    "gender": "gender",
    "age": "age (years)",
    "age_55": "age (years)",
    "histology": "histology",
    "multicentricity": "multicentricity",
    "tumor_size": "tumour size (cm)",
    "tumor_size_4": "tumour size (cm)",
    "ete": "extension (ETE)",
    "t_stage": "T stage",
    "n_stage": "N stage",
    "lnm_ratio": "node ratio (%)",
    "lnm_ratio_50": "node ratio (%)",
    "lm_size_1": "lung metastasis (cm)",
    "ps_tg": "ps-Tg (ng/mL)",
    "ps_tg_528": "ps-Tg (ng/mL)",
    "rai_avid_status": "avidity status",
    "follow_up": "follow-up (months)",
}
# What hangs on each finding on the wording.
CONSEQUENCES = {
    "text-01": "nothing, unless a tumour measured exactly 4 cm",
    "text-02": "nothing, unless a largest lesion measured exactly 1 cm",
    "text-03": "the response class of a patient whose largest lesion measured exactly 1 cm",
    "text-04": "the class of at least three patients without progression; not who progressed",
    "text-05": "the direction: the ratio belongs to the lack of avidity",
    "text-06": "from which blood sample a reader takes the value to compare with the cut-off",
    "text-07": "a conclusion: no table tests the cut-off against refractory disease",
    "text-08": "nothing; read progression-free survival",
    "text-09": "to whom the results apply",
    "text-10": "how the univariable part of Table 4 is to be cited",
    "text-11": "nothing; the bracket splits all patients",
    "text-12": "who was left out, and so of whom Table 5 speaks",
    "text-13": "who is avid in Table 5",
    "text-14": "Table 5 and Figure 5A compare different groups",
    "text-15": "how much of Figure 5 is there by definition",
    "text-16": "the lesion size that eight patients without a visible lesion are given",
    "text-17": "who counts as the first type of refractory disease",
    "text-18": "how the models were chosen, and with it how far their p values can be trusted",
    "text-19": "Table 5 and Figure 5A compare different groups",
    "text-20": "what the ROC curve measures: it ignores how long a patient was followed",
    "text-21": "who was left out, and so how many RAIR patients Table 5 calls avid",
    "text-22": "nothing in the results; do not cite the two rates as this study's",
}


def short_terms(table: pd.DataFrame) -> pd.DataFrame:
    """Name the terms of a regression by the level in the numerator, short enough for a phone.

    Parameters
    ----------
    table : DataFrame
        Indexed by terms such as ``age_55: ≥55 vs <55``, or by variables.

    Returns
    -------
    DataFrame
        The same numbers.
    """
    names = [SHORT.get(term.split(":")[0], term).replace("\n", " ") for term in table.index]
    return table.set_axis(pd.Index(names, name="against its reference"))


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Name the rows of a table by ``variable, level`` for readers, and blank its underscores.

    Parameters
    ----------
    table : DataFrame
        Indexed by ``variable, level``; columns in snake case.

    Returns
    -------
    DataFrame
        The same numbers, indexed by ``characteristic, level``.
    """
    index = [(CHARACTERISTICS[variable], level) for variable, level in table.index]
    named = table.rename(columns=lambda name: name.replace("_", " "))
    return named.set_axis(pd.MultiIndex.from_tuples(index, names=["characteristic", "level"]))


# --- Printed numbers and those of a cohort, for figures ---------------------------------------


def _sources(numbers: Iterable[ReportedNumber], values: Mapping[str, float]) -> list[tuple]:
    """Return one row as reported and one as reproduced."""
    return [
        ("reported", *(row.number.value for row in numbers)),
        ("reproduced", *(values[row.id] for row in numbers)),
    ]


def forest_rows(registry: Registry, results: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """Set printed ratios with their limits beside those of a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.pages.common.recomputed`.
    statistic : str
        ``odds_ratio`` (Table 4) or ``hazard_ratio`` (Table 5).

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.forest.draw_forest_models` needs it; a term is the name
        of a variable.
    """
    values = recomputed(registry, results)
    rows = [
        (ratio.method, ratio.variable, *source)
        for ratio in registry.where(statistic, repeats="")
        for source in _sources(with_limits(registry, ratio), values)
    ]
    return pd.DataFrame(rows, columns=["model", "term", "source", "estimate", "low", "high"])


def quartile_rows(
    registry: Registry, results: pd.DataFrame, variable: str, groups: Iterable[str]
) -> pd.DataFrame:
    """Set printed medians and quartiles beside those of a cohort.

    Parameters
    ----------
    registry, results
        As for :func:`forest_rows`.
    variable : str
        A continuous variable.
    groups : iterable of str
        Groups for which quartiles are printed.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.patients.draw_box_plot` needs it.
    """
    values, rows, names = recomputed(registry, results), [], ("q1", "median", "q3")
    for group in groups:
        place = {"variable": variable, "group": group, "repeats": ""}
        numbers = [registry.where(name, **place)[0] for name in names]
        rows += [(group, *source) for source in _sources(numbers, values)]
    return pd.DataFrame(rows, columns=["group", "source", *names])


def far_from_print(registry: Registry, found: pd.DataFrame) -> pd.DataFrame:
    """Say how far the hazard ratios of cohorts are from the print.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    found : DataFrame
        Columns ``composition, variable, method, value``.

    Returns
    -------
    DataFrame
        One row per composition and model; columns ``hazard ratios``, ``median, %``, ``95 %, %``
        and ``largest, %``: absolute distances.
    """
    printed = {
        (row.variable, row.method): row.number.value
        for row in registry.where("hazard_ratio", repeats="")
    }
    target = [printed[key] for key in zip(found["variable"], found["method"], strict=True)]
    far = (100 * (found["value"] / target - 1)).abs()
    far = far.groupby([found["composition"], found["method"]], sort=False)
    columns = {
        "hazard ratios": far.size(),
        "median, %": far.median(),
        "95 %, %": far.quantile(0.95),
        "largest, %": far.max(),
    }
    return pd.DataFrame(columns).rename_axis(["composition", "model"])


def ranges_by_composition(registry: Registry, ensemble: pd.DataFrame) -> pd.DataFrame:
    """Set the held-out numbers beside their ranges under each composition of the patients at risk.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    ensemble : DataFrame
        See :func:`rairlib.registry.studies.load_ensemble`.

    Returns
    -------
    DataFrame
        Indexed by identifier: ``number, printed``, the ends of the central 95 % under each
        composition, and ``holds the print``, the compositions whose range does.
    """
    parts = ensemble.groupby("composition")
    each = {name: ranges_beside_print(registry, part) for name, part in parts}
    table = next(iter(each.values()))[["number", "printed"]].copy()
    holds = pd.DataFrame({name: ranges["holds the print"] for name, ranges in each.items()})
    for name, ranges in each.items():
        for end in ("2.5 %", "97.5 %"):
            table[f"{name}: {end}"] = ranges[end]
    told = [", ".join(row.index[row == "yes"]) or "neither" for _, row in holds.iterrows()]
    return table.assign(**{"holds the print": told})


# --- Tables 3, 4 and 5, printed beside recomputed ---------------------------------------------


def line_of(row: ReportedNumber) -> tuple[str, str]:
    """Return characteristic and level of a number; of a continuous variable, which summary."""
    summary = "range" if row.statistic in ("minimum", "maximum") else "median (quartiles)"
    return CHARACTERISTICS[row.variable], row.level or summary


def groups_compared(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the univariable part of Table 4 beside a cohort.

    Parameters
    ----------
    registry, results
        As for :func:`forest_rows`.

    Returns
    -------
    DataFrame
        Indexed by characteristic and level: the patients of each group in the cohort, whether all
        of this is as printed, and the test statistic (χ², or U for ps-Tg) and p value, printed
        and recomputed, in the first line of a characteristic.
    """
    values, rows = recomputed(registry, results), {}
    table = {"locus": "Table 4", "group": "RAIR vs RAIA"}
    for statistic in registry.where(("chi_square", "u_statistic"), **table):
        p_value = attached(registry, statistic, "p_value")
        tests = {
            "χ² or U, printed": statistic.printed,
            "recomputed": shown(statistic, values[statistic.id]),
            "p, printed": p_value.printed,
            "p, recomputed": shown(p_value, values[p_value.id]),
        }
        lines = {}
        for group in ("RAIA", "RAIR"):
            for row in registry.where(locus="Table 4", variable=statistic.variable, group=group):
                lines.setdefault(line_of(row), {"RAIA": [], "RAIR": []})[group].append(row)
        for line, groups in lines.items():
            rows[line] = {
                **{group: cell(numbers, values) for group, numbers in groups.items()},
                "as printed": agree([*groups["RAIA"], *groups["RAIR"]], values),
                **tests,
            }
            tests = dict.fromkeys(tests, "")
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_axis(pd.MultiIndex.from_tuples(rows, names=["characteristic", "level"]))


# --- The models behind the multivariable column of Table 4 ------------------------------------


LABELS = {
    "age_55": "age",
    "tumor_size_4": "tumour size",
    "ete": "extrathyroidal extension",
    "t_stage": "T stage",
    "lm_size_1": "largest lung metastasis",
}
STATISTICS = {
    "odds_ratio": "odds ratio",
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "p_value": "p",
}


def table_four_model(registry: Registry) -> PrintedModel:
    """Return the multivariable column of Table 4, as if it were one model."""
    (model,) = printed_models(registry)
    return model


def hypotheses_table(found: list[Hypothesis]) -> pd.DataFrame:
    """Return the accounts of Table 4's rows with what became of them.

    Parameters
    ----------
    found : list of Hypothesis
        See :func:`rairlib.reconstruct.accounts.hypotheses`.

    Returns
    -------
    DataFrame
        Indexed by ``account``: ``taken for granted``, ``numbers it would explain`` (of the 15
        odds ratios and limits), ``joint tables tried``, ``that agree`` (``unknown`` where they
        cannot be counted), ``search``, ``verdict`` and ``why``.
    """
    rows = [
        {
            "account": one.hypothesis,
            "taken for granted": _in_words(one.constraint) or "nothing",
            "numbers it would explain": one.numbers,
            "joint tables tried": _counted(one.candidates),
            "that agree": _counted(one.agreeing),
            "search": one.search,
            "verdict": one.verdict,
            "why": _in_words(one.reason),
        }
        for one in found
    ]
    return pd.DataFrame(rows).set_index("account")


def _counted(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _in_words(text: str) -> str:
    for name, label in LABELS.items():
        text = re.sub(rf"\b{name}\b", label, text)  # not the end of "complete"
    return text


# --- What the print alone says about progression ----------------------------------------------


def avidity_table(registry: Registry) -> pd.DataFrame:
    """Test what Table 5 can mean by RAI-avid, step by step.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``verdict`` (``excluded``, ``open``) and ``why``, indexed by hypothesis and step;
        the steps say whether they are arithmetic, a proof under a named premise, or a reading.
    """
    unions, cases = avidity_unions(registry), avidity_cases(registry)
    logrank = avidity_logrank(registry)
    alone, joined = unions.index
    tried, needed = unions["unions_tried"].iloc[0], unions["events_needed"].iloc[0]
    most, fall = format_value(logrank["most"], 1), format_value(100 * logrank["fall"], 1)
    rows = [
        (f"a union of classes other than {alone} and {joined}", "arithmetic", "excluded",
         f"{len(unions)} of {tried} unions can hold the printed number of patients"),
        (alone, "proof if RAIA has no progression by definition", "excluded",
         f"the interval needs {needed} events among the RAI-avid, RAIA has none"),
        (alone, "proof if few share their time", "excluded",
         f"it would be the split of Figure 5A, whose log-rank statistic is {logrank['printed']}; "
         f"this split has at most {most}, unless the curve of all falls to {fall} % at once"),
        (alone, "reading of Section 2.3", "speaks against it",
         "all patients left out would be refractory; the text leaves out avid lesions"),
        (joined, "arithmetic and definition", "open",
         f"{unions['compositions_left'].iloc[1]} of {unions['compositions'].iloc[1]} compositions "
         f"give {needed} events: all of the type progressed, and one RAIR patient of another "
         "type is left out"),
        (joined, "reading of Section 2.3", "speaks against it",
         "one patient left out would not be RAIA; lesions that never took up iodine, and those of "
         "partial uptake, are known from CT, so that lost avidity remains"),
        *(_case(out, row) for out, row in cases.iterrows() if row["possible"]),
        (f"fewer than {cases.index[cases['possible']].min()} RAIA left out",
         "proof if events occur in RAIR alone and evaluable RAIA are RAI-avid", "excluded",
         f"too few RAIR patients among the RAI-avid for {needed} events"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["RAI-avid", "step", "verdict", "why"])
    return table.set_index(["RAI-avid", "step"])


def _case(out: int, row: pd.Series) -> tuple[str, str, str, str]:
    among, needed = row["RAIR among the avid"], row["events needed"]
    return (
        f"RAIA and {among} RAIR patients of any type",
        "arithmetic and definition",
        "open",
        f"{out} RAIA and {row['RAIR left out']} RAIR left out; Figure 5A compares "
        f"{row['RAIA evaluable']} with {row['RAIR evaluable']}; {needed} to {among} of the {among} "
        "progressed",
    )


# --- Answers to the exercises, computed from registry and code so that they cannot rot --------


EXERCISES = {}
OTHER_CUTOFF = 300
LANDMARK = 12


@exercise(EXERCISES, "qingdao: a percentage", 0.05)
def _percentage() -> float:
    """Part over whole, times 100, rounded to one decimal."""
    registry = load_registry(STUDY)
    part, whole = (registry[f"section-3.4-{n}"].number.value for n in ("11", "03"))
    return 100 * part / whole


@exercise(EXERCISES, "qingdao: the other way round", 0.005)
def _with_invasion() -> list[float]:
    """Each number becomes 1 over itself, and the limits change places."""
    registry = load_registry(STUDY)
    return [1 / registry[f"table5-{n}"].number.value for n in (59, 61, 60)]


@exercise(EXERCISES, "qingdao: a chi-square", 0.0005)
def _chi_square() -> float:
    """Pearson's statistic, without the continuity correction, with three decimals."""
    return load_registry(STUDY).where("chi_square", variable="ete")[0].number.value


@exercise(EXERCISES, "qingdao: who was left out", 0)
def _left_out() -> list[int]:
    """Table 3 counts all patients, Table 5 the evaluable ones: subtract level by level."""
    table = left_out(load_registry(STUDY))["not_evaluable"]
    return [
        int(table[key]) for key in (("gender", "Male"), ("n_stage", "N1b"), ("lm_size_1", "≥1"))
    ]


@exercise(EXERCISES, "qingdao: events of a year", 0)
def _early_events() -> int:
    """If nobody leaves, the rate is the share of patients without the event."""
    registry = load_registry(STUDY)
    (rate,) = registry.where("survival_percent", locus="Section 3.6", level="12 months")
    total = whole_number(registry.size("evaluable"))
    return next(n for n in range(total) if rate.number.agrees(100 * (1 - n / total)))


@exercise(EXERCISES, "qingdao: four counts", 0)
def _four_counts() -> list[int]:
    """With progression: above and below the cut-off; then without: above and below."""
    return list(tg_table(load_registry(STUDY)).values())[1:]


@exercise(EXERCISES, "qingdao: age and stage", 0)
def _age_and_stage() -> list[int]:
    """Count the tables that can be split by outcome, and find the one that agrees."""
    pair = table_four_model(load_registry(STUDY)).restricted(("age_55", "t_stage"))
    tables = pair.candidates()
    agrees = agreement(tables, pair.targets())["age_55", "odds_ratio"].to_numpy()
    (cells,) = tables.cells[agrees].tolist()
    # Level 1 is the numerator's: age ≥55, stage T1 to T3. The third cell is ≥55 with T4.
    return [len(tables.cells), cells[2]]


@exercise(EXERCISES, "qingdao: events from an interval", 0)
def _least_events() -> int:
    """Divide the log of the ratio of the limits by 2 · 1.96: that is the standard error."""
    return univariable_splits(load_registry(STUDY))[AVID].ranges()[1][0]


@exercise(EXERCISES, "qingdao: a definition", 0.005)
def _log_rank_by_uptake() -> float:
    """Those who progressed despite avidity go to the avid; two decimals."""
    patients = evaluable(load_witness(STUDY))
    status = patients["rair"].mask(patients["rair_type"] == BY_PROGRESSION, "RAIA")
    return log_rank(patients[TIME], patients[EVENT], status).statistic


@exercise(EXERCISES, "qingdao: another cut-off", 0.0005)
def _ratio_at_another_cutoff() -> float:
    """One covariate, ties by Breslow's method, three decimals."""
    patients = evaluable(load_witness(STUDY))
    patients["high"] = dichotomise(patients["ps_tg"], OTHER_CUTOFF)
    levels = {"high": (f"≥{OTHER_CUTOFF}", f"<{OTHER_CUTOFF}")}
    return _ratio(cox(patients, *OUTCOME, levels))


@exercise(EXERCISES, "qingdao: a landmark", 0.0005)
def _ratio_after_landmark() -> float:
    """Keep those observed beyond the landmark without progression; three decimals."""
    patients = landmark(evaluable(load_witness(STUDY)), TIME, LANDMARK)
    return _ratio(cox(patients, *OUTCOME, {AVID: TABLE_5_MODEL[AVID]}))


def _ratio(estimates: pd.DataFrame) -> float:
    return estimates.set_index("statistic").loc["hazard_ratio", "estimate"]
