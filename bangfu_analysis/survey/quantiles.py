"""Weighted quantiles with Woodruff's intervals (Woodruff 1952, J. Am. Stat. Assoc. 47). R: svyquantile of
survey 4.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats, Names, Where
from bangfu_analysis.analysis.domains import domains, measured
from bangfu_analysis.analysis.intervals import around, share_limits, t_value
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.estimate import Fit, fit_ratio, grouped, table

TIE = 1e-12  # cumulative weights this close to q (relative) count as equal to it


def estimate_quantile(
    frame: pd.DataFrame, variable: str, q: float | Sequence[float], *, design: SurveyDesign, by: Names = None,
    where: Where = None, level: float = 0.95, rule: str = "math", interval: str = "mean",
) -> pd.DataFrame:
    """Quantiles q (between 0 and 1) in each group: one row per group and q, column `q` after those of `by`.

    rule: "math" (the smallest value whose cumulative weight reaches q; R's default) or "hf7" (interpolated,
    as pandas). interval: how the limits of the share below the quantile are made ("mean", "xlogit", "beta",
    "asin") before they are turned into quantiles; a limit outside the data is missing. se is the width over
    2t; df is the subset's. R: svyquantile(~variable, design, q, na.rm=TRUE, qrule=rule,
    interval.type=interval).

    >>> people = pd.DataFrame({"income": range(1, 11)})
    >>> found = estimate_quantile(people, "income", [0.25, 0.5], design=SurveyDesign())
    >>> found[["q", "estimate", "ci_low", "ci_high"]]
          q  estimate  ci_low  ci_high
    0  0.25       3.0     NaN      7.0
    1  0.50       5.0     2.0      9.0
    """
    one_of("rule", rule, RULES)
    wanted = np.atleast_1d(np.asarray(q, dtype=float))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ArgumentError(f"分位点 q 应在 0 与 1 之间，得到 {q}。中位数写 0.5。")
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y, count = measured(frame, variable), groups.count
    used = sample.live(groups.only(~np.isnan(y)))
    rows = np.full(count, float(len(y))) if sample.keeps_rows else used.sizes
    curves, df = _curves(y, sample.weight, used.code, count), sample.degrees(used)
    parts = []
    for p in wanted:
        estimate = np.array([RULES[rule](x, w, p) for x, w in curves])
        below = (y <= np.append(estimate, np.nan)[used.code]).astype(float)
        share = fit_ratio(sample, below, None, used)
        limits = _limits(share, df, rows, level, interval)
        low, high = (_ends(RULES[rule], curves, limit) for limit in limits)
        se = (high - low) / (2 * t_value(df, level))
        part = table(sample, groups, Fit(share.n, estimate, se**2, np.full(count, np.nan)), df, level)
        parts.append(part.assign(q=p, ci_low=low, ci_high=high))
    return grouped(parts, [*groups.levels, "q"])


Curve = tuple[Floats, Floats]  # sorted values and their cumulative weights


def _curves(y: Floats, weight: Floats, code: Codes, count: int) -> list[Curve]:
    order = np.lexsort((y, code))
    ends = np.cumsum(np.bincount(code, minlength=count + 1))
    pieces = np.split(order, ends[:-1])[:count]
    return [(y[piece], np.cumsum(weight[piece])) for piece in pieces]


def _limits(share: Fit, df: Floats, rows: Floats, level: float, interval: str) -> tuple[Floats, Floats]:
    """Limits of the share of people at or below the estimate."""
    if interval == "mean":
        return around(share.estimate, np.sqrt(share.variance), df, level)
    low, high = share_limits(share.estimate, share.variance, df, rows, level, interval)
    return np.where(share.estimate >= 1, np.nan, low), np.where(share.estimate >= 1, np.nan, high)


def _ends(quantile: Callable[[Floats, Floats, float], float], curves: list[Curve], limits: Floats) -> Floats:
    pairs = zip(curves, limits, strict=True)
    return np.array([quantile(*curve, p) if 0 <= p <= 1 else np.nan for curve, p in pairs])


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
