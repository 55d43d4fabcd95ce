"""Figures of validation: what stands on them, and what their alternative texts say."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from rairlib.figures.calibration import calibration_alt, draw_calibration
from rairlib.figures.decision import avoided_alt, decision_alt, draw_avoided, draw_decision
from rairlib.figures.stability import (
    draw_frequencies,
    draw_instability,
    frequencies_alt,
    instability_alt,
)
from rairlib.figures.style import canvas

mpl.use("agg")

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
GROUPS = pd.DataFrame({"mean_risk": [0.2, 0.7], "share": [0.25, 0.6]})
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
DRAWINGS = {
    "calibration": lambda ax, **more: draw_calibration(
        CURVE, PATIENTS, ax, corrected=CORRECTED, groups=GROUPS, **more
    ),
    "decision": lambda ax, **more: draw_decision(DECISION, ax, threshold=0.358, **more),
    "avoided": lambda ax, **more: draw_avoided(DECISION, ax, threshold=0.358, **more),
    "frequencies": lambda ax, **more: draw_frequencies(FREQUENCIES, ax, **more),
    "instability": lambda ax, **more: draw_instability(STABILITY, ax, threshold=0.358, **more),
}


@pytest.fixture
def ax():
    figure, axes = canvas(4.2)
    yield axes
    plt.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.figure.findobj(mpl.text.Text) if text.get_text()]


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


@pytest.mark.parametrize("name", DRAWINGS)
def test_simulated_patients_are_marked_and_others_are_not(name, ax):
    assert DRAWINGS[name](ax, title="Title") is ax
    assert not any("SIMULATED" in text for text in texts(ax))
    DRAWINGS[name](ax, title="Title", simulated=True)
    assert "SIMULATED PATIENTS" in texts(ax)


@pytest.mark.parametrize("name", DRAWINGS)
def test_text_is_legible_on_a_phone_and_nothing_is_cut_off(name, ax):
    DRAWINGS[name](ax, title="Title", simulated=True)
    figure = ax.figure
    figure.canvas.draw()
    shown = [text for text in figure.findobj(mpl.text.Text) if text.get_text()]
    assert min(text.get_fontsize() for text in shown) * 350 / (4.8 * 72) >= 9
    box, frame = figure.get_tightbbox(), figure.bbox_inches
    assert box.x0 >= frame.x0 - 0.02
    assert box.x1 <= frame.x1 + 0.02
    assert box.y0 >= frame.y0 - 0.02
    assert box.y1 <= frame.y1 + 0.02


def test_calibration_curve_stands_where_the_frame_says_and_patients_below(ax):
    DRAWINGS["calibration"](ax)
    assert line(ax, "observed, smoothed").get_ydata().tolist() == CURVE["observed"].tolist()
    assert line(ax, "bias-corrected").get_linestyle() == "--"
    assert line(ax, "groups").get_xdata().tolist() == [0.2, 0.7]
    up, down = (part for part in ax.collections if hasattr(part, "get_segments"))
    assert [segment[0][0] for segment in up.get_segments()] == [0.2, 0.9]
    assert [segment[0][0] for segment in down.get_segments()] == [0.1, 0.6]
    assert ax.get_ylim()[0] < min(segment[:, 1].min() for segment in down.get_segments())


def test_band_of_the_calibration_curve_stays_between_0_and_1(ax):
    DRAWINGS["calibration"](ax)
    (band,) = (part for part in ax.collections if part.get_label() == "95 % bootstrap band")
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 1)


def test_curve_without_band_is_drawn_without_one(ax):
    draw_calibration(CURVE[["risk", "observed"]], PATIENTS, ax)
    assert not [part for part in ax.collections if part.get_label() == "95 % bootstrap band"]
    assert "band" not in calibration_alt(CURVE[["risk", "observed"]], PATIENTS)


def test_calibration_text_tells_what_is_observed_at_round_risks():
    found = calibration_alt(CURVE, PATIENTS, corrected=CORRECTED, simulated=True)
    # By interpolation: at 0.2 halfway from 0.2 to 0.3, at 0.5 two thirds of the way to 0.5.
    assert found == (
        "Calibration curve of 4 simulated patients, 2 with the event. Observed 25 % where 20 % are "
        "predicted (band 0 to 45 %); 43 % where 50 % are predicted (band 23 to 63 %); 70 % where "
        "80 % are predicted (band 50 to 97 %). Corrected for optimism: 29 %, 40 %."
    )


def test_decision_lines_are_told_apart_without_colour(ax):
    DRAWINGS["decision"](ax)
    styles = [line(ax, name).get_linestyle() for name in ("model", "treat all", "treat none")]
    assert len(set(styles)) == 3
    assert line(ax, "model").get_ydata().tolist() == [0.35, 0.25, 0.15]
    assert line(ax, "threshold 0.358").get_xdata()[0] == 0.358
    assert ax.get_ylim()[0] > -0.4


def test_decision_text_names_the_ranges():
    assert decision_alt(DECISION, USEFUL, simulated=True) == (
        "Decision curves of simulated patients at thresholds from 10 % to 50 %. The model has a "
        "larger net benefit than treating all and treating none from 30 % to 50 %, by 0.150 at "
        "most."
    )
    assert "nowhere better" in decision_alt(DECISION, USEFUL.head(0))


def test_avoided_interventions_are_those_of_the_model(ax):
    DRAWINGS["avoided"](ax)
    drawn = line(ax, "model against treating all")
    assert drawn.get_ydata().tolist() == [0, 23.3, 35]
    assert avoided_alt(DECISION, [0.3, 0.5]) == (
        "Net interventions avoided per 100 patients against treating all: 23 at a threshold of "
        "30 % and 35 at a threshold of 50 %."
    )


def test_bars_are_as_long_as_the_shares_and_the_model_is_marked(ax):
    draw_frequencies(FREQUENCIES, ax, labels={"tg": "Thyroglobulin"})
    assert [bar.get_width() for bar in ax.patches[:2]] == pytest.approx([91, 10])
    assert {"91 %, in the model", "10 %"} <= set(texts(ax))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Thyroglobulin", "age"]
    assert frequencies_alt(FREQUENCIES, simulated=True) == (
        "Shares of bootstrap resamples of simulated patients in which each variable was chosen: "
        "tg 91 % (in the model) and age 10 %."
    )


def test_unstable_patients_have_another_marker(ax):
    DRAWINGS["instability"](ax)
    stable, unstable = line(ax, "same side in > 90 % (2)"), line(ax, "other side in ≥ 10 % (1)")
    assert stable.get_marker() != unstable.get_marker()
    assert unstable.get_xdata().tolist() == [0.4]
    assert instability_alt(STABILITY, threshold=0.358) == (
        "Risks of 3 patients when the model is developed again in bootstrap resamples: the central "
        "95 % span 25 percentage points in the median patient and 50 at most. Patients whom at "
        "least a tenth of the resamples puts on the other side of the threshold of 35.8 %: 1."
    )
    assert "other side" not in instability_alt(STABILITY, simulated=True)
