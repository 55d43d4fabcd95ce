"""Qingdao: frames for the chapters on Wang et al. 2025."""

import pandas as pd

from rairlib.reported import Registry

FLOW = (
    ("screened", "adults with lung metastases", "", "kept"),
    ("excluded, TgAb positive", "antibodies positive", "screened", "excluded"),
    ("excluded, incomplete data", "data incomplete", "screened", "excluded"),
    ("all", "analysed", "screened", "kept"),
    ("RAIA", "not refractory (RAIA)", "all", "group"),
    ("RAIR", "refractory (RAIR)", "all", "group"),
    ("not evaluable", "nothing to see on CT", "all", "excluded"),
    ("evaluable", "evaluable for response", "all", "kept"),
    ("NPD", "no progression (NPD)", "evaluable", "group"),
    ("PD", "progression (PD)", "evaluable", "group"),
)


def flow_boxes(registry: Registry) -> pd.DataFrame:
    """Return the boxes of Figure 2.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.flow_chart.draw_flow_chart` needs it.
    """
    rows = [
        (group, text, int(registry.size(group).number.value), parent, kind)
        for group, text, parent, kind in FLOW
    ]
    return pd.DataFrame(rows, columns=["box", "text", "n", "parent", "kind"])
