"""Reference values for rairlib.stats.decision: the package dcurves, which the project does not
need.

Run in an environment that has it: python decision.py > decision.json
"""

import json

import dcurves
import numpy as np
import pandas as pd

rng = np.random.default_rng(12)
THRESHOLDS = [0.0, 0.05, 0.1, 0.2, 0.25, 0.358, 0.4, 0.5, 0.63, 0.75, 0.9, 0.99]


def study(n, digits):
    """Return what dcurves gives for n made-up patients, some at a threshold exactly."""
    linear = rng.normal(-0.5, 1.4, n)
    event = rng.random(n) < 1 / (1 + np.exp(-linear))
    risk = np.round(1 / (1 + np.exp(-1.2 * linear)), digits)
    data = pd.DataFrame({"event": event, "risk": risk})
    found = dcurves.dca(
        data=data, outcome="event", modelnames=["risk"], thresholds=THRESHOLDS, nper=100
    )
    columns = ["model", "threshold", "net_benefit", "net_intervention_avoided"]
    rows = found[columns].replace({np.nan: None, np.inf: None, -np.inf: None}).to_dict("records")
    return {"event": event.astype(int).tolist(), "risk": risk.tolist(), "rows": rows}


print(json.dumps([study(122, 2), study(60, 4)]))
