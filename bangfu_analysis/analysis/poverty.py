"""Poverty, inequality, the burden of illness, and what aid reaches: with standard errors under the design.

A hardship roster is chosen by income, so a share below the line within it is a share of the roster, not a poverty
rate of workers. Linearised values follow Deville (1999, Survey Methodology 25).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.design import SurveyDesign, resolve
from bangfu_analysis.analysis.domains import Floats, Names, domains, level_codes, names, numbers, require
from bangfu_analysis.analysis.estimate import (
    Fit,
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
    first,
    fit,
    table,
)
from bangfu_analysis.errors import ArgumentError

Line = float | str | Mapping[Any, float]


def line_of(frame: pd.DataFrame, line: Line) -> Floats:
    """The poverty line of each row: one number, a column, or {wave: line} for the frame's `wave`."""
    if isinstance(line, str):
        found = numbers(frame, line)
    elif isinstance(line, Mapping):
        require(frame, ["wave"], where="贫困线")
        if unknown := sorted(set(frame["wave"].dropna()) - set(line), key=str):
            raise ArgumentError(f"参数 line 没有给出这些期的贫困线：{'、'.join(map(str, unknown))}。请补上。")
        found = frame["wave"].map(dict(line)).to_numpy(dtype=float)
    else:
        found = np.full(len(frame), float(line))
    if (found <= 0).any():
        raise ArgumentError("贫困线应大于 0，得到了 0 或负数。请核对 line。")
    return found


