"""Display tables -> tables.xlsx: a contents sheet, one three-line table a sheet, native charts beside the
main ones. And a banner -> questionnaire.xlsx: all questions down and breaks across, in shares and in counts.

Nothing that comes from data can start a formula or a link. The same tables give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bangfu_analysis.exhibits.banner import ALL, Banner
from bangfu_analysis.exhibits.labels import WORDS, text_width
from bangfu_analysis.exhibits.measures import DECIMALS, measures
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE, DisplayTable
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
KINDS = WORDS["question_kinds"]
SHEETS = {"share": "占比", "n": "人数", "estimate": "加权人数"}
_BREAKS, _LEVELS, _FIRST = 2, 3, 4  # rows of the headings, and of the first question
BASES = {"n": ("base_n",), "share": ("base_n", "base_weighted"), "estimate": ("base_weighted",)}
_Looks = Mapping[str, Format]
_Columns = Sequence[tuple[str, str]]  # (break, level)
_Cells = dict[tuple[str, str], dict[Any, Any]]
_Question = tuple[str, str, str]  # id, title, kind


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


def new_book(title: str) -> Workbook:
    """A workbook in which nothing written can become a formula or a link, without author and hour."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(io.BytesIO(), options)
    book.set_properties({"title": title, "author": "", "created": _FIXED_TIME})
    return book


def sheet_names(titles: Sequence[str]) -> list[str]:
    """Names that Excel takes (31 characters, none of []:*?/\\, no outer apostrophe), unique as each begins
    with its number.
    """
    plain = [f"{i} {_FORBIDDEN.sub(' ', title)}" for i, title in enumerate(titles, start=1)]
    return [name[:_MOST_CHARACTERS].strip(" '") for name in plain]


def looks_of(book: Workbook) -> dict[str, Format]:
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
    book: Workbook, looks: _Looks, title: str, names: Sequence[str], tables: Mapping[str, DisplayTable]
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
    book: Workbook, looks: _Looks, name: str, table: DisplayTable, chart: Chart | None
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


def new_sheet(book: Workbook, name: str, title: str, looks: _Looks) -> Worksheet:
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


