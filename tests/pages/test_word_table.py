import docx
import pytest
from docx.oxml.ns import qn

from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.word_table import add_table, levels, notes_below
from bangfu_analysis.pages.word_template import TEMPLATE

KINDS = ("text", "count", "percent")


def table_of(rows, columns=("单位", "人数", "占比（%）"), kinds=KINDS, **more):
    document = docx.Document(str(TEMPLATE))
    add_table(document, DisplayTable("题", columns, kinds, tuple(rows), **more))
    return document, document.tables[0]


def grid(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def border(element, path):
    return {e.tag.split("}")[1]: int(e.get(qn("w:sz"))) for e in element.find(path) if e.get(qn("w:sz"))}


def test_cells_are_printed_with_the_decimals_of_their_column():
    _, table = table_of([("甲厂", 12, 50.0), ("乙厂", 1234, 0.05), ("合计", "—", "*")])
    assert grid(table) == [
        ["单位", "人数", "占比（%）"],
        ["甲厂", "12", "50.0"],
        ["乙厂", "1234", "0.1"],
        ["合计", "—", "*"],
    ]


def test_three_rules_and_no_vertical_line():
    _, table = table_of([("甲", 1, 2.0)])
    assert border(table._tbl.tblPr, qn("w:tblBorders")) == {"top": 12, "bottom": 12}
    for cell in table.rows[0].cells:
        assert border(cell._tc.tcPr, qn("w:tcBorders")) == {"bottom": 6}
    assert table.rows[1].cells[0]._tc.tcPr.find(qn("w:tcBorders")) is None


def test_the_header_repeats_and_no_row_splits():
    _, table = table_of([(f"单位{i}", i, 1.0) for i in range(40)])
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True] + [False] * 40
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


@pytest.mark.parametrize(("rows", "kept"), [(5, [True] * 6), (40, [True] + [False] * 37 + [True] * 3)])
def test_a_small_table_keeps_to_one_page_and_a_long_one_does_not_end_alone(rows, kept):
    _, table = table_of([(f"单位{i}", i, 1.0) for i in range(rows)])
    assert [row.cells[0].paragraphs[0].paragraph_format.keep_with_next is True for row in table.rows] == kept


def test_unit_stands_above_and_notes_and_source_below():
    document, _ = table_of(
        [("甲", 1, 2.0)], notes=("一。", "二。"), unit="单位：人、%", source="数据来源：名册"
    )
    assert [(p.style.name, p.text) for p in document.paragraphs if p.text] == [
        ("Table Unit", "单位：人、%"),
        ("Table Note", "注：1. 一。"),
        ("Table Note", "　　2. 二。"),
        ("Table Note", "数据来源：名册"),
    ]


def test_notes_stay_together_on_a_page():
    document, _ = table_of([("甲", 1, 2.0)], notes=("一。", "二。"), source="数据来源：名册")
    notes = [p for p in document.paragraphs if p.text]
    assert [p.paragraph_format.keep_with_next for p in notes] == [True, True, None]


def test_notes_are_numbered_only_where_there_are_several():
    assert notes_below(DisplayTable("题", ("a",), ("text",), (), notes=("一。",))) == ["注：一。"]
    assert notes_below(DisplayTable("题", ("a",), ("text",), ())) == []


def test_two_tables_in_a_row_do_not_grow_together():
    document, table = table_of([("甲", 1, 2.0)])
    assert table._tbl.getnext().tag == qn("w:p")


def test_columns_fill_the_text_block_however_many_there_are():
    for count in (1, 3, 9, 14):
        columns = ("致困原因", *(f"第{i}栏的名称" for i in range(count)))
        _, table = table_of(
            [("社会保险待遇落实不到位" * 3, *range(count))], columns, ("text", *["count"] * count)
        )
        widths = [int(c.get(qn("w:w"))) for c in table._tbl.tblGrid.gridCol_lst]
        assert abs(sum(widths) - 8844) <= len(widths)
        assert min(widths) > 0


def test_wide_tables_take_the_small_styles():
    narrow, wide = (
        table_of(
            [("社会保险待遇落实不到位", *([1] * n))],
            ("原因", *(f"{i}岁 人数" for i in range(n))),
            ("text", *["count"] * n),
        )[1]
        for n in (3, 12)
    )
    assert narrow.rows[-1].cells[0].paragraphs[0].style.name == "Table Text"
    assert wide.rows[-1].cells[0].paragraphs[0].style.name == "Table Text Small"


def test_columns_of_one_group_stand_under_a_spanning_heading():
    columns = ("原因", "男 人数", "男 占比（%）", "女 人数", "女 占比（%）")
    _, table = table_of([("疾病", 1, 2.0, 3, 4.0)], columns, ("text", *["count", "percent"] * 2))
    assert grid(table) == [
        ["原因", "男", "男", "女", "女"],
        ["原因", "人数", "占比（%）", "人数", "占比（%）"],
        ["疾病", "1", "2.0", "3", "4.0"],
    ]
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True, True, False]


def test_a_space_alone_makes_no_group():
    assert levels(("p 值", "男 人数", "女 人数")) == [("", "p 值"), ("", "男 人数"), ("", "女 人数")]
    assert levels(("A 甲", "A 乙", "丙")) == [("A", "甲"), ("A", "乙"), ("", "丙")]


def test_markup_in_data_is_text():
    _, table = table_of([("<甲&乙>", 1, 2.0)])
    assert table.rows[1].cells[0].text == "<甲&乙>"


def test_an_empty_table_is_a_header():
    _, table = table_of([])
    assert grid(table) == [["单位", "人数", "占比（%）"]]
