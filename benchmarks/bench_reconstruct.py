"""Time the reconstruction of the Rabat study's joint table, and its fits against statsmodels.

Run ``python benchmarks/bench_reconstruct.py``. Compilation is timed in a fresh process with an
empty cache, the search after compilation; the fits of both programs are timed in the same run on
the same tables.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import statsmodels.api as sm

from rairlib.reconstruct.joint_tables import cell_levels, outcome_splits
from rairlib.reconstruct.logistic import fit_candidates, fit_tables
from rairlib.reconstruct.printed_models import printed_models
from rairlib.registry.registry import load_registry

STATSMODELS_TABLES = 400
SEARCH = (
    "import time; from rairlib.reconstruct.accounts import printed_models, load_registry; "
    "model = printed_models(load_registry('lakhdar2024'))[0]; start = time.perf_counter(); "
    "model.reconstruct(); print(time.perf_counter() - start)"
)


def seconds(action, repeats=1):
    """Return the shortest of several times."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def seconds_of_first_search(cache):
    """Time the first search of a fresh process whose compiled code is kept in `cache`."""
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    answer = subprocess.run(
        [sys.executable, "-c", SEARCH], env=environment, capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def patients(table, events, design):
    """Return outcome and design matrix with one row per patient."""
    pairs = zip(table, events, strict=True)
    y = np.concatenate([np.arange(n) < d for n, d in pairs]).astype(float)
    return y, np.repeat(design, table, axis=0)


def fit_with_statsmodels(y, X):
    """Fit one table."""
    return sm.Logit(y, X).fit(disp=0, method="newton", tol=1e-10).bse


def main():
    """Print one line per figure."""
    model = printed_models(load_registry("lakhdar2024"))[0]
    with tempfile.TemporaryDirectory() as cache:
        print(f"first search, nothing compiled     {seconds_of_first_search(cache):8.2f} s")
        print(f"first search, compiled code kept   {seconds_of_first_search(cache):8.2f} s")
    print(f"search after compilation           {seconds(model.reconstruct, 3):8.2f} s")

    arguments = (model.events, model.total, model.event_margins, model.margins)
    tables = fit_candidates(*arguments)
    design = np.column_stack([np.ones(8), cell_levels(3)])
    counts = [*model.event_margins.values()]
    sums = np.array([model.events, *counts])
    finite = tables.cells[np.isfinite(tables.fits.log_likelihoods)]
    compiled = seconds(lambda: fit_tables(finite, design, sums), 3) / len(finite)
    print(f"compiled fit, {len(finite)} tables        {1e6 * compiled:8.2f} µs per table")

    chosen = finite[:: len(finite) // STATSMODELS_TABLES][:STATSMODELS_TABLES]
    rows = [
        patients(table, outcome_splits(table, model.events, counts).event_tables[0], design)
        for table in chosen
    ]
    reference = seconds(lambda: [fit_with_statsmodels(*each) for each in rows])
    reference /= len(chosen)
    print(f"statsmodels Logit, {len(chosen)} tables     {1e6 * reference:8.2f} µs per table")
    print(f"ratio                              {reference / compiled:8.0f}")


if __name__ == "__main__":
    main()