def fgt(
    frame: pd.DataFrame,
    income: str,
    line: Line,
    *,
    design: SurveyDesign,
    alpha: Sequence[float] = (0, 1, 2),
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Foster, Greer and Thorbecke's indices (1984, Econometrica 52): one row per group and `alpha`.

    alpha 0: share below the line; 1: mean gap as a part of the line; 2: mean squared gap. Below means income < line.
    R: svymean(~I(((z - y) / z)^alpha * (y < z)), design, na.rm=TRUE).
    """
    z, y = line_of(frame, line), numbers(frame, income)
    parts = []
    for a in alpha:
        gap = np.where(y < z, np.maximum(z - y, 0) / z, 0.0)
        index = np.where(np.isnan(y) | np.isnan(z), np.nan, np.where(y < z, gap**a, 0.0))
        work = frame.assign(_index=index)
        parts.append(estimate_mean(work, "_index", design=design, by=by, where=where, level=level).assign(alpha=a))
    every = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return first(every, [*names(by), "alpha"])


def shortfall(
    frame: pd.DataFrame,
    income: str,
    line: Line,
    *,
    design: SurveyDesign,
    months: float = 12,
    size: str | None = None,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What it would take to lift everybody to the line: total of max(0, line - income) x months, in yuan.

    income and line are per person and month; `size` (household size) counts all members where a row is a household.
    """
    gap = np.maximum(0.0, line_of(frame, line) - numbers(frame, income)) * months
    work = frame.assign(_gap=gap * (1.0 if size is None else numbers(frame, size)))
    return estimate_total(work, "_gap", design=design, by=by, where=where, level=level)


def gini(
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign, by: Names = None, where: Any = None, level: float = 0.95
) -> pd.DataFrame:
    """Gini coefficient in each group. R: laeken::gini for the value, convey::svygini for the standard error."""
    return concentration_index(frame, variable, variable, design=design, by=by, where=where, level=level)


def concentration_index(
    frame: pd.DataFrame,
    variable: str,
    rank_by: str,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """How `variable` (aid, spending) falls on the poor: below 0 the poor have more than their share.

    C = 2 sum(w a F) / sum(w a) - 1 with F the weighted mid-rank of `rank_by` (Kakwani, Wagstaff and van Doorslaer
    1997, J. Econometrics 77). Ranked by itself it is Gini's coefficient.
    """
    sample, groups = resolve(frame, design), domains(frame, by, where)
    a, y = numbers(frame, variable), numbers(frame, rank_by)
    code = groups.only(~np.isnan(a) & ~np.isnan(y))
    rows = [np.flatnonzero(code == c) for c in range(groups.count)]

    def statistic(weight: Floats) -> Floats:
        return np.array([_concentration(a[r], y[r], weight[r])[0] for r in rows])

    z = np.zeros(len(frame))
    for r in rows:
        z[r] = _concentration(a[r], y[r], sample.weight[r])[1]
    found = fit(sample, statistic(sample.weight), statistic, z, code, np.ones(groups.count))
    return table(sample, groups, replace(found, deff=np.full(groups.count, np.nan)), level, "design")


def _concentration(a: Floats, y: Floats, w: Floats) -> tuple[float, Floats]:
    """The index and its linearised value on each row."""
    total, n = float(w @ a), float(w.sum())
    if total == 0 or n == 0:
        return np.nan, np.zeros(len(a))
    _, place = np.unique(y, return_inverse=True)
    people, amount = np.bincount(place, w), np.bincount(place, w * a)
    rank = ((np.cumsum(people) - people / 2) / n)[place]
    below = (np.cumsum(amount) - amount / 2)[place]
    index = 2 * float(w @ (a * rank)) / total - 1
    return index, (2 * (a * rank - below / n) - (index + 1) * a + (1 - index) * total / n) / total


def theil(
    frame: pd.DataFrame,
    variable: str,
    *,
    design: SurveyDesign,
    between: str | None = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Theil's T, and its parts within and between the groups of a column: one row per `component`.

    T = sum(w y ln(y / mean)) / sum(w y); zero incomes count as 0 (y ln y tends to 0), negative ones are refused.
    The total has a standard error; the parts are given without (Theil 1967; Shorrocks 1980, Econometrica 48).
    """
    sample, groups = resolve(frame, design), domains(frame, None, where)
    y = numbers(frame, variable)
    if (y < 0).any():
        raise ArgumentError(f"变量 {variable} 有 {int((y < 0).sum())} 行为负数，泰尔指数没有定义。请先处理。")
    code = groups.only(~np.isnan(y))
    used = code == 0
    y = np.where(used, y, 0.0)
    log = y * np.log(np.where(y > 0, y, 1.0))

    def parts(w: Floats) -> tuple[float, float, float]:
        return float(w @ log), float(w @ y), float(w[used].sum())

    def statistic(w: Floats) -> Floats:
        top, income, people = parts(w)
        return np.array([top / income - np.log(income / people)])

    top, income, people = parts(sample.weight)
    z = np.where(used, (log - y * top / income - y) / income + 1 / people, 0.0)
    found = fit(sample, statistic(sample.weight), statistic, z, code, np.ones(1))
    total = table(sample, groups, replace(found, deff=np.full(1, np.nan)), level, "design").assign(component="total")
    if between is None:
        return first(total, ["component"])
    inner = _theil_between(frame, between, sample.weight * used, y)
    split = [("within", float(found.estimate[0]) - inner), ("between", inner)]
    counts = {k: total[k].iloc[0] for k in ("n", "base_n", "left_out_n")}
    rest = pd.DataFrame([{"component": name, **counts, "estimate": value} for name, value in split])
    return first(pd.concat([total, rest], ignore_index=True), ["component"])


def _theil_between(frame: pd.DataFrame, between: str, weight: Floats, y: Floats) -> float:
    require(frame, [between], where="theil")
    codes, levels = level_codes(frame[between])
    if ((codes < 0) & (weight > 0)).any():
        raise ArgumentError(f"分组列 {between} 有缺失，泰尔指数无法分解。请用 where 排除这些行。")
    people = np.bincount(codes, weight, len(levels))
    income = np.bincount(codes, weight * y, len(levels))
    some = income > 0
    share = income[some] / income.sum()
    return float(share @ np.log(share * people.sum() / people[some]))


def catastrophic(
    frame: pd.DataFrame,
    spending: str,
    resources: str,
    *,
    design: SurveyDesign,
    threshold: float = 0.1,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Health spending beyond a stated part of resources: rows `measure` headcount, overshoot, mean_positive_overshoot.

    headcount: share of households that spend more than `threshold` of their resources (0.1 and 0.25 for income or
    consumption, SDG 3.8.2; 0.4 for capacity to pay, Xu et al. 2003, Lancet 362). overshoot: mean part beyond it, over
    all; mean_positive_overshoot: among those beyond (Wagstaff and van Doorslaer 2003, Health Econ. 12). Rows with
    resources of 0 or less have no budget share and are left out.
    """
    if not 0 < threshold < 1:
        raise ArgumentError(f"参数 threshold 应在 0 与 1 之间，得到 {threshold}。SDG 3.8.2 用 0.1 和 0.25。")
    have = numbers(frame, resources)
    part = np.divide(numbers(frame, spending), have, out=np.full(len(frame), np.nan), where=have > 0)
    beyond = np.where(np.isnan(part), np.nan, np.maximum(part - threshold, 0.0))
    work = frame.assign(_beyond=beyond, _hit=np.where(np.isnan(part), np.nan, part > threshold))
    manner: dict[str, Any] = {"design": design, "by": by, "where": where, "level": level}
    parts = [
        estimate_mean(work, "_hit", **manner).assign(measure="headcount"),
        estimate_mean(work, "_beyond", **manner).assign(measure="overshoot"),
        estimate_ratio(work, "_beyond", "_hit", **manner).assign(measure="mean_positive_overshoot"),
    ]
    every = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return first(every, [*names(by), "measure"])


def coverage(
    frame: pd.DataFrame,
    aided: str,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    ci: str = "wilson",
) -> pd.DataFrame:
    """Share of those eligible (`where`) whom aid reached; `aided` holds True/False or 1/0."""
    yes = numbers(frame, aided)
    reached = pd.Categorical(np.where(np.isnan(yes), np.nan, (yes > 0).astype(float)), categories=[0.0, 1.0])
    found = estimate_share(frame.assign(_aided=reached), "_aided", design=design, by=by, where=where, level=level, ci=ci)
    return found[found["_aided"] == 1].drop(columns="_aided").reset_index(drop=True)


def adequacy(
    frame: pd.DataFrame,
    aid: str,
    income: str,
    line: Line,
    *,
    design: SurveyDesign,
    months: float = 12,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Aid received over the shortfall: sum of aid (yuan, missing is none) / sum of max(0, line - income) x months."""
    gap = np.maximum(0.0, line_of(frame, line) - numbers(frame, income)) * months
    work = frame.assign(_aid=np.nan_to_num(numbers(frame, aid)), _gap=gap)
    return estimate_ratio(work, "_aid", "_gap", design=design, by=by, where=where, level=level)


def gap_closed(
    frame: pd.DataFrame,
    before: str,
    after: str,
    line: Line,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """The part of the poverty gap that aid closed: (FGT1 before - FGT1 after) / FGT1 before, over rows with both."""
    z, one, two = line_of(frame, line), numbers(frame, before), numbers(frame, after)
    first = np.maximum(0.0, z - one) / z
    work = frame.assign(_first=first, _closed=first - np.maximum(0.0, z - two) / z)
    return estimate_ratio(work, "_closed", "_first", design=design, by=by, where=where, level=level)
