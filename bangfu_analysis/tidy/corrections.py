"""Queries out to reporting units, answers in, replayed by every later clean.

A query names a cell and asks; the answered workbook lies in the wave folder as `corrections.xlsx` (several:
any name that begins so). Each answer is applied to the raw cell before it is cleaned, if the cell still says
what it said when the question was asked: 核对码 is a keyed hash of that, so that the sheet shows no
identifying content.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bangfu_analysis.cleaning.readings import text_of, told
from bangfu_analysis.codebook import Variable
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.files import safe_names, write
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.apart import read_apart
from bangfu_analysis.reading.tables import Sheet, SheetReading, column_letters, mapped_columns
from bangfu_analysis.reading.workbook import read_sheets
from bangfu_analysis.text import is_blank, squeeze
from bangfu_analysis.tidy.values import at_place

COLUMNS = ("编号", "文件", "工作表", "单元格", "项目", "原填", "问题", "请填正确内容", "核对码")
ANSWER = "请填正确内容"
OPTIONS = "选项"  # the sheet that drop-downs take their lists from
PLACE = ["source_file", "source_sheet", "cell", "variable"]
ASKED = ("missing", "conflict")
_RIGHT = re.compile("(原填|原表|经?核实|经?核对|情况|填写)*(无误|正确|属实|[没无]错|没有(错误|问题)|准确)")
Filled = tuple[str, int, dict[str, object]]  # sheet, row, cells by heading
_BLANK_ID = "身份证号空着，无法与其他名册和以前的批次对上。请补填 18 位号码。"


class Answer(NamedTuple):
    """One answered question."""

    file: str
    sheet: str
    cell: str
    answer: object
    check: str


def queries_frame(
    issues: pd.DataFrame, workers: pd.DataFrame, sheets: Sequence[SheetReading], key: bytes
) -> dict[str, pd.DataFrame]:
    """Reporting unit -> its questions (columns COLUMNS, text): one per cell that was given up or is in
    conflict, and per worker whose ID number is blank; none for a cell that an answer has confirmed.
    """
    blank = pd.DataFrame(_blank_ids(sheets, workers), columns=[*PLACE, "source_row", "raw", "message"])
    open_ones = issues["action"].isin(ASKED) | issues["problem"].eq("id_truncated")
    given_up = issues[open_ones & issues["cell"].ne("")]
    every = pd.concat([given_up, blank], ignore_index=True) if len(blank) else given_up
    confirmed = pd.MultiIndex.from_frame(issues.loc[issues["problem"].eq("correction_no_change"), PLACE])
    asked = every[~pd.MultiIndex.from_frame(every[PLACE]).isin(confirmed)].groupby(PLACE, sort=False)
    one_each = asked.agg({"raw": "first", "message": "；".join, "source_row": "first"}).reset_index()
    cells = {
        (t.file, t.sheet, column.address(int(row)), column.meaning.name): (column.meaning.label, raw)
        for t, column in mapped_columns(sheets)
        for row, raw in zip(t.body.index, t.body[column.index], strict=True)
    }
    of_sheets = workers.groupby(["source_file", "source_sheet"])["reporting_unit"]
    units = of_sheets.agg(lambda names: next(iter(names.value_counts().index), ""))
    of_rows = workers.set_index(["source_file", "source_sheet", "source_row"])["reporting_unit"].to_dict()
    rows = []
    for *place, variable, quote, message, row in one_each.itertuples(index=False):
        if (*place, variable) in cells:
            label, raw = cells[*place, variable]
            of_row = of_rows.get((*place[:2], row))
            unit = of_row if isinstance(of_row, str) else units.get((*place[:2],), "") or Path(place[0]).stem
            rows.append((unit, *place, label, quote, message, "", check_code(raw, key)))
    table = pd.DataFrame(rows, columns=["unit", *COLUMNS[1:]])
    return {
        str(unit): part.assign(编号=range(1, len(part) + 1))[list(COLUMNS)].reset_index(drop=True)
        for unit, part in table.groupby("unit")
    }


def _blank_ids(sheets: Sequence[SheetReading], workers: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Place, row, content and question of every blank ID number of a worker in a column that asks for it."""
    known = set(zip(workers["source_file"], workers["source_sheet"], workers["source_row"], strict=True))
    for table, column in mapped_columns(sheet for sheet in sheets if not sheet.set_aside):
        blank = table.body[column.index].map(is_blank) if column.means("workers", "id_number") else ()
        for row in table.body.index[blank] if len(blank) else ():
            if table.is_form or (table.file, table.sheet, row) in known:
                where = (table.file, table.sheet, column.address(int(row)), "id_number")
                yield *where, None if table.is_form else row, "", _BLANK_ID


