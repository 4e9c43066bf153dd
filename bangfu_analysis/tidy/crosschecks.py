"""What two cells say against each other: findings, never silent choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.findings import Finding
from bangfu_analysis.tidy.values import CleanTable, at_cells, at_rows, finding_at, readings_of
from bangfu_analysis.wave import Wave

STUDENTS = ("student", "postgraduate_student", "university_student", "vocational_student", "senior_secondary_student",
            "junior_secondary_student", "primary_pupil")
INCOME_TOLERANCE = 0.05


def _numbers(rows: pd.DataFrame, column: str) -> pd.Series:
    """float64, NaN where missing, whether the column came as Int64, Float64 or objects."""
    numbers = pd.to_numeric(rows[column], errors="coerce")
    return pd.Series(numbers.to_numpy(dtype=float, na_value=float("nan")), index=rows.index)


def _income_off(rows: pd.DataFrame) -> pd.Series:
    """Yearly household income / 12 / size against the stated income per head, with 5 % and ten yuan to spare.
    """
    annual, size, head = (_numbers(rows, c) for c in _INCOME)
    per_head = annual / 12 / size.where(size > 0)
    return (per_head - head).abs() > (INCOME_TOLERANCE * head.abs()).clip(lower=10)


_INCOME = ("income_household_annual", "household_size", "income_per_capita_monthly")


# Yuan a month that people in hardship may have (the poorest households of the 2000s: 30 a head); beyond it a sum by the
# year or in 10,000 yuan is likelier. Zero is no sum.
_LIKELY = (20, 20000)
_MONTHS = {"income_personal_monthly": 1, "income_per_capita_monthly": 1, "income_household_annual": 12}
_WORST = ("extreme", "no_dibao", "dibao", "deep")


def _unlikely(rows: pd.DataFrame, name: str) -> pd.Series:
    value = _numbers(rows, name) / _MONTHS[name]
    return (value > 0) & ~value.between(*_LIKELY) & value.notna()


def _level_against_line(rows: pd.DataFrame) -> pd.Series:
    """Poorest categories above the wave's lines, other ones above twice these, 低保线以上 below them; by what
    is left of the income after unavoidable spending where the scheme (s2018) counts so.
    """
    annual, size, head = (_numbers(rows, c) for c in _INCOME)
    spent = _numbers(rows, "rigid_expense_annual").fillna(0).where(rows["hardship_scheme"].eq("s2018"), 0)
    left = ((annual - spent) / 12 / size.where(size > 0)).fillna(head - spent / 12 / size.where(size > 0).fillna(1))
    most = rows["line_high"] * rows["hardship_level"].isin(_WORST).map({True: 1.0, False: 2.0})
    above = rows["hardship_level"].notna() & ~rows["hardship_level"].isin(["accidental", "above_line"]) & (left > most)
    return above | (rows["hardship_level"].eq("above_line") & (left < rows["line_low"]))


def _early(rows: pd.DataFrame) -> pd.Series:
    born, began = (pd.to_datetime(rows[c].astype(object), errors="coerce") for c in ("birth_date", "work_start"))
    return (began.dt.year - born.dt.year) < 14


def _same_without_id(rows: pd.DataFrame) -> pd.Series:
    """The second and later of several rows without an ID number that agree in name, sex, birth or age, and
    unit.
    """
    told = ["name_key", "sex", "birth_date", "age", "employer"]
    again = rows[told].astype(object).fillna("").duplicated(keep="first")
    return again & rows["id_key"].isna() & rows["name_key"].notna()


def _both(rows: pd.DataFrame, **said: str | bool) -> pd.Series:
    """Rows that say all of this."""
    return pd.concat([rows[name].eq(value).fillna(False) for name, value in said.items()], axis=1).all(axis=1)


def _blank_where_asked(values: pd.Series) -> pd.Series:
    return values.isna() & bool(values.notna().any())


def _without_student(rows: pd.DataFrame) -> pd.Series:
    schooling = rows["causes"].map(lambda causes: isinstance(causes, tuple) and "schooling" in causes)
    return schooling & (rows["status_listed"] > 0) & (rows["students_listed"] == 0)


# Problem (told.yaml), the variable whose cell is told of, and the worker rows that break the rule.
CHECKS: tuple[tuple[str, str, Callable[[pd.DataFrame], pd.Series]], ...] = (
    ("income_identity", "income_per_capita_monthly", _income_off),
    *(("income_unlikely", name, partial(_unlikely, name=name)) for name in _MONTHS),
    ("level_against_line", "hardship_level", _level_against_line),
    ("work_before_14", "work_start", _early),
    ("single_parent_married", "is_single_parent", partial(_both, is_single_parent=True, marital_status="married")),
    ("zero_employment_employed", "is_zero_employment",
     partial(_both, is_zero_employment=True, employment_status="employed")),
    ("disabled_without_type", "health", lambda r: _both(r, health="disabled") & _blank_where_asked(r["disability_type"])),
    ("migrant_not_agricultural", "employment_status",
     partial(_both, employment_status="migrant_worker", hukou_type="non_agricultural")),
    ("size_below_members", "household_size", lambda r: _numbers(r, "household_size") < r["members_listed"] + 1),
    ("schooling_without_student", "cause", _without_student),
    ("member_with_own_file", "id_number", lambda r: r["is_member"]),
    ("id_shared", "id_number", partial(_both, shared_id=True)),
    ("same_name", "name", _same_without_id),
    ("linked_by_name", "id_number", partial(_both, linked_by_name=True)),
)


def cross_checks(
    people: pd.DataFrame, members: pd.DataFrame, cleans: Sequence[CleanTable], wave: Wave
) -> list[Finding]:
    """A finding for each rule of CHECKS that a worker's row breaks."""
    if people.empty:
        return []
    lines = [float(line) for line in wave.line.values() if isinstance(line, (int, float))] or [float("nan")]
    listed = members.reindex(columns=["id_key", "person_id"]).dropna()
    heads: dict[Any, Any] = listed.groupby("id_key")["person_id"].agg(set).to_dict()
    also = people.loc[people["id_key"].isin(heads), ["id_key", "person_id"]]
    elsewhere = pd.Series([bool(heads[key] - {own}) for key, own in also.to_numpy()], index=also.index, dtype=bool)
    is_member = elsewhere.reindex(people.index, fill_value=False)
    rows = people.assign(**_listed(people, members), line_low=min(lines), line_high=max(lines), is_member=is_member)
    found: list[Finding] = []
    for problem, variable, breaks in CHECKS:
        broken = breaks(rows).fillna(False).astype(bool)
        found += at_cells(cleans, at_rows(rows, broken, told(problem)), "workers", variable)
    return found


