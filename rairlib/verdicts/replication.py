"""A study's analysis on another cohort, each estimate beside the reported one.

A cohort is analysed as far as its columns go. What could not be run is told with its reason. A run
on simulated patients is no replication.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from rairlib.cohorts.schema import CohortSchema
from rairlib.cohorts.suppression import PERFORMANCE, suppressed_rows
from rairlib.errors import RairlibError
from rairlib.output import rounded
from rairlib.registry.agreement import RESULTS, match
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import WITNESS, has_file, load_witness
from rairlib.stats.observation import Z_95
from rairlib.studies import part_of
from rairlib.studies.steps import Step

LIMITS = ("ci_low", "ci_high")
NO_PART = "it is no part of the analysis"
MODELS = ("univariable", "multivariable")
AUC_METHODS = ("hanley_mcneil", "delong")
OF_EXP = "wald exp"  # limits of a coefficient, printed as those of its ratio
# What is compared: on which scale, and which value says that there is no effect.
NULL = {"odds_ratio": 1.0, "hazard_ratio": 1.0, "auc": 0.5, "coefficient": 0.0, "mean": np.nan}
LOG = ("odds_ratio", "hazard_ratio")
COMPARED = ("scale", "difference", "low", "high", "z", "p_value", "same_direction", "overlap")


def compare_estimates(printed: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Compare two sets of independent estimates, pair by pair.

    Parameters
    ----------
    printed, found : DataFrame
        One row per estimate, in the same order; columns ``statistic`` (``odds_ratio``,
        ``hazard_ratio``, ``auc``, ``coefficient`` or ``mean``), ``estimate`` and the 95 % limits
        ``low, high`` (NaN where there are none).

    Returns
    -------
    DataFrame
        Index of `printed`. ``scale``: ratios are compared as logarithms (``log``), all else as
        it is (``raw``). ``difference`` is found minus printed, its limits ``low, high``; ``z`` and
        ``p_value`` test that it is 0; NaN where an interval is missing. ``same_direction``:
        whether both lie on the same side of no effect (1 for a ratio, 0.5 for an AUC, 0 for a
        coefficient; missing for a mean and on the point itself). ``overlap``: whether the intervals
        share a value. A standard error is ``(high - low) / (2 · 1.96)``, that of the difference the
        root of the sum of their squares (Altman and Bland 2003, BMJ 326:219).

    Raises
    ------
    RairlibError
        If the two are of different statistics, a ratio or its limit is not above 0, or an interval
        does not hold its estimate.
    """
    statistic = printed["statistic"].to_numpy()
    if len(printed) != len(found) or (statistic != found["statistic"].to_numpy()).any():
        raise RairlibError("estimates can only be compared with those of the same statistic")
    known = [name in NULL for name in statistic]
    if not all(known):
        raise RairlibError(f"estimates of one kind are compared: {', '.join(NULL)}")
    log = np.isin(statistic, LOG)
    ends = [_on_scale(frame, log) for frame in (printed, found)]
    (first, low_1, high_1), (second, low_2, high_2) = ends
    difference = second - first
    error = np.hypot(high_1 - low_1, high_2 - low_2) / (2 * Z_95)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 0, difference / error, np.nan)
    none = np.array([NULL[name] for name in statistic])
    sides = [np.sign(np.asarray(frame["estimate"], float) - none) for frame in (printed, found)]
    return pd.DataFrame(
        {
            "scale": np.where(log, "log", "raw"),
            "difference": difference,
            "low": difference - Z_95 * error,
            "high": difference + Z_95 * error,
            "z": z,
            "p_value": 2 * norm.sf(abs(z)),
            "same_direction": _told(sides[0] == sides[1], np.abs(sides[0] * sides[1]) == 1),
            "overlap": _told((low_1 <= high_2) & (low_2 <= high_1), np.isfinite(error)),
        },
        index=printed.index,
    )


def _on_scale(frame: pd.DataFrame, log: np.ndarray) -> np.ndarray:
    """Return estimates and limits, those of ratios as logarithms; shape (3, estimates)."""
    values = frame[["estimate", "low", "high"]].to_numpy(float).T
    if (values[:, log] <= 0).any():
        raise RairlibError("a ratio and its limits must be above 0")
    estimate, low, high = values
    if ((low > estimate) | (estimate > high)).any():
        raise RairlibError("an interval must hold its estimate")
    return np.where(log, np.log(np.where(log, values, 1.0)), values)


def _told(holds: np.ndarray, known: np.ndarray) -> pd.array:
    return pd.array(np.where(known, holds, None), dtype="boolean")