def check_code(raw: object, key: bytes) -> str:
    """Ten hex digits of a keyed hash of what a cell says, and four that tell the key from another."""
    texts = (f"cell:{raw}", "key")
    cell, mark = (hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts)
    return cell[:10] + mark[:4]


def write_queries(queries: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """queries.xlsx with all units, a sheet each, and queries/<unit>.xlsx to send out; the answer column is
    left open.

    A workbook of that name that holds answers stays as it is; the new one is called <name>_新.xlsx.
    """
    single = [folder / "queries" / f"{name}.xlsx" for name in safe_names(queries).values()]
    whole, *single = map(_unanswered, [folder / "queries.xlsx", *single])
    sheets = {_sheet_name(n, unit): questions for n, (unit, questions) in enumerate(queries.items(), 1)}
    for path, (unit, questions) in zip(single, queries.items(), strict=True):
        write_sheets({_sheet_name(1, unit): questions}, path)
    return [write_sheets(sheets, whole), *single]


def _sheet_name(number: int, unit: str) -> str:
    return f"{number}_" + re.sub(r"[\[\]:*?/\\']", "_", unit)[:26]


def _unanswered(path: Path) -> Path:
    """`path`, or the nearest name beside it under which no answers lie."""
    answered = path.exists() and any(True for _ in answered_rows(path, COLUMNS, ANSWER))
    return _unanswered(path.with_stem(f"{path.stem}_新")) if answered else path


def write_sheets(
    sheets: Mapping[str, pd.DataFrame], path: Path, *, answer: str = ANSWER,
    widths: Sequence[int] = (6, 22, 14, 8, 20, 18, 60, 22, 12), options: Sequence[Sequence[str]] = (),
) -> Path:
    """A workbook of questions, a sheet each; where `answer` is empty the cell is left open and coloured.

    `options`: what the answer to each row may be, as a drop-down, where one sheet asks for a choice.
    """
    import xlsxwriter
    from xlsxwriter.utility import xl_rowcol_to_cell

    how = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written := io.BytesIO(), how) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        open_cell = book.add_format({"bg_color": "#FFF4CC", "text_wrap": True, "num_format": "@"})
        for name, questions in sheets.items():
            sheet, at = book.add_worksheet(name), questions.columns.get_loc(answer)
            sheet.write_row(0, 0, list(questions.columns), head)
            for place, values in enumerate(questions.astype(str).to_numpy().tolist(), 1):
                sheet.write_row(place, 0, values, wrapped)
                sheet.write(place, at, values[at] or None, open_cell)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            sheet.freeze_panes(1, 0)
        if options:
            lists = book.add_worksheet(OPTIONS)
        for place, choices in enumerate(options, 1):
            lists.write_row(place - 1, 0, choices)
            last = xl_rowcol_to_cell(place - 1, max(len(choices), 1) - 1, row_abs=True, col_abs=True)
            source = f"={OPTIONS}!$A${place}:{last}"
            rule = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(place, at, place, at, rule)
    return write(path, written.getvalue(), keep=not options, private=True)


def read_answers(folder: Path) -> list[Answer]:
    """The answers in the wave folder's corrections*.xlsx, in order of files and rows; questions left open are
    no answers.
    """
    files, asked = sorted(folder.glob("corrections*.xlsx")), ("文件", "工作表", "单元格", "核对码")
    found = []
    rows = ((path, *row) for path in files for row in answered_rows(path, COLUMNS, ANSWER))
    before: dict[tuple[str, ...], tuple[object, str]] = {}
    for path, page, number, row in rows:
        file, sheet, cell, check = (str(row[name] or "").strip() for name in asked)
        if not (file and re.fullmatch("[0-9a-f]{14}", check) and re.fullmatch("[A-Z]{1,3}[1-9][0-9]*", cell)):
            fault = f"文件“{file}”、单元格“{cell}”、核对码“{check}”没有填全或被改动，不知道答的是哪一格"
            raise FileRefused(f"{path.name} [{page}] 第 {number} 行：{fault}。请照原表恢复，或删去这一行。")
        place, answer = f"{path.name} [{page}] 第 {number} 行", row[ANSWER]
        first, where = before.setdefault((file, sheet, cell), (answer, place))
        if first != answer:
            fault = f"{file} {cell} 的答复与 {where} 的不同"
            raise FileRefused(f"{place}：{fault}。请核对，只留一个。")
        found.append(Answer(file, sheet, cell, answer, check))
    return found


