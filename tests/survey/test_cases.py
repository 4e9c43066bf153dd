"""Cases in which survey 4.5 gives other numbers than 4.1, and what must be refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.association import test_independence
from bangfu_analysis.survey.design import SurveyDesign, design_weights
from bangfu_analysis.survey.estimate import estimate_mean, estimate_total
from bangfu_analysis.survey.weighting import post_stratify, rake, trim

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
