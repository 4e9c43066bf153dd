from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, Sheet

CODEBOOK = load_codebook()
META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "总分"]
FIRST = ["5", "2009/7/1 22:28:12", "158秒", "微信", "N/A", "10.0.0.1(黑龙江-哈尔滨)", "6"]
SECOND = ["7", datetime(2009, 7, 2, 8, 5), "1分5秒", "链接", "", "10.0.0.2", 7.0]


def sheet(header, *rows, file="问卷_按文本_样例.xlsx", **more):
    cells = [tuple(header), *map(tuple, rows)]
    return Sheet(file, "Sheet1", cells, tuple(range(1, len(cells) + 1)), **more)


def read(header, *rows, codebook=CODEBOOK, **more):
    return read_questionnaire(Grid(sheet(header, *rows, **more)), codebook)


def answers(reading, name, *columns):
    """Rows of one question as tuples (respondent, then `columns`), missing as None."""
    rows = reading.responses[reading.responses["question_id"] == name]
    shown = rows[["respondent_id", *columns]].astype(object)
    return [tuple(row) for row in shown.where(shown.notna(), None).itertuples(index=False)]


def questions(reading, *columns):
    shown = reading.questions[list(columns)].astype(object)
    return [tuple(row) for row in shown.where(shown.notna(), None).itertuples(index=False)]


def test_single_multiple_and_fill_in_by_text():
    found = read(
        ["1、性别 ", "2、爱好"],
        ["男", "运动┋阅读"],
        ["女", "阅读┋其他【请注明】〖宠物〗"],
        ["男", "(空)"],
    )
    assert questions(found, "question_id", "number", "text", "kind", "options") == [
        ("Q1", "1", "性别", "single", ["男", "女"]),
        ("Q2", "2", "爱好", "multiple", ["运动", "阅读", "其他【请注明】"]),
    ]
    assert answers(found, "Q1", "option", "value", "status") == [
        ("2", "男", None, "answered"),
        ("3", "女", None, "answered"),
        ("4", "男", None, "answered"),
    ]
    assert answers(found, "Q2", "option", "value", "text") == [
        ("2", "运动", 1, None), ("2", "阅读", 1, None), ("2", "其他【请注明】", 0, None),
        ("3", "运动", 0, None), ("3", "阅读", 1, None), ("3", "其他【请注明】", 1, "宠物"),
        ("4", None, None, None),
    ]  # fmt: skip


def test_a_respondent_who_ticked_nothing_left_the_question_blank():
    found = read(["2、(甲)", "2、(乙)"], [0, 0], [1, -3], file="问卷_按序号_样例.xlsx")
    assert answers(found, "Q2", "option", "value", "status") == [
        ("2", None, None, "blank"), ("3", "甲", 1, "answered")
    ]


def test_a_name_column_does_not_make_option_numbers_into_ratings():
    found = read(["1、姓名", "2、学历", "3、建议"], ["张三", 1, "无"], ["李四", 4, "多办"], file="问卷.xlsx")
    assert found.questions["kind"].tolist() == ["text", "single", "text"]


@pytest.mark.parametrize("style", ["第2题({})", "2、({})"])
def test_the_two_exports_of_one_survey_have_equal_multiple_answers(style):
    by_text = read(["2、爱好"], ["运动┋阅读"], ["(跳过)"], ["阅读┋其他〖宠物〗"], ["(空)"])
    by_number = read(
        [style.format("运动"), style.format("阅读"), style.format("其他")],
        [1, 1, 0], [-3, -3, -3], [0, 1, 1], [-2, -2, -2], file="问卷_按序号_样例.xlsx",
    )  # fmt: skip
    columns = ["source_row", "respondent_id", "question_id", "item", "option", "value", "status"]
    assert_frame_equal(by_text.responses[columns], by_number.responses[columns])
    assert by_text.questions["options"].tolist() == by_number.questions["options"].tolist()


def test_the_two_exports_of_a_partial_ranking_are_equal():
    by_text = read(["4、次序"], ["乙→甲→丙"], ["丙"], ["(跳过)"], ["甲→乙"], ["甲→丙"])
    by_number = read(
        ["4、(甲)", "4、(乙)", "4、(丙)"],
        [2, 1, 3], [-2, -2, 1], [-3, -3, -3], [1, 2, -2], [1, "", 2], file="问卷_按序号_样例.xlsx",
    )  # fmt: skip
    assert answers(by_text, "Q4", "option", "value", "status") == [
        ("2", "乙", 1, "answered"), ("2", "甲", 2, "answered"), ("2", "丙", 3, "answered"),
        ("3", "丙", 1, "answered"), ("4", None, None, "skipped"),
        ("5", "甲", 1, "answered"), ("5", "乙", 2, "answered"),
        ("6", "甲", 1, "answered"), ("6", "丙", 2, "answered"),
    ]  # fmt: skip
    assert answers(by_text, "Q4", "option", "value", "status") == answers(
        by_number, "Q4", "option", "value", "status"
    )
    assert by_number.questions["kind"].tolist() == ["ranking"]


