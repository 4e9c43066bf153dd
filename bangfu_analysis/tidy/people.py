"""Who stands in the tables: worker and member rows, with what an ID number says where a cell does not.

`name_key`, `id_key` and the like live in the frames of this module only; the schemas drop them before
anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.identity import identities
from bangfu_analysis.cleaning.readings import Reading, Readings, told
from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.distinct import Objects, objects
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.context import unit_in
from bangfu_analysis.reading.headings import SLOTS
from bangfu_analysis.reading.tables import Table
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy import values
from bangfu_analysis.tidy.derive import full_years
from bangfu_analysis.tidy.values import CleanTable, CleanWave, Told


def worker_rows(wave: CleanWave) -> tuple[pd.DataFrame, list[Finding]]:
    """One row per head of a household in a roster or form, with private identity columns and completed from
    the ID number.

    Returns the rows (`table` and `row` lead to their cells) and what was inferred or in conflict.
    """
    rosters = [clean for clean in wave.tables if clean.table.kind in ("roster", "form") and clean.rows]
    causes = Readings.joined([_causes_of(clean) for clean in rosters])
    several = causes.of_each(lambda reading: reading.detail)
    everyone = _rows(rosters, "workers", wave).assign(causes=several, cause_main=causes.values)
    are_heads = [np.array([], dtype=bool), *(_head_rows(c) == np.asarray(c.rows) for c in rosters)]
    heads = everyone[np.concatenate(are_heads)].reset_index(drop=True)
    completed, found = _complete(heads, wave, "workers")
    by_table = completed["table"].map({c.number: unit_of(c.table, wave.codebook) for c in rosters})
    unit = completed["reporting_unit"]
    for other in (completed["union"], by_table):
        unit = unit.where(unit.notna(), other)
    with_unit = _with_disability(completed).assign(reporting_unit=unit)
    return values.named_units(with_unit, wave.codebook), found


def _rows(
    cleans: Sequence[CleanTable], frame: str, wave: CleanWave, slot: int | None = None
) -> pd.DataFrame:
    """The rows of all tables with every variable of `frame`, and what the later steps need to know of their
    cells.

    name_key; id_key (18 characters, None where the number is not whole), id_first15, id_birth and id_sex;
    birth_date_precision; and <variable>_unread: the cell was given up.
    """
    rows = values.gathered(cleans, frame, wave.name, slot)
    full = rows.reindex(columns=list(dict.fromkeys([*rows, *wave.codebook.of(frame)])))
    read = partial(values.readings_of, cleans, frame, slot=slot)
    precision = read("birth_date").of_each(lambda reading: reading.detail)
    years = read("exit_date").of_each(lambda r: r.detail if r.problem == "year_only" else None)
    private = {"name_key": read("name").values, **identity_columns(cleans, frame, slot)}
    return full.assign(
        **{name: pd.Series(own, dtype=object) for name, own in private.items()},
        **{f"{name}_unread": read(name).problems for name in ("sex", "birth_date", "age")},
        birth_date_precision=pd.Series(precision).where(full["birth_date"].notna(), None),
        exit_year=pd.Series(years, dtype="Int64"),
    )


def identity_columns(cleans: Sequence[CleanTable], frame: str, slot: int | None = None) -> dict[str, Objects]:
    """What the ID numbers of all tables say, one column a part, None where they say nothing: id_key,
    id_first15, id_birth, id_sex.
    """
    parts = [_identities_of(clean, frame, slot) for clean in cleans]
    return {f"id_{part}": np.concatenate([objects([]), *(each[part] for each in parts)]) for part in _PARTS}


_PARTS = ("key", "first15", "birth", "sex", "disability")


def _identities_of(clean: CleanTable, frame: str, slot: int | None) -> dict[str, Objects]:
    """What the ID number of each row says, or where it is not whole the number of the disability certificate.
    """
    found = dict.fromkeys(_PARTS, objects([None] * len(clean.rows)))
    for name in ("id_number", "disability_number"):
        if (column := clean.column(frame, name, slot)) is not None:
            of_column = identities(clean.table.body[column.index].to_numpy(), clean.readings[column.index])
            found = {part: np.where(pd.isna(found[part]), of_column[part], found[part]) for part in _PARTS}
    return found


def _causes_of(clean: CleanTable) -> Readings:
    """The causes of every row, each once in the order said (detail), and the first named, or the only one
    ticked (value).
    """
    named = clean.columns("workers", "cause") + clean.columns("workers", "cause_other")
    columns = sorted(named, key=lambda column: bool(column.tick))
    if not columns:
        return Readings.blank(len(clean.rows))
    main = [not c.tick and c.means("workers", "cause") for c in columns]

    def read(parts: Sequence[tuple[str, ...] | None]) -> Reading:
        causes = tuple(dict.fromkeys(code for part in parts for code in part or ()))
        named = next((part[0] for part, first in zip(parts, main, strict=True) if first and part), None)
        return Reading(named or (causes[0] if len(causes) == 1 else None), detail=causes or None)

    rows = objects(list(zip(*map(clean.values, columns), strict=True)))
    return Readings.of(rows, lambda said: [*map(read, said)])


def _with_disability(rows: pd.DataFrame) -> pd.DataFrame:
    """Kind and grade of a disability as the number of its certificate ends, where no cell says them."""
    taken = {}
    for place, name, codes in ((0, "disability_type", _KINDS), (1, "disability_grade", _GRADES)):
        digits = rows["id_disability"].astype("str").str[place]
        by_id = digits.map(dict(zip("1234567", codes, strict=False)))
        taken[name] = rows[name].astype(object).where(rows[name].notna(), by_id)
    return rows.assign(**taken)


_KINDS = ("visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple")  # GB/T 26341
_GRADES = ("grade_1", "grade_2", "grade_3", "grade_4")


def unit_of(table: Table, codebook: Codebook) -> str | None:
    """The 填报单位 that the lines above the table, the sheet, the title or the file say.

    A form's sheet and file may be named after the person, so only what stands in the form counts.
    """
    names = [table.sheet, str(table.meta.get("title", "")), table.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]]
    known = (n if squeeze(n) in codebook.units else unit_in(n) for n in names if not table.is_form)
    return str(table.meta.get("unit") or "") or next(filter(None, known), None)


def _complete(
    rows: pd.DataFrame, wave: CleanWave, frame: str, slot: int | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Fill sex, birth and age from the ID number, and hold what is there against it. Findings are those added
    or changed.
    """
    of, day = wave.codebook.of(frame), wave.settings.reference_date
    sure, doubted = _without_doubtful(rows, day)
    with_sex, sexes = _take_from_id(sure, of["sex"], sure["id_sex"])
    with_birth, births = _birth_from_id(with_sex, of["birth_date"])
    plausible, odd = _births_in_range(with_birth, of["age"], day)
    with_age, ages = _ages(plausible, day)
    cells_of = {"sex": sexes, "birth_date": births, "age": [*doubted, *ages]}
    for table, row, reading in odd:
        name = "birth_date" if wave.tables[table].column(frame, "birth_date", slot) else "id_number"
        cells_of[name] = [*cells_of.get(name, []), (table, row, reading)]
    found = (values.at_cells(wave.tables, cells, frame, name, slot) for name, cells in cells_of.items())
    return with_age, [finding for of_name in found for finding in of_name]


