"""Headings match whole, with their unit, period, slot and parent."""

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.headings import columns_for, kind_of
from bangfu_analysis.reading.owners import slot_of
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.reading.vocabulary import Heading, Vocabulary

WORDS = Vocabulary(load_codebook())
FILLED = frozenset({"…"})


def columns(
    *headings: str, kind: str = "roster", values: frozenset[str] = FILLED, factor: float = 1.0
) -> list[Column]:
    parsed = [Heading(n, tuple(h.split("|"))) for n, h in enumerate(headings, start=1)]
    return list(columns_for(kind, parsed, WORDS, [values] * len(parsed), factor))


def named(found: list[Column]) -> list[str]:
    return [f"{c.variable.frame}.{c.variable.name}" if c.variable else c.fate for c in found]


@pytest.mark.parametrize(
    ("heading", "variable"),
    [
        ("﹡姓名：", "workers.name"),
        ("身份", "workers.employment_status"),
        ("身份证号(18位)", "workers.id_number"),
        ("身份证照片", "unmatched"),
        ("劳动关系", "unmatched"),
        ("收入", "unmatched"),
        ("本人|年收入", "workers.income_personal_monthly"),
        ("家庭|年收入", "workers.income_household_annual"),
        ("家庭成员|姓名", "members.name"),
        ("家庭成员情况|月收入", "members.income_monthly"),
    ],
)
def test_a_heading_means_one_variable_or_none(heading: str, variable: str) -> None:
    assert named(columns(heading)) == [variable]


@pytest.mark.parametrize(
    ("heading", "sheet", "factor", "period"),
    [
        ("家庭年收入(万元)", 1.0, 10_000, ""),
        ("家庭年收入", 10_000.0, 10_000, ""),
        ("家庭年收入(元)", 10_000.0, 1, ""),
        ("本人月平均收入(元/年)", 1.0, 1, "year"),
        ("本人年收入", 1.0, 1, "year"),
        ("家庭月收入", 1.0, 1, "month"),
        ("人均年收入(万元)", 1.0, 10_000, "year"),
        ("家庭年收入|(万元)", 1.0, 10_000, ""),
        ("家庭人口(人)", 10_000.0, 1, ""),
    ],
)
def test_bare_numbers_are_brought_to_yuan_and_to_the_period_of_the_variable(
    heading: str, sheet: float, factor: float, period: str
) -> None:
    (column,) = columns(heading, factor=sheet)
    assert column.fate == "matched"
    assert (column.factor, column.period) == (pytest.approx(factor), period)


def test_a_heading_that_may_mean_something_is_only_suggested() -> None:
    (column,) = columns("收入")
    assert column.variable is None
    assert column.suggestions[0] == "workers.income_personal_monthly"


def test_the_second_column_of_a_variable_is_unmatched_but_phones_may_be_many() -> None:
    found = columns("姓名", "性别", "性别", "工作单位", "所在单位", "手机", "家庭电话")
    assert named(found)[2] == named(found)[4] == "unmatched"
    assert named(found)[5:] == ["workers.phone", "workers.phone"]


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("家庭成员1姓名", (1, "姓名")),
        ("成员2关系", (2, "关系")),
        ("家庭成员一姓名", (1, "姓名")),
        ("家庭成员3/年龄", (3, "年龄")),
        ("成员姓名2", (2, "姓名")),
        ("家庭成员", None),
        ("家庭成员姓名", None),
    ],
)
def test_slots_of_wide_members_are_recognised(text: str, slot: tuple[int, str] | None) -> None:
    assert slot_of(text) == slot


def test_headings_of_wide_members_carry_their_slot() -> None:
    found = columns("姓名", "性别", "家庭成员1姓名", "家庭成员1单位或学校", "家庭成员2姓名")
    assert [c.slot for c in found] == [None, None, 1, 1, 2]
    assert named(found)[2:] == ["members.name", "members.workplace", "members.name"]


def test_beside_relation_and_member_name_the_same_headings_mean_the_member() -> None:
    found = columns(
        "职工姓名", "性别", "身份证号", "与户主关系", "姓名", "性别", "年龄", "困难类别", "致困原因"
    )
    assert named(found) == [
        "workers.name", "workers.sex", "workers.id_number", "members.relation", "members.name", "members.sex",
        "members.age", "workers.hardship_level", "workers.cause",
    ]  # fmt: skip


def test_causes_under_their_parent_and_runs_of_causes_over_ticks_are_tick_columns() -> None:
    ticks = frozenset({"√", "×"})
    under = columns("致困原因|疾病", "致困原因|子女上学", values=ticks)
    run = columns("姓名", "因病", "因学", "残疾", values=ticks)
    words = columns("姓名", "因病", "因学", "残疾", values=frozenset({"脑梗"}))
    assert [c.tick for c in under] == ["illness", "schooling"]
    assert [c.tick for c in run] == ["", "illness", "schooling", "disability"]
    assert [c.tick for c in words] == ["", "", "", ""]
    assert named(words)[3] == "workers.disability_type"


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("序号 姓名 性别 身份证号 困难类别", "roster"),
        ("姓名 帮扶类别 帮扶金额 帮扶时间", "aid"),
        ("单位名称 职工总数 会员总数 建家等级", "units"),
        ("单位 职工人数", "population"),
        ("户主姓名 成员姓名 与户主关系 成员性别 成员年龄", "members"),
        ("活动时间 活动名称 参加人数", "activities"),
        ("序号 姓名 邮箱 签字 备注 基本工资", ""),
        ("商品 单价 数量", ""),
    ],
)
def test_the_kind_of_a_table_is_told_by_its_headings(headings: str, kind: str) -> None:
    parsed = [Heading(n, (h,)) for n, h in enumerate(headings.split(), start=1)]
    assert kind_of(parsed, WORDS, [FILLED] * len(parsed)) == kind


def test_a_new_heading_needs_one_line_of_mapping() -> None:
    words = Vocabulary(
        load_codebook({"headings": {"帮困等次": "workers.hardship_level", "内部码": "ignore"}})
    )
    found = columns_for("roster", [Heading(1, ("帮困等次",)), Heading(2, ("内部码",))], words, [FILLED] * 2)
    assert named(list(found)) == ["workers.hardship_level", "ignored"]
