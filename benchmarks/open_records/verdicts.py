"""Verdicts on trial: held-out numbers of logistic models, printed rightly and wrongly."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from benchmarks.open_records.logistic_papers import draw_paper, fit, print_paper
from benchmarks.open_records.press import SEPARATED, TRUE, Press, seal
from benchmarks.planting.estimates import Z_95, Estimate
from rairlib.registry.printed import format_value, parse_printed
from rairlib.verdicts.verdicts import study_verdicts

# All tables are fitted where an odds ratio is held out.
SIZES = {40: 0.4, 60: 0.6}
SOURCES = {"gbsg2": 0.4, "lung": 0.3, "birth weights": 0.3}
WRONG = ("number off by 5 %", "one digit changed", "whole row off by 5 %", "whole row off by 20 %")
AGREE, NOTICED = ("reproduced", "compatible"), ("differs", "contradicted")


def write(papers: Path, sealed: Path, seed: int, number: int) -> None:
    """Print one paper rightly, and once for each way to print what is held out wrongly."""
    rng = np.random.default_rng([seed, 4, number])
    paper = draw_paper(rng, SIZES, SOURCES)
    estimates = fit(paper)
    if not estimates:
        seal(sealed / f"{number:04d}.json", {"fault": SEPARATED})
        return
    press = print_paper(paper, estimates)
    press.write(papers / f"{number:04d}")
    seal(sealed / f"{number:04d}.json", {"fault": TRUE, "wrong": []})
    for place, kind in enumerate(WRONG, start=1):
        changed = _wrongly(paper, estimates, kind, rng)
        pairs = zip(press.rows, changed.rows, strict=True)
        wrong = [row["id"] for row, other in pairs if row["printed"] != other["printed"]]
        if wrong:
            name = f"{number:04d}-{place}"
            changed.write(papers / name)
            seal(sealed / f"{name}.json", {"fault": kind, "wrong": wrong})


def _wrongly(paper, estimates, kind: str, rng: np.random.Generator) -> Press:
    """Print one held-out number wrongly, or a whole row whose numbers agree with each other."""
    if kind.startswith("whole row"):
        name = max(paper.names)
        shift = np.log(1.05 if "5 %" in kind else 1.2) * rng.choice([-1, 1])
        found = estimates[name]
        error = (found.high - found.low) / (2 * Z_95)
        moved = Estimate(
            coefficient=found.coefficient + shift,
            low=found.low + shift,
            high=found.high + shift,
            p_value=float(2 * norm.sf(abs(found.coefficient + shift) / error)),
        )
        return print_paper(paper, {**estimates, name: moved})
    press = print_paper(paper, estimates)
    rows = [row for row in press.rows if row["role"] == "held_out"]
    row = rows[rng.integers(len(rows))]
    row["printed"] = _off(row["printed"], rng) if "5 %" in kind else _other(row["printed"], rng)
    return press


def _off(text: str, rng: np.random.Generator) -> str:
    number = parse_printed(text)
    wrong = format_value(number.value * 1.05 ** rng.choice([-1, 1]), number.decimals)
    return wrong.removeprefix("0") if text.startswith(".") else wrong


def _other(text: str, rng: np.random.Generator) -> str:
    place = int(rng.choice([place for place, sign in enumerate(text) if sign.isdigit()]))
    digit = (int(text[place]) + int(rng.integers(1, 10))) % 10
    return f"{text[:place]}{digit}{text[place + 1 :]}"


def read(folder: Path) -> dict:
    """Give every held-out number of one registry its verdict."""
    verdicts = study_verdicts(str(folder))
    chosen = verdicts[verdicts["role"] == "held_out"].set_index("id")
    return {"verdicts": chosen[["statistic", "evidence", "verdict"]].to_dict("index")}


def score(truths: dict[str, dict], found: dict[str, dict]) -> dict[str, pd.DataFrame]:
    """Count verdicts of held-out numbers, those printed rightly apart from those printed wrongly.

    Parameters
    ----------
    truths, found : dict of str to dict
        By the name of the paper's folder.

    Returns
    -------
    dict of str to DataFrame
        ``verdicts``: columns ``printed`` (rightly, or how wrongly), ``statistic, papers, numbers``,
        one column per verdict, ``agree`` (reproduced or compatible), ``noticed`` (differs or
        contradicted), ``share`` (of the right ones that agree, of the wrong ones that are noticed)
        with its limits ``low, high`` (95 %, Wilson). Right numbers are those of papers without a
        wrong one.
    """
    rows = []
    for name, result in found.items():
        truth = truths[name]
        for identifier, one in result["verdicts"].items():
            wrong = identifier in truth["wrong"]
            if wrong or truth["fault"] == TRUE:
                printed = truth["fault"] if wrong else "rightly"
                rows.append({"printed": printed, "paper": name, **one})
    frame = pd.DataFrame(rows)
    every = frame.assign(statistic="all")
    parts = pd.concat([every, frame]).groupby(["printed", "statistic"], sort=False)
    return {"verdicts": pd.DataFrame([_counts(key, part) for key, part in parts])}


def _counts(key: tuple[str, str], part: pd.DataFrame) -> dict:
    agree = int(part["verdict"].isin(AGREE).sum())
    noticed = int(part["verdict"].isin(NOTICED).sum())
    hits = agree if key[0] == "rightly" else noticed
    low, high = proportion_confint(hits, len(part), method="wilson")
    counted = {
        verdict.replace(" ", "_"): int((part["verdict"] == verdict).sum())
        for verdict in (*AGREE, *NOTICED, "not assessable")
    }
    return {
        "printed": key[0],
        "statistic": key[1],
        "papers": part["paper"].nunique(),
        "numbers": len(part),
        **counted,
        "agree": agree,
        "noticed": noticed,
        "share": hits / len(part),
        "low": low,
        "high": high,
    }
