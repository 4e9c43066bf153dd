"""The same person twice, the same sheet twice: merged, and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.values import CleanTable, at_cells, at_place, first_cell, place_of

_COMPARED = (
    "sex", "birth_date", "education", "employer", "reporting_unit", "employment_status", "household_size",
    "hardship_level", "cause_main", "income_personal_monthly", "income_per_capita_monthly", "income_household_annual",
    "rigid_expense_annual", "has_dibao", "is_single_parent", "marital_status", "file_status", "exit_date",
)


def without_copies(sheets: Sequence[SheetReading]) -> list[SheetReading]:
    """Sheets in which every table's body stands already in an earlier sheet are set aside whole, with one
    finding.
    """
    shapes = Counter(map(_shape, sheets))
    first: dict[object, SheetReading] = {}
    kept = []
    for sheet in sheets:
        alike = _shape(sheet) and shapes[_shape(sheet)] > 1 and not sheet.set_aside
        original = first.setdefault(_content(sheet), sheet) if alike else sheet
        reason = f"内容与 {original.place} 完全相同，是重复报送"
        message = f"{sheet.place}：{reason}，未再计入。如确系另一份数据，请让填报单位核对。"
        kept.append(sheet if original is sheet else sheet.told("sheet_sent_twice", message, aside=reason))
    return kept


def _shape(sheet: SheetReading) -> tuple[tuple[int, int], ...]:
    """Rows and columns of every table, () where none has rows: sheets of different shapes are no copies."""
    shapes = tuple(table.body.shape for table in sheet.tables)
    return shapes if any(rows for rows, _ in shapes) else ()


def _content(sheet: SheetReading) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(str, table.body.to_numpy().ravel())) for table in sheet.tables)


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
    provenance = [
        "wave", "source_file", "source_sheet", "source_row", "row", "table", "id_basis", "birth_date_precision",
    ]
    gaps = order.groupby("person_id", sort=False).first().drop(columns=provenance)
    kept = fullest.set_index("person_id")
    whole = kept.where(kept.notna(), gaps.reindex(kept.index).reindex(columns=kept.columns)).reset_index()
    people = pd.concat([rows[~twice], whole.astype(rows.dtypes)]).sort_values(["table", "row"], kind="stable")
    pairs = [(row, kept.loc[row["person_id"]]) for _, row in away.iterrows()]
    findings = [f for row, other in pairs for f in (_merged(row, other, cleans), *_differing(row, other, cleans))]
    return people.reset_index(drop=True).copy(), away, findings  # a copy: hundreds of columns put on one by one


def _merged(row: pd.Series, kept: pd.Series, cleans: Sequence[CleanTable]) -> Finding:
    differing = [name for name in _COMPARED if _differ(row[name], kept[name])]
    two_units = _differ(row["reporting_unit"], kept["reporting_unit"])
    cell, others = (first_cell(one["table"], one["row"], cleans) for one in (row, kept))
    other = place_of(kept["source_file"], kept["source_sheet"], others)
    differs = f"，两处不一致：{listed(differing)}，以较全的一行为准" if differing else ""
    said = told("person_in_two_units" if two_units else "person_twice", other=other, differs=differs)
    said = said._replace(action="conflict") if differing else said
    number = None if pd.isna(row["source_row"]) else int(row["source_row"])
    return at_place(said, row["source_file"], row["source_sheet"], number, cell, "person_id")


def _differing(row: pd.Series, kept: pd.Series, cleans: Sequence[CleanTable]) -> list[Finding]:
    """One for each cell of a row merged away that says another than the row that stays."""
    other = place_of(kept["source_file"], kept["source_sheet"], f"第 {kept['source_row']} 行")
    reading = told("differs_from_same_person", other=other)
    cells = [(int(row["table"]), int(row["row"]), reading)]
    names = [name for name in _COMPARED if _differ(row[name], kept[name])]
    return [found for name in names for found in at_cells(cleans, cells, "workers", _CELL_OF.get(name, name))]


_CELL_OF = {"cause_main": "cause"}


def _differ(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return False
    return squeeze(str(one)) != squeeze(str(other))
