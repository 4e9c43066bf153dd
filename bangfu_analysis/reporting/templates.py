"""Empty workbooks for units to fill in, as codebooks/mechanisms.yaml lists them: what comes back is read by the same cleaner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import BangfuError, CodebookError, listed

_FIXED_TIME = datetime(2000, 1, 1)
_HEAD, _ROWS = 2, 2000  # the row of headings from 0, and how many rows below it are prepared
_LONGEST_INLINE = 255  # characters that Excel takes as a list within a rule
NOTES = "填表说明"
_MONEY, _PERIODS = "元", {"month": "元/月", "year": "元/年"}
_NOT_ASKED = ("ignored",)
_WHAT = {
    "choice": "从下拉列表中选填", "choices": "从下列各项中选填，多项用顿号隔开", "yes_no": "填“是”或“否”", "count": "填整数", "age": "填周岁",
    "number": "填数字", "money": "填数字", "date": "填日期，如 2009-06-30；只知道月份的填 2009-06", "id_number": "填18位身份证号，按文字填写",
    "name": "填姓名", "private": "只留在原表，不进入统计", "unit": "填全称", "text": "填文字", "row_number": "填序号",
}  # fmt: skip
_GENERAL = (
    "一、请勿改动标题、列名和工作表名，不插入列，不合并单元格；行数不够可继续往下填。",
    "二、不知道的空着，不填“无”“不详”或 0；确实是零的填 0。",
    "三、金额以元为单位，只填数字。人、户、人次分开填写，不互相替代。",
    "四、填报单位和日期写在标题下一行。填好后存为 .xlsx，放入批次文件夹即可清洗。",
)


@dataclass(frozen=True)
class Asked:
    """One column of a template: its variable, and the heading that it bears."""

    variable: Variable
    heading: str

    @property
    def values(self) -> list[str]:
        """What the drop-down offers; nothing for what is free."""
        return (
            ["是", "否"]
            if self.variable.kind == "yes_no"
            else list(dict.fromkeys(v.label for v in self.variable.levels))
        )


def write_templates(codebook: Codebook, folder: Path) -> list[Path]:
    """Write an .xlsx file per input sheet of the codebook into `folder`; returns their paths.

    A sheet has its title, a line for unit and date, the codebook's headings with drop-downs and ranges, and beside it the sheet
    填表说明. The same codebook gives the same bytes. BangfuError where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(codebook, entry, folder / f"{entry['title']}.xlsx") for entry in codebook.templates.values()]


def asked_in(codebook: Codebook, name: str) -> list[Asked]:
    """The columns of a template; CodebookError where it is not known."""
    if name not in codebook.templates:
        raise CodebookError(f"码本 templates 中没有 {name}。可选：{listed(codebook.templates)}。请检查拼写。")
    return _asked(codebook, codebook.templates[name])


def _asked(codebook: Codebook, entry: Mapping[str, Any]) -> list[Asked]:
    frame = str(codebook.kinds[entry["kind"]]["frame"])
    names = entry.get("columns") or [v.name for v in codebook.of(frame).values() if v.kind not in _NOT_ASKED]
    heads = entry.get("heads", {})
    places = [name.split(".") if "." in name else [frame, name] for name in names]
    found = [codebook.variable(*place) for place in places]
    return [Asked(v, heads.get(name, v.label) + _unit(v)) for name, v in zip(names, found, strict=True)]


def _unit(variable: Variable) -> str:
    return f"（{_PERIODS.get(variable.period, _MONEY)}）" if variable.kind == "money" else ""


def _write(codebook: Codebook, entry: Mapping[str, Any], path: Path) -> Path:
    columns = _asked(codebook, entry)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": entry["title"], "author": "", "created": _FIXED_TIME})
    sheet, notes = book.add_worksheet("填报表"), book.add_worksheet(NOTES)
    lists = _write_notes(book, notes, entry, columns)
    title = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format(
        {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1, "bg_color": "#EAF1F5"}
    )
    sheet.write_string(0, 0, entry["title"], title)
    sheet.write_string(1, 0, "填报单位：            填报日期：            单位：元")
    for place, column in enumerate(columns):
        sheet.write_string(_HEAD, place, column.heading, head)
        sheet.set_column(
            place, place, max(9, 2 * len(column.heading) + 2), book.add_format({"num_format": _format(column)})
        )
        if rule := _rule(column, lists.get(place, "")):
            sheet.data_validation(_HEAD + 1, place, _HEAD + _ROWS, place, rule)
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD)
    return _closed(book, path)


def _closed(book: Any, path: Path) -> Path:
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as fault:
        raise BangfuError(f"{path}：无法写入，文件可能正在 Excel 或 WPS 中打开。请关闭后重新运行。") from fault
    return path


def _write_notes(book: Any, sheet: Any, entry: Mapping[str, Any], columns: Sequence[Asked]) -> dict[int, str]:
    """The instructions, one line a column; the place of each list too long for a rule, by the place of its column."""
    bold = book.add_format({"bold": True})
    lines = [*_GENERAL, *(f"{n}、{line}" for n, line in zip("五六七八", entry.get("asks", ()), strict=False))]
    sheet.write_string(0, 0, f"{entry['title']}{NOTES}", bold)
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line)
    lists: dict[int, str] = {}
    for place, column in enumerate(columns):
        row = len(lines) + 2 + place
        sheet.write_string(row, 0, f"“{column.heading}”：{_told(column)}")
        if len(",".join(column.values)) > _LONGEST_INLINE:
            sheet.write_row(row, 30, column.values)  # out of sight, for the drop-down only
            lists[place] = xlsxwriter.utility.xl_range_abs(row, 30, row, 29 + len(column.values))
    sheet.set_column(0, 0, 110)
    return lists


def _told(column: Asked) -> str:
    v = column.variable
    span = f"，{v.low:g} 至 {v.high:g} 之间" if v.low is not None and v.high is not None and v.high < 1e6 else ""
    return _WHAT[v.kind] + span + (f"：{'、'.join(column.values)}" if v.levels and len(column.values) <= 40 else "")


def _format(column: Asked) -> str:
    kind = column.variable.kind
    return "yyyy-mm-dd" if kind == "date" else "@" if kind in ("id_number", "private", "name") else "General"


def _rule(column: Asked, place: str) -> dict[str, Any]:
    """The drop-down or range of a column; what is free text or several at once has none."""
    v, values = column.variable, column.values
    title = {"error_title": "请核对", "error_message": _told(column)[:_LONGEST_INLINE], "ignore_blank": True}
    if values and v.kind in ("choice", "yes_no", "text"):
        source = f"='{NOTES}'!{place}" if place else values
        return {
            **title,
            "validate": "list",
            "source": source,
            "error_type": "information" if v.kind == "text" else "stop",
        }
    if v.kind in ("count", "age", "number", "money") and v.low is not None:
        criteria = {"criteria": "between", "minimum": v.low, "maximum": v.high}
        return {
            **title,
            **criteria,
            "validate": "integer" if v.kind in ("count", "age") else "decimal",
            "error_type": "warning",
        }
    if v.kind == "date":
        span = {"minimum": date(1900, 1, 1), "maximum": date(2100, 1, 1)}
        return {**title, **span, "validate": "date", "criteria": "between", "error_type": "information"}
    return {}
