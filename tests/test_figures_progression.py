"""Figures of time to event, of boxes, of two models and of ranges: what stands on them."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from rairlib.figures.box_plot import box_plot_alt, draw_box_plot
from rairlib.figures.ensemble import draw_ranges, ranges_alt
from rairlib.figures.flow_chart import draw_flow_chart, flow_chart_alt
from rairlib.figures.forest import draw_forest_models, forest_models_alt
from rairlib.figures.kaplan_meier import at_risk_at, draw_kaplan_meier, kaplan_meier_alt
from rairlib.figures.style import canvas

mpl.use("agg")

# Five patients by hand: events at 6 and 18, patients leaving at 12, 24 and 30 months.
CURVE = pd.DataFrame(
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
OTHER = CURVE.assign(group="RAIA", events=0, censored=1, survival=1.0)
TWO = pd.concat([OTHER, CURVE])
PRINTED = pd.DataFrame({"time": [12], "percent": [79.0]})
VALUES = pd.DataFrame(
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
        "printed": [0.76, None],
        "inside": [True, False],
    }
)
BOXES = pd.DataFrame(
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


@pytest.fixture
def ax():
    figure, axes = canvas(height=4.4)
    yield axes
    plt.close(figure)


def draw(name, ax, **more):
    if name == "kaplan_meier":
        draw_kaplan_meier(TWO, ax, ticks=[0, 12, 24, 36], printed=PRINTED, **more)
    elif name == "box_plot":
        draw_box_plot(VALUES, QUARTILES, ax, label="ps-Tg (ng/mL)", cutoff=528.5, **more)
    elif name == "ranges":
        draw_ranges(RANGES, ax, quantity="Share", **more)
    else:
        figure = ax.figure
        ax.remove()
        draw_forest_models(MODELS, figure, labels={"age": "Age ≥55 y"}, **more)


NAMES = ("kaplan_meier", "box_plot", "ranges", "forest_models")


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
def test_simulated_patients_are_marked_once_and_only_where_due(name, ax):
    figure = ax.figure
    draw(name, ax, simulated=True)
    assert texts(figure).count("SIMULATED PATIENTS") == 1


@pytest.mark.parametrize("name", NAMES)
def test_unmarked_figure_does_not_claim_to_be_simulated(name, ax):
    figure = ax.figure
    draw(name, ax, simulated=False)
    assert "SIMULATED PATIENTS" not in texts(figure)


@pytest.mark.parametrize("name", NAMES)
def test_text_is_legible_on_a_phone_and_nothing_is_cut_off(name, ax):
    figure = ax.figure
    draw(name, ax, simulated=True)
    figure.canvas.draw()
    shown = [text for text in figure.findobj(mpl.text.Text) if text.get_text()]
    assert min(text.get_fontsize() for text in shown) * 350 / (figure.get_figwidth() * 72) >= 9
    box, frame = figure.get_tightbbox(), figure.bbox_inches
    assert min(box.x0 - frame.x0, box.y0 - frame.y0) >= -0.02
    assert max(box.x1 - frame.x1, box.y1 - frame.y1) <= 0.02


def test_curve_starts_at_one_and_steps_where_the_frame_says(ax):
    draw_kaplan_meier(CURVE, ax, ticks=[0, 12, 24, 36])
    curve, leaving = ax.lines[:2]
    assert curve.get_drawstyle() == "steps-post"
    assert curve.get_xydata()[0].tolist() == [0, 100]
    assert curve.get_ydata()[-1] == pytest.approx(100 * 8 / 15)
    assert leaving.get_xdata().tolist() == [12, 24, 30]
    assert len(ax.collections) == 1


def test_several_curves_differ_in_line_and_have_their_names_but_no_bands(ax):
    draw_kaplan_meier(TWO, ax, ticks=[0, 12, 24, 36])
    assert {line.get_linestyle() for line in ax.lines} >= {"-", "--"}
    assert {"RAIA", "RAIR"} <= set(texts(ax.figure))
    assert len(ax.collections) == 0


def test_name_stands_where_it_is_told_to(ax):
    draw_kaplan_meier(TWO, ax, ticks=[0, 36], names_at={"RAIR": (20, 70)})
    named = [text for text in ax.texts if text.get_text() == "RAIR" and text.get_weight() == "bold"]
    assert named[0].xy == (20, 70)


def test_at_risk_are_those_whose_time_is_not_before():
    assert at_risk_at(CURVE, [0, 6, 6.1, 24, 31]) == [5, 5, 4, 2, 0]


def test_numbers_at_risk_stand_under_the_axis(ax):
    draw_kaplan_meier(CURVE, ax, ticks=[0, 12, 24, 36])
    below = [text.get_text() for text in ax.texts]
    assert below == ["At risk", "all", "5", "4", "2", "0"]


def test_text_of_curves_tells_patients_events_rates_and_print():
    assert kaplan_meier_alt(TWO, at=12, printed=PRINTED, simulated=True) == (
        "Kaplan-Meier curves of simulated patients. RAIA: 5 patients, 0 with progression, 100.0 % "
        "without it at 12 months; RAIR: 5 patients, 2 with progression, 80.0 % without it at 12 "
        "months. Printed: 79 % at 12 months."
    )


def test_box_plot_shows_every_patient_on_a_log_axis(ax):
    draw_box_plot(VALUES, QUARTILES, ax, label="ps-Tg", cutoff=528.5)
    assert ax.get_xscale() == "log"
    points = [dots.get_offsets() for dots in ax.collections if len(dots.get_offsets()) > 1]
    assert sorted(x for part in points for x in part[:, 0]) == sorted(VALUES["value"])
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == [90_000 - 20, 80 - 4]


def test_text_of_box_plot_sets_print_beside_cohort():
    text = box_plot_alt(VALUES, QUARTILES, label="ps-Tg", cutoff=528.5)
    assert (
        "PD (n = 3): median and quartiles reported 696.5 (123.8, 1846) and reproduced 600 (20, "
        "90000), range 20 to 90000, 2 at 528.5 or above"
    ) in text


def test_two_models_share_their_lines_and_name_what_is_absent(ax):
    figure = ax.figure
    ax.remove()
    draw_forest_models(MODELS, figure)
    first, second = figure.axes
    assert first.get_ylim() == second.get_ylim()
    assert [text.get_text() for text in second.texts if "not in" in text.get_text()] == [
        "not in the model"
    ]
    assert not [text for text in first.texts if "not in" in text.get_text()]


def test_text_of_two_models_goes_model_by_model():
    text = forest_models_alt(MODELS)
    assert text.startswith("Univariable: Forest plot of hazard ratios: 1 of 2 reported")
    assert "Multivariable: Forest plot of hazard ratios: 1 of 1 reported" in text


def test_text_of_ranges_counts_prints_within():
    assert ranges_alt(RANGES, quantity="areas") == (
        "Ranges of areas over simulated cohorts. 1 of 1 printed numbers lie within. AUC 0.7 to "
        "0.8, median 0.75, printed 0.76; concordance 0.8 to 0.85, median 0.82."
    )


def test_ranges_draw_one_line_per_number(ax):
    draw_ranges(RANGES, ax, quantity="Share", log_ticks=[0.7, 0.8], reference=0.75)
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["AUC", "concordance"]


def test_flow_chart_leads_on_below_a_row_of_groups(ax):
    draw_flow_chart(BOXES, ax)
    boxes = [text for text in ax.texts if "n = " in text.get_text()]
    places = {text.get_text().split("\n")[0]: text.get_position()[1] for text in boxes}
    assert places["RAIA"] == places["RAIR"] < places["not evaluable"] < places["evaluable"]
    assert places["NPD"] == places["PD"] > places["evaluable"]


def test_text_of_flow_chart_adds_each_sharing_out_on_its_own():
    text = flow_chart_alt(BOXES)
    assert "10 analysed: 6 RAIA and 4 RAIR." in text
    assert "10 analysed: 1 not evaluable and 9 evaluable." in text
    assert text.endswith("All boxes add up.")
