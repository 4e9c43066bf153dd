"""What two cells say against each other: findings, never silent choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from bangfu_analysis.cleaning.readings import Reading
from bangfu_analysis.findings import Finding
from bangfu_analysis.tidy.values import CleanTable, at_cells, finding_at
from bangfu_analysis.wave import Wave

STUDENTS = ("student", "postgraduate_student", "university_student", "vocational_student", "senior_secondary_student",
            "junior_secondary_student", "primary_pupil")  # fmt: skip
INCOME_TOLERANCE = 0.05


@dataclass(frozen=True)
class Check:
    """A rule over worker rows: where `broken` holds, the cell of `variable` gets a finding."""

    problem: str
    variable: str
    message: str
    broken: Callable[[pd.DataFrame], pd.Series]


def _income_off(rows: pd.DataFrame) -> pd.Series:
    """Yearly household income / 12 / size against the stated income per head, with 5 % and ten yuan to spare."""
    annual, size, head = (pd.to_numeric(rows[c], errors="coerce") for c in _INCOME)
    per_head = annual / 12 / size.where(size > 0)
    return (per_head - head).abs() > (INCOME_TOLERANCE * head.abs()).clip(lower=10)


_INCOME = ("income_household_annual", "household_size", "income_per_capita_monthly")


def _named(rows: pd.DataFrame, column: str, *values: object) -> pd.Series:
    return rows[column].isin(values).fillna(False).astype(bool)


CHECKS: tuple[Check, ...] = (
    Check("income_identity", "income_per_capita_monthly", "与家庭年收入÷12÷家庭人口不符。请核对三者中哪一个有误（常见：年与月混用）。", _income_off),
    Check("single_parent_married", "is_single_parent", "填为单亲，但婚姻状况为已婚。请核对。",
          lambda r: _named(r, "is_single_parent", True) & _named(r, "marital_status", "married")),
    Check("zero_employment_employed", "is_zero_employment", "填为零就业家庭，但本人在岗。请核对。",
          lambda r: _named(r, "is_zero_employment", True) & _named(r, "employment_status", "employed")),
    Check("disabled_without_type", "health", "健康状况为残疾，但没有残疾类别。请补填。",
          lambda r: _named(r, "health", "disabled") & r["disability_type"].isna() & bool(r["disability_type"].notna().any())),
    Check("migrant_not_agricultural", "employment_status", "身份为农民工，但户口类型为非农业。请核对。",
          lambda r: _named(r, "employment_status", "migrant_worker") & _named(r, "hukou_type", "non_agricultural")),
    Check("size_below_members", "household_size", "小于本人加所列家庭成员的人数。请核对家庭人口。",
          lambda r: pd.to_numeric(r["household_size"], errors="coerce") < r["members_listed"] + 1),
    Check("schooling_without_student", "cause", "致困原因为子女上学，但所列家庭成员中没有在校学生。请核对。",
          lambda r: r["causes"].map(lambda c: isinstance(c, tuple) and "schooling" in c) & (r["status_listed"] > 0) & (r["students_listed"] == 0)),
    Check("id_shared", "id_number", "同一身份证号填在不同姓名之下，不作为同一人处理。请核对证件。", lambda r: _named(r, "shared_id", True)),
    Check("linked_by_name", "id_number", "没有完整的身份证号，按姓名、出生日期和单位与另一行认定为同一人。请补填。",
          lambda r: _named(r, "linked_by_name", True)),
)  # fmt: skip


def cross_checks(
    people: pd.DataFrame, members: pd.DataFrame, cleans: Sequence[CleanTable], wave: Wave
) -> list[Finding]:
    """A finding for each rule of CHECKS that a worker's row breaks, and for incomes above a stated line."""
    if people.empty:
        return []
    rows = people.assign(**_listed(people, members))
    found: list[Finding] = []
    for check in CHECKS:
        broken = rows[check.broken(rows).fillna(False).astype(bool)]
        reading = Reading(None, check.problem, "conflict", check.message)
        cells = [(int(table), int(row), reading) for table, row in zip(broken["table"], broken["row"], strict=True)]
        found += at_cells(cleans, cells, "workers", check.variable)
    return found


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
    """Where 家庭人口 is left blank or 0 and members are listed, the size is one and the members, and flagged so."""
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
        message = "未填家庭人口，按本人加所列家庭成员计。请核对。"
        reading = Reading(sizes[place], "size_from_members", "inferred", message, "info")
        findings.append(finding_at(cleans[number].table, int(row), column, reading))
    return rows.assign(household_size=sizes), findings


def _empty(raw: object) -> bool:
    return raw is None or str(raw).strip() in ("", "0", "0.0")
