"""What Tang et al. 2025 do not report and a cohort would tell: for the range over an ensemble."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2, spearmanr

from rairlib.errors import RairlibError
from rairlib.stats.calibration import calibration_estimates, restricted_cubic_spline, spline_knots
from rairlib.stats.logistic import Z_95, LogisticFit, fit_logistic
from rairlib.stats.resampling import bootstrap_rows
from rairlib.stats.roc import auc
from rairlib.stats.validation import optimism, repeat_development, stability_summary
from rairlib.studies.tang2025.analysis import (
    OUTCOME,
    RATES,
    READINGS,
    SETS,
    SUBGROUPS,
    THRESHOLD,
    THRESHOLD_RISK,
    area,
    check_cohort,
    classified,
    develop,
    fit_printed_variables,
    groups_of,
    linear_predictor,
    one_set,
    scored,
    youden_point,
)

# --- Other shapes of the two predictors of Tang et al. 2025 than straight lines in the logit ---


LINEAR = "both linear (the paper's model)"
LOG_TG = "log(1 + Tg)"
SPLINE_TG = "Tg as a spline, 4 knots"
CURVE_POINTS = 120


def _columns(training: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns beside the intercept of every shape that is tried."""
    nodes = training["lln_count"].to_numpy(dtype=float)
    tg = training["tg_before"].to_numpy(dtype=float)
    any_node = (nodes > 0).astype(float)
    return {
        LINEAR: np.column_stack([nodes, tg]),
        LOG_TG: np.column_stack([nodes, np.log1p(tg)]),
        SPLINE_TG: np.column_stack([nodes, restricted_cubic_spline(tg, spline_knots(tg))]),
        "log(1 + nodes)": np.column_stack([np.log1p(nodes), tg]),
        "any node, and their number": np.column_stack([nodes, tg, any_node]),
        "nodes and their square": np.column_stack([nodes, tg, nodes**2]),
        "both logarithms": np.column_stack([np.log1p(nodes), np.log1p(tg)]),
        "nodes × Tg": np.column_stack([nodes, tg, nodes * tg]),
    }


def _fit(training: pd.DataFrame, columns: np.ndarray) -> LogisticFit:
    event = (training["failure"] == "yes").to_numpy(dtype=float)
    scale = np.abs(columns).max(axis=0)
    design = np.column_stack([np.ones(len(columns)), columns / scale])
    fit = fit_logistic(event, design)
    factors = np.append(1.0, scale)
    return LogisticFit(
        coefficients=fit.coefficients / factors,
        covariance=fit.covariance / np.outer(factors, factors),
        log_likelihood=fit.log_likelihood,
    )


