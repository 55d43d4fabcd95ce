"""Other tools on the same numbers: statcheck and what scrutiny's documentation prints.

``python -m benchmarks.beside --out FILE`` needs ``Rscript`` and the R package statcheck (Debian:
r-cran-statcheck). Test results of the bench's papers are written in APA style, as they are and with
one number wrong; statcheck reads the sentences, the audit the same numbers as rows.
"""

import argparse
import io
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from benchmarks.planting.errors import KINDS, PlantedError, plant_error
from benchmarks.planting.paper import KnownPaper
from benchmarks.planting.papers import known_paper
from rairlib.checks.catalogue import audit
from rairlib.registry.registry import Registry, ReportedNumber, printed_number
from rairlib.registry.vocabulary import COLUMNS

APA = {"t_statistic": "t", "f_statistic": "F", "chi_square": "χ2", "h_statistic": "χ2"}
PLANTED = ("one digit changed", "two neighbouring digits swapped", "decimal sign lost")
PAPERS = 100
# One text at a time: statcheck stops at impossible degrees of freedom, and has then read nothing.
STATCHECK = """
suppressMessages(library(statcheck))
texts <- readLines(file("stdin"), encoding = "UTF-8")
read <- function(number) {
  found <- tryCatch(statcheck(texts[number], messages = FALSE), error = function(e) NULL)
  if (is.null(found) || nrow(found) == 0) return(NULL)
  data.frame(source = number, found[c("error", "decision_error")])
}
log <- capture.output(found <- suppressWarnings(lapply(seq_along(texts), read)))
write.csv(do.call(rbind, found), row.names = FALSE)
"""

# Published expectations of the R package scrutiny (github.com/lhdjung/scrutiny): tests/testthat/
# test-grim-map.R, test-grim.R, test-grimmer-map.R, test-debit.R, vignettes/grim.Rmd; data in
# R/data-gen.R. Mean, SD, patients, items, and whether they can stand together.
PIGS = "7.22 4.74 5.23 2.57 6.77 2.68 7.01 7.38 3.14 6.89 5.00 0.24".split()  # noqa: SIM905
PIGS_N = (32, 25, 29, 24, 27, 28, 29, 26, 27, 31, 25, 28)
PIGS_SD = "5.30 6.55 2.55 2.57 2.18 2.59 6.68 3.65 5.32 4.18 2.18 6.43".split()  # noqa: SIM905
SCRUTINY = {
    "GRIM, pigs1": zip(PIGS, PIGS_N, "TFFFFTFTFFTF", strict=True),
    "GRIM, flying_pigs1": zip(
        ["8.97", "2.61", "7.26", "3.64", "9.26", "10.46", "7.39"], [28] * 7, "FTFTFTT", strict=True
    ),
    "GRIM, 5.19 to 5.30": zip(
        [f"5.{d}" for d in range(19, 31)], [28] * 12, "FFTFFFTFFFTF", strict=True
    ),
    "GRIM, 3 items": zip(
        [f"0.{d}" for d in range(150, 160)], [120] * 10, "TFFTFFTFTF", strict=True
    ),
    "GRIM, 2 items": zip([f"0.{d}" for d in range(80, 90)], [28] * 10, "TFTFTFTTTT", strict=True),
    "GRIM, percentages": zip(map(str, range(6, 17)), [50] * 11, "TFTFTFTFTFT", strict=True),
    "GRIMMER, pigs5": zip(
        zip(PIGS, PIGS_SD, strict=True),
        (38, 31, 35, 30, 33, 34, 35, 32, 33, 37, 31, 34),
        "FTFTFTFTFTTT",
        strict=True,
    ),
    "DEBIT, pigs3": zip(
        zip(
            ["0.53", "0.44", "0.77", "0.19", "0.34", "0.93", "0.12"],
            ["0.50", "0.50", "0.42", "0.35", "0.47", "0.25", "0.33"],
            strict=True,
        ),
        [1683] * 7,
        "TTTFTTT",
        strict=True,
    ),
}


# --- scrutiny ----------------------------------------------------------------------------------


