import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.difference import estimate_difference
from bangfu_analysis.survey.estimate import (
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
)

DESIGN = SurveyDesign(weight="w", strata="h", cluster="c", nest=True)


def people(seed=1, rows=120):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "h": rng.integers(0, 3, rows),
            "c": rng.integers(0, 5, rows),
            "w": rng.uniform(1, 9, rows),
            "sex": pd.Categorical(rng.choice(["female", "male"], rows), ["male", "female"]),
            "cause": pd.Categorical(
                rng.choice(["illness", "schooling"], rows), ["illness", "schooling", "housing"]
            ),
            "income": np.where(rng.random(rows) < 0.1, np.nan, rng.gamma(4, 500, rows)),
            "ill": rng.integers(0, 2, rows),
        }
    )


def test_a_domain_is_the_same_by_by_by_where_and_by_hand():
    data = people()
    by_by = estimate_mean(data, "income", design=DESIGN, by="sex").query("sex == 'female'")
    by_where = estimate_mean(data, "income", design=DESIGN, where=data["sex"] == "female")
    inside = (data["sex"] == "female") & data["income"].notna()
    work = data.assign(y=data["income"].fillna(0) * inside, one=inside.astype(float))
    by_hand = estimate_ratio(work, "y", "one", design=DESIGN)
    same = ["estimate", "se", "ci_low", "ci_high", "df"]
    for other in (by_where, by_hand):
        np.testing.assert_allclose(other[same], by_by[same], rtol=1e-12)
    pd.testing.assert_frame_equal(by_where, by_by.drop(columns="sex").reset_index(drop=True))


@pytest.mark.parametrize("where", [{"sex": "female"}, {"sex": ["female"]}, list(people()["sex"] == "female")])
def test_where_is_a_condition_or_a_mask(where):
    data = people()
    found = estimate_mean(data, "income", design=DESIGN, where=where)
    pd.testing.assert_frame_equal(
        found, estimate_mean(data, "income", design=DESIGN, where=data["sex"] == "female")
    )


