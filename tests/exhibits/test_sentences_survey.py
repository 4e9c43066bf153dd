"""A model as table, words and chart: all three say the same, of people drawn with a known difference."""

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import Exhibit, as_exhibit
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.models import fit_model

CODEBOOK = load_codebook()


@pytest.fixture(scope="module")
def people():
    draw = np.random.default_rng(3)
    sex = draw.choice(["male", "female"], 900)
    dibao = draw.random(900) < np.where(sex == "female", 0.6, 0.3)
    sex = pd.Categorical(sex, ["male", "female"])
    income = draw.normal(300, 9, 900) + 40 * dibao
    return pd.DataFrame({"sex": sex, "age": draw.integers(30, 50, 900), "has_dibao": dibao, "income": income})


def test_shares_are_told_in_percentage_points_with_no_cause(people):
    model = fit_model(people, "has_dibao ~ sex + age", design=SurveyDesign())
    found = as_exhibit(model, CODEBOOK, title="低保与性别")
    woman = model.effects.query("level == 'female'").iloc[0]
    step, low, high = (f"{100 * woman[c]:.1f}" for c in ("estimate", "ci_low", "ci_high"))
    assert 0.2 < woman["estimate"] < 0.4
    assert f"性别：女，比男高{step}个百分点（置信区间{low}至{high}）" in found.text
    assert found.text.startswith("其他条件相同时看是否低保的占比：")
    assert "年龄每增加1，没有可以确认的差别" in found.text
    assert "不能说明因果" in found.text
    assert found.table.rows[0][:4] == ("性别：女", "男", int((people["sex"] == "female").sum()), float(step))
    (axes,) = found.chart().axes
    assert [tick.get_text()[:4] for tick in axes.get_yticklabels()] == ["性别：女", "年龄每增"]
    assert step in axes.texts[0].get_text()
    assert "sex: female" in as_exhibit(model, CODEBOOK, lang="en").to_markdown()


def test_a_mean_is_told_in_its_own_unit(people):
    model = fit_model(people, "income ~ has_dibao", design=SurveyDesign(), family="linear")
    found = as_exhibit(model, CODEBOOK)
    row = model.effects.query("level == True").iloc[0]
    assert f"是否低保：是，比否高{row['estimate']:.2f}（" in found.text
    assert "百分点" not in found.text and "effect" not in found.frame


def numbers(*items):
    frame = pd.DataFrame({"item": items, "n": 374, "estimate": 74.6925, "median": 77.0, "sd": 13.9})
    asked = recipe(id="numbers", make="questionnaire", text="numbers")
    return Exhibit(Cut("numbers", "", frame, ("item",), kind="mean"), asked, Layout(), CODEBOOK).text


def test_where_all_answers_stand_in_the_sentence_none_is_called_the_most_chosen():
    def said(*counts):
        frame = pd.DataFrame({"option": [*"男女他她"][: len(counts)], "n": counts, "base_n": sum(counts)})
        frame = frame.assign(share=frame["n"] / frame["base_n"])
        asked = recipe(id="q", make="questionnaire", text="single", title="性别")
        return Exhibit(Cut("q", "性别", frame, ("option",)), asked, Layout(), CODEBOOK).text

    assert said(60, 40) == "“性别”一题有100人作答，其中男（60人，占60.0%）、女（40人，占40.0%）。"
    assert "选择最多的依次是男（40人，占40.0%）、女（30人" in said(40, 30, 20, 10)


def test_the_number_that_one_question_asked_for_is_a_sentence_and_several_are_a_table():
    assert numbers("请打分") == "“请打分”一题有374人作答，均值74.69，中位数77。"
    assert numbers("请打分", "打几分") == ""
