"""A workbook with a sheet a year: only the wave's own year is the wave's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bangfu_analysis.reading.tables import SheetReading, Table
from bangfu_analysis.text import heading_key, squeeze
from bangfu_analysis.wave import Wave

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})年?(?!\d)")
_YEARS = re.compile("(?:所属|统计|上报|填报|帮扶|救助|享受)?年(?:度|份)?")  # the heading of a column of years


def of_this_wave(sheets: Sequence[SheetReading], wave: Wave) -> list[SheetReading]:
    """The sheets, those of other years set aside where the same file has a sheet of the wave's year, and
    those of people whose rows tell of several years.

    The year is that of the reference date. A sheet that stands alone is kept where its name, title or file
    says another year, with a finding.
    """
    own = {sheet.file for sheet in sheets if _year_in(sheet.sheet) == wave.reference_date.year}
    return [_checked(sheet, wave.reference_date.year, sheet.file in own) for sheet in sheets]


def _year_in(name: str) -> int | None:
    years = _YEAR.findall(squeeze(name))
    return int(years[0]) if len(years) == 1 else None


def _checked(sheet: SheetReading, year: int, beside_own: bool) -> SheetReading:
    if sheet.set_aside or not any(len(table.body) for table in sheet.tables):
        return sheet
    names = [sheet.sheet, *(str(table.meta.get("title", "")) for table in sheet.tables), sheet.file.rpartition(".")[0]]
    found = next(filter(None, map(_year_in, names)), year)
    reason, past = "", {said for table in sheet.tables if table.kind == "roster" for said in _years_down(table)}
    if len(past) > 1:
        reason = f"各行分属 {min(past)} 至 {max(past)} 年，是历年的记录，不是本批次（{year} 年）的名册"
        message = f"{sheet.place}：{reason}，另列，不计入。若其中有本年的人，请把本年的行另存为一张表。"
    elif found == year:
        return sheet
    elif beside_own and _year_in(sheet.sheet):
        reason = f"{found} 年的表，不属于本批次（{year} 年）"
        message = f"{sheet.place}：{reason}，另列，不计入。若应计入，请改表名或另存到该年的批次文件夹。"
    else:
        message = f"{sheet.place}：表名、标题或文件名是 {found} 年，本批次是 {year} 年，照常计入。请核对是否放错了文件夹。"
    return sheet.told("sheet_of_another_year", message, aside=reason)


def _years_down(table: Table) -> Iterator[int]:
    for column in table.columns:
        if _YEARS.fullmatch(heading_key(column.heading.rpartition("/")[2])) and column.index in table.body:
            yield from filter(None, (_year_in(str(cell)) for cell in table.body[column.index].dropna().unique()))
