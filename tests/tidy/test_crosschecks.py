"""What two cells say against each other is a finding at a cell, and nothing is changed by it."""

import pytest

from bangfu_analysis.cleaning.identity import check_character

MAN = "990102196503120114"  # region 99 is issued to nobody
NUMBERS = [f"99010219650312{n:03d}{check_character(f'99010219650312{n:03d}')}" for n in range(11, 23, 2)]
OTHER = NUMBERS[1]
HEAD = (
    "姓名,性别,身份证号,出生日期,婚姻状况,工作状态,户口类型,健康状况,残疾类别,家庭人口,家庭年收入,家庭人均月收入,是否单亲,是否零就业,致困原因,"
    "困难类别,与户主关系,家庭成员姓名,成员身份,参加工作时间\n"
)
FINE = dict.fromkeys(HEAD.strip().split(","), "") | {
    "姓名": "张强刚", "性别": "男", "身份证号": MAN, "出生日期": "1965-03-12", "婚姻状况": "离婚",
    "工作状态": "失业",
    "户口类型": "非农业", "健康状况": "良好", "残疾类别": "无", "家庭人口": "2", "家庭年收入": "7200",
    "家庭人均月收入": "300",
    "是否单亲": "是", "是否零就业": "是", "致困原因": "疾病", "困难类别": "困难", "与户主关系": "子女",
    "家庭成员姓名": "张小明", "成员身份": "大学生",
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
        ({"出生日期": "1965-03-12", "参加工作时间": "1978年9月"}, "work_before_14", "work_start"),
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


def test_hours_a_day_under_工作时间_are_no_date(frames_of):
    assert problems(frames_of, 参加工作时间="8小时")[0] == {}


def test_a_sum_that_no_month_pays_is_kept_and_told(frames_of):
    found, frames = problems(frames_of, 家庭年收入="0.72", 家庭人均月收入="0.03")
    assert set(found) == {"income_unlikely"}
    assert (frames["issues"]["action"] == "kept").all()
    assert frames["workers"]["income_per_capita_monthly"].tolist() == [0.03]


def test_a_category_is_held_against_the_line_of_the_wave(frames_of):
    roster = (
        "姓名,困难类别,家庭人均月收入\n张强刚,特困,300\n李强刚,特困,200\n王强刚,困难,300\n"
        "赵强刚,困难,600\n"
    )
    found = frames_of({"a.csv": roster}, line={"urban": 245})["issues"]
    assert found[["cell", "problem"]].to_numpy().tolist() == [
        ["B2", "level_against_line"],
        ["B5", "level_against_line"],
    ]


def test_a_category_is_held_against_the_line_where_incomes_alone_are_given_and_not_all(frames_of):
    roster = "姓名,困难类别,家庭人均月收入\n张强刚,特困,900\n李强刚,特困,\n"
    found = frames_of({"a.csv": roster}, line={"urban": 245})["issues"]
    assert found[["cell", "problem"]].to_numpy().tolist() == [["B2", "level_against_line"]]


def test_whoever_is_another_households_member_should_have_no_file_of_their_own(frames_of):
    head = "姓名,身份证号,困难类别,家庭成员1姓名,家庭成员1关系,家庭成员1身份证号\n"
    roster = head + f"张强刚,{MAN},特困,李小红,配偶,{OTHER}\n李小红,{OTHER},特困,,,\n"
    found = frames_of({"a.csv": roster})["issues"]
    assert found[["cell", "problem"]].to_numpy().tolist() == [["B3", "member_with_own_file"]]


def test_names_shifted_against_numbers_are_told_once_for_the_sheet(frames_of):
    people = [f"{name}强刚,女,{number},困难\n" for name, number in zip("张王李赵钱孙", NUMBERS, strict=True)]
    found = frames_of({"a.csv": "姓名,性别,身份证号,困难类别\n" + "".join(people)})["issues"]
    assert found["problem"].value_counts().to_dict() == {"sex_differs_from_id": 6, "rows_shifted": 1}
    head, fuller = "姓名,性别,身份证号,困难类别", [f"{line.strip()},初中\n" for line in people]
    both = {"a.csv": "".join([head, "\n", *people]), "b.csv": "".join([head, ",文化程度\n", *fuller])}
    found = frames_of(both)["issues"].query("problem == 'rows_shifted'")
    assert found["source_file"].tolist() == ["b.csv"]


def test_help_before_the_file_was_opened_and_beyond_the_funds_is_told(frames_of):
    files = {
        "a.csv": f"姓名,身份证号,建档时间,困难类别\n张强刚,{MAN},2009-03-01,特困\n",
        "b.csv": (
            "姓名,身份证号,帮扶类别,帮扶金额,帮扶时间,资金来源\n"
            f"张强刚,{MAN},送温暖,500,2009-01-05,中央财政\n"
        ),
        "c.csv": (
            "筹集单位,到账时间,资金来源,资金用途,到账金额,是否固定来源\n"
            "总工会,2009-01-01,中央财政,送温暖,400,是\n"
        ),
    }
    found = frames_of(files)["issues"]
    assert set(found["problem"]) == {"aid_before_file", "aid_above_funds"}


def test_a_birth_that_nobody_of_working_age_has_is_given_up(frames_of):
    found, frames = problems(frames_of, 身份证号="", 出生日期="2005-01-01")
    assert found == {"out_of_range": "birth_date"}
    assert frames["workers"][["birth_date", "age"]].isna().all(axis=None)
