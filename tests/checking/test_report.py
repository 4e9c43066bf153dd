"""A finished report is held against itself: what does not hold is found and named, and nothing else is."""

import docx
import pytest
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from drawn_texts import FAILS, HOLDS, TABLES

from bangfu_analysis.checking.passages import Passage, canonical
from bangfu_analysis.checking.report import COLUMNS, check_passages, check_report
from bangfu_analysis.errors import FileRefused


def check(text):
    lines = enumerate(text.split("\n"), start=1)
    return check_passages([Passage(f"第{i}段", canonical(line)) for i, line in lines])


def check_table(rows, words=""):
    return check_passages([Passage("第1张表", words, tuple(tuple(r.split("|")) for r in rows.split(";")))])


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds_raises_no_alarm(text):
    assert check(text).faults[["relation", "found", "expected"]].values.tolist() == []


@pytest.mark.parametrize(("text", "relation"), FAILS)
def test_what_does_not_hold_is_found_and_named(text, relation):
    found = check(text).faults
    assert relation in found["relation"].tolist()
    assert len(found) <= 3


@pytest.mark.parametrize(("rows", "words", "faulty"), TABLES)
def test_a_table_is_held_against_its_own_totals_and_shares(rows, words, faulty):
    assert set(check_table(rows, words).faults["relation"]) == ({"table"} if faulty else set())


def test_a_fault_says_where_what_was_found_and_what_was_expected():
    found = check("概况如下。\n困难不少。全县职工41260人，其中困难职工2063人，占7.0%。全部到位。").faults
    assert found.columns.tolist() == COLUMNS
    assert found.iloc[0].tolist() == [
        "第2段", "share", "7.0%", "2063人÷41260人=5.0%", "全县职工41260人，其中困难职工2063人，占7.0%。",
    ]  # fmt: skip


def test_it_says_how_much_of_the_text_was_covered():
    checked = check("全县职工41260人，其中困难职工2063人，占5.0%。\n走访企业30家，召开座谈会5场。")
    assert (checked.read_n, checked.checked_n) == (5, 3)


def test_approximate_numbers_hold_where_any_value_that_they_allow_does():
    assert check("慰问近300名职工，每人500元，共约14万元。").faults.empty
    assert not check("慰问300名职工，每人500元，共约11万元。").faults.empty


def test_lines_cut_in_the_middle_of_a_sentence_are_read_as_one(tmp_path):
    path = tmp_path / "报告.txt"
    text = (
        "按照统一部署，区总工会组织开展了全面调查，全区共有在册职工41260人，其中困难职工2063人，\n\n"
        "占7.0%。\n"
    )
    path.write_bytes(text.encode("gb18030"))
    found = check_report(path).faults
    assert found["place"].tolist() == ["第1行"]
    assert found["relation"].tolist() == ["share"]


def test_a_table_of_a_text_file_is_read_by_its_bars(tmp_path):
    path = tmp_path / "报告.md"
    path.write_text(
        "# 报告\n\n| 区县 | 人数 |\n|---|---|\n| 甲 | 100 |\n| 乙 | 120 |\n| 合计 | 230 |\n", "utf-8"
    )
    assert check_report(path).faults[["place", "expected"]].values.tolist() == [["第3行", "220"]]


def run(paragraph, text, superscript=False):
    paragraph.add_run(text).font.superscript = superscript or None


def test_a_word_report_is_read_as_it_is_shown(tmp_path):
    """Marks of notes, what was moved away and the old half of a change are no text; a cell over two columns
    is two.
    """
    document = docx.Document()
    noted = document.add_paragraph()
    for text, raised in (("困难职工3456", False), ("1", True), ("人，其中男2100人、女1356人。", False)):
        run(noted, text, raised)
    moved = OxmlElement("w:moveFrom")
    gone = document.add_paragraph("困难职工3456人，其中男2100人、女1400人。")
    moved.append(gone.runs[0]._r)
    gone._p.append(moved)
    document.add_heading("一、基本情况")
    document.add_heading("三、对策建议")
    table = document.add_table(rows=0, cols=3)
    for row in (("类别", "人数", ""), ("", "男", "女"), ("特困", "752", "306"), ("合计", "752", "316")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    document.save(str(tmp_path / "报告.docx"))
    assert qn("w:gridSpan") in {child.tag for child in table.rows[0]._tr.iter()}
    found = check_report(tmp_path / "报告.docx").faults
    assert found[["place", "relation", "expected"]].values.tolist() == [
        ["第3段", "numbering", "第2项"], ["第1张表", "table", "306"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", b"%PDF"), ("a.docx", b"no archive"), ("a.txt", b"\xff\xff\xff")]
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefused, match="请"):
        check_report(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="找不到"):
        check_report(tmp_path / "无.docx")
