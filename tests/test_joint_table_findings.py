"""Adjusted odds ratios of papers printed from known patients, beside all joint tables."""

import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm
from small_registry import number, registry

from rairlib.reconstruct.audited import joint_table_findings
from rairlib.registry.registry import Registry, load_registry
from rairlib.registry.studies import DeclaredModel

GROUPS = "sick vs well"


def patients(covariates: int, seed: int = 3, size: int = 60):
    rng = np.random.default_rng(seed)
    levels = (rng.random((size, covariates)) < (0.3, 0.5, 0.4)[:covariates]).astype(int)
    risk = 1 / (1 + np.exp(1 - levels @ (1.2, 0.8, -0.5)[:covariates]))
    return levels, (rng.random(size) < risk).astype(int)


def paper(covariates: int = 2, missing: bool = False, **changed: str):
    """Print counts by outcome and the logistic model that statsmodels fits."""
    levels, sick = patients(covariates)
    fit = sm.Logit(sick, sm.add_constant(levels)).fit(disp=0)
    rows = [
        number("sick", "n", str(sick.sum() + missing), group="sick"),
        number("well", "n", str(len(sick) - sick.sum()), group="well"),
    ]
    for j in range(covariates):
        ends = np.exp([fit.params[j + 1], *fit.conf_int()[j + 1]])
        shared = {"variable": f"v{j}", "level": "yes vs no", "group": GROUPS}
        names = (f"or{j}", f"low{j}", f"high{j}")
        texts = [changed.get(name, f"{end:.2f}") for name, end in zip(names, ends, strict=True)]
        shared |= {"method": "multivariable"}
        rows += [
            number(names[0], "odds_ratio", texts[0], **shared),
            number(names[1], "ci_low", texts[1], of=names[0]),
            number(names[2], "ci_high", texts[2], of=names[0]),
        ]
        for level, value in (("yes", 1), ("no", 0)):
            for group, outcome in (("sick", 1), ("well", 0)):
                count = int(((levels[:, j] == value) & (sick == outcome)).sum())
                place = {"variable": f"v{j}", "level": level, "group": group}
                rows.append(number(f"{j}{level}{group}", "count", str(count), **place))
    return rows


@pytest.mark.parametrize("covariates", [2, 3])
def test_model_of_known_patients_agrees_with_some_joint_table(covariates):
    found = joint_table_findings(registry(*paper(covariates)))
    assert {finding.status for finding in found} == {"agrees"}
    assert {finding.target for finding in found} == {
        f"{name}{j}" for name in ("or", "low", "high") for j in range(covariates)
    }
    assert {finding.check for finding in found} == {"joint_tables"}


@pytest.mark.parametrize("name", ["or0", "high1"])
def test_changed_number_is_the_one_that_is_named(name):
    right = {row.id: row.number.value for row in paper()}[name]
    found = joint_table_findings(registry(*paper(**{name: f"{1.4 * right:.2f}"})))
    (finding,) = found
    assert (finding.status, finding.target) == ("suggests", name)
    assert finding.low - 0.005 <= right <= finding.high + 0.005
    assert "not printed" in finding.text


def test_several_wrong_numbers_are_one_finding():
    (finding,) = joint_table_findings(registry(*paper(or0="9.11", or1="0.13")))
    assert (finding.status, finding.target) == ("suggests", "")


def test_model_is_left_alone_where_counts_do_not_exhaust_the_groups_or_more_is_adjusted_for():
    assert joint_table_findings(registry(*paper(missing=True))) == []
    age = number("age", "odds_ratio", "1.02", variable="age", group=GROUPS, method="multivariable")
    assert joint_table_findings(registry(*paper(), age)) == []


def test_too_many_tables_are_left_open(monkeypatch):
    monkeypatch.setattr("rairlib.reconstruct.audited.MOST_TABLES", 5)
    (finding,) = joint_table_findings(registry(*paper()))
    assert finding.status == "open"


def declared(rows):
    model = DeclaredModel(locus="Table 1", group=GROUPS, covariates=["v0", "v1"])
    return Registry("declared", rows, models=(model,))


def test_number_that_no_table_of_a_declared_model_gives_is_a_proof():
    right = joint_table_findings(declared(paper()))
    assert {finding.status for finding in right} == {"agrees"}
    (finding,) = joint_table_findings(declared(paper(or0="9.11")))
    assert (finding.status, finding.target) == ("contradicted", "or0")


def test_declared_model_whose_counts_are_not_printed_is_left_open():
    rows = [row for row in paper() if row.statistic != "count"]
    (finding,) = joint_table_findings(declared(rows))
    assert finding.status == "open"
    assert "not printed" in finding.text


def test_model_of_the_rabat_study_has_one_table():
    found = joint_table_findings(load_registry("lakhdar2024"))
    assert len(found) == 9
    assert {finding.status for finding in found} == {"agrees"}
    assert all("the 1 that give the other numbers" in finding.text for finding in found)


def test_numba_is_not_loaded_where_no_such_model_is_printed():
    code = (
        "import sys; from rairlib.reconstruct.audited import joint_table_findings as find;"
        "from rairlib.registry.registry import Registry;"
        "assert find(Registry('empty', [])) == [] and 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
