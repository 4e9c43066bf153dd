import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.difference import estimate_difference
from bangfu_analysis.survey.trend import (
    annual_change,
    cochran_armitage,
    estimate_trend,
    kendall_trend,
    weighted_trend,
)


def answers(rows=300):
    rng = np.random.default_rng(5)
    wave = rng.integers(2018, 2024, rows)
    hard = (rng.random(rows) < 0.5 - 0.05 * (wave - 2018)).astype(int)
    return pd.DataFrame(
        {"wave": wave, "hard": hard, "c": rng.integers(0, 30, rows), "w": rng.uniform(1, 4, rows)}
    )


def test_a_trend_over_two_waves_is_the_difference_between_them():
    data = answers().query("wave < 2020").reset_index(drop=True)
    design = SurveyDesign(weight="w", cluster="c")
    slope = estimate_trend(data, "hard", "wave", design=design).iloc[1]
    gap = estimate_difference(data, "hard", design=design, between="wave").iloc[0]
    same = ["estimate", "se", "ci_low", "ci_high", "df", "statistic", "p_value"]
    np.testing.assert_allclose(slope[same].astype(float), gap[same].astype(float), rtol=1e-9)


def test_a_subgroup_is_a_where_and_missing_rows_are_left_out():
    data = answers().assign(area=lambda f: f["c"] % 2)
    design = SurveyDesign(weight="w", cluster="c")
    inside = estimate_trend(data, "hard", "wave", design=design, where={"area": 0})
    gone = data.assign(hard=data["hard"].where(data["area"] == 0))
    found = estimate_trend(gone, "hard", "wave", design=design)
    assert (found.pop("left_out_n") > inside.pop("left_out_n")).all()  # outside `where` nobody was asked
    pd.testing.assert_frame_equal(found, inside)


def test_replicates_give_nearly_the_same_error():
    data = answers()
    for kind in ("linear", "logit"):
        linear = estimate_trend(data, "hard", "wave", design=SurveyDesign(cluster="c"), kind=kind)
        made = estimate_trend(
            data, "hard", "wave", design=SurveyDesign(cluster="c", replicates="JK1"), kind=kind
        )
        np.testing.assert_allclose(made["estimate"], linear["estimate"])
        np.testing.assert_allclose(made["se"], linear["se"], rtol=0.1)


def test_the_logit_slope_solves_the_score_equations():
    data = answers()
    found = estimate_trend(data, "hard", "wave", design=SurveyDesign(weight="w"), kind="logit")["estimate"]
    mean = 1 / (1 + np.exp(-(found[0] + found[1] * data["wave"])))
    scores = [(data["w"] * (data["hard"] - mean) * x).sum() for x in (1, data["wave"] - 2020)]
    np.testing.assert_allclose(scores, 0, atol=1e-3)


def test_a_falling_share_has_a_negative_statistic():
    found = cochran_armitage([50, 40, 30], [100, 100, 100]).iloc[0]
    assert found["statistic"] < 0
    assert found["p_lower"] == pytest.approx(found["p_value"] / 2)
    flat = cochran_armitage([30, 30, 30], [100, 100, 100]).iloc[0]
    assert flat[["statistic", "p_value"]].tolist() == pytest.approx([0, 1])


def test_a_straight_line_is_found_again():
    x = np.arange(2019, 2025)
    found = weighted_trend(x, 3 - 0.5 * (x - 2019), [0.1, 0.2, 0.1, 0.3, 0.1, 0.2])
    assert found["estimate"].tolist() == pytest.approx([3 + 0.5 * 2019, -0.5])
    assert found["q"].iloc[0] == pytest.approx(0, abs=1e-9)
    steady = annual_change(x, 1000 * 0.9 ** (x - 2019), [10_000] * 6).iloc[0]
    assert steady["estimate"] == pytest.approx(-0.1)
    assert (
        kendall_trend(x, [1, 2, 3, 4, 5, 6]).iloc[0][["estimate", "slope"]].tolist() == pytest.approx([1, 1])
    )


def test_words_of_errors():
    data = answers()
    with pytest.raises(ArgumentError, match="kind.*'logistic'.*是否想写 logit"):
        estimate_trend(data, "hard", "wave", design=SurveyDesign(), kind="logistic")
    with pytest.raises(ArgumentError, match="应在 0 与 1 之间"):
        estimate_trend(data.assign(hard=5), "hard", "wave", design=SurveyDesign(), kind="logit")
    with pytest.raises(ArgumentError, match="至少 3 期"):
        kendall_trend([1, 2], [3, 4])
    with pytest.raises(ArgumentError, match="标准误都大于 0"):
        weighted_trend([1, 2, 3], [1, 2, 3], [0, 1, 1])
    with pytest.raises(ArgumentError, match="0 ≤ x ≤ n"):
        cochran_armitage([5], [3])