def _set_widths(sheet: Worksheet, table: DisplayTable) -> None:
    """Wide enough for the longest text of a column; a long heading wraps."""
    for column, (head, *texts) in enumerate(zip(table.columns, *table.texts(), strict=True)):
        lines = 1 if table.kinds[column] == "text" else 2
        longest = max([-(-text_width(head) // lines) + 2, *map(text_width, texts)])
        sheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
    if max(map(text_width, table.columns)) > _NARROWEST:
        sheet.set_row(_HEAD, 32)


def _add_chart(book: Workbook, sheet: Worksheet, name: str, table: DisplayTable, drawn: Chart) -> None:
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


def _write_numbers(book: Workbook, sheet: Worksheet, drawn: Chart, top: int, left: int) -> None:
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


def banner_book(banners: Sequence[Banner], *, title: str, notes: Sequence[str] = ()) -> bytes:
    """The workbook of one banner a questionnaire. Shares have the letters of the columns that they exceed
    beside them.
    """
    book = new_book(title)
    looks = looks_of(book)
    contents, line = new_sheet(book, CONTENTS, title, looks), _LEVELS
    contents.write_row(2, 0, ["题目", "题型", "表"], looks["head"])
    contents.set_column(0, 0, 60)
    contents.set_column(1, 2, 16)
    for nth, banner in enumerate(banners, start=1):
        for measure, word in SHEETS.items():
            if measure in banner.frame:
                name = word if len(banners) == 1 else f"{word}{nth}"
                places = _write(book, looks, name, banner, measure)
                for (id, words, kind), row in places.items() if measure == "share" else ():
                    contents.write_url(line, 0, link_to(name, row), looks["link"], words)
                    contents.write_string(line, 1, KINDS[kind], looks["text"])
                    contents.write_string(line, 2, f"{name}（{id}）", looks["text"])
                    line += 1
    for note in [*(note for banner in banners for note in banner.notes), *notes]:
        line += 1
        contents.write_string(line, 0, note, looks["note"])
    book.close()
    return bytes(book.filename.getvalue())


def _write(book: Workbook, looks: _Looks, name: str, banner: Banner, measure: str) -> dict[Any, int]:
    """One sheet; returns the row at which each question begins."""
    sheet = new_sheet(book, name, f"{banner.title}：{SHEETS[measure]}", looks)
    sheet.write_url(1, 0, link_to(CONTENTS), looks["link"], "返回目录")
    columns = list(banner.frame[["break", "level"]].drop_duplicates().itertuples(index=False, name=None))
    order = {name: i for i, name in enumerate([ALL, *banner.breaks])}
    columns.sort(key=lambda column: order[column[0]])
    step = 2 if measure == "share" else 1
    _write_headings(sheet, looks, banner, columns, step)
    places, row = dict[_Question, int](), _FIRST
    for key, lines in _lines_of(banner.frame).items():
        places[key] = row
        row = _write_question(sheet, looks, key, lines, columns, measure, step, row) + 1
    sheet.freeze_panes(_FIRST, 1)
    sheet.repeat_rows(_BREAKS, _LEVELS)
    sheet.set_landscape()
    sheet.set_column(0, 0, 50)
    for i in range(len(columns)):
        sheet.set_column(1 + i * step, 1 + i * step, 9)
        if step == 2:
            sheet.set_column(2 + i * step, 2 + i * step, 5)
    return places


def _write_headings(
    sheet: Worksheet, looks: _Looks, banner: Banner, columns: _Columns, step: int
) -> None:
    letters = banner.frame[banner.frame["letter"].ne("")].drop_duplicates(["break", "level"])
    letter = {(row["break"], row["level"]): f"\n{row['letter']}" for _, row in letters.iterrows()}
    sheet.write_string(_BREAKS, 0, "", looks["head"])
    sheet.write_string(_LEVELS, 0, "", looks["head"])
    for name in dict.fromkeys(name for name, _ in columns):
        places = [i for i, column in enumerate(columns) if column[0] == name]
        first, last = 1 + places[0] * step, step * (places[-1] + 1)
        _span(sheet, _BREAKS, first, last, banner.breaks.get(name, ""), looks["head"])
        for i in places:
            words = columns[i][1] + letter.get(columns[i], "") if name else "合计"
            _span(sheet, _LEVELS, 1 + i * step, step * (i + 1), words, looks["head"])
    wide = 13 if step == 2 else 8
    spans = {name: wide * sum(column[0] == name for column in columns) for name in banner.breaks}
    lines = [-(-text_width(words) // max(spans[name], wide)) for name, words in banner.breaks.items()]
    sheet.set_row(_BREAKS, 15 * min(5, max(lines, default=1)) + 3)
    sheet.set_row(_LEVELS, 15 * min(6, 1 - (-max(text_width(level) for _, level in columns) // wide)) + 3)


def _span(sheet: Worksheet, row: int, first: int, last: int, words: str, look: Format) -> None:
    if first == last:
        sheet.write_string(row, first, words, look)
    else:
        sheet.merge_range(row, first, row, last, words, look)


def _lines_of(frame: pd.DataFrame) -> dict[_Question, dict[tuple[str, str], _Cells]]:
    """The cells of each line of each question, and under ("base", "") those that tell a base, by column."""
    lines: dict[_Question, dict[tuple[str, str], _Cells]] = {}
    for cell in frame.to_dict("records"):
        question = lines.setdefault((cell["question_id"], cell["title"], cell["kind"]), {("base", ""): {}})
        column = cell["break"], cell["level"]
        question.setdefault((cell["row"], cell["option"]), {})[column] = cell
        if cell["row"] == "option" and (pd.notna(cell["base_n"]) or column not in question["base", ""]):
            question["base", ""][column] = cell
    return lines


def _write_question(
    sheet: Worksheet, looks: _Looks, key: _Question, answers: Mapping[tuple[str, str], _Cells],
    columns: _Columns, measure: str, step: int, top: int,
) -> int:
    """The rows of one question from `top` on: options, nets, means, bases; returns the row behind the last.
    """
    _, words, kind = key
    sheet.write_string(top, 0, f"{words}（{KINDS[kind]}）", looks["question"])
    lines: list[tuple[str, str, _Cells]] = []
    for (sort, option), cells in answers.items():
        if sort in ("option", "net"):
            lines.append((f"小计：{option}" if sort == "net" else option, measure, cells))
        elif sort == "mean" and measure == "share":
            lines += [(option, "mean", cells), ("标准差", "sd", cells)]
    for name, head in (("base_n", "作答人数"), ("base_weighted", "加权作答人数")):
        if name in BASES[measure] and name in next(iter(answers["base", ""].values())):
            lines.append((head, name, answers["base", ""]))
    for row, (label, name, cells) in enumerate(lines, start=top + 1):
        last = " last" if row == top + len(lines) else ""
        sheet.write_string(row, 0, label, looks["text" + last])
        one = measures()[name]
        look = looks[one.kind + last]
        for i, column in enumerate(columns):
            cell = cells.get(column, {})  # none: a question across itself, or asked of one column
            if pd.notna(cell.get(name)):
                sheet.write_number(row, 1 + i * step, one.rounded(cell[name]), look)
            else:
                nobody = not cell or (pd.notna(cell["base_n"]) and not cell["base_n"])
                sheet.write_string(row, 1 + i * step, NOT_APPLICABLE if nobody else HIDDEN, look)
            if step > 1:
                letters = str(cell.get("higher_than", "")) if name == "share" else ""
                sheet.write_string(row, 2 + i * step, letters, looks["letter" + last])
    return top + len(lines) + 1