def answered_rows(path: Path, columns: Sequence[str], answer: str) -> Iterator[Filled]:
    """Sheet, row and cells by heading of every row with an answer; FileRefused where the headings are not
    `columns`.
    """
    return (found for found in rows_of(path, columns) if not is_blank(found[2][answer]))


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[Filled]:
    """Sheet, row and cells by heading of every row of a workbook that `write_sheets` wrote."""

    def refused(path: Path, why: str) -> list[Sheet]:
        raise FileRefused(f"{path.name}：{why}，未采用其中的答复。请用 Excel 打开，另存为 .xlsx。")

    read = (sheet for sheets in read_apart([path], _sheets_of, refused) for sheet in sheets)
    for sheet in (sheet for sheet in read if sheet.cells and sheet.name != OPTIONS):
        heads = [squeeze(str(value)) for value in sheet.cells[0]]
        _refuse_odd_cells(path, sheet)
        if twice := [name for n, name in enumerate(heads) if name in columns and name in heads[:n]]:
            raise FileRefused(f"{path.name} [{sheet.name}] 第 1 行：列名 {twice[0]} 重复。请去掉一列。")
        if absent := [name for name in columns if name not in heads]:
            fault = f"应为列名 {'、'.join(columns)}，没有 {'、'.join(absent)}。请用程序写出的表填写。"
            raise FileRefused(f"{path.name} [{sheet.name}] 第 1 行：{fault}")
        for number, cells in enumerate(sheet.cells[1:], 2):
            yield sheet.name, number, dict(zip(heads, cells, strict=True))


def _refuse_odd_cells(path: Path, sheet: Sheet) -> None:
    """FileRefused where cells are merged, or a formula has no result: what was answered is not certain."""
    odd = {(top, left): "是合并的单元格，请取消合并" for top, left, *_ in sheet.merged}
    odd |= dict.fromkeys(sheet.uncalculated, "是没有结果的公式，请直接填写内容")
    for (row, column), why in sorted(odd.items()):
        cell = f"{column_letters(column)}{sheet.row_numbers[row - 1]}"
        raise FileRefused(f"{path.name} [{sheet.name}] {cell}：{why}。")


def lists_of(path: Path) -> list[list[str]]:
    """What the drop-downs of a workbook that `write_sheets` wrote offer, row by row."""
    lists = (sheet.cells for sheet in _sheets_of(path) if sheet.name == OPTIONS)
    return [[str(cell) for cell in row if not is_blank(cell)] for row in next(lists, [])]


def _sheets_of(path: Path) -> list[Sheet]:
    return read_sheets(path, path.name)


def apply_answers(
    sheets: Sequence[SheetReading], answers: Sequence[Answer], key: bytes
) -> tuple[list[SheetReading], list[Finding]]:
    """The sheets with the answered cells replaced, and what became of each answer as a finding ."""
    current = list(sheets)
    findings = []
    for answer in answers:
        current, finding = _apply(current, answer, key)
        findings.append(finding)
    return current, findings


def _apply(sheets: list[SheetReading], answer: Answer, key: bytes) -> tuple[list[SheetReading], Finding]:
    asked = [sheet for sheet in sheets if (sheet.file, sheet.sheet) == (answer.file, answer.sheet)]
    cells = ((table, column, int(row)) for table, column in mapped_columns(asked) for row in table.body.index)
    found = next((cell for cell in cells if cell[1].address(cell[2]) == answer.cell), None)
    if found is None:
        return sheets, _finding(answer, "correction_not_found")
    table, column, row = found
    outcome = _outcome(table.body.at[row, column.index], answer, key)
    changed = sheets
    if outcome == "correction_applied":
        column_values, body = table.body[column.index], table.body.copy()
        body[column.index] = column_values.where(column_values.index != row, answer.answer)
        answered = replace(table, body=body)
        changed = [replace(s, tables=tuple(answered if t is table else t for t in s.tables)) for s in sheets]
    return changed, _finding(answer, outcome, column.meaning)


def _outcome(raw: object, answer: Answer, key: bytes) -> str:
    words, code = squeeze(str(answer.answer)), check_code(raw, key)
    if not is_blank(raw) and words == squeeze(text_of(raw)):
        return "correction_no_change"
    if answer.check[10:] != code[10:]:
        return "correction_other_key"
    if answer.check != code:
        return "correction_conflict"
    return "correction_no_change" if _RIGHT.fullmatch(words.strip("。.!")) else "correction_applied"


def _finding(answer: Answer, outcome: str, variable: Variable | None = None) -> Finding:
    shown = quoted(answer.answer, identifying=variable is None or variable.identifying)
    row = int(re.sub(r"\D", "", answer.cell))
    place = (answer.file, answer.sheet, row, answer.cell, variable.name if variable else "")
    return at_place(told(outcome), *place, value=shown)
