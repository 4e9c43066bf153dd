"""Who is who: worker rows with a pseudonym each, and what an ID number says where a cell does not.

`name_key`, `id_key` and the like live in the frames of this module only; the schemas drop them before anything is written.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bangfu_analysis.cleaning.identity import Identity, name_key
from bangfu_analysis.cleaning.readings import Reading, Readings
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.findings import Finding
from bangfu_analysis.keys import pseudonym
from bangfu_analysis.reading.tables import Column, Table, address
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.derive import full_years
from bangfu_analysis.tidy.values import CleanTable, finding_at, plain_rows
from bangfu_analysis.wave import Wave

# What stands around a unit in the name of a sheet or file, and how the name of a unit ends.
_AROUND = re.compile(
    r"\d{4}年?度?|^\d+|(帮扶系统|管理系统|困难|特困|职工|家庭|成员|人员|花名册|名册|名单|登记|汇总|统计|明细|档案|基本|情况|信息|调查|摸底|"
    r"数据|上报|报送|导出|导入|副本|附件|最终|版|表|册|的)+\d*$"
)
_UNIT = re.compile(
    r"[\u4e00-\u9fff]{2,}(公司|集团|厂|局|矿|店|场|站|院|校|所|社|会|中心|街道|区|县|乡|镇|银行|大楼|宾馆|超市|饭店|系统|机关|车间|学校|处|队|段|馆)$"
)


def worker_rows(clean: CleanTable, codebook: Codebook, wave: Wave) -> tuple[pd.DataFrame, list[Finding]]:
    """One row per head of a household in a roster, with private identity columns and completed from the ID number.

    Returns the rows (`row` is the body row) and what was inferred or in conflict.
    """
    everyone = plain_rows(clean, "workers", wave).assign(row=clean.rows, **private_columns(clean, "workers"))
    heads = everyone[_is_head(clean.table, everyone)].reset_index(drop=True)
    rows = heads.reindex(columns=list(dict.fromkeys([*heads.columns, *codebook.of("workers")])))
    completed, found = _complete(rows, clean, "workers", wave)
    first = min(clean.table.columns, key=lambda column: column.index)
    cells = [address(clean.table, int(row), first) for row in completed["row"]]  # two people may stand side by side
    return completed.assign(reporting_unit=_units(completed, clean.table), first_cell=cells), found


def _is_head(table: Table, rows: pd.DataFrame) -> pd.Series:
    if table.head_of is None:
        return pd.Series(True, index=rows.index)
    return pd.Series(table.head_of.reindex(rows["row"]).to_numpy() == rows["row"].to_numpy(), index=rows.index)


def private_columns(clean: CleanTable, frame: str, slot: int | None = None) -> dict[str, npt.NDArray[np.object_]]:
    """Identity columns of every row: name_key (canonical name or None) and identity (Identity or None)."""
    names = identities = np.full(len(clean.rows), None, dtype=object)
    for column in clean.columns(frame, "name"):
        if column.slot == slot:
            names = Readings(clean.table.body[column.index].tolist(), lambda raw: Reading(name_key(raw))).values
            break
    for column in clean.columns(frame, "id_number"):
        if column.slot == slot:
            identities = clean.values(column)
            break
    return {"name_key": names, "identity": identities}


def _units(rows: pd.DataFrame, table: Table) -> pd.Series:
    """The 填报单位: the column's, else what the lines above the table, the sheet or the file say.

    A form's sheet and file may be named after the person, so only what stands in the form counts.
    """
    names = () if table.is_form else (table.sheet, table.file.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    said = str(table.meta.get("unit") or "") or next(filter(None, map(_unit_in, names)), "")
    column = rows["reporting_unit"]
    return column.where(column.notna(), said or None)


def _unit_in(name: str) -> str:
    """The unit that a sheet's or file's name is, or "": 第一机械厂 and 2009年困难职工名册-纺织总厂 -> 纺织总厂; 花名册 -> ""."""
    pieces = [_AROUND.sub("", piece) for piece in re.split(r"[\s()（）\[\]_,:、.\-]+", squeeze(name))]
    return max((piece for piece in pieces if _UNIT.search(piece)), key=len, default="")


def _complete(rows: pd.DataFrame, clean: CleanTable, frame: str, wave: Wave) -> tuple[pd.DataFrame, list[Finding]]:
    """Fill sex, birth and age from the ID number, and hold what is there against it. Findings are those added or changed."""
    completed = rows.assign(birth_date_precision=_precision(rows, clean, frame))
    findings: list[Finding] = []
    for step in (_sex_from_id, _birth_from_id):
        completed, found = step(completed, clean, frame)
        findings += found
    completed, found = _ages(completed, clean, frame, wave)
    return completed, findings + found


def _precision(rows: pd.DataFrame, clean: CleanTable, frame: str) -> pd.Series:
    said = pd.Series(None, index=rows.index, dtype=object)
    for column in clean.columns(frame, "birth_date")[:1]:
        said = _of_rows(rows, clean, clean.readings[column.index].of_each(lambda reading: reading.detail))
    return said.where(rows["birth_date"].notna(), None)


def _of_rows(rows: pd.DataFrame, clean: CleanTable, each: npt.NDArray[Any]) -> pd.Series:
    """The entries of `each`, one for every row of the table, that belong to `rows`."""
    return pd.Series(each, index=clean.rows).reindex(rows["row"]).set_axis(rows.index)


def _of_id(rows: pd.DataFrame, part: str) -> pd.Series:
    """What the ID numbers say of `part` (sex, birth), None where there is none to trust."""
    said = [getattr(i, part) if isinstance(i, Identity) else None for i in rows["identity"]]
    return pd.Series(said, index=rows.index, dtype=object)


def _sex_from_id(rows: pd.DataFrame, clean: CleanTable, frame: str) -> tuple[pd.DataFrame, list[Finding]]:
    return _take_from_id(rows, clean, frame, "sex", _of_id(rows, "sex"))


def _birth_from_id(rows: pd.DataFrame, clean: CleanTable, frame: str) -> tuple[pd.DataFrame, list[Finding]]:
    by_id = _of_id(rows, "birth")
    # A year or month that agrees with the ID number is no conflict: the ID number only says the day as well.
    coarse = rows["birth_date_precision"].isin(["month", "year"]) & by_id.notna()
    agrees = [
        said.year == born.year and (precision == "year" or said.month == born.month)
        for born, said, precision in zip(
            by_id[coarse], rows["birth_date"][coarse], rows["birth_date_precision"][coarse], strict=True
        )
    ]
    coarse[coarse] = np.array(agrees, dtype=bool)
    eased = rows.assign(birth_date=rows["birth_date"].astype(object).where(~coarse, by_id))
    taken, found = _take_from_id(eased, clean, frame, "birth_date", by_id)
    return taken.assign(birth_date_precision=taken["birth_date_precision"].where(by_id.isna(), "day")), found


def _take_from_id(
    rows: pd.DataFrame, clean: CleanTable, frame: str, name: str, by_id: pd.Series
) -> tuple[pd.DataFrame, list[Finding]]:
    """Where the ID number speaks it wins: it fills what is missing and overrules what differs, both as findings."""
    said = rows[name].astype(object).where(rows[name].notna(), None)
    known = by_id.notna()
    findings: list[Finding] = []
    for column in clean.columns(frame, name)[:1]:
        what = column.variable.label if column.variable else name
        taken = Reading(None, "taken_from_id", "inferred", f"无法读取，已按身份证号补出{what}。", "info")
        differs = Reading(
            None,
            f"{name}_differs_from_id",
            "conflict",
            f"与校验无误的身份证号所示{what}不一致，已按身份证号取值。请核对证件。",
        )
        unread = _of_rows(rows, clean, clean.readings[column.index].problems)
        for reading, where in (
            (taken, known & said.isna() & unread),
            (differs, known & said.notna() & (said != by_id)),
        ):
            findings += [
                _at(clean, int(row), column, reading._replace(value=value))
                for row, value in zip(rows["row"][where], by_id[where], strict=True)
            ]
    return rows.assign(**{name: by_id.where(known, said)}), findings


def _at(clean: CleanTable, row: int, column: Column, reading: Reading) -> Finding:
    return finding_at(clean.table, row, column, reading, clean.table.body.at[row, column.index])


def _ages(rows: pd.DataFrame, clean: CleanTable, frame: str, wave: Wave) -> tuple[pd.DataFrame, list[Finding]]:
    """Age in full years at the reference date: from the birth date where that is certain, else as stated."""
    counted = certain_ages(rows, wave.reference_date)
    stated = rows["age"].astype("Int64")
    findings: list[Finding] = []
    for column in clean.columns(frame, "age")[:1]:
        unread = _of_rows(rows, clean, clean.readings[column.index].problems) & stated.isna() & counted.notna()
        differs = ((counted - stated).abs() > 1).fillna(False).astype(bool)
        for row, age, differing in zip(*(s[unread | differs] for s in (rows["row"], counted, differs)), strict=True):
            message = f"与出生日期相差一岁以上，已按出生日期取 {age} 岁。请核对。"
            reading = Reading(int(age), "age_differs_from_birth", "conflict", message)
            if not differing:
                reading = Reading(
                    int(age), "counted_from_birth", "inferred", "无法读取，已按出生日期算出年龄。", "info"
                )
            findings.append(_at(clean, int(row), column, reading))
    return rows.assign(age=counted.fillna(stated)), findings


def _none(value: object) -> bool:
    return value is None or value is pd.NA or value != value


def certain_ages(rows: pd.DataFrame, reference: datetime.date) -> pd.Series:
    """Full years (Int64) at `reference` by birth date; missing where month or year precision leaves two ages possible."""
    born = pd.to_datetime(rows["birth_date"].astype(object))
    precision = rows["birth_date_precision"]
    certain = precision.eq("day") | (precision.eq("month") & born.dt.month.ne(reference.month))
    return full_years(born, reference).where(certain)


def with_person_ids(rows: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """`rows` with person_id and id_basis: of the ID number, else of what else tells people apart, else of the row itself."""
    whole = rows["identity"].map(is_whole).astype(bool)
    texts = rows["identity"][whole].map(lambda identity: ("id_number", f"id:{identity.key}"))
    others = [_without_id(row) for row in rows.loc[~whole, _KEY_COLUMNS].itertuples(index=False)]
    said = pd.concat([texts, pd.Series(others, index=rows.index[~whole], dtype=object)]).reindex(rows.index)
    marked = rows.assign(id_basis=said.str[0], _identity=said.str[1])
    return _linked(_shared_ids_apart(marked), key)


def is_whole(identity: object) -> bool:
    """True for an Identity that names one person by itself."""
    return isinstance(identity, Identity) and identity.kind in ("id18", "id15")


_KEY_COLUMNS = [
    "identity", "name_key", "birth_date", "birth_date_precision", "employer", "reporting_unit", "wave", "source_file", "source_sheet", "first_cell",
]  # fmt: skip


def _without_id(row: Any) -> tuple[str, str]:
    """id_basis and what the pseudonym is made of, for a row without a whole ID number."""
    if isinstance(row.identity, Identity) and row.identity.first15 and row.name_key:
        return "id15_name", f"id15:{row.identity.first15}:{row.name_key}"
    if by_name := _name_birth_unit(row):
        return "name_birth_unit", by_name
    return "row", f"row:{row.wave}:{row.source_file}:{row.source_sheet}:{row.first_cell}"


def _name_birth_unit(row: Any) -> str:
    unit = row.employer if not _none(row.employer) else row.reporting_unit
    if not row.name_key or _none(row.birth_date) or row.birth_date_precision != "day" or _none(unit):
        return ""
    return f"nbu:{row.name_key}:{row.birth_date.isoformat()}:{squeeze(str(unit))}"


def _shared_ids_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """One ID number under two names is nobody's key: each name gets a pseudonym of its own."""
    twice = rows["id_basis"].eq("id_number") & rows["_identity"].duplicated(keep=False)
    names = rows[twice].groupby("_identity")["name_key"].nunique()
    shared = rows["_identity"].isin(names.index[names > 1])
    apart = rows["_identity"].mask(
        shared, rows["_identity"][shared] + ":" + rows["name_key"][shared].fillna("").astype(str)
    )
    return rows.assign(_identity=apart, shared_id=shared)


