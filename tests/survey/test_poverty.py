import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.poverty import (
    adequacy,
    catastrophic,
    concentration_index,
    coverage,
    fgt,
    gini,
    shortfall,
    theil,
)

CENSUS = SurveyDesign()


def incomes(*values, **columns):
    return pd.DataFrame({"y": values} | columns)


def test_the_indices_of_four_people_by_hand():
    data = incomes(0.0, 500, 1000, 2000, np.nan)
    found = fgt(data, "y", 1000, design=CENSUS)
    assert found["alpha"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(found["estimate"], [2 / 4, 1.5 / 4, 1.25 / 4])
    assert found["left_out_n"].tolist() == [1, 1, 1]


def test_the_line_may_change_by_wave_or_by_row():
    data = incomes(500.0, 700, 500, 700, wave=["2020", "2020", "2024", "2024"], z=[600.0, 600, 800, 800])
    by_wave = fgt(data, "y", {"2020": 600, "2024": 800}, design=CENSUS, by="wave", alpha=[0])
    assert by_wave["estimate"].tolist() == [0.5, 1.0]
    pd.testing.assert_frame_equal(by_wave, fgt(data, "y", "z", design=CENSUS, by="wave", alpha=[0]))
    with pytest.raises(ArgumentError, match="没有给出这些期的贫困线：2024"):
        fgt(data, "y", {"2020": 600}, design=CENSUS)
    with pytest.raises(ArgumentError, match="贫困线应大于 0"):
        fgt(data, "y", 0, design=CENSUS)


def test_the_index_of_the_whole_is_the_weighted_mean_of_the_groups():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {"y": rng.gamma(2, 500, 300), "g": rng.integers(0, 3, 300), "w": rng.uniform(1, 3, 300)}
    )
    design = SurveyDesign(weight="w")
    whole = fgt(data, "y", 800, design=design)["estimate"].to_numpy()
    groups = fgt(data, "y", 800, design=design, by="g")["estimate"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(np.average(groups, axis=0, weights=data.groupby("g")["w"].sum()), whole)


def test_the_shortfall_is_yuan_a_year_and_counts_the_household():
    data = incomes(400.0, 900, 1500, size=[3, 1, 2])
    assert shortfall(data, "y", 1000, design=CENSUS)["estimate"].item() == (600 + 100) * 12
    assert (
        shortfall(data, "y", 1000, design=CENSUS, size="size", months=1)["estimate"].item() == 600 * 3 + 100
    )


def test_gini_of_equal_and_of_one_owner():
    assert gini(incomes(*[5.0] * 10), "y", design=CENSUS)["estimate"].item() == pytest.approx(0)
    assert gini(incomes(*[0.0] * 9, 10), "y", design=CENSUS)["estimate"].item() == pytest.approx(0.9)


def test_the_error_of_gini_is_close_to_the_jackknife():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.lognormal(7, 0.6, 150), "g": rng.integers(0, 2, 150)})
    linear = gini(data, "y", design=CENSUS, by="g")
    made = gini(data, "y", design=SurveyDesign(replicates="JK1"), by="g")
    np.testing.assert_allclose(made["estimate"], linear["estimate"])
    np.testing.assert_allclose(made["se"], linear["se"], rtol=0.1)


def test_the_error_of_gini_is_that_of_the_slopes_of_its_definition_over_pairs():
    """Nothing of the package is used: Gini's mean difference of all pairs, its slope in every weight, and the
    spread between units.
    """
    rng = np.random.default_rng(4)
    unit = rng.integers(0, 24, 240)
    y, w = rng.lognormal(7, 0.6, 240).round(-2) + 20 * unit, rng.uniform(1, 9, 240)  # rounded: with ties

    def of_pairs(weight):
        return weight @ np.abs(y[:, None] - y) @ weight / (2 * weight.sum() * (weight @ y))

    steps = np.diag(w * 1e-5)
    slopes = [(of_pairs(w + step) - of_pairs(w - step)) / (2 * step.sum()) for step in steps]
    units = pd.Series(w * slopes).groupby(unit).sum()
    variance = sum(len(z) * z.var() for _, z in units.groupby(units.index % 3))
    found = gini(
        pd.DataFrame({"y": y, "w": w, "u": unit, "s": unit % 3}),
        "y",
        design=SurveyDesign(weight="w", strata="s", cluster="u"),
    )
    np.testing.assert_allclose(found[["estimate", "se"]], [[of_pairs(w), variance**0.5]], rtol=1e-7)


