"""How a paper prints: decimals, signs, rounding, and its choice of tests and intervals."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np

from rairlib.registry.printed import parse_printed

ROW_SHARES, PAIRED, WEIGHTED = "row percentages", "matched pairs", "weighted patients"
ONE_SIDED = "90 % and one-sided"
DESIGNS = (ROW_SHARES, PAIRED, WEIGHTED, ONE_SIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """The habits of one paper.

    Attributes
    ----------
    rounding : str
        A rounding mode of `decimal`.
    percent_decimals, p_decimals, ratio_decimals, mean_decimals, area_decimals : int
        Digits after the decimal sign.
    small_p : str
        ``less`` for ``<0.001``, ``zero`` for ``0.000``, ``digits`` for as many as it takes.
    hides_large_p, leading_zero, decimal_comma, thousands : bool
        Whether p above 0.05 is printed as such, p and areas carry a zero before the point,
        decimals a comma, thousands a comma.
    minus : str
        The minus sign.
    shows_all, percents, names_unknown : bool
        Whether Table 1 has a column of all patients, percentages, and missing values as a level.
    percent_of : str
        ``group``, ``level`` or ``all``: the whole of a percentage in Table 1.
    shows_statistics, shows_intervals, names_tests, names_wald, gives_steps : bool
        Whether test statistics and intervals of ratios are printed, tests and Wald intervals
        named, and whether the registry gives the steps of measurement.
    table_test : str
        ``pearson``, ``yates``, ``fisher`` or ``by expected counts``.
    t_test : str
        ``student``, ``welch`` or ``by variances``.
    rank_test : str
        ``uncorrected``, ``corrected`` (for continuity) or ``exact``.
    quantile : str
        Method of numpy.
    interval, ratio_p : str
        ``wald``, or ``exact`` intervals of crude odds ratios; ``wald`` or
        ``likelihood_ratio`` p values.
    ties : str
        ``breslow`` or ``efron``.
    area_error : str
        ``hanley_mcneil`` or ``delong``.
    design : str
        One of the designs below, or nothing.
    """

    rounding: str
    percent_decimals: int
    p_decimals: int
    ratio_decimals: int
    mean_decimals: int
    area_decimals: int
    small_p: str
    hides_large_p: bool
    leading_zero: bool
    decimal_comma: bool
    thousands: bool
    minus: str
    shows_all: bool
    percents: bool
    names_unknown: bool
    percent_of: str
    shows_statistics: bool
    shows_intervals: bool
    names_tests: bool
    names_wald: bool
    gives_steps: bool
    table_test: str
    t_test: str
    rank_test: str
    quantile: str
    interval: str
    ratio_p: str
    ties: str
    area_error: str
    design: str = ""

    def number(self, value: float, decimals: int) -> str:
        """Print a value with so many decimals."""
        # What binary arithmetic adds or takes at the sixteenth digit must not move a cut-off digit.
        exact = Decimal(repr(round(float(value), decimals + 9)))
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=self.rounding)
        text = f"{abs(rounded):,f}" if self.thousands else f"{abs(rounded):f}"
        if self.decimal_comma and "," not in text:
            text = self._with_comma(text, float(abs(rounded)))
        return f"{self.minus}{text}" if rounded < 0 else text

    def _with_comma(self, text: str, value: float) -> str:
        comma = text.replace(".", ",")
        # Three digits behind a comma read as thousands: such a paper keeps the point there.
        return comma if parse_printed(comma).value == value else text

    def p_value(self, value: float) -> str:
        """Print a p value."""
        decimals = self.p_decimals
        if self.hides_large_p and value > 0.05:
            return f">{self._short(self.number(0.05, 2))}"
        while self.small_p == "digits" and value < 10.0**-decimals and decimals < 6:
            decimals += 1
        floor = 10.0**-decimals
        if value < floor and self.small_p != "zero":
            return f"<{self._short(self.number(floor, decimals))}"
        return self._short(self.number(value, decimals))

    def area(self, value: float) -> str:
        """Print an area under a ROC curve or one of its limits."""
        return self._short(self.number(value, self.area_decimals))

    def _short(self, text: str) -> str:
        return text if self.leading_zero or not text.startswith("0") else text[1:]


def draw_conventions(rng: np.random.Generator) -> Conventions:
    """Draw the habits of one paper.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Conventions
        Common habits often, rare ones sometimes.
    """

    def one_of(*choices):
        return choices[rng.integers(len(choices))]

    def chance(probability: float) -> bool:
        return bool(rng.random() < probability)

    decimal_comma = chance(0.08)
    return Conventions(
        rounding=one_of(ROUND_HALF_UP, ROUND_HALF_UP, ROUND_HALF_EVEN),
        percent_decimals=one_of(0, 1, 1, 1, 2),
        p_decimals=one_of(2, 3, 3, 3, 4),
        ratio_decimals=one_of(2, 2, 3),
        mean_decimals=one_of(1, 1, 2, 2, 3),
        area_decimals=one_of(2, 3, 3),
        small_p=one_of("less", "less", "zero", "digits"),
        hides_large_p=chance(0.05),
        leading_zero=chance(0.85),
        decimal_comma=decimal_comma,
        # Beside decimal commas nobody could tell what a comma means.
        thousands=chance(0.3) and not decimal_comma,
        minus=one_of("-", "−", "–"),
        shows_all=chance(0.7),
        percents=chance(0.85),
        names_unknown=chance(0.5),
        percent_of=one_of("group", "group", "group", "level", "all"),
        shows_statistics=chance(0.5),
        shows_intervals=chance(0.93),
        names_tests=chance(0.5),
        names_wald=chance(0.5),
        gives_steps=chance(0.8),
        table_test=one_of("pearson", "yates", "fisher", "by expected counts"),
        t_test=one_of("student", "welch", "by variances"),
        rank_test=one_of("uncorrected", "corrected", "exact"),
        quantile=one_of("weibull", "linear", "median_unbiased"),
        interval="exact" if chance(0.1) else "wald",
        ratio_p="likelihood_ratio" if chance(0.15) else "wald",
        ties=one_of("breslow", "efron"),
        area_error=one_of("hanley_mcneil", "delong"),
    )