def test_a_matrix_has_one_question_an_item_with_the_stem_of_its_first_column():
    found = read(["7、满意度—态度", "7、速度", "8、是否"], ["满意", "一般", "是"], ["不满意", "(跳过)", "否"])
    assert questions(found, "question_id", "block", "number", "text", "kind", "item", "options")[:2] == [
        ("Q7_1", "Q7", "7", "满意度", "matrix", "态度", ["不满意", "一般", "满意"]),
        ("Q7_2", "Q7", "7", "满意度", "matrix", "速度", ["不满意", "一般", "满意"]),
    ]
    assert answers(found, "Q7_2", "item", "option", "status") == [
        ("2", "速度", "一般", "answered"),
        ("3", "速度", None, "skipped"),
    ]


def test_rows_of_a_matrix_with_several_answers_are_multiple_choices():
    reading = read(["7、关心什么—医疗", "7、就学"], ["报销┋大病", "学费"], ["报销", "学费┋生活费"])
    assert [q[:2] for q in questions(reading, "kind", "item")] == [("multiple", "医疗"), ("multiple", "就学")]
    assert (
        [(o, v) for _, o, v in answers(reading, "Q7_1", "option", "value")][:2] == [("报销", 1), ("大病", 1)]
    )


def test_a_matrix_by_number_keeps_its_ratings_in_value():
    new = read(["7、满意度—态度", "7、速度"], [4, 5], [-2, 3], file="问卷_按序号_样例.xlsx")
    old = read(["第7题(态度)", "第7题(速度)"], [4, 5], [-2, 3], file="问卷_按序号_样例.xlsx")
    for found in (new, old):
        assert answers(found, "Q7_1", "item", "value", "status") == [
            ("2", "态度", 4, "answered"),
            ("3", "态度", None, "blank"),
        ]
        assert found.questions["kind"].tolist() == ["matrix", "matrix"]


def test_single_answers_by_number_keep_their_code_and_the_fill_in_of_its_own_column():
    found = read(
        ["3、学历", "3、(其他:)", "4、满意"], [1, "", 5], [9, "夜校", -3], file="问卷_按序号_样例.xlsx"
    )
    assert questions(found, "question_id", "kind", "options") == [("Q3", "single", []), ("Q4", "single", [])]
    assert answers(found, "Q3", "option", "value", "text", "status") == [
        ("2", None, 1, None, "answered"),
        ("3", None, 9, "夜校", "answered"),
    ]
    assert answers(found, "Q4", "value", "status") == [("2", 5, "answered"), ("3", None, "skipped")]


def test_the_text_column_of_an_option_belongs_to_that_option():
    found = read(
        ["25、(讲座)", "25、(其他（请补充）)", "25、(其他（请补充）:)"],
        [1, 0, ""],
        [0, 1, "棋牌"],
        file="问卷_按序号_.xlsx",
    )
    assert answers(found, "Q25", "option", "value", "text")[2:] == [
        ("3", "讲座", 0, None),
        ("3", "其他（请补充）", 1, "棋牌"),
    ]


def test_an_untouched_slider_is_blank_and_scores_are_numbers():
    found = read(["5、打分", "6、性别"], ["80", "男"], ["(空)", "女"], ["0", "男"])
    assert found.questions["kind"].tolist() == ["number", "single"]
    assert answers(found, "Q5", "value", "status") == [
        ("2", 80, "answered"),
        ("3", None, "blank"),
        ("4", 0, "answered"),
    ]
    scored = read(["5、打分"], [3], [5], file="问卷_按分数_样例.xlsx")
    assert scored.questions["kind"].tolist() == ["number"]


def test_colliding_and_missing_numbers_still_give_unique_ids():
    found = read(
        ["1、性别", "1.1 学历", "1、性别", "工种", "1、性别", "车间"],
        *[["男", "高中", "女", "钳工", "男", "一"]] * 2,
    )
    assert questions(found, "question_id", "number", "text") == [
        ("Q1", "1", "性别"), ("Q1.1", "1.1", "学历"), ("Q1b", "1", "性别"), ("U1", None, "工种"),
        ("Q1c", "1", "性别"), ("U2", None, "车间"),
    ]  # fmt: skip


