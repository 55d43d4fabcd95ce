"""Figures draw what they are given, say SIMULATED where due, and carry alternative text."""

import io
import json
import re
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.figures import show
from rairlib.figures.bars import draw_audit, draw_cells
from rairlib.figures.calibration import draw_calibration
from rairlib.figures.decision import draw_avoided, draw_decision
from rairlib.figures.ensemble import draw_ensemble, draw_ranges
from rairlib.figures.flow_chart import draw_flow_chart
from rairlib.figures.forest import draw_forest, draw_forest_models
from rairlib.figures.kaplan_meier import at_risk_at, draw_kaplan_meier
from rairlib.figures.nomogram import draw_nomogram
from rairlib.figures.patients import draw_box_plot, draw_distribution
from rairlib.figures.roc import draw_roc
from rairlib.figures.show import SVG, AlternativeText
from rairlib.figures.stability import draw_frequencies, draw_instability
from rairlib.figures.style import canvas

mpl.use("agg")

COORDINATES = pd.DataFrame({"sensitivity": [1, 0.8, 0.3, 0], "specificity": [0, 0.5, 0.9, 1]})
POINTS = pd.DataFrame(
    {
        "source": ["reported", "reproduced"],
        "label": ["≥54", "≥54"],
        "auc": [0.681, 0.7],
        "sensitivity": [0.594, 0.594],
        "specificity": [0.759, 0.724],
    }
)
ESTIMATES = pd.DataFrame(
    {
        "term": ["age", "metastasis"] * 2,
        "source": ["reported"] * 2 + ["reproduced"] * 2,
        "estimate": [6.5, 22.6, 1.4, 15.0],
        "low": [1.8, 5.1, 0.4, 4.0],
        "high": [23.1, 99.8, 4.5, 59.0],
    }
)
FINDINGS = pd.DataFrame(
    {
        "check": ["sums"] * 3 + ["percent of count"] * 2,
        "status": ["agrees", "agrees", "open", "contradicted", "agrees"],
    }
)
BOXES = pd.DataFrame(
    [
        ("screened", "screened", 300, "", "kept"),
        ("lost", "incomplete follow-up", 178, "screened", "excluded"),
        ("untreated", "no radioiodine", 32, "screened", "excluded"),
        ("included", "analysed", 90, "screened", "kept"),
        ("rair", "RAIR", 32, "included", "group"),
        ("other", "non-RAIR", 58, "included", "group"),
    ],
    columns=["box", "text", "n", "parent", "kind"],
)
VALUES = pd.DataFrame(
    {"group": ["RAIR"] * 4 + ["non-RAIR"] * 3, "value": [54, 60, 61, 40, 53, 30, 31]}
)
# Five patients by hand: events at 6 and 18, patients leaving at 12, 24 and 30 months.
SURVIVAL = pd.DataFrame(
    {
        "group": "RAIR",
        "time": [6.0, 12.0, 18.0, 24.0, 30.0],
        "at_risk": [5, 4, 3, 2, 1],
        "events": [1, 0, 1, 0, 0],
        "censored": [0, 1, 0, 1, 1],
        "survival": [4 / 5, 4 / 5, 8 / 15, 8 / 15, 8 / 15],
        "low": [0.4, 0.4, 0.1, 0.1, 0.1],
        "high": [0.9, 0.9, 0.8, 0.8, 0.8],
    }
)
OTHER = SURVIVAL.assign(group="RAIA", events=0, censored=1, survival=1.0)
TWO = pd.concat([OTHER, SURVIVAL])
PRINTED = pd.DataFrame({"time": [12], "percent": [79.0]})
MARKERS = pd.DataFrame(
    {"group": ["PD"] * 3 + ["NPD"] * 2, "value": [20.0, 600.0, 90_000.0, 4.0, 80.0]}
)
QUARTILES = pd.DataFrame(
    {
        "group": ["PD", "PD", "NPD"],
        "source": ["reported", "reproduced", "reproduced"],
        "q1": [123.8, 20.0, 4.0],
        "median": [696.5, 600.0, 42.0],
        "q3": [1846.0, 90_000.0, 80.0],
    }
)
MODELS = pd.DataFrame(
    [
        ("univariable", "age", "reported", 3.2, 1.7, 6.1),
        ("univariable", "age", "reproduced", 3.2, 1.7, 6.1),
        ("univariable", "ratio", "reported", 0.9, 0.5, 1.7),
        ("univariable", "ratio", "reproduced", 0.9, 0.5, 1.7),
        ("multivariable", "age", "reported", 3.0, 1.4, 6.2),
        ("multivariable", "age", "reproduced", 2.0, 0.9, 4.2),
    ],
    columns=["model", "term", "source", "estimate", "low", "high"],
)
RANGES = pd.DataFrame(
    {
        "label": ["AUC", "concordance"],
        "low": [0.7, 0.8],
        "median": [0.75, 0.82],
        "high": [0.8, 0.85],
    }
)
TWO_ROWS = pd.DataFrame(
    [
        ("all", "analysed", 10, "", "kept"),
        ("a", "RAIA", 6, "all", "group"),
        ("b", "RAIR", 4, "all", "group"),
        ("c", "not evaluable", 1, "all", "excluded"),
        ("d", "evaluable", 9, "all", "kept"),
        ("e", "NPD", 7, "d", "group"),
        ("f", "PD", 2, "d", "group"),
    ],
    columns=["box", "text", "n", "parent", "kind"],
)
CURVE = pd.DataFrame(
    {
        "risk": [0.1, 0.3, 0.6, 0.9],
        "observed": [0.2, 0.3, 0.5, 0.8],
        "low": [-0.1, 0.1, 0.3, 0.6],
        "high": [0.4, 0.5, 0.7, 1.1],
    }
)
CORRECTED = pd.DataFrame({"risk": [0.1, 0.5, 0.9], "corrected": [0.25, 0.4, np.nan]})
PATIENTS = pd.DataFrame({"risk": [0.1, 0.2, 0.6, 0.9], "event": [0, 1, 0, 1]})
DECISION = pd.DataFrame(
    {
        "strategy": np.repeat(["model", "all", "none"], 3),
        "threshold": [0.1, 0.3, 0.5] * 3,
        "net_benefit": [0.35, 0.25, 0.15, 0.35, 0.15, -0.2, 0, 0, 0],
        "low": [0.2, 0.1, 0.05, 0.25, 0.0, -0.4, 0, 0, 0],
        "high": [0.45, 0.35, 0.25, 0.45, 0.25, 0.0, 0, 0, 0],
        "avoided": [0, 23.3, 35, 0, 0, 0, -315, -35, 20],
        "avoided_low": [-5, 10, 20, 0, 0, 0, -400, -50, 0],
        "avoided_high": [5, 35, 50, 0, 0, 0, -200, 0, 40],
    }
)
USEFUL = pd.DataFrame({"low": [0.3], "high": [0.5], "best_gain": [0.15]})
FREQUENCIES = pd.DataFrame(
    {"variable": ["tg", "age"], "chosen": [True, False], "share": [0.91, 0.1]}
)
STABILITY = pd.DataFrame(
    {
        "risk": [0.1, 0.4, 0.9],
        "low": [0.05, 0.2, 0.7],
        "high": [0.25, 0.7, 0.95],
        "instability": [0.0, 0.4, 0.05],
    }
)
CELLS = pd.DataFrame({"cell": ["young", "old"], "n": [5, 4], "fewest": [0, 1], "most": [2, 4]})
AREAS = pd.Series([0.60, 0.62, 0.64, 0.66, 0.70])
TICKS = [
    *(("points", "points", value, value) for value in range(0, 101, 10)),
    *(("nodes", "points", value, 2.0 * value) for value in range(0, 19, 2)),
    *(("tg", "points", value, value / 0.9) for value in range(0, 91, 10)),
    *(("total points", "total points", value, value) for value in range(0, 161, 20)),
    *(("risk", "total points", value, at) for value, at in ((0.2, 7), (0.5, 22), (0.55, 24))),
]
AXES = pd.DataFrame(TICKS, columns=["axis", "scale", "value", "position"])
AXIS_LABELS = {
    "points": "Points",
    "nodes": "Lateral nodes",
    "tg": "Tg",
    "total points": "Total points",
    "risk": "Risk of failure",
}
THRESHOLD = (16.0, "threshold of 0.36")


