"""The analysis of Tang et al. 2025 (Hunan), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own. First the cohort's
columns, then the building of the model, its performance, and the same building as a step that a
bootstrap can repeat.
"""

from collections.abc import Collection
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.cohorts.schema import CohortSchema, Column, Rule, inhabited
from rairlib.errors import RairlibError
from rairlib.stats.calibration import RULES, hosmer_lemeshow
from rairlib.stats.logistic import INTERCEPT
from rairlib.stats.roc import auc_estimate, operating_point, optimal_cutoffs
from rairlib.stats.rows import COLUMNS, Rows, categorical_rows, continuous_rows, level_rows
from rairlib.stats.selection import (
    Selection,
    candidate_columns,
    develop_logistic,
    fixed_logistic,
    forward_lr,
    screening_p_value,
)
from rairlib.stats.validation import Developed
from rairlib.studies.steps import Step, results, split_at

# --- The cohort of Tang et al. 2025 (Hunan): its columns, its checks, and what the paper derives


AGE_CUTOFF = 55
SETS = ("training", "validation")
KINDS = ("locoregional recurrence", "distant metastases", "biochemical incomplete response")
YES_NO = (
    "thyroid_disease",
    "multifocality",
    "capsular_invasion",
    "ete",
    "cln_status",
    "lln_status",
)
LEVELS = {"gender": ["male", "female"], **{name: ["yes", "no"] for name in YES_NO}}
SCHEMA = CohortSchema(
    "tang2025",
    (
        Column("patient", "id", label="Patient"),
        Column("cohort", "binary", levels=SETS),
        Column("failure", "binary", levels=("yes", "no")),
        Column(
            "failure_kind", "categorical", levels=KINDS, only_if=("failure", "yes"), constant=True
        ),
        Column(
            "concurrent_locoregional",
            "binary",
            levels=("yes", "no"),
            only_if=("failure_kind", KINDS[1]),
            constant=True,
        ),
        *(Column(name, "binary", levels=tuple(levels)) for name, levels in LEVELS.items()),
        Column("braf_tested", "binary", levels=("yes", "no"), constant=True),
        Column("age", "integer", high=120, usual=(25, 80)),
        Column("tumor_diameter", "continuous", high=30, usual=(0.5, 8), unit="cm"),
        Column("lln_count", "integer", high=200),
        # 0 without a metastatic lateral node.
        Column("lln_diameter", "continuous", high=30, unit="cm"),
        Column("rai_dose", "continuous", low=10, high=1000, usual=(25, 300), unit="mCi"),
        Column("time_to_rai", "time", high=600, usual=(0.5, 24), unit="months"),
        Column("tg_before", "continuous", usual=(0.3, 300), unit="ng/mL"),
        Column("tgab_before", "continuous", usual=(0.5, 500), unit="IU/mL"),
        # Patients followed for less were excluded.
        Column("follow_up", "time", low=6, high=600, usual=(6, 240)),
    ),
    (
        Rule(
            ("lln_count", "lln_status"),
            "lln_count does not go with lln_status",
            "nodes are counted where there are metastases, and 0 elsewhere: mend one of them",
            lambda data: (data["lln_count"] > 0) == (data["lln_status"] == "yes"),
        ),
        Rule(
            ("lln_diameter", "lln_status"),
            "lln_diameter does not go with lln_status",
            "it is above 0 where there are metastases, and 0 elsewhere: mend one of them",
            lambda data: (data["lln_diameter"] > 0) == (data["lln_status"] == "yes"),
        ),
        *(inhabited(cohort=name, failure=failure) for name in SETS for failure in ("yes", "no")),
    ),
)


def check_cohort(cohort: pd.DataFrame, columns: Collection[str] | None = None) -> pd.DataFrame:
    """Check a cohort and add the variable that the paper derives.

    Parameters
    ----------
    cohort, columns
        As for :meth:`rairlib.cohorts.schema.CohortSchema.check`.

    Returns
    -------
    DataFrame
        A typed copy with ``age_55`` (<55/≥55), if there is an age.

    Raises
    ------
    RairlibError
        One line per fault.
    """
    return derived(SCHEMA.check(cohort, columns))


