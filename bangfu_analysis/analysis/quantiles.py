"""Weighted quantiles with Woodruff's intervals (Woodruff 1952, J. Am. Stat. Assoc. 47). R: svyquantile of survey 4.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.design import Sample, SurveyDesign, resolve
from bangfu_analysis.analysis.domains import Codes, Domains, Floats, Names, domains, numbers
from bangfu_analysis.analysis.estimate import Fit, first, fit_ratio, table
from bangfu_analysis.analysis.intervals import around, share_limits, t_value
from bangfu_analysis.errors import ArgumentError

TIE = 1e-12  # cumulative weights this close to q (relative) count as equal to it


def estimate_quantile(
    frame: pd.DataFrame,
    variable: str,
    q: float | Sequence[float],
    *,
    design: SurveyDesign,
    by: Names = None,
    where: Any = None,
    level: float = 0.95,
    rule: str = "math",
    interval: str = "mean",
) -> pd.DataFrame:
    """Quantiles q (between 0 and 1) in each group: one row per group and q, column `q` after those of `by`.

    rule: "math" (the smallest value whose cumulative weight reaches q; R's default) or "hf7" (interpolated, as
    pandas). interval: how the limits of the share below the quantile are made ("mean", "xlogit", "beta", "asin")
    before they are turned into quantiles; a limit outside the data is missing. se is the width over 2t; df is the
    subset's. R: svyquantile(~variable, design, q, na.rm=TRUE, qrule=rule, interval.type=interval).
    """
    if rule not in RULES:
        raise ArgumentError.naming("rule", rule, RULES)
    wanted = np.atleast_1d(np.asarray(q, dtype=float))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ArgumentError(f"分位点 q 应在 0 与 1 之间，得到 {q}。中位数写 0.5。")
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y = numbers(frame, variable)
    code = groups.only(~np.isnan(y) & (sample.weight > 0))
    curves = _curves(y, sample.weight, code, groups.count)
    answered = replace(groups, code=code)
    parts = [_one(sample, groups, answered, y, curves, float(p), level, (rule, interval)) for p in wanted]
    every = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return first(every, [*groups.levels, "q"])


Curve = tuple[Floats, Floats]  # sorted values and their cumulative weights


def _curves(y: Floats, weight: Floats, code: Codes, count: int) -> list[Curve]:
    order = np.lexsort((y, code))
    ends = np.cumsum(np.bincount(code, minlength=count + 1))
    pieces = np.split(order, ends[:-1])[:count]
    return [(y[piece], np.cumsum(weight[piece])) for piece in pieces]


def _one(
    sample: Sample,
    groups: Domains,
    answered: Domains,
    y: Floats,
    curves: list[Curve],
    p: float,
    level: float,
    manner: tuple[str, str],
) -> pd.DataFrame:
    quantile = RULES[manner[0]]
    estimate = np.array([quantile(x, w, p) for x, w in curves])
    below = (y <= np.append(estimate, np.nan)[answered.code]).astype(float)
    share = fit_ratio(sample, below, None, answered.code, answered.count)
    df = sample.degrees(answered.code, answered.count)
    if manner[1] == "mean":
        low, high = around(share.estimate, np.sqrt(share.variance), df, level)
    else:
        low, high = share_limits(share.estimate, share.variance, df, share.n, level, manner[1])
        low, high = (np.where(share.estimate >= 1, np.nan, limit) for limit in (low, high))
    ends = [[_at(quantile, curve, limit) for curve, limit in zip(curves, side, strict=True)] for side in (low, high)]
    se = (np.array(ends[1]) - np.array(ends[0])) / (2 * t_value(df, level))
    found = table(sample, groups, Fit(share.n, estimate, se**2, np.full(len(se), np.nan)), level, "domain")
    return found.assign(q=p, se=se, ci_low=ends[0], ci_high=ends[1], df=df)


def _at(quantile: Callable[[Floats, Floats, float], float], curve: Curve, p: float) -> float:
    return quantile(*curve, p) if 0 <= p <= 1 else np.nan


def _math(x: Floats, cumulative: Floats, p: float) -> float:
    if len(x) == 0:
        return np.nan
    place = np.searchsorted(cumulative, cumulative[-1] * (p - TIE))
    return float(x[min(int(place), len(x) - 1)])


def _hf7(x: Floats, cumulative: Floats, p: float) -> float:
    if len(x) < 2:
        return float(x[0]) if len(x) else np.nan
    return float(np.interp(p, np.append(0.0, cumulative[:-1]) / cumulative[-2], x))


RULES = {"math": _math, "hf7": _hf7}