def drawing(draw, *frames, **words):
    return lambda **more: draw(*frames, **words, **more)


DRAWINGS = {
    "roc": drawing(draw_roc, COORDINATES, POINTS, name="age"),
    "forest": drawing(draw_forest, ESTIMATES),
    "distribution": drawing(draw_distribution, VALUES, label="Age, years", cutoff=54),
    "calibration": drawing(draw_calibration, CURVE, PATIENTS, corrected=CORRECTED),
    "decision": drawing(draw_decision, DECISION, USEFUL, threshold=0.358),
    "avoided": drawing(draw_avoided, DECISION, [0.3, 0.5], threshold=0.358),
    "frequencies": drawing(draw_frequencies, FREQUENCIES),
    "instability": drawing(draw_instability, STABILITY, threshold=0.358),
    "kaplan_meier": drawing(draw_kaplan_meier, TWO, ticks=[0, 12, 24, 36], at=12, printed=PRINTED),
    "box_plot": drawing(draw_box_plot, MARKERS, QUARTILES, label="ps-Tg (ng/mL)", cutoff=528.5),
    "forest_models": drawing(draw_forest_models, MODELS, labels={"age": "Age ≥55 y"}),
    "ensemble": drawing(draw_ensemble, AREAS, label="Area", limits=(0.6, 0.7), bin_width=0.02),
}
ALWAYS = {
    "ranges": drawing(draw_ranges, RANGES, label="Share", quantity="areas", reference=0.75),
    "nomogram": drawing(draw_nomogram, AXES, labels=AXIS_LABELS, threshold=THRESHOLD),
}
NEVER = {"audit": drawing(draw_audit, FINDINGS), "flow_chart": drawing(draw_flow_chart, BOXES)}


