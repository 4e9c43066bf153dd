"""What two cells say against each other: findings, never silent choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.readings import Reading
from bangfu_analysis.findings import Finding
from bangfu_analysis.tidy.values import CleanTable, at_cells, finding_at, readings_of
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
    action: str = "conflict"


def _numbers(rows: pd.DataFrame, column: str) -> pd.Series:
    """float64, NaN where missing, whether the column came as Int64, Float64 or objects."""
    numbers = pd.to_numeric(rows[column], errors="coerce")
    return pd.Series(numbers.to_numpy(dtype=float, na_value=float("nan")), index=rows.index)


def _income_off(rows: pd.DataFrame) -> pd.Series:
    """Yearly household income / 12 / size against the stated income per head, with 5 % and ten yuan to spare."""
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
    """Poorest categories above the wave's lines, other ones above twice these, 低保线以上 below them; by what is left
    of the income after unavoidable spending where the scheme (s2018) counts so."""
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
    """The second and later of several rows without an ID number that agree in name, sex, birth or age, and unit."""
    told = ["name_key", "sex", "birth_date", "age", "employer"]
    again = rows[told].astype(object).fillna("").duplicated(keep="first")
    return again & rows["id_key"].isna() & rows["name_key"].notna()


def _named(rows: pd.DataFrame, column: str, *values: object) -> pd.Series:
    return rows[column].isin(values).fillna(False).astype(bool)


CHECKS: tuple[Check, ...] = (
    Check("income_identity", "income_per_capita_monthly", "与家庭年收入÷12÷家庭人口不符。请核对三者中哪一个有误（常见：年与月混用）。", _income_off),
    *(Check("income_unlikely", name, "数额不像本列应填的收入（元）：可能年、月混用，或单位是万元。按所填记录，请核对。",
            partial(_unlikely, name=name), action="kept") for name in _MONTHS),
    Check("level_against_line", "hardship_level", "与家庭人均收入及 wave.toml 的低保标准不符。请核对收入或困难类别。", _level_against_line),
    Check("work_before_14", "work_start", "参加工作时不满 14 岁。请核对参加工作时间或出生日期。", _early),
    Check("single_parent_married", "is_single_parent", "填为单亲，但婚姻状况为已婚。请核对。",
          lambda r: _named(r, "is_single_parent", True) & _named(r, "marital_status", "married")),
    Check("zero_employment_employed", "is_zero_employment", "填为零就业家庭，但本人在岗。请核对。",
          lambda r: _named(r, "is_zero_employment", True) & _named(r, "employment_status", "employed")),
    Check("disabled_without_type", "health", "健康状况为残疾，但没有残疾类别。请补填。",
          lambda r: _named(r, "health", "disabled") & r["disability_type"].isna() & bool(r["disability_type"].notna().any())),
    Check("migrant_not_agricultural", "employment_status", "身份为农民工，但户口类型为非农业。请核对。",
          lambda r: _named(r, "employment_status", "migrant_worker") & _named(r, "hukou_type", "non_agricultural")),
    Check("size_below_members", "household_size", "小于本人加所列家庭成员的人数。请核对家庭人口。",
          lambda r: _numbers(r, "household_size") < r["members_listed"] + 1),
    Check("schooling_without_student", "cause", "致困原因为子女上学，但所列家庭成员中没有在校学生。请核对。",
          lambda r: r["causes"].map(lambda c: isinstance(c, tuple) and "schooling" in c) & (r["status_listed"] > 0) & (r["students_listed"] == 0)),
    Check("member_with_own_file", "id_number", "这名职工又列为另一户的家庭成员；一户应只建一份档案。请核对由谁建档。", lambda r: r["is_member"]),
    Check("id_shared", "id_number", "同一身份证号填在不同姓名之下，不作为同一人处理。请核对证件。", lambda r: _named(r, "shared_id", True)),
    Check("same_name", "name", "与上面一行同名，性别、年龄、单位也相同，两行都没有身份证号，不能确定是不是同一人。请补填身份证号。",
          lambda r: _same_without_id(r)),
    Check("linked_by_name", "id_number", "没有完整的身份证号，按姓名、出生日期和单位与另一行认定为同一人。请补填。",
          lambda r: _named(r, "linked_by_name", True)),
)  # fmt: skip


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
    for check in CHECKS:
        broken = rows[check.broken(rows).fillna(False).astype(bool)]
        reading = Reading(None, check.problem, check.action, check.message)
        cells = [(int(table), int(row), reading) for table, row in zip(broken["table"], broken["row"], strict=True)]
        found += at_cells(cleans, cells, "workers", check.variable)
    return found


def shifted(findings: Sequence[Finding], people: pd.DataFrame) -> list[Finding]:
    """Sheets in which sex or birth differ from the ID number for a fifth of the people: names are shifted against numbers."""
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
    """One finding for each sheet whose people have a category of hardship neither in a column nor by a title."""
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


def aid_checks(aid: pd.DataFrame, people: pd.DataFrame, cleans: Sequence[CleanTable]) -> list[Finding]:
    """A finding for each act of help in a month before that in which its person's file was opened."""
    if "date" not in aid or "file_date" not in people:
        return []
    days, opened = (pd.to_datetime(s.astype(object)) for s in (aid["date"], people["file_date"]))
    filed = aid["person_id"].map(dict(zip(people["person_id"], opened, strict=True)))
    own = [clean for clean in cleans if clean.number in set(aid["table"])]
    coarse = readings_of(own, "aid", "date").of_each(lambda reading: reading.detail == "year").astype(bool)
    early = ~coarse & (days.dt.to_period("M") < pd.to_datetime(filed).dt.to_period("M"))
    reading = Reading(None, "aid_before_file", "conflict", "帮扶时间早于建档时间。请核对两个日期。")
    cells = [(int(t), int(r), reading) for t, r in zip(aid.loc[early, "table"], aid.loc[early, "row"], strict=True)]
    return at_cells(cleans, cells, "aid", "date")


def aid_against_funds(aid: pd.DataFrame, funds: pd.DataFrame) -> list[Finding]:
    """A finding for each source of which more was spent on aid than had come in, where both ledgers are there."""
    spent, came = (
        frame.groupby(column, observed=True)["amount_yuan"].sum()
        for frame, column in ((aid, "fund_source"), (funds, "source"))
    )
    over = [
        (source, spent[source], came[source]) for source in spent.index
        if source in came.index and spent[source] > came[source]
    ]
    messages = [
        f"资金来源 {s}：帮扶台账支出合计 {a:,.0f} 元，多于到账 {b:,.0f} 元。请核对两本台账（资金台账可能不全）。"
        for s, a, b in over
    ]
    return [Finding("aid_above_funds", message, "info", variable="amount_yuan") for message in messages]
