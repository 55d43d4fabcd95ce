"""The file in which a study is declared: what it says about Qingdao, and what is refused."""

import pytest

from rairlib.cohorts.declared import FILE, load_declared, read_declared
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import study_folder
from rairlib.registry.toml_file import DeclarationError
from rairlib.studies.wang2025.cohort import without_held_out


@pytest.fixture(scope="module")
def registry():
    return load_registry("wang2025")


@pytest.fixture(scope="module")
def text():
    return (study_folder("wang2025") / FILE).read_text(encoding="utf-8")


def test_qingdao_is_declared_with_its_printed_numbers():
    study = load_declared("wang2025")
    assert (study.size, study.events, sum(study.outside.values())) == (169, 40, 8)
    rows = [row for c in study.covariates for row in (*c.univariable, *c.multivariable)]
    assert len(rows) == 63
    assert all(target.id.startswith("table5-") for target in rows)
    assert len(study.rates) == 8
    assert study.joint.rows.shape == (177, 5)


def test_ensemble_is_told_anchors_alone(registry):
    told = without_held_out(registry)
    rows = [row for c in told.covariates for row in (*c.univariable, *c.multivariable)]
    targets = [*rows, *(entry.target for entry in (*told.rates, *told.logranks))]
    assert {registry[target.id].role for target in targets} == {"anchor"}
    level = next(target for target in targets if target.id == "figure4-02")
    assert (level.low, level.high) == (59, 63)


def test_levels_in_the_numerator_and_counts_are_those_printed():
    study = load_declared("wang2025")
    found = {c.variable: c for c in study.covariates}
    assert found["gender"].levels == ("Female", "Male")
    # Table 4 prints 61 and 48 women, Table 5 104: the other 5 were not evaluable.
    assert found["gender"].counts == {"RAIA": 61, "RAIR": 48}
    assert found["gender"].outside == 5
    assert found["ps_tg_528"].counts == {"": 40}
    assert found["rai_avid_status"].classes == ("no avidity", "partial or lost")


FAULTS = [
    ("size = 34", "size = 35", "cohort.at_risk: 169 patients are printed, the classes have 170"),
    ("size = 34", 'size = "34"', "classes[2].size: is '34': input should be a valid integer"),
    ("size = 34\n", "", "classes[2].size: is missing"),
    ("size = 34", "sise = 34", "classes[2].sise: 'sise' is not a key: did you mean 'size'?"),
    (
        "events = [0, 38]",
        "events = [16, 12]",
        "classes[3].events: is [16, 12]: give two numbers in ascending order",
    ),
    ("events = [0, 34]", "events = [34, 34]", "events: 40, but the classes allow 41 to 79"),
    ("events = [0, 38]", "events = [0, 39]", "events 0 to 39 do not fit 38 patients"),
    ('"section-3.6-25"', '"section-3.6-2"', "rates[1].id: 'section-3.6-2' is not a reported"),
    ("months = 12", "months = 13", "rates[1].id: no mark at 12 months: add one under marks"),
    ('["no avidity"]\n', '["none"]\n', "'none' is not a declared class"),
    ('variable = "gender"', 'variable = "sex"', "covariates[1].variable: 'sex' is not a"),
    ('events = "PD"', 'events = "dead"', "cohort.events: 'dead' is not a group with a printed"),
    ("RAIA = 8", "RAIR = 8", "cohort.outside: 'RAIR' is not a declared class"),
    ("RAIA = 8", "RAIA = 4", "covariates[1].variable: 5 patients outside the risk set"),
    ("table = 1", "table = 99", "joint.table: the file has no table 99"),
    ("wang2025_joint_tables.csv", "none.csv", "joint.file: no file"),
    ("[joint]", "[joined]", "'joined' is not a table: did you mean 'joint'?"),
    ("[cohort]", "[cohort", "not TOML"),
    (
        "[[logranks]]",
        "[[logranks]]\nweight = true",
        "logranks[1].weight: is True: input should be a valid number",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), FAULTS, ids=[new for _, new, _ in FAULTS])
def test_fault_is_told_in_one_line_with_file_and_key(old, new, told, text, registry, tmp_path):
    assert old in text
    path = tmp_path / FILE
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Exception, match=r".") as caught:
        read_declared(path, registry)
    message = str(caught.value)
    assert caught.type.__name__ in ("DeclarationError", "RairlibError")
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message


def test_other_composition_leaves_out_a_refractory_patient():
    study = load_declared("wang2025", "B")
    assert (study.size, study.outside) == (169, {"RAIA": 7, "partial or lost": 1})
    sizes = {entry.name: entry.size for entry in study.classes}
    # The 97 RAI-avid of Table 5.
    assert sizes["RAIA"] + sizes["progression despite avidity"] == 97
    assert sizes["partial or lost, coded avid"] == 0
    with pytest.raises(DeclarationError, match="compositions: 'C' is not a declared composition"):
        load_declared("wang2025", "C")


def test_size_of_an_unknown_class_is_refused(text, registry, tmp_path):
    path = tmp_path / FILE
    path.write_text(text.replace("{ RAIA = 90", "{ RAIR = 90"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"compositions\.B\.sizes: 'RAIR' is not a declared"):
        read_declared(path, registry, "B")


def test_declaration_without_covariates_is_refused(text, registry, tmp_path):
    path = tmp_path / FILE
    path.write_text(text[: text.index("[[covariates]]")], encoding="utf-8")
    with pytest.raises(DeclarationError, match="covariates: is missing"):
        read_declared(path, registry)


def test_study_without_declaration_is_refused():
    with pytest.raises(Exception, match=r"lakhdar2024: no simulation\.toml"):
        load_declared("lakhdar2024")
