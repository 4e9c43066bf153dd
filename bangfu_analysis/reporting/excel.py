"""Display tables -> tables.xlsx: a contents sheet, one three-line table a sheet, native charts beside the main ones.

Nothing that comes from data can start a formula or a link. The same tables give the same bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from bangfu_analysis.errors import ArgumentError, BangfuError
from bangfu_analysis.reporting.display import DisplayTable

_FIXED_TIME = datetime(2000, 1, 1)
_NUMBER_FORMATS = {
    "text": "@",
    "count": "0",
    "percent": "0.0",
    "points": "+0.0;-0.0;0.0",
    "number": "0.00",
    "p": "0.000",
}
_ALIGN = {True: {"align": "left"}, False: {"align": "right"}}
_THICK, _THIN, _HEAD = 5, 1, 2  # border styles; the row of headings, from 0
_COLOURS = ("#1F4E79", "#D98B1F", "#6F9FBF", "#7A7A7A", "#A64B3C", "#3F7F5F")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MOST_CHARACTERS, _WIDEST, _NARROWEST = 31, 46, 9
_TOTALS = ("合计", "总计", "小计", "全部", "未详", "Total", "Not stated")
_TIME_HEADINGS = ("批次", "年份", "年度", "调查年度", "调查", "wave", "year", "Wave", "Year")
_MOST_BARS, _MOST_SERIES = 24, 6
CONTENTS = "目录"


def write_tables(
    tables: Mapping[str, DisplayTable], path: Path, *, title: str, charts: Mapping[str, str] | None = None
) -> Path:
    """Write every table to a sheet of its own behind a contents sheet; returns `path`.

    `charts`: id -> bar, line or none, where the choice made from the table (line over waves, bars over groups) does
    not suit. Raises ArgumentError for an unknown id or chart, BangfuError where the file is open elsewhere.
    """
    chosen = dict(charts or {})
    if unknown := set(chosen) - set(tables):
        raise ArgumentError.naming("charts", sorted(unknown)[0], tables)
    for kind in chosen.values():
        if kind not in ("bar", "line", "none"):
            raise ArgumentError.naming("charts", kind, ("bar", "line", "none"))
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": title, "author": "", "created": _FIXED_TIME})
    looks = _looks(book)
    names = sheet_names([table.title for table in tables.values()])
    _write_contents(book, looks, title, names, list(tables.values()))
    for name, (key, table) in zip(names, tables.items(), strict=True):
        _write_table(book, looks, name, table, chosen.get(key) or _suitable_chart(table))
    try:
        book.close()
    except FileCreateError as fault:
        raise BangfuError(f"{path.name}：无法写入，文件可能正在 Excel 或 WPS 中打开。请关闭后重新运行。") from fault
    return path


def sheet_names(titles: Sequence[str]) -> list[str]:
    """Names that Excel takes (31 characters, none of []:*?/\\, no outer apostrophe), unique as each begins with its number."""
    return [
        f"{i} {_FORBIDDEN.sub(' ', title)}"[:_MOST_CHARACTERS].strip(" '") for i, title in enumerate(titles, start=1)
    ]


@dataclass(frozen=True)
class _Looks:
    """Cell formats: rules above the heading, under it and under the last row; `body` and `last` by kind of number."""

    title: Any
    note: Any
    unit: Any
    head: Any
    link: Any
    last_link: Any
    body: Mapping[str, Any]
    last: Mapping[str, Any]


def _looks(book: Any) -> _Looks:
    font = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
    link = {**font, "font_color": "#1F4E79", "underline": 1}
    by_kind = {kind: {**font, "num_format": form} | _ALIGN[kind == "text"] for kind, form in _NUMBER_FORMATS.items()}
    return _Looks(
        title=book.add_format({**font, "bold": True, "font_size": 14}),
        note=book.add_format({**font, "font_size": 10}),
        unit=book.add_format({**font, "font_size": 10, "align": "right"}),
        head=book.add_format(
            {**font, "bold": True, "align": "center", "text_wrap": True, "top": _THICK, "bottom": _THIN}
        ),
        link=book.add_format(link),
        last_link=book.add_format({**link, "bottom": _THICK}),
        body={kind: book.add_format(look) for kind, look in by_kind.items()},
        last={kind: book.add_format({**look, "bottom": _THICK}) for kind, look in by_kind.items()},
    )


def _write_contents(book: Any, looks: _Looks, title: str, names: Sequence[str], tables: Sequence[DisplayTable]) -> None:
    sheet = book.add_worksheet(CONTENTS)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, title, looks.title)
    sheet.write_row(2, 0, ["序号", "表名", "行数"], looks.head)
    for row, (name, table) in enumerate(zip(names, tables, strict=True), start=3):
        last = row == 2 + len(tables)
        body = looks.last if last else looks.body
        sheet.write_number(row, 0, row - 2, body["count"])
        target = f"internal:'{name.replace(chr(39), chr(39) * 2)}'!A1"
        sheet.write_url(row, 1, target, looks.last_link if last else looks.link, table.title)
        sheet.write_number(row, 2, len(table.rows), body["count"])
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 1, max([24, *(_width(table.title) + 2 for table in tables)]))
    sheet.freeze_panes(3, 0)
    _print_setup(sheet)


def _write_table(book: Any, looks: _Looks, name: str, table: DisplayTable, chart: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, table.title, looks.title)
    last = len(table.columns) - 1
    sheet.write_url(1, 0, f"internal:'{CONTENTS}'!A1", looks.link, "返回目录")
    if table.unit:
        sheet.write_string(1, last, table.unit, looks.unit)
    sheet.write_row(_HEAD, 0, table.columns, looks.head)
    for index, row in enumerate(table.rows):
        body = looks.last if index == len(table.rows) - 1 else looks.body
        for column, (value, kind) in enumerate(zip(row, table.kinds, strict=True)):
            _write_cell(sheet, _HEAD + 1 + index, column, value, body[kind])
    for line, note in enumerate(_notes(table), start=_HEAD + 2 + len(table.rows)):
        sheet.write_string(line, 0, note, looks.note)
    _set_widths(sheet, table)
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
    _print_setup(sheet)
    if chart != "none":
        sheet.set_landscape()
        _add_chart(book, sheet, name, table, chart)


def _write_cell(sheet: Any, row: int, column: int, value: str | int | float, look: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value, look)
    else:
        sheet.write_number(row, column, value, look)


def _notes(table: DisplayTable) -> list[str]:
    return [*(f"注：{note}" for note in table.notes), *filter(None, [table.source])]


def _set_widths(sheet: Any, table: DisplayTable) -> None:
    """Wide enough for the longest text of a column; a long heading wraps."""
    for column, (head, *texts) in enumerate(zip(table.columns, *table.texts(), strict=True)):
        lines = 1 if table.kinds[column] == "text" else 2
        longest = max([-(-_width(head) // lines) + 2, *map(_width, texts)])
        sheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
    if max(map(_width, table.columns)) > _NARROWEST:
        sheet.set_row(_HEAD, 32)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _print_setup(sheet: Any) -> None:
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C— &P —")


def _suitable_chart(table: DisplayTable) -> str:
    """Lines over waves, bars over one dimension of a few groups, else none."""
    if table.kinds.count("text") != 1 or table.kinds[0] != "text" or not _plotted_rows(table) or not _series(table):
        return "none"
    if table.columns[0] in _TIME_HEADINGS:
        return "line"
    return "bar" if len(_plotted_rows(table)) <= _MOST_BARS else "none"


def _plotted_rows(table: DisplayTable) -> list[int]:
    """The rows before the total; none where they are not one block of rows."""
    plain = [i for i, row in enumerate(table.rows) if str(row[0]) not in _TOTALS]
    return plain if plain and plain == list(range(plain[0], plain[-1] + 1)) and len(plain) > 1 else []


def _series(table: DisplayTable) -> list[int]:
    """The columns of shares, or of counts where there are none: one unit on one axis."""
    for kind in ("percent", "count"):
        if columns := [i for i, k in enumerate(table.kinds) if k == kind]:
            return columns[:_MOST_SERIES]
    return []


def _add_chart(book: Any, sheet: Any, name: str, table: DisplayTable, kind: str) -> None:
    rows, columns = _plotted_rows(table), _series(table)
    if not rows or not columns:
        raise ArgumentError(f"表“{table.title}”没有可作图的数字列。请在 charts 中为它写 none。")
    chart = book.add_chart({"type": kind})
    first, last = _HEAD + 1 + rows[0], _HEAD + 1 + rows[-1]
    for number, column in enumerate(columns):
        colour = _COLOURS[number % len(_COLOURS)]
        chart.add_series(
            {
                "name": [name, _HEAD, column], "categories": [name, first, 0, last, 0], "values": [name, first, column, last, column],
                "fill": {"color": colour}, "line": {"color": colour, "width": 2 if kind == "line" else 0.75},
                "marker": {"type": "automatic"} if kind == "line" else None, "data_labels": {"value": len(columns) == 1}, "gap": 60,
            }
        )  # fmt: skip
    chart.set_title({"name": table.title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"} if len(columns) > 1 else {"none": True})
    value_axis = {
        "name": table.columns[columns[0]].rsplit(" ", 1)[-1],
        "min": 0,
        "major_gridlines": {"visible": False},
        "label_position": "high" if kind == "bar" else "next_to",
    }
    (chart.set_x_axis if kind == "bar" else chart.set_y_axis)(value_axis)
    if kind == "bar":
        chart.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 560, "height": min(900, max(300, (14 * len(columns) + 14) * len(rows) + 120))})
    sheet.insert_chart(_HEAD, len(table.columns) + 1, chart, {"description": f"{table.title}的图"})
