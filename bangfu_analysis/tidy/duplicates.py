"""The same person twice, the same sheet twice: merged, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import squeeze

_COMPARED = (
    "sex",
    "birth_date",
    "education",
    "employer",
    "reporting_unit",
    "employment_status",
    "household_size",
    "hardship_level",
)
_FATE_OF_BODY = "set_aside"


def without_copies(sheets: Sequence[SheetReading]) -> list[SheetReading]:
    """Sheets in which every table's body stands already in an earlier sheet are set aside whole, with one finding."""
    first: dict[int, SheetReading] = {}
    kept = []
    for sheet in sheets:
        mark = hash(tuple(_content(table.body) for table in sheet.tables))
        holds_data = any(len(table.body) for table in sheet.tables) and not sheet.set_aside
        if holds_data and mark in first:
            kept.append(_set_aside(sheet, first[mark]))
            continue
        if holds_data:
            first[mark] = sheet
        kept.append(sheet)
    return kept


def _content(body: pd.DataFrame) -> tuple[tuple[object, ...], ...]:
    return tuple(tuple(str(v) for v in row) for row in body.itertuples(index=False))


def _set_aside(sheet: SheetReading, original: SheetReading) -> SheetReading:
    place = f"{original.file} [{original.sheet}]" if original.sheet else original.file
    reason = f"内容与 {place} 完全相同，是重复报送"
    message = f"{sheet.file} [{sheet.sheet}]：{reason}，未再计入。如确系另一份数据，请让填报单位核对。"
    finding = Finding("sheet_sent_twice", message, source_file=sheet.file, source_sheet=sheet.sheet)
    return replace(sheet, set_aside=reason, reason=reason, findings=(*sheet.findings, finding))


def merge_people(rows: pd.DataFrame, codebook: Codebook) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """One row per person_id: the fullest, its gaps filled from the others.

    Returns the people, the rows merged away, and a finding for each of these with what differs.
    """
    filled = rows.reindex(columns=list(codebook.of("workers"))).notna().sum(axis=1)
    order = rows.assign(_filled=filled).sort_values("_filled", ascending=False, kind="stable").drop(columns="_filled")
    fullest = order.drop_duplicates("person_id")
    away = order.drop(fullest.index).sort_index()
    if away.empty:
        return rows, away, []
    provenance = [
        "wave",
        "source_file",
        "source_sheet",
        "source_row",
        "row",
        "table",
        "row_cell",
        "id_basis",
        "birth_date_precision",
    ]
    several = order[order["person_id"].isin(away["person_id"])]
    gaps = several.groupby("person_id", sort=False).first().drop(columns=provenance)
    people = fullest.set_index("person_id")
    people = people.where(people.notna(), gaps.reindex(people.index).reindex(columns=people.columns)).reset_index()
    findings = [_merged(row, kept) for row, kept in _pairs(away, fullest.set_index("person_id"))]
    return people.sort_values(["table", "row"], kind="stable").reset_index(drop=True), away, findings


def _pairs(away: pd.DataFrame, fullest: pd.DataFrame) -> list[tuple[pd.Series, pd.Series]]:
    return [(row, fullest.loc[row["person_id"]]) for _, row in away.iterrows()]


def _merged(row: pd.Series, kept: pd.Series) -> Finding:
    differing = [name for name in _COMPARED if _differ(row[name], kept[name])]
    two_units = _differ(row["reporting_unit"], kept["reporting_unit"])
    place = f"{row['source_file']} [{row['source_sheet']}] {row['row_cell']}"
    other = f"{kept['source_file']} [{kept['source_sheet']}] {kept['row_cell']}"
    what = f"与 {other} 是同一人" + ("，由两个单位报送" if two_units else "")
    differs = f"，两处不一致：{listed(differing)}，以较全的一行为准" if differing else ""
    return Finding(
        problem="person_in_two_units" if two_units else "person_twice",
        message=f"{place}：{what}，已合并{differs}。请核对应由哪个单位填报。",
        action="conflict" if differing else "repaired",
        source_file=row["source_file"],
        source_sheet=row["source_sheet"],
        source_row=None if pd.isna(row["source_row"]) else int(row["source_row"]),
        cell=row["row_cell"],
        variable="person_id",
    )


def _differ(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return False
    return squeeze(str(one)) != squeeze(str(other))
