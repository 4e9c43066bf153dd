"""What two cells say against each other: findings, never silent choices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.findings import Finding
from bangfu_analysis.tidy import values
from bangfu_analysis.tidy.values import CleanTable, CleanWave, told_at

_IN_SCHOOL = ".*student|primary_pupil"
CHECKS: Sequence[Mapping[str, str]] = read_yaml(Path(__file__).with_name("checks.yaml"))
_ASKED = {"household_size", "income_household_annual", "rigid_expense_annual"}.union(
    *(re.findall(r"\w+", check["where"]) for check in CHECKS)
)


def cross_checks(people: pd.DataFrame, members: pd.DataFrame, wave: CleanWave) -> list[Finding]:
    """A finding for each rule of checks.yaml that a worker's row breaks."""
    if people.empty:
        return []
    facts, found = _facts(people, members, wave), list[Finding]()
    for check in CHECKS:
        used = [name for name in re.findall(r"\w+", check["where"]) if name in facts]
        broken: Any = facts[[*dict.fromkeys(used)]].eval(check["where"], engine="python")
        cells = values.at_rows(people, broken, told(check["problem"]))
        found += values.at_cells(wave.tables, cells, "workers", check["at"])
    return found


def _facts(people: pd.DataFrame, members: pd.DataFrame, wave: CleanWave) -> pd.DataFrame:
    """The workers as checks.yaml speaks of them."""
    asked = [v for v in wave.codebook.of("workers").values() if v.name in _ASKED]
    rows = people.assign(**{v.name: _plain(people[v.name], v.kind) for v in asked})
    size = rows["household_size"].where(rows["household_size"] > 0)
    spent = rows["rigid_expense_annual"].fillna(0).where(rows["hardship_scheme"].eq("s2018"), 0) / 12
    of_head = rows["income_per_capita_monthly"] - spent / size.fillna(1)
    lines = [float(line) for line in wave.settings.line.values() if isinstance(line, (int, float))]
    listed = members.reindex(columns=["id_key", "person_id"]).dropna()
    both = rows[["id_key", "person_id"]].reset_index().merge(listed, on="id_key", suffixes=("", "_head"))
    without_id = rows["id_key"].isna() & rows["name_key"].notna()
    namesakes = rows[rows["name_key"].isin(rows.loc[without_id, "name_key"])]
    compared = namesakes[["name_key", "sex", "birth_date", "age", "employer"]].astype(object).fillna("")
    return rows.assign(
        **_listed(people, members), line_low=min(lines, default=np.nan), line_high=max(lines, default=np.nan),
        per_head=rows["income_household_annual"] / 12 / size,
        left_per_head=((rows["income_household_annual"] / 12 - spent) / size).fillna(of_head),
        schooling=[isinstance(causes, tuple) and "schooling" in causes for causes in rows["causes"]],
        is_member=rows.index.isin(both.loc[both["person_id"].ne(both["person_id_head"]), "index"]),
        same_without_id=without_id & rows.index.isin(compared.index[compared.duplicated()]),
    )


def _plain(column: pd.Series, kind: str) -> pd.Series:
    """Numbers as float64, yes_no as bool, dates as such, all else as objects, whatever they came as."""
    if kind == "yes_no":
        return column.eq(True).fillna(False).astype(bool)
    if kind == "date":
        return pd.to_datetime(column.astype(object), errors="coerce")
    if kind in ("count", "money", "number", "age"):
        return pd.to_numeric(column, errors="coerce").astype("Float64").astype(float)
    return column.astype(object).where(column.notna(), None)


def _listed(people: pd.DataFrame, members: pd.DataFrame) -> dict[str, pd.Series]:
    """How many members each person has, how many of them with a status, how many in school."""
    status = members["status"] if "status" in members else pd.Series(index=members.index, dtype=object)
    in_school = status.astype("str").str.fullmatch(_IN_SCHOOL).fillna(False)
    indicators = {"members_listed": 1.0, "status_listed": status.notna(), "students_listed": in_school}
    counts = pd.DataFrame(indicators, index=members.index)
    sums = counts.groupby(members["person_id"]).sum().reindex(people["person_id"]).fillna(0).astype(float)
    return {str(name): column for name, column in sums.set_axis(people.index).items()}


