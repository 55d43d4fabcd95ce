"""The report of a replication: one page without scripts or links, and its numbers as CSV and JSON.

The same cohort gives the same bytes: no clock, no path and no row of the cohort goes into it.
"""

import base64
from collections.abc import Iterable
from html import escape
from importlib.metadata import version
from string import Template

import pandas as pd

from rairlib.cohorts.gate import GateReport
from rairlib.figures.forest import draw_forest
from rairlib.figures.show import SVG, ShownFigure
from rairlib.output import as_json, render
from rairlib.pages.tables import what, with_decimals
from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_study
from rairlib.verdicts.replication import LOG, NO_PART, Replication

LEVEL = 0.05
EFFECTS = (*LOG, "coefficient", "auc")

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.simulated { background: #a23b00; color: #fff; font-weight: bold; padding: .5rem .75rem; }
.answer { border-left: .3rem solid #0072b2; padding-left: .75rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid #bbb; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
caption { text-align: left; font-weight: bold; padding: .25rem 0; }
summary { cursor: pointer; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")


def report(replication: Replication, gate: GateReport | None = None) -> dict[str, str]:
    """Write a replication for readers and for programs.

    Parameters
    ----------
    replication : Replication
        With the numbers of few patients hidden; see :func:`rairlib.verdicts.replication.replicate`.
    gate : GateReport, optional
        What the gate found in the cohort's file, and why it was let pass.

    Returns
    -------
    dict of str to str
        The texts of ``KEY_replication.html``, ``.csv`` and ``.json``.
    """
    table = _for_programs(replication)
    name = f"{replication.study}_replication"
    return {
        f"{name}.html": _page(replication, gate),
        f"{name}.csv": render(table, "csv") + "\n",
        f"{name}.json": as_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        + "\n",
    }


def _for_programs(replication: Replication) -> pd.DataFrame:
    table = replication.estimates.drop(columns="printed_value")
    table.insert(0, "simulated", "yes" if replication.simulated else "no")
    table.insert(0, "study", replication.study)
    return table


def answer(replication: Replication) -> list[str]:
    """Say in plain words what came out, one sentence each."""
    table = replication.estimates[replication.estimates["reason"] != NO_PART]
    found = table[table["found"].notna()]
    sentences = [
        f"{len(found)} of the {len(table)} reported numbers that a cohort can give are computed on "
        f"{_patients(replication.patients)}."
    ]
    effects = found[found["statistic"].isin(EFFECTS)]
    if effects.empty:
        return [*sentences, "No effect among them can be set beside the paper's."]
    sides, overlap = (effects[name].dropna() for name in ("same_direction", "overlap"))
    tested = effects["p_value"].dropna()
    sentences += [
        f"{len(effects)} are effects: odds ratios, hazard ratios, coefficients or areas under a "
        "ROC curve.",
        f"{sides.sum()} of {len(sides)} lie on the same side of no effect as in the paper, and "
        f"{overlap.sum()} of {len(overlap)} intervals overlap with the paper's.",
    ]
    if len(tested):
        sentences.append(
            f"{(tested < LEVEL).sum()} of {len(tested)} differ from the paper with p below "
            f"{LEVEL}; if nothing differed, about {LEVEL * len(tested):.1f} would."
        )
    return sentences


def _patients(number: int) -> str:
    return f"{number:,} patient{'s' * (number != 1)}"


def _page(replication: Replication, gate: GateReport | None) -> str:
    study = load_study(replication.study)
    kind = "Simulated patients beside" if replication.simulated else "Another cohort beside"
    parts = [_answer(replication), *_effects(replication), *_numbers(replication)]
    parts += [*_differences(replication, study), *_cases(replication), *_privacy(replication, gate)]
    title = escape(f"{kind} {study.citation.split('.')[0]} ({replication.study})")
    return PAGE.substitute(title=title, body="\n".join(parts))


def _answer(replication: Replication) -> str:
    face = (
        '<p class="simulated">SIMULATED PATIENTS. This is no replication: it shows what the report '
        "of one looks like. The patients were made to agree with the paper.</p>\n"
    )
    told = " ".join(answer(replication))
    return f'{face if replication.simulated else ""}<p class="answer">{escape(told)}</p>'


def _effects(replication: Replication) -> list[str]:
    table = replication.estimates
    own = table[table["scale"].notna()].sort_values(
        "statistic", key=lambda names: ~names.isin(EFFECTS), kind="stable"
    )
    parts = ["<h2>Estimates beside the paper’s</h2>"]
    if own.empty:
        return [*parts, "<p>None could be computed.</p>"]
    parts += [
        "<p>Ratios are compared as logarithms, all else as it is. The difference is this cohort "
        "minus the paper; its standard error follows from both intervals and takes the two groups "
        "of patients for independent (Altman and Bland 2003, BMJ 326:219). No interval, no test. "
        "No p value is corrected for the number of tests.</p>"
    ]
    parts += [_figure(figure) for figure in forests(replication)]
    shown = pd.DataFrame(
        {
            "estimate": [what(row) for row in own.to_dict("records")],
            "place": own["locus"],
            "method": own["method"].str.replace("_", " "),
            "printed": _with_limits(own, "printed"),
            "this cohort": _with_limits(own, "found"),
            "patients": own["cases"],
            "difference": [_signed(row) for row in own.itertuples()],
            "p": own["p_value"].map(_p_value),
            "same side": own["same_direction"].map({True: "yes", False: "no"}),
            "intervals": own["overlap"].map({True: "overlap", False: "apart"}),
        }
    )
    if replication.imputations:
        shown.insert(5, "this cohort, imputed", _with_limits(own, "imputed"))
        parts.append(
            f"<p>Where covariates are missing, models with several of them are also fitted to "
            f"{replication.imputations} imputations (chained equations, Rubin’s rules). The paper "
            "is compared with the complete cases, as it used them.</p>"
        )
    return [*parts, _table(shown, "Estimates of the paper and of this cohort")]


def forests(replication: Replication) -> list[ShownFigure]:
    """Draw the ratios that have both intervals, one figure for each statistic and model."""
    table = replication.estimates
    own = table[table["statistic"].isin(LOG) & table["overlap"].notna()]
    figures = []
    for (statistic, method), part in own.groupby(["statistic", "method"], sort=False):
        quantity = statistic.replace("_", " ")
        rows = [
            (_term(row), source, *row_ends)
            for row in part.itertuples()
            for source, row_ends in (
                ("reported", (row.printed_value, row.printed_low, row.printed_high)),
                ("this cohort", (row.found, row.found_low, row.found_high)),
            )
        ]
        estimates = pd.DataFrame(rows, columns=["term", "source", "estimate", "low", "high"])
        title = f"{quantity.capitalize()}s, {method}"
        look = {"title": title, "simulated": replication.simulated}
        height = max(2.8, 1.7 + 0.55 * len(part))  # the legend stands below the axis' title
        figures.append(draw_forest(estimates, quantity=quantity, height=height, **look))
    return figures


def _term(row) -> str:
    return f"{row.variable.replace('_', ' ')}\n{row.level}".strip()


def _figure(figure: ShownFigure) -> str:
    data, metadata = figure._repr_mimebundle_()
    picture = base64.b64encode(data[SVG].encode()).decode("ascii")
    source, width = f"data:{SVG};base64,{picture}", metadata[SVG]["width"]
    return f'<figure><img src="{source}" width="{width}" alt="{escape(figure.alt)}"></figure>'


def _numbers(replication: Replication) -> list[str]:
    table = replication.estimates
    rest = table[table["scale"].isna() & table["found"].notna()]
    missing = table[table["found"].isna()]
    parts = ["<h2>All other numbers</h2>"]
    shown = pd.DataFrame(
        {
            "number": [what(row) for row in rest.to_dict("records")],
            "place": rest["locus"],
            "printed": rest["printed"],
            "this cohort": [_beside(row.found, row.printed) for row in rest.itertuples()],
            "method": rest["method"].str.replace("_", " "),
        }
    )
    parts.append(_folded(f"{len(rest)} numbers that are not compared by a test", shown))
    parts.append("<h2>What is not here, and why</h2>")
    why = missing.groupby("reason", sort=False).size().rename("numbers").reset_index()
    parts.append(_table(why, "Reasons and how many numbers each of them leaves out"))
    names = [what(row) for row in missing.to_dict("records")]
    listed = pd.DataFrame(
        {"number": names, "place": missing["locus"], "printed": missing["printed"]}
    ).assign(step=missing["step"], reason=missing["reason"])
    return [*parts, _folded(f"The {len(missing)} numbers one by one", listed)]


def _differences(replication: Replication, study) -> list[str]:
    registry = load_registry(replication.study)
    facts = [("design", study.design), ("patients", study.n), ("outcome", study.outcome)]
    facts += [("software", study.software)]
    facts += [
        (what(vars_of(row)), f"{row.printed} {row.unit}".strip())
        for row in registry
        if row.statistic in ("definition", "date") and not row.repeats
    ]
    told = pd.DataFrame([fact for fact in facts if fact[1]], columns=["of the paper", "as printed"])
    parts = ["<h2>Where the two differ</h2>"]
    notes = [f"<li>{escape(note)}</li>" for note in replication.notes]
    parts.append(
        f"<p>What the cohort’s owner says:</p>\n<ul>\n{chr(10).join(notes)}\n</ul>"
        if notes
        else "<p>The cohort’s owner notes no difference in design, definition or time. That is no "
        "proof that there is none.</p>"
    )
    return [*parts, _folded("Design and definitions of the paper", told)]


def vars_of(row) -> dict:
    """Return what names a reported number."""
    return {name: getattr(row, name) for name in ("statistic", "variable", "level", "group")}


def _cases(replication: Replication) -> list[str]:
    steps = replication.steps.assign(step=replication.steps["step"].str.replace("_", " "))
    stopped = steps[steps["outcome"] != "run"][["step", "outcome"]]
    parts = [
        "<h2>Patients behind each step</h2>",
        "<p>As in the paper, each step uses the patients who have all that it needs (complete "
        "cases). Others are left out of that step alone.</p>",
    ]
    if len(stopped):
        parts.append(_table(stopped, "Steps of the analysis that could not be run"))
    heads = {"cases": "complete cases", "outcome": "what became of it"}
    parts.append(_folded(f"All {len(steps)} steps", steps.rename(columns=heads)))
    lacking = replication.missing[replication.missing["missing"].fillna(1) > 0]
    if lacking.empty:
        return [*parts, "<p>No value is missing in the columns that are there.</p>"]
    lacking = lacking.rename(columns={"of": "of patients"})
    return [*parts, _table(lacking, "Missing values by variable")]


def _privacy(replication: Replication, gate: GateReport | None) -> list[str]:
    limit = replication.threshold
    parts = ["<h2>What was kept back</h2>"]
    if limit is None:
        parts.append("<p><strong>Nothing is hidden. Do not pass this page on.</strong></p>")
    else:
        parts.append(
            f"<p>Hidden are numbers from 1 to {limit} patients, every number that would give one "
            "back, shares and tests of such counts, and smallest and largest values. Survival "
            "rates are rounded to whole percent; where values are missing, means, areas and "
            "sensitivities are rounded too. An empty cell among numbers of patients is such a "
            "number. Ratios of models with several variables "
            "are shown, although they narrow hidden counts down.</p>"
        )
    if gate is not None:
        parts += _gate(gate, limit)
    parts.append(f"<p>Written by rairlib {escape(version('rairlib'))}.</p>")
    return parts


def _gate(gate: GateReport, limit: int | None) -> Iterable[str]:
    if not gate.findings:
        yield "<p>The de-identification gate found nothing in the file.</p>"
    else:
        yield (
            "<p><strong>The de-identification gate found what could point to a person, and was "
            "overridden.</strong> The reasons given:</p>"
        )
        yield _table(gate.to_frame(*([limit] if limit else [])), "Findings of the gate")
    if gate.notes:
        yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in gate.notes)}</ul>"


# --- Format only ------------------------------------------------------------------------------


def _table(table: pd.DataFrame, caption: str) -> str:
    """Return a table in a box of its own, which scrolls on a phone, by keyboard too."""
    markup = table.astype(object).where(table.notna(), "").to_html(index=False, border=0)
    head, body = markup.split(">", 1)
    captioned = f"{head}>\n<caption>{escape(caption)}</caption>{body}"
    markup = captioned.replace("<th>", '<th scope="col">')
    box = f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
    return f"{box}\n{markup}\n</div>"


def _folded(summary: str, table: pd.DataFrame) -> str:
    if table.empty:
        return f"<p>{escape(summary)}.</p>"
    return f"<details>\n<summary>{escape(summary)}</summary>\n{_table(table, summary)}\n</details>"


def _beside(value: float, printed: str) -> str:
    return with_decimals(value, parse_printed(printed).decimals)


def _with_limits(table: pd.DataFrame, source: str) -> list[str]:
    shown = []
    for row in table.to_dict("records"):
        value = row["printed"] if source == "printed" else _beside(row[source], row["printed"])
        low, high = (row[f"{source}_{end}"] for end in ("low", "high"))
        limits = "" if pd.isna(low) else f" ({_beside(low, row['printed'])} to "
        shown.append(value + (limits and f"{limits}{_beside(high, row['printed'])})"))
    return shown


def _signed(row) -> str:
    if pd.isna(row.difference_low):
        return f"{row.difference:+.2f}"
    return f"{row.difference:+.2f} ({row.difference_low:+.2f} to {row.difference_high:+.2f})"


def _p_value(p: float) -> str:
    if pd.isna(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"
