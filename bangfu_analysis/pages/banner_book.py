"""A banner -> questionnaire.xlsx: a contents sheet with links, all questions down and breaks across, in
shares and in counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.exhibits.banner import ALL, Banner
from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.exhibits.measures import measures
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE
from bangfu_analysis.pages.excel import CONTENTS, link_to, looks_of, new_book, new_sheet

KINDS = {
    "single": "单选", "multiple": "多选", "matrix": "矩阵", "ranking": "排序，列排第一", "number": "数字",
    "text": "是否作答",
}
SHEETS = {"share": "占比", "n": "人数", "estimate": "加权人数"}
_BREAKS, _LEVELS, _FIRST = 2, 3, 4  # rows of the headings, and of the first question
BASES = {"n": ("base_n",), "share": ("base_n", "base_weighted"), "estimate": ("base_weighted",)}
_Columns = Sequence[tuple[str, str]]  # (break, level)
_Cells = dict[tuple[str, str], dict[Any, Any]]
_Question = tuple[str, str, str]  # id, title, kind


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


def _write(book: Any, looks: Mapping[str, Any], name: str, banner: Banner, measure: str) -> dict[Any, int]:
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
    sheet: Any, looks: Mapping[str, Any], banner: Banner, columns: _Columns, step: int
) -> None:
    letters = banner.frame[banner.frame["letter"].ne("")].drop_duplicates(["break", "level"])
    letter = {(row["break"], row["level"]): f"\n{row['letter']}" for _, row in letters.iterrows()}
    sheet.write_string(_BREAKS, 0, "", looks["head"])
    sheet.write_string(_LEVELS, 0, "", looks["head"])
    for name in dict.fromkeys(name for name, _ in columns):
        own = [i for i, column in enumerate(columns) if column[0] == name]
        first, last = 1 + own[0] * step, step * (own[-1] + 1)
        _span(sheet, _BREAKS, first, last, banner.breaks.get(name, ""), looks["head"])
        for i in own:
            words = columns[i][1] + letter.get(columns[i], "") if name else "合计"
            _span(sheet, _LEVELS, 1 + i * step, step * (i + 1), words, looks["head"])
    wide = 13 if step == 2 else 8
    spans = {name: wide * sum(column[0] == name for column in columns) for name in banner.breaks}
    lines = [-(-text_width(words) // max(spans[name], wide)) for name, words in banner.breaks.items()]
    sheet.set_row(_BREAKS, 15 * min(5, max(lines, default=1)) + 3)
    sheet.set_row(_LEVELS, 15 * min(6, 1 - (-max(text_width(level) for _, level in columns) // wide)) + 3)


def _span(sheet: Any, row: int, first: int, last: int, words: str, look: Any) -> None:
    if first == last:
        sheet.write_string(row, first, words, look)
    else:
        sheet.merge_range(row, first, row, last, words, look)


def _lines_of(frame: pd.DataFrame) -> dict[_Question, dict[tuple[str, str], _Cells]]:
    """The cells of each line of each question, and under ("base", "") those that tell a base, by column."""
    found: dict[_Question, dict[tuple[str, str], _Cells]] = {}
    for cell in frame.to_dict("records"):
        question = found.setdefault((cell["question_id"], cell["title"], cell["kind"]), {("base", ""): {}})
        column = cell["break"], cell["level"]
        question.setdefault((cell["row"], cell["option"]), {})[column] = cell
        if cell["row"] == "option" and (pd.notna(cell["base_n"]) or column not in question["base", ""]):
            question["base", ""][column] = cell
    return found


def _write_question(
    sheet: Any, looks: Mapping[str, Any], key: _Question, found: Mapping[tuple[str, str], _Cells],
    columns: _Columns, measure: str, step: int, top: int,
) -> int:
    """The rows of one question from `top` on: options, nets, means, bases; returns the row behind the last.
    """
    _, words, kind = key
    sheet.write_string(top, 0, f"{words}（{KINDS[kind]}）", looks["question"])
    lines: list[tuple[str, str, _Cells]] = []
    for (sort, option), cells in found.items():
        if sort in ("option", "net"):
            lines.append((f"小计：{option}" if sort == "net" else option, measure, cells))
        elif sort == "mean" and measure == "share":
            lines += [(option, "mean", cells), ("标准差", "sd", cells)]
    for name, head in (("base_n", "作答人数"), ("base_weighted", "加权作答人数")):
        if name in BASES[measure] and name in next(iter(found["base", ""].values())):
            lines.append((head, name, found["base", ""]))
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
