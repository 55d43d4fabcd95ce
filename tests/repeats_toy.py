"""A study for tests of the engine, in a module of its own so that other processes find it."""

import os
import signal
from functools import partial

from rairlib.studies.repeats import Conclusion, Repeats


def draw(rng, cohorts, patients, truth):
    return {"x": rng.normal(0.3 * (truth == "planted"), 1, (cohorts, patients))}


def draw_or_die(token, rng, cohorts, patients, truth):
    """Draw; but the one process that takes the token away is killed in the middle of a block."""
    x = draw(rng, cohorts, patients, truth)
    try:
        token.unlink()
    except FileNotFoundError:
        return x
    os.kill(os.getpid(), signal.SIGKILL)


def draw_always_die(rng, cohorts, patients, truth):
    os.kill(os.getpid(), signal.SIGKILL)


def draw_until(folder, blocks, rng, cohorts, patients, truth):
    """Draw; but kill the whole run once so many blocks are written."""
    if len(list(folder.glob("block-*.parquet"))) >= blocks:
        os.kill(os.getpid(), signal.SIGKILL)
    return draw(rng, cohorts, patients, truth)


def analyse(cohorts):
    x = cohorts["x"]
    mean, error = x.mean(axis=1), x.std(axis=1, ddof=1) / x.shape[1] ** 0.5
    found = {"x coefficient": mean, "x standard_error": error}
    return found | {"y cutoff": x.max(axis=1), "x selected": mean > 0}


def true_values(truth):
    return {"x coefficient": 0.3 if truth == "planted" else 0.0}


def positive(quantities):
    return quantities["x coefficient"] > 1.96 * quantities["x standard_error"]


def toy(draw=draw, *fixed):
    return Repeats(
        study="toy",
        patients=100,
        truths=("planted", "null"),
        draw=partial(draw, *fixed),
        analyse=analyse,
        true_values=true_values,
        conclusions=(Conclusion(id="x", text="X is positive.", number="", holds=positive),),
    )
