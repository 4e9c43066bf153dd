import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits import sentences
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.measures import dimensions
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.sentences import CENSUS
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy

CODEBOOK = load_codebook()
BANDS = ["junior_secondary_or_less", "senior_secondary", "college_or_more"]


def result(name, counts, *, base=None, left=0):
    """A result frame of one variable: code -> n."""
    whole = sum(counts.values()) if base is None else base
    shares = [n / whole if whole else float("nan") for n in counts.values()]
    codes = pd.Categorical(list(counts), list(counts))
    return pd.DataFrame(
        {name: codes, "n": list(counts.values()), "base_n": whole, "left_out_n": left, "share": shares}
    )


def protected(frame):
    return protect([Cut("t", "", frame, ("education_band",))], load_policy()).frames["t"]


def bands(*counts, **more):
    return result("education_band", dict(zip(BANDS, counts, strict=True)), **more)


def waves(counts, shares=None):
    table = pd.DataFrame({"wave": list(counts), "n": list(counts.values())})
    return table if shares is None else table.assign(share=shares)


def said(name, frame, within=(), **settings):
    """The sentences of an exhibit of the frame."""
    own = recipe(**{"id": "t", "make": "count", "text": name, **settings})
    cut = Cut("t", "", frame, tuple(dimensions(frame)))
    return Exhibit(
        cut, own, Layout(within=within), CODEBOOK, facts={"place": "道里区"}
    ).text.removesuffix(CENSUS)


def rate(n, base_n):
    return pd.DataFrame(
        {
            "n": [n], "base_n": pd.array([base_n], "Int64"), "share": [n / base_n if base_n else None],
            "left_out_n": 0,
        }
    )


def test_the_whole_names_total_part_and_share():
    assert said("overall", rate(3456, 33724)) == "道里区共有职工33724人，其中困难职工3456人，占10.2%。"


def test_without_a_denominator_no_share_is_said():
    told = said("overall", rate(3456, None))
    assert told == "道里区共有困难职工3456人；职工总数未详，不计算占比。"


def test_a_split_in_natural_order_says_the_published_figures():
    told = said("shares", bands(692, 345, 21), subject="特困职工")
    assert told == "特困职工1058人中，初中以下692人、高中345人、大专以上21人，分别占65.4%、32.6%、2.0%。"


def test_those_without_an_answer_are_stated_and_outside_the_base():
    told = said("shares", bands(2, 1, 1, left=12))
    assert told == (
        "困难职工中文化程度有记录的4人，其中初中以下2人、高中1人、大专以上1人，分别占50.0%、25.0%、25.0%；"
        "另有12人文化程度未详，不计入占比。"
    )
    nobody = said("shares", bands(0, 0, 0, left=12))
    assert nobody == "困难职工的文化程度均未填报，共12人。"


def test_causes_go_by_size_with_the_rest_last_and_say_that_several_count():
    counts = {"illness": 30, "schooling": 50, "other": 60, "disability": 0}
    told = said("shares", result("cause", counts, base=100))
    assert told == (
        "困难职工100人中，子女上学50人、疾病未分本人家属30人、其他60人，分别占50.0%、30.0%、"
        "60.0%（一人可有多项，各项占比之和大于100%）。"
    )
    natural = said("shares", result("cause", counts, base=100), sort="codebook")
    assert natural.startswith("困难职工100人中，疾病未分本人家属30人、子女上学50人、其他60人")


def test_one_level_alone_is_all_and_tiny_shares_are_no_zero():
    assert said("shares", bands(0, 7, 0), subject="特困职工") == "特困职工7人中，全部为高中。"
    assert "分别占100.0%、不足0.1%" in said("shares", bands(9999, 1, 0))


def test_a_long_list_puts_each_share_beside_its_count():
    counts = dict.fromkeys(["male", "a", "b", "c", "d"], 10) | {"e": 50}
    told = said("shares", result("own", counts), sort="size")
    assert told.startswith("困难职工100人中，e50人，占50.0%；male10人，占10.0%；")
    assert "分别占" not in told


def test_points_follow_the_change_that_the_table_prints():
    table = waves({"2008": 3688, "2009": 3456}, [0.10846, 0.10252]).assign(
        change=[None, -0.00546], comparable=[False, True]
    )
    assert said("change", table).endswith("占职工总数的比重为10.3%，比上年下降0.5个百分点。")
    plain = table.drop(columns="change")
    assert said("change", plain).endswith("比上年下降0.5个百分点。")
    still = table.assign(change=[None, 0.0003])
    assert said("change", still).endswith("与上年基本持平。")