def _without_doubtful(rows: pd.DataFrame, day: date) -> tuple[pd.DataFrame, list[Told]]:
    """A birth of a number without its check digit is given up where it makes the age another than the one
    stated.
    """
    years = full_years(rows["id_birth"].astype(object), day)
    off = rows["id_key"].isna() & ((years - rows["age"].astype("Int64")).abs() > 1).fillna(False).astype(bool)
    doubted = values.at_rows(rows, off, told("age_differs_from_id"))
    return rows.assign(id_birth=rows["id_birth"].where(~off, None)), doubted


def _birth_from_id(rows: pd.DataFrame, variable: Variable) -> tuple[pd.DataFrame, list[Told]]:
    by_id = rows["id_birth"]
    # A year or month that agrees with the ID number is no conflict: the ID number only says the day as well.
    coarse = rows["birth_date_precision"].isin(["month", "year"]) & by_id.notna()
    stated, born = (pd.to_datetime(dates[coarse].astype(object)) for dates in (rows["birth_date"], by_id))
    by_year = rows.loc[coarse, "birth_date_precision"].eq("year")
    coarse[coarse] = stated.dt.year.eq(born.dt.year) & (by_year | stated.dt.month.eq(born.dt.month))
    eased = rows.assign(birth_date=rows["birth_date"].astype(object).where(~coarse, by_id))
    taken, cells = _take_from_id(eased, variable, by_id)
    return taken.assign(birth_date_precision=taken["birth_date_precision"].where(by_id.isna(), "day")), cells


def _take_from_id(
    rows: pd.DataFrame, variable: Variable, by_id: pd.Series
) -> tuple[pd.DataFrame, list[Told]]:
    """Where the ID number speaks it wins: it fills what is missing and overrules what differs, both as
    findings.
    """
    name, what = variable.name, variable.label
    taken = told("taken_from_id", what=what)
    differs = told("differs_from_id", what=what)._replace(problem=f"{name}_differs_from_id")
    stated = rows[name].astype(object).where(rows[name].notna(), None)
    by_number, cells = by_id.notna(), list[Told]()
    unread, unlike = stated.isna() & rows[f"{name}_unread"], stated.notna() & (stated != by_id)
    for found, where in ((taken, unread), (differs, unlike)):
        places = values.at_rows(rows, by_number & where, found)
        born = zip(places, by_id[by_number & where], strict=True)
        cells += [(table, row, reading._replace(value=value)) for (table, row, reading), value in born]
    return rows.assign(**{name: by_id.where(by_number, stated)}), cells


