"""The banner: shares by hand, letters by scipy, one base with every way to a share, and its workbook."""

import io
from dataclasses import replace
from random import Random

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from bangfu_analysis.analysis.questionnaires import question_table
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.banner import banner, cuts_of, plan_of
from bangfu_analysis.exhibits.questionnaires import Survey, title_of_export
from bangfu_analysis.pages.excel import banner_book
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_share
from bangfu_analysis.tidy.questionnaire_book import draft_book
from bangfu_analysis.tidy.questionnaires import was_asked, wide_answers

CODEBOOK = load_codebook()
HEADER = ["1、您的性别", "2、需要【多选题】", "3、评价—态度", "3、速度", "4、家庭人口", "5、推荐（0-10）"]
HEADER += ["6、次序", "7、您的建议", "权重"]
GRADES = ["非常不满意", "不满意", "一般", "满意", "非常满意"]


def surveyed(header, rows, file="12_按文本_职工问卷_40_40.xlsx"):
    cells = [tuple(header), *map(tuple, rows)]
    read = read_questionnaire(Grid(Sheet(file, "Sheet1", cells, tuple(range(1, len(cells) + 1)))), CODEBOOK)
    book = draft_book(read.questions, read.responses, CODEBOOK)
    return Survey(title_of_export(file), read.questions, read.responses, book, "responses/2024")


def drawn(n=400, seed=7):
    rng, rows = Random(seed), []
    for i in range(n):
        male = i % 2
        needs = [need for need, p in (("讲座", 0.3 + 0.3 * male), ("体检", 0.6)) if rng.random() < p]
        rows.append([
            "男" if male else "女", "┋".join(needs) or "(空)", rng.choice(GRADES), rng.choice(GRADES[male:]),
            str(rng.randint(1, 3)), str(rng.choice([3, 7, 8, 9, 10])), "→".join(rng.sample("甲乙丙", 3)),
            "多办实事" if rng.random() < 0.4 else "(空)", str(rng.choice([1, 2, 3])),
        ])  # fmt: skip
    return rows


ROWS = drawn()
SURVEY = surveyed(HEADER, ROWS)


def made(survey=SURVEY, by=(), where=None, weight="", threshold=1, **test):
    plan = plan_of(survey, CODEBOOK, by, where, weight)
    cuts = list(cuts_of(plan))
    policy = load_policy()
    if threshold == 1:  # so that nothing is hidden
        object.__setattr__(policy, "threshold", 1)
        object.__setattr__(policy, "class_rule", False)
    frames = protect([cut for _, _, cut in cuts], policy, codebook=CODEBOOK).frames
    return banner(plan, cuts, frames, CODEBOOK, **test)


def cell(shown, question_id, option, level, row="option"):
    rows = shown.frame
    wanted = {"question_id": question_id, "option": option, "level": level, "row": row}
    found = rows[pd.concat([rows[name].eq(value) for name, value in wanted.items()], axis=1).all(axis=1)]
    assert len(found) == 1
    return found.iloc[0]


def test_without_breaks_named_the_banner_shows_who_the_respondents_are():
    plan = plan_of(SURVEY, CODEBOOK)
    assert plan.labels["sex"] == "性别" and plan.asked["sex"] == "Q1" and SURVEY.title == "职工问卷"
    assert {row["question_id"] for row, _, _ in cuts_of(plan)} == {*SURVEY.questions["question_id"]}


BY_SEX = made(by=["性别"])


def test_shares_and_letters_are_those_of_a_test_of_two_proportions():
    shown = BY_SEX
    for option in ("讲座", "体检"):
        k, n, letters = [], [], []
        for level in ("男", "女"):
            told = [row[1].split("┋") for row in ROWS if row[0] == level and row[1] != "(空)"]
            one = cell(shown, "Q2", option, level)
            k.append(sum(option in needs for needs in told))
            n.append(len(told))
            letters.append((one["letter"], one["higher_than"]))
            assert (one["n"], one["base_n"], one["share"]) == (k[-1], n[-1], k[-1] / n[-1])
        pooled = sum(k) / sum(n)
        z = (k[0] / n[0] - k[1] / n[1]) / np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
        differs = 2 * norm.sf(abs(z)) < 0.05
        assert letters == [("A", "B" if differs and z > 0 else ""), ("B", "A" if differs and z < 0 else "")]
    assert cell(shown, "Q2", "讲座", "男")["higher_than"] == "B"


