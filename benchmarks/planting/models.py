"""The parts of a known paper that report regressions: logistic and Cox."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.planting import estimates
from benchmarks.planting.cohorts import Variable
from benchmarks.planting.descriptions import cross_table, write_factor
from benchmarks.planting.estimates import Z_95, Estimate
from benchmarks.planting.paper import Draft
from benchmarks.planting.printing import ONE_SIDED, WEIGHTED

PATIENTS_PER_TERM = 8
Z_90 = stats.norm.ppf(0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A column of a design matrix.

    Attributes
    ----------
    variable : str
        Name of the variable.
    level : str
        ``LEVEL vs REFERENCE``, empty for a measurement.
    """

    variable: str
    level: str = ""


def design_of(draft: Draft, rng: np.random.Generator, variables) -> dict[str, pd.DataFrame]:
    """Code variables for a regression.

    Parameters
    ----------
    draft : Draft
        The paper.
    rng : numpy.random.Generator
        Chooses whether the first or the last level of a factor is the reference.
    variables : iterable of Variable
        Factors and measurements.

    Returns
    -------
    dict of str to DataFrame
        One frame per variable, columns are :class:`Term`; missing values stay missing.
    """
    found = {}
    for variable in variables:
        values = draft.cohort.patients[variable.name]
        if not variable.levels:
            found[variable.name] = pd.DataFrame({Term(variable=variable.name): values})
            continue
        reference = variable.levels[0 if rng.random() < 0.5 else -1]
        found[variable.name] = pd.DataFrame(
            {
                Term(variable=variable.name, level=f"{level} vs {reference}"): (
                    values == level
                ).where(values.notna())
                for level in variable.levels
                if level != reference
            }
        ).astype(float)
    return found


def write_logistic(draft: Draft, rng: np.random.Generator) -> pd.Series | None:
    """Write univariable and multivariable odds ratios of the outcome.

    Returns
    -------
    Series or None
        Linear predictor of the multivariable model in complete cases, if one was fitted.
    """
    cohort = draft.cohort
    designs = design_of(draft, rng, _candidates(draft, rng))
    shows_coefficients = rng.random() < 0.2
    univariable = {}
    for name, design in designs.items():
        design = design.dropna()
        fit = _logistic_fit(draft, design)
        if fit:
            univariable[name] = fit
        _write_crude(draft, name, fit, shows_coefficients)
    design = _joint_design(designs, univariable, min(cohort.patients["outcome"].value_counts()))
    if design is None:
        return None
    fit = _logistic_fit(draft, design)
    for term, estimate in fit.items():
        write_estimate(draft, "odds_ratio", term, estimate, "multivariable", shows_coefficients)
    if not fit:
        return None
    weights = np.array([fit[term].coefficient for term in design.columns])
    return pd.Series(design.to_numpy() @ weights, index=design.index)


def _logistic_fit(draft: Draft, design: pd.DataFrame) -> dict[Term, Estimate]:
    patients = draft.cohort.patients.loc[design.index]
    weights = patients.get("weight")
    return estimates.logistic(patients["outcome"], design, draft.style.ratio_p, weights)


def _candidates(draft: Draft, rng) -> list[Variable]:
    cohort = draft.cohort
    every = [*cohort.factors, *cohort.cut, *cohort.continuous]
    return [every[place] for place in sorted(rng.permutation(len(every))[:6])]


def _write_crude(draft: Draft, name: str, fit: dict[Term, Estimate], coefficients: bool) -> None:
    """Write univariable estimates, in some papers the exact ones of a 2 × 2 table."""
    factors = {variable.name: variable for variable in draft.cohort.factors}
    exact = (
        draft.style.interval == "exact" and len(factors.get(name, Variable(name="")).levels) == 2
    )
    for term, estimate in fit.items():
        if exact:
            counts = cross_table(draft.cohort, factors[name], draft.cohort.groups)
            if term.level.startswith(factors[name].levels[1]):
                counts = counts[::-1]
            values = np.log(estimates.exact_odds_ratio(counts))
            p_value = estimates.table_test(counts, "fisher")[2]
            estimate = Estimate(
                coefficient=values[0], low=values[1], high=values[2], p_value=p_value
            )
        write_estimate(
            draft, "odds_ratio", term, estimate, "univariable", coefficients, is_wald=not exact
        )


