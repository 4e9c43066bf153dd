"""Display tables -> tables.xlsx: a contents sheet, one three-line table a sheet, native charts beside the
main ones.

Nothing that comes from data can start a formula or a link. The same tables give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import xlsxwriter

from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.exhibits.measures import DECIMALS
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.chart import Chart

_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_FIXED_TIME = datetime(2000, 1, 1)
_FORMS = {k: f"{0:.{n}f}" for k, n in DECIMALS.items()} | {"points": "+0.0;-0.0;0.0", "amount": "General"}
_THICK, _THIN, _HEAD = 5, 1, 2  # border styles; the row of headings, from 0
_COLOURS = ("#1F4E79", "#D98B1F", "#6F9FBF", "#7A7A7A", "#A64B3C", "#3F7F5F")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MOST_CHARACTERS, _WIDEST, _NARROWEST = 31, 46, 9
_MOST_MARKS = 100  # bars or points that can be read in a chart
_BARS, _STACKED = {"type": "bar"}, {"type": "bar", "subtype": "stacked"}
_NATIVE = {  # shape -> chart of Excel, and by how many percent its bars overlap
    "bars": (_BARS, 0), "heatmap": (_BARS, 0), "pyramid": (_BARS, 100), "stacked": (_STACKED, 100),
    "flow": (_STACKED, 100), "lines": ({"type": "line"}, 0),
}  # fmt: skip
CONTENTS = "目录"


def tables_book(tables: Mapping[str, DisplayTable], charts: Mapping[str, Chart], *, title: str) -> bytes:
    """A workbook with every table on a sheet of its own behind a contents sheet, and beside it its chart.

    `charts` go by the names of their tables; those of too many bars to read are left out.
    """
    book = new_book(title)
    looks = looks_of(book)
    names = sheet_names([table.title for table in tables.values()])
    _write_contents(book, looks, title, names, tables)
    readable = {id: chart for id, chart in charts.items() if chart.values.size <= _MOST_MARKS}
    for name, (id, table) in zip(names, tables.items(), strict=True):
        _write_table(book, looks, name, table, readable.get(id))
    book.close()
    return bytes(book.filename.getvalue())


def new_book(title: str) -> Any:
    """A workbook in which nothing written can become a formula or a link, without author and hour."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(io.BytesIO(), options)
    book.set_properties({"title": title, "author": "", "created": _FIXED_TIME})
    return book


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
    return {name: book.add_format({**_FONT, **look}) for name, look in looks.items()}


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


def _write_table(
    book: Any, looks: Mapping[str, Any], name: str, table: DisplayTable, chart: Chart | None
) -> None:
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
    if chart is not None:
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


def _add_chart(book: Any, sheet: Any, name: str, table: DisplayTable, drawn: Chart) -> None:
    """A native chart beside the table, of numbers that stand below it: a mark in a cell is no number."""
    kind, overlap = _NATIVE[drawn.shape]
    chart, series = book.add_chart(kind), drawn.native_series
    left, lines, rows = len(table.columns) + 1, drawn.shape == "lines", len(drawn.rows)
    bars = 14 * (1 if overlap else len(series)) + 14
    height = min(900, max(300, (0 if lines else bars * rows) + 120))
    top = _HEAD + height // 20 + 2
    _write_numbers(book, sheet, drawn, top, left)
    first, last = top + 1, top + rows
    between = [{"delete": 0 < n < rows - 1} for n in range(rows)]  # lines are labelled at their ends
    for n in range(len(series)):
        colour, column = drawn.colours.get(drawn.series[n], _COLOURS[n % len(_COLOURS)]), left + 1 + n
        chart.add_series(
            {
                "name": [name, top, column], "categories": [name, first, left, last, left],
                "values": [name, first, column, last, column], "fill": {"color": colour}, "gap": 60,
                "line": {"color": colour, "width": 2 if lines else 0.75}, "overlap": overlap,
                "marker": {"type": "automatic"} if lines else None,
                "data_labels": {"value": True, "num_format": drawn.native_form, "custom": between * lines},
            }
        )  # fmt: skip
    bare = {"major_gridlines": {"visible": False}, "num_format": drawn.native_form}
    low = {"min": 0} if np.nanmin(drawn.native_values) >= 0 else {}
    chart.set_title({"name": table.title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"} if len(series) > 1 else {"none": True})
    values = {"name": drawn.subtitle.partition("，")[0], **bare, **low}
    names = {"label_position": "low", "reverse": not lines and drawn.shape != "pyramid"}
    if lines:
        chart.set_y_axis(values)
        chart.set_x_axis(names)
    else:  # the axes of lying bars are named after those of upright ones
        chart.set_x_axis({**values, "label_position": "high" if names["reverse"] else "next_to"})
        chart.set_y_axis({**names, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 560, "height": height})
    sheet.insert_chart(_HEAD, left, chart, {"description": f"{table.title}的图"})


def _write_numbers(book: Any, sheet: Any, drawn: Chart, top: int, left: int) -> None:
    """The numbers of a chart below it, by row and series; nothing where one is hidden."""
    words, plain = book.add_format(_FONT), book.add_format({**_FONT, "num_format": drawn.native_form})
    sheet.write_string(top - 1, left, "图中数字", words)
    sheet.write_row(top, left + 1, drawn.native_series, words)
    sheet.write_column(top + 1, left, [label.replace("\n", " ") for label in drawn.rows], words)
    for (row, column), number in np.ndenumerate(drawn.native_values):
        if not np.isnan(number):
            sheet.write_number(top + 1 + row, left + 1 + column, number, plain)
    sheet.set_column(left, left, 20)
    sheet.set_column(left + 1, left + len(drawn.series), 12)