def test_nets_means_and_the_net_promoter_score_are_of_the_shown_shares():
    shown = BY_SEX
    own = [GRADES.index(row[3]) + 1 for row in ROWS if row[0] == "女"]
    mean = cell(shown, "Q3_2", "均值", "女", "mean")
    assert mean["mean"] == pytest.approx(np.mean(own)) and mean["sd"] == pytest.approx(np.std(own, ddof=1))
    net = cell(shown, "Q3_2", "满意+非常满意", "女", "net")
    assert (net["n"], net["share"]) == (sum(v > 3 for v in own), pytest.approx(np.mean([v > 3 for v in own])))
    said = [int(row[5]) for row in ROWS if row[0] == "男"]
    score = cell(shown, "Q5", "净推荐值", "男", "mean")
    assert score["mean"] == pytest.approx(100 * np.mean([(v > 8) - (v < 7) for v in said]))
    assert cell(shown, "Q5", "均值", "男", "mean")["mean"] == pytest.approx(np.mean(said))
    assert cell(shown, "Q4", "均值", "男", "mean")["mean"] == pytest.approx(
        np.mean([int(row[4]) for row in ROWS if row[0] == "男"])
    )


def only(*numbers):
    """The survey with the columns of these numbers alone."""
    return surveyed([HEADER[i - 1] for i in numbers], [[row[i - 1] for i in numbers] for row in ROWS])


def test_weights_give_weighted_shares_beside_the_plain_n_and_the_effective_base_is_tested():
    shown = made(only(1, 2, 9), by=["Q1"], weight="权重")
    rows = [(float(row[8]), "讲座" in row[1]) for row in ROWS if row[0] == "男" and row[1] != "(空)"]
    one = cell(shown, "Q2", "讲座", "男")
    total = sum(w for w, _ in rows)
    assert one["n"] == sum(tick for _, tick in rows) and one["base_n"] == len(rows)
    assert one["estimate"] == pytest.approx(sum(w for w, tick in rows if tick))
    assert one["base_weighted"] == total
    assert one["share"] == pytest.approx(one["estimate"] / total)
    assert one["base_effective"] == pytest.approx(total**2 / sum(w**2 for w, _ in rows))
    assert "U1" not in set(shown.frame["question_id"]) and "加权" in shown.notes[1]


def test_a_filter_counts_only_those_it_names_and_says_so():
    shown = made(only(1, 2, 5), by=["Q4"], where={"性别": "女"})
    assert cell(shown, "Q2", "体检", "")["n"] == sum("体检" in row[1] for row in ROWS if row[0] == "女")
    assert shown.notes[0] == "“职工问卷”：只含性别为女的答卷。"
    with pytest.raises(ArgumentError, match="参数 by/where 的取值 '省份' 无效"):
        made(only(1, 2), by=["省份"])


def test_a_question_is_not_laid_across_itself_and_bands_are_nets_and_breaks():
    survey = only(1, 2, 3)
    own = replace(survey.book.items["Q3"], bands={"不满": (1, 2)})
    survey = replace(survey, book=replace(survey.book, items={**survey.book.items, "Q3": own}))
    shown = made(survey, by=["Q3", "Q2=讲座"])
    assert shown.breaks == {"Q3": "评价—态度", "Q2=讲座": "需要【多选题】：讲座"}
    assert not len(shown.frame[shown.frame["break"].eq("Q3") & shown.frame["question_id"].eq("Q3")])
    assert cell(shown, "Q3", "不满", "", "net")["n"] == sum(row[2] in GRADES[:2] for row in ROWS)