# --- One cohort beside one study ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """What a cohort gives for the reported numbers of a study.

    Attributes
    ----------
    study : str
        Key of the study.
    patients : int
        Rows of the cohort.
    simulated : bool
        Whether patients are simulated: then it is no replication.
    notes : tuple of str
        Where definitions, design or time of the cohort differ, as its owner says.
    estimates : DataFrame
        One row per reported number that is not a repeat, a limit or a definition: ``id, locus,
        statistic, variable, level, group, method, printed, printed_low, printed_high, found,
        found_low, found_high, cases`` (complete ones), ``step``, the columns of
        :func:`compare_estimates` where it can be compared, and ``reason`` why nothing was found.
    steps : DataFrame
        ``step, patients`` (whom it is about), ``cases`` (complete), ``outcome``: ``run``, or why
        not.
    missing : DataFrame
        ``variable, missing, of`` (patients to whom it applies).
    imputations : int
        Behind the columns ``imputed, imputed_low, imputed_high`` of the estimates; 0 for none.
    threshold : int or None
        Up to which number patients were hidden: those numbers are missing.
    """

    study: str
    patients: int
    simulated: bool
    notes: tuple[str, ...]
    estimates: pd.DataFrame
    steps: pd.DataFrame
    missing: pd.DataFrame
    imputations: int
    threshold: int | None


def replicate(
    study: str,
    frame: pd.DataFrame,
    notes: Iterable[str] = (),
    *,
    simulated: bool | None = None,
    threshold: int | None = None,
    imputations: int = 0,
    seed: int = 1,
) -> Replication:
    """Run a study's analysis on a cohort, as far as its columns go, and set it beside the print.

    Parameters
    ----------
    study : str
        Key of a study whose analysis is in steps: ``wang2025``, ``tang2025`` or ``lakhdar2024``.
    frame : DataFrame
        One row per patient in the study's columns, levels and units; missing values are NaN, and
        columns may be absent. See :func:`rairlib.cohorts.own.read_cohort`.
    notes : iterable of str
        Where the cohort differs, in its owner's words.
    simulated : bool, optional
        Left out: as :func:`is_simulated` tells.
    threshold : int, optional
        Numbers of patients from 1 to this one are hidden, with all that would give one back or
        stands for single patients, as by :func:`rairlib.cohorts.suppression.suppressed_rows`.
        Rates of a curve are rounded to whole percent, and means, SDs, areas and sensitivities of
        steps with missing values: their digits would tell how many events or gaps there are. Left
        out: nothing is hidden, and nothing of it should leave.
    imputations : int
        Fit the models with several covariates to so many imputations of these too, where some are
        missing, as by :func:`rairlib.stats.imputation.imputed`; 0 for none.
    seed : int
        Of the imputation.

    Returns
    -------
    Replication
        Where the paper leaves the method open, the first of the analysis is taken, never the one
        that comes nearest.

    Raises
    ------
    RairlibError
        If the study is unknown or its analysis is not in steps, or the cohort is empty; one line
        per fault of the cohort, without a value.
    """
    registry = load_registry(study)
    names = ("STEPS", "SCHEMA", "derived")
    steps, schema, derived = (part_of(registry.study, "analysis", name) for name in names)
    if steps is None:
        raise RairlibError(f"{study}: its analysis is not in steps, so no other cohort can be run")
    if frame.empty:
        raise RairlibError("cohort: no patients")
    if not frame.columns.is_unique:
        raise RairlibError("cohort: two columns have the same name: rename or drop one")
    # Errors of the analysis may quote a value and stand in a report: here values are right.
    schema.require_no_fault(frame, own=True)
    typed = schema.typed(frame)
    data = derived(typed)
    told, results = _run(steps, data)
    missing = _missing(schema, typed)
    pooled = _imputed(steps, told, data, imputations, seed)
    results["hidden"] = ""
    if threshold is not None:
        sizes = _sizes(registry.study, data)
        results = suppressed_rows(results, threshold, sizes, keep_ratios=True)
        results["value"] = _blurred(results, told)
        told = _siblings_hidden(
            _few_hidden(told, ["cases", "patients"], len(frame), threshold), steps
        )
        missing = _few_hidden(missing, ["missing", "of"], len(frame), threshold)
    return Replication(
        study=registry.study,
        patients=len(frame),
        simulated=is_simulated(frame) if simulated is None else simulated,
        notes=tuple(notes),
        estimates=_with_imputed(
            _beside(registry, results, told, _step_of(registry, steps)), pooled
        ),
        steps=told,
        missing=missing,
        imputations=imputations if pooled else 0,
        threshold=threshold,
    )


def is_simulated(frame: pd.DataFrame) -> bool:
    """Tell whether patients are marked as simulated: a column ``simulated`` has a ``yes`` in it."""
    return "simulated" in frame and bool((frame["simulated"].astype(str) == "yes").any())


def _run(steps: Iterable[Step], data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every step on its complete cases; return what became of each, and all results."""
    records, rows = [], []
    for step in steps:
        record = {"step": step.name, "patients": 0, "cases": 0, "outcome": "run"}
        if absent := step.absent(data):
            record["outcome"] = f"no column {', '.join(absent)}"
        else:
            own = step.patients(data)
            cases = own.dropna()
            record |= {"patients": len(own), "cases": len(cases)}
            try:
                found = step.rows(cases) if len(cases) else []
                record["outcome"] = "run" if found else "no patient has all that it needs"
                rows += [(*row, step.name, len(cases)) for row in found]
            except RairlibError as error:
                record["outcome"] = _in_one_line(error)
            except (ArithmeticError, LookupError, ValueError) as error:
                record["outcome"] = f"not computable on these patients ({type(error).__name__})"
        records.append(record)
    return pd.DataFrame(records), pd.DataFrame(rows, columns=[*RESULTS, "step", "cases"])


