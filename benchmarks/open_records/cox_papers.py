"""Papers with Cox models of six binary covariates, four of them in the multivariable model."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.open_records.press import SEPARATED, Press, seal
from benchmarks.open_records.records import COHORTS, subsample
from benchmarks.open_records.survivals import DAYS, IN_MODEL, MARKS
from benchmarks.planting.estimates import Estimate, cox, survival_at

SOURCES = {"gbsg2": 0.5, "lung": 0.5}
SIZES = {"gbsg2": 170, "lung": 110}
COVARIATES = 6
DECIMALS = 3


def write(papers: Path, sealed: Path, seed: int, number: int) -> None:
    """Print one paper, and seal its patients."""
    rng = np.random.default_rng([seed, 3, number])
    source = str(rng.choice(list(SOURCES), p=list(SOURCES.values())))
    names = rng.choice(list(COHORTS[source].covariates), COVARIATES, replace=False).tolist()
    levels, event, time = subsample(source, names, SIZES[source], rng)
    truth = {"source": source, "names": names, "fault": "none"}
    truth |= {"levels": levels.tolist(), "event": event.tolist(), "time": time.tolist()}
    design = pd.DataFrame(levels, columns=names)
    univariable = {name: cox(time, event, design[[name]], "breslow") for name in names}
    model = cox(time, event, design[names[:IN_MODEL]], "breslow")
    if not model or not all(univariable.values()):
        seal(sealed / f"{number:04d}.json", truth | {"fault": SEPARATED})
        return
    seal(sealed / f"{number:04d}.json", truth)
    press, rates = _print(source, names, levels, event, time, univariable, model)
    text = declaration(source, names, len(event), int(event.sum()), rates)
    press.write(papers / f"{number:04d}", simulation=text)


def _print(source, names, levels, event, time, univariable, model) -> tuple[Press, list]:
    press, cohort = Press(), COHORTS[source]
    sizes = {
        group: press.add("Results", "n", number, 0, group=group, unit="patients")
        for group, number in (("all", len(event)), ("event", event.sum()))
    }
    rates = []
    for months, rate in zip(
        MARKS[source], survival_at(time, event, np.array(MARKS[source]) * DAYS), strict=True
    ):
        gone = int((time <= months * DAYS).sum())
        level = f"{months} months"
        fields = {"variable": "survival", "level": level, "group": "all", "unit": "%"}
        of = press.add("Figure 1", "survival_percent", rate, 1, method="kaplan_meier", **fields)
        at_risk = f"at risk at {level}"
        press.add("Figure 1", "n", len(event) - gone, 0, group=at_risk, of=sizes["all"])
        rates.append((months, gone, of))
    for j, name in enumerate(names):
        level = cohort.covariates[name].levels[0]
        fields = {"variable": name, "level": level, "group": "all", "of": sizes["all"]}
        press.add("Table 1", "count", int(levels[:, j].sum()), 0, **fields)
    for method, fits in (
        ("univariable", {name: univariable[name][name] for name in names}),
        ("multivariable", model),
    ):
        for name, found in fits.items():
            _print_ratio(press, name, cohort.covariates[name].levels, method, found)
    return press, rates


def _print_ratio(press: Press, name, levels, method: str, found: Estimate) -> None:
    fields = {"variable": name, "level": " vs ".join(levels), "group": "event vs no event"}
    values = np.exp([found.coefficient, found.low, found.high])
    of = press.add("Table 2", "hazard_ratio", values[0], DECIMALS, method=method, **fields)
    for limit, value in zip(("ci_low", "ci_high"), values[1:], strict=True):
        press.add("Table 2", limit, value, DECIMALS, method="wald", of=of, **fields)


def declaration(source: str, names: list[str], n: int, events: int, rates: list) -> str:
    """Write what a search is told: printed numbers alone, the numbers at risk among them."""
    lines = ["[cohort]", 'at_risk = "all"', 'events = "event"', "", "[[classes]]"]
    lines += ['name = "all"', 'stratum = "all"', f"size = {n}", f"events = [{events}, {events}]"]
    for months, gone, _ in rates:
        lines += ["", "[[marks]]", f"months = {months:.1f}", f"positions = [{gone}, {gone}]"]
    for _, _, identifier in rates:
        lines += ["", "[[rates]]", f'id = "{identifier}"', 'classes = "all"']
    for name in names:
        lines += ["", "[[covariates]]", f'variable = "{name}"']
    return "\n".join(lines) + "\n"
