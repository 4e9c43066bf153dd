"""A workbook with a sheet a year: only the wave's own year is the wave's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import squeeze
from bangfu_analysis.wave import Wave

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})年?(?!\d)")


def of_this_wave(sheets: Sequence[SheetReading], wave: Wave) -> list[SheetReading]:
    """The sheets, those of other years set aside where the same file has a sheet of the wave's year.

    The year is that of the reference date. A sheet of another year that stands alone is kept, with a finding.
    """
    own = {sheet.file for sheet in sheets if _year_of(sheet) == wave.reference_date.year}
    return [_checked(sheet, wave.reference_date.year, sheet.file in own) for sheet in sheets]


def _year_of(sheet: SheetReading) -> int | None:
    years = _YEAR.findall(squeeze(sheet.sheet))
    return int(years[0]) if len(years) == 1 else None


def _checked(sheet: SheetReading, year: int, beside_own: bool) -> SheetReading:
    found = _year_of(sheet)
    if found in (None, year) or sheet.set_aside or not any(len(table.body) for table in sheet.tables):
        return sheet
    place = f"{sheet.file} [{sheet.sheet}]"
    if not beside_own:
        message = f"{place}：表名是 {found} 年，本批次是 {year} 年，照常计入。请核对是否放错了文件夹。"
        return replace(sheet, findings=(*sheet.findings, _finding(sheet, message)))
    reason = f"{found} 年的表，不属于本批次（{year} 年）"
    message = f"{place}：{reason}，另列，不计入。若应计入，请改表名或另存到该年的批次文件夹。"
    return replace(sheet, set_aside=reason, reason=reason, findings=(*sheet.findings, _finding(sheet, message)))


def _finding(sheet: SheetReading, message: str) -> Finding:
    return Finding("sheet_of_another_year", message, source_file=sheet.file, source_sheet=sheet.sheet)
