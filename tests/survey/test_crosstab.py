import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.crosstab import (
    RELATIVE_ERROR,
    Rule,
    estimate_multiple,
    estimate_profile,
    estimate_table,
    reliability,
)
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_mean, estimate_share, estimate_total

DESIGN = SurveyDesign(weight="w", cluster="c")


def people(rows=200):
    rng = np.random.default_rng(11)
    sex = pd.Series(pd.Categorical(rng.choice(["male", "female"], rows), ["male", "female"])).where(
        lambda s: s.index > 3
    )
    return pd.DataFrame(
        {
            "c": rng.integers(0, 25, rows),
            "w": rng.uniform(1, 5, rows),
            "sex": sex,
            "level": pd.Categorical(
                rng.choice(["deep", "relative"], rows), ["deep", "relative", "accidental"]
            ),
            "area": rng.choice(["甲", "乙"], rows),
            "ill": rng.integers(0, 2, rows),
            "debt": rng.integers(0, 2, rows),
        }
    )


def test_a_census_has_the_counts_of_tabulate():
    data = people()
    for within in (None, "sex", ["sex"]):
        counts = tabulate(data, ["sex", "level"], within=within)
        found = estimate_table(data, ["sex", "level"], within=within, design=SurveyDesign())
        pd.testing.assert_frame_equal(found[counts.columns], counts)
        np.testing.assert_allclose(found["total"], counts["n"])


def test_row_percentages_add_up_in_each_row_and_column_percentages_in_each_column():
    data = people()
    for within in ("area", "level"):
        found = estimate_table(data, ["area", "level"], within=within, design=DESIGN)
        sums = found.groupby(within, observed=True)["share"].sum()
        np.testing.assert_allclose(sums[sums > 0], 1)


def test_three_ways_within_two():
    found = estimate_table(people(), ["area", "sex", "level"], within=["area", "sex"], design=DESIGN)
    assert len(found) == 2 * 2 * 3
    np.testing.assert_allclose(found.groupby(["area", "sex"], observed=True)["share"].sum(), 1)
    assert found.columns[:3].tolist() == ["area", "sex", "level"]


def test_margins_are_the_sums_of_the_cells():
    data = people()
    found = estimate_table(data, ["sex", "level"], design=DESIGN, margins=True)
    cells, margins = found[~found["margin"]], found[found["margin"]]
    assert margins[["sex", "level"]].isna().sum(axis=1).tolist() == [1] * 5 + [2]
    by_sex = margins[margins["sex"].notna()].set_index("sex")
    for measure in ("n", "share", "total"):
        sums = cells.groupby("sex", observed=True)[measure].sum()
        np.testing.assert_allclose(by_sex[measure], sums)
    whole = margins.iloc[-1]
    assert whole[["share", "ci_low", "ci_high"]].tolist() == [1, 1, 1]
    answered = data["sex"].notna() & data["level"].notna()
    assert whole["n"] == answered.sum()
    single = estimate_share(data, "sex", design=DESIGN, where=answered)
    np.testing.assert_allclose(by_sex["se"], single["se"])
    assert (
        whole["total_se"] == pytest.approx(estimate_total(data, design=DESIGN, where=answered)["se"].item())
    )


def test_whole_numbers_stay_whole_beside_the_margins():
    found = estimate_table(people(), ["ill", "debt"], design=DESIGN, margins=True)
    assert found["ill"].dropna().map(type).eq(int).all()


def test_several_variables_stand_on_one_axis():
    data = people()
    found = estimate_profile(data, ["sex", "level"], design=DESIGN, ci="wilson")
    assert found["variable"].tolist() == ["sex"] * 2 + ["level"] * 3
    assert found["level"].tolist() == ["male", "female", "deep", "relative", "accidental"]
    single = estimate_share(data, "level", design=DESIGN, ci="wilson")
    np.testing.assert_allclose(found["share"].iloc[2:], single["share"])


def test_multiple_response_on_both_bases():
    data = people().assign(debt=lambda f: f["debt"].where(f.index > 9))
    persons = estimate_multiple(data, ["ill", "debt"], design=DESIGN)
    assert persons["base_n"].tolist() == [190, 190]
    assert persons["left_out_n"].tolist() == [10, 10]
    assert persons["n"].tolist() == data.iloc[10:][["ill", "debt"]].sum().tolist()
    alone = estimate_mean(data, "ill", design=DESIGN, where=data["debt"].notna())
    assert persons["se"].iloc[0] == pytest.approx(alone["se"].item())
    answers = estimate_multiple(data, ["ill", "debt"], design=DESIGN, base="answers", by="area")
    np.testing.assert_allclose(answers.groupby("area")["share"].sum(), 1)
    assert answers[["area", "option"]].to_numpy().tolist() == [
        [a, o] for a in ("乙", "甲") for o in ("ill", "debt")
    ]


def test_marks_follow_the_rules():
    table = pd.DataFrame(
        {
            "n": [20, 100, 60, 60, 60],
            "base_n": [25, 200, 200, 200, 200],
            "estimate": [0.5, 0.5, 0.5, 0.02, 0.4],
            "se": [0.02, 0.02, 0.2, 0.02, 0.02],
            "ci_low": [0.46, 0.46, 0.1, 0.00, 0.36],
            "ci_high": [0.54, 0.54, 0.9, 0.06, 0.44],
            "df": [30, 30, 30, 30, 5],
        }
    )
    found = reliability(table)
    assert found["reliability"].tolist() == ["suppress", "present", "suppress", "suppress", "review"]
    assert found["reliability_why"].iloc[0] == "基数或有效样本不足 30"
    assert reliability(table, RELATIVE_ERROR)["reliability"].tolist() == [
        "review",
        "present",
        "review",
        "suppress",
        "present",
    ]
    own = reliability(table, [Rule("hide", "n < 61", "少于 61 人")])
    assert own["reliability"].tolist() == ["hide", "present", "hide", "hide", "hide"]


def test_words_of_errors():
    data = people()
    with pytest.raises(ArgumentError, match="by 除去 within 后是空的"):
        estimate_table(data, "sex", within="sex", design=DESIGN)
    with pytest.raises(ArgumentError, match="base.*'people'"):
        estimate_multiple(data, ["ill"], design=DESIGN, base="people")
    with pytest.raises(ArgumentError, match="应只有 0 和 1"):
        estimate_multiple(data.assign(ill=2), ["ill"], design=DESIGN)