def derived(data: pd.DataFrame) -> pd.DataFrame:
    """Add the variable that the paper derives, if its column is there."""
    return data.assign(age_55=split_at(data["age"], AGE_CUTOFF)) if "age" in data else data


def one_set(data: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the patients of the training or of the validation set.

    Parameters
    ----------
    data : DataFrame
        With the column ``cohort``.
    name : str
        ``training`` or ``validation``.

    Returns
    -------
    DataFrame
        Those rows, with their index.
    """
    return data[data["cohort"] == name]


# --- How Tang et al. 2025 build their model: tests one by one, Forward: LR, the equation ------


OUTCOME = "failure"
OUTCOMES = ("failure", "success")
TRAINING_OUTCOMES = ("training failure", "training success")
SCREENING_P = 0.05
# The order in which the methods section lists what was taken from the records.
CANDIDATES = (
    *("tumor_diameter", "capsular_invasion", "ete", "cln_status", "lln_status", "lln_count"),
    *("lln_diameter", "age", "gender", "thyroid_disease", "multifocality", "rai_dose"),
    *("time_to_rai", "tg_before", "tgab_before"),
)
CODING = {name: tuple(LEVELS[name]) if name in LEVELS else None for name in CANDIDATES}
# The paper tests by rank what is not normally distributed and does not say what is. Counts,
# markers, sizes, times and doses in a few steps are skewed; the text gives age as mean and SD.
NORMAL = ("age",)


def usual_test(variable: str) -> str:
    """Return the test that the paper's methods section implies for a variable.

    Parameters
    ----------
    variable : str
        One of ``CANDIDATES``.

    Returns
    -------
    str
        ``pearson``, ``student`` or ``mann_whitney``.
    """
    if variable in LEVELS:
        return "pearson"
    return "student" if variable in NORMAL else "mann_whitney"


def table_1(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare the training with the validation set, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: counts, percentages, means,
        SDs and quantiles of each set, every candidate test, and under the method ``usual`` the one
        that the methods section implies.
    """
    return results(TABLE_1_STEPS, check_cohort(cohort))


def _table_1_rows(variable: str, data: pd.DataFrame) -> Rows:
    return _comparison_rows(data[variable], data["cohort"], SETS, "usual")


def table_2(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare failures with successes in the training set, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        As :func:`table_1`; the test that the methods section implies has the method
        ``univariable``.
    """
    return results(TABLE_2_STEPS, check_cohort(cohort))


def _table_2_rows(variable: str, data: pd.DataFrame) -> Rows:
    group = data[OUTCOME].map(dict(zip(("yes", "no"), TRAINING_OUTCOMES, strict=True)))
    rows = _comparison_rows(data[variable], group, TRAINING_OUTCOMES, "univariable")
    # "All" would be the training set here and the whole cohort elsewhere.
    return [row for row in rows if row[3] != "all"]


def _comparison_rows(
    values: pd.Series, group: pd.Series, names: tuple[str, str], usual: str
) -> Rows:
    variable = values.name
    if variable in LEVELS:
        found = categorical_rows(values, group, names, LEVELS[variable])
    else:
        found = continuous_rows(values, group, names)
    key = ("p_value", variable, "", " vs ".join(names), usual_test(variable))
    # The usual test comes first, so that it is taken where no method is named.
    return [(*key[:4], usual, row[5]) for row in found if row[:5] == key] + found


TRAINING = {"cohort": "training"}
TABLE_1_STEPS = tuple(
    Step(f"Table 1, {name}", ("cohort", name), partial(_table_1_rows, name)) for name in CANDIDATES
)
TABLE_2_STEPS = tuple(
    Step(f"Table 2, {name}", (OUTCOME, name), partial(_table_2_rows, name), TRAINING)
    for name in CANDIDATES
)


def screened(training: pd.DataFrame, limit: float = SCREENING_P) -> tuple[str, ...]:
    """Return the candidates whose usual test in the training set has a p value below a limit.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    limit : float
        The p value that a variable must stay below.

    Returns
    -------
    tuple of str
        In the order of ``CANDIDATES``.
    """
    event = (training[OUTCOME] == "yes").to_numpy(dtype=float)
    columns = candidate_columns(training, CODING)
    return tuple(
        name
        for name in CANDIDATES
        if screening_p_value(event, columns[name], usual_test(name)) < limit
    )


def select(cohort: pd.DataFrame) -> Selection:
    """Choose variables as the paper does: significant one by one, then Forward: LR.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    Selection
        Log, models and selected variables.

    Raises
    ------
    RairlibError
        If no variable is significant or none is selected: then there is no model.
    """
    return _selected(check_cohort(cohort))


def _selected(data: pd.DataFrame) -> Selection:
    training = one_set(data, "training")
    names = screened(training)
    if not names:
        raise RairlibError(f"no variable has a p value below {SCREENING_P} in the training set")
    selection = forward_lr(training, OUTCOME, {name: CODING[name] for name in names})
    if not selection.selected:
        raise RairlibError("Forward: LR selects no variable, so there is no model")
    return selection


def equation(selection: Selection) -> pd.Series:
    """Return the coefficients of the selected model.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    Series of float
        Log odds, indexed by term, ``intercept`` first.
    """
    model = selection.last_model
    chosen = model[model["statistic"].isin([INTERCEPT, "coefficient"])]
    return chosen.set_index("term")["estimate"]


def linear_predictor(data: pd.DataFrame, coefficients: pd.Series) -> pd.Series:
    """Return logit(p) of each patient.

    Parameters
    ----------
    data : DataFrame
        One row per patient with the variables of the model.
    coefficients : Series of float
        See :func:`equation`.

    Returns
    -------
    Series of float
        Named ``logit_p``.
    """
    score = pd.Series(coefficients[INTERCEPT], index=data.index, name="logit_p")
    for term, value in coefficients.drop(INTERCEPT).items():
        variable, _, contrast = term.partition(": ")
        level = contrast.partition(" vs ")[0]
        score = score + value * (np.asarray(data[variable] == level) if level else data[variable])
    return score.rename("logit_p")


def table_3(selection: Selection) -> pd.DataFrame:
    """Return the selected model and the variables that it leaves out.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: the intercept, coefficients,
        odds ratios, Wald limits of the odds ratios (method ``wald exp``), Wald p values, and the
        p values of the score test of the variables that stay outside. A candidate that was not
        put to Forward: LR has none: its p value is NaN, not that of another test.
    """
    versus, rows = " vs ".join(TRAINING_OUTCOMES), []
    for row in selection.last_model.to_dict("records"):
        variable, _, level = row["term"].partition(": ")
        key = ("" if variable == INTERCEPT else variable, level, versus)
        rows.append((row["statistic"], *key, "multivariable", row["estimate"]))
        if row["statistic"] == "odds_ratio":
            rows += [
                ("ci_low", *key, "wald exp", row["low"]),
                ("ci_high", *key, "wald exp", row["high"]),
                ("p_value", *key, "multivariable", row["p_value"]),
            ]
    outside = left_out(selection).set_index("term")["p_value"]
    rows += [
        ("p_value", name, "", versus, "multivariable", outside.get(name, np.nan))
        for name in CANDIDATES
        if name not in {row[1] for row in rows if not row[2]}
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def left_out(selection: Selection) -> pd.DataFrame:
    """Return the score tests of the variables that are not in the last model.

    Parameters
    ----------
    selection : Selection
        See :func:`select`.

    Returns
    -------
    DataFrame
        Rows of the log.
    """
    log = selection.log
    last = log[(log["step"] == selection.models["step"].max()) & (log["action"] == "enter")]
    return last[~last["term"].isin(selection.selected)].reset_index(drop=True)


# --- How Tang et al. 2025 judge their model: areas, the threshold, both sets, four subgroups ---


THRESHOLD = -0.585
THRESHOLD_RISK = float(expit(THRESHOLD))
POSITIVE, NEGATIVE = "≥−0.585", "<−0.585"
VERSUS = {name: f"{name} failure vs {name} success" for name in SETS}
# Of all patients: with the training patients or those of validation alone the printed areas and
# limits are those of no 2×2 table.
SUBGROUPS = {
    "male": ("gender", "male"),
    "female": ("gender", "female"),
    "age <55": ("age_55", "<55"),
    "age ≥55": ("age_55", "≥55"),
}
READINGS = ("continuous", "dichotomised")
STANDARD_ERRORS = ("hanley_mcneil", "delong")
RATES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
# How SPSS cuts patients into groups is not public; this rule is taken to be nearest to it.
HOSMER_RULE = "nearest size"
CELLS = ("true_positives", "false_negatives", "false_positives", "true_negatives")


def scored(cohort: pd.DataFrame, coefficients: pd.Series | None = None) -> pd.DataFrame:
    """Add the score of the model to a cohort.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.
    coefficients : Series of float, optional
        See :func:`equation`; by default those of the model that the paper's procedure selects and
        fits on the training set.

    Returns
    -------
    DataFrame
        The checked cohort with ``failed`` (true/false), ``logit_p``, ``risk`` (0 to 1) and
        ``logit_p_0585`` (≥−0.585/<−0.585).

    Raises
    ------
    RairlibError
        If the cohort is not usable, or there is no model.
    """
    data = check_cohort(cohort)
    return _scored(data, equation(_selected(data)) if coefficients is None else coefficients)


def _scored(data: pd.DataFrame, coefficients: pd.Series) -> pd.DataFrame:
    score = linear_predictor(data, coefficients)
    return data.assign(
        failed=data[OUTCOME] == "yes",
        logit_p=score,
        risk=expit(score),
        logit_p_0585=np.where(score >= THRESHOLD, POSITIVE, NEGATIVE),
    )


def groups_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the patients of each group in which the paper reports an area.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    dict of str to DataFrame
        By the group's name in the registry: both sets, then the subgroups of all patients.
    """
    sets = {VERSUS[name]: one_set(data, name) for name in SETS}
    parts = {name: data[data[column] == level] for name, (column, level) in SUBGROUPS.items()}
    return {**sets, **parts}


def area(part: pd.DataFrame, reading: str, standard_error: str) -> pd.Series:
    """Return the area under the ROC curve in one group of patients.

    Parameters
    ----------
    part : DataFrame
        Some rows of :func:`scored`.
    reading : str
        ``continuous``: of logit(p); ``dichotomised``: of logit(p) ≥ −0.585, yes or no.
    standard_error : str
        ``hanley_mcneil`` or ``delong``.

    Returns
    -------
    Series of float
        ``estimate, low, high, standard_error``; NaN if fewer than two patients failed or fewer
        than two did not.
    """
    names = ["estimate", "low", "high", "standard_error"]
    if min(part["failed"].sum(), (~part["failed"]).sum()) < 2:
        return pd.Series(np.nan, index=names)
    score = part["logit_p"] if reading == "continuous" else part["logit_p_0585"] == POSITIVE
    found = auc_estimate(part["failed"], score.astype(float), standard_error)
    return found.iloc[0][names].astype(float)


def area_rows(data: pd.DataFrame) -> Rows:
    """Return each area and its interval, read in every way that the print allows.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistics ``auc``, ``ci_low``, ``ci_high`` under methods such as ``continuous
        hanley_mcneil``, the likeliest first: in training the continuous score, elsewhere the
        dichotomised one. In subgroups also the upper limit ``cut at 1``.
    """
    rows = []
    for group, part in groups_of(data).items():
        order = READINGS if group == VERSUS["training"] else READINGS[::-1]
        key = ("logit_p", "", group)
        for reading in order:
            for error in STANDARD_ERRORS:
                found, method = area(part, reading, error), f"{reading} {error}"
                ends = {"auc": "estimate", "ci_low": "low", "ci_high": "high"}
                rows += [(name, *key, method, found[end]) for name, end in ends.items()]
                if error == "hanley_mcneil" and group in SUBGROUPS:
                    upper = np.minimum(found["high"], 1.0)
                    rows.append(("ci_high", *key, f"{method} cut at 1", upper))
    return rows


def classified(part: pd.DataFrame, cutoff: float = THRESHOLD) -> pd.Series:
    """Count and rate the predictions in one group of patients at a threshold.

    Parameters
    ----------
    part : DataFrame
        Some rows of :func:`scored`.
    cutoff : float
        A score of at least this predicts failure.

    Returns
    -------
    Series of float
        ``true_positives, false_negatives, false_positives, true_negatives``, then ``accuracy,
        sensitivity, specificity, ppv, npv`` in percent, NaN where nobody is in the denominator.
    """
    event, positive = part["failed"].to_numpy(), part["logit_p"].to_numpy() >= cutoff
    tp, fn = (event & positive).sum(), (event & ~positive).sum()
    fp, tn = (~event & positive).sum(), (~event & ~positive).sum()
    parts = ((tp + tn, len(part)), (tp, tp + fn), (tn, tn + fp), (tp, tp + fp), (tn, tn + fn))
    rates = [100 * some / whole if whole else np.nan for some, whole in parts]
    return pd.Series([tp, fn, fp, tn, *rates], index=[*CELLS, *RATES], dtype=float)


def threshold_rows(data: pd.DataFrame) -> Rows:
    """Return the Youden threshold of the training set and the rates at the paper's one.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistic ``cutoff`` (as SPSS lists it, a midpoint between observed values, the lowest if
        several tie), then ``accuracy, sensitivity, specificity, ppv, npv`` in percent of both
        sets.
    """
    best = youden_point(data)["cutoff"].iloc[0]
    rows = [("cutoff", "logit_p", "", VERSUS["training"], "youden", best)]
    for name in SETS:
        rates = classified(one_set(data, name))[list(RATES)]
        key = ("logit_p_0585", POSITIVE, VERSUS[name], "")
        rows += [(rate, *key, value) for rate, value in rates.items()]
    return rows


def hosmer_rows(data: pd.DataFrame) -> Rows:
    """Return the Hosmer-Lemeshow test of the training set, ten groups, under every cutting rule.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    list of tuple
        Statistics ``chi_square`` and ``p_value``; method ``hosmer_lemeshow`` for the rule that is
        nearest to SPSS's, ``hosmer_lemeshow, RULE`` for the others.
    """
    training, rows = one_set(data, "training"), []
    for rule in dict.fromkeys([HOSMER_RULE, *RULES]):
        test = hosmer_lemeshow(training["failed"], training["risk"], rule=rule).iloc[0]
        method = "hosmer_lemeshow" + ("" if rule == HOSMER_RULE else f", {rule}")
        key = ("logit_p", "", VERSUS["training"], method)
        rows += [("chi_square", *key, test["statistic"]), ("p_value", *key, test["p_value"])]
    return rows


def youden_point(data: pd.DataFrame) -> pd.DataFrame:
    """Return the operating point of the training set's best threshold.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.stats.roc.operating_point`, with ``cutoff``.
    """
    training = one_set(data, "training")
    best = optimal_cutoffs(training["failed"], training["logit_p"])["cutoff"].iloc[0]
    return operating_point(training["failed"], training["logit_p"], best).assign(cutoff=best)


def performance_rows(data: pd.DataFrame) -> pd.DataFrame:
    """Return fit, areas, threshold and rates in long format.

    Parameters
    ----------
    data : DataFrame
        See :func:`scored`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    rows = [*hosmer_rows(data), *area_rows(data), *threshold_rows(data)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


# --- The development step of Tang et al. 2025, quick enough to be repeated on resamples -------
# The same rules as :func:`select`: the test that the methods section implies at p < .05 for each
# candidate, then Forward: LR.


TESTS = {name: usual_test(name) for name in CANDIDATES}
PRINTED = {name: CODING[name] for name in ("lln_count", "tg_before")}


def develop(training: pd.DataFrame) -> Developed:
    """Screen, select and fit the paper's model on some patients.

    Parameters
    ----------
    training : DataFrame
        One row per patient with ``failure`` (yes/no) and the columns ``CANDIDATES``, checked.

    Returns
    -------
    Developed
        The variables in the order of ``CANDIDATES``, and the risk of other patients.

    Raises
    ------
    RairlibError
        If all patients have the same outcome, or a model has no finite estimates.
    """
    return develop_logistic(training, OUTCOME, CODING, TESTS, SCREENING_P)


def fit_printed_variables(training: pd.DataFrame) -> Developed:
    """Fit the model of the paper's two variables, without any selection.

    Parameters
    ----------
    training : DataFrame
        With ``failure``, ``lln_count`` and ``tg_before``.

    Returns
    -------
    Developed
        As :func:`develop`.

    Raises
    ------
    RairlibError
        As :func:`develop` does.
    """
    return fixed_logistic(training, OUTCOME, PRINTED)


# --- The whole analysis --------------------------------------------------------------------


def _outcome(data: pd.DataFrame) -> pd.Series:
    return data[OUTCOME].map(dict(zip(("yes", "no"), OUTCOMES, strict=True)))


def _patient_rows(data: pd.DataFrame) -> Rows:
    """Return the sizes of the sets, of the outcomes and of both."""
    outcome = _outcome(data)
    sizes = {"all": len(data), **data["cohort"].value_counts(), **outcome.value_counts()}
    sizes |= (data["cohort"] + " " + outcome).value_counts()
    return [("n", "", "", group, "", size) for group, size in sizes.items()]


def _follow_up_rows(data: pd.DataFrame) -> Rows:
    return [
        (statistic, "follow_up", "", name, "", value)
        for name in SETS
        for months in [one_set(data, name)["follow_up"]]
        for statistic, value in (("mean", months.mean()), ("sd", months.std()))
    ]


def _braf_rows(data: pd.DataFrame) -> Rows:
    groups = {"all": data, **dict(list(data.groupby(_outcome(data))))}
    return [
        row
        for group, part in groups.items()
        for row in level_rows(part["braf_tested"], ("yes",), group)
    ]


def _model_rows(data: pd.DataFrame) -> Rows:
    """Select and fit the model, then judge it; all of it hangs on what is selected."""
    selection = _selected(data)
    performance = performance_rows(_scored(data, equation(selection)))
    return [
        row
        for table in (table_3(selection), performance)
        for row in table.itertuples(index=False, name=None)
    ]


FAILED = {OUTCOME: "yes"}
STEPS = (
    Step("Results, patients", ("cohort", OUTCOME), _patient_rows),
    Step("Results, follow-up", ("cohort", "follow_up"), _follow_up_rows),
    Step(
        "Results, kinds of failure",
        ("failure_kind",),
        lambda data: level_rows(data["failure_kind"], KINDS, "failure"),
        FAILED,
    ),
    Step(
        "Results, locoregional recurrence beside distant metastases",
        ("concurrent_locoregional",),
        lambda data: level_rows(data["concurrent_locoregional"], ("yes",), "failure"),
        FAILED,
    ),
    Step("Results, BRAF tests", (OUTCOME, "braf_tested"), _braf_rows),
    *TABLE_1_STEPS,
    *TABLE_2_STEPS,
    Step(
        "Table 3, Forward: LR and the performance of the model",
        ("cohort", OUTCOME, *CANDIDATES, "age_55"),
        _model_rows,
    ),
)


def analyse(cohort: pd.DataFrame) -> pd.DataFrame:
    """Run the paper's whole analysis.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: patients and outcomes,
        Tables 1 to 3, then the model's performance; percentages and diagnostic measures in
        percent, times in months.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or the paper's procedure selects no model.
    """
    return results(STEPS, check_cohort(cohort))