def axes(shown):
    return shown.figure.axes[0]


def texts(shown):
    return [text.get_text() for text in shown.figure.findobj(mpl.text.Text) if text.get_text()]


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


@pytest.mark.parametrize("name", [*DRAWINGS, *ALWAYS])
def test_simulated_patients_are_marked_once_on_the_face(name):
    shown = DRAWINGS[name](simulated=True) if name in DRAWINGS else ALWAYS[name]()
    assert texts(shown).count("SIMULATED PATIENTS") == 1


@pytest.mark.parametrize("name", [*DRAWINGS, *NEVER])
def test_unmarked_figure_does_not_claim_to_be_simulated(name):
    shown = DRAWINGS[name](simulated=False) if name in DRAWINGS else NEVER[name]()
    assert not any("SIMULATED" in text for text in texts(shown))
    assert "simulated" not in shown.alt


@pytest.mark.parametrize("name", [*DRAWINGS, *ALWAYS, *NEVER])
def test_text_stays_legible_on_a_phone_and_nothing_is_cut_off(name):
    shown = DRAWINGS[name](simulated=True) if name in DRAWINGS else (ALWAYS | NEVER)[name]()
    figure = shown.figure
    figure.draw_without_rendering()
    sizes = [t.get_fontsize() for t in figure.findobj(mpl.text.Text) if t.get_text()]
    assert min(sizes) * 350 / (figure.get_figwidth() * 72) >= 9
    assert max(sizes) <= 14
    box, frame = figure.get_tightbbox(), figure.bbox_inches
    assert min(box.x0 - frame.x0, box.y0 - frame.y0) >= -0.02
    assert max(box.x1 - frame.x1, box.y1 - frame.y1) <= 0.02


def test_roc_curve_and_points_stand_where_the_frames_say():
    shown = DRAWINGS["roc"](simulated=True)
    _, curve, reported, reproduced = axes(shown).lines
    assert curve.get_xdata() == pytest.approx(1 - COORDINATES["specificity"].to_numpy())
    assert [reported.get_xdata()[0], reported.get_ydata()[0]] == pytest.approx([0.241, 0.594])
    assert [reproduced.get_xdata()[0], reproduced.get_ydata()[0]] == pytest.approx([0.276, 0.594])
    assert reported.get_marker() != reproduced.get_marker()
    assert shown.alt == (
        "ROC curve of simulated patients for age. Reported: area 0.681; ≥54 with sensitivity "
        "59.4 % and specificity 75.9 %. Reproduced: area 0.700; ≥54 with sensitivity 59.4 % and "
        "specificity 72.4 %."
    )


