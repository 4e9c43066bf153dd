import dataclasses

import pandas as pd
import pytest

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.exhibits.labels import labels_of, title_of
from bangfu_analysis.exhibits.measures import sorted_by_size
from bangfu_analysis.exhibits.tables import Layout, display_table
from bangfu_analysis.exhibits.wording import half_up, percent
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy

CODEBOOK = load_codebook()
BANDS = CODEBOOK.bands["education_band"].codes
CAUSES = ["illness", "schooling", "other"]


def workers(low, middle, high, unknown=0, **columns):
    codes = [BANDS[0]] * low + [BANDS[1]] * middle + [BANDS[2]] * high + [None] * unknown
    return pd.DataFrame({"education_band": pd.Categorical(codes, BANDS), **columns})


def protected(frame):
    return protect([Cut("t", "", frame, ("education_band",))], load_policy()).frames["t"]


def test_a_table_has_labels_percents_a_total_and_the_unknown_outside_the_base():
    table = display_table(
        tabulate(workers(692, 345, 21, 4), "education_band"), CODEBOOK, title="特困职工的文化程度",
        source="名册",
    )
    assert table.columns == ("文化程度（三档）", "人数", "占比（%）")
    assert table.kinds == ("text", "count", "percent")
    assert table.texts() == [
        ["初中以下", "692", "65.4"],
        ["高中", "345", "32.6"],
        ["大专以上", "21", "2.0"],
        ["合计", "1058", "100.0"],
        ["未详", "4", "—"],
    ]
    assert table.notes == ("占比的基数为1058人，未详4人不计入。", "— 表示不适用。")
    assert (table.title, table.unit, table.source) == ("特困职工的文化程度", "单位：人、%", "数据来源：名册")


def test_english_is_a_switch():
    table = display_table(tabulate(workers(1, 1, 0), "education_band"), CODEBOOK, lang="en")
    assert table.title == "By education (three bands)"
    assert table.texts()[0] == ["junior secondary or less", "1", "50.0"]
    assert table.texts()[-1] == ["Total", "2", "100.0"]
    with pytest.raises(ArgumentError, match="参数 lang 的取值 'cn' 无效。可选：zh、en"):
        display_table(tabulate(workers(1, 1, 0), "education_band"), CODEBOOK, lang="cn")


def test_thirds_are_rounded_one_by_one_and_the_note_says_that_they_may_not_add_up():
    result = tabulate(workers(1, 1, 1), "education_band")
    shares = [row[2] for row in display_table(result, CODEBOOK).rows]
    assert shares == [33.3, 33.3, 33.3, 100.0]
    assert "因四舍五入，各项占比之和可能不等于100.0%。" in display_table(result, CODEBOOK).notes


def test_a_share_of_nobody_is_a_dash():
    table = display_table(tabulate(workers(0, 0, 0, 2), "education_band"), CODEBOOK)
    assert table.texts()[0] == ["初中以下", "0", "—"]
    assert table.texts()[-2:] == [["合计", "0", "—"], ["未详", "2", "—"]]


def test_hidden_cells_bear_a_star_and_the_note_explains_it():
    table = display_table(protected(tabulate(workers(2, 30, 20), "education_band")), CODEBOOK)
    assert table.texts() == [
        ["初中以下", "*", "*"],
        ["高中", "30", "57.7"],
        ["大专以上", "*", "*"],
        ["合计", "52", "100.0"],
    ]
    assert "* 表示人数过少，为保护个人信息而隐去。" in table.notes


def test_a_base_that_is_hidden_is_no_number_in_the_total():
    table = display_table(protected(tabulate(workers(1, 2, 0), "education_band")), CODEBOOK)
    assert "3" not in {cell for row in table.texts() for cell in row}
    assert table.notes[0] == "占比的基数为*人。"


def test_several_mentions_have_no_total_and_stand_by_size_with_other_last():
    people = pd.DataFrame({"wave": "1", "person_id": ["a", "b"]})
    rows = [("a", "other"), ("b", "other"), ("a", "schooling"), ("b", "schooling"), ("a", "illness")]
    causes = pd.DataFrame(rows, columns=["person_id", "cause"]).assign(
        wave="1", cause=pd.Categorical([r[1] for r in rows], CAUSES)
    )
    table = display_table(cause_table(people, causes), CODEBOOK, Layout(order="size"))
    assert table.texts() == [
        ["子女上学", "2", "100.0"], ["疾病未分本人家属", "1", "50.0"], ["其他", "2", "100.0"]
    ]
    assert "一人可有多项，各项占比之和大于100%。" in table.notes


def test_groups_stand_in_blocks_or_side_by_side():
    frame = workers(2, 1, 0, 1, sex=pd.Categorical(["male", "female", "male", "female"], ["male", "female"]))
    result = tabulate(frame, "education_band", within="sex")
    stacked = display_table(result, CODEBOOK, Layout(within=("sex",)))
    assert [row[:3] for row in stacked.rows][:5] == [
        ("男", "初中以下", 1), ("男", "高中", 1), ("男", "大专以上", 0), ("男", "合计", 2), ("男", "未详", 0),
    ]  # fmt: skip
    across = display_table(result, CODEBOOK, Layout(within=("sex",), across="sex"))
    assert across.columns == ("文化程度（三档）", "男 人数", "男 占比（%）", "女 人数", "女 占比（%）")
    assert across.rows[0] == ("初中以下", 1, 50.0, 1, 100.0)
    assert across.rows[-1] == ("未详", 0, "—", 1, "—")


