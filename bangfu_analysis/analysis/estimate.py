"""Estimates with standard errors under a survey design: mean, total, ratio, share, difference.

Each takes a frame and a design and returns one row per group of `by` in the vocabulary of every result frame:
n (rows used, unweighted), base_n, left_out_n (rows of the group without a value), estimate, se, ci_low, ci_high,
df, deff. Rows of weight 0 are in the design but not in the counts. Numbers as R's survey 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.design import Sample, SurveyDesign, resolve
from bangfu_analysis.analysis.domains import (
    Codes,
    Domains,
    Floats,
    Names,
    Truths,
    domains,
    level_codes,
    numbers,
    require,
)
from bangfu_analysis.analysis.intervals import around, share_limits, two_sided_p
from bangfu_analysis.analysis.variance import group_variance, replicate_covariance
from bangfu_analysis.errors import ArgumentError

DF = ("design", "domain")


@dataclass(frozen=True)
class Fit:
    """Estimates of all groups at once."""

    n: Floats
    estimate: Floats
    variance: Floats
    deff: Floats


def sums(code: Codes, count: int, values: Floats | None = None) -> Floats:
    """Sum of the values (or number of rows) in each group."""
    return np.bincount(code, values, count + 1)[:count].astype(float, copy=False)


def per(numerator: Floats, denominator: Floats) -> Floats:
    """Division that gives missing where the base is nobody."""
    return np.asarray(np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator != 0))


def fit_ratio(sample: Sample, y: Floats, x: Floats | None, code: Codes, count: int) -> Fit:
    """Ratio of two totals in each group (x None: the mean). Linearised value: (y - R x) / X."""

    def statistic(weight: Floats) -> Floats:
        return per(sums(code, count, weight * y), sums(code, count, weight if x is None else weight * x))

    w = sample.weight
    base = sums(code, count, w if x is None else w * x)
    ratio = per(sums(code, count, w * y), base)
    expected = spread(ratio, code)
    z = y - (expected if x is None else expected * x)
    return fit(sample, ratio, statistic, z, code, base, base if x is None else None)


def fit_total(sample: Sample, y: Floats, code: Codes, count: int) -> Fit:
    """Total in each group."""

    def statistic(weight: Floats) -> Floats:
        return sums(code, count, weight * y)

    return fit(sample, statistic(sample.weight), statistic, y, code, np.ones(count))


def fit(
    sample: Sample,
    estimate: Floats,
    statistic: Callable[[Floats], Floats],
    z: Floats,
    code: Codes,
    base: Floats,
    population: Floats | None = None,
) -> Fit:
    """Variances of estimates whose linearised value is z / base; replicates recompute the statistic instead.

    `population`: the sums of the weights, where the caller has them already.
    """
    count = len(estimate)
    influence = z * sample.weight
    if sample.replicates is not None:
        variance = np.diag(replicate_covariance(sample.replicates, statistic, estimate))
    else:
        variance = per(group_variance(sample, influence, code, count), base**2)
    n = sums(code if sample.weight.all() else np.where(sample.weight > 0, code, count), count)
    population = sums(code, count, sample.weight) if population is None else population
    squares = sums(code, count, influence * z) - per(sums(code, count, influence) ** 2, population)
    deff = _design_effect(variance * base**2, squares, n, population)
    return Fit(n, estimate, np.where(np.isfinite(estimate), variance, np.nan), deff)


def spread(of_group: Floats, code: Codes) -> Floats:
    """A group's value on each of its rows; 0 outside and where there is none."""
    return np.append(np.nan_to_num(of_group, nan=0.0), 0.0).take(code)


def _design_effect(variance: Floats, squares: Floats, n: Floats, population: Floats) -> Floats:
    """Variance over that of a simple random sample without replacement of the same size. R: deff=TRUE.

    Missing where the weights do not exceed the sample (relative weights have no population size).
    """
    spare = population - n
    usable = (spare > 1e-9 * population) & (squares > 0) & (n > 1)
    return np.asarray(np.divide(variance * (n - 1), squares * spare, out=np.full(len(n), np.nan), where=usable))


