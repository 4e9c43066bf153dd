"""Empty workbooks for units to fill in, as codebooks/mechanisms.yaml lists them: what comes back is read by
the same cleaner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import CodebookError, listed
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.files import write
from bangfu_analysis.pages.excel import new_book

_HEAD, _ROWS = 2, 2000  # the row of headings from 0, and how many rows below it are prepared
_LONGEST = 255  # characters that Excel takes as a list within a rule
NOTES = "填表说明"
_MONEY, _PERIODS = "元", {"month": "元/月", "year": "元/年"}
_FORMATS = {"date": "yyyy-mm-dd", "id_number": "@", "private": "@", "name": "@"}


@dataclass(frozen=True)
class TemplateColumn:
    """One column of a template: its variable, and the heading that it bears."""

    variable: Variable
    heading: str

    @property
    def values(self) -> list[str]:
        """What the drop-down offers; nothing for what is free."""
        yes_no = self.variable.kind == "yes_no"
        return ["是", "否"] if yes_no else list(dict.fromkeys(v.label for v in self.variable.levels))


def write_templates(codebook: Codebook, folder: Path) -> list[Path]:
    """Write an .xlsx file per input sheet of the codebook into `folder`; returns their paths.

    A sheet has its title, a line for unit and date, the codebook's headings with drop-downs and ranges, and
    beside it the sheet 填表说明. The same codebook gives the same bytes. BangfuError where a file cannot be
    written.
    """
    templates = codebook.templates.items()
    return [_write(entry, template_columns(codebook, name), folder) for name, entry in templates]


def template_columns(codebook: Codebook, name: str) -> list[TemplateColumn]:
    """The columns of a template; CodebookError where it is not known."""
    if name not in codebook.templates:
        raise CodebookError(f"码本 templates 中没有 {name}。可选：{listed(codebook.templates)}。请检查拼写。")
    entry = codebook.templates[name]
    frame = str(codebook.kinds[entry["kind"]]["frame"])
    names = entry.get("columns") or [v.name for v in codebook.of(frame).values() if v.kind != "ignored"]
    heads = entry.get("heads", {})
    places = [name.split(".") if "." in name else [frame, name] for name in names]
    variables = [codebook.variable(*place) for place in places]
    units = [f"（{_PERIODS.get(v.period, _MONEY)}）" if v.kind == "money" else "" for v in variables]
    every = zip(names, variables, units, strict=True)
    return [TemplateColumn(v, heads.get(name, v.label) + unit) for name, v, unit in every]


def _write(entry: Mapping[str, Any], columns: Sequence[TemplateColumn], folder: Path) -> Path:
    path = folder / f"{entry['title']}.xlsx"
    book = new_book(entry["title"])
    sheet, notes = book.add_worksheet("填报表"), book.add_worksheet(NOTES)
    lists = _write_notes(book, notes, entry, columns)
    title = book.add_format({"bold": True, "font_size": 14})
    middle = {"align": "center", "valign": "vcenter", "text_wrap": True}
    head = book.add_format({"bold": True, **middle, "border": 1, "bg_color": "#EAF1F5"})
    sheet.write_string(0, 0, entry["title"], title)
    sheet.write_string(1, 0, "填报单位：            填报日期：            单位：元")
    for place, column in enumerate(columns):
        sheet.write_string(_HEAD, place, column.heading, head)
        form = book.add_format({"num_format": _FORMATS.get(column.variable.kind, "General")})
        sheet.set_column(place, place, max(9, 2 * len(column.heading) + 2), form)
        if rule := _rule(column, lists.get(place, "")):
            sheet.data_validation(_HEAD + 1, place, _HEAD + _ROWS, place, rule)
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD)
    book.close()
    return write(path, book.filename.getvalue(), keep=True)


def _write_notes(
    book: Workbook, sheet: Worksheet, entry: Mapping[str, Any], columns: Sequence[TemplateColumn]
) -> dict[int, str]:
    """The instructions, one line a column; the place of each list too long for a rule, by the place of its
    column.
    """
    bold = book.add_format({"bold": True})
    asks = zip("五六七八", entry.get("asks", ()), strict=False)
    lines = [*WORDS["how_to_fill_in"], *(f"{n}、{line}" for n, line in asks)]
    sheet.write_string(0, 0, f"{entry['title']}{NOTES}", bold)
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line)
    lists: dict[int, str] = {}
    for place, column in enumerate(columns):
        row = len(lines) + 2 + place
        sheet.write_string(row, 0, f"“{column.heading}”：{_instruction(column)}")
        if len(",".join(column.values)) > _LONGEST:
            sheet.write_row(row, 30, column.values)  # out of sight, for the drop-down only
            lists[place] = xl_range_abs(row, 30, row, 29 + len(column.values))
    sheet.set_column(0, 0, 110)
    return lists


def _instruction(column: TemplateColumn) -> str:
    v = column.variable
    bounded = v.low is not None and v.high is not None and v.high < 1e6
    span = f"，{v.low:g} 至 {v.high:g} 之间" if bounded else ""
    options = f"：{'、'.join(column.values)}" if v.levels and len(column.values) <= 40 else ""
    return f"{WORDS['to_fill_in'][v.kind]}{span}{options}"


def _rule(column: TemplateColumn, place: str) -> dict[str, Any]:
    """The drop-down or range of a column; what is free text or several at once has none."""
    v, values = column.variable, column.values
    title = {"error_title": "请核对", "error_message": _instruction(column)[:_LONGEST], "ignore_blank": True}
    if values and v.kind in ("choice", "yes_no", "text"):
        stop = "information" if v.kind == "text" else "stop"
        source = f"='{NOTES}'!{place}" if place else values
        return {**title, "validate": "list", "source": source, "error_type": stop}
    if v.kind in ("count", "age", "number", "money") and v.low is not None:
        span: dict[str, Any] = {"minimum": v.low, "maximum": v.high, "error_type": "warning"}
        number_kind = "integer" if v.kind in ("count", "age") else "decimal"
        return {**title, **span, "validate": number_kind, "criteria": "between"}
    if v.kind == "date":
        span = {"minimum": date(1900, 1, 1), "maximum": date(2100, 1, 1), "error_type": "information"}
        return {**title, **span, "validate": "date", "criteria": "between"}
    return {}