def test_forest_has_two_markers_per_term_on_a_log_axis():
    shown = draw_forest(ESTIMATES, labels={"age": "Age ≥54"})
    ax = axes(shown)
    assert ax.get_xscale() == "log"
    drawn = {line.get_label(): line for line in ax.lines if line.get_marker() not in ("None", "")}
    assert drawn["reported"].get_xdata().tolist() == [6.5, 22.6]
    assert drawn["reproduced"].get_xdata().tolist() == [1.4, 15.0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Age ≥54", "metastasis"]
    low, high = ax.get_xlim()
    assert low <= 0.4
    assert high >= 99.8
    assert shown.alt.startswith(
        "Forest plot of odds ratios: 2 of 2 reported intervals exclude 1 and 1 of 2 reproduced "
        "intervals exclude 1. Age ≥54: reported 6.5 (1.8 to 23.1) and reproduced 1.4 (0.4 to 4.5)."
    )


def test_distribution_has_one_dot_per_patient_on_its_side_of_the_cutoff():
    shown = DRAWINGS["distribution"]()
    dots = [d.get_offsets() for d in axes(shown).collections if len(d.get_offsets()) > 2]
    offsets = np.concatenate(dots)
    assert len(offsets) == len(VALUES)
    assert (offsets[:, 0] > 54).sum() == (VALUES["value"] >= 54).sum()
    assert len(np.unique(offsets, axis=0)) == len(VALUES)
    assert "RAIR (n = 4) has mean 53.8" in shown.alt
    assert "3 of 4 at 54 or above" in shown.alt


def test_audit_bars_are_as_long_as_the_counts_and_objections_stand_beside_them():
    shown = draw_audit(FINDINGS)
    widths = [bar.get_width() for bar in axes(shown).patches if bar.get_width() > 0]
    assert sorted(widths) == [1, 1, 1, 2]
    assert sum("✗1" in text for text in texts(shown)) == 1
    assert shown.alt == (
        "Bar chart of 5 findings of 2 checks: 1 contradicted, 1 open and 3 agrees. "
        "Contradicted: percent of count (1)."
    )


def test_flow_chart_shows_every_box_and_tells_whether_they_add_up():
    shown = draw_flow_chart(BOXES)
    assert all(f"n = {n}" in " ".join(texts(shown)) for n in BOXES["n"])
    assert shown.alt.endswith("90 analysed: 32 RAIR and 58 non-RAIR. All boxes add up.")
    faulty = draw_flow_chart(BOXES.replace({"n": {178: 170}}))
    assert faulty.alt.endswith("Not all boxes add up: the parts of screened sum to 292.")


def test_flow_chart_leads_on_below_a_row_of_groups():
    shown = draw_flow_chart(TWO_ROWS)
    boxes = [text for text in axes(shown).texts if "n = " in text.get_text()]
    places = {text.get_text().split("\n")[0]: text.get_position()[1] for text in boxes}
    assert places["RAIA"] == places["RAIR"] < places["not evaluable"] < places["evaluable"]
    assert places["NPD"] == places["PD"] > places["evaluable"]
    assert "10 analysed: 6 RAIA and 4 RAIR." in shown.alt
    assert "10 analysed: 1 not evaluable and 9 evaluable." in shown.alt
    assert shown.alt.endswith("All boxes add up.")


def test_shown_figure_carries_its_text_in_data_and_metadata():
    figure, _ = canvas()
    shown = show(figure, "The curve\n  rises.")
    data, metadata = shown._repr_mimebundle_()
    assert data["text/plain"] == repr(shown) == "The curve rises."
    assert metadata[SVG] == {"alt": "The curve rises.", "width": 528}
    assert data[SVG].startswith("<?xml")
    assert "image/png" not in data
    assert not mpl.pyplot.fignum_exists(figure.number)


def test_same_figure_gives_the_same_bytes():
    first, second = (draw_forest(ESTIMATES)._repr_mimebundle_()[0][SVG] for _ in "ab")
    assert first == second
    assert ">Odds ratio (95 % interval)</text>" in first
    assert max(len(digits) for digits in re.findall(r"\d\.(\d+)", first)) == 2


def test_places_are_rounded_and_numbers_that_are_read_are_not():
    picture = DRAWINGS["ensemble"](printed="0.6405")._repr_mimebundle_()[0][SVG]
    assert ">printed: 0.6405</text>" in picture
    assert not re.search(r"<[^>]*\d\.\d{3}", picture)


def as_frame(shown):
    data, metadata = shown._repr_mimebundle_()
    (kind,) = set(data) - {"text/plain"}
    csv = metadata[kind].get("csv")
    return kind, csv and pd.read_csv(io.StringIO(csv))


@pytest.mark.parametrize("name", [*DRAWINGS, *ALWAYS, *NEVER])
def test_every_figure_hands_out_its_data(name):
    shown = DRAWINGS[name](simulated=True) if name in DRAWINGS else (ALWAYS | NEVER)[name]()
    kind, data = as_frame(shown)
    assert kind == SVG
    assert len(data) >= 2
    assert not any(column.startswith("Unnamed") for column in data)


def test_data_of_a_figure_are_its_numbers_on_one_line_each():
    _, data = as_frame(draw_forest(ESTIMATES, labels={"age": "Age\n≥54"}))
    assert data["term"].tolist() == ["Age ≥54", "metastasis"] * 2
    assert data["estimate"].tolist() == ESTIMATES["estimate"].tolist()


@pytest.mark.parametrize("name", ["distribution", "box_plot", "kaplan_meier", "instability"])
def test_rows_of_real_patients_are_neither_data_nor_lines(name):
    kind, data = as_frame(DRAWINGS[name](simulated=False))
    assert kind == "image/png"
    rows = {"distribution": 2, "box_plot": 3, "kaplan_meier": 8, "instability": 0}
    assert (0 if data is None else len(data)) == rows[name]


def test_figure_without_alternative_text_is_refused():
    figure, _ = canvas()
    with pytest.raises(RairlibError, match="alternative text"):
        show(figure, "  ")
    mpl.pyplot.close(figure)


def test_alternative_text_reaches_the_page_through_myst_nb(monkeypatch, tmp_path):
    core = pytest.importorskip("docutils.core")
    parser = pytest.importorskip("myst_nb.docutils_")
    monkeypatch.setattr("myst_nb.core.render.load_mime_renders", lambda: [AlternativeText])
    monkeypatch.chdir(tmp_path)
    figure, _ = canvas()
    data, metadata = show(figure, 'Rises "steeply" to 2 %')._repr_mimebundle_()
    output = {"output_type": "execute_result", "execution_count": 1}
    output |= {"data": data, "metadata": metadata}
    cell = {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "source": "show"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}}
    notebook["cells"] = [cell | {"outputs": [output]}]
    page = core.publish_string(
        json.dumps(notebook),
        parser=parser.Parser(),
        writer_name="html5",
        settings_overrides={"nb_execution_mode": "off", "output_encoding": "unicode"},
    )
    assert 'alt="Rises &quot;steeply&quot; to 2 %"' in page