def _in_one_line(error: RairlibError) -> str:
    """Return an error without what a program could do about it: a report's reader cannot."""
    return " ".join(str(error).split()).partition("; use firth_")[0]


def _sizes(study: str, data: pd.DataFrame) -> dict[str, int]:
    """Count the patients of the groups of which the analysis does not."""
    groups = part_of(study, "analysis", "SUBGROUPS") or {}
    return {
        name: int((data[column] == level).sum())
        for name, (column, level) in groups.items()
        if column in data
    }


def _blurred(results: pd.DataFrame, told: pd.DataFrame) -> list[float]:
    """Round what would tell how many values are missing in a group, or how few events there are.

    A mean of whole numbers is a fraction and shows its denominator; so does an area. The ratio of
    two rates of a curve shows the events between them.
    """
    gaps = set(told.loc[told["cases"] < told["patients"], "step"])
    digits = dict.fromkeys(PERFORMANCE, 2) | {"mean": 3, "sd": 3}
    rows = results[["step", "statistic", "method", "value"]].itertuples(index=False, name=None)
    kept = []
    for step, statistic, method, value in rows:
        if statistic == "survival_percent":
            value = float(np.round(value))
        elif step in gaps and (method in AUC_METHODS or statistic in digits):
            value = rounded(value, 2 if method in AUC_METHODS else digits[statistic])
        kept.append(float(value))
    return kept


def _few_hidden(
    table: pd.DataFrame, names: list[str], patients: int, threshold: int
) -> pd.DataFrame:
    """Hide numbers of patients that are few, or that leave few of the next whole."""
    counts = table[names].assign(all=patients)
    for name, whole in zip(names, counts.columns[1:], strict=True):
        few = counts[name].between(1, threshold)
        few |= (counts[whole] - counts[name]).between(1, threshold) & (counts[name] > 0)
        table = table.assign(**{name: counts[name].astype("Int64").mask(few)})
    return table


def _siblings_hidden(told: pd.DataFrame, steps: Iterable[Step]) -> pd.DataFrame:
    """Hide numbers of patients beside a hidden one: those of steps on the groups of one column."""
    families = pd.Series([",".join(step.among) for step in steps], told.index)
    for name in ("cases", "patients"):
        hidden = told[name].isna().groupby(families).transform("any") & (families != "")
        told = told.assign(**{name: told[name].mask(hidden)})
    return told


def _applying(schema: CohortSchema, typed: pd.DataFrame, name: str) -> int:
    return int(np.broadcast_to(schema.applies(typed, name), len(typed)).sum())


def _missing(schema: CohortSchema, typed: pd.DataFrame) -> pd.DataFrame:
    cells = schema.missing(typed)
    records = [
        {"variable": name, "missing": cells[name].sum(), "of": _applying(schema, typed, name)}
        for name in cells
    ]
    return pd.DataFrame(records, columns=["variable", "missing", "of"])


def _imputed(steps, told: pd.DataFrame, data: pd.DataFrame, imputations: int, seed: int) -> dict:
    """Return by step the pooled ratios of models with missing covariates, by their keys."""
    found, fitted = {}, {}
    for place, (step, record) in enumerate(zip(steps, told.to_dict("records"), strict=True)):
        gaps = record["cases"] < record["patients"]
        if not (step.model and imputations and gaps and record["outcome"] == "run"):
            continue
        key = (*step.among.items(), step.model.event, *step.model.covariates)
        try:
            if key not in fitted:
                rows = step.model.imputed_rows(step.patients(data), imputations, seed)
                fitted[key] = {row[:5]: row[5] for row in rows}
            found[step.name] = fitted[key]
        except RairlibError as error:
            why = _in_one_line(error)
            told.loc[place, "outcome"] = f"run on complete cases; not on imputed ones: {why}"
    return found


