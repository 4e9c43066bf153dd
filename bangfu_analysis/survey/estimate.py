"""Estimates with standard errors under a survey design: mean, total, ratio, share, difference.

Each takes a frame and a design and returns one row per group of `by` in the vocabulary of every result frame:
n (rows used, unweighted), base_n, left_out_n (rows of the group without a value), estimate, se, ci_low,
ci_high, df, deff. Rows of weight 0 are in the design but not in the counts. Numbers as R's survey 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit

from bangfu_analysis.analysis.arrays import Codes, Floats, Names, Truths, Variable, Where, names, stem
from bangfu_analysis.analysis.domains import Domains, domains, filled, gathered, level_codes, require, sums
from bangfu_analysis.analysis.intervals import around, share_limits
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import Sample, SurveyDesign, resolve
from bangfu_analysis.survey.variance import Statistic, replicate_covariance, variance_of

NOBODY = "所选的行中没有一行有可用的取值（或权数都是 0），没有什么可以估计。请检查 where 和缺失。"
MANY = 100  # values have a middle that is near enough
ROUNDING = 1e-12  # what is left of a sum of squares when nothing is left
RESULT = ["n", "base_n", "left_out_n", "estimate", "se", "ci_low", "ci_high", "df", "deff"]


@dataclass(frozen=True)
class Fit:
    """Estimates of all groups at once."""

    n: Floats
    estimate: Floats
    variance: Floats
    deff: Floats


def per(numerator: Floats, denominator: Floats) -> Floats:
    """Division that gives missing where the base is nobody."""
    known = denominator != 0
    return np.asarray(np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=known))


def fit_ratio(sample: Sample, y: Floats, x: Floats | None, used: Domains, start: float = 0.0) -> Fit:
    """Ratio of two totals in each group (x None: the mean), linearised as (y - R x) / X.

    It is worked out as the distance from `start`, so that digits stay where all values lie close together.
    In a cube y and x are the same for all rows of a cell.
    """
    w, cells, code, count = sample.weight, sample.cells, used.code, used.count

    def columns(part: slice) -> tuple[list[Floats], list[Floats]]:
        if x is None:
            gap, base = y[part] - start, w[part]
            return [(top := base * gap), base], [np.multiply(gap, top, out=gap)]
        top, base = w[part] * y[part], w[part] * x[part]
        return [top, base], [top * y[part], top * x[part], base * x[part], w[part]]

    def statistic(weight: Floats) -> Floats:
        return per(sums(code, count, weight * y), sums(code, count, weight if x is None else weight * x))

    squares = () if cells is None else _products(cells["squares"], y - start, np.ones(1) if x is None else x)
    made = variance_of(sample, statistic, columns, _ratio_slopes, used, squares)
    return _ratio(made, start, sample.people(used))


def _ratio_slopes(top: Floats, base: Floats, *_: Floats) -> list[Floats]:
    return [per(np.ones(len(base)), base), per(-per(top, base), base)]


def _ratio(made: tuple[list[Floats], Floats], start: float, n: Floats) -> Fit:
    (top, base, raw, *more), variance = made
    ratio, (cross, power, people) = per(top, base), more or (top, base, base)
    spare = raw - 2 * ratio * cross + ratio**2 * power
    squares = np.where(spare > ROUNDING * raw, per(spare, base**2), 0.0)
    return _alone(_fit(n, ratio + start, variance, squares, people))


def fit_total(sample: Sample, y: Floats, used: Domains) -> Fit:
    """Total in each group."""
    w = sample.weight

    def statistic(weight: Floats) -> Floats:
        return sums(used.code, used.count, weight * y)

    def columns(part: slice) -> tuple[list[Floats], list[Floats]]:
        total = w[part] * y[part]
        return [total], [total * y[part], w[part]]

    squares = () if sample.cells is None else _products(sample.cells["squares"], y)
    made = variance_of(sample, statistic, columns, lambda *_: [np.ones(used.count)], used, squares)
    return _total(made, sample.people(used))


def _total(made: tuple[list[Floats], Floats], n: Floats) -> Fit:
    (total, raw, people), variance = made
    spare = raw - per(total**2, people)
    return _fit(n, total, variance, np.where(spare > ROUNDING * raw, spare, 0.0), people)


def _products(squares: pd.Series[Any], *values: Floats) -> list[Floats]:
    """The sums of products of weighted values over the rows of cells, where the values are constant."""
    return [squares.to_numpy(dtype=float) * a * b for a, b in combinations_with_replacement(values, 2)]


@dataclass(frozen=True)
class Moments:
    """What a cube holds of a number or a pair: its sums in each cell, of y measured from `start`."""

    n: Floats
    sums: list[Floats]  # y, x, yy; of a pair xy, xx and the weight too
    squares: list[Floats]  # where rows are units: yy, xy and xx of the weighted values
    start: float

    @classmethod
    def of(cls, cube: pd.DataFrame, variable: Variable, design: SurveyDesign, sample: Sample) -> Moments:
        """Those of a variable, or of a pair; ColumnMissing where the cube was made without."""
        start = f"{stem(variable, design.weight)}."
        each = sample.cells["each"].to_numpy()  # type: ignore[index]
        parts = ["y", "x", "yy", *(() if isinstance(variable, str) else ("xy", "xx", "w"))]
        squares = [] if names(design.cluster) else ["yy2", "xy2", "xx2"]
        require(cube, [start + part for part in ("n", *parts, *squares)], where="估计", cubes=True)
        middle = float(cube[f"{start}at"].iloc[0]) if isinstance(variable, str) else 0.0
        found = {part: cube[start + part].to_numpy() for part in ("n", *parts, *squares)}
        sums, products = [found[p] * each for p in parts], [found[p] * each**2 for p in squares]
        return cls(found["n"].astype(float), sums, products, middle)

    def ratio(self, sample: Sample, groups: Domains) -> Fit:
        """As `fit_ratio`."""
        used = groups.only(self.n > 0)

        def columns(part: slice) -> tuple[list[Floats], list[Floats]]:
            return [column[part] for column in self.sums[:2]], [column[part] for column in self.sums[2:]]

        made = variance_of(sample, None, columns, _ratio_slopes, used, self.squares)
        return _ratio(made, self.start, sums(used.code, used.count, self.n))

    def total(self, sample: Sample, groups: Domains) -> Fit:
        """As `fit_total`."""
        used, at, (y, x, yy) = groups.only(self.n > 0), self.start, self.sums

        def columns(part: slice) -> tuple[list[Floats], list[Floats]]:
            mine = y[part] + at * x[part]
            return [mine], [yy[part] + at * (y[part] + mine), x[part]]

        squares = [np.sum([k * s for k, s in zip((1, 2 * at, at**2), self.squares, strict=False)], axis=0)]
        made = variance_of(sample, None, columns, lambda *_: [np.ones(used.count)], used, squares)
        return _total(made, sums(used.code, used.count, self.n))


def fit(sample: Sample, statistic: Statistic, z: Floats, used: Domains) -> Fit:
    """Any statistic of the weights with its linearised value z; without deff."""

    def columns(part: slice) -> tuple[list[Floats], list[Floats]]:
        return [sample.weight[part] * z[part]], []

    _, variance = variance_of(sample, statistic, columns, lambda _: [np.ones(used.count)], used)
    none = np.zeros(used.count)
    return _alone(_fit(sample.people(used), statistic(sample.weight), variance, none, none))


def _alone(fitted: Fit) -> Fit:
    """Without a variance where a group is one row: it cannot be held against anybody."""
    return replace(fitted, variance=np.where(fitted.n > 1, fitted.variance, np.nan))


def _fit(n: Floats, estimate: Floats, variance: Floats, squares: Floats, people: Floats) -> Fit:
    """With deff: over the variance of a simple random sample without replacement of the same size.

    squares: sum of the squared linearised values; people: of the weights. Missing where not above n.
    R: deff=TRUE.
    """
    deff = np.full(len(estimate), np.nan)
    usable = (people - n > 1e-9 * people) & (squares > 0) & (n > 1)
    np.divide(variance * (n - 1), squares * (people - n), out=deff, where=usable)
    return Fit(n, estimate, np.where(np.isfinite(estimate), variance, np.nan), deff)


def spread(of_group: Floats, code: Codes) -> Floats:
    """A group's value on each of its rows; 0 outside and where there is none."""
    return np.append(np.nan_to_num(of_group, nan=0.0), 0.0).take(code)