# --- Cells and ensembles ----------------------------------------------------------------------


def test_bars_split_certain_possible_and_impossible():
    shown = draw_cells(CELLS, outcome="sick")
    assert [bar.get_width() for bar in axes(shown).patches] == [0, 1, 2, 3, 3, 0]
    labels = [text.get_text() for text in axes(shown).get_legend().get_texts()]
    assert labels == ["certainly sick", "possibly sick", "not sick"]
    assert shown.alt == (
        "Bar chart of 2 cells with 9 patients. young: 5 patients, 0 to 2 sick and "
        "old: 4 patients, 1 to 4 sick."
    )


@pytest.mark.parametrize(("printed", "where"), [("0.690", "inside"), ("0.71", "outside")])
def test_histogram_counts_every_value_and_marks_the_print(printed, where):
    shown = DRAWINGS["ensemble"](printed=printed)
    assert sum(bar.get_height() for bar in axes(shown).patches) == len(AREAS)
    assert {f"printed: {printed}", "SIMULATED PATIENTS"} <= set(texts(shown))
    assert shown.alt.startswith("Histogram of Area over 5 simulated cohorts: median 0.64")
    assert shown.alt.endswith(f"The printed {printed} lies {where} the marked range.")


def test_ensemble_of_unequal_values_draws_their_probability():
    chances = pd.Series([0.1, 0.1, 0.1, 0.1, 0.6])
    words = {"label": "Area", "limits": (0.62, 0.7), "bin_width": 0.02, "counted": "splits"}
    shown = draw_ensemble(AREAS, probability=chances, **words)
    heights = [bar.get_height() for bar in axes(shown).patches]
    assert sum(heights) == pytest.approx(1)
    assert max(heights) == pytest.approx(0.6)
    # Half of the probability is reached at the last value only.
    assert "median 0.7," in shown.alt


