"""Recompute the printed numbers of clinical papers, and say what they determine.

``import rairlib as rr`` gives the names of :data:`__all__`, each imported when it is first used.
"""

from importlib import import_module

_ROOMS = {
    "checks.catalogue": "audit",
    "cohorts.public": "load_records",
    "figures.forest": "draw_forest",
    "figures.kaplan_meier": "draw_kaplan_meier",
    "figures.roc": "draw_roc",
    "figures.show": "show",
    "figures.style": "canvas",
    "pages.common": "keep keep_printed",
    "pages.tables": "beside",
    "reconstruct.accounts": "reconstruct_study",
    "reconstruct.printed_models": "printed_models",
    "registry.printed": "parse_printed",
    "registry.registry": "load_registry read_registry",
    "registry.studies": "load_ensemble load_studies load_variables load_witness",
    "stats.calibration": "calibration_curve calibration_estimates",
    "stats.cox": "cox proportional_hazards",
    "stats.decision": "decision_curve",
    "stats.description": "crosstab summarise",
    "stats.logistic": "firth_logistic logistic",
    "stats.nomogram": "nomogram",
    "stats.roc": "auc_estimate dichotomise optimal_cutoffs roc_coordinates",
    "stats.survival": "expected_events kaplan_meier log_rank median_survival survival_at",
    "studies.exercises": "check",
    "studies.simulations": "simulation_of",
    "verdicts.publish": "kept_verdicts",
    "verdicts.verdicts": "all_findings board study_verdicts",
}
_MODULES = {name: module for module, names in _ROOMS.items() for name in names.split()}
__all__ = sorted(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