def test_blanks_of_one_question_are_items():
    found = read(["9、(1)类别", "9、(2)数量", "10、性别"], ["米", "3", "男"], ["油", "2", "女"])
    assert questions(found, "question_id", "block", "kind", "item")[:2] == [
        ("Q9_1", "Q9", "single", "类别"),
        ("Q9_2", "Q9", "number", "数量"),
    ]


def test_meta_columns_are_typed_and_of_an_ip_only_the_place_is_kept():
    found = read([*META, "1、性别"], [*FIRST, "男"], [*SECOND, "女"])
    assert found.questions["kind"].tolist() == ["meta"] * 7 + ["single"]
    assert answers(found, "提交答卷时间", "text") == [("5", "2009-07-01T22:28"), ("7", "2009-07-02T08:05")]
    assert answers(found, "所用时间", "value") == [("5", 158), ("7", 65)]
    assert answers(found, "来自IP", "text", "status") == [
        ("5", "黑龙江-哈尔滨", "answered"), ("7", None, "answered")
    ]
    assert answers(found, "来源详情", "text", "status") == [("5", None, "blank"), ("7", None, "blank")]
    assert answers(found, "总分", "value") == [("5", 6), ("7", 7)]
    assert "10.0.0" not in found.responses.to_csv()


def test_a_tencent_export_is_read_with_its_own_meta_columns():
    header = [
        "编号", "开始答题时间", "结束答题时间", "答题时长", "地理位置省", "昵称", "1.您的性别", "2.爱好"
    ]
    rows = [
        [1, "2009/7/1 12:00", "2009/7/1 12:03", 180, "黑龙江", "小王", "男", "棋;球"],
        [2, "", "", 95, "", "小李", "女", "球"],
    ]
    found = read(header, *rows, file="腾讯.csv", is_text=True)
    assert answers(found, "答题时长", "value") == [("1", 180), ("2", 95)]
    assert answers(found, "昵称", "text", "status") == [("1", None, "answered"), ("2", None, "answered")]
    assert "小王" not in found.responses.to_csv()


@pytest.mark.parametrize("heading", ["1、您的姓名", "1、联系电话", "1、QQ号码", "姓名", "1、家庭住址"])
def test_names_accounts_and_contacts_are_not_written_and_the_column_is_reported(heading):
    found = read([heading, "2、性别"], ["张三", "男"], ["李四", "女"])
    name = found.questions["question_id"].iloc[0]
    assert answers(found, name, "option", "text", "value", "status") == [
        ("2", None, None, None, "answered"),
        ("3", None, None, None, "answered"),
    ]
    assert [(f.problem, f.cell, f.severity) for f in found.findings] == [("identifying_column", "A", "info")]
    assert "内容不写入数据" in found.findings[0].message
    assert "张三" not in str(found)


def test_a_choice_about_contacts_is_no_contact():
    rows = [["电话"], ["上门"], ["电话"], ["上门"]] * 3
    assert read(["1、您希望的联系方式"], *rows).questions["kind"].tolist() == ["single"]


def test_numbers_as_long_as_a_phone_are_never_written():
    found = read(["1、工号", "2、性别"], ["99012345678", "男"], ["99012345679", "女"])
    assert "9901234567" not in found.responses.to_csv()


def test_a_mapped_question_keeps_to_the_range_of_its_variable():
    header, rows = ["3、您的年龄", "4、性别"], [["35", "男"], ["350", "女"]]
    found = read(header, *rows, codebook=load_codebook({"headings": {"您的年龄": "workers.age"}}))
    assert answers(found, "Q3", "value", "status") == [("2", 35, "answered"), ("3", None, "answered")]
    (fault,) = found.findings
    assert (fault.problem, fault.cell, fault.source_row, fault.raw, fault.action) == (
        "out_of_range",
        "A3",
        3,
        "350",
        "missing",
    )
    assert "合理范围" in fault.message and "请核对原答卷" in fault.message
    assert read(header, *rows).findings == ()


