"""Pseudonyms: of the ID number, else of name, birth and unit, else of the row; and keys to find people again.

Names and numbers stay in memory. What a frame keeps of them are keyed hashes, of a name never by itself.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.distinct import Objects
from bangfu_analysis.keys import pseudonyms
from bangfu_analysis.text import halfwidth, squeeze
from bangfu_analysis.tidy.values import CleanTable

_TOLD_APART_BY = [
    "id_first15", "name_key", "birth_date", "birth_date_precision", "employer", "reporting_unit",
    "wave", "source_file", "source_sheet", "cell",
]
_LEGIBLE = re.compile(r"\d{14,18}[\dX]?")
_SPARED = ((0, 6), (5, 10), (9, 14), (13, 18))  # of an ID number: a slip lies within one of these parts
_ALPHABET = np.array([*"abcdefghijklmnop"])
_SHIFTS = np.arange(60, 20, -4, dtype=np.uint64)  # ten letters of a hash, of four bits each


def with_person_ids(rows: pd.DataFrame, key: bytes, study: str) -> pd.DataFrame:
    """`rows` with person_id and id_basis: of the ID number, else of what tells people apart, else of the row.

    A row is that of its study and wave: no two folders share a person by it.
    """
    whole = rows["id_key"].notna()
    by_id = "id:" + rows.loc[whole, "id_key"].astype(object)
    without_id = rows.loc[~whole, _TOLD_APART_BY]
    others = [_without_id(row, study) for row in without_id.to_dict("records")]
    identified = pd.DataFrame(others, index=without_id.index, columns=["id_basis", "_identity"], dtype=object)
    marked = rows.assign(
        id_basis=identified["id_basis"].reindex(rows.index).fillna("id_number"),
        _identity=pd.concat([by_id, identified["_identity"]]).reindex(rows.index),
    )
    return _linked(_shared_ids_apart(marked), key)


def _without_id(row: dict[Any, Any], study: str) -> tuple[str, str]:
    """id_basis and what the pseudonym is made of, for a row without a whole ID number."""
    if pd.notna(row["id_first15"]) and pd.notna(row["name_key"]):
        return "id15_name", f"id15:{row['id_first15']}:{row['name_key']}"
    if by_name := _name_birth_unit(row):
        return "name_birth_unit", by_name
    place = (row[name] for name in ("wave", "source_file", "source_sheet", "cell"))
    return "row", ":".join(["row", study, *map(str, place)])


def _name_birth_unit(row: dict[Any, Any]) -> str:
    unit = row["reporting_unit"] if pd.isna(row["employer"]) else row["employer"]
    if row["birth_date_precision"] != "day" or any(pd.isna([row["name_key"], row["birth_date"], unit])):
        return ""
    return f"nbu:{row['name_key']}:{row['birth_date'].isoformat()}:{squeeze(str(unit))}"


def _shared_ids_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """One ID number under two names is nobody's key: each name gets a pseudonym of its own."""
    twice = rows["id_basis"].eq("id_number") & rows["_identity"].duplicated(keep=False)
    names = rows[twice].groupby("_identity")["name_key"].nunique()
    shared = rows["_identity"].isin(names.index[names > 1])
    both = rows.loc[shared, ["_identity", "name_key"]].fillna("").astype(str)
    apart = rows["_identity"].mask(shared, both["_identity"] + ":" + both["name_key"])
    return rows.assign(_identity=apart, shared_id=shared)


