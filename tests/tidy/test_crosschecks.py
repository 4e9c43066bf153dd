"""What two cells say against each other is a finding at a cell, and nothing is changed by it."""

import pytest

MAN = "990102196503120114"  # region 99 is issued to nobody
HEAD = (
    "姓名,性别,身份证号,出生日期,婚姻状况,工作状态,户口类型,健康状况,残疾类别,家庭人口,家庭年收入,家庭人均月收入,是否单亲,是否零就业,致困原因,"
    "与户主关系,家庭成员姓名,成员身份\n"
)
FINE = dict.fromkeys(HEAD.strip().split(","), "") | {
    "姓名": "张强刚", "性别": "男", "身份证号": MAN, "出生日期": "1965-03-12", "婚姻状况": "离婚", "工作状态": "失业",
    "户口类型": "非农业", "健康状况": "良好", "残疾类别": "无", "家庭人口": "2", "家庭年收入": "7200", "家庭人均月收入": "300",
    "是否单亲": "是", "是否零就业": "是", "致困原因": "疾病", "与户主关系": "子女", "家庭成员姓名": "张小明", "成员身份": "大学生",
}  # fmt: skip


def problems(frames_of, **cells):
    row = ",".join((FINE | cells).values())
    frames = frames_of({"a.csv": HEAD + row + "\n"})
    return dict(zip(frames["issues"]["problem"], frames["issues"]["variable"], strict=True)), frames


def test_a_row_that_agrees_with_itself_has_no_finding(frames_of):
    assert problems(frames_of)[0] == {}


@pytest.mark.parametrize(
    ("cells", "problem", "variable"),
    [
        ({"家庭人均月收入": "3600"}, "income_identity", "income_per_capita_monthly"),
        ({"婚姻状况": "已婚"}, "single_parent_married", "is_single_parent"),
        ({"工作状态": "在岗"}, "zero_employment_employed", "is_zero_employment"),
        ({"工作状态": "农民工"}, "migrant_not_agricultural", "employment_status"),
        ({"家庭人口": "1", "家庭年收入": "3600"}, "size_below_members", "household_size"),
        ({"致困原因": "子女上学", "成员身份": "在岗"}, "schooling_without_student", "cause"),
        ({"性别": "女"}, "sex_differs_from_id", "sex"),
        ({"出生日期": "1956-03-12"}, "birth_date_differs_from_id", "birth_date"),
    ],
)
def test_what_contradicts_is_found_at_its_cell(frames_of, cells, problem, variable):
    found, frames = problems(frames_of, **cells)
    assert found == {problem: variable}
    assert (frames["issues"]["action"] == "conflict").all()


def test_a_blank_household_size_is_counted_from_the_members_listed(frames_of):
    found, frames = problems(frames_of, 家庭人口="", 家庭年收入="", 家庭人均月收入="")
    assert found == {"size_from_members": "household_size"}
    assert frames["workers"]["household_size"].tolist() == [2]
