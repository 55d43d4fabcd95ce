"""The study repeated: new patients from a known truth, and the paper's own procedure on them.

Patients are drawn with replacement from the kept cohort, covariates and all; whether they are
refractory and when they progress is drawn anew. The two are drawn apart, because criterion iv makes
progression a part of refractory disease: had progression moved patients to the refractory, the odds
ratios of the truth would no longer be those of the model from which patients were drawn. So the
curves are compared by Table 5's avidity, which does not hang on the outcome.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from rairlib.registry.studies import load_witness
from rairlib.stats import kernels
from rairlib.stats.cox import cox
from rairlib.stats.logistic import Covariates, fit_logistic
from rairlib.stats.screening import (
    Quantities,
    at_least_one,
    log_rank_p,
    named,
    one_by_one,
    predicts,
    reported,
    these_alone,
)
from rairlib.stats.survival import kaplan_meier
from rairlib.studies.repeats import Conclusion, Repeats
from rairlib.studies.wang2025.analysis import (
    CONTRASTS,
    FIVE,
    LEVELS,
    PROGRESSION_CONTRASTS,
    PS_TG_CUTOFF,
    RATES,
    TABLE_5_MODEL,
    with_cutoffs,
)

# The paper names no limit. Tumour size (p = 0.067, Table 4) and histology (0.073, Table 5) are in
# the models, and no variable with a larger p is.
SCREENING_P = 0.10
# SPSS's own for Backward: LR.
ENTRY_P, REMOVAL_P = 0.05, 0.10
PLANTED_RATIO = 2
FIVE_CONTRASTS = {name: CONTRASTS[name] for name in FIVE}
NINE = tuple(TABLE_5_MODEL)
# How near a cut-off has to come to the printed one: by this factor at most.
NEAR = 1.25
CURVES_P = 0.001
WITH_AVIDITY, WITHOUT_AVIDITY = (
    f"pfs_{RATES[-1]}, {name} survival" for name in LEVELS["rai_avid_status"]
)

# --- The truth, and patients drawn from it ----------------------------------------------------


@cache
def kept() -> dict[str, np.ndarray]:
    """Return the kept cohort's covariates: the number of the level (as in ``LEVELS``), or ps-Tg."""
    data = with_cutoffs(load_witness("wang2025"))
    levels = {name: data[name] == second for name, (_, second) in LEVELS.items()}
    columns = levels | {"ps_tg": data["ps_tg"], "evaluable": data["evaluable"] == "yes"}
    return {name: column.to_numpy(float) for name, column in columns.items()}


@cache
def kept_outcome() -> dict[str, np.ndarray]:
    """Return who is refractory in the kept cohort, who progressed, and when."""
    data = with_cutoffs(load_witness("wang2025"))
    events = {"rair": data["rair"] == "RAIR", "progressed": data["progression"] == "PD"}
    columns = events | {"pfs": pd.to_numeric(data["pfs"])}
    return {name: column.to_numpy(float) for name, column in columns.items()}


def coded(cohorts: dict[str, np.ndarray], contrasts: Covariates) -> np.ndarray:
    """Return columns for a regression: 1 where a variable has the first level of its contrast."""
    columns = [cohorts[name] == LEVELS[name].index(first) for name, (first, _) in contrasts.items()]
    return np.stack(columns, axis=-1).astype(float)


def hazard_columns(cohorts: dict[str, np.ndarray], truth: str) -> np.ndarray:
    """Return the columns of Table 5's model; a gradual truth has no cut-off of ps-Tg."""
    columns = coded(cohorts, TABLE_5_MODEL)
    if truth == "gradual":
        columns[..., NINE.index("ps_tg_528")] = np.log10(cohorts["ps_tg"])
    return columns


