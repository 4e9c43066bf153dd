import datetime
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ColumnMissing
from bangfu_analysis.findings import Finding, findings_frame
from bangfu_analysis.pages.html import write_quality
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()
WAVE = Wave(Path("daoli/2009"), datetime.date(2009, 12, 31), scope="道里区", scheme="s2000")


class _Tables(HTMLParser):
    """The tables of a page by the heading before them, as rows of (texts, class)."""

    def __init__(self):
        super().__init__()
        self.tables, self.title, self._in = {}, "", ""

    def handle_starttag(self, tag, attrs):
        self._in = tag
        if tag == "h2":
            self.title = ""
        if tag == "tr":
            self.tables.setdefault(self.title, []).append(([], dict(attrs).get("class")))
        if tag in ("td", "th"):
            self.tables[self.title][-1][0].append("")

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "h2":
            self.title += data
        if self._in in ("td", "th"):
            self.tables[self.title][-1][0][-1] += data


def frames(**more):
    rows = dict.fromkeys([f"rows_{f}" for f in ROW_FATES], 0) | {
        "rows_kept": 8,
        "rows_merged": 1,
        "rows_headers": 1,
    }
    cells = dict.fromkeys([f"cells_{f}" for f in CELL_FATES], 0) | {"cells_header": 5, "cells_body": 45}
    sheet = {
        "source_file": "甲.xlsx",
        "source_sheet": "名册",
        "kind": "roster",
        "header_rows": "2-4",
        "first_row": 5,
        "last_row": 14,
        "rows": 10,
        "cells_filled": 50,
        "reason": "",
        **rows,
        **cells,
    }
    lost = dict.fromkeys(sheet, 0) | {
        "source_file": "<b>坏.xls",
        "source_sheet": "",
        "kind": "unreadable",
        "header_rows": "",
        "reason": "加密的文件",
    }
    lost |= {"first_row": None, "last_row": None}
    places = [(5, "C5"), (6, "C6")]
    where = ("甲.xlsx", "名册")
    found = [
        *(
            Finding("value_unknown", "看不懂", "error", "missing", *where, *at, "education", raw="某人的原文")
            for at in places
        ),
        Finding("my_own_problem", "说明", "info", "kept"),
    ]
    totals = pd.DataFrame(
        {
            "source_file": "甲.xlsx",
            "source_sheet": "名册",
            "cell": ["F9", "F10"],
            "what": ["rows", "rows"],
            "stated": [12.0, 9.0],
            "computed": [11.0, 9.0],
            "verdict": ["differs", "agrees"],
        }
    )
    workers = pd.DataFrame(
        {
            "source_file": "甲.xlsx",
            "source_sheet": "名册",
            "reporting_unit": ["甲厂", "甲厂", None],
            "id_basis": ["id_number", "row", "id_number"],
            "hardship_level": ["extreme", "general", None],
            "cause_main": ["illness", None, "illness"],
            "district": ["道里", "道里", "道里"],
        }
    )
    return {
        "sources": pd.DataFrame([sheet, lost]),
        "issues": findings_frame(found, "2009"),
        "totals": totals,
        "workers": workers,
    } | more


def page(tmp_path, **more):
    return write_quality(tmp_path / "quality.html", frames(**more), wave=WAVE, codebook=CODEBOOK).read_text(
        encoding="utf-8"
    )


def tables(text):
    parser = _Tables()
    parser.feed(text)
    return parser.tables


def test_the_page_needs_no_network_and_shows_no_contents_of_cells(tmp_path):
    text = page(tmp_path)
    assert not re.search(r"https?://|<script|<link|@import|url\(", text)
    assert "某人的原文" not in text


def test_what_comes_from_files_is_escaped(tmp_path):
    text = page(tmp_path)
    assert "<b>坏" not in text
    assert "&lt;b&gt;坏.xls" in text


def test_each_sheet_says_how_it_was_read(tmp_path):
    rows = tables(page(tmp_path))["各文件、各工作表如何读取"]
    assert rows[1:] == [
        (["甲.xlsx", "名册", "名册", "2-4", "5", "14", ""], None),
        (["<b>坏.xls", "", "未能读取", "", "", "", "加密的文件"], "alarm"),
    ]


