"""Searching for patients whose logistic model, ROC curve and tests are the printed ones.

Works on arrays alone: what was printed is handed in as limits.
"""