def scrutiny_cases() -> pd.DataFrame:
    """Audit the examples of scrutiny; columns ``set, numbers, n, expected, ours``."""
    rows = []
    for name, cases in SCRUTINY.items():
        for numbers, n, expected in cases:
            registry = _example(name, numbers if isinstance(numbers, tuple) else (numbers,), n)
            objected = {"contradicted", "suggests"} & {f.status for f in audit(registry)}
            shown = " ± ".join(numbers) if isinstance(numbers, tuple) else numbers
            rows.append((name, shown, n, expected == "T", not objected))
    return pd.DataFrame(rows, columns=["set", "numbers", "n", "expected", "ours"])


def _example(name: str, numbers: tuple[str, ...], n: int) -> Registry:
    """Write an example as a paper would that says how many values there are."""
    size = {"id": "n", "statistic": "n", "printed": str(n), "variable": "score"}
    if "percentages" in name:
        percent = {"id": "x", "statistic": "percent", "printed": numbers[0], "of": "n", "unit": "%"}
        return registry_of(size, percent | {"variable": "score", "level": "yes"})
    items = int(name.split()[1]) if "items" in name else 1
    shared = {"variable": "score", "step": {1: "1", 2: "0.5", 3: "0.333"}[items]}
    rows = [
        {"id": statistic, "statistic": statistic, "printed": printed, **shared}
        for statistic, printed in zip(("mean", "sd"), numbers, strict=False)
    ]
    if "DEBIT" in name:
        rows += [
            {"id": statistic, "statistic": statistic, "printed": printed, **shared}
            for statistic, printed in (("minimum", "0"), ("maximum", "1"))
        ]
    return registry_of(
        {"id": "all", "statistic": "n", "printed": str(n)}, size | {"of": "all"}, *rows
    )


def registry_of(*rows: dict[str, str]) -> Registry:
    """Make a registry of rows, of which only what differs from the usual is given."""
    full = [dict.fromkeys(COLUMNS, "") | {"locus": "Table 1", "group": "all"} | row for row in rows]
    return Registry(
        "example",
        [
            ReportedNumber(number=printed_number(row["statistic"], row["printed"]), **row)
            for row in full
        ],
    )


# --- statcheck ---------------------------------------------------------------------------------


def test_results(registry: Registry) -> list[tuple[str, list[ReportedNumber]]]:
    """Write every test result with degrees of freedom and p in APA style, with its rows."""
    results = []
    for row in registry:
        ps = [p for p in registry.belonging_to(row.id, "p_value") if not p.repeats]
        freedom = registry.belonging_to(row.id, "degrees_of_freedom")
        if row.statistic in APA and freedom and ps:
            df = ", ".join(each.printed for each in freedom)
            results.append((f"{APA[row.statistic]}({df})", [row, *freedom, ps[0]]))
        elif row.statistic == "z_statistic":
            same = {name: getattr(row, name) for name in ("locus", "variable", "level", "group")}
            ps = [p for p in registry.where("p_value", **same) if not p.repeats]
            if len(ps) == 1:
                results.append(("z", [row, ps[0]]))
    return [(_sentence(name, rows), rows) for name, rows in results]


def _sentence(name: str, rows: list[ReportedNumber]) -> str:
    value, p = rows[0].printed.replace("−", "-").replace("–", "-"), rows[-1].printed
    return f"{name} = {value}, p {p if p[0] in '<>' else f'= {p}'}"


def _paragraph(registry: Registry) -> str:
    return "Results: " + "; ".join(text for text, _ in test_results(registry))


def run_statcheck(texts: list[str]) -> pd.DataFrame:
    """Let statcheck read one text per line; columns ``source, error, decision_error``."""
    shown = subprocess.run(
        ["Rscript", "-e", STATCHECK],
        input="\n".join(texts),
        text=True,
        capture_output=True,
        check=True,
    )
    return pd.read_csv(io.StringIO(shown.stdout))


def _alone(registry: Registry) -> Registry:
    """Keep the rows of test results, as statcheck sees them."""
    kept = {row.id for _, rows in test_results(registry) for row in rows}
    return Registry(registry.study, [row for row in registry if row.id in kept])


