"""Answers to the exercises on Rabat, computed from registry and code so that they cannot rot."""

from rairlib.chapters.exercise import Exercise
from rairlib.cutoffs import dichotomise
from rairlib.description import compare_counts, crosstab
from rairlib.papers import lakhdar2024
from rairlib.reconstruct import reconstruct_logistic
from rairlib.reconstructions import printed_models
from rairlib.regression import logistic
from rairlib.reported import load_registry
from rairlib.studies import load_witness
from rairlib.tipping import reclassified

OTHER_DIAMETER = 20


def _model():
    (model,) = printed_models(load_registry("lakhdar2024"))
    return model


def _fisher_of_multifocality() -> float:
    data = lakhdar2024.with_cutoffs(load_witness("lakhdar2024"))
    counts = crosstab(data["multifocality"], data["rair"], ["yes", "no"], ["yes", "no"])
    tests = compare_counts(counts).set_index("method")
    return float(tests.loc["fisher", "p_value"])


def _next_mean() -> list[float]:
    registry = load_registry("lakhdar2024")
    size = registry.size("RAIR").number.value
    (mean,) = registry.where("mean", variable="tumor_diameter", group="RAIR")
    total = round(mean.number.value * size)
    return [total, (total + 1) / size]


def _patients_aged_54() -> int:
    registry = load_registry("lakhdar2024")
    size = int(registry.size("non-RAIR").number.value)
    (printed,) = registry.where("specificity", variable="age_54")
    (younger,) = registry.where("count", variable="age_54", level="<54", group="non-RAIR")
    fitting = [n for n in range(size + 1) if printed.number.agrees(100 * n / size)]
    return fitting[0] - int(younger.number.value)


def _table() -> list[int]:
    return _model().reconstruct().cells[0].tolist()


def _with_one_metastasis_more() -> list[int]:
    model = _model()
    margins = {**model.margins, "metastasis": model.margins["metastasis"] + 1}
    found = reconstruct_logistic(
        model.events, model.total, model.event_margins, margins, model.targets()
    )
    return [found.candidates, found.agreeing]


def _odds_ratio_at_another_diameter() -> float:
    data = lakhdar2024.with_cutoffs(load_witness("lakhdar2024"))
    data["larger"] = dichotomise(data["tumor_diameter"], OTHER_DIAMETER)
    levels = (f"≥{OTHER_DIAMETER}", f"<{OTHER_DIAMETER}")
    covariates = {
        "age_54": ("≥54", "<54"),
        "larger": levels,
        "metastasis": ("yes", "no"),
    }
    estimates = logistic(data, "rair", covariates).set_index(["statistic", "term"])["estimate"]
    return float(estimates["odds_ratio", f"larger: {' vs '.join(levels)}"])


def _patients_to_move() -> int:
    model = _model()
    exposed = model.event_margins["metastasis"]
    others = model.margins["metastasis"] - exposed
    table = reclassified(exposed, model.events, others, model.total - model.events)
    return int(table.loc[table["low"] <= 1, "moved"].min())


RABAT = {
    "rabat: a p value": Exercise(
        expected=_fisher_of_multifocality,
        tolerance=0.0005,
        hint="Which test gives the p value that the paper prints? Give three decimals.",
    ),
    "rabat: a mean by hand": Exercise(
        expected=_next_mean,
        tolerance=0.0005,
        hint="The sum is a whole number; the next mean belongs to a sum that is larger by one.",
    ),
    "rabat: a specificity": Exercise(
        expected=_patients_aged_54,
        tolerance=0,
        hint="How many non-refractory patients does the printed specificity call negative?",
    ),
    "rabat: a joint table": Exercise(
        expected=_table,
        tolerance=0,
        hint="Give the eight cells of the one table that agrees with both numbers.",
    ),
    "rabat: another margin": Exercise(
        expected=_with_one_metastasis_more,
        tolerance=0,
        hint="Raise the margin of all patients and leave that of the refractory ones.",
    ),
    "rabat: another cut-off": Exercise(
        expected=_odds_ratio_at_another_diameter,
        tolerance=0.0005,
        hint="Keep age and metastasis in the model, and give three decimals.",
    ),
    "rabat: a tipping point": Exercise(
        expected=_patients_to_move,
        tolerance=0,
        hint="Look for the first row whose lower limit is 1 or less.",
    ),
}
