"""Time the lookup of pairs that cancel residuals against a tree by SciPy, in one run.

    python benchmarks/bench_meeting.py [EFFECTS]

Both look for the pairs of effects whose sum cancels three key numbers and judge the whole sums.
"""

import sys
import time

import numpy as np
from scipy.spatial import cKDTree

from rairlib.search.cells import Judge, grid_of, meet, worth

NUMBERS, KEYS, INSIDE, SPREAD = 51, np.array([20, 30, 40]), 1.1, 8.0


def by_tree(effects: np.ndarray, residuals: np.ndarray, judge: Judge) -> float:
    """Return the worth of the best pair, found by a tree of the key numbers."""
    tree = cKDTree(effects[:, KEYS])
    near = tree.query_ball_point(-residuals[KEYS] - effects[:, KEYS], INSIDE, p=np.inf)
    best = -np.inf
    for a, others in enumerate(near):
        for b in others:
            if b >= a:
                best = max(best, worth(residuals + effects[a] + effects[b], judge))
    return best


def by_cells(effects: np.ndarray, residuals: np.ndarray, judge: Judge) -> float:
    """Return the worth of the best pair, found by cells."""
    found, worths = np.zeros((1000, 2), np.int64), np.zeros(1000)
    nobody = np.full((len(effects), 1), -1, np.int32)
    grid = grid_of(effects, KEYS, INSIDE)
    many = meet(effects, nobody, residuals, judge, grid, -1e9, found, worths)
    return float(worths[:many].max())


def main(size: int) -> None:
    """Print the seconds of both and their ratio."""
    rng = np.random.default_rng(1)
    effects = rng.normal(scale=SPREAD, size=(size, NUMBERS)).astype(np.float32)
    residuals = rng.normal(scale=SPREAD, size=NUMBERS).astype(np.float32)
    limits = np.full(NUMBERS, 20, np.float32)
    judge = Judge(0, limits, np.full(NUMBERS, 2 * SPREAD, np.float32))
    by_cells(effects[:1000], residuals, judge)
    spent, best = {}, {}
    for name, search in (("tree", by_tree), ("cells", by_cells)):
        start = time.perf_counter()
        best[name] = search(effects, residuals, judge)
        spent[name] = time.perf_counter() - start
    if abs(best["tree"] - best["cells"]) > 1e-3:
        raise SystemExit(f"different pairs: {best}")
    pairs = size * (size + 1) / 2
    print(f"{pairs:,.0f} pairs: tree {spent['tree']:.1f} s, cells {spent['cells']:.2f} s,")
    print(f"cells are {spent['tree'] / spent['cells']:,.0f} times as fast")


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 30_000)
