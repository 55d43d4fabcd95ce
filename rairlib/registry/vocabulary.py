"""The closed vocabularies of the registry."""

STATISTICS = {
    "n": "number of patients in a group",
    "count": "patients of a group with a level of a variable",
    "percent": "share of a group or of a level, in percent",
    "mean": "arithmetic mean",
    "sd": "standard deviation (n - 1)",
    "median": "median",
    "q1": "first quartile",
    "q3": "third quartile",
    "interquartile_range": "third quartile less the first, printed as one number",
    "minimum": "smallest value",
    "maximum": "largest value",
    "cutoff": "threshold found on the data",
    "sensitivity": "sensitivity, in percent",
    "specificity": "specificity, in percent",
    "ppv": "positive predictive value, in percent",
    "npv": "negative predictive value, in percent",
    "accuracy": "share of correct classifications, in percent",
    "auc": "area under the ROC curve",
    "concordance": "Harrell's C: share of comparable pairs in the order of their risk",
    "likelihood_ratio_positive": "sensitivity / (1 - specificity)",
    "likelihood_ratio_negative": "(1 - sensitivity) / specificity",
    "kappa": "Cohen's kappa of two raters",
    "odds_ratio": "odds ratio",
    "hazard_ratio": "hazard ratio",
    "risk_ratio": "ratio of two shares of patients, the relative risk",
    "rate_ratio": "ratio of two rates per person-time",
    "risk_difference": "difference of two shares of patients, first group less the second",
    "number_needed_to_treat": "1 / risk difference",
    "mean_difference": "difference of two means, first group less the second",
    "standardised_mean_difference": "mean difference over a standard deviation (Cohen's d)",
    "coefficient": "coefficient of a regression, on the log scale",
    "intercept": "intercept of a regression",
    "standard_error": "standard error of a mean, a coefficient or another estimate",
    "z_statistic": "coefficient over its standard error, or z of another test",
    "t_statistic": "t of a t test",
    "f_statistic": "F of an analysis of variance",
    "h_statistic": "H of a Kruskal-Wallis test",
    "ci_low": "lower limit of a confidence interval, of 95 % unless its method says another",
    "ci_high": "upper limit of a confidence interval, of 95 % unless its method says another",
    "p_value": "p value, two-sided unless its method says one_sided",
    "chi_square": "chi-squared statistic of a cross table or of a whole model",
    "log_likelihood": "log likelihood of a model at its maximum",
    "deviance": "minus twice the log likelihood of a model",
    "aic": "Akaike's information criterion",
    "bic": "Schwarz's (Bayesian) information criterion",
    "pseudo_r2": "McFadden's pseudo R²: 1 - log likelihood over that of the intercept alone",
    "degrees_of_freedom": "degrees of freedom of a test; of a model, its coefficients",
    "u_statistic": "Mann-Whitney U",
    "logrank_chi_square": "log-rank chi-squared statistic",
    "logrank_term": "(observed - expected)²/expected of one group in a log-rank test",
    "expected_events": "events expected in one group of a log-rank test",
    "survival_percent": "Kaplan-Meier estimate, in percent",
    "median_survival": "time by which half of the patients have had the event (Kaplan-Meier)",
    "person_time": "time under observation, summed over patients",
    "rate": "events per person-time; its unit says of how much: per 100 patient years",
    "definition": "number that defines a procedure, a criterion or a level",
    "date": "calendar date or part of one",
    "number": "any other number about the study",
}

ROLES = ("design", "derivable", "anchor", "held_out", "unavailable")

# A value read off a drawn curve.
BY_EYE = "by_eye"
# fmt: off
METHODS = (
    "", "pearson", "yates", "fisher", "student", "welch", "mann_whitney", "wald", "wald exp",
    "score", "likelihood_ratio", "profile", "logrank", "hosmer_lemeshow", "univariable",
    "multivariable", "kaplan_meier", "hanley_mcneil", "delong", "youden", BY_EYE,
    "anova", "kruskal_wallis", "mcnemar", "paired_t", "signed_rank", "trend", "wilson",
    "clopper_pearson", "bootstrap",
)
# What may follow a method, or stand alone: another level of confidence, one side, what was done
# about pairs, weights (IPTW too) or several comparisons.
MODIFIERS = ("90%", "99%", "one_sided", "paired", "weighted", "bonferroni", "corrected")

