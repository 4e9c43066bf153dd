"""Poverty, inequality, the burden of illness, and what aid reaches: with standard errors under the design.

A hardship roster is chosen by income, so a share below the line within it is a share of the roster, not a
poverty rate of workers. Linearised values follow Deville (1999, Survey Methodology 25). Every function takes
`design`, `by`, `where` and `level` as `estimate_mean` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict, Unpack

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Floats, Names, Truths, Where, names
from bangfu_analysis.analysis.domains import domains, level_codes, measured, require, rows_where, sums
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.estimate import (
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
    fit,
    grouped,
    table,
)

Line = float | str | Mapping[Any, float]
SENSELESS = "没有意义。请核对，或用 where 排除。"
NO_NEED = "：需要与帮扶应为是否（真假、0/1）或不小于 0 的金额。收入高于标准的人，缺口请记为 0。"
MEASURES = ("coverage", "leakage", "leakage_amount", "adequacy", "concentration")
CENSUS = SurveyDesign(lonely_psu="remove")
SAMPLED = ["se", "ci_low", "ci_high", "df", "deff"]


class Manner(TypedDict, total=False):
    """Under what design, of which rows, and at what level of confidence."""

    design: Required[SurveyDesign]
    by: Names
    where: Where
    level: float


def line_of(frame: pd.DataFrame, line: Line) -> Floats:
    """The poverty line of each row: one number, a column, or {wave: line} for the frame's `wave`."""
    if isinstance(line, str):
        yuan = measured(frame, line)
    elif isinstance(line, Mapping):
        require(frame, ["wave"], where="贫困线")
        if unknown := sorted(set(frame["wave"].dropna()) - set(line), key=str):
            raise ArgumentError(f"参数 line 没有给出这些期的贫困线：{'、'.join(map(str, unknown))}。请补上。")
        yuan = frame["wave"].map(dict(line)).to_numpy(dtype=float)
    else:
        yuan = np.full(len(frame), float(line))
    if (yuan <= 0).any():
        raise ArgumentError("贫困线应大于 0，得到了 0 或负数。请核对 line。")
    return yuan


def _gap(frame: pd.DataFrame, income: str, line: Line) -> Floats:
    """Yuan below the line, 0 above it; missing where income or line is."""
    return np.maximum(0.0, line_of(frame, line) - measured(frame, income))


def fgt(
    frame: pd.DataFrame, income: str, line: Line, *,
    alpha: Sequence[float] = (0, 1, 2), **manner: Unpack[Manner],
) -> pd.DataFrame:
    """Foster, Greer and Thorbecke's indices (1984, Econometrica 52): one row per group and `alpha`.

    alpha 0: share below the line; 1: mean gap as a part of the line; 2: mean squared gap. Below means income
    < line. R: svymean(~I(((z - y) / z)^alpha * (y < z)), design, na.rm=TRUE).
    """
    part = _gap(frame, income, line) / line_of(frame, line)
    parts = []
    for power in dict.fromkeys(alpha):
        index = frame.assign(_index=np.where(part > 0, part**power, part))  # 0 and missing stay as they are
        parts.append(estimate_mean(index, "_index", **manner).assign(alpha=power))
    return grouped(parts, [*names(manner.get("by")), "alpha"])


def shortfall(
    frame: pd.DataFrame, income: str, line: Line, *, months: float = 12, size: str | None = None,
    **manner: Unpack[Manner],
) -> pd.DataFrame:
    """What it would take to lift everybody to the line: total of max(0, line - income) x months, in yuan.

    income and line are per person and month; `size` (household size) counts all members where a row is a
    household.
    """
    yuan = _gap(frame, income, line) * months * (1.0 if size is None else measured(frame, size))
    return estimate_total(frame.assign(_gap=yuan), "_gap", **manner)


def gini(frame: pd.DataFrame, variable: str, **manner: Unpack[Manner]) -> pd.DataFrame:
    """Gini coefficient in each group. R: laeken::gini for the value; convey::svygini ranks otherwise."""
    return concentration_index(frame, variable, variable, **manner)


def concentration_index(
    frame: pd.DataFrame, variable: str, rank_by: str, **manner: Unpack[Manner]
) -> pd.DataFrame:
    """How `variable` (aid, spending) falls on the poor: below 0 the poor have more than their share.

    C = 2 sum(w a F) / sum(w a) - 1 with F the weighted mid-rank of `rank_by` (Kakwani, Wagstaff and van
    Doorslaer 1997, J. Econometrics 77). Ranked by itself it is Gini's coefficient.
    """
    sample, groups = resolve(frame, manner["design"]), domains(frame, manner.get("by"), manner.get("where"))
    a, y = measured(frame, variable), measured(frame, rank_by)
    used = groups.only(~np.isnan(a) & ~np.isnan(y))
    _not_negative(a[used.code < used.count], variable, f"，基尼系数和集中指数{SENSELESS}")
    rows = [np.flatnonzero(used.code == c) for c in range(used.count)]

    def statistic(weight: Floats) -> Floats:
        return np.array([_concentration(a[r], y[r], weight[r])[0] for r in rows])

    z = np.zeros(len(frame))
    for r in rows:
        z[r] = _concentration(a[r], y[r], sample.weight[r])[1]
    fitted = fit(sample, statistic, z, used)
    return table(sample, groups, fitted, sample.degrees(), manner.get("level", 0.95))


