"""Shares and rates of plain counts: limits, differences, standardised rates, Kitagawa's decomposition; waves
compared fairly by these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from bangfu_analysis.analysis.arrays import Floats, Names, names
from bangfu_analysis.analysis.domains import numbers, require
from bangfu_analysis.analysis.intervals import count_limits, t_value
from bangfu_analysis.errors import ArgumentError, NotComparable, listed, one_of

RATIO_LIMITS = ("byar", "exact", "log")
METHODS = ("direct", "indirect")


def share_interval(x: Any, n: Any, *, method: str = "wilson", level: float = 0.95) -> pd.DataFrame:
    """Shares x of n with limits, one row a pair: n (= x), base_n, share, ci_low, ci_high.

    method: wilson, wilson_cc, clopper_pearson, jeffreys. R: prop.test(x, n, correct=), binom.test(x, n).
    """
    hits, base = _checked(x, n)
    low, high = count_limits(hits, base, level, method)
    shares = {"n": hits.astype("int64"), "base_n": base.astype("int64"), "share": hits / base}
    return pd.DataFrame(shares | {"ci_low": low, "ci_high": high})


def _checked(x: Any, n: Any) -> tuple[Floats, Floats]:
    hits, base = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(n, float))
    if hits.shape != base.shape or not ((hits >= 0) & (hits <= base) & (base > 0)).all():
        raise ArgumentError("次数 x 与基数 n 应一一对应，且 0 ≤ x ≤ n、n > 0。请核对。")
    return hits, base


def difference_of_shares(x: Sequence[float], n: Sequence[float], *, level: float = 0.95) -> pd.DataFrame:
    """The first share less the second, of two independent samples: estimate, ci_low, ci_high.

    Newcombe's hybrid of Wilson's limits (1998, Statistics in Medicine 17, method 10); wald_low and wald_high
    are the plain ones. R: DescTools::BinomDiffCI(method="score").
    """
    hits, base = _checked(x, n)
    if len(hits) != 2:
        raise ArgumentError(f"difference_of_shares 比较两个比例，得到 {len(hits)} 个。")
    p = hits / base
    low, high = count_limits(hits, base, level, "wilson")
    gap = p[0] - p[1]
    half = float(t_value(np.inf, level)) * np.sqrt((p * (1 - p) / base).sum())
    newcombe = {"ci_low": gap - np.hypot(p[0] - low[0], high[1] - p[1])}
    newcombe |= {"ci_high": gap + np.hypot(high[0] - p[0], p[1] - low[1])}
    return pd.DataFrame([{"estimate": gap, **newcombe, "wald_low": gap - half, "wald_high": gap + half}])


def poisson_interval(x: Any, exposure: Any = 1.0, *, level: float = 0.95) -> pd.DataFrame:
    """Rates x / exposure with exact limits (Garwood 1936, Biometrika 28): n, estimate, ci_low, ci_high. R:
    poisson.test.
    """
    count, time = np.atleast_1d(np.asarray(x, float)), np.asarray(exposure, float)
    return _per(count, time, *_exact(count, level))


def _per(count: Floats, one: Floats, low: Floats, high: Floats) -> pd.DataFrame:
    rates = {"estimate": count / one, "ci_low": low / one, "ci_high": high / one}
    return pd.DataFrame({"n": count.astype("int64"), **rates})


def _exact(count: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    low = np.where(count > 0, special.gammaincinv(np.maximum(count, 1e-300), tail), 0.0)
    return low, special.gammaincinv(count + 1, 1 - tail)


def standardize_direct(
    frame: pd.DataFrame, *, count: str, population: str, standard: str, by: Names = None, level: float = 0.95
) -> pd.DataFrame:
    """Rates at one standard mix, with Fay and Feuer's gamma limits (1997, Statistics in Medicine 16).

    A row is a stratum of a group of `by`: its events, its people, and the standard's people. One row per
    group: n (events), base_n (people), crude, estimate, se, ci_low, ci_high. R: epitools::ageadjust.direct.
    """
    require(frame, [count, population, standard, *names(by)], where="standardize_direct")
    for column in (count, population, standard):
        value = numbers(frame, column)
        if np.isnan(value).any() or (value < 0).any():
            raise ArgumentError(f"列 {column} 有缺失或负数，不能标准化。请补齐各层的数。")
    groups: Any = frame.groupby(names(by), observed=True) if by else [((), frame)]
    rates = [(key, _direct(part, count, population, standard, level)) for key, part in groups]
    return pd.DataFrame([dict(zip(names(by), key, strict=True)) | row for key, row in rates])


def _direct(part: pd.DataFrame, count: str, population: str, standard: str, level: float) -> dict[str, float]:
    x, n, s = (numbers(part, column) for column in (count, population, standard))
    if (n <= 0).any() or s.sum() <= 0:
        raise ArgumentError(f"列 {population} 有为 0 的层，该层的率无法计算。请先合并层。")
    w = s / s.sum() / n
    rate, variance, most = float(w @ x), float(w**2 @ x), float(w.max())
    tail = (1 - level) / 2
    low = special.gammaincinv(rate**2 / variance, tail) * variance / rate if rate > 0 else 0.0
    above, spread = rate + most, variance + most**2
    high = special.gammaincinv(above**2 / spread, 1 - tail) * spread / above
    result = {"n": int(x.sum()), "base_n": n.sum(), "crude": x.sum() / n.sum(), "estimate": rate}
    return result | {"se": np.sqrt(variance), "ci_low": float(low), "ci_high": float(high)}


def standardized_ratio(
    observed: Any, expected: Any, *, method: str = "byar", level: float = 0.95
) -> pd.DataFrame:
    """Observed over expected events (indirect standardisation): n, expected, estimate, ci_low, ci_high.

    byar: Byar's approximation (Breslow and Day 1987); exact: Poisson; log: on the logarithm
    (epitools::ageadjust.indirect).
    """
    one_of("method", method, RATIO_LIMITS)
    o, e = np.atleast_1d(np.asarray(observed, float)), np.atleast_1d(np.asarray(expected, float))
    if (o < 0).any() or (e <= 0).any():
        raise ArgumentError("观察数应不小于 0，期望数应大于 0。请核对。")
    low, high = _exact(o, level)
    z = float(t_value(np.inf, level))
    if method == "byar":
        some = np.maximum(o, 1e-300)
        low = np.where(o > 0, o * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0) ** 3, 0.0)
        high = (o + 1) * (1 - 1 / (9 * (o + 1)) + z / (3 * np.sqrt(o + 1))) ** 3
    elif method == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = o * np.exp(-z / np.sqrt(o)), o * np.exp(z / np.sqrt(o))
    ratio = _per(o, e, low, high).assign(expected=e)
    return ratio[["n", "expected", "estimate", "ci_low", "ci_high"]]


def kitagawa(frame: pd.DataFrame, *, share_a: str, share_b: str, rate_a: str, rate_b: str) -> pd.DataFrame:
    """The difference of two rates, split into rates and composition (Kitagawa 1955, J. Am. Stat. Assoc. 50).

    A row is a category; shares of each population add up to 1. Returns rows `component` rate, composition,
    total with `estimate`; their sum is the difference a - b exactly. Raises `NotComparable` where a category
    is missing on one side.
    """
    require(frame, [share_a, share_b, rate_a, rate_b], where="kitagawa")
    for name in (share_a, share_b):
        if not np.isclose(total := numbers(frame, name).sum(), 1, atol=1e-6) and not np.isnan(total):
            raise ArgumentError(f"列 {name} 的构成之和是 {total:g}，应为 1。请先换算成比例。")
    parts = by_category(*(numbers(frame, name) for name in (share_a, share_b, rate_a, rate_b)))
    return parts.sum().rename_axis("component").reset_index(name="estimate")


def by_category(share_a: Any, share_b: Any, rate_a: Any, rate_b: Any) -> pd.DataFrame:
    """What each category adds to the difference a - b by its rate, by its share and in total."""
    if bad := int(np.isnan([share_a, share_b, rate_a, rate_b]).any(axis=0).sum()):
        raise NotComparable(f"有 {bad} 个类别只在一方有数，两方的分类不同，不能分解。请先统一分类。")
    rate, mix = (share_a + share_b) / 2 * (rate_a - rate_b), (rate_a + rate_b) / 2 * (share_a - share_b)
    return pd.DataFrame({"rate": rate, "composition": mix, "total": rate + mix})


def standardized(
    table: pd.DataFrame, strata: str, *, over: str = "wave", standard: Any = None, method: str = "direct",
    level: float = 0.95,
) -> pd.DataFrame:
    """The rates of every wave (`over`) at the mix of one wave, or against what its rates would give: one row
    a wave.

    `table`: a result frame with n, base_n, `over` and `strata` (`hardship_rate(workers, population,
    by=["wave", "unit"])`, say); `standard`: a value of `over` (default: its first). direct: crude and
    estimate, the rate at the standard's mix, with Fay and Feuer's limits; indirect: n over expected by the
    standard's rates, with Byar's. NotComparable names strata that not every wave has. R:
    epitools::ageadjust.direct, ageadjust.indirect.
    """
    one_of("method", method, METHODS)
    base, hits = (_wide(table, strata, over, column) for column in ("base_n", "n"))
    chosen = base.columns[0] if standard is None else standard
    one_of("standard", chosen, base.columns)
    if method == "direct":
        mixed = table.assign(_mix=table[strata].astype(object).map(base[chosen]))
        columns = {"count": "n", "population": "base_n", "standard": "_mix"}
        result = standardize_direct(mixed, **columns, by=over, level=level)
    else:
        expected = base.mul(hits[chosen] / base[chosen], axis=0).sum()
        ratio = standardized_ratio(hits.sum().to_numpy(), expected.to_numpy(), level=level)
        result = ratio.assign(**{over: expected.index})[[over, *ratio.columns]]
    return result.assign(standard=chosen)


def _wide(table: pd.DataFrame, strata: str, over: str, column: str) -> pd.DataFrame:
    """Strata x waves; NotComparable where a wave lacks a stratum."""
    require(table, [strata, over, "n", "base_n"], where="比较各批次")
    if table.duplicated([strata, over]).any():
        to_do = "请先选定一个类别，例如 table[table['hardship_level'] == 'extreme']。"
        raise ArgumentError(f"每个 {over} 的每个 {strata} 应只有一行，实际有重复。{to_do}")
    cells = table.astype({strata: object, over: object, column: float})
    pivoted = cells.pivot_table(column, strata, over, aggfunc="first", sort=False, dropna=False)
    wide = pivoted.sort_index(axis=1)
    lacking = {wave: listed(map(str, wide.index[gaps])) for wave, gaps in wide.isna().items()}
    if gaps_by_wave := "；".join(f"{wave} 缺 {gone}" for wave, gone in lacking.items() if gone):
        to_do = "请先按对照表统一名称，或合并、去掉这些组。"
        raise NotComparable(f"各批次的 {strata} 不同，不能比较：{gaps_by_wave}。{to_do}")
    return wide


def decomposition(
    table: pd.DataFrame, strata: str, *, over: str = "wave", detail: bool = False
) -> pd.DataFrame:
    """The change of a rate since the wave before, split into rates and composition (Kitagawa 1955), one row a
    component.

    `table` as in `standardized`. Returns wave_before, wave, component (rate, composition, total) and estimate
    (later less earlier); with `detail` a row for every stratum and component instead. NotComparable names
    strata that not every wave has.
    """
    base, hits = (_wide(table, strata, over, column) for column in ("base_n", "n"))
    if len(base.columns) < 2:
        waves = listed(map(str, base.columns)) or "无"
        raise ArgumentError(f"decomposition：{over} 要至少两个批次，现有：{waves}。")
    share, rate, parts = base / base.sum(), hits / base, []
    for before, wave in pairwise(base.columns):
        effects = by_category(share[wave], share[before], rate[wave], rate[before])
        effects = effects if detail else effects.sum().to_frame().T
        long = effects.reset_index(names=strata).melt([strata], var_name="component", value_name="estimate")
        parts.append(long.assign(wave_before=before, wave=wave))
    every = pd.concat(parts, ignore_index=True)
    every = every.assign(component=pd.Categorical(every["component"], ["rate", "composition", "total"]))
    return every[["wave_before", "wave", *([strata] if detail else []), "component", "estimate"]]
