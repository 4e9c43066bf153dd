"""Whom help reaches: by hand, by definition over pairs, against the estimators, and under a design."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_mean, estimate_ratio
from bangfu_analysis.survey.poverty import MEASURES, targeting


def of(table, measure):
    return table[table["measure"].eq(measure)].iloc[0]


def drawn(n=400, seed=5):
    draw = np.random.default_rng(seed)
    gap = np.maximum(0, draw.normal(500, 900, n).round())
    aid = np.where(draw.random(n) < 0.2 + 0.4 * (gap > 0), draw.integers(1, 20, n) * 100.0, 0.0)
    return pd.DataFrame(
        {
            "gap": gap, "aid": aid, "weight": draw.uniform(1, 5, n), "town": np.arange(n) // 20,
            "sex": draw.choice(["f", "m"], n),
        }
    )  # fmt: skip


def test_a_census_has_counts_and_shares_and_no_standard_errors():
    need, got = [True, True, True, False, False, None], [True, False, True, True, False, True]
    found = targeting(pd.DataFrame({"need": need, "got": got}, dtype="boolean"), "need", "got")
    assert list(found) == ["measure", "n", "base_n", "left_out_n", "share", "estimate"]
    assert found["measure"].tolist() == ["coverage", "leakage", "concentration"]
    assert of(found, "coverage")[["n", "base_n", "left_out_n", "share"]].tolist() == [2, 3, 1, 2 / 3]
    assert of(found, "leakage")[["n", "base_n", "left_out_n", "share"]].tolist() == [1, 3, 1, 1 / 3]
    assert found["share"].isna().tolist() == [False, False, True]


def test_amounts_say_how_far_help_goes_and_how_much_goes_elsewhere():
    frame = drawn()
    found = targeting(frame, "gap", "aid")
    assert found["measure"].tolist() == list(MEASURES)
    needy = frame[frame["gap"] > 0]
    assert of(found, "adequacy")["estimate"] == pytest.approx(needy["aid"].sum() / needy["gap"].sum())
    leaked = frame.loc[frame["gap"].eq(0), "aid"].sum() / frame["aid"].sum()
    assert of(found, "leakage_amount")["estimate"] == pytest.approx(leaked)
    assert of(found, "adequacy")["base_n"] == len(needy)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=2, max_size=12))
def test_the_concentration_index_is_that_of_all_pairs_of_people(rows):
    frame = pd.DataFrame(rows, columns=["need", "got"]).assign(got=lambda f: f["got"] + 2)
    need, got = frame["need"].to_numpy(), frame["got"].to_numpy()
    pairs = np.sign(need[None, :] - need[:, None]) * (got[:, None] - got[None, :])
    by_definition = pairs.sum() / (2 * len(frame) ** 2 * got.mean())
    assert of(targeting(frame, "need", "got"), "concentration")["estimate"] == pytest.approx(by_definition)


def test_the_neediest_alone_is_below_zero_and_the_least_needy_alone_above():
    frame = pd.DataFrame({"need": [9, 5, 1, 0], "first": [8, 0, 0, 0], "last": [0, 0, 0, 8]})
    found = [of(targeting(frame, "need", column), "concentration") for column in ("first", "last")]
    assert [row["estimate"] for row in found] == [-0.75, 0.75]


@pytest.mark.parametrize("by", [None, "sex", ["sex", "half"]])
def test_under_a_design_each_group_is_a_domain_with_errors_of_the_estimators(by):
    frame = drawn().assign(half=lambda f: f["town"] % 2)
    design = SurveyDesign(weight="weight", cluster="town")
    found = targeting(frame, "gap", "aid", design=design, by=by)
    work = frame.assign(hit=frame["aid"].gt(0).astype(float), got=frame["aid"])
    needy = frame["gap"].gt(0)
    for measure, same in (
        ("coverage", estimate_mean(work, "hit", design=design, by=by, where=needy)),
        ("adequacy", estimate_ratio(work, "got", "gap", design=design, by=by, where=needy)),
    ):
        part = found[found["measure"].eq(measure)]
        np.testing.assert_allclose(part[["estimate", "se"]], same[["estimate", "se"]])
    plain = targeting(frame, "gap", "aid", design=SurveyDesign(), by=by)
    census = targeting(frame, "gap", "aid", by=by)
    pd.testing.assert_frame_equal(census, plain[census.columns])


def test_a_subgroup_is_a_where_and_keeps_its_clusters():
    frame, design = drawn(), SurveyDesign(weight="weight", cluster="town")
    women = targeting(frame, "gap", "aid", design=design, where={"sex": "f"})
    by_sex = targeting(frame, "gap", "aid", design=design, by="sex")
    same = by_sex[by_sex["sex"].eq("f")].drop(columns="sex").reset_index(drop=True)
    pd.testing.assert_frame_equal(women.drop(columns="df"), same.drop(columns="df"))


def test_groups_without_need_or_help_stay_without_estimate():
    frame = pd.DataFrame({"need": [1, 0, 0], "got": [1, 1, 0], "unit": ["a", "b", "c"]})
    found = targeting(frame, "need", "got", by="unit").set_index(["unit", "measure"])["estimate"]
    assert found[("a", "coverage")] == 1
    assert np.isnan(found[("b", "coverage")])
    assert found[("b", "leakage")] == 1
    assert np.isnan(found[("c", "leakage")])


def test_what_is_no_need_and_no_column_is_refused():
    with pytest.raises(ArgumentError, match="变量 need 有 1 行为负数"):
        targeting(pd.DataFrame({"need": [-1, 1], "got": [0, 1]}), "need", "got")
    nobody_helped = targeting(pd.DataFrame({"need": [1, 0], "got": [0, 0]}), "need", "got")
    assert nobody_helped.set_index("measure")["share"].dropna().to_dict() == {"coverage": 0.0}
    with pytest.raises(ArgumentError, match="没有任何行"):
        targeting(pd.DataFrame({"need": [1], "got": [1]}).head(0), "need", "got")
    with pytest.raises(ColumnMissing, match="got"):
        targeting(pd.DataFrame({"need": [1]}), "need", "got")
