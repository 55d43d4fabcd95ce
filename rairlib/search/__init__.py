"""Search for cohorts that round to the printed numbers of a survival analysis.

A study is declared (:mod:`rairlib.search.declaration`), not programmed: its classes of patients,
its covariates with their counts, its models and its rates. The search knows no study by name.
"""
