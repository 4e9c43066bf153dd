import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign, design_weights, resolve
from bangfu_analysis.survey.estimate import estimate_mean, estimate_share, estimate_total
from bangfu_analysis.survey.variance import covariance
from bangfu_analysis.survey.weighting import (
    post_stratify,
    rake,
    standardize,
    trim,
    weighting_effect,
    weighting_report,
)

DESIGN = SurveyDesign(weight="w", strata="h", cluster="c", nest=True)
SEX = {"female": 300.0, "male": 500.0}
AGE = {"young": 200.0, "middle": 350.0, "old": 250.0}


def people(rows=90):
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "h": rng.integers(0, 3, rows),
            "c": rng.integers(0, 5, rows),
            "w": rng.uniform(1, 9, rows),
            "sex": rng.choice(list(SEX), rows),
            "age": pd.Categorical(rng.choice(list(AGE), rows), list(AGE)),
            "y": rng.gamma(4, 500, rows),
        }
    )


def test_post_stratified_weights_add_up_and_the_totals_have_no_error():
    data = people()
    design = post_stratify(data, DESIGN, {"sex": SEX})
    found = estimate_total(data, design=design, by="sex")
    np.testing.assert_allclose(found["estimate"], [300, 500])
    np.testing.assert_allclose(found["se"], 0, atol=1e-9)
    weight = design_weights(data, design)
    ratio = weight / data["w"]
    assert (ratio.groupby(data["sex"]).std() < 1e-12).all()


def test_the_standard_error_after_post_stratification_is_that_of_the_residuals():
    data = people()
    design = post_stratify(data, DESIGN, {"sex": SEX})
    w, y = design_weights(data, design).to_numpy(), data["y"].to_numpy()
    z = (y - np.average(y, weights=w)) / w.sum()
    own = (
        pd.Series(z * data["w"]).groupby(data["sex"]).transform("sum")
        / data.groupby("sex")["w"].transform("sum")
    )
    residual = (z - own.to_numpy()) * w
    wanted = np.sqrt(covariance(resolve(data, DESIGN), [residual])[0, 0])
    assert estimate_mean(data, "y", design=design)["se"].item() == pytest.approx(wanted, rel=1e-10)


def test_a_domain_of_a_calibrated_design_by_by_and_by_where():
    data = people()
    design = post_stratify(data, DESIGN, {"sex": SEX})
    by = estimate_mean(data, "y", design=design, by="age").drop(columns="age")
    where = [estimate_mean(data, "y", design=design, where=data["age"] == age) for age in AGE]
    pd.testing.assert_frame_equal(pd.concat(where, ignore_index=True), by)


def test_raked_weights_meet_every_margin_and_keep_the_odds():
    data = people()
    design = rake(data, DESIGN, {"sex": SEX, "age": AGE})
    for column, totals in (("sex", SEX), ("age", AGE)):
        found = estimate_total(data, design=design, by=column).set_index(column)["estimate"]
        np.testing.assert_allclose(found[list(totals)], list(totals.values()), rtol=1e-10)
    log = np.log(design_weights(data, design) / data["w"])
    odds = pd.crosstab(data["sex"], data["age"], log, aggfunc="mean")
    np.testing.assert_allclose(odds.diff().iloc[1].std(), 0, atol=1e-9)


def test_the_standard_error_after_raking_projects_ten_times_on_each_margin():
    data = people()
    design = rake(data, DESIGN, [{"sex": SEX}, {"age": AGE}])
    w, y = design_weights(data, design).to_numpy(), data["y"].to_numpy()
    z = pd.Series((y - np.average(y, weights=w)) / w.sum())
    for _ in range(10):
        for column in ("sex", "age"):
            z = z - z.groupby(data[column], observed=True).transform("mean")
    wanted = np.sqrt(covariance(resolve(data, DESIGN), [z.to_numpy() * w])[0, 0])
    assert estimate_mean(data, "y", design=design)["se"].item() == pytest.approx(wanted, rel=1e-9)


def test_a_loose_tolerance_stops_after_the_cycle_that_moved_less_as_r_does():
    data = people()
    loose = design_weights(data, rake(data, DESIGN, {"sex": SEX, "age": AGE}, tolerance=1))
    exact = design_weights(data, rake(data, DESIGN, {"sex": SEX, "age": AGE}))
    by_age = loose.groupby(data["age"], observed=True).sum()
    np.testing.assert_allclose(by_age, list(AGE.values()))  # the last margin holds exactly
    assert 0 < np.abs(loose - exact).max() < 1