def _joint_design(designs, univariable, smaller_group: int) -> pd.DataFrame | None:
    """Join the variables with the smallest p values, one of each measurement."""

    def smallest_p(name: str) -> float:
        return min(estimate.p_value for estimate in univariable[name].values())

    chosen: list[str] = []
    terms = 0
    for name in sorted(univariable, key=smallest_p):
        known = any(_same_measurement(name, other) for other in chosen)
        width = designs[name].shape[1]
        if not known and (terms + width) * PATIENTS_PER_TERM <= smaller_group:
            chosen.append(name)
            terms += width
    if len(chosen) < 2:
        return None
    return pd.concat([designs[name] for name in chosen], axis=1).dropna()


def _same_measurement(first: str, second: str) -> bool:
    words = [set(name.split("_")[:1]) for name in (first, second)]
    return words[0] == words[1]


def write_cox(draft: Draft, rng: np.random.Generator) -> None:
    """Write univariable and multivariable hazard ratios, sometimes beside counts by event."""
    cohort, style = draft.cohort, draft.style
    designs = design_of(draft, rng, _candidates(draft, rng)[:4])
    counted = rng.random() < 0.4
    univariable = {}
    for variable in (*cohort.factors, *cohort.cut):
        if counted and variable.name in designs:
            write_factor(draft, rng, "Table 3", variable, cohort.events)
    for name, design in designs.items():
        fit = _cox_fit(cohort, design.dropna(), style.ties)
        if fit:
            univariable[name] = fit
        for term, estimate in fit.items():
            write_estimate(draft, "hazard_ratio", term, estimate, "univariable")
    design = _joint_design(designs, univariable, int(cohort.patients["event"].sum()))
    if design is not None:
        for term, estimate in _cox_fit(cohort, design, style.ties).items():
            write_estimate(draft, "hazard_ratio", term, estimate, "multivariable")


def _cox_fit(cohort, design: pd.DataFrame, ties: str) -> dict[Term, Estimate]:
    patients = cohort.patients.loc[design.index]
    return estimates.cox(patients["months"], patients["event"], design, ties)


def write_estimate(
    draft: Draft,
    statistic: str,
    term: Term,
    estimate: Estimate,
    method: str,
    coefficients: bool = False,
    is_wald: bool = True,
) -> None:
    """Write a ratio, in some papers after its coefficient, with its limits and p value."""
    style = draft.style
    odds = statistic == "odds_ratio"
    locus = "Table 2" if odds else "Table 3"
    groups = draft.cohort.groups if odds else draft.cohort.events
    fields = {"variable": term.variable, "level": term.level, "group": " vs ".join(groups)}
    error = (estimate.high - estimate.low) / 2 / Z_95
    z, decimals = estimate.coefficient / error, style.ratio_decimals
    weighted = " weighted" if style.design == WEIGHTED and odds and style.names_tests else ""
    method += weighted
    if coefficients:
        printed = style.number(estimate.coefficient, decimals)
        of = draft.add(locus, "coefficient", printed, estimate.coefficient, method=method, **fields)
        if is_wald:
            rest = fields | {"of": of, "method": method}
            draft.add(locus, "standard_error", style.number(error, decimals), error, **rest)
            draft.add(locus, "z_statistic", style.number(z, 2), z, **rest)
    ratio, low, high = np.exp([estimate.coefficient, estimate.low, estimate.high])
    p_value, side = estimate.p_value, ""
    if style.design == ONE_SIDED:
        low, high = np.exp(estimate.coefficient + np.array([-Z_90, Z_90]) * error)
        p_value, side = stats.norm.sf(z), " one_sided"
    printed = style.number(ratio, style.ratio_decimals)
    identifier = draft.add(locus, statistic, printed, ratio, method=method, **fields)
    fields["of"] = identifier
    limit_method = f"wald{weighted}" if style.names_wald and is_wald else method
    level = " 90%" if style.design == ONE_SIDED else ""
    for limit, value in (("ci_low", low), ("ci_high", high)) if style.shows_intervals else ():
        printed = style.number(value, style.ratio_decimals)
        draft.add(locus, limit, printed, value, method=limit_method + level, **fields)
    by_likelihood = odds and is_wald and style.ratio_p == "likelihood_ratio"
    p_method = limit_method
    if by_likelihood:
        p_method = "likelihood_ratio" if style.names_tests else method
    draft.add_p(locus, p_value, method=p_method + side, **fields)
