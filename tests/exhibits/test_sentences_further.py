"""Further sentences say what the frames hold, and claim a tendency only where the test does; a model as
table, words and chart says one thing, of people drawn with a known difference.
"""

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.change import change
from bangfu_analysis.analysis.flows import flow_accounts, transitions
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import Exhibit, as_exhibit
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.sentences_further import SIGNS
from bangfu_analysis.exhibits.tables import Layout, display_table
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.models import fit_model

CODEBOOK = load_codebook()
BOTH = ("hardship_level_before", "hardship_level")
LEVELS = pd.CategoricalDtype(["extreme", "general"])


def roster(**waves):
    """Wave -> {person: level}."""
    rows = [(wave[1:], who, level) for wave, people in waves.items() for who, level in people.items()]
    frame = pd.DataFrame(rows, columns=["wave", "person_id", "hardship_level"])
    return frame.assign(hardship_scheme="s2000").astype({"hardship_level": LEVELS})


WORKERS = roster(
    w2008={"a": "extreme", "b": "general", "c": "general"}, w2009={"a": "general", "d": "extreme"},
)  # fmt: skip


def said(name, frame, dimensions=(), beside=(), **facts):
    """The sentences of an exhibit of the frame."""
    own = recipe(id="t", make="trend", text=name)
    cut = Cut("t", "", frame, dimensions)
    return Exhibit(cut, own, Layout(), CODEBOOK, facts=facts, beside=beside).text


FACTS = {"deaths": True, "difference": 0}


def account(workers, exits=None, *, unrecorded=1, unfollowed=0, **facts):
    row = flow_accounts(workers, exits)
    row = row.rename(columns={f"{flow}_n": flow for flow in SIGNS})
    long = row.melt(["wave", "previous_n", "stock_n"], list(SIGNS), "flow", "n").astype({"n": "Int64"})
    long = long.assign(n=long["n"].mask(long["flow"].isin(facts.pop("hidden", []))))
    unsure = {"unrecorded": unrecorded, "unfollowed": unfollowed}
    beside = tuple(Cut(name, "", pd.DataFrame({"n": [n]}), ()) for name, n in unsure.items())
    return said("account", long, beside=beside, **{"before": row["wave_before"].iloc[-1], **FACTS, **facts})


def test_the_account_prints_its_sum_and_who_is_unrecorded():
    exits = pd.DataFrame({"wave": ["2009"], "person_id": ["b"], "exit_reason": ["died"]})
    assert account(WORKERS, exits) == (
        "2008年至2009年，新建档1人、退出1人、死亡1人：3＋1－1－1＝2；其中退出者均没有退档记录。"
    )


def test_an_account_says_by_how_many_it_can_be_wrong_and_no_deaths_where_no_reason_is_known():
    words = account(WORKERS, deaths=False, unfollowed=1, unrecorded=0)
    assert "新建档1人、退出2人：3＋1－2＝2；" in words
    assert words.endswith("进出者中1人没有完整的身份证号。")
    assert "完整" not in account(WORKERS, unfollowed=None)  # too few, hidden


def test_an_account_with_hidden_flows_prints_none_of_them():
    words = account(WORKERS, hidden=["new"])
    assert "从略" in words
    assert "＋" not in words and "1人" not in words


def test_moves_follow_those_who_were_there_and_leave_out_who_came():
    table = transitions(WORKERS, "hardship_level", outside=True)
    words = said("moves", table, BOTH, waves=["2008", "2009"])
    assert words == (
        "2008年在册的人到2009年：原特困的1人，现为困难1人（100.0%）；"
        "原困难的2人，现为退出2人（100.0%）。"
    )


def test_the_shares_of_moves_are_those_that_the_table_prints():
    before = {str(i): "extreme" for i in range(7)}
    table = transitions(
        roster(w1=before, w2={**dict.fromkeys("012", "extreme"), **dict.fromkeys("34", "general")}),
        "hardship_level",
        outside=True,
    )
    words = said("moves", table, BOTH, waves=["1", "2"])
    printed = display_table(
        table.drop(columns=["wave_before", "wave", "comparable"]), CODEBOOK,
        Layout(within=("hardship_level_before",)),
    ).rows
    for row in printed:
        assert row[2] == 0 or row[1] == "合计" or f"{row[1]}{row[2]}人（{row[3]:.1f}%）" in words


def test_a_fair_comparison_names_what_is_rate_and_what_is_mix():
    result = pd.DataFrame(
        {
            "wave": ["2008", "2009"], "crude": [0.10, 0.12], "standardized": [0.11, 0.12],
            "rate": [None, 0.01], "composition": [None, 0.01],
        }
    )  # fmt: skip
    words = said("standardized", result)
    assert "2009年困难率为12.0%，比上年上升2.0个百分点" in words
    assert "2008年应为11.0%，同一构成下比上年上升1.0个百分点" in words
    assert "各组比率变化使其上升1.0个百分点，职工构成变化使其上升1.0个百分点" in words


def test_units_are_named_by_how_far_their_rate_moved():
    rates = pd.DataFrame(
        {
            "wave": ["1", "1", "1", "2", "2", "2"], "unit": ["甲厂", "乙厂", "丙厂"] * 2, "n": [10] * 6,
            "share": [0.1, 0.2, 0.3, 0.15, 0.12, 0.2],
        }
    )  # fmt: skip
    words = said("movers", change(rates))
    assert words == (
        "两批都有数的3个单位中，与1相比困难率下降的2个、上升的1个；"
        "困难率下降最多的是丙厂（10.0个百分点）、乙厂（8.0个百分点）；困难率上升的是甲厂（5.0个百分点）。"
    )
    broken = said("movers", change(rates, broken=["2"]))
    assert broken == "各单位的困难率与1口径不同或缺数，不作比较。"


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