def _linked(rows: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Rows without a whole ID number take the person_id of the one of the same name, birth and unit."""
    ids = pd.Series(pseudonyms(rows["_identity"], key), index=rows.index, dtype="str")
    whole = rows["id_basis"].eq("id_number")
    alike = rows[rows["name_key"].isin(rows["name_key"][~whole].dropna())]
    by_name = [_name_birth_unit(row) for row in alike[_TOLD_APART_BY].to_dict("records")]
    nbu = pd.Series(by_name, index=alike.index, dtype="str").reindex(rows.index).replace("", None)
    owners = ids[whole].groupby(nbu[whole]).agg(["first", "nunique"])
    borrowed = nbu[~whole].map(owners.loc[owners["nunique"] == 1, "first"]).dropna()
    linked = rows.index.isin(borrowed.index)
    return rows.assign(
        person_id=ids.where(~linked, borrowed), id_basis=rows["id_basis"].where(~linked, "name_birth_unit"),
        linked_by_name=linked,
    ).drop(columns="_identity")


def compared(people: pd.DataFrame, cleans: Sequence[CleanTable]) -> pd.DataFrame:
    """What tells people apart: name, born (ISO day or month), employer, unit, id_digits; None where unknown.

    In memory only. A number that is not whole is as it stands, one that Excel cut is its first 15 digits.
    """
    birth, precision = people["birth_date"], people["birth_date_precision"]
    days = birth.map({day: day.isoformat() for day in birth.dropna().unique()}).astype(object)
    numbers = people["id_key"].where(people["id_key"].notna(), people["id_first15"])
    unread = people.index[numbers.isna()]
    places = people.loc[unread, ["table", "row"]].to_dict("records")
    as_they_stand = pd.Series([_as_it_stands(row, cleans) for row in places], index=unread, dtype=object)
    columns = {
        "name": people["name_key"],
        "born": days.where(precision.eq("day"), days[precision.eq("month")].str[:7]),
        "employer": _squeezed(people["employer"]),
        "unit": _squeezed(people["reporting_unit"]),
        "id_digits": as_they_stand.reindex(people.index).fillna(numbers),
    }
    return pd.DataFrame({name: column.astype(object) for name, column in columns.items()}).where(
        lambda frame: frame.notna(), None
    )


def _squeezed(names: pd.Series) -> pd.Series:
    return names.map({name: squeeze(name) or None for name in names.dropna().unique()})


def _as_it_stands(row: dict[Any, Any], cleans: Sequence[CleanTable]) -> str | None:
    clean = cleans[row["table"]]
    column = clean.column("workers", "id_number")
    raw = clean.table.body.at[row["row"], column.index] if column is not None else ""
    digits = re.sub(r"[^0-9X]", "", halfwidth(str(raw)).upper())
    return digits if _LEGIBLE.fullmatch(digits) else None


def link_keys(people: pd.DataFrame, cleans: Sequence[CleanTable], key: bytes) -> pd.DataFrame:
    """A row a person: what records of one person agree in, as keyed hashes; missing where it is not said.

    name_birth (to the month), name_employer, name_unit; name_id: four hashes in a text, of the name and the
    ID number but for one part, so that a slip of one character, or of two neighbours, leaves one that
    agrees. `whole`: the pseudonym is of a whole number, borne by one name; `code`, of all together, finds
    the record of a decision again.
    """
    known = compared(people, cleans).astype("str")
    name, digits = known["name"], known["id_digits"]
    full = known.fillna("")
    texts = {
        "name_birth": ["name_birth:" + name + "|" + known["born"].str[:7]],
        "name_employer": ["name_employer:" + name + "|" + known["employer"]],
        "name_unit": ["name_unit:" + name + "|" + known["unit"]],
        "code": ["code:" + full["name"].str.cat(full.iloc[:, 1:], sep="|")],
        "name_id": [  # counted from both ends, so that a lost digit moves nothing
            name + "|" + digits.str[:start] + "|" + (digits.str[stop - 18 :] if stop < 18 else "")
            for start, stop in _SPARED
        ],
    }
    hashed = {kind: pd.Series(_hashed(several, key), people.index, "str") for kind, several in texts.items()}
    whole = people["id_basis"].eq("id_number") & ~people["shared_id"]
    return people.assign(whole=whole.astype("boolean"), **hashed)


def _hashed(several: Sequence[pd.Series], key: bytes) -> Objects:
    """Keyed hashes (SipHash, as pandas has it for whole columns) of texts, those of `several` side by side;
    missing where the text is.

    In letters alone: a run of digits could be taken for a phone number.
    """
    secret = b64encode(blake2b(key[:64], digest_size=12).digest()).decode()  # the 16 characters it takes
    present = several[0].notna().to_numpy()
    parts = []
    for texts in several:
        numbers = pd.util.hash_array(texts.to_numpy(dtype=object)[present], hash_key=secret, categorize=False)
        parts += [_ALPHABET[(numbers[:, None] >> _SHIFTS) & np.uint64(15)], np.full((len(numbers), 1), " ")]
    letters = np.ascontiguousarray(np.hstack(parts[:-1]))
    codes = np.full(len(present), None, dtype=object)
    codes[present] = letters.view(f"U{letters.shape[1]}").ravel()
    return codes
