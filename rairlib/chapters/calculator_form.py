"""Hunan: the calculator as a form; ``book/_static/calculator.js`` computes with its data."""

import json
from html import escape

from rairlib.chapters.calculator import MOST_PLAUSIBLE

FIELDS = (
    (
        "lln_count",
        "Metastatic lateral neck lymph nodes",
        f"A whole number from 0 to {MOST_PLAUSIBLE['lln_count']}.",
        "numeric",
    ),
    (
        "tg_before",
        "Thyroglobulin before radioiodine, ng/mL",
        f"From 0 to {MOST_PLAUSIBLE['tg_before']}, with a decimal point or comma. A result below "
        "a limit, such as <0.04, counts as the limit. The paper's text gives neither unit nor TSH "
        "state; ng/mL is assumed.",
        "text",
    ),
)
FIELD = """<div class="calculator-field">
<label for="calculator-{name}">{label}</label>
<input id="calculator-{name}" name="{name}" type="text" inputmode="{mode}" autocomplete="off"
 spellcheck="false" aria-describedby="calculator-{name}-hint calculator-{name}-error">
<p id="calculator-{name}-hint" class="calculator-hint">{hint}</p>
<p id="calculator-{name}-error" class="calculator-error" hidden></p>
</div>"""
FORM = """<p class="calculator-without-script">The calculator needs the scripts of the built book.
The table of risks on this page needs none.</p>
<form class="calculator" aria-label="Risk of failure" novalidate hidden>
{fields}
<p class="calculator-purpose">For study and teaching. Not a medical device, not for decisions on
anybody's care.</p>
<button type="submit">Show the risk</button>
<div class="calculator-result" role="status"></div>
</form>
<script type="application/json" id="calculator-data">{data}</script>"""


class CalculatorForm:
    """The form as a notebook shows it; without the book's scripts it says where to look.

    Parameters
    ----------
    data : dict
        See :func:`rairlib.chapters.calculator.page_data`.
    """

    def __init__(self, data: dict) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "Calculator; the table of risks on this page needs no script."

    def _repr_html_(self) -> str:
        """Return form and data; a ``</`` in the data would end their element."""
        fields = "\n".join(
            FIELD.format(name=name, label=escape(label), hint=escape(hint), mode=mode)
            for name, label, hint, mode in FIELDS
        )
        data = json.dumps(self.data, separators=(",", ":")).replace("</", "<\\/")
        return FORM.format(fields=fields, data=data)
