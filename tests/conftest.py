"""What every test shares: no window opens, and hypothesis repeats the same examples."""

import matplotlib
from hypothesis import settings

matplotlib.use("Agg")

# Two machines must come to the same result, and a slow one must not fail for being slow.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