def test_a_rate_prints_its_bases_and_what_is_missing():
    frame = pd.DataFrame({"unit": ["甲厂", "乙厂"]})
    result = hardship_rate(frame, pd.DataFrame({"unit": ["甲厂"], "n": [8]}), "unit")
    table = display_table(result, CODEBOOK, Layout(within=("unit",), rate=True))
    assert table.columns[1:] == ("人数", "职工总数", "困难率（%）")
    assert sorted(table.texts()) == [["乙厂", "1", "…", "…"], ["甲厂", "1", "8", "12.5"]]
    assert table.notes == ("… 表示缺数。",)


def test_levels_that_a_wave_does_not_know_are_a_dash_side_by_side():
    def wave(codes, scheme):
        return pd.DataFrame({"hardship_level": pd.Categorical(codes), "hardship_scheme": scheme})

    frames = {"2009": wave(["extreme", "general"], "s2000"), "2019": wave(["deep", "relative"], "s2018")}
    table = display_table(trend(frames, "hardship_level", breaks="mark").drop(columns=["change", "growth"]),
                          CODEBOOK, Layout(within=("wave",), across="wave"))
    assert table.texts() == [
        ["特困", "1", "50.0", "—", "—"],
        ["困难", "1", "50.0", "—", "—"],
        ["深度困难", "—", "—", "1", "50.0"],
        ["相对困难", "—", "—", "1", "50.0"],
        ["合计", "2", "100.0", "2", "100.0"],
    ]


def test_changes_are_points_with_their_sign():
    frames = {"1": workers(3, 1, 0), "2": workers(1, 1, 2)}
    table = display_table(trend(frames, "education_band"), CODEBOOK, Layout(within=("wave",)))
    assert table.columns == ("批次", "文化程度（三档）", "人数", "占比（%）", "变化（百分点）", "增长率（%）")
    assert table.texts()[0] == ["1", "初中以下", "3", "75.0", "—", "—"]
    assert table.texts()[4][2:] == ["1", "25.0", "−50.0", "−66.7"]
    assert table.texts()[6][2:] == ["2", "50.0", "+50.0", "—"]


def test_a_base_that_varies_must_be_said():
    frame = workers(2, 1, 0, sex=pd.Categorical(["male", "female", "male"], ["male", "female"]))
    result = tabulate(frame, "education_band", within="sex")
    with pytest.raises(ArgumentError, match="基数 base_n 不一致。请把 tabulate 的 within 同样传入"):
        display_table(result, CODEBOOK)
    with pytest.raises(ColumnMissing, match="display_table：数据框中没有列 age"):
        display_table(result, CODEBOOK, Layout(within=("age",)))
    with pytest.raises(ArgumentError, match="across='education_band' 应是 within 中的一列"):
        display_table(result, CODEBOOK, Layout(within=("sex",), across="education_band"))


def test_a_display_table_cannot_be_changed():
    table = display_table(tabulate(workers(1, 1, 0), "education_band"), CODEBOOK)
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.title = "x"


def test_labels_follow_the_scheme_that_holds_all_codes():
    both = pd.Series(["dibao", "no_dibao"], name="hardship_level")
    assert labels_of(CODEBOOK, both) == ["享受低保", "未享受低保"]
    assert labels_of(
        CODEBOOK, pd.Series(["dibao", "near_dibao"], name="hardship_level")
    ) == ["低保户", "低保边缘户"]
    assert labels_of(CODEBOOK, pd.Series(["甲厂", None], name="unit")) == ["甲厂", "…"]
    assert labels_of(CODEBOOK, pd.Series([True, False], name="has_dibao"), "en") == ["yes", "no"]
    assert (title_of(CODEBOOK, "cause_main"), title_of(CODEBOOK, "绘制")) == ("主要致困原因", "绘制")


def test_order_by_size_is_one_order_for_all_groups():
    result = pd.DataFrame({"sex": list("mmmfff"), "cause": ["other", "a", "b"] * 2, "n": [9, 1, 2, 0, 4, 1]})
    assert sorted_by_size(result, "cause")["cause"].tolist() == ["a", "b", "other"] * 2
    assert sorted_by_size(result, "cause")["sex"].tolist() == list("mmmfff")


def test_halves_go_up_as_in_reports():
    assert [half_up(x) for x in (0.05, 0.15, 0.25, -0.05, 2.675)] == [0.1, 0.2, 0.3, -0.1, 2.7]
    assert half_up(2.675, 2) == 2.68
    assert [percent(x) for x in (0.0005, 0.1025, 1.0)] == [0.1, 10.3, 100.0]


def test_a_share_of_a_hidden_base_is_hidden_and_not_missing():
    shown = pd.DataFrame({
        "sex": pd.Categorical(["male", "female"]), "n": pd.array([None, 20], "Int64"),
        "base_n": pd.array([None, None], "Int64"), "share": [float("nan")] * 2, "suppressed": [True, False],
    })
    assert display_table(shown, CODEBOOK).rows[1] == ("女", 20, "*")
