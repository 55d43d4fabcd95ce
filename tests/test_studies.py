"""Studies, their variables, and the folder in which their data stand."""

import pytest

from rairlib.errors import RairlibError, unknown
from rairlib.registry.kept_files import data_folder
from rairlib.registry.studies import load_studies, load_study, load_variables, study_folder

# From the title pages of the papers.
DOIS = {
    "wang2025": "10.3389/fendo.2025.1622539",
    "tang2025": "10.1038/s41598-025-16916-3",
    "lakhdar2024": "10.1055/s-0044-1787731",
}
PATIENTS = {"wang2025": "177", "tang2025": "182", "lakhdar2024": "90"}


def test_the_three_studies_are_known_by_key_doi_and_size():
    studies = load_studies(records=False)
    assert {key: study.doi for key, study in studies.items()} == DOIS
    assert {key: study.n for key, study in studies.items()} == PATIENTS
    assert all(study.key == key for key, study in studies.items())


@pytest.mark.parametrize("study", DOIS)
def test_every_study_says_what_it_is(study):
    record = load_studies()[study]
    assert all((record.citation, record.design, record.outcome, record.software))


@pytest.mark.parametrize("study", DOIS)
def test_every_study_has_a_folder_with_registry_and_variables(study):
    assert {"reported.csv", "variables.csv"} <= {
        path.name for path in study_folder(study).iterdir()
    }


def test_unknown_study_lists_the_keys():
    with pytest.raises(RairlibError) as caught:
        study_folder("smith1999")
    keys = "wang2025, tang2025, lakhdar2024, gbsg2, lung, uci915"
    assert str(caught.value) == f"'smith1999' is not a study: use one of {keys}"


def test_words_of_a_set_are_told_in_one_order():
    assert unknown("x", "exercise", {"b", "a", "c"}) == (
        "'x' is not an exercise: use one of a, b, c"
    )


def test_levels_keep_the_order_of_the_paper():
    variable = load_variables("lakhdar2024")["histology"]
    assert variable.levels == ("PTC", "FTC", "OCA", "DHGTC", "PDTC")
    assert variable.kind == "categorical"


def test_binary_variable_has_its_reference_level():
    variable = load_variables("lakhdar2024")["age_54"]
    assert (variable.levels, variable.reference, variable.unit) == (("≥54", "<54"), "<54", "years")


def test_variable_without_levels_has_an_empty_tuple():
    assert load_variables("lakhdar2024")["age"].levels == ()


def test_data_folder_can_be_named(monkeypatch, tmp_path):
    (tmp_path / "mine2026").mkdir()
    (tmp_path / "mine2026" / "study.toml").write_text('citation = "Mine"\nn = 5\n')
    monkeypatch.setenv("RAIRLIB_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert [(study.key, study.n) for study in load_studies().values()] == [("mine2026", "5")]


def test_fault_in_a_study_file_is_told_with_its_place(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('citation = "Mine"\n[[models]]\nlocus = "T2"\ngruop = "A vs B"\n')
    with pytest.raises(RairlibError, match=r"models\[1\].gruop: .*did you mean 'group'\?"):
        load_study(str(tmp_path))


def test_folder_without_studies_is_told_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("RAIRLIB_DATA", str(tmp_path))
    with pytest.raises(
        RairlibError,
        match=f"no study with a study.toml in {tmp_path}: the studies' data do not come",
    ):
        data_folder()
