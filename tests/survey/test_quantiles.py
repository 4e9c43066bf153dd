import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.quantiles import estimate_quantile

PLAIN = SurveyDesign()


def quantiles(values, q, **manner):
    return estimate_quantile(pd.DataFrame({"y": values}), "y", q, design=PLAIN, **manner)["estimate"].tolist()


def test_the_math_rule_takes_the_smallest_value_that_reaches_q():
    assert quantiles([5, 1, 4, 2, 3], [0, 0.2, 0.21, 0.5, 1]) == [1, 1, 2, 3, 5]


def test_cumulative_weights_that_equal_q_but_for_rounding_count_as_equal():
    values = list(range(1, 11))
    assert quantiles(values, [0.1 * k for k in range(1, 11)]) == values  # 0.1 * 3 is 0.30000000000000004
    thirds = pd.DataFrame({"y": [1, 2, 3], "w": [0.1, 0.2, 0.3]})  # 0.1 + 0.2 is not 0.3
    assert estimate_quantile(thirds, "y", 0.5, design=SurveyDesign(weight="w"))["estimate"].item() == 2


def test_hf7_of_equal_weights_is_the_quantile_of_pandas():
    values = np.random.default_rng(2).gamma(2, 1000, 101)
    q = [0.05, 0.25, 0.5, 0.9]
    np.testing.assert_allclose(quantiles(values, q, rule="hf7"), pd.Series(values).quantile(q))


def test_weights_repeat_values():
    one = pd.DataFrame({"y": [10, 20, 30], "w": [1.0, 3, 2]})
    found = estimate_quantile(one, "y", [0.1, 0.5, 0.7], design=SurveyDesign(weight="w"))
    assert found["estimate"].tolist() == quantiles([10, 20, 20, 20, 30, 30], [0.1, 0.5, 0.7])


def test_a_row_per_group_and_quantile_and_empty_groups_stay():
    data = pd.DataFrame(
        {"y": [1.0, 2, 3, np.nan, 5], "g": pd.Categorical(["a", "a", "a", "a", "b"], ["a", "b", "c"])}
    )
    found = estimate_quantile(data, "y", [0.5, 0.9], design=PLAIN, by="g")
    assert found[["g", "q"]].to_numpy().tolist() == [[g, q] for g in "abc" for q in (0.5, 0.9)]
    assert found["n"].tolist() == [3, 3, 1, 1, 0, 0]
    assert found["left_out_n"].tolist() == [1, 1, 0, 0, 0, 0]
    assert found["estimate"].iloc[:4].tolist() == [2, 3, 5, 5]
    assert found["estimate"].iloc[4:].isna().all()


def test_limits_beyond_the_data_are_missing_and_the_width_gives_the_error():
    found = estimate_quantile(pd.DataFrame({"y": range(10)}), "y", [0.02, 0.5], design=PLAIN)
    assert np.isnan(found["ci_low"].iloc[0])
    middle = found.iloc[1]
    assert middle["ci_low"] < middle["estimate"] < middle["ci_high"]
    assert middle["se"] == pytest.approx((middle["ci_high"] - middle["ci_low"]) / (2 * 2.2621571628540993))


def test_rows_of_weight_zero_are_not_seen():
    data = pd.DataFrame({"y": [1.0, 2, 3, 99], "w": [1.0, 1, 1, 0]})
    found = estimate_quantile(data, "y", 1.0, design=SurveyDesign(weight="w"))
    assert found[["estimate", "n"]].iloc[0].tolist() == [3, 3]


def test_words_of_errors():
    with pytest.raises(ArgumentError, match="分位点 q 应在 0 与 1 之间，得到 50"):
        quantiles([1, 2], 50)
    with pytest.raises(ArgumentError, match="rule.*'hf8'"):
        quantiles([1, 2], 0.5, rule="hf8")
