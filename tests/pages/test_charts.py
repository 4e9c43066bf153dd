"""What a chart shows, read from the data of the chart: numbers by row and series, words around them."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.flows import transitions
from bangfu_analysis.analysis.rates import decomposition
from bangfu_analysis.analysis.tabulate import cause_table, tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.pages.chart import Rows
from bangfu_analysis.pages.charts import CHARTS, chart_of, has_chart, two_sided
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy

CODEBOOK = load_codebook()
CAUSES = CODEBOOK.variable("workers", "cause").codes
LEVELS = CODEBOOK.variable("workers", "hardship_level").codes
GRADES = ["不满意", "一般", "满意"]


def of(frame, draw, **more):
    """The chart of a result frame."""
    return chart_of(as_exhibit(frame, CODEBOOK, draw=draw, **more), title="")


def table(shares, name="education_band", **columns):
    codes = CODEBOOK.bands[name].codes if name in CODEBOOK.bands else CAUSES
    n = [round(share * 1000) for share in shares]
    levels = pd.Categorical(codes[: len(n)], codes)
    return pd.DataFrame({name: levels, "n": n, "base_n": 1000, "share": shares, "left_out_n": 7, **columns})


def waves(*shares, **columns):
    rows = [table(s).assign(wave=str(2007 + i), comparable=i > 0) for i, s in enumerate(shares)]
    return pd.concat(rows, ignore_index=True).assign(**columns)


def column(grid, n=0):
    return grid.iloc[:, n].tolist()


def test_bars_are_as_long_as_the_printed_shares_and_say_percent_and_count():
    chart = of(table([0.654, 0.326, 0.02]), "bars")
    assert chart.shape == "bars" and chart.rows == ["初中以下", "高中", "大专以上"]
    assert column(chart.values) == [65.4, 32.6, 2.0]
    assert column(chart.texts) == ["65.4%（654人）", "32.6%（326人）", "2.0%（20人）"]
    assert chart.subtitle == "占比（%），n = 1000人" and chart.notes == ("未详7人不计入",)


def test_the_title_says_what_was_found_and_the_subtitle_what_is_measured():
    exhibit = as_exhibit(table([0.654, 0.326, 0.02]), CODEBOOK, draw="bars", title="文化程度")
    assert chart_of(exhibit).title == "初中以下占65.4%，居首位"
    assert chart_of(exhibit).subtitle == "文化程度；占比（%），n = 1000人"
    assert (chart_of(exhibit, title="甲").title, chart_of(exhibit, title="甲").subtitle) == (
        "甲",
        "占比（%），n = 1000人",
    )
    english = chart_of(as_exhibit(table([0.6, 0.4]), CODEBOOK, draw="bars", lang="en"))
    assert english.title == "education (three bands)" and english.subtitle == "share (%), n = 1000"


def test_chart_and_table_round_alike_and_no_chart_changes_its_table():
    frame = table([1 / 3] * 3).assign(n=1, base_n=3)
    before = frame.copy()
    assert column(of(frame, "bars").texts) == ["33.3%（1人）"] * 3
    assert_frame_equal(frame, before)


def test_a_zero_a_hidden_and_an_absent_share_are_told_apart():
    mixed = table([0.0, 0.5, 0.5], suppressed=[False, True, False]).assign(share=[0.0, np.nan, 0.5])
    chart = of(mixed.astype({"n": "Int64"}).assign(n=pd.array([0, None, 500], "Int64")), "bars")
    assert column(chart.texts) == ["0.0%（0人）", "*", "50.0%（500人）"]
    assert np.isnan(column(chart.values)[1]) and any("* 人数过少" in note for note in chart.notes)
    nobody = table([0, 0, 0]).assign(n=0, base_n=0, share=np.nan)
    assert column(of(nobody, "bars").texts) == ["—"] * 3


def test_causes_stand_by_size_with_other_last_and_nobodys_left_out():
    chart = of(table([0.1, 0.0, 0.5] + [0.0] * (len(CAUSES) - 4) + [0.4], "cause"), "ranked")
    assert chart.rows == ["家属大病", "疾病未分本人家属", "其他"] and "没有人的项未画出" in chart.notes
    assert any("之和大于100%" in note for note in of(table([0.9, 0.8], "cause"), "ranked").notes)


def test_rates_stand_by_size_and_a_unit_without_workers_has_none():
    rates = {"n": [1, 5, 3], "base_n": pd.array([10, 10, None], "Int64"), "share": [0.1, 0.5, np.nan]}
    chart = of(pd.DataFrame({"unit": ["甲", "乙", "丙"], **rates, "left_out_n": 0}), "rates")
    assert chart.rows == ["乙", "甲", "丙"]
    assert column(chart.texts) == ["50.0%（5/10人）", "10.0%（1/10人）", "… (3)"]
    assert chart.subtitle.endswith("括号内为人数/基数") and any(
        "没有职工总数" in note for note in chart.notes
    )


def test_groups_are_panels_that_share_the_order_of_causes_and_name_their_base():
    workers = pd.DataFrame({"sex": ["male"] * 6 + ["female"] * 4, "person_id": range(10)})
    workers = workers.assign(
        cause_main=["illness"] * 4 + ["schooling"] * 2 + ["schooling"] * 3 + ["other"], wave="1"
    )
    causes = workers.rename(columns={"cause_main": "cause"}).astype({"cause": pd.CategoricalDtype(CAUSES)})
    chart = of(cause_table(workers, causes, "sex"), "panels")
    assert chart.rows == ["子女上学", "疾病未分本人家属", "其他"] and sorted(chart.heads) == [
        "女 (4)",
        "男 (6)",
    ]
    assert chart.subtitle == "占比（%），括号内为各组人数"


def test_a_group_of_which_nothing_may_be_shown_has_no_panel():
    shares = pd.DataFrame({"sex": ["male", "male", "female", "female"], "cause": ["illness", "other"] * 2})
    shares = shares.assign(n=pd.array([6, 4, None, 0], "Int64"), share=[0.6, 0.4, None, 0.0], base_n=10)
    chart = of(shares.assign(suppressed=[False, False, True, False]), "panels")
    assert chart.heads == ("男 (10)",) and "各项均不能列出的组未画出" in chart.notes
    every = of(shares.assign(share=None, suppressed=True, n=pd.array([None] * 4, "Int64")), "panels")
    assert len(every.heads) == 2


def test_what_a_release_hides_is_hidden_in_panels_too():
    workers = pd.DataFrame({"sex": ["male"] * 30 + ["female"] * 30, "person_id": range(60), "wave": "1"})
    named = ["illness"] * 28 + ["other"] * 2 + ["illness"] * 25 + ["other"] * 5
    causes = workers.assign(cause=pd.Categorical(named, CAUSES))
    cut = Cut(
        "t",
        "",
        cause_table(workers, causes, "sex"),
        ("sex", "cause"),
        ("sex",),
        multiple=frozenset({"cause"}),
    )
    chart = of(protect([cut], load_policy()).frames["t"], "panels")
    assert "*" in chart.texts.to_numpy() and any("* 人数过少" in note for note in chart.notes)


def test_shares_within_groups_are_stacked_and_without_groups_are_bars():
    assert of(table([0.5, 0.47, 0.03]), "stacked").shape == "bars"
    frame = pd.DataFrame({"sex": ["male", "male", "female", "female"], "education_band": ["a", "b"] * 2})
    frame = frame.assign(n=[3, 1, 2, 2], base_n=4, share=[0.75, 0.25, 0.5, 0.5])
    chart = of(frame, "stacked")
    assert chart.rows == ["男 (4)", "女 (4)"] and chart.values.to_numpy().tolist() == [[75, 25], [50, 50]]


def likert(grades):
    shares = {"态度": [0.2, 0.3, 0.5], "速度": [0.6, 0.1, 0.3]}
    rows = [
        {"item": item, "option": grade, "n": round(share * 50), "base_n": 50, "left_out_n": 2, "share": share}
        for item, values in shares.items()
        for grade, share in zip(grades, values, strict=True)
    ]
    return pd.DataFrame(rows).assign(option=lambda t: pd.Categorical(t["option"], grades, ordered=True))


def test_a_scale_is_centred_only_where_it_runs_from_bad_to_good():
    chart = of(likert(GRADES).assign(mean=2.0), "scale")
    assert (chart.shape, chart.middle, chart.series) == ("stacked", 1.0, GRADES)
    assert any("左侧为较差" in note for note in chart.notes)
    known = of(likert(["不知道", "听说过", "知道"]), "scale")
    assert known.middle is None and not any("左侧" in note for note in known.notes)
    assert [two_sided(each) for each in (["非常好", "差"], ["从不", "经常"], ["1", "5"])] == [
        True,
        False,
        False,
    ]
    with pytest.raises(ArgumentError, match="每个 item（option）应只有一行"):
        of(pd.concat([likert(GRADES)] * 2), "scale")


def test_men_stand_left_and_the_cuts_at_fifty_and_forty():
    bands = CODEBOOK.bands["age_five_year"].codes
    people = pd.DataFrame(
        {"sex": ["male"] * 3 + ["female"] * 2, "age_five_year": [bands[i] for i in (1, 2, 2, 2, 5)]}
    )
    people = people.astype(
        {"sex": pd.CategoricalDtype(["male", "female"]), "age_five_year": pd.CategoricalDtype(bands)}
    )
    chart = of(tabulate(people, "age_five_year", within="sex"), "pyramid")
    assert chart.heads == ("男 (3)", "女 (2)") and column(chart.values)[:3] == [0, 1, 2]
    assert chart.cuts == ((bands.index("from_50") - 0.5, "50岁"), (bands.index("from_40") - 0.5, "40岁"))
    assert chart.native_values[2].tolist() == [-2, 1] and chart.native_form == "0;0"
    several = pd.concat([people.assign(wave="2008"), people.head(4).assign(wave="2009")])
    both = of(tabulate(several, ["sex", "age_five_year"], within="wave"), "pyramids")
    assert both.panels == ("2008\nn = 5", "2009\nn = 4") and both.native_series[:2] == ["2008 男", "2008 女"]
    with pytest.raises(ColumnMissing, match="pyramid"):
        of(tabulate(people, "age_five_year"), "pyramid")


def test_the_sexes_differ_in_shade():
    shades = list(of(table([0.4, 0.3, 0.2, 0.1], "age_by_sex"), "four").colours.values())
    assert shades[0] == shades[1] != shades[2] == shades[3]


def test_estimates_keep_their_intervals_and_their_unit():
    ends = {"ci_low": [0.7, 0.1, np.nan], "ci_high": [0.9, 0.35, np.nan]}
    frame = (
        table([0.8, 0.2, np.nan][:2] + [0.0]).drop(columns="left_out_n").assign(**ends, base_n=[50, 35, 0])
    )
    chart = of(frame.assign(share=[0.8, 0.2, np.nan]), "dots")
    assert chart.rows[:2] == ["初中以下 (n = 50)", "高中 (n = 35)"]
    assert column(chart.texts)[:2] == ["80.0 (70.0–90.0)", "20.0 (10.0–35.0)"]
    assert column(chart.low)[:2] == [70, 10] and column(chart.high)[:2] == [90, 35]
    means = frame.rename(columns={"share": "estimate"}).drop(columns="base_n")
    assert column(of(means, "dots").texts)[0] == "0.80 (0.70–0.90)"
    with pytest.raises(ColumnMissing, match="ci_low"):
        of(means.drop(columns="ci_low"), "dots")


def test_lines_stand_over_their_waves_with_n_under_each_and_as_the_tables_round():
    chart = of(waves([0.5, 0.3, 0.2], [0.6, 0.3, 0.1]), "lines")
    assert chart.rows == ["2007\nn = 1000", "2008\nn = 1000"] and chart.series == [
        "初中以下",
        "高中",
        "大专以上",
    ]
    assert chart.values.to_numpy().tolist() == [[50, 30, 20], [60, 30, 10]]
    assert any("没有抽样误差" in note for note in chart.notes)
    whiskers = of(waves([0.5], [0.6]).assign(ci_low=0.05, ci_high=0.7), "lines")
    assert column(whiskers.low) == [5, 5] and any("竖线为置信区间" in note for note in whiskers.notes)


def test_waves_of_which_one_alone_is_seen_are_no_line():
    one = waves([0.5, 0.3, 0.2])
    assert not has_chart(as_exhibit(one, CODEBOOK, draw="lines"))
    ends = waves([0.5, 0.3], [0.5, 0.3])
    assert has_chart(as_exhibit(ends, CODEBOOK, draw="lines"))
    apart = ends.assign(share=[0.5, None, None, 0.3], n=[500, None, None, 300])
    assert not has_chart(as_exhibit(apart, CODEBOOK, draw="lines"))


def test_a_line_breaks_where_the_definition_changes_and_the_note_says_why():
    frame = waves([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    broken = frame["wave"].ne("2009")
    why = {"comparable": broken, "break_note": broken.map({True: "", False: "2009 批次：口径不同"})}
    chart = of(frame.assign(**why), "lines")
    assert column(chart.comparable) == [True, True, False]
    assert any("线断处" in note for note in chart.notes) and "2009 批次：口径不同" in chart.notes


def test_the_largest_levels_are_chosen_anew_behind_each_break():
    levels = [f"某{c}" for c in "甲乙丙丁戊己庚辛"]
    frame = pd.DataFrame(
        {
            "wave": ["2009"] * 8 + ["2018"] * 8,
            "employer": levels * 2,
            "n": [9] * 4 + [0] * 8 + [9] * 4,
            "base_n": 36,
            "share": [0.25] * 4 + [0.0] * 8 + [0.25] * 4,
            "left_out_n": 0,
            "comparable": False,
        }
    )
    assert of(frame[frame["n"].gt(0)], "lines").series == levels
    many = of(frame.assign(comparable=True, share=[i / 100 for i in range(16)]), "lines")
    assert many.series == levels[2:] and any("最大的6项" in note for note in many.notes)


def test_a_slope_has_the_first_and_the_last_wave_of_levels_that_both_have():
    units = pd.DataFrame(
        {"wave": ["2008"] * 3 + ["2009"] * 3 + ["2010"] * 2, "unit": ["甲", "乙", "丙"] * 2 + ["甲", "乙"]}
    )
    rates = units.assign(n=10, base_n=100, share=0.1, left_out_n=0)
    chart = of(rates.assign(comparable=rates["wave"].ne("2009") | rates["unit"].ne("甲")), "slope")
    assert (chart.rows, chart.series) == (["2008\nn = 100", "2010\nn = 100"], ["甲", "乙"])
    assert chart.comparable.to_numpy().tolist() == [[True, True], [False, True]]
    assert any("另有1项首末批次不全" in note for note in chart.notes)
    with pytest.raises(ArgumentError, match="只有 2008"):
        of(rates.head(3), "slope")


def test_a_heatmap_has_the_highest_unit_of_the_last_wave_first():
    frame = pd.DataFrame({"wave": ["2008"] * 3 + ["2009"] * 3, "unit": ["甲", "乙", "丙"] * 2, "base_n": 100})
    frame = frame.assign(n=[10, 20, 30, 15, 18, 24], left_out_n=0).assign(share=lambda t: t["n"] / 100)
    chart = of(frame.drop(index=1), "heatmap")
    assert chart.rows == ["丙", "乙", "甲"] and chart.texts.to_numpy().tolist() == [
        ["30.0", "24.0"],
        ["—", "18.0"],
        ["10.0", "15.0"],
    ]
    assert "n（人）：2008 200、2009 300" in chart.notes
    with pytest.raises(ArgumentError, match="没有可画的数"):
        of(frame.assign(n=0, share=0.0), "heatmap")


def test_parts_of_a_change_are_panels_below_and_above_zero():
    waves_of = pd.DataFrame(
        {"wave": ["2008"] * 2 + ["2009"] * 2, "unit": ["甲", "乙"] * 2, "base_n": [100, 300, 200, 200]}
    )
    rates = waves_of.assign(n=[10, 60, 10, 80], left_out_n=0).assign(share=lambda t: t["n"] / t["base_n"])
    chart = of(decomposition(rates, "unit"), "parts")
    assert chart.rows == ["2008–2009"] and len(chart.heads) == 3
    total = dict(zip(chart.heads, chart.values.iloc[0], strict=True))["合计"]
    assert total == 5.0 and chart.values.iloc[0].min() < 0 and "+5.0" in chart.texts.iloc[0].tolist()


@pytest.fixture(scope="module")
def moves():
    people = {"2008": "aabbbcd", "2009": "abbbce"}
    rows = [
        (wave, f"{p}{those[:i].count(p)}", "extreme" if p in "ab" else "general")
        for wave, those in people.items()
        for i, p in enumerate(those)
    ]
    workers = pd.DataFrame(rows, columns=["wave", "person_id", "hardship_level"])
    workers = workers.assign(
        hardship_level=pd.Categorical(workers["hardship_level"], LEVELS), hardship_scheme="s2000"
    )
    return transitions(workers, "hardship_level", outside=True)


def test_a_flow_says_its_direction_and_its_unit(moves):
    chart = of(moves, "flow")
    assert (
        chart.heads == ("2008年", "2009年") and chart.subtitle == "人数（人），从左（2008年）到右（2009年）"
    )
    sums = dict(zip(chart.rows, np.nansum(chart.values.to_numpy(), axis=1), strict=True))
    assert (sums["特困"], sums["困难"]) == (5, 2)
    assert any("口径不同" in note for note in of(moves.assign(comparable=False), "flow").notes)
    with pytest.raises(ColumnMissing, match="transitions"):
        of(pd.DataFrame({"wave": ["1"], "n": [1]}), "flow")


def test_a_funnel_draws_each_step_within_its_base():
    steps = {
        "step": ["知晓", "申请"],
        "n": [40, 10],
        "base_n": [50, 38],
        "left_out_n": [0, 2],
        "share": [0.8, 10 / 38],
    }
    chart = of(pd.DataFrame(steps), "funnel")
    assert column(chart.values) == [40, 10] and chart.behind == (50, 38)
    assert column(chart.texts) == ["80.0%（40/50人）", "26.3%（10/38人）"]


def told(kind, rows, **columns):
    """The chart of rows of a mechanism."""
    frame = pd.DataFrame({"label": list(rows), "n": list(rows.values()), "counted_in": "persons", **columns})
    return CHARTS[kind](Rows(as_exhibit(pd.DataFrame({"n": [1]}), CODEBOOK), frame))


def test_amounts_bear_their_unit_and_unlike_units_have_no_common_axis():
    assert column(told("amount_bars", {"特困职工": 947, "困难劳模": None}).texts) == ["947人", "*"]
    money = told("amount_bars", {"社会捐助": 303600, "工会经费": 900}, counted_in="yuan")
    assert column(money.texts) == ["30.36万元", "900元"] and column(money.values) == [303600, 900]
    with pytest.raises(ArgumentError, match="人、户、人次"):
        told("amount_bars", {"低保": 18643, "涉及": 34121}, counted_in=["households", "persons"])


def test_rates_of_a_mechanism_bear_both_their_numbers_on_a_scale_to_100():
    chart = told("rate_bars", {"回收": 412, "有效": 405}, base_n=[420, 412], share=[412 / 420, 405 / 412])
    assert column(chart.texts) == ["98.1%（412/420人）", "98.3%（405/412人）"] and chart.behind == (100, 100)


def test_a_debt_is_drawn_as_what_is_still_lacking_at_each_date():
    dates = pd.DataFrame({"date": pd.to_datetime(["2009-10-23", "2009-11-26"]), "n": [38000.0, 17000.0]})
    chart = CHARTS["running_line"](Rows(as_exhibit(pd.DataFrame({"n": [1]}), CODEBOOK), dates))
    assert chart.rows == ["2009-10-23", "2009-11-26"] and column(chart.texts) == ["3.8万元", "1.7万元"]


def test_what_does_not_fit_or_is_not_known_is_refused_in_words():
    two = pd.DataFrame(
        {"sex": ["male"], "wave": ["1"], "education_band": ["a"], "n": [1], "base_n": [1], "share": [1.0]}
    )
    with pytest.raises(
        ArgumentError, match=r"最多要2个分组列，结果表中有 \['sex', 'wave', 'education_band'\]"
    ):
        of(two, "bars")
    with pytest.raises(ArgumentError, match="没有叫 bar 的图.*是否想写 bars"):
        of(table([0.5, 0.5]), "bar")
    with pytest.raises(ArgumentError, match="没有图。请在 exhibits.yaml 中写 draw"):
        of(table([0.5, 0.5]), "")


def test_one_number_alone_is_no_chart():
    assert has_chart(as_exhibit(table([0.5, 0.5]), CODEBOOK, draw="bars"))
    assert not has_chart(as_exhibit(table([1.0]), CODEBOOK, draw="bars"))
    assert not has_chart(as_exhibit(table([0.5, 0.5]), CODEBOOK))


def test_a_wave_in_which_nobody_answered_has_a_chart_without_a_fault():
    kinds = {"education_band": CODEBOOK.bands["education_band"].codes, "sex": ["male", "female"]}
    empty = pd.DataFrame({"wave": ["1", "2"]}).assign(**dict.fromkeys(kinds, pd.NA))
    empty = empty.astype({name: pd.CategoricalDtype(codes) for name, codes in kinds.items()})
    bands = tabulate(empty, "education_band")
    for draw in ("bars", "ranked", "columns", "stacked"):
        assert not has_chart(as_exhibit(bands, CODEBOOK, draw=draw))
    assert of(trend(empty, "education_band"), "lines").shape == "lines"
