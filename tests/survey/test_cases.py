"""Cases in which survey 4.5 gives other numbers than 4.1, and what must be refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError, BangfuError
from bangfu_analysis.survey.association import test_independence
from bangfu_analysis.survey.design import SurveyDesign, design_weights
from bangfu_analysis.survey.difference import estimate_change, estimate_difference
from bangfu_analysis.survey.estimate import estimate_mean, estimate_share, estimate_total
from bangfu_analysis.survey.poverty import gini, targeting, theil
from bangfu_analysis.survey.quantiles import estimate_quantile
from bangfu_analysis.survey.trend import cochran_armitage, estimate_trend, kendall_trend, weighted_trend
from bangfu_analysis.survey.weighting import post_stratify, rake, standardize, trim

CASES = Path(__file__).parent / "oracle" / "cases"


def test_a_lonely_unit_of_a_two_stage_design_is_held_against_all_units():
    frame = pd.read_csv(CASES / "l.csv")
    design = SurveyDesign("w", "st", ["psu", "ssu"], ["N", "M"], lonely_psu="adjust")
    assert estimate_mean(frame, "y", design=design)["se"][0] == pytest.approx(1.99449747833099, rel=1e-12)
    assert estimate_total(frame, "y", design=design)["se"][0] == pytest.approx(803.768361814916, rel=1e-12)


def test_what_is_trimmed_goes_to_rows_never_trimmed():
    frame = pd.DataFrame({"w": [1, 1, 2, 2, 3, 3, 9, 9.5, 10, 11, 20]})
    made = trim(frame, SurveyDesign("w"), lower=2, upper=10)
    wanted = [2, 2, 3.875, 3.875, 4.875, 4.875, 10, 10, 10, 10, 10]
    np.testing.assert_allclose(design_weights(frame, made), wanted)


@pytest.mark.parametrize(("calibrated", "p"), [(False, 0.429), (True, 0.423)])
def test_units_outside_the_domain_or_of_weight_zero_give_no_degrees_of_freedom(calibrated, p):
    if calibrated:
        frame = pd.read_csv(CASES / "calibrated_chisq.csv")
        design = post_stratify(frame, SurveyDesign("w", cluster="psu"), {"s": {"a": 50, "b": 70}})
        found = test_independence(frame, "r", "c", design=design, where={"k": 1}).iloc[0]
    else:
        frame = pd.read_csv(CASES / "chisq_zero_weight.csv")
        found = test_independence(frame, "r", "c", design=SurveyDesign("w", cluster="psu")).iloc[0]
    assert found["df_denominator"] / found["df"] == pytest.approx(3)
    assert round(found["p_value"], 3) == p


def test_contradictory_margins_are_refused_by_name_and_distance():
    frame = pd.DataFrame({"area": ["城"] * 3 + ["乡"] * 2, "edu": ["低", "中", "高", "低", "低"], "w": 1.0})
    margins = {"area": {"城": 300, "乡": 700}, "edu": {"低": 500, "中": 300, "高": 200}}
    with pytest.raises(ArgumentError, match="不能同时满足：area 的 (城|乡) 应为 .*差 [+-]200"):
        rake(frame, SurveyDesign("w"), margins)


def test_answers_far_from_zero_keep_their_digits_beside_missing_ones():
    rng = np.random.default_rng(4)
    y = pd.Series(rng.normal(size=200))
    near = pd.DataFrame({"y": y.mask(rng.random(200) < 0.6), "w": rng.uniform(1, 9, 200)})
    far = near.assign(y=near["y"] + 1e8)
    columns = ["se", "deff"]
    found = [estimate_mean(frame, "y", design=SurveyDesign("w"))[columns] for frame in (near, far)]
    np.testing.assert_allclose(*found, rtol=1e-6)


def small():
    frame = pd.DataFrame({"g": list("aab"), "y": [1.0, 5.0, 9.0], "x": ["u", "v", None]})
    return frame.assign(empty=np.nan)


def test_a_group_of_one_row_has_a_mean_and_no_interval():
    found = estimate_mean(small(), "y", design=SurveyDesign(), by="g").set_index("g")
    assert found.loc["b", "estimate"] == 9
    assert found.loc["b", ["se", "ci_low", "ci_high"]].isna().all()
    assert found.loc["a", "se"] > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: estimate_total(f.assign(y=np.inf), "y", design=SurveyDesign()), "y 有 3 行是无穷大"),
        (lambda f: gini(f.assign(y=[1, -np.inf, 2]), "y", design=SurveyDesign()), "y 有 1 行是无穷大"),
        (lambda f: estimate_mean(f.assign(w=0), "y", design=SurveyDesign("w")), "权数列 w 全是 0"),
        (lambda f: trim(f.assign(w=0), SurveyDesign("w"), upper=3), "权数列 w 全是 0"),
        (lambda f: gini(f.assign(y=0), "y", design=SurveyDesign()), "合计.*都是 0"),
        (lambda f: theil(f.assign(y=0), "y", design=SurveyDesign()), "都是 0，泰尔指数"),
        (lambda f: theil(f, "empty", design=SurveyDesign()), "没有一行有可用的取值"),
        (lambda f: targeting(f.assign(y=0), "y", "y"), "没有人需要（y）或得到（y）帮扶"),
        (lambda f: estimate_difference(f.assign(g=None), "y", design=SurveyDesign(), between="g"),
         "分组列 g 没有一行有取值"),
        (lambda f: estimate_change(f.assign(wave=f["g"], x=None), "x", design=None), "x 没有一行有取值"),
        (lambda f: standardize(f.assign(x=None), SurveyDesign(), "x", "g", {"x": {"u": 1}}), "无法标准化"),
        (lambda f: estimate_mean(f, "empty", design=SurveyDesign()), "没有一行有可用的取值"),
        (lambda f: estimate_mean(f, "y", design=SurveyDesign(), where={"g": "c"}), "没有一行有可用的取值"),
        (lambda f: estimate_share(f.assign(x=None), "x", design=SurveyDesign()), "没有一行有可用的取值"),
        (lambda f: estimate_quantile(f, "empty", 0.5, design=SurveyDesign()), "没有一行有可用的取值"),
        (lambda f: gini(f, "empty", design=SurveyDesign()), "没有一行有可用的取值"),
        (lambda f: gini(f.assign(y=f["y"] - 3), "y", design=SurveyDesign()), "y 有 1 行为负数，基尼系数"),
        (lambda f: theil(f.assign(y=-f["y"]), "y", design=SurveyDesign()), "y 有 3 行为负数，泰尔指数"),
        (lambda f: test_independence(f, "x", "empty", design=SurveyDesign()), "变量 empty .*只有 0 个取值"),
        (lambda f: estimate_difference(f, "y", design=SurveyDesign(), between="g", where={"x": "v"},
                                       reference="b"), "参照组 g = b 没有一行有 y 的取值"),
        (lambda f: estimate_trend(f.assign(t=2020), "y", "t", design=SurveyDesign()), "t .*只有一个取值"),
        (lambda f: kendall_trend([2020] * 3, [1, 2, 3]), "时间 x 都相同"),
        (lambda f: weighted_trend([1, 2, 3], [1, np.nan, 3], [1, 1, 1]), "各期有缺数"),
        (lambda f: cochran_armitage([5, 5], [5, 5]), "所有人的答案相同"),
        (lambda f: estimate_mean(f, "y", design=SurveyDesign(), where={"gg": 1}), "没有列 gg.*是否想写 g"),
        (lambda f: estimate_mean(f.astype({"g": "category"}), "y", design=SurveyDesign(), where={"g": "A"}),
         "参数 where\\[g\\] 的取值 'A' 无效"),
    ],
)
def test_what_could_only_be_guessed_is_refused_in_a_sentence(call, words):
    with pytest.raises(BangfuError, match=words):
        call(small())


@pytest.mark.parametrize("statistic", ["F", "Chisq", "Wald", "adjWald"])
def test_a_level_whose_weights_are_all_zero_is_dropped(statistic):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"a": rng.choice(list("xyz"), 90), "b": rng.choice(list("pq"), 90), "w": 1.0})
    none = frame.assign(w=frame["w"].mask(frame["a"] == "z", 0.0))
    found = test_independence(none, "a", "b", design=SurveyDesign("w"), statistic=statistic).iloc[0]
    apart = frame["a"] != "z"
    wanted = test_independence(frame, "a", "b", design=SurveyDesign("w"), statistic=statistic, where=apart)
    assert found["p_value"] == pytest.approx(wanted["p_value"].item())
    assert (found["n"], found["left_out_n"]) == (int(apart.sum()), 0)


def test_a_table_settled_by_its_own_totals_is_not_tested():
    frame = pd.DataFrame({"a": list("xxyy") * 6, "b": list("pqpq") * 6})
    cells = pd.DataFrame({"a": list("xxyy"), "b": list("pqpq"), "n": [10, 20, 30, 10]})
    design = post_stratify(frame, SurveyDesign(), cells)
    for statistic in ("F", "Wald"):
        with pytest.raises(ArgumentError, match="完全决定"):
            test_independence(frame, "a", "b", design=design, statistic=statistic)
