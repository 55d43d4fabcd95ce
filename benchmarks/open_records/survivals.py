"""What a cohort of patients with times says that its paper did not print; times may be shared."""

import numpy as np
from scipy.stats import chi2

from rairlib.errors import RairlibError

# Months at which curves are read, by cohort, and the days of one; covariates of the printed model.
MARKS = {"gbsg2": (24, 36, 60), "lung": (6, 12, 18)}
DAYS = 365.25 / 12
IN_MODEL = 4
STEPS_MAX = 40
STEP_LIMIT = 1e-8


class Cohort:
    """Patients in ascending order of time: ``levels`` (n, K), ``event`` and ``time`` (n,)."""

    def __init__(self, levels, event, time) -> None:
        order = np.argsort(time, kind="stable")
        self.levels = np.asarray(levels, float)[order]
        self.event = np.asarray(event, int)[order]
        self.time = np.asarray(time, float)[order]
        self.died = np.flatnonzero(self.event)
        # Everybody from this place on is at risk at each event.
        self.first = np.searchsorted(self.time, self.time[self.died], side="left")

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum values over the patients at risk at each event."""
        return np.cumsum(values[::-1], axis=0)[::-1][self.first]

    def moments(self, columns, beta) -> tuple[np.ndarray, np.ndarray, float]:
        """Return means and covariances of covariates at each event, and the log likelihood."""
        X = self.levels[:, columns]
        weight = np.exp(X @ beta)
        total = self.sums(weight)
        mean = self.sums(weight[:, np.newaxis] * X) / total[:, np.newaxis]
        square = self.sums(
            weight[:, np.newaxis, np.newaxis] * X[:, :, np.newaxis] * X[:, np.newaxis]
        )
        square = square / total[:, np.newaxis, np.newaxis]
        likelihood = float((X[self.died] @ beta).sum() - np.log(total).sum())
        return mean, square - mean[:, :, np.newaxis] * mean[:, np.newaxis], likelihood

    def cox(self, columns) -> np.ndarray:
        """Fit a Cox model by Breslow's method; NaN where there is no maximum."""
        beta = np.zeros(len(columns))
        for _ in range(STEPS_MAX):
            mean, variance, _ = self.moments(columns, beta)
            score = (self.levels[self.died][:, columns] - mean).sum(axis=0)
            try:
                step = np.linalg.solve(variance.sum(axis=0), score)
            except np.linalg.LinAlgError:
                break
            beta = beta + np.clip(step, -1, 1)
            if abs(step).max() < STEP_LIMIT:
                return beta
        return np.full(len(columns), np.nan)

    def likelihood_ratio(self, columns, beta) -> float:
        """Return twice what the covariates add to the log likelihood."""
        nothing = self.moments(columns, np.zeros(len(columns)))[2]
        return 2 * (self.moments(columns, beta)[2] - nothing)

    def log_rank(self, column: int) -> float:
        """Return the log-rank chi-square of a covariate, ties with their own variance."""
        moments, place = np.unique(self.time[self.died], return_inverse=True)
        first = np.searchsorted(self.time, moments, side="left")
        x = self.levels[:, column]
        ones = np.cumsum(x[::-1])[::-1][first]
        size = len(x) - first
        d, d1 = np.bincount(place), np.bincount(place, weights=x[self.died])
        share = ones / size
        more = np.where(size > 1, (size - d) / np.maximum(size - 1, 1), 0)
        variance = (d * share * (1 - share) * more).sum()
        return float((d1 - d * share).sum() ** 2 / variance) if variance > 0 else np.nan

    def survival(self, column: int, time: float) -> float:
        """Return the Kaplan-Meier estimate of the patients with level 1, in percent."""
        has = self.levels[:, column] == 1
        times, event = self.time[has], self.event[has]
        at_risk = len(times) - np.searchsorted(times, times, side="left")
        # Events at one time, one after the other, give the same product.
        rank = np.arange(len(times)) - np.searchsorted(times, times, side="left")
        order = np.lexsort((-event, times))
        size = (at_risk - rank)[order]
        chosen = (times[order] <= time) & (event[order] == 1)
        return float(100 * np.prod(1 - 1 / size[chosen]))

    def concordance(self, risk: np.ndarray) -> float:
        """Return Harrell's C, ties of the risk as one half."""
        earlier = self.event[:, np.newaxis] == 1
        pairs = earlier & (
            (self.time[:, np.newaxis] < self.time)
            | ((self.time[:, np.newaxis] == self.time) & (self.event == 0))
        )
        np.fill_diagonal(pairs, False)
        higher = np.sign((risk[:, np.newaxis] - risk).round(10)) / 2 + 0.5
        return float(higher[pairs].mean())

    def proportional_hazards(self, columns, beta) -> np.ndarray:
        """Return p of a coefficient that changes with the rank of the event, per covariate."""
        mean, variance, _ = self.moments(columns, beta)
        residual = self.levels[self.died][:, columns] - mean
        g = self.first - self.first.mean()
        plain, mixed, squared = (np.tensordot(g**power, variance, axes=1) for power in (0, 1, 2))
        score, out = g @ residual, np.full(len(columns), np.nan)
        for k in range(len(columns)):
            own = squared[k, k] - mixed[k] @ np.linalg.solve(plain, mixed[k])
            out[k] = chi2.sf(score[k] ** 2 / own, 1) if own > 0 else np.nan
        return out


def quantities(cohort: Cohort, in_model: int, time: float) -> dict[str, list[float]]:
    """Measure what is not printed of six covariates, the first `in_model` of them in the model.

    Parameters
    ----------
    cohort : Cohort
        Patients.
    in_model : int
        Covariates of the printed multivariable model.
    time : float
        Where subgroup curves are read.

    Returns
    -------
    dict of str to list of float
        By quantity, one value for each covariate, pair or model.
    """
    every, model = range(cohort.levels.shape[1]), list(range(in_model))
    beta = cohort.cox(model)
    if np.isnan(beta).any():
        raise RairlibError("the printed model has no finite estimates in this cohort")
    others = [k for k in every if k >= in_model]
    pairs = [(a, b) for a in every for b in every if a < b]
    both = cohort.levels.T @ cohort.levels
    return {
        "log-rank chi-square of a covariate": [cohort.log_rank(k) for k in every],
        "log hazard ratio with one covariate left out": cohort.cox(model[1:]).tolist(),
        "likelihood ratio of the model": [cohort.likelihood_ratio(model, beta)],
        "events with level 1": (cohort.event @ cohort.levels).tolist(),
        "subgroup Kaplan-Meier at the middle time": [cohort.survival(k, time) for k in every],
        "concordance of the model": [cohort.concordance(cohort.levels[:, model] @ beta)],
        "proportional hazards p": cohort.proportional_hazards(model, beta).tolist(),
        "adjusted log hazard ratio in no printed model": [
            float(cohort.cox([*model, k])[-1]) for k in others
        ],
        "joint count with both in the model": [both[a, b] for a, b in pairs if b < in_model],
        "joint count with one or none in the model": [
            both[a, b] for a, b in pairs if b >= in_model
        ],
    }