def _noticed(before: Registry, after: Registry, changed: set[str]) -> bool:
    """Whether the audit objects to a changed number, and did not before."""

    def objections(registry: Registry) -> set:
        return {
            (f.check, f.status, f.target, f.uses)
            for f in audit(registry)
            if f.status in ("contradicted", "suggests")
            and not changed.isdisjoint((f.target, *f.uses))
        }

    return bool(objections(after) - objections(before))


def plant_in_results(paper: KnownPaper, rng: np.random.Generator) -> list[PlantedError]:
    """Plant one error of each simple kind in a number of some test result."""
    rows = {row.id for _, rows in test_results(paper.registry) for row in rows}
    inside = KnownPaper(
        registry=_alone(paper.registry), truth={i: t for i, t in paper.truth.items() if i in rows}
    )
    kinds = [kind for kind in KINDS if kind.name in PLANTED] if rows else []
    return [error for kind in kinds if (error := plant_error(inside, kind, rng)) is not None]


def beside_statcheck(papers: int = PAPERS) -> pd.DataFrame:
    """Compare statcheck with the audit, on test results alone and on whole papers."""
    texts, ours, numbers = [], [], np.zeros(3, int)
    for cohort in range(papers):
        paper = known_paper(np.random.default_rng([3, cohort]))
        alone = _alone(paper.registry)
        texts.append(_paragraph(paper.registry))
        numbers += len(paper.registry), len(alone), len(test_results(paper.registry))
        clean = [any(f.status == "contradicted" for f in audit(r)) for r in (alone, paper.registry)]
        ours.append((cohort, "", *clean))
        for error in plant_in_results(paper, np.random.default_rng([3, cohort, 1])):
            texts.append(_paragraph(error.registry))
            whole = paper.with_texts(error.texts)
            changed = set(error.texts)
            seen = (
                _noticed(alone, error.registry, changed),
                _noticed(paper.registry, whole, changed),
            )
            ours.append((cohort, error.kind, *seen))
    found = run_statcheck(texts).groupby("source")["error"].agg(["size", "sum"])
    table = pd.DataFrame(ours, columns=["cohort", "kind", "same numbers", "whole paper"])
    table[["read", "objected"]] = found.reindex(range(1, len(texts) + 1), fill_value=0).to_numpy()
    clean = table.groupby("cohort")["objected"].transform("first")
    table["statcheck"] = table["objected"] > clean.where(table["kind"] != "", 0)
    return _rates(table, numbers)


def _rates(table: pd.DataFrame, numbers: np.ndarray) -> pd.DataFrame:
    clean, planted = table[table["kind"] == ""], table[table["kind"] != ""]
    rows = [
        ("numbers printed", "all", numbers[0], numbers[0]),
        ("numbers printed", "audit on the same numbers", numbers[0], numbers[1]),
        ("test results", "statcheck", numbers[2], clean["read"].sum()),
    ]
    tools = {"statcheck": "statcheck", "same numbers": "audit on the same numbers"}
    for column, tool in (tools | {"whole paper": "audit on the whole paper"}).items():
        rows.append(("papers with a false alarm", tool, len(clean), clean[column].sum()))
        for kind in ("any", *PLANTED):
            chosen = planted if kind == "any" else planted[planted["kind"] == kind]
            name = "errors noticed" if kind == "any" else f"errors noticed: {kind}"
            rows.append((name, tool, len(chosen), chosen[column].sum()))
    return pd.DataFrame(rows, columns=["what", "tool", "of", "number"])


def main() -> None:
    """Run both comparisons, print them and write them to one file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="CSV file")
    parser.add_argument("--papers", type=int, default=PAPERS)
    options = parser.parse_args()
    cases = scrutiny_cases()
    agree = (cases["expected"] == cases["ours"]).groupby(cases["set"], sort=False)
    scrutiny = agree.agg(["size", "sum"]).reset_index()
    scrutiny = scrutiny.set_axis(["what", "of", "number"], axis=1).assign(tool="audit as scrutiny")
    table = pd.concat([beside_statcheck(options.papers), scrutiny])
    limits = proportion_confint(table["number"], table["of"], method="wilson")
    table = table.assign(low=limits[0].round(4), high=limits[1].round(4))
    table.to_csv(options.out, index=False)
    print(table.to_string(index=False))
    print(cases[cases["expected"] != cases["ours"]].to_string(index=False))


if __name__ == "__main__":
    main()