COLUMNS = (
    "id", "locus", "statistic", "variable", "level", "group", "printed", "unit", "method", "of",
    "partition", "repeats", "step", "role", "note",
)
REQUIRED_COLUMNS = ("id", "locus", "statistic", "printed")

VERDICTS = (
    "reproduced", "compatible", "differs", "contradicted", "met", "missed", "given",
    "not assessable",
)
# fmt: on
EVIDENCE = ("records", "arithmetic", "reconstruction", "simulation", "anchored", "none")
TESTS = ("independent", "bookkeeping")
# What a verdict rests on, strongest first, as boards and tables of counts name it.
BASES = {
    ("records", "independent"): "independent test, on the patients' records",
    ("arithmetic", "independent"): "independent test, from other printed numbers",
    ("reconstruction", "independent"): "independent test, from a reconstructed table",
    ("simulation", "independent"): "independent test, on simulated cohorts",
    ("", "bookkeeping"): "bookkeeping",
    ("anchored", ""): "anchor, no evidence",
    ("none", ""): "nothing recomputed",
}


def basis_of(evidence: str, test: str) -> str:
    """Return in words what a verdict rests on; bookkeeping is one class, whatever the evidence."""
    return BASES["" if test == "bookkeeping" else evidence, test]


COUNTED = ("n", "count")
RATIOS = ("odds_ratio", "hazard_ratio", "risk_ratio", "rate_ratio")
PERFORMANCE = ("sensitivity", "specificity", "ppv", "npv", "accuracy")

# What papers and statistical packages call them; used to suggest the registry's word.
# fmt: off
OTHER_STATISTICS = {
    "total": "n", "frequency": "count", "proportion": "percent", "%": "percent",
    "average": "mean", "std": "sd", "threshold": "cutoff", "c_statistic": "auc",
    "or": "odds_ratio", "hr": "hazard_ratio", "beta": "coefficient", "constant": "intercept",
    "lower": "ci_low", "upper": "ci_high", "p": "p_value", "u": "u_statistic",
    "chi2": "chi_square", "χ2": "chi_square", "χ²": "chi_square", "t": "t_statistic",
    "f": "f_statistic", "h": "h_statistic", "z": "z_statistic", "df": "degrees_of_freedom",
    "se": "standard_error", "sem": "standard_error", "iqr": "interquartile_range",
    "c_index": "concordance", "rr": "risk_ratio", "relative_risk": "risk_ratio",
    "irr": "rate_ratio", "incidence_rate": "rate", "ard": "risk_difference",
    "nnt": "number_needed_to_treat", "smd": "standardised_mean_difference",
    "cohens_d": "standardised_mean_difference", "lr+": "likelihood_ratio_positive",
    "lr-": "likelihood_ratio_negative", "person_years": "person_time",
    "effect_size": "standardised_mean_difference", "prevalence": "percent", "events": "count",
    "md": "mean_difference", "range": "minimum or maximum", "ci": "ci_low or ci_high",
    "sample_size": "n",
}
OTHER_METHODS = {
    "chi_square": "pearson", "chi_squared": "pearson", "chi2": "pearson", "χ2": "pearson",
    "χ²": "pearson", "continuity_correction": "yates", "t_test": "student",
    "wilcoxon": "mann_whitney", "lr": "likelihood_ratio", "km": "kaplan_meier",
    "crude": "univariable", "adjusted": "multivariable", "log_rank": "logrank",
    "kruskal": "kruskal_wallis", "aov": "anova", "iptw": "weighted", "exact": "clopper_pearson",
    "cox": "univariable or multivariable", "logistic": "univariable or multivariable",
    "regression": "univariable or multivariable", "wilcoxon_signed_rank": "signed_rank",
    "cochran_armitage": "trend",
}
# fmt: on