def _linked(rows: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Rows without a whole ID number take the person_id of the one person with the same name, birth and unit."""
    ids = pd.Series([pseudonym(text, key) for text in rows["_identity"]], index=rows.index, dtype="str")
    whole = rows["id_basis"].eq("id_number")
    alike = rows[rows["name_key"].isin(rows["name_key"][~whole].dropna())]
    by_name = [_name_birth_unit(row) for row in alike[_KEY_COLUMNS].itertuples(index=False)]
    nbu = pd.Series(by_name, index=alike.index, dtype="str").reindex(rows.index).replace("", None)
    owners = ids[whole].groupby(nbu[whole]).agg(["first", "nunique"])
    borrowed = nbu[~whole].map(owners.loc[owners["nunique"] == 1, "first"]).dropna()
    linked = rows.index.isin(borrowed.index)
    return rows.assign(
        person_id=ids.where(~linked, borrowed),
        id_basis=rows["id_basis"].where(~linked, "name_birth_unit"),
        linked_by_name=linked,
    ).drop(columns="_identity")


def member_rows(clean: CleanTable, codebook: Codebook, wave: Wave) -> tuple[pd.DataFrame, list[Finding]]:
    """Family members of a roster or members table, one row each, with the head's body row as `head_row`."""
    slots = sorted({c.slot for c in clean.columns("members")}, key=lambda s: -1 if s is None else s)
    rows: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for slot in slots:
        part, found = _slot_rows(clean, slot, codebook, wave)
        rows.append(part)
        findings += found
    if not rows:
        return pd.DataFrame(), []
    together = pd.concat(rows, ignore_index=True)
    head_of = clean.table.head_of
    return together.assign(head_row=together["row"] if head_of is None else together["row"].map(head_of)), findings


def _slot_rows(
    clean: CleanTable, slot: int | None, codebook: Codebook, wave: Wave
) -> tuple[pd.DataFrame, list[Finding]]:
    columns = tuple(c for c in clean.columns("members") if c.slot == slot)
    only = replace(clean, table=replace(clean.table, columns=columns))
    listed = clean.table.body[[c.index for c in columns]].notna().any(axis=1).to_numpy()
    rows = plain_rows(only, "members", wave).assign(row=clean.rows, slot=slot, **private_columns(only, "members", slot))
    full = rows.reindex(columns=list(dict.fromkeys([*rows.columns, *codebook.of("members")])))
    others = full[listed & full["relation"].ne("head").to_numpy()].reset_index(drop=True)
    return _complete(others, only, "members", wave)