def shapes(training: pd.DataFrame) -> pd.DataFrame:
    """Fit the model of both predictors with other shapes than straight lines.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set with ``failure``, ``lln_count`` and ``tg_before``.

    Returns
    -------
    DataFrame
        Indexed by shape: ``parameters`` (with the intercept), ``log_likelihood``, ``aic`` (less
        that of the paper's model; negative is better) and ``p_value`` of the likelihood-ratio test
        against the paper's model, NaN where that is not a special case.

    Raises
    ------
    RairlibError
        If a model has no finite estimates.
    """
    columns = _columns(training)
    fits = {name: _fit(training, values) for name, values in columns.items()}
    plain = fits[LINEAR]
    rows = {}
    for name, found in fits.items():
        extra = found.coefficients.size - plain.coefficients.size
        gain = 2 * (found.log_likelihood - plain.log_likelihood)
        p_value = float(chi2.sf(max(gain, 0.0), extra)) if extra else np.nan
        rows[name] = (found.coefficients.size, found.log_likelihood, 2 * extra - gain, p_value)
    names = ["parameters", "log_likelihood", "aic", "p_value"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("shape")


def tg_curves(training: pd.DataFrame, nodes: float, largest: float) -> pd.DataFrame:
    """Draw the risk over Tg under three shapes, for patients with a given number of nodes.

    Parameters
    ----------
    training : DataFrame
        As for :func:`shapes`.
    nodes : float
        Number of lateral node metastases.
    largest : float
        Largest Tg, ng/mL.

    Returns
    -------
    DataFrame
        Columns ``shape, value`` (Tg), ``risk, low, high``; limits are Wald's, 95 %, taken from
        the log odds.

    Raises
    ------
    RairlibError
        As :func:`shapes` does.
    """
    columns, tg = _columns(training), np.linspace(0, largest, CURVE_POINTS)
    knots = spline_knots(training["tg_before"])
    drawn = {
        LINEAR: tg[:, np.newaxis],
        LOG_TG: np.log1p(tg)[:, np.newaxis],
        SPLINE_TG: restricted_cubic_spline(tg, knots),
    }
    curves = []
    for name, values in drawn.items():
        fit = _fit(training, columns[name])
        design = np.column_stack([np.ones(tg.size), np.full(tg.size, nodes), values])
        linear = design @ fit.coefficients
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
        ends = {"risk": 0.0, "low": -Z_95, "high": Z_95}
        risks = {end: expit(linear + z * error) for end, z in ends.items()}
        curves.append(pd.DataFrame({"shape": name, "value": tg, **risks}))
    return pd.concat(curves, ignore_index=True)


# --- How optimistic the development of Tang et al. 2025 is on a cohort: for the range over many ---


COLUMNS = ("topic", "quantity", "value", "reason")
STATISTICS = {
    "auc": "area",
    "calibration_slope": "calibration slope",
    "brier": "Brier score",
    "sensitivity": "sensitivity at the best threshold",
    "specificity": "specificity at the best threshold",
}
STABILITY = {
    "same_model": "share of resamples with the same variables",
    "mean_absolute_error": "mean shift of a risk",
    "median_width": "width of the central 95 % of a risk, median patient",
    "unstable_patients": "share of patients who change sides in a tenth of the resamples",
}
STEPS = {"whole development": develop, "fit alone": fit_printed_variables}


def development_optimism(
    cohort: pd.DataFrame, resamples: int = 50, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Measure optimism and stability by bootstrap, with the selection inside and without it.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.studies.tang2025.analysis.check_cohort`.
    resamples : int
        How many; 50 take about half a second.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    DataFrame
        Columns ``topic, quantity, value, reason`` as for
        :func:`unpublished`: apparent value, optimism and
        corrected value of each measure, for the whole development and for the fit alone.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or no model can be developed.
    """
    training = one_set(check_cohort(cohort), "training")
    rows = bootstrap_rows(len(training), resamples, rng=rng)
    found = []
    for name, step in STEPS.items():
        repeated = repeat_development(training, OUTCOME, step, rows)
        table = optimism(repeated).set_index("statistic")
        found += [
            (f"optimism, {name}", f"{label}, {column}", table.loc[statistic, column], "")
            for statistic, label in STATISTICS.items()
            for column in ("apparent", "optimism", "corrected")
        ]
        summary = stability_summary(repeated, THRESHOLD_RISK).set_index("statistic")["estimate"]
        found += [
            (f"stability, {name}", label, summary[statistic], "")
            for statistic, label in STABILITY.items()
        ]
    return pd.DataFrame(found, columns=list(COLUMNS))


# --- What screening by p value and Forward: LR do on the patients of Tang et al. 2025 ---------
# The predictors stay as they are; outcomes are drawn anew, from nothing or from a known equation,
# and
# the whole development is repeated.


def developed_without_signal(
    training: pd.DataFrame, repeats: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Develop the model on shuffled outcomes, which no predictor has anything to do with.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    repeats : int
        How often.
    rng : numpy.random.Generator
        Source of the orders.

    Returns
    -------
    DataFrame
        One row per repeat: ``selected`` (names joined by +, empty for none), ``variables`` (their
        number), ``area`` (apparent area under the ROC curve; 0.5 without variables).
    """
    outcome = training[OUTCOME].to_numpy()
    return _developed(training, [rng.permutation(outcome) for _ in range(repeats)])


def developed_from_equation(
    training: pd.DataFrame, coefficients: pd.Series, repeats: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Develop the model on outcomes drawn from an equation, which is then the truth.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    coefficients : Series of float
        See :func:`rairlib.studies.tang2025.analysis.equation`.
    repeats : int
        How often.
    rng : numpy.random.Generator
        Source of the outcomes.

    Returns
    -------
    DataFrame
        As :func:`developed_without_signal`.
    """
    risk = expit(linear_predictor(training, coefficients)).to_numpy()
    draws = (rng.random(risk.size) < risk for _ in range(repeats))
    return _developed(training, [np.where(drawn, "yes", "no") for drawn in draws])


def _developed(training: pd.DataFrame, outcomes: list[np.ndarray]) -> pd.DataFrame:
    rows = []
    for outcome in outcomes:
        frame = training.assign(**{OUTCOME: outcome})
        try:
            found = develop(frame)
        except RairlibError:  # all alike or separated: no model, and the row says so
            rows.append(("no model", 0, np.nan))
            continue
        area = auc(outcome == "yes", found.risks(frame)) if found.variables else 0.5
        rows.append((" + ".join(found.variables), len(found.variables), area))
    return pd.DataFrame(rows, columns=["selected", "variables", "area"])


# --- What Tang et al. 2025 do not report and a cohort would tell: for the range over an ensemble


PREDICTORS = {"lln_count": "nodes", "tg_before": "Tg"}
ERRORS = {"hanley_mcneil": "Hanley-McNeil", "delong": "DeLong"}
TERMS = ("intercept", *PREDICTORS.values())
CALIBRATION = {
    "calibration_slope": "calibration slope",
    "calibration_in_the_large": "calibration in the large",
    "observed_expected": "observed / expected",
    "brier": "Brier score",
    "scaled_brier": "scaled Brier score",
    "ici": "integrated calibration index",
}
Rows = list[tuple[str, str, float, str]]


def unpublished(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compute what the paper leaves out and a reader would want to know.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.studies.tang2025.analysis.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``topic, quantity, value, reason``; the same quantities in the same order for every
        cohort. Areas are of the continuous score unless they are called dichotomised. A value that
        does not exist is NaN with the reason.

    Raises
    ------
    RairlibError
        If the cohort is not usable, or the paper's procedure selects no model.
    """
    data = scored(cohort)
    training = one_set(data, "training")
    rows = [*_areas(data), *_subgroups(data)]
    for name in SETS:
        rows += _calibration(name, one_set(data, name))
    rows += [*_estimates(training), *_predictors(data), *_thresholds(data), *_shapes(training)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tried(topic: str, names: list[str], values: Callable[[], list[float]]) -> Rows:
    """Return quantities by name, or NaN with the reason why they do not exist."""
    try:
        return [(topic, name, float(v), "") for name, v in zip(names, values(), strict=True)]
    except RairlibError as problem:
        return [(topic, name, np.nan, str(problem)) for name in names]


def _told(topic: str, values: dict[str, float]) -> Rows:
    return [(topic, name, float(value), "") for name, value in values.items()]


def _areas(data: pd.DataFrame) -> Rows:
    """Return both areas of both sets, and how far each drops from training to validation."""
    rows, areas = [], {}
    for name in SETS:
        part = one_set(data, name)
        for reading in READINGS:
            own = {word: area(part, reading, error) for error, word in ERRORS.items()}
            label = "area" if reading == "continuous" else "area, dichotomised"
            areas[name, reading] = own["DeLong"]["estimate"]
            told = {label: areas[name, reading]}
            for word, found in own.items():
                told[f"{label}, lower limit ({word})"] = found["low"]
                told[f"{label}, upper limit ({word})"] = found["high"]
            rows += _told(name, told)
    drops = {r: areas["training", r] - areas["validation", r] for r in READINGS}
    # The drop that stands in print: continuous in training, dichotomised in validation.
    mixed = areas["training", "continuous"] - areas["validation", "dichotomised"]
    drops["continuous to dichotomised"] = mixed
    return rows + _told("both sets", {f"drop of the area, {r}": d for r, d in drops.items()})


def _subgroups(data: pd.DataFrame) -> Rows:
    """Return the areas of the score in the subgroups: of all, and of the validation set alone."""
    rows = []
    topics = {"subgroups": data, "subgroups, validation": one_set(data, "validation")}
    for topic, part in topics.items():
        groups = groups_of(part)
        for name in SUBGROUPS:
            own = groups[name]
            sizes = {f"patients, {name}": len(own), f"failures, {name}": own["failed"].sum()}
            found = area(own, "continuous", "delong")
            reason = "" if found.notna().all() else "fewer than two failures or successes"
            ends = {
                "": "estimate",
                ", lower limit (DeLong)": "low",
                ", upper limit (DeLong)": "high",
            }
            rows += _told(topic, sizes)
            rows += [(topic, f"area, {name}{end}", found[k], reason) for end, k in ends.items()]
    return rows


def _calibration(name: str, part: pd.DataFrame) -> Rows:
    def values() -> list[float]:
        found = calibration_estimates(part["failed"], part["risk"]).set_index("statistic")
        limits = found.loc["calibration_slope", ["low", "high"]]
        return [*found.loc[list(CALIBRATION), "estimate"], *limits]

    limits = ["calibration slope, lower limit", "calibration slope, upper limit"]
    risk = part["risk"]
    told = {"largest risk": risk.max(), "mean risk": risk.mean()}
    told["patients with a risk above 0.9"] = (risk > 0.9).sum()
    return _tried(name, [*CALIBRATION.values(), *limits], values) + _told(name, told)


def fit_both(training: pd.DataFrame) -> LogisticFit:
    """Fit the model of both predictors."""
    event = (training[OUTCOME] == "yes").to_numpy(dtype=float)
    columns = [training[name].to_numpy(dtype=float) for name in PREDICTORS]
    return fit_logistic(event, np.column_stack([np.ones(event.size), *columns]))


def _estimates(training: pd.DataFrame) -> Rows:
    """Return what the model of both predictors has beside coefficients and limits."""
    pairs = [(0, 1), (0, 2), (1, 2)]
    names = [
        *(f"SE, {term}" for term in TERMS),
        *(f"covariance, {TERMS[i]} and {TERMS[j]}" for i, j in pairs),
        *(f"correlation of estimates, {TERMS[i]} and {TERMS[j]}" for i, j in pairs),
        "likelihood ratio χ²",
        "Cox-Snell R²",
        "Nagelkerke R²",
        "heuristic shrinkage",
    ]

    def values() -> list[float]:
        fit, n = fit_both(training), len(training)
        error, share = fit.standard_errors, training["failed"].mean()
        null = n * (share * np.log(share) + (1 - share) * np.log(1 - share))
        gain = 2 * (fit.log_likelihood - null)
        explained = 1 - np.exp(-gain / n)
        return [
            *error,
            *(fit.covariance[i, j] for i, j in pairs),
            *(fit.covariance[i, j] / (error[i] * error[j]) for i, j in pairs),
            gain,
            explained,
            explained / (1 - np.exp(2 * null / n)),
            1 - len(PREDICTORS) / gain,
        ]

    return _tried("model of nodes and Tg", names, values)


def _predictors(data: pd.DataFrame) -> Rows:
    """Return how the predictors do alone, and how they go together."""
    rows = []
    for name in SETS:
        part = one_set(data, name)
        nodes, tg = (part[column] for column in PREDICTORS)
        told = {
            f"area, {label} alone": auc(part["failed"], part[column])
            for column, label in PREDICTORS.items()
        }
        told["correlation, Pearson"] = nodes.corr(tg)
        told["correlation, Spearman"] = spearmanr(nodes, tg).statistic
        told["patients without nodes"] = (nodes == 0).sum()
        told["largest number of nodes"], told["largest Tg"] = nodes.max(), tg.max()
        rows += _told(f"predictors, {name}", told)
    training = one_set(data, "training")
    names = [
        f"odds ratio per {unit}, {label}"
        for label in PREDICTORS.values()
        for unit in ("SD", "interquartile range")
    ]

    def values() -> list[float]:
        slopes = fit_both(training).coefficients[1:]
        return [
            np.exp(slope * spread)
            for slope, column in zip(slopes, PREDICTORS, strict=True)
            for spread in (
                training[column].std(),
                np.subtract(*np.quantile(training[column], [0.75, 0.25], method="weibull")),
            )
        ]

    return rows + _tried("predictors, training", names, values)


def _thresholds(data: pd.DataFrame) -> Rows:
    """Return the best threshold's rates, and the net benefit of the paper's one."""
    best = youden_point(data).iloc[0]
    youden = best["sensitivity"] + best["specificity"] - 1
    rows = [("threshold", "Youden index, training", youden, "")]
    odds = np.exp(THRESHOLD)
    for name in SETS:
        part = one_set(data, name)
        at, own = classified(part), classified(part, best["cutoff"])
        share = part["failed"].mean()
        told = {f"{rate} at the best one (percent)": own[rate] for rate in RATES}
        gain = at["true_positives"] - odds * at["false_positives"]
        told["net benefit of the model"] = gain / len(part)
        told["net benefit of treating all as failures"] = share - odds * (1 - share)
        rows += _told(f"threshold, {name}", told)
    return rows


def _shapes(training: pd.DataFrame) -> Rows:
    wanted = {
        "AIC of log(1 + Tg) less that of Tg": (LOG_TG, "aic"),
        "p of the Tg spline against a line": (SPLINE_TG, "p_value"),
        "p of nodes × Tg": ("nodes × Tg", "p_value"),
    }

    def values() -> list[float]:
        table = shapes(training)
        return [table.loc[place] for place in wanted.values()]

    return _tried("shape", list(wanted), values)