def test_ensemble_that_moves_tells_the_share_below_each_place():
    shown = DRAWINGS["ensemble"](printed="0.640")
    live = json.loads(shown._repr_mimebundle_()[1][SVG]["live"])
    places = live["first"] + live["step"] * np.arange(len(live["shares"]))
    expected = [(place - 1e-9 > AREAS).mean() for place in places]
    np.testing.assert_allclose(live["shares"], expected)
    assert places[0] <= AREAS.min()
    assert live["shares"][-1] == 1
    assert np.isclose(places, 0.64).any()
    # The left edge of the axes and the printed number stand where the picture has them.
    low, high = live["x"]
    line = next(line for line in axes(shown).lines if line.get_linestyle() == "--")
    left, _, width, _ = axes(shown).get_position().bounds
    drawn = shown.figure.transFigure.inverted().transform(
        line.get_transform().transform((line.get_xdata()[0], 0))
    )
    found = live["place"][0] + live["place"][2] * (0.64 - low) / (high - low)
    assert found == pytest.approx(drawn[0], abs=1e-3)
    assert (left, width) == pytest.approx((live["place"][0], live["place"][2]), abs=1e-4)


def test_shares_of_unequal_values_are_shares_of_probability():
    chances = pd.Series([0.1, 0.1, 0.1, 0.1, 0.6])
    live = draw_ensemble(AREAS, probability=chances, label="a", limits=(0.6, 0.7)).live
    places = live["first"] + live["step"] * np.arange(len(live["shares"]))
    shares = dict(zip(places.round(6), live["shares"], strict=True))
    assert (shares[0.65], shares[0.7]) == (pytest.approx(0.3), pytest.approx(0.4))


def test_histogram_without_print_or_simulation():
    shown = DRAWINGS["ensemble"](counted="splits", simulated=False)
    assert [text.get_text() for text in axes(shown).texts] == []
    assert "over 5 splits" in shown.alt
    assert "printed" not in shown.alt


def test_ranges_draw_and_tell_one_line_per_number():
    shown = ALWAYS["ranges"](log_ticks=[0.7, 0.8])
    assert axes(shown).get_xscale() == "log"
    labels = [label.get_text() for label in axes(shown).get_yticklabels()]
    assert labels == ["AUC", "concordance"]
    assert shown.alt == (
        "Ranges of areas over simulated cohorts. AUC 0.7 to 0.8, median 0.75; concordance 0.8 to "
        "0.85, median 0.82."
    )


# --- The nomogram: every axis is named, no label covers another -------------------------------


def test_nomogram_names_its_axes_and_no_label_covers_another():
    shown = ALWAYS["nomogram"]()
    assert {*AXIS_LABELS.values(), "◆ threshold of 0.36"} <= set(texts(shown))
    shown.figure.draw_without_rendering()
    boxes = {text: text.get_window_extent() for text in axes(shown).texts if text.get_text()}
    pairs = combinations(boxes, 2)
    overlaps = [(a.get_text(), b.get_text()) for a, b in pairs if boxes[a].overlaps(boxes[b])]
    assert overlaps == []


def test_each_scale_fills_the_width_and_the_mark_stands_on_both_lower_axes():
    ax = axes(ALWAYS["nomogram"]())
    spans = [line.get_xdata() for line in ax.lines if line.get_linestyle() == "-"]
    assert [round(float(span[1]), 3) for span in spans] == [1, 0.36, 1, 1, 0.15]
    mark = next(line for line in ax.lines if line.get_marker() == "D")
    np.testing.assert_allclose(mark.get_xdata(), [0.1, 0.1])
    assert sorted(mark.get_ydata()) == [-4, -3]


