"""Models: R is compared in test_parity; here are identities, and what is refused with a sentence."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.difference import estimate_difference
from bangfu_analysis.survey.estimate import estimate_mean
from bangfu_analysis.survey.models import fit_model

DESIGN = SurveyDesign(weight="w", strata="h", cluster="c", nest=True)


@pytest.fixture(scope="module")
def people():
    draw = np.random.default_rng(17)
    n = 400
    drawn = {"h": draw.integers(0, 4, n), "c": draw.integers(0, 9, n), "w": draw.uniform(1, 9, n)}
    sex = pd.Categorical.from_codes(draw.integers(0, 2, n), ["female", "male"])
    edu = pd.Categorical.from_codes(draw.integers(0, 3, n), ["primary", "junior", "senior"])
    age = draw.integers(20, 60, n)
    ill = draw.random(n) < 1 / (1 + np.exp(-(age - 40) / 12 - (np.asarray(sex) == "male")))
    income = 900 + 20.0 * age + draw.normal(0, 90, n)
    frame = pd.DataFrame(drawn).assign(sex=sex, edu=edu, age=age, ill=ill, income=income)
    frame = frame.assign(工龄=age - 18.0 + draw.integers(0, 9, n))
    return frame.assign(age=frame["age"].astype("Int64").mask(draw.random(n) < 0.05))


def test_a_model_of_one_category_gives_the_differences_of_its_means(people):
    known = people["age"].notna()
    model = fit_model(people, "income ~ edu", design=DESIGN, family="linear", where=known)
    means = estimate_mean(people, "income", design=DESIGN, by="edu", where=known)
    apart = estimate_difference(people, "income", design=DESIGN, between="edu", where=known)
    np.testing.assert_allclose(model.coefficients[["estimate", "se"]][1:], apart[["estimate", "se"]])
    np.testing.assert_allclose(model.effects[["predicted", "predicted_se"]], means[["estimate", "se"]])
    assert model.effects["estimate"][0] == 0
    assert model.coefficients["left_out_n"].tolist() == [0, 0, 0]


def test_the_margins_of_a_saturated_logit_are_the_shares(people):
    model = fit_model(people, "ill ~ sex * edu", design=DESIGN)
    again = fit_model(people.assign(ill=people["ill"].astype(int)), "ill ~ sex * edu", design=DESIGN)
    assert_frame_equal(model.coefficients, again.coefficients)
    cells = estimate_mean(people, "ill", design=DESIGN, by=["sex", "edu"])["estimate"].to_numpy()
    parts = people.groupby("edu", observed=True)["w"].sum() / people["w"].sum()
    wanted = cells.reshape(2, 3) @ parts.to_numpy()
    margins = model.effects.query("variable == 'sex'")
    np.testing.assert_allclose(margins["predicted"], wanted)
    np.testing.assert_allclose(margins["estimate"], wanted - wanted[0], atol=1e-12)
    assert model.terms["term"].tolist() == ["sex", "edu", "sex:edu"]
    assert model.coefficients.query("term == 'sex:edu'")["level"].tolist() == ["male×junior", "male×senior"]


def test_the_covariance_carries_the_standard_errors_and_one_term_its_own_test(people):
    model = fit_model(people, "ill ~ sex + age", design=DESIGN)
    root = np.sqrt(np.diag(model.covariance))
    np.testing.assert_allclose(model.coefficients["se"], root)
    assert model.covariance.index.tolist() == model.coefficients["coefficient"].tolist()
    np.testing.assert_allclose(model.terms["statistic"], model.coefficients["statistic"][1:] ** 2)
    np.testing.assert_allclose(model.terms["p_value"], model.coefficients["p_value"][1:])
    missing = int(people["age"].isna().sum())
    assert model.coefficients[["n", "left_out_n"]].iloc[0].tolist() == [400 - missing, missing]


def test_a_subgroup_keeps_the_units_without_members(people):
    inside = fit_model(people, "income ~ age", design=DESIGN, family="linear", where={"sex": "male"})
    masked = fit_model(people, "income ~ age", design=DESIGN, family="linear", where=people["sex"] == "male")
    assert_frame_equal(inside.coefficients, masked.coefficients)
    assert inside.coefficients["n"][0] == int((people["age"].notna() & (people["sex"] == "male")).sum())


def test_the_slope_of_a_transformed_number_is_that_on_the_number_itself(people):
    straight = fit_model(people, "income ~ age", design=DESIGN, family="linear")
    bent = fit_model(people, "income ~ np.log(age) + `工龄`", design=DESIGN, family="linear")
    slope = bent.coefficients["estimate"][1]
    known = people.dropna(subset="age")
    wanted = slope * np.average(1 / known["age"].astype(float), weights=known["w"])
    assert bent.effects["estimate"][0] == pytest.approx(wanted, rel=1e-6)
    assert straight.effects["estimate"][0] == pytest.approx(straight.coefficients["estimate"][1])
    assert bent.effects["variable"].tolist() == ["age", "工龄"]


def test_numbers_can_be_taken_as_categories_and_text_as_it_is_sorted(people):
    given = fit_model(people, "ill ~ C(h) + edu", design=DESIGN)
    made = fit_model(people.assign(h=people["h"].astype(str)), "ill ~ h", design=DESIGN)
    assert given.effects.query("variable == 'h'")["level"].tolist() == [0, 1, 2, 3]
    assert made.coefficients["level"].tolist() == ["", "1", "2", "3"]


def test_the_callers_frame_stays_and_the_order_of_rows_does_not_matter(people):
    before = people.copy(deep=True)
    first = fit_model(people, "ill ~ sex + age", design=DESIGN)
    assert_frame_equal(people, before)
    turned = fit_model(people.iloc[::-1], "ill ~ sex + age", design=DESIGN)
    np.testing.assert_allclose(first.covariance, turned.covariance)


@pytest.mark.parametrize(
    ("formula", "change", "words"),
    [
        ("ill sex", {}, "公式 'ill sex' 读不懂"),
        ("ill ~ sex +* age", {}, "读不懂.*has_dibao ~ sex"),
        ("ill ~ np.nope(age)", {}, "自变量 np.nope\\(age\\) 算不出来"),
        ("ill ~ np.log(zero)", {"zero": lambda f: f["age"].astype(float) - 20}, "不是有限的数"),
        ("edu ~ sex", {}, "变量 edu 的类型是 category，不是数值"),
        ("income ~ sex", {}, "变量 income 应在 0 与 1 之间"),
        ("ill ~ sex", {"ill": 1}, "变量 ill 在所用的 400 行中只有一个取值 1"),
        ("ill ~ age", {"age": np.nan}, "没有一行同时有因变量和全部自变量"),
        ("ill ~ age", {"age": 40}, "自变量 age 在所用的行中只有一个取值"),
        ("ill ~ age + twice", {"twice": lambda f: f["age"] * 2}, "自变量 twice 可由其他自变量完全算出"),
        ("ill ~ edu", {"edu": lambda f: f["edu"].mask(f["edu"] == "primary")}, "参照类 primary .*没有人"),
        ("ill ~ sex", {"ill": lambda f: f["ill"] | (f["sex"] == "male")}, "sex 为 male .*全为 1（完全分离）"),
        ("ill ~ age", {"ill": lambda f: f["age"].fillna(0) > 40}, "完全分开"),
        ("ill ~ sex", {"h": 1, "c": lambda f: f["c"] % 2}, "设计的自由度只有 1，不够估计"),
    ],
)
def test_what_could_only_be_guessed_is_refused(people, formula, change, words):
    with pytest.raises(ArgumentError, match=words):
        fit_model(people.assign(**change), formula, design=DESIGN)


def test_columns_that_are_not_there_are_named(people):
    with pytest.raises(ColumnMissing, match="没有列 agee.*是否想写 age"):
        fit_model(people, "ill ~ agee", design=DESIGN)
    with pytest.raises(ArgumentError, match="family"):
        fit_model(people, "ill ~ age", design=DESIGN, family="probit")
