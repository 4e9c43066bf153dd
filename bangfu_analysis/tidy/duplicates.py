"""What counts once: the same person twice, the same sheet twice, sheets of other years are merged or set
aside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import SheetReading, Table
from bangfu_analysis.text import heading_key, squeeze
from bangfu_analysis.tidy.schemas import FRAMES_FILE, PROVENANCE
from bangfu_analysis.tidy.values import CleanTable, at_cells, at_place, place_of
from bangfu_analysis.wave import Wave

_COMPARED = FRAMES_FILE["compared"]


def without_copies(sheets: Sequence[SheetReading]) -> list[SheetReading]:
    """Sheets in which every table's body stands already in an earlier sheet are set aside whole, with one
    finding.
    """
    shapes = Counter(map(_shape, sheets))
    first: dict[object, SheetReading] = {}
    kept = []
    for sheet in sheets:
        alike = _shape(sheet) and shapes[_shape(sheet)] > 1 and not sheet.set_aside
        content = tuple(tuple(map(str, t.body.to_numpy().ravel())) for t in sheet.tables) if alike else ()
        original = first.setdefault(content, sheet) if alike else sheet
        reason = f"内容与 {original.place} 完全相同，是重复报送"
        message = f"{sheet.place}：{reason}，未再计入。如确系另一份数据，请让填报单位核对。"
        kept.append(sheet if original is sheet else sheet.told("sheet_sent_twice", message, aside=reason))
    return kept


def _shape(sheet: SheetReading) -> tuple[tuple[int, int], ...]:
    """Rows and columns of every table, () where none has rows: sheets of different shapes are no copies."""
    shapes = tuple(table.body.shape for table in sheet.tables)
    return shapes if any(rows for rows, _ in shapes) else ()


def merge_people(
    rows: pd.DataFrame, cleans: Sequence[CleanTable], codebook: Codebook
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """One row per person_id: the fullest, its gaps filled from the others.

    Returns the people, the rows merged away, and a finding for each of these with what differs.
    """
    twice = rows["person_id"].duplicated(keep=False)
    several = rows[twice]
    if several.empty:
        return rows, several, []
    filled = several.reindex(columns=[*codebook.of("workers"), "id_first15"]).notna().sum(axis=1)
    order = several.loc[filled.sort_values(ascending=False, kind="stable").index]
    fullest = order.drop_duplicates("person_id")
    away = several.drop(fullest.index)
    of_row = [*PROVENANCE, "row", "table", "cell", "id_basis", "birth_date_precision"]
    gaps = order.groupby("person_id", sort=False).first().drop(columns=of_row)
    kept = fullest.set_index("person_id")
    filled_up = kept.where(kept.notna(), gaps.reindex(kept.index).reindex(columns=kept.columns)).reset_index()
    together = pd.concat([rows[~twice], filled_up.astype(rows.dtypes)])
    people = together.sort_values(["table", "row"], kind="stable")
    found = (_merged(row, kept.loc[row["person_id"]], cleans) for _, row in away.iterrows())
    findings = [finding for of_row_away in found for finding in of_row_away]
    # a copy: hundreds of columns put on one by one
    return people.reset_index(drop=True).copy(), away, findings


def _merged(row: pd.Series, kept: pd.Series, cleans: Sequence[CleanTable]) -> Iterator[Finding]:
    """One for a row merged away, and one for each cell of it that says another than the row that stays."""
    differing = [name for name in _COMPARED if _differ(row[name], kept[name])]
    case = "person_in_two_units" if _differ(row["reporting_unit"], kept["reporting_unit"]) else "person_twice"
    other = place_of(kept["source_file"], kept["source_sheet"], kept["cell"])
    differs = f"，两处不一致：{listed(differing)}，以较全的一行为准" if differing else ""
    reading = told(case, other=other, differs=differs)
    reading = reading._replace(action="conflict") if differing else reading
    number = None if pd.isna(row["source_row"]) else int(row["source_row"])
    yield at_place(reading, row["source_file"], row["source_sheet"], number, row["cell"], "person_id")
    other = place_of(kept["source_file"], kept["source_sheet"], f"第 {kept['source_row']} 行")
    cells = [(int(row["table"]), int(row["row"]), told("differs_from_same_person", other=other))]
    for name in differing:
        yield from at_cells(cleans, cells, "workers", "cause" if name == "cause_main" else name)


def _differ(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return False
    return squeeze(str(one)) != squeeze(str(other))


_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})年?(?!\d)")
_YEARS = re.compile("(?:所属|统计|上报|填报|帮扶|救助|享受)?年(?:度|份)?")  # the heading of a column of years


def of_this_wave(sheets: Sequence[SheetReading], wave: Wave) -> list[SheetReading]:
    """The sheets, those of other years set aside where the same file has a sheet of the wave's year, and
    those of people whose rows tell of several years.

    The year is that of the reference date. A sheet that stands alone is kept where its name, title or file
    says another year, with a finding.
    """
    of_year = {sheet.file for sheet in sheets if _year_in(sheet.sheet) == wave.reference_date.year}
    return [_checked(sheet, wave.reference_date.year, sheet.file in of_year) for sheet in sheets]


def _year_in(name: str) -> int | None:
    years = _YEAR.findall(squeeze(name))
    return int(years[0]) if len(years) == 1 else None


def _checked(sheet: SheetReading, year: int, beside_own: bool) -> SheetReading:
    if sheet.set_aside or not any(len(table.body) for table in sheet.tables):
        return sheet
    titles = (str(table.meta.get("title", "")) for table in sheet.tables)
    names = [sheet.sheet, *titles, sheet.file.rpartition(".")[0]]
    year_found = next(filter(None, map(_year_in, names)), year)
    reason, past = "", {s for table in sheet.tables if table.kind == "roster" for s in _years_down(table)}
    if len(past) > 1:
        reason = f"各行分属 {min(past)} 至 {max(past)} 年，是历年的记录，不是本批次（{year} 年）的名册"
        message = f"{sheet.place}：{reason}，另列，不计入。若其中有本年的人，请把本年的行另存为一张表。"
    elif year_found == year:
        return sheet
    elif beside_own and _year_in(sheet.sheet):
        reason = f"{year_found} 年的表，不属于本批次（{year} 年）"
        message = f"{sheet.place}：{reason}，另列，不计入。若应计入，请改表名或另存到该年的批次文件夹。"
    else:
        message = f"{sheet.place}：表名、标题或文件名是 {year_found} 年，本批次是 {year} 年，照常计入。"
        message += "请核对是否放错了文件夹。"
    return sheet.told("sheet_of_another_year", message, aside=reason)


def _years_down(table: Table) -> Iterator[int]:
    for column in table.columns:
        if _YEARS.fullmatch(heading_key(column.heading.rpartition("/")[2])) and column.index in table.body:
            yield from filter(None, (_year_in(str(c)) for c in table.body[column.index].dropna().unique()))