def test_words_of_a_nomogram_give_points_and_risks():
    assert ALWAYS["nomogram"]().alt == (
        "Nomogram. Lateral nodes from 0 to 18 gives 0 to 36 points; Tg from 0 to 90 gives 0 to 100 "
        "points. Total points: 7 for a risk of 0.2, 22 for a risk of 0.5 and 24 for a risk of "
        "0.55. Marked at 16.0 total points: threshold of 0.36."
    )


# --- Validation -------------------------------------------------------------------------------


def test_calibration_curve_stands_where_the_frame_says_and_patients_below():
    ax = axes(DRAWINGS["calibration"]())
    assert line(ax, "observed, smoothed").get_ydata().tolist() == CURVE["observed"].tolist()
    assert line(ax, "bias-corrected").get_linestyle() == "--"
    up, down = (part for part in ax.collections if hasattr(part, "get_segments"))
    assert [segment[0][0] for segment in up.get_segments()] == [0.2, 0.9]
    assert [segment[0][0] for segment in down.get_segments()] == [0.1, 0.6]
    assert ax.get_ylim()[0] < min(segment[:, 1].min() for segment in down.get_segments())


def test_band_of_the_calibration_curve_stays_between_0_and_1():
    parts = axes(DRAWINGS["calibration"]()).collections
    (band,) = (part for part in parts if part.get_label() == "95 % bootstrap band")
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 1)


def test_curve_without_band_is_drawn_without_one():
    shown = draw_calibration(CURVE[["risk", "observed"]], PATIENTS)
    labels = [part.get_label() for part in axes(shown).collections]
    assert "95 % bootstrap band" not in labels
    assert "band" not in shown.alt


def test_calibration_text_tells_what_is_observed_at_round_risks():
    # By interpolation: at 0.2 halfway from 0.2 to 0.3, at 0.5 two thirds of the way to 0.5.
    assert DRAWINGS["calibration"](simulated=True).alt == (
        "Calibration curve of 4 simulated patients, 2 with the event. Observed 25 % where 20 % are "
        "predicted (band 0 to 45 %); 43 % where 50 % are predicted (band 23 to 63 %); 70 % where "
        "80 % are predicted (band 50 to 97 %). Corrected for optimism: 29 %, 40 %."
    )


def test_decision_lines_are_told_apart_without_colour():
    ax = axes(DRAWINGS["decision"]())
    styles = [line(ax, name).get_linestyle() for name in ("model", "treat all", "treat none")]
    assert len(set(styles)) == 3
    assert line(ax, "model").get_ydata().tolist() == [0.35, 0.25, 0.15]
    assert line(ax, "threshold 0.358").get_xdata()[0] == 0.358
    assert ax.get_ylim()[0] > -0.4


def test_decision_text_names_the_ranges():
    assert DRAWINGS["decision"](simulated=True).alt == (
        "Decision curves of simulated patients at thresholds from 10 % to 50 %. The model has a "
        "larger net benefit than treating all and treating none from 30 % to 50 %, by 0.150 at "
        "most."
    )
    assert "nowhere better" in draw_decision(DECISION, USEFUL.head(0)).alt


def test_avoided_interventions_are_those_of_the_model():
    shown = DRAWINGS["avoided"]()
    drawn = line(axes(shown), "model against treating all")
    assert drawn.get_ydata().tolist() == [0, 23.3, 35]
    assert shown.alt == (
        "Net interventions avoided per 100 patients against treating all: 23 at a threshold of "
        "30 % and 35 at a threshold of 50 %."
    )


def test_bars_are_as_long_as_the_shares_and_the_model_is_marked():
    shown = draw_frequencies(FREQUENCIES, labels={"tg": "Thyroglobulin"}, simulated=True)
    ax = axes(shown)
    assert [bar.get_width() for bar in ax.patches[:2]] == pytest.approx([91, 10])
    assert {"91 %, in the model", "10 %"} <= set(texts(shown))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Thyroglobulin", "age"]
    assert shown.alt == (
        "Shares of bootstrap resamples of simulated patients in which each variable was chosen: "
        "Thyroglobulin 91 % (in the model) and age 10 %."
    )