def shifted(findings: Sequence[Finding], people: pd.DataFrame) -> list[Finding]:
    """Sheets in which sex or birth differ from the ID number for a fifth of the people: names are shifted
    against numbers.
    """
    differ = ("sex_differs_from_id", "birth_date_differs_from_id")
    rows = {(f.source_file, f.source_sheet, f.source_row) for f in findings if f.problem in differ}
    off = Counter((file, sheet) for file, sheet, _ in rows)
    known = people[people["id_key"].notna()]
    sizes = Counter(known.groupby(["source_file", "source_sheet"]).size().to_dict())
    message = "{}人中有{}人的性别或出生日期与身份证号不符，可能排序时只选了部分列，姓名与证号错位。请整表核对。"
    return [
        Finding(
            "rows_shifted", f"{file} [{sheet}]：" + message.format(sizes[file, sheet], n), "error",
            "conflict", file, sheet,
        ) for (file, sheet), n in off.items() if n >= max(5, sizes[file, sheet] / 5)
    ]


def without_level(people: pd.DataFrame, cleans: Sequence[CleanTable]) -> list[Finding]:
    """One finding for each sheet whose people have a category of hardship neither in a column nor by a title.
    """
    asked = {clean.number for clean in cleans if clean.column("workers", "hardship_level") is not None}
    open_ = people[people["hardship_level"].isna() & ~people["table"].isin(asked)]
    message = "{} [{}]：{} 人没有困难类别：表中没有这一栏，标题、表名和文件名也没有说明，记为缺失。请补上一栏，或分类别报送。"
    return [
        Finding("level_unknown", message.format(file, sheet, len(part)), source_file=str(file), source_sheet=str(sheet))
        for (file, sheet), part in open_.groupby(["source_file", "source_sheet"])
    ]


def _listed(people: pd.DataFrame, members: pd.DataFrame) -> dict[str, pd.Series]:
    status = members["status"] if "status" in members else pd.Series(index=members.index, dtype=object)
    counts = pd.DataFrame(
        {"person_id": members["person_id"], "all": 1, "status": status.notna(), "students": status.isin(STUDENTS)}
    )
    sums = counts.groupby("person_id")[["all", "status", "students"]].sum()
    by_person = sums.reindex(people["person_id"]).fillna(0).set_axis(people.index)
    return {
        "members_listed": by_person["all"].astype(float),
        "status_listed": by_person["status"].astype(float),
        "students_listed": by_person["students"].astype(float),
    }


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
        if column is None or not _empty(cleans[number].table.body.at[row, column.index]):
            continue
        sizes[place] = int(listed[place]) + 1
        found = told("size_from_members", sizes[place])
        findings.append(finding_at(cleans[number].table, int(row), column, found))
    return rows.assign(household_size=sizes), findings


def _empty(raw: object) -> bool:
    return raw is None or str(raw).strip() in ("", "0", "0.0")


def aid_checks(aid: pd.DataFrame, people: pd.DataFrame, cleans: Sequence[CleanTable]) -> list[Finding]:
    """A finding for each act of help in a month before that in which its person's file was opened."""
    if "date" not in aid or "file_date" not in people:
        return []
    days, opened = (pd.to_datetime(s.astype(object)) for s in (aid["date"], people["file_date"]))
    filed = aid["person_id"].map(dict(zip(people["person_id"], opened, strict=True)))
    own = [clean for clean in cleans if clean.number in set(aid["table"])]
    coarse = readings_of(own, "aid", "date").of_each(lambda reading: reading.detail == "year").astype(bool)
    early = pd.Series(~coarse, index=aid.index) & (days.dt.to_period("M") < pd.to_datetime(filed).dt.to_period("M"))
    return at_cells(cleans, at_rows(aid, early, told("aid_before_file")), "aid", "date")


def aid_against_funds(aid: pd.DataFrame, funds: pd.DataFrame) -> list[Finding]:
    """A finding for each source of which more was spent on aid than had come in, where both ledgers are
    there.
    """
    spent, came = (
        frame.groupby(column, observed=True)["amount_yuan"].sum()
        for frame, column in ((aid, "fund_source"), (funds, "source"))
    )
    both = pd.DataFrame({"spent": spent, "came": came}).astype(float).query("spent > came")
    message = "资金来源 {}：帮扶台账支出合计 {:,.0f} 元，多于到账 {:,.0f} 元。请核对两本台账（资金台账可能不全）。"
    return [
        Finding("aid_above_funds", message.format(*row), "info", variable="amount_yuan") for row in both.itertuples()
    ]
