import pytest

from rairlib.reconstruct import accounts as reconstructions
from rairlib.reconstruct.accounts import (
    reconstruct_study,
    reconstructible_models,
    values_from_anchors,
)
from rairlib.reconstruct.logistic import ReconstructionError
from rairlib.reconstruct.printed_models import printed_models
from rairlib.registry.registry import load_registry, read_registry

# Ten of 30 sick: 7 of 12 exposed, 6 of 14 old. Odds ratios are those of no table in particular.
REGISTRY = """id,locus,statistic,variable,level,group,printed,method,of,role
n-1,Table 1,n,,,sick,10,,,anchor
n-2,Table 1,n,,,well,20,,,anchor
e-1,Table 1,count,exposed,yes,sick,7,,n-1,anchor
e-2,Table 1,count,exposed,yes,well,5,,n-2,anchor
a-1,Table 1,count,old,≥60,sick,6,,n-1,anchor
a-2,Table 1,count,old,≥60,well,8,,n-2,anchor
m-1,Table 2,odds_ratio,exposed,yes vs no,sick vs well,{exposed},multivariable,,anchor
m-2,Table 2,ci_low,exposed,yes vs no,sick vs well,0.5,multivariable,m-1,held_out
m-3,Table 2,odds_ratio,old,≥60 vs <60,sick vs well,1.7,multivariable,,held_out
u-1,Table 3,odds_ratio,old,≥60 vs <60,sick vs well,2.25,univariable,,held_out
"""


@pytest.fixture
def registry(tmp_path):
    def write(text=REGISTRY, exposed="7"):
        path = tmp_path / "paper.csv"
        path.write_text(text.format(exposed=exposed), encoding="utf-8")
        return read_registry(path)

    return write


def test_model_takes_margins_levels_and_numbers_from_the_registry(registry):
    (model,) = printed_models(registry())
    assert model.name == "Table 2, sick vs well"
    assert (model.events, model.total) == (10, 30)
    assert model.event_margins == {"exposed": 7, "old": 6}
    assert model.margins == {"exposed": 12, "old": 14}
    assert model.levels == {"exposed": ("yes", "no"), "old": ("≥60", "<60")}
    assert {row.id for row in model.rows.values()} == {"m-1", "m-2", "m-3"}


def test_targets_can_be_restricted_to_the_anchors(registry):
    (model,) = printed_models(registry())
    (only,) = model.targets(["anchor"])
    assert (only.covariate, only.odds_ratio.text, only.low, only.high) == (
        "exposed",
        "7",
        None,
        None,
    )
    assert len(model.targets()) == 2


def test_values_from_anchors_do_not_use_the_numbers_that_they_test(registry):
    first = values_from_anchors(printed_models(registry())[0])
    changed = REGISTRY.replace("sick vs well,1.7", "sick vs well,9.9")
    second = values_from_anchors(printed_models(registry(changed))[0])
    assert first[["tables", "low", "high"]].equals(second[["tables", "low", "high"]])
    assert (first["tables"] > 0).all()
    assert not second.set_index("id").loc["m-3", "agrees"]


def test_no_agreeing_table_gives_no_values(registry):
    values = values_from_anchors(printed_models(registry(exposed="12345.678"))[0])
    assert (values["tables"] == 0).all()
    assert values["low"].isna().all()
    assert not values["agrees"].any()


def test_unprinted_margin_is_one_clear_line(registry):
    text = "\n".join(line for line in REGISTRY.split("\n") if not line.startswith("a-2"))
    with pytest.raises(ReconstructionError, match="paper: the patients with old ≥60 in well"):
        printed_models(registry(text))


def test_lakhdar2024_has_one_table_of_ninety_patients():
    (record,) = reconstruct_study("lakhdar2024")
    assert record["study"] == "lakhdar2024"
    assert record["covariates"] == ["age_54", "diameter_29", "metastasis"]
    assert record["unique"]
    assert record["agreeing"] == 1
    assert sum(cell["n"] for cell in record["cells"]) == 90
    # Table 1: 19 + 16 patients of 54 years or more, 18 + 4 with metastases.
    assert sum(cell["n"] for cell in record["cells"] if cell["age_54"] == "≥54") == 35
    assert sum(cell["n"] for cell in record["cells"] if cell["metastasis"] == "yes") == 22


def test_lakhdar2024_anchors_alone_give_every_number_of_table_2():
    (model,) = printed_models(load_registry("lakhdar2024"))
    values = values_from_anchors(model)
    assert len(values) == 12
    assert values["agrees"].all()


def test_two_covariates_of_a_larger_model_are_reconstructed_alone():
    (model,) = reconstructible_models(load_registry("wang2025"))
    assert model.name == "Table 4, RAIR vs RAIA: age_55 + t_stage"
    (table,) = model.reconstruct().cells
    # Table 3: 62 of 177 patients of 55 years or more, 106 with T1 to T3.
    assert table.sum() == 177
    assert table.reshape(2, 2)[1].sum() == 62
    assert table.reshape(2, 2)[:, 1].sum() == 106


def test_one_anchor_gives_the_other_rows_of_its_model(tmp_path):
    frame = load_registry("wang2025").frame()
    wanted = ["table4-15", "table4-16", "table4-17", "table4-88", "table4-89", "table4-90"]
    frame.loc[frame["id"].isin(wanted), "role"] = "held_out"
    frame.loc[frame["id"] == "table4-88", "role"] = "anchor"
    frame.to_csv(tmp_path / "wang2025.csv", index=False)
    (model,) = reconstructible_models(read_registry(tmp_path / "wang2025.csv"))
    values = values_from_anchors(model).set_index("id")
    assert (values["tables"] == 1).all()
    assert values.loc[wanted, "agrees"].all()


def test_rabat_is_reconstructed_as_printed():
    (model,) = reconstructible_models(load_registry("lakhdar2024"))
    assert model == printed_models(load_registry("lakhdar2024"))[0]


def test_hunan_has_four_tables_each_unique():
    records = reconstruct_study("tang2025")
    assert [record["unique"] for record in records] == [True] * 4
    assert {record["study"] for record in records} == {"tang2025"}
    # Tables of 50 and 72, and of 18 and 42 patients; splits of (44, 24, 15, 99).
    candidates = [51 * 73, 19 * 43, 45 * 25 * 16 * 100, 45 * 25 * 16 * 100]
    assert [record["candidates"] for record in records] == candidates


def test_study_without_anything_to_reconstruct_is_one_clear_line(registry, monkeypatch):
    sizes = "\n".join(line for line in REGISTRY.split("\n") if line[:2] not in ("m-", "u-"))
    monkeypatch.setattr(reconstructions, "load_registry", lambda study: registry(sizes))
    with pytest.raises(ReconstructionError, match="paper: neither multivariable odds ratios"):
        reconstruct_study("paper")