def _not_negative(values: Floats, variable: str, so: str) -> None:
    if bad := int((values < 0).sum()):
        raise ArgumentError(f"变量 {variable} 有 {bad} 行为负数{so}")


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
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign, between: str | None = None,
    where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """Theil's T, and its parts within and between the groups of a column: one row per `component`.

    T = sum(w y ln(y / mean)) / sum(w y); zero incomes count as 0 (y ln y tends to 0), negative ones are
    refused. The total has a standard error; the parts are given without (Theil 1967; Shorrocks 1980,
    Econometrica 48).
    """
    sample, groups = resolve(frame, design), domains(frame, None, where)
    y = measured(frame, variable)
    answered = groups.only(~np.isnan(y))
    used = answered.code == 0
    _not_negative(y[used], variable, f"，泰尔指数{SENSELESS}")
    y = np.where(used, y, 0.0)
    if not used.any() or not sample.weight @ y:
        raise ArgumentError(f"变量 {variable} 没有一行有可用的取值，或者都是 0，泰尔指数{SENSELESS}")
    log = y * np.log(np.where(y > 0, y, 1.0))

    def statistic(w: Floats) -> Floats:
        return np.array([w @ log / (w @ y) - np.log(w @ y / w[used].sum())])

    income = sample.weight @ y
    z = (log - y * (sample.weight @ log / income) - y) / income + 1 / sample.weight[used].sum()
    fitted = fit(sample, statistic, z, answered)
    total = table(sample, groups, fitted, sample.degrees(), level).assign(component="total")
    if between is None:
        return grouped([total], ["component"])
    part = _theil_between(frame, between, sample.weight * used, y)
    split = pd.DataFrame({"component": ["within", "between"], "estimate": [fitted.estimate[0] - part, part]})
    return grouped([total, split.assign(**total.loc[0, ["n", "base_n", "left_out_n"]])], ["component"])


def _theil_between(frame: pd.DataFrame, between: str, weight: Floats, y: Floats) -> float:
    require(frame, [between], where="theil")
    codes, levels = level_codes(frame[between])
    if ((codes < 0) & (weight > 0)).any():
        raise ArgumentError(f"分组列 {between} 有缺失，泰尔指数无法分解。请用 where 排除这些行。")
    codes = np.where(codes < 0, len(levels), codes)
    people, income = sums(codes, len(levels), weight), sums(codes, len(levels), weight * y)
    some = income > 0
    share = income[some] / income.sum()
    return float(share @ np.log(share * people.sum() / people[some]))


def catastrophic(
    frame: pd.DataFrame, spending: str, resources: str, *, threshold: float = 0.1, **manner: Unpack[Manner]
) -> pd.DataFrame:
    """Health spending beyond a stated part of resources: rows `measure` headcount, overshoot,
    mean_positive_overshoot.

    headcount: share of households that spend more than `threshold` of their resources (0.1 and 0.25 for
    income or consumption, SDG 3.8.2; 0.4 for capacity to pay, Xu et al. 2003, Lancet 362). overshoot: mean
    part beyond it, over all; mean_positive_overshoot: among those beyond, without a row where there are none
    (Wagstaff and van Doorslaer 2003, Health Econ. 12). Rows with resources of 0 or less have no budget share
    and are left out.
    """
    if not 0 < threshold < 1:
        raise ArgumentError(f"参数 threshold 应在 0 与 1 之间，得到 {threshold}。SDG 3.8.2 用 0.1 和 0.25。")
    have = measured(frame, resources)
    part = np.divide(measured(frame, spending), have, out=np.full(len(frame), np.nan), where=have > 0)
    hit = np.where(np.isnan(part), np.nan, part > threshold)
    work = frame.assign(_hit=hit, _beyond=np.maximum(part - threshold, 0.0))
    parts = [
        estimate_mean(work, "_hit", **manner).assign(measure="headcount"),
        estimate_mean(work, "_beyond", **manner).assign(measure="overshoot"),
    ]
    if parts[0]["estimate"].gt(0).any():
        beyond = estimate_ratio(work, "_beyond", "_hit", **manner)
        parts.append(beyond.assign(measure="mean_positive_overshoot"))
    return grouped(parts, [*names(manner.get("by")), "measure"])


def coverage(
    frame: pd.DataFrame, aided: str, *, ci: str = "wilson", **manner: Unpack[Manner]
) -> pd.DataFrame:
    """Share of those eligible (`where`) whom aid reached; `aided` holds True/False or amounts (above 0 is
    reached)."""
    yes = measured(frame, aided)
    reached = pd.Categorical(np.where(np.isnan(yes), np.nan, (yes > 0).astype(float)), categories=[0.0, 1.0])
    shares = estimate_share(frame.assign(_aided=reached), "_aided", ci=ci, **manner)
    return shares[shares["_aided"] == 1].drop(columns="_aided").reset_index(drop=True)