def _with_imputed(table: pd.DataFrame, pooled: dict) -> pd.DataFrame:
    """Add the pooled ratios beside those of complete cases, where these are shown."""
    if not pooled:
        return table
    columns = {"imputed": "", "imputed_low": "ci_low", "imputed_high": "ci_high"}
    shown = table["statistic"].isin(LOG) & table["found"].notna()
    for column, statistic in columns.items():
        table[column] = [
            pooled.get(row.step, {}).get(
                (statistic or row.statistic, row.variable, row.level, row.group, row.method), np.nan
            )
            if is_shown
            else np.nan
            for row, is_shown in zip(table.itertuples(), shown, strict=True)
        ]
    return table


def _step_of(registry: Registry, steps: Iterable[Step]) -> dict[str, str]:
    """Return by which step a reported number is answered, as the study's kept cohort shows."""
    if not has_file(registry.source, WITNESS):
        return {}
    schema, derived = (part_of(registry.study, "analysis", n) for n in ("SCHEMA", "derived"))
    _, results = _run(steps, derived(schema.typed(load_witness(registry.source))))
    by_key = {}
    for *key, method, step in results[[*RESULTS[:5], "step"]].itertuples(index=False, name=None):
        by_key[tuple(key)] = by_key[*key, method] = step
    found = {row.id: by_key.get((*row.key[:4], row.method)) for row in registry}
    return {row.id: found[row.id] or by_key.get(row.key[:4], "") for row in registry}


def _beside(registry: Registry, results, told: pd.DataFrame, step_of: dict[str, str]):
    matched = match(registry, results)
    outcome = dict(zip(told["step"], told["outcome"], strict=True))
    cases = dict(zip(told["step"], told["cases"], strict=True))
    keys = results[list(RESULTS[:5])].itertuples(index=False, name=None)
    hidden = dict(zip(keys, results["hidden"], strict=True))
    limits = _limits_found(results)
    left_out = (*LIMITS, "definition", "date", "statistic")
    rows = [row for row in registry if not row.repeats and row.statistic not in left_out]
    records = []
    for row in rows:
        step = step_of.get(row.id, "")
        record = _reported(registry, row) | {"method": row.method, "step": step}
        values = matched.get(row.id, {})
        if row.method in MODELS and row.method not in values:
            values = {}  # an adjusted ratio is never set beside an unadjusted one
        method, value = next(iter(values.items()), (row.method, np.nan))
        record |= {"method": method, "found": value}
        for limit in LIMITS:
            record[limit.replace("ci", "found")] = limits.get((limit, *row.key[1:4], method))
        if np.isnan(value):
            missed = outcome.get(step, NO_PART)
            undefined = hidden.get((*row.key[:4], method)) or "not defined on these patients"
            record["reason"] = undefined if missed == "run" else missed
        records.append({**record, "cases": cases.get(step, pd.NA)})
    return _compared(pd.DataFrame(records))


def _limits_found(results: pd.DataFrame) -> dict[tuple, float]:
    """Return the cohort's limits by statistic, variable, level, group and method."""
    found = results[results["statistic"].isin(LIMITS)]
    limits = {}
    for *key, method, value in found[list(RESULTS)].itertuples(index=False, name=None):
        limits[*key, method] = value
        if method == OF_EXP:
            limits[*key, "multivariable"] = np.log(value)
    return limits


def _reported(registry: Registry, row: ReportedNumber) -> dict:
    """Return a reported number with its printed limits, on the scale of the number."""
    names = ("id", "locus", "statistic", "variable", "level", "group", "printed")
    record = {name: getattr(row, name) for name in names}
    limits = {
        limit.statistic: np.log(value) if limit.method == OF_EXP else value
        for limit in registry.belonging_to(row.id)
        if limit.statistic in LIMITS
        for value in [limit.number.value]
    }
    record["printed_low"], record["printed_high"] = (limits.get(name, np.nan) for name in LIMITS)
    return record | {"printed_value": row.number.value, "reason": ""}


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    """Add what :func:`compare_estimates` says where a number can be compared."""
    chosen = table[table["statistic"].isin(NULL) & table["found"].notna()]
    parts = []
    for value, prefix in (("printed_value", "printed"), ("found", "found")):
        names = ["statistic", value, f"{prefix}_low", f"{prefix}_high"]
        parts.append(chosen[names].set_axis(["statistic", "estimate", "low", "high"], axis=1))
    found = compare_estimates(*parts)
    return table.join(found.rename(columns={"low": "difference_low", "high": "difference_high"}))
