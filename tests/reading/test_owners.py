"""Whose column it is: said by a merged parent, a prefix, or the name heading nearest to the left."""

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.headings import columns_for, kind_of
from bangfu_analysis.reading.owners import owners_of
from bangfu_analysis.reading.vocabulary import Heading, Vocabulary

WORDS = Vocabulary(load_codebook())
FILLED = frozenset({"…"})


def parsed(said: str) -> list[Heading]:
    return [Heading(n, tuple(h.split("/"))) for n, h in enumerate(said.split(), start=1)]


def short(said: str) -> str:
    return "".join(owner.person[0] for owner in owners_of(tuple(parsed(said)), WORDS))


@pytest.mark.parametrize(
    ("headings", "owners"),
    [
        ("序号 姓名 性别 单位 帮扶责任人/姓名 帮扶责任人/单位 帮扶责任人/电话 致困原因", "wwwwhhhw"),
        ("姓名 身份证号 结对帮扶人 工作单位 职务 电话 困难类别 性别", "wwhhhhww"),
        ("姓名 包保干部 身份证号 性别", "whww"),  # a helper has no ID number of ours
        ("职工姓名 性别 配偶姓名 年龄 健康状况 子女姓名 性别 就读学校 家庭人口 致困原因", "wwsssccc" + "ww"),
        ("姓名 配偶身份证号 年龄 子女年龄 学历", "wswcw"),  # a prefix speaks for its own column alone
        ("学生姓名 性别 录取院校 家长姓名 身份证号 单位 助学金额", "cccwwww"),
        ("户主姓名 困难类别 成员姓名 与户主关系 不识之列 身份证号 健康状况 致困原因", "wwmmmmmw"),
        ("户主 姓名 与户主关系 性别", "wmmm"),
        ("姓名 与户主关系 性别 身份证号", "wwww"),  # the family stands in the roster's own columns
        ("姓名 家庭成员1姓名 家庭成员1关系 家庭成员2姓名 身份证号", "wmmmw"),
        ("姓名 性别 经办人 工作单位 身份证号", "wwsww"),
        ("姓名 性别 姓名 年龄 家庭人口", "wwoow"),  # two people, and nobody says who the second is
        ("序号 本人月收入 家庭人口 填报单位", "wwww"),
        ("序号 姓名 性别 身份证号 困难类别 户主", "wwwwwo"),  # whose household it is, said behind the worker
        ("姓名 身份证号 与户主关系 户主", "mmmw"),
    ],
)
def test_every_column_has_an_owner(headings: str, owners: str) -> None:
    assert short(headings) == owners


def test_only_a_workers_column_gives_a_workers_variable() -> None:
    said = parsed("姓名 困难类别 帮扶责任人 所属单位 职务 子女姓名 性别 身份证号")
    found = columns_for("roster", said, WORDS, [FILLED] * len(said))
    workers = [c.heading for c in found if c.variable and c.variable.frame == "workers"]
    assert workers == ["姓名", "困难类别", "帮扶责任人"]
    assert {c.heading: c.variable.name for c in found if c.variable and c.variable.frame == "members"} == {
        "子女姓名": "name", "性别": "sex", "身份证号": "id_number",
    }  # fmt: skip
    assert [c.heading for c in found if c.fate == "withheld"] == ["所属单位", "职务"]


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("职工姓名 困难类型 子女姓名 年龄", "roster"),
        ("姓名 身份证号 困难类别 家庭人口 慰问金额", "roster"),
        ("姓名 性别", ""),
    ],
)
def test_the_kind_is_judged_by_the_workers_own_columns(headings: str, kind: str) -> None:
    said = parsed(headings)
    assert kind_of(said, WORDS, [FILLED] * len(said)) == kind


def test_an_explicit_mapping_is_obeyed_whoever_is_named_to_the_left(tmp_path) -> None:
    said, path = parsed("姓名 困难类别 配偶姓名 工作单位"), tmp_path / "mapping.yaml"
    path.write_text("headings: {工作单位: workers.employer}", encoding="utf-8")
    words = Vocabulary(load_codebook(path))
    found = columns_for("roster", said, words, [FILLED] * len(said))
    assert [c.variable.frame for c in found if c.heading == "工作单位" and c.variable] == ["workers"]
