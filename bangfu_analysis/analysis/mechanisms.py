"""Tabulates the mechanisms of hardship work as codebooks/mechanisms.yaml describes them: frames -> one result
frame each.

Every number carries the unit that it is counted in. Numbers in unlike units (人, 户, 人次, 元) are never
added or shared out of each other; where that is asked for, it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import and_
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError, CodebookError, listed

Where = Mapping[str, Any]
Line = dict[str, Any]
Measured = dict[str, tuple[float, int]]  # by unit: the number, and how many rows have no value for it
BOUNDS = {"from": "ge", "below": "lt", "over": "gt", "at_most": "le"}
MEASURES = ("sum", "distinct", "per")
NUMBERS = {**dict.fromkeys(["n", "base_n", "share", "estimate"], "Float64"), "left_out_n": "Int64"}


@dataclass(frozen=True)
class Indicator:
    """What is counted: `measure` rows, or sum or distinct of `column`, or per: `per[0]` to one of `per[1]`.

    `counted_in`: a unit, or the column `counted_in` of the rows; `of`: the indicator that shares are taken
    of.
    """

    name: str
    label: str
    counted_in: str = ""
    measure: str = "rows"
    column: str = ""
    per: tuple[str, ...] = ()
    where: Where = field(default_factory=dict)
    of: str = ""
    frame: str = ""
    quiet: bool = False
    open: bool = False


@dataclass(frozen=True)
class Mechanism:
    """One mechanism; see the head of mechanisms.yaml for what its parts say."""

    name: str
    label: str
    number: int
    frame: str = ""
    where: Where = field(default_factory=dict)
    text: str = ""
    by: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    chart: Where = field(default_factory=dict)
    exhibits: tuple[str, ...] = ()


def mechanism(codebook: Codebook, name: str) -> Mechanism:
    """A mechanism of the codebook; CodebookError names those there are."""
    if name not in codebook.mechanisms:
        names = listed(codebook.mechanisms)
        raise CodebookError(f"码本 mechanisms 中没有 {name}。可选：{names}。请检查拼写。")
    entry = dict(codebook.mechanisms[name])
    indicators = {key: _indicator(key, part) for key, part in entry.pop("indicators", {}).items()}
    lists: dict[str, Any] = {key: tuple(entry.pop(key, ())) for key in ("by", "columns", "exhibits")}
    return Mechanism(name=name, indicators=indicators, **lists, **entry)


def _indicator(name: str, entry: Mapping[str, Any]) -> Indicator:
    rest = {key: value for key, value in entry.items() if key not in ("in", *MEASURES)}
    if "per" in entry:
        return Indicator(name, measure="per", per=tuple(entry["per"]), **rest)
    measure = next((m for m in MEASURES if m in entry), "rows")
    return Indicator(name, counted_in=entry["in"], measure=measure, column=entry.get(measure, ""), **rest)


def tabulate_mechanism(
    frames: Mapping[str, pd.DataFrame], codebook: Codebook, name: str, *, by: str | None = None
) -> pd.DataFrame:
    """The indicators of a mechanism, one row each and unit counted in, per level of the column `by` of its
    frame if given.

    Columns: `<frame>.<by>`, `indicator`, `counted_in` (unit; `a/b` for what comes to one), `n` (Float64;
    missing for `a/b`), `base_n`, `share` (of the indicator that its entry names), `estimate` (of `a/b`),
    `left_out_n` (rows without a value). An indicator without any value has no row. A named person helped
    counts once, in persons, where the row says no quantity. ArgumentError where `by` is no column of the
    frame; CodebookError where the mechanism is not known.
    """
    plan = mechanism(codebook, name)
    if not plan.frame:
        shown = f"{name} 由报告的 {listed(plan.exhibits)} 各表反映，没有自己的台账。"
        raise ArgumentError(f"tabulate_mechanism：{shown}")
    rows, column = mechanism_rows(frames, plan), f"{plan.frame}.{by}"
    require(rows, [by] if by else [], where="tabulate_mechanism")
    groups: Any = rows.groupby(by, observed=True, dropna=False, sort=True) if by else [(None, rows)]
    about = {} if by else frames
    lines = [{column: level, **line} for level, part in groups for line in _lines(part, about, plan)]
    names = [*([column] if by else []), "indicator", "counted_in", *NUMBERS]
    return pd.DataFrame(lines, columns=names).astype(NUMBERS | ({column: rows[by].dtype} if by else {}))


def mechanism_rows(frames: Mapping[str, pd.DataFrame], plan: Mechanism) -> pd.DataFrame:
    """The rows that the mechanism is about."""
    return selected(frames.get(plan.frame, pd.DataFrame()), plan.where, plan.text)


def selected(rows: pd.DataFrame, where: Where | None, text: str = "") -> pd.DataFrame:
    """The rows that meet every condition of `where`; `text` is the column that a condition `text` searches.
    """
    for column, wanted in (where or {}).items() if len(rows) else ():
        rows = rows[_meets(rows, column, wanted, text).to_numpy(dtype=bool)]
    return rows


def _meets(rows: pd.DataFrame, column: str, wanted: Any, text: str) -> pd.Series[bool]:
    if column == "text":
        return rows[text].str.contains(wanted, regex=True, na=False)
    values = rows[column]
    if wanted == "any":
        return values.notna()
    if isinstance(wanted, Mapping):
        factor = float(wanted.get("times", 1))
        bounds = ((op, rows[b] if isinstance(b, str) else b) for op, b in wanted.items() if op != "times")
        met = [getattr(values, BOUNDS[op])(bound * factor).fillna(False) for op, bound in bounds]
        return reduce(and_, met)
    return values.isin(wanted if isinstance(wanted, list) else [wanted]).fillna(False)


def _lines(rows: pd.DataFrame, frames: Mapping[str, pd.DataFrame], plan: Mechanism) -> Iterator[Line]:
    """One line an indicator and unit: those counted, then their shares, then what comes to one of another."""
    results: dict[str, Measured] = {}
    for i in (i for i in plan.indicators.values() if i.measure != "per"):
        mine = selected(rows if not i.frame else frames.get(i.frame, pd.DataFrame()), i.where, plan.text)
        parts: Any = [(i.counted_in, mine)]
        if i.counted_in == "counted_in":  # row by row
            parts = _with_named(mine).groupby("counted_in", observed=True)
        measured = {str(unit): _measured(part, i) for unit, part in parts}
        results[i.name] = {unit: known for unit, known in measured.items() if known is not None}
    for i in plan.indicators.values():
        if i.measure == "per":
            yield from _per_one(i, results)
        elif not i.quiet:
            for unit, (n, left) in results[i.name].items():
                base, _ = results.get(i.of, {}).get(unit, (None, 0))
                numbers = {"n": n, "base_n": base, "share": n / base if base else None, "left_out_n": left}
                yield {"indicator": i.name, "counted_in": unit, **numbers}


def _with_named(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of named people without a quantity count one person each, a person once."""
    if "quantity" not in rows or not len(rows):
        return rows
    named = rows["person_id"].notna() & rows["quantity"].isna()
    first = (~rows["person_id"].where(named).duplicated() & named).astype("Int64")
    counted_in = rows["counted_in"].mask(named, "persons")
    return rows.assign(quantity=rows["quantity"].mask(named, first), counted_in=counted_in)