def adequacy(
    frame: pd.DataFrame, aid: str, income: str, line: Line, *, months: float = 12, **manner: Unpack[Manner]
) -> pd.DataFrame:
    """Aid received over the shortfall: sum of aid (yuan, missing is none) / sum of max(0, line - income) x
    months."""
    work = frame.assign(_aid=np.nan_to_num(measured(frame, aid)), _gap=_gap(frame, income, line) * months)
    return estimate_ratio(work, "_aid", "_gap", **manner)


def targeting(
    frame: pd.DataFrame, need: str, helped: str, *, design: SurveyDesign | None = None, by: Names = None,
    where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """How help falls on need: one row per group of `by` and `measure`.

    `need` and `helped` are columns of yes or no (True and False, or 1 and 0), or of amounts of 0 and more:
    what is lacking and what was given, in one unit (yuan a year, say). Who lacks or got more than 0 is in
    need or helped.

    coverage: share of those in need who are helped (1 - coverage is the error of exclusion). leakage: share
    of those helped who are not in need (the error of inclusion; Cornia and Stewart 1993). leakage_amount:
    share of the amount given that goes to them. adequacy: what those in need got over what they lack; only
    where both are amounts. concentration: the concentration index of help, from the neediest on; below 0
    the needier get more than their share, -1 to 1 (Kakwani, Wagstaff and van Doorslaer 1997). Who is
    missing in either column is in left_out_n alone: where nothing in `helped` means no help, write
    `fillna(0)` first. Where nobody at all is in need, or helped, the measures of these have no row.

    Returns measure, n (persons that count: coverage those helped, leakage those not in need, else all
    used), base_n, left_out_n, share (of coverage and leakage), estimate; under a design se, ci_low, ci_high
    (Wilson of the shares of persons), df, deff as well. Without one the frame is a census: no standard
    errors. Raises ArgumentError where an amount is negative. R: svyciprop(~I(helped > 0), subset(design,
    need > 0)), svyratio.

    >>> roster = pd.DataFrame({"gap": [3000, 1000, 0, 0], "aid": [1500, 0, 500, 0]})
    >>> targeting(roster, "gap", "aid")[["measure", "n", "base_n", "estimate"]]
              measure  n  base_n  estimate
    0        coverage  1       2    0.5000
    1         leakage  1       2    0.5000
    2  leakage_amount  2       2    0.2500
    3        adequacy  2       2    0.3750
    4   concentration  4       4   -0.4375
    """
    groups = names(by)
    require(frame, [need, helped, *groups], where="targeting")
    lacks, got = measured(frame, need), measured(frame, helped)
    for values, column in ((lacks, need), (got, helped)):
        _not_negative(values, column, NO_NEED)
    answered = ~np.isnan(lacks) & ~np.isnan(got)
    inside = rows_where(frame, where) & answered
    work = frame.assign(
        _lacks=lacks, _got=got, _needless=lacks <= 0, _leaked=np.where(lacks > 0, 0.0, got), _rank=-lacks,
        **{name: frame[name].astype("category") for name in groups},
    )  # fmt: skip
    needy, reached = inside & (lacks > 0), inside & (got > 0)

    def among(rows: Truths) -> Manner:
        return Manner(design=design or CENSUS, by=by, level=level, where=rows)

    if not (needy.any() or reached.any()):
        resolve(frame, design or CENSUS)  # which says where there are no rows, or no weights
        raise ArgumentError(f"所选的行中没有人需要（{need}）或得到（{helped}）帮扶，没有什么可以计算。")
    results = {}
    if reached.any():
        results["concentration"] = concentration_index(work, "_got", "_rank", **among(inside))
        results["leakage"] = coverage(work, "_needless", **among(reached))
    if reached.any() and _in_amounts(got):
        results["leakage_amount"] = estimate_ratio(work, "_leaked", "_got", **among(reached))
    if needy.any():
        results["coverage"] = coverage(work, "_got", **among(needy))
    if needy.any() and _in_amounts(got) and _in_amounts(lacks):
        results["adequacy"] = estimate_ratio(work, "_got", "_lacks", **among(needy))
    left_out = domains(work, by, where).only(~answered).sizes.astype("int64")
    parts = [results[name].assign(measure=name, left_out_n=left_out) for name in MEASURES if name in results]
    table = grouped(parts, [*groups, "measure", "n", "base_n", "left_out_n", "share", "estimate"])
    table = table.assign(measure=pd.Categorical(table["measure"], list(MEASURES)))
    return table.drop(columns=SAMPLED) if design is None else table


def _in_amounts(values: Floats) -> bool:
    return not np.isin(values[~np.isnan(values)], (0, 1)).all()