def test_totals_may_be_a_mapping_a_series_or_a_frame():
    data = people()
    cells = data.groupby(["sex", "age"], observed=True)["w"].sum().rename("n") * 2
    by_series = design_weights(data, post_stratify(data, DESIGN, cells))
    by_frame = design_weights(data, post_stratify(data, DESIGN, cells.reset_index()))
    pd.testing.assert_series_equal(by_series, by_frame)
    np.testing.assert_allclose(by_series, data["w"] * 2)


def test_calibrating_does_not_depend_on_the_order_of_rows():
    data = people()
    mixed = data.sample(frac=1, random_state=1)
    design = rake(data, DESIGN, {"sex": SEX, "age": AGE})
    pd.testing.assert_frame_equal(
        estimate_mean(mixed, "y", design=design), estimate_mean(data, "y", design=design), rtol=1e-9
    )


def test_a_calibrated_design_refuses_a_filtered_frame():
    data = people()
    design = post_stratify(data, DESIGN, {"sex": SEX})
    with pytest.raises(ArgumentError, match="请用 by 或 where，不要先筛选"):
        estimate_mean(data[data["sex"] == "male"], "y", design=design)


def test_replicates_are_calibrated_too():
    data = people()
    design = post_stratify(data, SurveyDesign(**{**vars(DESIGN), "replicates": "JKn"}), {"sex": SEX})
    found = estimate_total(data, design=design, by="sex")
    np.testing.assert_allclose(found["se"], 0, atol=1e-9)
    linear = estimate_mean(data, "y", design=post_stratify(data, DESIGN, {"sex": SEX}))
    jackknife = estimate_mean(data, "y", design=design)
    assert jackknife["se"].item() == pytest.approx(linear["se"].item(), rel=0.2)


def test_trimming_keeps_the_total_and_the_limits():
    data = people()
    design = trim(data, DESIGN, upper=6, lower=2)
    weight = design_weights(data, design)
    assert weight.sum() == pytest.approx(data["w"].sum())
    assert weight.between(2 - 1e-9, 6 + 1e-9).all()
    with pytest.raises(ArgumentError, match="太窄"):
        trim(data, DESIGN, upper=1.5)


def test_standardising_gives_every_group_the_same_mix():
    data = people()
    design = standardize(data, DESIGN, "sex", "age", {"sex": {"female": 0.6, "male": 0.4}})
    mix = estimate_share(data, "sex", design=design, by="age", ci="mean")
    np.testing.assert_allclose(mix.query("sex == 'female'")["share"], 0.6)
    sizes = estimate_total(data, design=design, by="age")["estimate"]
    np.testing.assert_allclose(sizes, estimate_total(data, design=DESIGN, by="age")["estimate"])


def test_the_report_shows_before_after_and_target():
    data = people()
    report = weighting_report(data, DESIGN, rake(data, DESIGN, {"sex": SEX, "age": AGE}), ["sex", "age"])
    assert report["level"].tolist() == ["female", "male", "young", "middle", "old"]
    np.testing.assert_allclose(report["total_after"], report["target"])
    np.testing.assert_allclose(report.groupby("variable")["share_before"].sum(), 1)
    assert report.groupby("variable")["n"].sum().tolist() == [90, 90]
    effect = weighting_effect(data, DESIGN).iloc[0]
    w = data["w"]
    assert effect["deff"] == pytest.approx(len(w) * (w**2).sum() / w.sum() ** 2)
    assert effect["deff"] == pytest.approx(1 + effect["cv"] ** 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: post_stratify(d, DESIGN, {"sex": {"female": 1}}), "样本中的取值 male 在总体合计中没有"),
        (lambda d: post_stratify(d, DESIGN, {"sex": SEX | {"other": 5}}), "样本中没有总体中的类别 other"),
        (
            lambda d: rake(d, DESIGN, {"sex": SEX, "age": dict.fromkeys(AGE, 1.0)}),
            "各边际的合计不相等：800、3",
        ),
        (lambda d: post_stratify(d, DESIGN, {"sex": {"female": -1, "male": 2}}), "含缺失、负数或重复"),
        (lambda d: post_stratify(d, DESIGN, [1, 2]), "总体合计应是"),
        (lambda d: post_stratify(d.assign(sex=None), DESIGN, {"sex": SEX}), "（缺失）"),
        (lambda d: standardize(d, DESIGN, "sex", "age", {"age": AGE}), "应与 by 相同：sex"),
    ],
)
def test_words_of_errors(call, words):
    with pytest.raises(ArgumentError, match=words):
        call(people())