def test_rows_and_cells_balance_and_a_line_that_does_not_is_marked(tmp_path):
    shown = tables(page(tmp_path))
    assert shown["行的去向"][-1] == (["合计", "10", "8", "0", "1", "0", "0", "1", "0"], None)
    assert shown["非空单元格的去向"][-1] == (["合计", "50", "5", "45", "0", "0", "0", "0"], None)
    broken = frames()["sources"].assign(rows=[11, 0])
    marks = [mark for _, mark in tables(page(tmp_path, sources=broken))["行的去向"][1:]]
    assert marks == ["alarm", None, "alarm"]


def test_problems_are_counted_under_their_chinese_names(tmp_path):
    rows = tables(page(tmp_path))["记录的问题"]
    assert rows[1:] == [
        (["取值不在码本中", "文化程度", "错误", "作缺失", "2"], "alarm"),
        (["my_own_problem", "—", "提示", "保留", "1"], None),
    ]
    by_unit = tables(page(tmp_path))["各单位的问题数"]
    assert sorted(r[0] for r in by_unit[1:]) == sorted(
        [["（整个批次）", "my_own_problem", "保留", "1"], ["甲厂", "取值不在码本中", "作缺失", "2"]]
    )


def test_only_totals_that_disagree_are_listed(tmp_path):
    rows = tables(page(tmp_path))["上报合计与逐行合计不符的"]
    assert rows[1:] == [(["甲.xlsx", "名册", "F9", "人数", "12", "11", "不符"], "alarm")]
    assert "共核对2项，其中1项相符。" in page(tmp_path)


def test_four_clears_are_shares_of_the_workers_of_a_unit(tmp_path):
    rows = tables(page(tmp_path))["各单位档案的四清完整率"]
    assert [r[0] for r in rows] == [
        ["填报单位", "人数", "人数清（%）", "程度清（%）", "原因清（%）", "住址清（%）", "四清（%）"],
        ["甲厂", "2", "50.0", "100.0", "50.0", "100.0", "50.0"],
        ["（未写明）", "1", "100.0", "0.0", "100.0", "100.0", "0.0"],
        ["合计", "3", "66.7", "66.7", "66.7", "100.0", "33.3"],
    ]


def test_a_wave_with_nothing_in_it_has_a_page_too(tmp_path):
    empty = {name: frame.head(0) for name, frame in frames().items()}
    text = page(tmp_path, **empty)
    for said in (
        "没有读到任何文件。",
        "没有发现问题。",
        "没有不符或无法核对的合计数。",
        "没有困难职工记录。",
    ):
        assert said in text


def test_the_same_frames_give_the_same_page(tmp_path):
    assert page(tmp_path) == page(tmp_path)


def test_a_frame_without_a_needed_column_is_named(tmp_path):
    with pytest.raises(ColumnMissing, match="write_quality 的 sources：数据框中没有列 rows_kept"):
        page(tmp_path, sources=frames()["sources"].drop(columns="rows_kept"))


def test_what_is_new_is_one_row_for_each_table_and_kind_of_change(tmp_path):
    changes = pd.DataFrame(
        [
            ("项目", "new", "workers.debt", "", "甲.xlsx", "新增项目：负债"),
            ("项目", "new", "aid.date", "", "乙.xlsx", "新增项目：帮扶时间"),
            ("项目", "new", "workers.age", "", "990101196503120011丙.xlsx", "新增项目：年龄"),
            ("取值", "unknown", "education", "", "甲.xlsx C5", "未认出的取值：2 处，如 甲.xlsx C5"),
            ("版式", "new", "", "aid", "乙.xlsx", "新的表的种类：aid（如 乙.xlsx）"),
        ],
        columns=["subject", "event", "variable", "item", "where", "message"],
    )
    path = write_quality(tmp_path / "q.html", frames(), wave=WAVE, codebook=CODEBOOK, changes=changes)
    rows = tables(path.read_text(encoding="utf-8"))["与上一批次相比"]
    assert [cells for cells, _ in rows] == [
        ["表", "变化", "内容", "如"],
        ["名册", "新增项目", "负债；年龄", "甲.xlsx"],
        ["帮扶台账", "新增项目", "帮扶时间", "乙.xlsx"],
        ["", "未认出的取值", "文化程度 2 处，如 甲.xlsx C5", "甲.xlsx C5"],
        ["", "新的表的种类", "帮扶台账", "乙.xlsx"],
    ]


def test_numbers_of_persons_in_the_names_of_files_are_masked(tmp_path):
    named = frames()["sources"].assign(source_file="99010119650312001X 20091231.xlsx")
    text = page(tmp_path, sources=named)
    assert "****************** 20091231.xlsx" in text and "9901011965" not in text