def _measured(rows: pd.DataFrame, indicator: Indicator) -> tuple[float, int] | None:
    """The number and how many rows have no value for it; None where none has."""
    if indicator.measure == "rows":
        return float(len(rows)), 0
    if not len(rows) or (values := rows[indicator.column]).isna().all():
        return None
    number = values.nunique() if indicator.measure == "distinct" else values.sum()
    return float(number), int(values.isna().sum())


def _per_one(indicator: Indicator, found: Mapping[str, Measured]) -> Iterator[Line]:
    for (unit, (value, _)), (one, (base, _)) in product(*(found.get(p, {}).items() for p in indicator.per)):
        if base:
            named = {"indicator": indicator.name, "counted_in": f"{unit}/{one}"}
            yield {**named, "estimate": value / base, "left_out_n": 0}


def held_by_persons(
    frames: Mapping[str, pd.DataFrame], plan: Mechanism, result: pd.DataFrame, by: str | None = None
) -> pd.DataFrame:
    """What single persons have of each sum of `result` (see `tabulate_mechanism`): see `largest_of`."""
    every, lines = mechanism_rows(frames, plan), list[dict[str, float]]()
    for row in result.to_dict("records"):
        i = plan.indicators[str(row["indicator"])]
        if i.measure != "sum":
            lines.append({})
            continue
        rows = frames.get(i.frame, pd.DataFrame()) if i.frame else every
        if by:
            level = row[f"{plan.frame}.{by}"]
            rows = rows[rows[by].isna() if pd.isna(level) else rows[by].eq(level).fillna(False)]
        chosen = selected(rows, i.where, plan.text)
        lines.append(largest_of(chosen, chosen[i.column]))
    return pd.DataFrame(lines, columns=["largest", "second", "people"], index=result.index)


def largest_of(rows: pd.DataFrame, amounts: pd.Series[Any]) -> dict[str, float]:
    """The largest and second largest amount that a named person has in all, and how many persons have any.
    """
    persons = rows["person_id"] if "person_id" in rows else pd.Series(pd.NA, rows.index, dtype="str")
    sums = amounts.astype("float64").groupby(persons).sum()
    first, second, *_ = [*sums[sums > 0].nlargest(2), 0.0, 0.0]
    return {"largest": first, "second": second, "people": int((sums > 0).sum())}


def running(frames: Mapping[str, pd.DataFrame], plan: Mechanism) -> pd.DataFrame:
    """The running sum of a case by date: `date`, `n` (yuan still lacking: what was owed less what came in),
    `counted_in`.
    """
    rows = mechanism_rows(frames, plan).dropna(subset=["date"]).sort_values("date", kind="stable")
    steps = rows[plan.chart["plus"]].fillna(0) - rows[plan.chart["minus"]].fillna(0)
    by_day = steps.groupby(rows["date"]).sum().cumsum()
    return pd.DataFrame({"date": by_day.index, "n": by_day.to_numpy(), "counted_in": "yuan"})


def first_split(frames: Mapping[str, pd.DataFrame], plan: Mechanism, most: int = 30) -> str | None:
    """The first column of `by` that tells the rows apart into 2 to `most` groups; None where none does."""
    rows = mechanism_rows(frames, plan)
    return next((c for c in plan.by if 2 <= rows[c].nunique() <= most), None)