def _births_in_range(rows: pd.DataFrame, age: Variable, day: date) -> tuple[pd.DataFrame, list[Told]]:
    """Births, be they an ID number's, that make nobody of a possible age or lie after the reference date are
    given up.
    """
    years = full_years(rows["birth_date"].astype(object), day)
    assert age.low is not None and age.high is not None, "ages have a range"
    odd = rows["birth_date"].notna() & ~years.between(age.low, age.high).fillna(False).astype(bool)
    reading = told("out_of_range/birth", low=f"{age.low:g}", high=f"{age.high:g}")
    kept = {n: rows[n].astype(object).where(~odd, None) for n in ("birth_date", "birth_date_precision")}
    return rows.assign(**kept), values.at_rows(rows, odd, reading)


def _ages(rows: pd.DataFrame, day: date) -> tuple[pd.DataFrame, list[Told]]:
    """Age in full years at the reference date: from the birth date where that is certain, else as stated.

    Where the birth date is known to the month or year and leaves two ages possible it is not.
    """
    born, precision = pd.to_datetime(rows["birth_date"].astype(object)), rows["birth_date_precision"]
    certain = precision.eq("day") | (precision.eq("month") & born.dt.month.ne(day.month))
    counted = full_years(born, day).where(certain)
    stated = rows["age"].astype("Int64")
    unread = rows["age_unread"] & stated.isna() & counted.notna()
    differs = ((counted - stated).abs() > 1).fillna(False).astype(bool)
    told_of = pd.DataFrame({"table": rows["table"], "row": rows["row"], "age": counted, "off": differs})
    cells = [
        (table, row, told("age_differs_from_birth" if off else "counted_from_birth", int(age), age=age))
        for table, row, age, off in told_of[unread | differs].itertuples(index=False)
    ]
    return rows.assign(age=counted.fillna(stated)), cells


def member_rows(wave: CleanWave) -> tuple[pd.DataFrame, list[Finding]]:
    """Family members of rosters, forms and members tables, one row each, with the head's body row as
    `head_row`.

    In the order of the tables; those of 家庭成员1…n slot by slot.
    """
    numbers = {c.slot for clean in wave.tables if clean.rows for c in clean.columns("members")}
    parts = [_slot_rows(wave, slot) for slot in sorted(numbers, key=lambda s: -1 if s is None else s)]
    if not parts:
        return pd.DataFrame(columns=["table", "row", "name_key", "head_row"]), []
    together = pd.concat([rows for rows, _ in parts]).sort_values("table", kind="stable", ignore_index=True)
    return together, [finding for _, found in parts for finding in found]


def _slot_rows(wave: CleanWave, slot: int | None) -> tuple[pd.DataFrame, list[Finding]]:
    columns = ((t, [c for c in t.columns("members") if c.slot == slot]) for t in wave.tables if t.rows)
    with_slot = {clean.number: own for clean, own in columns if own}
    tables = [wave.tables[number] for number in with_slot]
    rows = _rows(tables, "members", wave, slot)
    person = next((p for p, n in SLOTS.items() if slot is not None and n <= slot < n + 10), None)  # 配偶姓名
    relation = rows["relation"].astype(object)
    read = values.readings_of(tables, "members", "relation", slot).of_each(lambda reading: reading.detail)
    rows = rows.assign(relation=relation.where(relation.notna(), person), relation_either=read)
    asked = ([c.index for c in own if c.meaning.kind != "private"] for own in with_slot.values())
    filled = [t.table.body[at].notna().any(axis=1) for t, at in zip(tables, asked, strict=True)]
    heads = np.concatenate([_head_rows(clean) for clean in tables])
    is_other = np.concatenate(filled) & rows["relation"].ne("head").to_numpy()
    others = rows.assign(slot=slot, head_row=heads)[is_other]
    return _complete(others.reset_index(drop=True), wave, "members", slot)


def by_ages(members: pd.DataFrame, heads: pd.DataFrame) -> tuple[pd.DataFrame, list[Told]]:
    """父子 says nobody's side: who is 14 years the younger is the child, who is the elder the parent."""
    ages = heads.drop_duplicates("person_id").set_index("person_id")["age"]
    elder = members["person_id"].map(ages).astype("Int64") - members["age"].astype("Int64")
    said = members["relation"].astype(object)
    either = members["relation_either"].map(lambda codes: {*(codes or ())} == {"parent", "child"}).eq(True)
    rows, told_of = members, list[Told]()
    for code, where in (("child", elder >= 14), ("parent", elder <= -14)):
        sure = either & said.isna() & members["slot"].isna() & where.fillna(False).astype(bool)
        said = said.mask(sure, code)
        told_of += values.at_rows(rows, sure, told("relation_by_ages", code))
    return rows.assign(relation=said), told_of


def _head_rows(clean: CleanTable) -> Any:
    head_of = clean.table.head_of
    return np.asarray(clean.rows) if head_of is None else head_of.reindex(clean.rows).to_numpy()