def test_unstable_patients_have_another_marker():
    shown = DRAWINGS["instability"]()
    labels = ("same side in > 90 % (2)", "other side in ≥ 10 % (1)")
    stable, unstable = (line(axes(shown), label) for label in labels)
    assert stable.get_marker() != unstable.get_marker()
    assert unstable.get_xdata().tolist() == [0.4]
    assert shown.alt == (
        "Risks of 3 patients when the model is developed again in bootstrap resamples: the central "
        "95 % span 25 percentage points in the median patient and 50 at most. Patients whom at "
        "least a tenth of the resamples puts on the other side of the threshold of 35.8 %: 1."
    )


# --- Time to event, boxes, and two models -----------------------------------------------------


def survival(curves, ticks=(0, 12, 24, 36), **words):
    return draw_kaplan_meier(curves, ticks=list(ticks), at=12, **words)


def test_curve_starts_at_one_and_steps_where_the_frame_says():
    ax = axes(survival(SURVIVAL))
    curve, leaving = ax.lines[:2]
    assert curve.get_drawstyle() == "steps-post"
    assert curve.get_xydata()[0].tolist() == [0, 100]
    assert curve.get_ydata()[-1] == pytest.approx(100 * 8 / 15)
    assert leaving.get_xdata().tolist() == [12, 24, 30]
    assert len(ax.collections) == 1


def test_several_curves_differ_in_line_and_have_their_names_but_no_bands():
    shown = survival(TWO)
    assert {line.get_linestyle() for line in axes(shown).lines} >= {"-", "--"}
    assert {"RAIA", "RAIR"} <= set(texts(shown))
    assert len(axes(shown).collections) == 0


def test_name_stands_where_it_is_told_to():
    shown = axes(survival(TWO, ticks=(0, 36), names_at={"RAIR": (20, 70)})).texts
    named = [text for text in shown if text.get_text() == "RAIR" and text.get_weight() == "bold"]
    assert named[0].xy == (20, 70)


def test_at_risk_are_those_whose_time_is_not_before():
    assert at_risk_at(SURVIVAL, [0, 6, 6.1, 24, 31]) == [5, 5, 4, 2, 0]


def test_numbers_at_risk_stand_under_the_axis():
    below = [text.get_text() for text in axes(survival(SURVIVAL)).texts]
    assert below == ["At risk", "all", "5", "4", "2", "0"]


def test_text_of_curves_tells_patients_events_rates_and_print():
    assert DRAWINGS["kaplan_meier"](simulated=True).alt == (
        "Kaplan-Meier curves of simulated patients. RAIA: 5 patients, 0 with progression, 100.0 % "
        "without it at 12 months; RAIR: 5 patients, 2 with progression, 80.0 % without it at 12 "
        "months. Printed: 79 % at 12 months."
    )


def test_box_plot_shows_every_patient_on_a_log_axis_and_tells_the_print():
    shown = DRAWINGS["box_plot"]()
    ax = axes(shown)
    assert ax.get_xscale() == "log"
    points = [dots.get_offsets() for dots in ax.collections if len(dots.get_offsets()) > 1]
    assert sorted(x for part in points for x in part[:, 0]) == sorted(MARKERS["value"])
    assert [bar.get_width() for bar in ax.patches] == [90_000 - 20, 80 - 4]
    assert (
        "PD (n = 3): median and quartiles reported 696.5 (123.8, 1846) and reproduced 600 (20, "
        "90000), range 20 to 90000, 2 at 528.5 or above"
    ) in shown.alt


def test_two_models_share_their_lines_and_name_what_is_absent():
    shown = draw_forest_models(MODELS)
    first, second = shown.figure.axes
    assert first.get_ylim() == second.get_ylim()
    assert [text.get_text() for text in second.texts if "not in" in text.get_text()] == [
        "not in the model"
    ]
    assert not [text for text in first.texts if "not in" in text.get_text()]
    assert shown.alt.startswith("Univariable: Forest plot of hazard ratios: 1 of 2 reported")
    assert "Multivariable: Forest plot of hazard ratios: 1 of 1 reported" in shown.alt