def estimate_mean(
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign, by: Names = None, where: Where = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean of a numeric variable in each group of `by` inside `where`.

    R: svymean(~variable, design, na.rm=TRUE); svyby(~variable, ~by, design, svymean, na.rm=TRUE, deff=TRUE),
    with limits as confint(..., df=degf(design)).

    >>> people = pd.DataFrame({"weight": [10, 20, 10, 10], "income": [200, 300, 260, None]})
    >>> found = estimate_mean(people, "income", design=SurveyDesign(weight="weight"))
    >>> found[["n", "left_out_n", "estimate", "se"]].round(2)
       n  left_out_n  estimate     se
    0  3           1     265.0  27.61
    """
    frame, where = gathered(frame, by, [variable], design, where)
    sample, groups = resolve(frame, design, cubes=True), domains(frame, by, where)
    if sample.cells is not None:
        fitted = Moments.of(frame, variable, design, sample).ratio(sample, groups)
    else:
        y, answered = filled(frame, variable)
        few = slice(None, None, len(y) // MANY + 1)
        some = np.sort(y[few][answered[few]] if answered[few].any() else y[answered])
        middle = float(some[len(some) // 2]) if len(some) else 0.0
        fitted = fit_ratio(sample, y, None, groups.only(answered), middle)
    return table(sample, groups, fitted, sample.degrees(), level)


def estimate_total(
    frame: pd.DataFrame, variable: str | None = None, *, design: SurveyDesign, by: Names = None,
    where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """Total of a numeric variable (None: number of people) in each group. R: svytotal(~variable, na.rm=TRUE).

    >>> people = pd.DataFrame({"weight": [10, 20, 10], "debt": [0, 500, 200]})
    >>> estimate_total(people, "debt", design=SurveyDesign(weight="weight"))["estimate"].item()
    12000.0
    """
    frame, where = gathered(frame, by, [variable] if variable else [], design, where)
    sample, groups = resolve(frame, design, cubes=True), domains(frame, by, where)
    if sample.cells is not None and variable is not None:
        fitted = Moments.of(frame, variable, design, sample).total(sample, groups)
    else:
        y, answered = filled(frame, variable)
        fitted = fit_total(sample, y, groups.only(answered))
    return table(sample, groups, fitted, sample.degrees(), level)


def estimate_ratio(
    frame: pd.DataFrame, numerator: str, denominator: str, *, design: SurveyDesign, by: Names = None,
    where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """Ratio of two totals in each group, over rows that have both. R: svyratio(~top, ~base, na.rm=TRUE).

    >>> homes = pd.DataFrame({"income": [600, 500], "size": [3, 2]})
    >>> estimate_ratio(homes, "income", "size", design=SurveyDesign())["estimate"].item()
    220.0
    """
    frame, where = gathered(frame, by, [(numerator, denominator)], design, where)
    sample, groups = resolve(frame, design, cubes=True), domains(frame, by, where)
    if sample.cells is not None:
        fitted = Moments.of(frame, (numerator, denominator), design, sample).ratio(sample, groups)
    else:
        (y, has_y), (x, has_x) = filled(frame, numerator), filled(frame, denominator)
        fitted = fit_ratio(sample, y, x, groups.only(has_y & has_x))
    return table(sample, groups, fitted, sample.degrees(), level)


def estimate_share(
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign, by: Names = None, where: Where = None,
    level: float = 0.95, ci: str = "logit",
) -> pd.DataFrame:
    """Share of each level of a variable in each group of `by`: one row per group and level.

    share is estimate; n: rows at the level; base_n: rows of the group with a value. Degrees of freedom are
    those of the subset, as svyciprop counts them. R: svyciprop(~I(variable == level), subset(design, ...),
    method=ci).

    >>> people = pd.DataFrame({"sex": ["f", "f", "m", "m", "m"], "weight": [10, 20, 10, 10, 10]})
    >>> found = estimate_share(people, "sex", design=SurveyDesign(weight="weight"), ci="wilson")
    >>> found[["sex", "n", "base_n", "share", "ci_low", "ci_high"]].round(2)
      sex  n  base_n  share  ci_low  ci_high
    0   f  2       5    0.5    0.09     0.91
    1   m  3       5    0.5    0.09     0.91
    """
    frame, where = gathered(frame, [*names(by), variable], design=design, where=where)
    require(frame, [variable], where="estimate_share", cubes=True)
    sample, groups = resolve(frame, design, cubes=True), domains(frame, by, where)
    codes, levels = level_codes(frame[variable])
    return shares(sample, groups, codes, pd.DataFrame({variable: levels}), level, ci)


def shares(
    sample: Sample, groups: Domains, codes: Codes, levels: pd.DataFrame, level: float, ci: str
) -> pd.DataFrame:
    """Shares of coded levels (-1: no answer) in each group; one at a time, so that memory stays low."""
    used, count = groups.only(codes >= 0), groups.count
    if not len(levels):
        raise ArgumentError(NOBODY)
    degrees = sample.degrees(groups)
    everybody = sample.people(groups, live=False)
    rows = np.full(count, float(len(codes))) if sample.keeps_rows else everybody
    parts = []
    for k in range(len(levels)):
        hit = codes == k
        fitted = fit_ratio(sample, hit.astype(float), None, used)
        spread = _logit_variance(sample, hit, used.code, fitted) if ci == "logit" else fitted.variance
        low, high = share_limits(fitted.estimate, spread, degrees, rows, level, ci)
        n = sample.people(used.only(hit)).astype("int64")
        named = {str(name): levels[name].array.take([k] * count) for name in levels}
        part = table(sample, groups, fitted, degrees, level).assign(n=n, share=fitted.estimate, **named)
        parts.append(part.assign(ci_low=low, ci_high=high))
    return grouped(parts, [*groups.levels, *levels, "n", "base_n", "left_out_n", "share"])


def _logit_variance(sample: Sample, hit: Truths, code: Codes, fitted: Fit) -> Floats:
    """The variance of shares that has that of their log odds: of the replicates' log odds, as R's svyglm has
    it."""
    if sample.replicates is None:
        return fitted.variance
    count = len(fitted.estimate)

    def log_odds(weight: Floats) -> Floats:
        return np.asarray(logit(per(sums(code, count, weight * hit), sums(code, count, weight))))

    odds = np.diag(replicate_covariance(sample.replicates, log_odds, log_odds(sample.weight)))
    return odds * (fitted.estimate * (1 - fitted.estimate)) ** 2


def table(sample: Sample, groups: Domains, fitted: Fit, df: Floats, level: float) -> pd.DataFrame:
    """The result frame of estimates with t limits; refused where no row of any group has a value."""
    if not fitted.n.any():
        raise ArgumentError(NOBODY)
    if np.isnan(fitted.estimate).all():
        raise ArgumentError("作除数的合计（分母、总量）在所选的行中都是 0，没有意义。请核对。")
    se, n = np.sqrt(fitted.variance), fitted.n.astype("int64")
    everybody = sample.people(groups).astype("int64")
    low, high = around(fitted.estimate, se, df, level)
    df = np.broadcast_to(df, groups.count)
    figures = (n, n, everybody - n, fitted.estimate, se, low, high, df, fitted.deff)
    levels = {str(name): levels.array for name, levels in groups.levels.items()}
    return pd.DataFrame(levels | dict(zip(RESULT, figures, strict=True)))


def grouped(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Parts that each have a row per group, brought together group by group, with these columns leading."""
    return lead(pd.concat(parts).sort_index(kind="stable").reset_index(drop=True), columns)


def lead(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The table with these columns leading."""
    return table[[*columns, *[c for c in table.columns if c not in columns]]]