def shifted(findings: Sequence[Finding], people: pd.DataFrame) -> list[Finding]:
    """Sheets in which sex or birth differ from the ID number for a fifth of the people: names are shifted
    against numbers.
    """
    differ = ("sex_differs_from_id", "birth_date_differs_from_id")
    at = {(f.source_file, f.source_sheet, f.source_row): None for f in findings if f.problem in differ}
    known, found = people[["source_file", "source_sheet", "source_row"]][people["id_key"].notna()], []
    sheets = pd.DataFrame([*at]).groupby([0, 1])[2] if len(at) >= 5 else ()
    for (file, sheet), off in cast("Iterable[tuple[tuple[str, str], pd.Series]]", sheets):
        own = known.loc[known["source_file"].eq(file) & known["source_sheet"].eq(sheet), "source_row"]
        n = off.dropna().isin(own).sum()  # without those merged into another sheet's
        if n >= max(5, len(own) / 5):
            found.append(told_at("rows_shifted", file, sheet, n=len(own), off=n))
    return found


def without_level(people: pd.DataFrame, cleans: Sequence[CleanTable]) -> list[Finding]:
    """One finding for each sheet whose people have a category of hardship neither in a column nor by a title.
    """
    asked = {clean.number for clean in cleans if clean.column("workers", "hardship_level") is not None}
    open_ = people[people["hardship_level"].isna() & ~people["table"].isin(asked)]
    sizes = Counter(zip(open_["source_file"], open_["source_sheet"], strict=True))
    return [told_at("level_unknown", file, sheet, n=n) for (file, sheet), n in sizes.items()]


def sizes_from_members(
    rows: pd.DataFrame, members: pd.DataFrame, cleans: Sequence[CleanTable]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Where 家庭人口 is left blank or 0 and members are listed, the size is one and the members, and flagged
    so.
    """
    if rows.empty or members.empty:
        return rows, []
    listed = rows["person_id"].map(members.groupby("person_id").size())
    blank = rows["household_size"].isna() & listed.notna()
    findings: list[Finding] = []
    sizes = rows["household_size"].astype(object)
    for place, number, row in rows.loc[blank, ["table", "row"]].itertuples():
        column = cleans[number].column("workers", "household_size")
        raw = "" if column is None else cleans[number].table.body.at[row, column.index]
        if column is not None and (raw is None or str(raw).strip() in ("", "0", "0.0")):
            sizes[place] = int(listed[place]) + 1
            found = told("size_from_members", sizes[place])
            findings.append(values.finding_at(cleans[number].table, int(row), column, found))
    return rows.assign(household_size=sizes), findings


def aid_checks(aid: pd.DataFrame, people: pd.DataFrame, cleans: Sequence[CleanTable]) -> list[Finding]:
    """A finding for each act of help in a month before that in which its person's file was opened."""
    if "date" not in aid or "file_date" not in people:
        return []
    days, opened = (pd.to_datetime(s.astype(object)) for s in (aid["date"], people["file_date"]))
    filed = aid["person_id"].map(dict(zip(people["person_id"], opened, strict=True)))
    with_aid = [clean for clean in cleans if clean.number in set(aid["table"])]
    coarse = values.readings_of(with_aid, "aid", "date").where(lambda reading: reading.detail == "year")
    months, since = (dates.dt.to_period("M") for dates in (days, pd.to_datetime(filed)))
    early = pd.Series(~coarse, index=aid.index) & (months < since)
    return values.at_cells(cleans, values.at_rows(aid, early, told("aid_before_file")), "aid", "date")


def aid_against_funds(aid: pd.DataFrame, funds: pd.DataFrame) -> list[Finding]:
    """A finding for each source of which more was spent on aid than had come in, where both ledgers are
    there.
    """
    sides = ((aid, "fund_source"), (funds, "source"))
    spent, came = (rows.groupby(by, observed=True)["amount_yuan"].sum() for rows, by in sides)
    both = pd.DataFrame({"spent": spent, "came": came}).astype(float)
    above = both[both["spent"] > both["came"]].itertuples(name=None)
    return [
        told_at("aid_above_funds", variable="amount_yuan", source=name, spent=spent, came=came)
        for name, spent, came in above
    ]
