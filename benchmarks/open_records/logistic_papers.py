"""Papers with a logistic model of two or three binary covariates, right and with one fault."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2

from benchmarks.open_records.press import FAULTS, SEPARATED, TRUE, Press, seal
from benchmarks.open_records.records import COHORTS, subsample
from benchmarks.planting.estimates import Estimate, logistic
from rairlib.errors import RairlibError
from rairlib.stats.logistic import fit_logistic

SOURCES = {"gbsg2": 0.42, "lung": 0.25, "birth weights": 0.25, "larynx": 0.05, "glioma": 0.03}
SIZES = {60: 0.24, 90: 0.24, 120: 0.22, 180: 0.2, 250: 0.06, 383: 0.04}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticPaper:
    """Patients and how their paper prints them."""

    source: str
    names: tuple[str, ...]
    levels: np.ndarray
    event: np.ndarray
    decimals: int

    @property
    def cells(self) -> np.ndarray:
        """Cell of each patient, the first covariate varying slowest."""
        return self.levels @ (1 << np.arange(len(self.names) - 1, -1, -1))

    def table(self, outcome: int | None = None) -> list[int]:
        """Return the patients per cell, of all or of those with one outcome."""
        chosen = self.cells if outcome is None else self.cells[self.event == outcome]
        return np.bincount(chosen, minlength=2 ** len(self.names)).tolist()

    def truth(self) -> dict:
        """Return what is sealed of the paper."""
        with np.errstate(invalid="ignore", divide="ignore"):
            correlations = np.corrcoef(self.levels.T)[np.triu_indices(len(self.names), 1)]
        return {
            "source": self.source,
            "n": len(self.event),
            "decimals": self.decimals,
            "covariates": len(self.names),
            "correlation": float(np.nan_to_num(abs(correlations)).max()),
            "table": self.table(),
            "events": self.table(1),
        }


def draw_paper(rng: np.random.Generator, sizes=SIZES, sources=SOURCES) -> LogisticPaper:
    """Draw patients, covariates and decimals."""
    source = str(rng.choice(list(sources), p=list(sources.values())))
    n = int(rng.choice(list(sizes), p=list(sizes.values())))
    number = 2 if rng.random() < 0.35 else 3
    names = tuple(rng.choice(list(COHORTS[source].covariates), number, replace=False).tolist())
    levels, event, _ = subsample(source, list(names), n, rng)
    return LogisticPaper(
        source=source,
        names=names,
        levels=levels,
        event=event,
        decimals=int(rng.choice([2, 3])),
    )


def fit(paper: LogisticPaper, more: np.ndarray | None = None) -> dict[str, Estimate]:
    """Fit the model with a statistical program; empty if it has no finite estimates."""
    design = pd.DataFrame(paper.levels, columns=list(paper.names))
    if more is not None:
        design["product"] = more
    if (design.nunique() < 2).any() or not 2 < paper.event.sum() < len(paper.event) - 2:
        return {}
    estimates = logistic(paper.event, design, "wald")
    finite = all(np.isfinite([e.low, e.high]).all() for e in estimates.values())
    return estimates if finite else {}


def print_paper(paper: LogisticPaper, estimates: dict[str, Estimate], order=None) -> Press:
    """Print sizes, counts by outcome and the model.

    Roles follow a rule: all that is printed of the covariate last in the alphabet is held out, as
    is every p value; the rest are anchors.
    """
    press, cohort = Press(), COHORTS[paper.source]
    groups, versus = cohort.groups, " vs ".join(cohort.groups)
    sizes = {}
    for outcome, group in zip((1, 0), groups, strict=True):
        number = int((paper.event == outcome).sum())
        sizes[group] = press.add("Results", "n", number, 0, group=group, unit="patients")
    for j, name in enumerate(paper.names):
        for outcome, group in zip((1, 0), groups, strict=True):
            has = paper.levels[paper.event == outcome, j]
            for level, value in zip(cohort.covariates[name].levels, (1, 0), strict=True):
                fields = {"variable": name, "level": level, "group": group, "of": sizes[group]}
                label = f"{name} in {group}"
                count = int((has == value).sum())
                press.add("Table 1", "count", count, 0, partition=label, **fields)
    held_out = max(paper.names)
    for name in paper.names:
        fields = {
            "variable": name,
            "level": " vs ".join(cohort.covariates[name].levels),
            "group": versus,
            "role": "held_out" if name == held_out else "anchor",
        }
        found = estimates[name]
        values = np.exp([found.coefficient, found.low, found.high])
        of = press.add(
            "Table 2", "odds_ratio", values[0], paper.decimals, method="multivariable", **fields
        )
        for limit, value in zip(("ci_low", "ci_high"), values[1:], strict=True):
            press.add("Table 2", limit, value, paper.decimals, method="wald", of=of, **fields)
        fields["role"] = "held_out"
        press.add("Table 2", "p_value", found.p_value, 3, method="wald", of=of, **fields)
    return press


def faulty(
    paper: LogisticPaper, estimates: dict[str, Estimate], fault: str, rng: np.random.Generator
) -> Press | None:
    """Print the paper with one fault; None if that cannot be printed or changes nothing."""
    right = print_paper(paper, estimates)
    press = FAULTY[fault](paper, estimates, rng)
    if press is None:
        return None
    return None if press.table()["printed"].equals(right.table()["printed"]) else press


def _margin_off(paper, estimates, rng) -> Press:
    """Count one patient too many with a level in one group, and one too few without it."""
    press = print_paper(paper, estimates)
    counts = [row for row in press.rows if row["statistic"] == "count"]
    start = 2 * int(rng.integers(len(counts) // 2))
    first, second = counts[start : start + 2]
    sign = 1 if int(second["printed"]) and (rng.random() < 0.5 or first["printed"] == "0") else -1
    for row, step in ((first, sign), (second, -sign)):
        row["printed"] = str(int(row["printed"]) + step)
    return press


def _ratio_off(paper, estimates, rng) -> Press:
    name = str(rng.choice(paper.names))
    found, shift = estimates[name], np.log(1.05) * rng.choice([-1, 1])
    changed = replace(found, coefficient=found.coefficient + shift)
    return print_paper(paper, {**estimates, name: changed})


def _profile_limits(paper, estimates, rng) -> Press | None:
    event = paper.event.astype(float)
    design = np.column_stack([np.ones(len(event)), paper.levels]).astype(float)
    most = fit_logistic(event, design).log_likelihood
    changed = {}
    for j, name in enumerate(paper.names):
        others = np.delete(design, j + 1, axis=1)

        def fall(at, others=others, column=design[:, j + 1]):
            profile = fit_logistic(event, others, at * column).log_likelihood
            return 2 * (most - profile) - chi2.ppf(0.95, 1)

        found = estimates[name]
        width = found.high - found.low
        try:
            low = brentq(fall, found.coefficient - 2 * width, found.coefficient)
            high = brentq(fall, found.coefficient, found.coefficient + 2 * width)
        except (ValueError, RairlibError):
            return None
        changed[name] = replace(found, low=low, high=high)
    return print_paper(paper, changed)


def _interaction_left_out(paper, estimates, rng) -> Press | None:
    changed = fit(paper, paper.levels[:, 0] * paper.levels[:, 1])
    return print_paper(paper, changed) if changed else None


def _patient_missing(paper, estimates, rng) -> Press | None:
    kept = np.delete(np.arange(len(paper.event)), rng.integers(len(paper.event)))
    changed = fit(replace(paper, levels=paper.levels[kept], event=paper.event[kept]))
    return print_paper(paper, changed) if changed else None


FAULTY = dict(
    zip(
        FAULTS,
        (_margin_off, _ratio_off, _profile_limits, _interaction_left_out, _patient_missing),
        strict=True,
    )
)


def write(papers: Path, sealed: Path, seed: int, number: int, sources=SOURCES) -> None:
    """Print one paper and its faulty versions into folders, and seal what is true."""
    rng = np.random.default_rng([seed, 1, number])
    paper = draw_paper(rng, sources=sources)
    estimates, truth = fit(paper), paper.truth()
    if not estimates:
        seal(sealed / f"{number:04d}.json", truth | {"fault": SEPARATED})
        return
    print_paper(paper, estimates).write(papers / f"{number:04d}")
    seal(sealed / f"{number:04d}.json", truth | {"fault": TRUE})
    for place, fault in enumerate(FAULTS, start=1):
        press = faulty(paper, estimates, fault, rng)
        name = f"{number:04d}-{place}"
        seal(sealed / f"{name}.json", truth | {"fault": fault, "printed": press is not None})
        if press is not None:
            press.write(papers / name)