def test_hidden_cells_are_named_without_a_number():
    told = said("shares", protected(bands(692, 345, 3)), subject="特困职工")
    assert told == "特困职工1040人中，初中以下692人，占66.5%；高中、大专以上人数过少，或为防止推算而从略。"
    assert "3人" not in said("shares", protected(bands(1, 1, 1)), subject="特困职工")


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=3).filter(any))
def test_shares_in_a_list_add_up_to_a_hundred_but_for_their_rounding(counts):
    told = said("shares", bands(*counts))
    shares = [float(s) for s in re.findall(r"(\d+\.\d)%", told.replace("不足0.1%", "0.0%"))]
    assert abs(sum(shares) - 100.0) < 0.05 * len(shares) + 0.1 or "全部为" in told


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=3).filter(any))
def test_every_number_said_is_in_the_frame(counts):
    told = said("shares", bands(*counts))
    assert {int(n) for n in re.findall(r"(\d+)人", told)} <= {*counts, sum(counts)}


def test_the_largest_causes_stand_in_front_without_the_rest():
    counts = {"illness": 30, "schooling": 50, "other": 60, "disability": 5}
    told = said("leading", result("cause_main", counts))
    assert told == (
        "困难职工145人中，居前3位的主要致困原因依次是子女上学（50人，占34.5%）、疾病未分本人家属（30人，"
        "占20.7%）、残疾（5人，占3.4%）。"
    )
    many = said("leading", result("cause", {"schooling": 50, "other": 60}, base=100), noun="提及的致困原因")
    assert many == "困难职工100人中，提及的致困原因居首位的是子女上学（50人，占50.0%）（一人可有多项）。"
    joined = result("cause", {"illness": 50, "schooling∪disaster": 30, "low_income": 20}, base=100)
    assert said("leading", joined) == "困难职工100人中，致困原因居首位的是疾病未分本人家属（50人，占50.0%）。"
    none = said("leading", result("cause", {"illness": 0}, base=0))
    assert none == "困难职工的致困原因没有可公布的人数。"


def test_the_largest_level_of_each_group_with_ties_and_without_empty_groups():
    people = pd.DataFrame({
        "age_ten_year": pd.Categorical(
            ["thirties"] * 3 + ["forties"] * 2, ["thirties", "forties", "fifties"]
        ),
        "sex": pd.Categorical(["male", "male", "female", "male", "female"], ["male", "female"]),
    })  # fmt: skip
    table = tabulate(people, "sex", within="age_ten_year")
    assert said("by_group", table, within=("age_ten_year",)) == (
        "按年龄看，困难职工中30–39岁最多的是男（2人，占该组的66.7%）；"
        "40–49岁最多的是男、女（各1人，各占该组的50.0%）。"
    )
    nothing = said("by_group", table.assign(suppressed=True), within=("age_ten_year",))
    assert nothing == "困难职工按年龄分组，没有可公布的人数。"


def test_nothing_is_called_the_most_that_a_hidden_number_may_exceed():
    frame, away = bands(22, 150, 142), [False, True, True]
    frame = frame.assign(suppressed=away, n=frame["n"].mask(away), share=frame["share"].mask(away))
    grouped = frame.assign(sex=pd.Categorical(["male"] * 3))
    assert said("by_group", grouped, within=("sex",)) == "困难职工按性别分组，没有可公布的人数。"
    assert said("leading", frame) == "困难职工的文化程度没有可公布的人数。"
    sure = frame.assign(n=[290, pd.NA, pd.NA], share=[290 / 314, pd.NA, pd.NA])
    assert "居首位的是初中以下（290人" in said("leading", sure)


def test_highest_and_lowest_rates_leave_small_units_aside():
    rates = pd.DataFrame(
        {
            "reporting_unit": ["甲厂", "乙厂", "丙店"],
            "n": [30, 5, 1],
            "base_n": [100, 200, 3],
            "share": [0.3, 0.025, 0.33],
        }
    )
    assert said("extremes", rates) == (
        "各填报单位中，困难率最高的是甲厂，为30.0%，最低的是乙厂，"
        "为2.5%（职工总数未详或不足30人的1个未参与比较）。"
    )
    none = pd.concat([rates, rates.tail(1).assign(n=0, base_n=90, share=0.0)])
    assert "最低的是乙厂，为2.5%" in said("extremes", none)
    assert said("extremes", none).endswith("不足30人的1个未参与比较；另有1个没有困难职工）。")
    assert said("extremes", rates.tail(2)) == "可比较困难率的填报单位不足两个，不作比较。"
    same = rates.head(2).assign(share=0.1)
    assert said("extremes", same) == "2个填报单位的困难率相同，均为10.0%。"


def test_change_over_a_year_says_counts_growth_and_points():
    told = said("change", waves({"2008": 3300, "2009": 3456}, [0.0979, 0.1025]))
    assert told == (
        "2009年困难职工3456人，比上年增加156人，增长4.7%；占职工总数的比重为10.3%，"
        "比上年上升0.5个百分点。"
    )