@cache
def log_ratios(truth: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the true log odds ratios of Table 4's five and log hazard ratios of Table 5's nine.

    ``model``: of the models, fitted to the kept cohort; ``gradual``: the same with the logarithm of
    ps-Tg, so that no cut-off is the right one; ``planted``: ratios of 2; ``null``: of 1.
    """
    if truth in ("planted", "null"):
        value = np.log(PLANTED_RATIO) if truth == "planted" else 0.0
        return np.full(len(FIVE), value), np.full(len(NINE), value)
    design = np.insert(coded(kept(), FIVE_CONTRASTS), 0, 1, axis=-1)
    odds_ratios = fit_logistic(kept_outcome()["rair"], design).coefficients[1:]
    columns = pd.DataFrame(hazard_columns(kept(), truth), columns=list(NINE))
    patients = columns.assign(**kept_outcome())[kept()["evaluable"] == 1]
    fit = cox(patients, "pfs", "progressed", dict.fromkeys(NINE))
    return odds_ratios, fit.loc[fit["statistic"] == "coefficient", "estimate"].to_numpy()


@dataclass(frozen=True, slots=True)
class Truth:
    """What decides of each patient of the kept cohort: risk of RAIR, hazard, end of follow-up.

    The cumulative hazard of a patient is ``cumulative``, by ``months`` and straight between them,
    times the patient's ``hazard``. Follow-up ends at one of ``ends``, with these ``shares``.
    """

    risk: np.ndarray
    hazard: np.ndarray
    months: np.ndarray
    cumulative: np.ndarray
    ends: np.ndarray
    shares: np.ndarray

    def survival(self, months: float) -> float:
        """Return the share of evaluable patients who are free of progression."""
        hazard = self.hazard[kept()["evaluable"] == 1]
        return float(np.exp(-np.interp(months, self.months, self.cumulative) * hazard).mean())


@cache
def truth_of(truth: str) -> Truth:
    """Return a truth under which about as many are refractory and progress as in the paper.

    The constant of the logistic model and the baseline hazard (Breslow's) are fitted to the kept
    cohort with the other coefficients held at the truth. Ends of follow-up are those of a reverse
    Kaplan-Meier curve: a patient who progressed would have been followed for longer than that, and
    the column of follow-up tells of the last visit, not of the last judgement of response.
    """
    outcome, patients = kept_outcome(), kept()["evaluable"] == 1
    odds_ratios, hazard_ratios = log_ratios(truth)
    log_odds = coded(kept(), FIVE_CONTRASTS) @ odds_ratios
    ones = np.ones((len(log_odds), 1))
    constant = fit_logistic(outcome["rair"], ones, log_odds).coefficients[0]
    hazard = np.exp(hazard_columns(kept(), truth) @ hazard_ratios)

    time, event = outcome["pfs"][patients], outcome["progressed"][patients]
    months, events = np.unique(time[event == 1], return_counts=True)
    at_risk = (time >= months[:, np.newaxis]) @ hazard[patients]
    ends = kaplan_meier(time, 1 - event)
    return Truth(
        risk=1 / (1 + np.exp(-constant - log_odds)),
        hazard=hazard,
        months=np.append(0, months),
        cumulative=np.append(0, np.cumsum(events / at_risk)),
        ends=ends["time"].to_numpy()[1:],
        shares=-np.diff(ends["survival"]),
    )


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw cohorts: patients of the kept cohort, their refractory disease and their progression."""
    known = truth_of(truth)
    who = rng.integers(len(known.risk), size=(cohorts, patients))
    drawn = {name: values[who] for name, values in kept().items()}
    drawn["rair"] = (rng.random(who.shape) < known.risk[who]).astype(float)
    # The time at which the cumulative hazard reaches an exponential number: inversion.
    reached = rng.standard_exponential(who.shape) / known.hazard[who]
    progression = np.interp(reached, known.cumulative, known.months, right=np.inf)
    progression = np.ceil(10 * progression) / 10  # tenths of months, as the kept cohort has them
    end = rng.choice(known.ends, who.shape, p=known.shares)
    drawn["pfs"] = np.minimum(progression, end)
    drawn["progressed"] = np.where(drawn.pop("evaluable") == 1, progression <= end, np.nan)
    return drawn


def true_values(truth: str) -> dict[str, float]:
    """Return the truth of each quantity that has one; a gradual one has none in Table 5's model."""
    found = {f"pfs_{months} survival": truth_of(truth).survival(months) for months in RATES}
    odds_ratios, hazard_ratios = log_ratios(truth)
    of_rair = dict(zip(FIVE, odds_ratios, strict=True))
    models = {"rair_": of_rair, "rair_last_": dict.fromkeys(CONTRASTS, 0.0) | of_rair}
    if truth != "gradual":
        of_pd = dict(zip(NINE, hazard_ratios, strict=True))
        of_all = dict.fromkeys(PROGRESSION_CONTRASTS, 0.0) | of_pd
        of_all["ps_tg"] = of_pd["ps_tg_528"]
        models |= {"pd_": of_pd, "pd_screened_": of_all, "pd_printed_": of_all}
        found |= {} if truth == "null" else {"ps_tg cutoff": PS_TG_CUTOFF}
    return found | {
        f"{model}{name} coefficient": float(value)
        for model, values in models.items()
        for name, value in values.items()
    }


# --- The paper's procedure --------------------------------------------------------------------


def analyse(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Run the paper's procedure on each cohort: Table 4, Figure 3, Table 5, Figures 4 and 5."""
    return refractory(cohorts) | progression(cohorts)


def refractory(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Compare ten variables one by one, select among those that pass, fit the last model.

    ``rair_``: the χ² tests, and Table 4's five variables without any selection; ``rair_last_``:
    the last model of the selection.
    """
    event, names = cohorts["rair"], tuple(CONTRASTS)
    tests = [kernels.pearson(event, cohorts[name]) for name in names]
    p_values = np.stack([p_value for _, _, p_value in tests], axis=-1)
    design = np.insert(coded(cohorts, CONTRASTS), 0, 1, axis=-1)
    # A variable that did not pass is constant here, and cannot be selected.
    passed = np.insert(p_values < SCREENING_P, 0, True, axis=-1)
    candidates, variable = design * passed[:, np.newaxis], np.arange(design.shape[-1])
    selected = kernels.backward(event, candidates, variable, ENTRY_P, REMOVAL_P)
    last = kernels.logistic(event, design, np.nan_to_num(selected))

    design_of_five = np.insert(coded(cohorts, FIVE_CONTRASTS), 0, 1, axis=-1)
    b, error, _ = kernels.logistic(event, design_of_five, np.ones(1 + len(FIVE)))
    found = named("rair_", names, p_value=p_values)
    found |= named("rair_", FIVE, coefficient=b[:, 1:], standard_error=error[:, 1:])
    b, error, value = last
    return found | reported("rair_last_", names, (b[:, 1:], error[:, 1:], value), selected[:, 1:])


def progression(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Find the cut-off of ps-Tg, test the variables one by one, fit those that pass; curves.

    ``pd_``: one by one, and Table 5's nine variables without any screening. Of those that pass,
    ``pd_screened_``: the model with ps-Tg at the cut-off that was found; ``pd_printed_``: at the
    paper's.
    """
    time, event, ps_tg = cohorts["pfs"], cohorts["progressed"], cohorts["ps_tg"]
    cutoff, sensitivity, specificity = kernels.best_cutoff(event, ps_tg)
    above = (ps_tg >= cutoff[:, np.newaxis]).astype(float)
    columns = np.dstack([coded(cohorts, PROGRESSION_CONTRASTS), above])
    names = np.array([*PROGRESSION_CONTRASTS, "ps_tg"])

    p_values = one_by_one(time, event, columns)
    found = named("pd_", names, p_value=p_values) | {"ps_tg cutoff": cutoff}
    found |= {"ps_tg sensitivity": sensitivity, "ps_tg specificity": specificity}
    for prefix, other in (("pd_screened_", "ps_tg_528"), ("pd_printed_", "ps_tg")):
        used = (p_values < SCREENING_P) & (names != other)
        found |= reported(prefix, names, kernels.cox(time, event, columns, used, 0), used)
    b, error, _ = kernels.cox(time, event, columns, np.isin(names, NINE), 0)
    own = [list(names).index(name) for name in NINE]
    found |= named("pd_", NINE, coefficient=b[:, own], standard_error=error[:, own])
    return found | curves(cohorts)


def curves(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Read the curve of all, and compare those of the avid and of the others."""
    time, event, avidity = cohorts["pfs"], cohorts["progressed"], cohorts["rai_avid_status"]
    survival, error = kernels.survival_at(time, event, np.array(RATES, float))
    names = [f"pfs_{months}" for months in RATES]
    found = named("", names, survival=survival, standard_error=error)
    found["rai_avid_status p_value"] = log_rank_p(time, event, avidity)
    for level, name in enumerate((WITH_AVIDITY, WITHOUT_AVIDITY)):
        own = np.where(avidity == level, event, np.nan)
        rate, _ = kernels.survival_at(time, own, np.array(RATES[-1:], float))
        found[name] = rate[:, 0]
    return found


# --- What the paper concludes -----------------------------------------------------------------


def _conclusion(name: str, number: str, text: str, holds: Callable) -> Conclusion:
    return Conclusion(id=name, text=text, number=number, holds=holds)


CONCLUSIONS = (
    _conclusion(
        "rair_age",
        "table4-15",
        "Age of 55 years or more predicts refractory disease independently.",
        predicts("rair_last_age_55", 1),
    ),
    _conclusion(
        "rair_t_stage",
        "table4-88",
        "Stage T4 predicts refractory disease independently.",
        predicts("rair_last_t_stage", -1),
    ),
    _conclusion(
        "rair_these_alone",
        "",
        "Age and stage T4, and nothing else, predict refractory disease independently.",
        these_alone("rair_last_", {"age_55": 1, "t_stage": -1}),
    ),
    _conclusion(
        "pd_age",
        "table5-19",
        "Age of 55 years or more predicts progression independently.",
        predicts("pd_screened_age_55", 1),
    ),
    _conclusion(
        "pd_avidity",
        "table5-100",
        "Partial or no avidity predicts progression independently.",
        predicts("pd_screened_rai_avid_status", 1),
    ),
    _conclusion(
        "pd_ps_tg",
        "table5-90",
        "High thyroglobulin, from the best cut-off on, predicts progression independently.",
        predicts("pd_screened_ps_tg", 1),
    ),
    _conclusion(
        "pd_these_alone",
        "",
        "Age, avidity and thyroglobulin, and nothing else, predict progression independently.",
        these_alone("pd_screened_", {"age_55": 1, "rai_avid_status": 1, "ps_tg": 1}),
    ),
    _conclusion(
        "pd_cutoff",
        "section-3.5-07",
        "The best cut-off of thyroglobulin is about 528.5 ng/mL, by a quarter at most.",
        lambda found: abs(np.log(found["ps_tg cutoff"] / PS_TG_CUTOFF)) <= np.log(NEAR),
    ),
    _conclusion(
        "pd_curves",
        "",  # Figure 5 compares other groups
        "Disease without full avidity progresses more, p < 0.001 by the log-rank test.",
        lambda found: (
            (found["rai_avid_status p_value"] < CURVES_P)
            & (found[WITHOUT_AVIDITY] < found[WITH_AVIDITY])
        ),
    ),
    # Of the null: what the procedure finds where nothing is.
    _conclusion(
        "rair_any",
        "",
        "At least one variable predicts refractory disease independently.",
        at_least_one("rair_last_"),
    ),
    _conclusion(
        "pd_any_by_search",
        "",
        "At least one variable predicts progression independently, the cut-off searched.",
        at_least_one("pd_screened_"),
    ),
    _conclusion(
        "pd_any_as_printed",
        "",
        "At least one variable predicts progression independently, the cut-off fixed beforehand.",
        at_least_one("pd_printed_"),
    ),
)

REPEATS = Repeats(
    study="wang2025",
    patients=177,
    truths=("model", "gradual", "planted", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
