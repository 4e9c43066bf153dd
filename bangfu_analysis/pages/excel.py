"""Display tables -> tables.xlsx: a contents sheet, one three-line table a sheet, native charts beside the
main ones.

Nothing that comes from data can start a formula or a link. The same tables give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.exhibits.measures import DECIMALS
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.files import write

_FIXED_TIME = datetime(2000, 1, 1)
_FORMS = {k: f"{0:.{n}f}" for k, n in DECIMALS.items()} | {"points": "+0.0;-0.0;0.0", "amount": "General"}
_THICK, _THIN, _HEAD = 5, 1, 2  # border styles; the row of headings, from 0
_COLOURS = ("#1F4E79", "#D98B1F", "#6F9FBF", "#7A7A7A", "#A64B3C", "#3F7F5F")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MOST_CHARACTERS, _WIDEST, _NARROWEST = 31, 46, 9
_TOTALS = ("合计", "总计", "小计", "全部", "未详", "Total", "Not stated")
_TIME_HEADINGS = ("批次", "年份", "年度", "调查年度", "调查", "wave", "year", "Wave", "Year")
_MOST_BARS, _MOST_SERIES = 24, 6
CONTENTS = "目录"


def write_tables(tables: Mapping[str, DisplayTable], path: Path, *, title: str) -> Path:
    """Write `tables_book` to `path` and return it; BangfuError where the file is open elsewhere."""
    return write(path, tables_book(tables, title=title))


def tables_book(tables: Mapping[str, DisplayTable], *, title: str) -> bytes:
    """A workbook with every table on a sheet of its own behind a contents sheet.

    Beside a table over waves stands a line chart, beside one of a few groups a bar chart.
    """
    book = new_book(title)
    looks = looks_of(book)
    names = sheet_names([table.title for table in tables.values()])
    _write_contents(book, looks, title, names, tables)
    for name, table in zip(names, tables.values(), strict=True):
        _write_table(book, looks, name, table)
    book.close()
    return bytes(book.filename.getvalue())


def new_book(title: str) -> Any:
    """A workbook in which nothing written can become a formula or a link, without author and hour."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(io.BytesIO(), options)
    book.set_properties({"title": title, "author": "", "created": _FIXED_TIME})
    return book


def closed(book: Any, path: Path, *, keep: bool = False) -> Path:
    """The path of the workbook, written (see `write`); BangfuError where it is open elsewhere."""
    book.close()
    return write(path, book.filename.getvalue(), keep=keep)


def sheet_names(titles: Sequence[str]) -> list[str]:
    """Names that Excel takes (31 characters, none of []:*?/\\, no outer apostrophe), unique as each begins
    with its number.
    """
    plain = [f"{i} {_FORBIDDEN.sub(' ', title)}" for i, title in enumerate(titles, start=1)]
    return [name[:_MOST_CHARACTERS].strip(" '") for name in plain]


def looks_of(book: Any) -> dict[str, Any]:
    """Cell formats by name, those of a table's cells by kind of number; "… last" has the rule under the last
    row.
    """
    font = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
    body: dict[str, dict[str, Any]] = {
        "text": {"num_format": "@", "align": "left"},
        **{kind: {"num_format": form, "align": "right"} for kind, form in _FORMS.items()},
        "link": {"font_color": "#1F4E79", "underline": 1},
        "letter": {"font_color": "#A64B3C", "align": "left", "font_size": 9},
    }
    looks: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14},
        "note": {"font_size": 10},
        "question": {"bold": True, "font_color": "#1F4E79"},
        "unit": {"font_size": 10, "align": "right"},
        "head": {"bold": True, "align": "center", "text_wrap": True, "top": _THICK, "bottom": _THIN},
        **body,
        **{f"{kind} last": {**look, "bottom": _THICK} for kind, look in body.items()},
    }
    return {name: book.add_format({**font, **look}) for name, look in looks.items()}


def _write_contents(
    book: Any, looks: Mapping[str, Any], title: str, names: Sequence[str], tables: Mapping[str, DisplayTable]
) -> None:
    sheet = new_sheet(book, CONTENTS, title, looks)
    sheet.write_row(_HEAD, 0, ["序号", "表名", "行数", "代号"], looks["head"])
    for number, (name, (id, table)) in enumerate(zip(names, tables.items(), strict=True), start=1):
        row, last = _HEAD + number, " last" if number == len(tables) else ""
        sheet.write_number(row, 0, number, looks["count" + last])
        sheet.write_url(row, 1, link_to(name), looks["link" + last], table.title)
        sheet.write_number(row, 2, len(table.rows), looks["count" + last])
        sheet.write_string(row, 3, id, looks["text" + last])  # what outline.yaml calls it
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 1, max([24, *(text_width(table.title) + 2 for table in tables.values())]))
    sheet.set_column(3, 3, 26)
    sheet.freeze_panes(_HEAD + 1, 0)