def test_a_series_rises_year_by_year_only_if_each_step_does():
    rising = said("change", waves({"2007": 3100, "2008": 3300, "2009": 3456}))
    assert rising.endswith("2007年至2009年各批次困难职工依次为3100人、3300人、3456人，逐年增加。")
    swaying = said("change", waves({"2007": 3400, "2008": 3300, "2009": 3456}))
    assert swaying.endswith("依次为3400人、3300人、3456人。")
    gapped = said("change", waves({"2005": 9, "2008": 8, "2009": 7}))
    assert gapped.endswith("依次为9人、8人、7人，逐批减少。")


def test_no_census_is_called_significant():
    table = waves({"2007": 10, "2008": 1000, "2009": 30000}, [0.01, 0.2, 0.9])
    assert not re.search("显著|明显|大幅|趋势", said("change", table))


def test_what_cannot_be_compared_is_not():
    table = waves({"2008": 3300, "2009": 3456})
    assert said("change", table.tail(1)) == "2009年困难职工3456人；只有一批数据，不作比较。"
    broken = said("change", table.assign(comparable=[False, False]))
    assert broken == "2009年困难职工3456人；与2008年口径不同或人数从略，不作比较。"  # of a census: nothing
    hidden = table.assign(n=pd.array([3300, None], "Int64"), suppressed=[False, True])
    assert said("change", hidden) == "2009年困难职工人数过少，或为防止推算而从略。"
    with pytest.raises(ArgumentError, match="同一批次有多行"):
        said("change", pd.concat([table, table]))


def moved_people(first, second):
    people = [("2008", sex) for sex in first] + [("2009", sex) for sex in second]
    frame = pd.DataFrame(people, columns=["wave", "sex"])
    return frame.assign(sex=pd.Categorical(frame["sex"], ["male", "female"]))


def test_a_shift_names_from_to_and_points():
    table = trend(moved_people(["male"] * 5 + ["female"] * 5, ["male"] * 6 + ["female"] * 4), "sex")
    assert said("shift", table) == (
        "与2008年相比，2009年困难职工的性别构成中，男占比由50.0%上升到60.0%，上升10.0个百分点；"
        "女占比由50.0%下降到40.0%，下降10.0个百分点。"
    )
    still = trend(moved_people(["male", "female"], ["male", "female"] * 3), "sex")
    assert said("shift", still) == "与2008年相比，2009年困难职工的性别构成基本持平。"
    one = tabulate(moved_people(["male"], []), "sex", within="wave")
    assert said("shift", one) == "困难职工只有一批数据，性别构成不作比较。"
    broken = table.assign(comparable=False)
    assert said("shift", broken) == "2008年与2009年的性别口径不同或缺数，不作比较。"
    told = broken.assign(break_note=["", "", "改了表", "改了表"])
    assert said("shift", told).endswith("不作比较：改了表。")


def test_a_level_whose_meaning_changed_is_left_out_of_the_shift():
    table = trend(moved_people(["male"] * 5 + ["female"] * 5, ["male"] * 6 + ["female"] * 4), "sex")
    one = table["sex"].eq("female")
    told = said("shift", table.assign(comparable=~one, break_note=one.map({True: "改了表", False: ""})))
    assert told.endswith("男占比由50.0%上升到60.0%，上升10.0个百分点；女不作比较：改了表。")


def test_the_quality_paragraph_balances():
    parts = {f"rows_{f}": [0, 0] for f in ("set_aside", "notes", "headers", "blank")} | {
        "rows_kept": [8, 0],
        "rows_merged": [1, 0],
        "rows_totals": [1, 0],
    }
    sources = pd.DataFrame(
        {"source_file": ["甲.xlsx", "乙.xlsx"], "kind": ["roster", "unreadable"], "rows": [10, 0]} | parts
    )
    issues = pd.DataFrame({"action": ["missing", "repaired", "repaired"]})
    totals = pd.DataFrame({"verdict": ["agrees", "differs", "agrees"]})
    assert sentences.quality(sources, issues, totals) == (
        "本次共收到2个文件（其中1个有采用的数据），工作表2张，其中1张未能读取。"
        "共10行：保留8行，合并重复1行，合计行1行。"
        "记录问题3处，其中无法辨认而作缺失1处、修正2处。上报的合计数3项，与逐行登记核对，相符2项、不符1项。"
    )


def test_files_received_are_counted_one_way_everywhere():
    sources = pd.DataFrame({"source_file": ["甲.xlsx", "甲.xlsx", "乙.xlsx"], "rows_kept": [8, 0, 0]})
    assert sentences.received(sources) == "2个文件（其中1个有采用的数据）"
    assert sentences.received(sources.head(2)) == "1个文件"


def test_frames_of_another_shape_are_refused_in_words():
    with pytest.raises(
        ArgumentError, match="shares：应是按一个变量分组的非空结果，现有分组列 .*sex.*age_band"
    ):
        said("shares", bands(1, 1, 1).assign(sex="male", age_band="x"))


def test_the_callers_frame_is_left_alone():
    table = bands(3, 2, 1)
    before = table.copy(deep=True)
    said("shares", table)
    said("leading", table)
    pd.testing.assert_frame_equal(table, before)