def test_small_counts_are_hidden_and_so_is_the_mean_that_would_tell_them():
    rows = [[row[0], "非常满意" if i else "一般", row[3]] for i, row in enumerate(ROWS[:40])]
    shown = made(surveyed(["1、性别", *HEADER[2:4]], rows), by=["Q1"], threshold=5)
    assert cell(shown, "Q3_1", "一般", "")["suppressed"]
    assert pd.isna(cell(shown, "Q3_1", "均值", "", "mean")["mean"])


def test_a_break_of_which_only_one_level_was_asked_is_not_laid_across():
    rows = [["甲" if i % 2 else "乙", "好" if i % 4 == 1 else "差" if i % 2 else "(跳过)"] for i in range(60)]
    shown = made(surveyed(["1、选哪个", "2、怎么样"], rows), by=["Q1"], threshold=5)
    assert set(shown.frame.loc[shown.frame["question_id"].eq("Q2"), "break"]) == {""}
    assert cell(shown, "Q2", "好", "")["n"] == 15


ANSWERS = ["甲", "乙", "丙", "(空)", "(跳过)"]


TICKS = ["体检", "讲座┋体检", "(空)", "(跳过)"]
REPLY = st.tuples(st.sampled_from(["男", "女"]), st.sampled_from(ANSWERS), st.sampled_from(TICKS))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(REPLY, min_size=2, max_size=25))
def test_the_banner_single_choice_estimates_and_wide_answers_agree_on_asked_and_answered(replies):
    whole = [("男", "甲", "讲座┋体检"), ("女", "乙", "体检"), ("女", "甲", "讲座"), *replies]
    survey = surveyed(["1、性别", "2、选哪个", "3、要什么【多选题】"], whole)
    frames = survey.questions, survey.responses
    wide, asked = wide_answers(*frames), was_asked(*frames)
    shown = made(survey, by=["Q1"])
    for id, column, option in (("Q2", "Q2", "甲"), ("Q3", "Q3=讲座", "讲座")):
        rows = estimate_share(wide, column, design=SurveyDesign(), by="Q1", where=asked[id])
        sex = wide.set_index("respondent_id")["Q1"]
        table = question_table(survey.questions, survey.responses, id, by=sex)
        for level in ("男", "女"):
            own = rows[rows["Q1"].eq(level) & rows[column].astype(str).isin([option, "True"])]
            mine = table[table["Q1"].eq(level) & table["option"].eq(option)].iloc[0]
            ours = cell(shown, id, option, level)
            told = [tuple(int(one[c]) for c in ("n", "base_n", "left_out_n")) for one in (mine, ours)]
            assert told[0] == told[1]
            if told[0][1]:
                assert tuple(int(own.iloc[0][c]) for c in ("n", "base_n", "left_out_n")) == told[0]


def test_the_workbook_has_contents_with_links_shares_with_letters_and_counts():
    shown = BY_SEX
    once = banner_book([shown], title="某区“职工问卷”交叉表", notes=["规则"])
    assert once == banner_book([shown], title="某区“职工问卷”交叉表", notes=["规则"])
    book = openpyxl.load_workbook(io.BytesIO(once))
    assert book.sheetnames == ["目录", "占比", "人数"]
    contents = book["目录"]
    links = {c.value: c.hyperlink.location for c in contents["A"] if c.hyperlink}
    place = links["需要【多选题】"].rpartition("A")[2]
    sheet = book["占比"]
    assert sheet[f"A{place}"].value == "需要【多选题】（多选）"
    assert [c.value for c in sheet[4]][:7] == ["", "合计", None, "男\nA", None, "女\nB", None]
    line = next(row for row in sheet.iter_rows(min_row=int(place)) if row[0].value == "讲座")
    assert line[3].value == round(100 * cell(shown, "Q2", "讲座", "男")["share"], 1) and line[4].value == "B"
    counts = next(row for row in book["人数"].iter_rows() if row[0].value == "讲座")
    assert counts[2].value == cell(shown, "Q2", "讲座", "男")["n"]