def _write_table(book: Any, looks: Mapping[str, Any], name: str, table: DisplayTable) -> None:
    sheet = new_sheet(book, name, table.title, looks)
    sheet.write_url(1, 0, link_to(CONTENTS), looks["link"], "返回目录")
    if table.unit:
        sheet.write_string(1, len(table.columns) - 1, table.unit, looks["unit"])
    sheet.write_row(_HEAD, 0, table.columns, looks["head"])
    for line, row in enumerate(table.rows, start=1):
        last = " last" if line == len(table.rows) else ""
        for column, (value, kind) in enumerate(zip(row, table.kinds, strict=True)):
            write = sheet.write_string if isinstance(value, str) else sheet.write_number
            write(_HEAD + line, column, value, looks[kind + last])
    notes = [*(f"注：{note}" for note in table.notes), *filter(None, [table.source])]
    for line, note in enumerate(notes, start=_HEAD + 2 + len(table.rows)):
        sheet.write_string(line, 0, note, looks["note"])
    _set_widths(sheet, table)
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
    if chart := _suitable_chart(table):
        sheet.set_landscape()
        _add_chart(book, sheet, name, table, chart)


def new_sheet(book: Any, name: str, title: str, looks: Mapping[str, Any]) -> Any:
    """A sheet with its title, set to print on A4 as wide as the page, numbered below."""
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C— &P —")
    sheet.write_string(0, 0, title, looks["title"])
    return sheet


def link_to(name: str, row: int = 0) -> str:
    """A link to a row of a sheet, counted from 0."""
    return "internal:'{}'!A{}".format(name.replace("'", "''"), row + 1)


def _set_widths(sheet: Any, table: DisplayTable) -> None:
    """Wide enough for the longest text of a column; a long heading wraps."""
    for column, (head, *texts) in enumerate(zip(table.columns, *table.texts(), strict=True)):
        lines = 1 if table.kinds[column] == "text" else 2
        longest = max([-(-text_width(head) // lines) + 2, *map(text_width, texts)])
        sheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
    if max(map(text_width, table.columns)) > _NARROWEST:
        sheet.set_row(_HEAD, 32)


def _suitable_chart(table: DisplayTable) -> str:
    """Lines over waves, bars over one dimension of a few groups, else "" for none."""
    rows = _plotted_rows(table)
    if table.kinds.count("text") != 1 or table.kinds[0] != "text" or not rows or not _series(table):
        return ""
    if table.columns[0] in _TIME_HEADINGS:
        return "line"
    return "bar" if len(rows) <= _MOST_BARS else ""


def _plotted_rows(table: DisplayTable) -> list[int]:
    """The rows between or before the totals, where there are two or more."""
    plain = [i for i, row in enumerate(table.rows) if str(row[0]) not in _TOTALS]
    return plain if len(plain) > 1 else []


def _series(table: DisplayTable) -> list[int]:
    """The columns of shares, or of counts where there are none: one unit on one axis."""
    for kind in ("percent", "count"):
        if columns := [i for i, k in enumerate(table.kinds) if k == kind]:
            return columns[:_MOST_SERIES]
    return []


def _add_chart(book: Any, sheet: Any, name: str, table: DisplayTable, kind: str) -> None:
    rows, columns = _plotted_rows(table), _series(table)
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
    unit, bare = table.columns[columns[0]].rsplit(" ", 1)[-1], {"major_gridlines": {"visible": False}}
    place = "high" if kind == "bar" else "next_to"
    (chart.set_x_axis if kind == "bar" else chart.set_y_axis)({"name": unit, "min": 0, **bare, "label_position": place})
    if kind == "bar":
        chart.set_y_axis({"reverse": True, **bare})
    chart.set_size({"width": 560, "height": min(900, max(300, (14 * len(columns) + 14) * len(rows) + 120))})
    sheet.insert_chart(_HEAD, len(table.columns) + 1, chart, {"description": f"{table.title}的图"})