def estimate_mean(
    frame: pd.DataFrame,
    variable: str,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    df: str = "design",
) -> pd.DataFrame:
    """Mean of a numeric variable in each group of `by` inside `where`.

    `df`: degrees of freedom of the whole design (as confint(svyby(...), df=degf(design))) or of each "domain".
    R: svymean(~variable, design, na.rm=TRUE); svyby(~variable, ~by, design, svymean, na.rm=TRUE, deff=TRUE).
    """
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y, answered = _filled(numbers(frame, variable))
    code = groups.only(answered) if not answered.all() else groups.code
    return table(sample, groups, fit_ratio(sample, y, None, code, groups.count), level, df)


def estimate_total(
    frame: pd.DataFrame,
    variable: str | None = None,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    df: str = "design",
) -> pd.DataFrame:
    """Total of a numeric variable (None: number of people) in each group. R: svytotal(~variable, na.rm=TRUE)."""
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y, answered = _filled(np.ones(len(frame)) if variable is None else numbers(frame, variable))
    return table(sample, groups, fit_total(sample, y, groups.only(answered), groups.count), level, df)


def estimate_ratio(
    frame: pd.DataFrame,
    numerator: str,
    denominator: str,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    df: str = "design",
) -> pd.DataFrame:
    """Ratio of two totals in each group, over rows that have both. R: svyratio(~numerator, ~denominator, na.rm=TRUE)."""
    sample, groups = resolve(frame, design), domains(frame, by, where)
    (y, has_y), (x, has_x) = _filled(numbers(frame, numerator)), _filled(numbers(frame, denominator))
    found = fit_ratio(sample, y, x, groups.only(has_y & has_x), groups.count)
    return table(sample, groups, found, level, df)


def estimate_share(
    frame: pd.DataFrame,
    variable: str,
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    ci: str = "logit",
    df: str = "domain",
) -> pd.DataFrame:
    """Share of each level of a variable in each group of `by`: one row per group and level, `share` = `estimate`.

    n: rows at the level; base_n: rows of the group with a value. Degrees of freedom are those of the subset, as
    svyciprop counts them. R: svyciprop(~I(variable == level), subset(design, ...), method=ci).
    """
    require(frame, [variable], where="estimate_share")
    sample, groups = resolve(frame, design), domains(frame, by, where)
    codes, levels = level_codes(frame[variable])
    return shares(sample, groups, codes, pd.DataFrame({variable: levels}), level, ci, df)


def shares(
    sample: Sample, groups: Domains, codes: Codes, levels: pd.DataFrame, level: float, ci: str, df: str
) -> pd.DataFrame:
    """Shares of coded levels (-1: no answer) in each group; one level at a time, so memory stays that of one column."""
    code = groups.only(codes >= 0)
    degrees = _degrees(sample, groups, df)
    rows = sums(groups.code, groups.count)
    live = sample.weight > 0
    parts = []
    for k in range(len(levels)):
        hit = codes == k
        found = fit_ratio(sample, hit.astype(float), None, code, groups.count)
        low, high = share_limits(found.estimate, found.variance, degrees, rows, level, ci)
        n = sums(np.where(hit & live, code, groups.count), groups.count)
        part = _columns(sample, groups, found, degrees, low, high)
        parts.append(part.assign(n=n.astype("int64"), share=found.estimate))
    every = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    places = np.tile(np.arange(len(levels)), groups.count)
    typed = every.assign(**{str(name): levels[name].array.take(places) for name in levels})
    return first(typed, [*groups.levels, *levels, "n", "base_n", "left_out_n", "share"])


