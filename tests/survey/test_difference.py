import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.difference import estimate_change, estimate_difference, panel_change
from bangfu_analysis.survey.estimate import estimate_mean

HERE = Path(__file__).parent / "oracle"
R = json.loads((HERE / "expected_synthetic.json").read_text(encoding="utf-8"))["results"]
DESIGN = SurveyDesign(
    weight="weight", strata="district", cluster=["enterprise", "id"], fpc=["n_ent", "n_workers"], nest=True
)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), rtol=1e-9)


@pytest.fixture(scope="module")
def survey():
    return pd.read_csv(HERE / "workers.csv")


def test_a_panel_is_tested_by_mcnemar():
    wanted = R["mcnemar"]
    (a, b), (c, d) = wanted["table"]
    was, now = ["yes"] * (a + b) + ["no"] * (c + d), ["yes"] * a + ["no"] * b + ["yes"] * c + ["no"] * d
    people = list(range(len(was)))
    workers = pd.DataFrame(
        {"wave": ["1"] * len(was) + ["2"] * len(was), "person_id": people * 2, "x": was + now}
    )
    found = panel_change(workers, "x", "yes").iloc[0]
    close(found[["statistic", "p_value"]], [wanted["stat"], wanted["p"]])
    assert found[["base_n", "gained_n", "lost_n"]].tolist() == [a + b + c + d, c, b]
    close(found["estimate"], (c - b) / len(was))
    plain = panel_change(workers, "x", "yes", correct=False).iloc[0]
    close(plain[["statistic", "p_value"]], [wanted["stat_nc"], wanted["p_nc"]])
    with pytest.raises(ArgumentError, match="maybe"):
        panel_change(workers, "x", "maybe")


def test_a_change_is_rs_contrast_with_the_covariance_of_the_groups(survey):
    wanted = R["workers.wk.contrast.F_minus_M"]
    found = estimate_change(
        survey.assign(sex=survey["sex"].map({"M": 0, "F": 1})), "hard", over="sex", design=DESIGN
    )
    close(found[["estimate", "se"]].iloc[0], [wanted["est"], wanted["se"]])
    wanted = R["workers.wk.ttest.income_sex"]
    found = estimate_change(survey, "income", over="sex", design=DESIGN).iloc[0]
    assert found[["wave_before", "wave"]].tolist() == ["F", "M"]
    close(
        np.abs(found[["estimate", "statistic", "df", "p_value"]].astype(float)),
        np.abs([wanted[c] for c in ("est", "t", "df", "p")]),
    )


def test_all_steps_of_a_series_are_the_contrasts_of_r_over_waves(survey):
    found = estimate_change(survey, "hard", design=DESIGN)
    wanted = R["workers.wk.trend.by.wave"]["est"]
    close(found["estimate"], np.diff(wanted))
    for _, row in found.iterrows():
        same = estimate_difference(
            survey, "hard", design=DESIGN, between="wave", reference=row["wave_before"]
        )
        close(row["se"], same.loc[same["wave"].eq(row["wave"]), "se"].item())


def test_the_same_people_twice_give_the_paired_t_test():
    draw = np.random.default_rng(2)
    first = draw.normal(1000, 300, 40)
    gain = draw.normal(20, 50, 40)
    panel = pd.DataFrame(
        {"wave": ["1"] * 40 + ["2"] * 40, "person": [*range(40)] * 2, "income": [*first, *(first + gain)]}
    )
    found = estimate_change(panel, "income", design=SurveyDesign(cluster="person")).iloc[0]
    close(found[["estimate", "se"]], [gain.mean(), gain.std(ddof=1) / np.sqrt(40)])
    assert found["correlation"] > 0.9
    apart = estimate_change(panel, "income", design=SurveyDesign(cluster="person"), overlap=False).iloc[0]
    one, two = estimate_mean(panel, "income", design=SurveyDesign(strata="wave"), by="wave")["se"]
    close(apart["se"], np.hypot(one, two))
    assert apart["correlation"] == pytest.approx(0, abs=1e-12)


def test_replicates_give_the_jackknife_of_the_difference():
    draw = np.random.default_rng(3)
    panel = pd.DataFrame(
        {"wave": ["1"] * 20 + ["2"] * 20, "person": [*range(20)] * 2, "income": draw.normal(9, 2, 40)}
    )
    linear, jackknife = (
        estimate_change(panel, "income", design=SurveyDesign(cluster="person", replicates=r))["se"].item()
        for r in (None, "JK1")
    )
    assert jackknife == pytest.approx(linear, rel=1e-9)  # for equal weights they are the same


def test_shares_change_level_by_level_and_group_by_group():
    frame = pd.DataFrame(
        {
            "wave": list("1122") * 2, "sex": list("ffffmmmm"), "x": list("uvuuuvvv"),
            "person": [1, 2, 1, 2, 3, 4, 3, 4],
        }
    )
    found = estimate_change(frame, "x", design=SurveyDesign(cluster="person"), by="sex")
    assert found[["sex", "x", "estimate"]].to_numpy().tolist() == [
        ["f", "u", 0.5],
        ["f", "v", -0.5],
        ["m", "u", -0.5],
        ["m", "v", 0.5],
    ]


def test_a_rosters_change_is_that_of_a_census_and_says_so():
    frame = pd.DataFrame({"wave": list("1122"), "income": [1.0, 2.0, 4.0, np.nan]})
    found = estimate_change(frame, "income", design=None)
    assert found["estimate"].tolist() == [2.5]
    assert found["basis"].tolist() == ["census"]
    assert found[["se", "p_value"]].isna().all(axis=None)
    before = frame.copy()
    assert_frame_equal(frame, before)
    with pytest.raises(ArgumentError, match="至少两个批次"):
        estimate_change(frame.head(2), "income", design=None)
