"""Two forms, from an interval and from a 2×2 table to p; ``book/_static/p-values.js`` computes."""

from collections.abc import Mapping
from html import escape

from rairlib.pages.tables import MarkedUp

FIELD = (
    '<label>{label} <input type="text" inputmode="decimal" autocomplete="off" value="{value}">'
    "</label>"
)
SCALE = """<label>Scale <select name="scale">
<option value="ratio">ratio (odds, hazard, risk)</option>
<option value="difference">difference (means, risks)</option></select></label>"""
FORM = """<p class="p-values-without-script">The form needs the scripts of the built book. The table
below needs none.</p>
<form class="p-values" aria-label="{title}" novalidate hidden>
<div class="p-values-fields">{fields}</div>
<output></output>
<label>{slider} <input type="range" step="1"></label>
<output></output>
</form>"""


def need_form(title: str, fields: Mapping[str, str], slider: str, *, scale: bool) -> MarkedUp:
    """Return a form that a script of the book brings to life.

    Parameters
    ----------
    title : str
        What the form is for.
    fields : mapping of str to str
        Label of a field → the number that it begins with, as printed.
    slider : str
        Label of the slider.
    scale : bool
        Whether the numbers are an estimate and its limits, on a scale that the reader chooses;
        otherwise they are the four counts of a 2×2 table.

    Returns
    -------
    MarkedUp
        The form, hidden until the script runs.
    """
    inside = [
        FIELD.format(label=escape(label), value=escape(value)) for label, value in fields.items()
    ]
    inside = "\n".join([*inside, SCALE] if scale else inside)
    text = f"Form: {title}; the table below it needs no script."
    return MarkedUp(FORM.format(title=escape(title), fields=inside, slider=escape(slider)), text)