def estimate_difference(
    frame: pd.DataFrame,
    variable: str,
    *,
    design: SurveyDesign,
    between: str,
    reference: Any = None,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean of each group of `between` less that of the reference (default: its first level), with t and its p-value.

    The covariance of the groups is in the standard error, so it holds for overlapping waves too (stack the waves
    and name the person as cluster). df is that of the design less one. R: svyttest; svycontrast(svyby(covmat=TRUE)).
    """
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y, answered = _filled(numbers(frame, variable))
    require(frame, [between], where="estimate_difference")
    codes, levels = level_codes(frame[between])
    if reference is not None and reference not in levels:
        raise ArgumentError.naming("reference", reference, levels)
    base = 0 if reference is None else int(np.flatnonzero(levels == reference)[0])
    used = groups.only(answered & (codes >= 0))
    df = sample.degrees(np.where(used < groups.count, 0, 1), 1) - 1
    parts = [
        _columns(
            sample, groups, _difference(sample, y, used, groups.count, codes == k, codes == base), df, None, None
        ).assign(**{between: levels[k], "reference": levels[base]})
        for k in range(len(levels))
        if k != base
    ]
    found = pd.concat(parts, ignore_index=True)
    low, high = around(found["estimate"].to_numpy(), found["se"].to_numpy(), found["df"].to_numpy(), level)
    t = per(found["estimate"].to_numpy(), found["se"].to_numpy())
    found = found.assign(ci_low=low, ci_high=high, statistic=t, p_value=two_sided_p(t, found["df"].to_numpy()))
    return found[[*groups.levels, between, "reference", *RESULT, "statistic", "p_value"]]


def _difference(sample: Sample, y: Floats, code: Codes, count: int, one: Truths, other: Truths) -> Fit:
    def mean(weight: Floats, rows: Truths) -> Floats:
        inside = np.where(rows, code, count)
        return per(sums(inside, count, weight * y), sums(inside, count, weight))

    def statistic(weight: Floats) -> Floats:
        return mean(weight, one) - mean(weight, other)

    z = np.zeros(len(y))
    for rows, sign in ((one, 1.0), (other, -1.0)):
        inside = np.where(rows, code, count)
        share = per(np.ones(count), sums(inside, count, sample.weight))
        z += sign * (y - spread(mean(sample.weight, rows), inside)) * spread(share, inside)
    return fit(sample, statistic(sample.weight), statistic, z, np.where(one | other, code, count), np.ones(count))


RESULT = ["n", "base_n", "left_out_n", "estimate", "se", "ci_low", "ci_high", "df", "deff"]


def table(sample: Sample, groups: Domains, found: Fit, level: float, df: str) -> pd.DataFrame:
    """The result frame of estimates with t limits."""
    degrees = _degrees(sample, groups, df)
    low, high = around(found.estimate, np.sqrt(found.variance), degrees, level)
    return _columns(sample, groups, found, degrees, low, high)[[*groups.levels, *RESULT]]


def _columns(
    sample: Sample, groups: Domains, found: Fit, degrees: Floats, low: Floats | None, high: Floats | None
) -> pd.DataFrame:
    live = groups.code if sample.weight.all() else groups.only(sample.weight > 0)
    n = found.n.astype("int64")
    return groups.levels.assign(
        n=n,
        base_n=n,
        left_out_n=sums(live, groups.count).astype("int64") - n,
        estimate=found.estimate,
        se=np.sqrt(found.variance),
        ci_low=low,
        ci_high=high,
        df=np.broadcast_to(degrees, groups.count),
        deff=found.deff,
    )


def first(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The table with these columns leading."""
    return table[[*columns, *[c for c in table.columns if c not in columns]]]


def _degrees(sample: Sample, groups: Domains, df: str) -> Floats:
    if df not in DF:
        raise ArgumentError.naming("df", df, DF)
    if df == "design":
        return np.repeat(sample.degrees(), groups.count)
    return sample.degrees(groups.code, groups.count)


def _filled(values: Floats) -> tuple[Floats, Truths]:
    """The values with 0 for missing, and where they are known."""
    known = ~np.isnan(values)
    return (values, known) if known.all() else (np.where(known, values, 0.0), known)
