"""Pseudonyms: of the ID number, else of name, birth and unit, else of the row itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.keys import pseudonyms
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.values import CleanTable, first_cell

_TOLD_APART_BY = [
    "id_first15", "name_key", "birth_date", "birth_date_precision", "employer", "reporting_unit", "wave", "source_file", "source_sheet", "table", "row",
]  # fmt: skip


def with_person_ids(rows: pd.DataFrame, cleans: Sequence[CleanTable], key: bytes) -> pd.DataFrame:
    """`rows` with person_id and id_basis: of the ID number, else of what else tells people apart, else of the row itself."""
    whole = rows["id_key"].notna()
    by_id = pd.Series([f"id:{number}" for number in rows["id_key"][whole]], index=rows.index[whole], dtype=object)
    others = [_without_id(row, cleans) for row in rows.loc[~whole, _TOLD_APART_BY].to_dict("records")]
    said = pd.DataFrame(others, index=rows.index[~whole], columns=["id_basis", "_identity"], dtype=object)
    marked = rows.assign(
        id_basis=said["id_basis"].reindex(rows.index).fillna("id_number"),
        _identity=pd.concat([by_id, said["_identity"]]).reindex(rows.index),
    )
    return _linked(_shared_ids_apart(marked), key)


def _without_id(row: dict[Any, Any], cleans: Sequence[CleanTable]) -> tuple[str, str]:
    """id_basis and what the pseudonym is made of, for a row without a whole ID number."""
    if pd.notna(row["id_first15"]) and pd.notna(row["name_key"]):
        return "id15_name", f"id15:{row['id_first15']}:{row['name_key']}"
    if by_name := _name_birth_unit(row):
        return "name_birth_unit", by_name
    return "row", f"row:{row['wave']}:{row['source_file']}:{row['source_sheet']}:{first_cell(row, cleans)}"


def _name_birth_unit(row: dict[Any, Any]) -> str:
    unit = row["reporting_unit"] if pd.isna(row["employer"]) else row["employer"]
    if row["birth_date_precision"] != "day" or pd.isna(row["name_key"]) or pd.isna(row["birth_date"]) or pd.isna(unit):
        return ""
    return f"nbu:{row['name_key']}:{row['birth_date'].isoformat()}:{squeeze(str(unit))}"


def _shared_ids_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """One ID number under two names is nobody's key: each name gets a pseudonym of its own."""
    twice = rows["id_basis"].eq("id_number") & rows["_identity"].duplicated(keep=False)
    names = rows[twice].groupby("_identity")["name_key"].nunique()
    shared = rows["_identity"].isin(names.index[names > 1])
    apart = rows["_identity"].mask(
        shared, rows["_identity"][shared].astype("str") + ":" + rows["name_key"][shared].fillna("").astype(str)
    )
    return rows.assign(_identity=apart, shared_id=shared)


def _linked(rows: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Rows without a whole ID number take the person_id of the one person with the same name, birth and unit."""
    ids = pd.Series(pseudonyms(rows["_identity"], key), index=rows.index, dtype="str")
    whole = rows["id_basis"].eq("id_number")
    alike = rows[rows["name_key"].isin(rows["name_key"][~whole].dropna())]
    by_name = [_name_birth_unit(row) for row in alike[_TOLD_APART_BY].to_dict("records")]
    nbu = pd.Series(by_name, index=alike.index, dtype="str").reindex(rows.index).replace("", None)
    owners = ids[whole].groupby(nbu[whole]).agg(["first", "nunique"])
    borrowed = nbu[~whole].map(owners.loc[owners["nunique"] == 1, "first"]).dropna()
    linked = rows.index.isin(borrowed.index)
    return rows.assign(
        person_id=ids.where(~linked, borrowed),
        id_basis=rows["id_basis"].where(~linked, "name_birth_unit"),
        linked_by_name=linked,
    ).drop(columns="_identity")