def test_a_filtered_frame_would_give_another_standard_error():
    data = people()
    right = estimate_total(data, "ill", design=DESIGN, where=data["c"] < 3)
    wrong = estimate_total(data.query("c < 3"), "ill", design=DESIGN)
    assert right["estimate"].item() == pytest.approx(wrong["estimate"].item())
    assert right["se"].item() > wrong["se"].item() * 1.05


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.01, 1000))
def test_weights_times_a_constant_change_no_share_and_no_error(seed, factor):
    data = people(seed)
    one = estimate_share(data, "cause", design=DESIGN, by="sex").drop(columns="deff")
    other = estimate_share(
        data.assign(w=data["w"] * factor), "cause", design=DESIGN, by="sex"
    ).drop(columns="deff")
    pd.testing.assert_frame_equal(one, other, rtol=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_permuting_the_rows_changes_nothing(seed):
    data = people(seed)
    mixed = data.sample(frac=1, random_state=seed)
    for call in (estimate_mean, estimate_total):
        found = call(mixed, "income", design=DESIGN, by=["cause", "sex"])
        pd.testing.assert_frame_equal(
            found, call(data, "income", design=DESIGN, by=["cause", "sex"]), rtol=1e-8
        )


def test_a_census_gives_the_counts_of_tabulate_and_the_errors_of_a_simple_random_sample():
    data = people()
    census = SurveyDesign()
    shares = estimate_share(data, "cause", design=census, by="sex")
    counts = tabulate(data, ["sex", "cause"], within="sex")
    pd.testing.assert_frame_equal(shares[counts.columns], counts)
    income = data["income"].dropna()
    found = estimate_mean(data, "income", design=census)
    n, everybody = len(income), len(data)
    assert found["estimate"].item() == pytest.approx(income.mean())
    among = np.sqrt(((income - income.mean()) ** 2).sum() / n**2 * everybody / (everybody - 1))
    assert found["se"].item() == pytest.approx(among)
    assert found[["n", "left_out_n", "df"]].iloc[0].tolist() == [n, everybody - n, everybody - 1]


def test_groups_that_nobody_falls_in_stay_without_an_estimate():
    found = estimate_mean(people(), "income", design=DESIGN, by="cause")
    assert found["cause"].tolist() == ["illness", "schooling", "housing"]
    empty = found.iloc[2]
    assert empty["n"] == 0
    assert empty[["estimate", "se", "ci_low", "ci_high", "deff"]].isna().all()


def test_a_missing_group_is_no_group_and_a_missing_value_is_left_out():
    data = people().assign(sex=lambda f: f["sex"].where(f.index >= 10))
    found = estimate_mean(data, "income", design=DESIGN, by="sex")
    assert (found["n"] + found["left_out_n"]).sum() == len(data) - 10
    assert found["left_out_n"].sum() == data["income"].iloc[10:].isna().sum()


def test_text_and_numbers_as_groups_come_sorted_and_only_where_seen():
    data = people().assign(unit=lambda f: np.where(f["h"] == 0, "乙", "甲"), part=lambda f: f["h"])
    found = estimate_mean(data, "ill", design=DESIGN, by=["unit", "part"])
    assert found[["unit", "part"]].to_numpy().tolist() == [["乙", 0], ["甲", 1], ["甲", 2]]


def test_nullable_and_boolean_columns_are_numbers():
    data = people()
    wanted = estimate_mean(data, "ill", design=DESIGN)
    for kind in ("bool", "boolean", "Int64", "Float64"):
        pd.testing.assert_frame_equal(estimate_mean(data.astype({"ill": kind}), "ill", design=DESIGN), wanted)
    some = data.astype({"ill": "Int64"}).assign(ill=lambda f: f["ill"].where(f.index > 4))
    assert estimate_mean(some, "ill", design=DESIGN)["left_out_n"].item() == 5


def test_shares_of_all_levels_add_up_to_one_and_the_last_level_has_the_variance_of_the_rest():
    found = estimate_share(people(), "sex", design=DESIGN)
    assert found["share"].sum() == pytest.approx(1)
    assert found["se"].iloc[0] == pytest.approx(found["se"].iloc[1])
    assert found["n"].sum() == found["base_n"].iloc[0]


def test_the_number_of_people_is_the_sum_of_the_weights():
    data = people()
    found = estimate_total(data, design=DESIGN, by="sex")
    np.testing.assert_allclose(found["estimate"], data.groupby("sex", observed=False)["w"].sum())


def test_a_difference_is_the_difference_and_takes_any_reference():
    data = people()
    means = estimate_mean(data, "income", design=DESIGN, by="sex")["estimate"]
    found = estimate_difference(data, "income", design=DESIGN, between="sex")
    assert found["estimate"].item() == pytest.approx(means[1] - means[0])
    other = estimate_difference(data, "income", design=DESIGN, between="sex", reference="female")
    assert other["estimate"].item() == pytest.approx(means[0] - means[1])
    assert other["se"].item() == pytest.approx(found["se"].item())
    with pytest.raises(ArgumentError, match="reference.*'other'"):
        estimate_difference(data, "income", design=DESIGN, between="sex", reference="other")


def test_waves_of_the_same_people_share_their_covariance():
    rng = np.random.default_rng(3)
    first = pd.DataFrame({"person": range(200), "wave": "2020", "y": rng.normal(0, 1, 200)})
    second = first.assign(wave="2022", y=first["y"] + rng.normal(0.2, 0.1, 200))
    both = pd.concat([first, second], ignore_index=True)
    panel = estimate_difference(both, "y", design=SurveyDesign(cluster="person"), between="wave")
    apart = estimate_difference(both, "y", design=SurveyDesign(), between="wave")
    change = second["y"] - first["y"]
    assert panel["se"].item() == pytest.approx(change.std() / np.sqrt(200))
    assert panel["se"].item() < apart["se"].item() / 5


def test_means_have_the_degrees_of_freedom_of_the_design_and_shares_those_of_the_subset():
    data = people().assign(only=lambda f: f["h"] == 0)
    assert estimate_mean(data, "ill", design=DESIGN, by="only")["df"].tolist() == [12, 12]
    assert estimate_share(data, "ill", design=DESIGN, by="only")["df"].tolist() == [8, 8, 4, 4]


def test_a_share_of_nobody_or_everybody_has_no_design_effect():
    data = people().assign(k=lambda f: f["c"])
    found = estimate_share(data, "k", design=DESIGN, by="c")
    assert set(found["share"]) == {0.0, 1.0}
    assert found["deff"].isna().all()


def test_values_far_from_zero_lose_no_digits():
    data = people().assign(far=lambda f: f["ill"] + 1e9)
    near, far = (estimate_mean(data, y, design=DESIGN, by="sex") for y in ("ill", "far"))
    np.testing.assert_allclose(far[["se", "deff"]], near[["se", "deff"]], rtol=1e-12)
    same = estimate_mean(data.assign(same=0.1), "same", design=DESIGN, by="sex")
    np.testing.assert_allclose(same["se"], 0, atol=1e-17)


@pytest.mark.parametrize("ci", ["logit", "beta", "asin", "xlogit", "mean", "wilson"])
def test_limits_at_zero_and_one_are_sensible(ci):
    data = people().assign(none=0, every=1)
    for variable, share in (("none", 0.0), ("every", 1.0)):
        answered = data.assign(**{variable: pd.Categorical(data[variable], [0, 1])})
        wide = estimate_share(answered, variable, design=DESIGN, ci=ci)
        row = wide.iloc[1]
        assert row["share"] == share
        assert 0 <= row["ci_low"] <= share <= row["ci_high"] <= 1
        assert 0 < row["ci_high"] - row["ci_low"] < 0.2


def test_words_of_errors():
    data = people()
    with pytest.raises(ColumnMissing, match="没有列 incme.*是否想写 income"):
        estimate_mean(data, "incme", design=DESIGN)
    with pytest.raises(ArgumentError, match="变量 cause.*estimate_share"):
        estimate_mean(data, "cause", design=DESIGN)
    with pytest.raises(ArgumentError, match="ci.*'logits'.*是否想写 logit"):
        estimate_share(data, "cause", design=DESIGN, ci="logits")
    with pytest.raises(ArgumentError, match="level 应在 0 与 1 之间，得到 95"):
        estimate_mean(data, "income", design=DESIGN, level=95)
    with pytest.raises(ArgumentError, match="where 的索引"):
        estimate_mean(data, "income", design=DESIGN, where=(data["ill"] == 1).iloc[:10])
    with pytest.raises(ArgumentError, match="真假值"):
        estimate_mean(data, "income", design=DESIGN, where=data["income"])
