import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.compare import decomposition, estimate_change, panel_change, standardized
from bangfu_analysis.analysis.design import SurveyDesign
from bangfu_analysis.analysis.estimate import estimate_difference, estimate_mean
from bangfu_analysis.analysis.tabulate import hardship_rate
from bangfu_analysis.analysis.trend import cochran_armitage
from bangfu_analysis.errors import ArgumentError, NotComparable

HERE = Path(__file__).parent / "oracle"
R = json.loads((HERE / "expected_synthetic.json").read_text(encoding="utf-8"))["results"]
DESIGN = SurveyDesign(
    weight="weight", strata="district", cluster=["enterprise", "id"], fpc=["n_ent", "n_workers"], nest=True
)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), rtol=1e-9)


def rates(waves, strata, n, base_n):
    return pd.DataFrame({"wave": waves, "unit": strata, "n": n, "base_n": base_n})


@pytest.fixture(scope="module")
def survey():
    return pd.read_csv(HERE / "workers.csv")


def test_direct_standardisation_is_that_of_r():
    wanted = R["rates.direct"]
    k = len(wanted["count"])
    table = rates(
        ["std"] * k + ["w"] * k, list(range(k)) * 2, [1] * k + wanted["count"], wanted["stdpop"] + wanted["pop"]
    )
    found = standardized(table, "unit", standard="std").set_index("wave").loc["w"]
    close(
        found[["crude", "estimate", "ci_low", "ci_high"]],
        [wanted[c] for c in ("crude", "adj", "ff_lci_epitools", "ff_uci_epitools")],
    )
    assert found["standard"] == "std"


def test_indirect_standardisation_has_byars_limits():
    wanted = R["rates.indirect"]
    observed, expected = wanted["observed"], wanted["expected"]
    table = rates(["a", "b"], ["x", "x"], [50, observed], [1000, 1000 * expected / 50])
    found = standardized(table, "unit", method="indirect").set_index("wave").loc["b"]
    close(found[["expected", "estimate", "ci_low", "ci_high"]], [expected, wanted["smr"], *wanted["byar"]])


def test_kitagawa_of_two_waves_is_the_oracles_and_its_details_add_up():
    wanted = R["kitagawa"]
    size = 1_000_000
    base = [c * size for side in ("comp_b", "comp_a") for c in wanted[side]]
    rate = wanted["rate_b"] + wanted["rate_a"]
    table = rates(["1"] * 4 + ["2"] * 4, list("abcd") * 2, np.multiply(base, rate), base)
    found = decomposition(table, "unit").set_index("component")["estimate"]
    close(found[["rate", "composition", "total"]], [wanted[c] for c in ("rate_effect", "composition_effect", "total")])
    detail = decomposition(table, "unit", detail=True)
    assert detail["unit"].tolist()[:4] == list("abcd")
    close(detail.groupby("component", observed=True)["estimate"].sum()[found.index], found)


def test_one_wave_alone_cannot_be_split_into_rates_and_composition():
    with pytest.raises(ArgumentError, match="至少两个批次，现有：1"):
        decomposition(rates(["1", "1"], ["a", "b"], [1, 2], [10, 20]), "unit")


def test_tidy_frames_are_compared_in_one_line():
    workers = pd.DataFrame({"wave": ["1"] * 3 + ["2"] * 2, "unit": list("aabab")})
    population = pd.DataFrame({"wave": ["1", "1", "2", "2"], "unit": list("abab"), "n": [10, 20, 20, 10]})
    table = hardship_rate(workers, population, by=["wave", "unit"])
    assert decomposition(table, "unit")["estimate"].round(6).tolist() == [-0.05, 0.016667, -0.033333]
    assert standardized(table, "unit")["estimate"].round(6).tolist() == [0.1, 0.083333]
    totals = hardship_rate(workers, population, by="wave")
    assert cochran_armitage(totals["n"], totals["base_n"])["p_value"].item() < 1


def test_strata_that_a_wave_lacks_are_named():
    table = rates(["1", "1", "2"], ["甲", "乙", "甲"], [1, 1, 1], [10, 10, 10])
    with pytest.raises(NotComparable, match="2 缺 乙"):
        decomposition(table, "unit")
    with pytest.raises(NotComparable, match="2 缺 乙"):
        standardized(table, "unit")
    with pytest.raises(ArgumentError, match="应只有一行"):
        standardized(pd.concat([table, table]), "unit")
    with pytest.raises(ArgumentError, match="standard"):
        standardized(table.head(2), "unit", standard="3")
    with pytest.raises(ArgumentError, match="method"):
        standardized(table, "unit", method="middle")


def test_a_panel_is_tested_by_mcnemar():
    wanted = R["mcnemar"]
    (a, b), (c, d) = wanted["table"]
    was, now = ["yes"] * (a + b) + ["no"] * (c + d), ["yes"] * a + ["no"] * b + ["yes"] * c + ["no"] * d
    people = list(range(len(was)))
    workers = pd.DataFrame({"wave": ["1"] * len(was) + ["2"] * len(was), "person_id": people * 2, "x": was + now})
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
    found = estimate_change(survey.assign(sex=survey["sex"].map({"M": 0, "F": 1})), "hard", over="sex", design=DESIGN)
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
        same = estimate_difference(survey, "hard", design=DESIGN, between="wave", reference=row["wave_before"])
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
    panel = pd.DataFrame({"wave": ["1"] * 20 + ["2"] * 20, "person": [*range(20)] * 2, "income": draw.normal(9, 2, 40)})
    linear, jackknife = (
        estimate_change(panel, "income", design=SurveyDesign(cluster="person", replicates=r))["se"].item()
        for r in (None, "JK1")
    )
    assert jackknife == pytest.approx(linear, rel=1e-9)  # for equal weights they are the same


def test_shares_change_level_by_level_and_group_by_group():
    frame = pd.DataFrame(
        {"wave": list("1122") * 2, "sex": list("ffffmmmm"), "x": list("uvuuuvvv"), "person": [1, 2, 1, 2, 3, 4, 3, 4]}
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