def test_numbers_are_read_as_people_write_them_and_what_is_none_is_told_by_its_kind_alone():
    said = ["18岁", "一千出头", "约500", "张测试", "500-600"]
    found = read(["3、收入", "4、性别"], *[[str(i), "男"] for i in range(1, 46)], *[[w, "女"] for w in said])
    assert answers(found, "Q3", "value", "text")[-5:] == [
        ("47", 18, None), ("48", 1000, None), ("49", 500, None), ("50", None, None), ("51", None, None),
    ]  # fmt: skip
    assert [(f.problem, f.cell, f.raw) for f in found.findings] == [
        ("not_a_number", "A51", "***-***"),
        ("not_a_number", "A50", "***"),
    ]
    assert "文字" in found.findings[1].message and "张测试" not in str(found)


def test_a_row_number_that_cannot_serve_gives_way_to_the_sheets_rows():
    found = read(["序号", "所用时间", "1、性别"], ["1", "9秒", "男"], ["1", "八秒", "女"])
    assert list(found.responses["respondent_id"].cat.categories) == ["2", "3"]
    assert [(f.problem, f.cell) for f in found.findings] == [
        ("row_numbers_unusable", "A"), ("meta_unreadable", "B3")
    ]


def test_every_row_and_filled_cell_has_its_fate():
    cells = [
        ["", "", ""],
        ["1、性别", "2、年龄", ""],
        ["男", "30", "x"],
        ["", " ", ""],
        ["女", "", ""],
        ["男", "41", ""],
    ]
    struck = frozenset({(6, 1), (6, 2)})
    found = read_questionnaire(Grid(sheet(*cells, struck=struck)), CODEBOOK)
    assert set(found.rows) == set(ROW_FATES) and set(found.cells) == set(CELL_FATES)
    assert {k: n for k, n in found.rows.items() if n} == {"kept": 2, "set_aside": 1, "headers": 1, "blank": 2}
    assert {k: n for k, n in found.cells.items() if n} == {"header": 2, "body": 3, "set_aside": 3}
    assert (found.row_count, found.cells_filled, found.header_rows, found.first_row, found.last_row) == (
        6,
        8,
        "2",
        3,
        5,
    )
    assert [(f.problem, f.cell) for f in found.findings] == [("row_struck", "A6"), ("no_heading", "C2")]


def test_an_export_without_replies_has_questions_and_no_responses():
    found = read(["1、性别", "2、年龄"])
    assert len(found.questions) == 2 and len(found.responses) == 0 and found.first_row is None


def test_an_empty_sheet_is_refused_in_words():
    with pytest.raises(FileRefused, match=r"问卷_按文本_样例.xlsx \[Sheet1\]：工作表是空的"):
        read(["", None])


def test_the_frames_have_the_columns_and_types_that_were_promised():
    found = read([*META, "1、性别"], [*FIRST, "男"])
    assert found.responses.dtypes.astype(str).to_dict() == {
        "source_file": "category", "source_sheet": "category", "source_row": "Int64",
        "respondent_id": "category",
        "question_id": "category", "item": "category", "option": "category", "value": "Float64",
        "text": "str", "status": "category",
    }  # fmt: skip
    assert list(found.questions.columns) == [
        "source_file", "source_sheet", "source_row", "cell", "question_id", "block", "number", "text", "kind",
        "item", "options", "keep_text",
    ]  # fmt: skip
    assert found.questions["cell"].tolist()[:2] == ["A1", "B1"]


OPTIONS = ["甲", "乙", "丙", "丁"]


@given(
    st.lists(
        st.one_of(st.sets(st.sampled_from(OPTIONS), min_size=1), st.sampled_from(["(跳过)", "(空)"])),
        min_size=1,
        max_size=12,
    )
)
def test_ticks_counted_in_the_frame_are_those_of_the_cells(rows):
    cells = [[r if isinstance(r, str) else "┋".join(o for o in OPTIONS if o in r)] for r in rows]
    found = read(["1、选【多选题】"], ["┋".join(OPTIONS)], *cells)
    ticked = found.responses[found.responses["value"].eq(1)].groupby("option", observed=False).size()
    assert ticked.to_dict() == {o: 1 + sum(o in r for r in rows if not isinstance(r, str)) for o in OPTIONS}
    states = found.responses.drop_duplicates("respondent_id")["status"].astype(str)
    words = {"(跳过)": "skipped", "(空)": "blank"}
    assert states.tolist() == ["answered", *(words[r] if isinstance(r, str) else "answered" for r in rows)]


def test_the_callers_sheet_is_not_changed():
    given = sheet(["1、性别"], ["男"])
    before = pd.DataFrame(given.cells)
    read_questionnaire(Grid(given), CODEBOOK)
    assert_frame_equal(pd.DataFrame(given.cells), before)
