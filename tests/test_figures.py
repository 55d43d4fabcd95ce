"""Figures draw what they are given, say SIMULATED where due, and carry alternative text."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.figures import show
from rairlib.figures.audit import audit_alt, draw_audit, finding_counts
from rairlib.figures.distribution import distribution_alt, draw_distribution
from rairlib.figures.flow_chart import draw_flow_chart, flow_chart_alt
from rairlib.figures.forest import draw_forest, forest_alt
from rairlib.figures.roc import draw_roc, roc_alt
from rairlib.figures.show import AlternativeText
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
DRAWINGS = {
    "roc": lambda ax, **more: draw_roc(COORDINATES, POINTS, ax, **more),
    "forest": lambda ax, **more: draw_forest(ESTIMATES, ax, **more),
    "distribution": lambda ax, **more: draw_distribution(
        VALUES, ax, label="Age, years", cutoff=54, **more
    ),
    "flow_chart": lambda ax, **more: draw_flow_chart(BOXES, ax, **more),
}


@pytest.fixture
def ax():
    figure, axes = canvas()
    yield axes
    mpl.pyplot.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", DRAWINGS)
def test_simulated_patients_are_marked_on_the_face(name, ax):
    assert DRAWINGS[name](ax, title="Title", simulated=True) is ax
    assert "SIMULATED PATIENTS" in texts(ax)


@pytest.mark.parametrize("name", DRAWINGS)
def test_unmarked_figure_does_not_claim_to_be_simulated(name, ax):
    DRAWINGS[name](ax)
    assert not any("SIMULATED" in text for text in texts(ax))


@pytest.mark.parametrize("name", [*DRAWINGS, "audit"])
def test_text_stays_legible_on_a_phone(name, ax):
    if name == "audit":
        draw_audit(FINDINGS, ax)
    else:
        DRAWINGS[name](ax, title="Title", simulated=True)
    ax.figure.canvas.draw()
    shown = [text for text in ax.figure.findobj(mpl.text.Text) if text.get_text()]
    pixels_per_point = 350 / (ax.figure.get_figwidth() * 72)
    assert min(text.get_fontsize() for text in shown) * pixels_per_point >= 9
    assert max(text.get_fontsize() for text in shown) <= 14


@pytest.mark.parametrize("name", [*DRAWINGS, "audit"])
def test_nothing_is_cut_off_at_the_edges(name, ax):
    if name == "audit":
        draw_audit(FINDINGS, ax, title="Checks")
    else:
        DRAWINGS[name](ax, title="Title", simulated=True)
    figure = ax.figure
    figure.canvas.draw()
    box, frame = figure.get_tightbbox(), figure.bbox_inches
    assert box.x0 >= frame.x0 - 0.02
    assert box.y0 >= frame.y0 - 0.02
    assert box.x1 <= frame.x1 + 0.02
    assert box.y1 <= frame.y1 + 0.02


def test_roc_curve_and_points_stand_where_the_frames_say(ax):
    draw_roc(COORDINATES, POINTS, ax)
    _, curve, reported, reproduced = ax.lines
    assert curve.get_xdata() == pytest.approx(1 - COORDINATES["specificity"].to_numpy())
    assert [reported.get_xdata()[0], reported.get_ydata()[0]] == pytest.approx([0.241, 0.594])
    assert [reproduced.get_xdata()[0], reproduced.get_ydata()[0]] == pytest.approx([0.276, 0.594])
    assert reported.get_marker() != reproduced.get_marker()


def test_forest_has_two_markers_per_term_on_a_log_axis(ax):
    draw_forest(ESTIMATES, ax, labels={"age": "Age ≥54"})
    assert ax.get_xscale() == "log"
    drawn = {line.get_label(): line for line in ax.lines if line.get_marker() not in ("None", "")}
    assert drawn["reported"].get_xdata().tolist() == [6.5, 22.6]
    assert drawn["reproduced"].get_xdata().tolist() == [1.4, 15.0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Age ≥54", "metastasis"]
    low, high = ax.get_xlim()
    assert low <= 0.4
    assert high >= 99.8


def test_distribution_has_one_dot_per_patient_on_its_side_of_the_cutoff(ax):
    draw_distribution(VALUES, ax, label="Age, years", cutoff=54)
    offsets = np.concatenate(
        [dots.get_offsets() for dots in ax.collections if len(dots.get_offsets()) > 2]
    )
    assert len(offsets) == len(VALUES)
    assert (offsets[:, 0] > 54).sum() == (VALUES["value"] >= 54).sum()
    assert len(np.unique(offsets, axis=0)) == len(VALUES)


def test_audit_bars_are_as_long_as_the_counts(ax):
    draw_audit(FINDINGS, ax)
    widths = sorted(bar.get_width() for bar in ax.patches if bar.get_width() > 0)
    assert widths == [1, 1, 1, 2]
    assert finding_counts(FINDINGS).to_numpy().tolist() == [[0, 0, 1, 2], [1, 0, 0, 1]]


def test_audit_writes_objections_beside_the_bar(ax):
    draw_audit(FINDINGS, ax)
    assert sum("✗1" in text for text in texts(ax)) == 1


def test_flow_chart_shows_every_box_with_its_count(ax):
    draw_flow_chart(BOXES, ax)
    shown = " ".join(texts(ax))
    assert all(f"n = {n}" in shown for n in BOXES["n"])


def test_alternative_texts_state_the_finding():
    assert roc_alt(POINTS, "age", simulated=True) == (
        "ROC curve of simulated patients for age. Reported: area 0.681; ≥54 with sensitivity "
        "59.4 % and specificity 75.9 %. Reproduced: area 0.700; ≥54 with sensitivity 59.4 % and "
        "specificity 72.4 %."
    )
    assert forest_alt(ESTIMATES).startswith(
        "Forest plot of odds ratios: 2 of 2 reported intervals exclude 1 and 1 of 2 reproduced "
        "intervals exclude 1. age: reported 6.5 (1.8 to 23.1) and reproduced 1.4 (0.4 to 4.5)."
    )
    assert audit_alt(FINDINGS) == (
        "Bar chart of 5 findings of 2 checks: 1 contradicted, 1 open and 3 agrees. "
        "Contradicted: percent of count (1)."
    )
    assert "RAIR (n = 4) has mean 53.8" in distribution_alt(VALUES, label="age", cutoff=54)
    assert "3 of 4 at 54 or above" in distribution_alt(VALUES, label="age", cutoff=54)
    assert flow_chart_alt(BOXES).endswith("90 analysed: 32 RAIR and 58 non-RAIR. All boxes add up.")


def test_flow_chart_that_does_not_add_up_is_told():
    faulty = BOXES.replace({"n": {178: 170}})
    assert flow_chart_alt(faulty).endswith(
        "Not all boxes add up: the parts of screened sum to 292."
    )


def test_shown_figure_carries_its_text_in_data_and_metadata():
    figure, _ = canvas()
    shown = show(figure, "The curve\n  rises.")
    data, metadata = shown._repr_mimebundle_()
    assert data["text/plain"] == repr(shown) == "The curve rises."
    assert metadata["image/png"]["alt"] == "The curve rises."
    assert data["image/png"].startswith("iVBORw0KGgo")
    assert not mpl.pyplot.fignum_exists(figure.number)


def test_same_figure_gives_the_same_bytes():
    pictures = []
    for _ in range(2):
        figure, axes = canvas()
        draw_forest(ESTIMATES, axes, simulated=True)
        pictures.append(show(figure, "Same.").png)
    assert pictures[0] == pictures[1]


def test_figure_without_alternative_text_is_refused(ax):
    with pytest.raises(RairlibError, match="alternative text"):
        show(ax.figure, "  ")


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