def test_aid_for_the_poorest_has_a_negative_index_and_ties_do_not_depend_on_order():
    data = incomes(1.0, 2, 3, 4, aid=[8.0, 1, 1, 0])
    assert concentration_index(data, "aid", "y", design=CENSUS)["estimate"].item() < 0
    assert concentration_index(
        data.assign(aid=7.0), "aid", "y", design=CENSUS
    )["estimate"].item() == pytest.approx(0)
    tied = incomes(1.0, 1, 2, aid=[9.0, 1, 5])
    found = [concentration_index(d, "aid", "y", design=CENSUS)["estimate"].item() for d in (
        tied, tied.iloc[[1, 0, 2]]
    )]
    assert found[0] == pytest.approx(found[1])


def test_theil_splits_exactly_and_takes_zero_incomes():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"y": np.append(rng.gamma(2, 500, 99), 0.0), "g": rng.integers(0, 4, 100)})
    found = theil(data, "y", design=CENSUS, between="g").set_index("component")
    share = data["y"] / data["y"].mean()
    wanted = (share * np.log(share.where(share > 0, 1))).mean()
    assert found.loc["total", "estimate"] == pytest.approx(wanted)
    assert found.loc["within", "estimate"] + found.loc["between", "estimate"] == pytest.approx(wanted)
    own = []
    for _, part in data.groupby("g"):
        ratio = part["y"] / part["y"].mean()
        own.append(part["y"].sum() / data["y"].sum() * (ratio * np.log(ratio.where(ratio > 0, 1))).mean())
    assert found.loc["within", "estimate"] == pytest.approx(sum(own))
    assert found["se"].isna().tolist() == [False, True, True]
    made = theil(data, "y", design=SurveyDesign(replicates="JK1"))["se"].item()
    assert made == pytest.approx(found.loc["total", "se"], rel=0.1)
    with pytest.raises(ArgumentError, match="1 行为负数"):
        theil(incomes(-1.0, 2), "y", design=CENSUS)


def test_catastrophic_spending_by_hand():
    data = pd.DataFrame({"oop": [50.0, 300, 10, 5], "have": [1000.0, 1000, 100, 0]})
    found = catastrophic(data, "oop", "have", design=CENSUS, threshold=0.1).set_index("measure")
    np.testing.assert_allclose(found["estimate"], [1 / 3, 0.2 / 3, 0.2])
    assert found["left_out_n"].tolist() == [1, 1, 1]
    with pytest.raises(ArgumentError, match="threshold.*得到 10"):
        catastrophic(data, "oop", "have", design=CENSUS, threshold=10)


def test_coverage_and_adequacy_of_aid():
    data = incomes(400.0, 900, 1500, 800, aid=[3600.0, 0, 500, np.nan])
    found = coverage(data.assign(aid=data["aid"].fillna(0)), "aid", design=CENSUS, where=data["y"] < 1000)
    assert found[["n", "base_n", "share"]].iloc[0].tolist() == [1, 3, 1 / 3]
    assert coverage(data.assign(aid=0), "aid", design=CENSUS)["share"].tolist() == [0.0]
    assert (
        adequacy(data, "aid", "y", 1000, design=CENSUS)["estimate"].item() == pytest.approx(4100 / (900 * 12))
    )
