"""Confidence limits from an estimate, its variance and its degrees of freedom; vectors in, vectors out.

Only scipy.special is used, which loads ten times faster than scipy.stats.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from bangfu_analysis.analysis.arrays import Floats
from bangfu_analysis.errors import ArgumentError, one_of

SHARE_LIMITS = ("logit", "beta", "asin", "xlogit", "mean", "wilson")
COUNT_LIMITS = ("wilson", "wilson_cc", "clopper_pearson", "jeffreys")


def t_value(df: Floats | float, level: float) -> Floats:
    """The two-sided critical value of t; infinite df is the normal, df below 1 has none."""
    if not 0 < level < 1:
        raise ArgumentError(f"置信水平 level 应在 0 与 1 之间，得到 {level}。通常写 0.95。")
    df = np.asarray(df, dtype=float)
    upper = (1 + level) / 2
    value = np.where(np.isinf(df), special.ndtri(upper), special.stdtrit(np.where(df > 0, df, 1.0), upper))
    return np.asarray(np.where(df > 0, value, np.nan))


def two_sided_p(t: Floats | float, df: Floats | float) -> Floats:
    """The two-sided p-value of t."""
    t, df = np.asarray(t, dtype=float), np.asarray(df, dtype=float)
    some, low = np.where(df > 0, df, 1.0), -np.abs(t)
    tail = np.where(np.isinf(df), special.ndtr(low), special.stdtr(some, low))
    return np.asarray(np.where(df > 0, 2 * tail, np.nan))


def around(estimate: Floats, se: Floats, df: Floats | float, level: float) -> tuple[Floats, Floats]:
    """Estimate plus and minus t times the standard error."""
    half = t_value(df, level) * se
    return estimate - half, estimate + half


def tested(estimate: Floats, se: Floats, df: Floats | float, level: float) -> dict[str, Floats]:
    """The columns estimate, se, ci_low, ci_high, df, statistic (t that it is 0) and p_value."""
    low, high = around(estimate, se, df, level)
    t = np.divide(estimate, se, out=np.full(len(estimate), np.nan), where=se > 0)
    return {
        "estimate": estimate, "se": se, "ci_low": low, "ci_high": high,
        "df": np.broadcast_to(df, len(estimate)), "statistic": t, "p_value": two_sided_p(t, df),
    }


def beta_limits(successes: Floats, trials: Floats, level: float) -> tuple[Floats, Floats]:
    """Clopper-Pearson limits for real-valued counts (Clopper and Pearson 1934, Biometrika 26)."""
    tail = (1 - level) / 2
    failures = trials - successes
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(np.maximum(successes, 1e-300), failures + 1, tail)
        high = special.betaincinv(successes + 1, np.maximum(failures, 1e-300), 1 - tail)
    return np.where(successes <= 0, 0.0, low), np.where(failures <= 0, 1.0, high)


def wilson_limits(p: Floats, trials: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Wilson's score limits (1927, J. Am. Stat. Assoc. 22) for a share p of `trials`, with critical value z.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = z**2 / trials
        centre = (p + ratio / 2) / (1 + ratio)
        half = np.sqrt(ratio * p * (1 - p) + ratio**2 / 4) / (1 + ratio)
    return np.where(p <= 0, 0.0, centre - half), np.where(p >= 1, 1.0, centre + half)


def share_limits(
    p: Floats, variance: Floats, df: Floats, rows: Floats, level: float, method: str
) -> tuple[Floats, Floats]:
    """Limits of a share under the design, as svyciprop of R.

    logit and xlogit: t on the log odds. asin: t on the arcsine. beta: Korn and Graubard (1998, Survey
    Methodology 24), exact limits at the effective sample size. wilson: Wilson's limits at that size with t.
    mean: plain. A share of 0 or 1 has no variance: there the effective size is `rows`, and all but wilson
    give the beta limits.
    """
    one_of("ci", method, SHARE_LIMITS)
    t = t_value(df, level)
    edge = (p <= 0) | (p >= 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(edge, rows, p * (1 - p) / variance)
        se = np.sqrt(variance)
        trials = size * (t_value(rows - 1, level) / t) ** 2
        low, high = exact = beta_limits(trials * p, trials, level)
        if method in ("logit", "xlogit"):
            odds, half = special.logit(p), t * se / (p * (1 - p))
            low, high = special.expit(odds - half), special.expit(odds + half)
        elif method == "asin":
            root, half = np.arcsin(np.sqrt(p)), t * se / np.sqrt(4 * p * (1 - p))
            low, high = np.sin(root - half) ** 2, np.sin(root + half) ** 2
        elif method == "mean":
            low, high = around(p, se, df, level)
    if method == "wilson":
        return wilson_limits(p, size, t)
    certain = ~edge & (variance <= 0)
    low, high = np.where(edge, exact[0], low), np.where(edge, exact[1], high)
    return np.where(certain, p, low), np.where(certain, p, high)


def count_limits(x: Floats, n: Floats, level: float, method: str) -> tuple[Floats, Floats]:
    """Limits of a share x/n of plain counts. R: prop.test (wilson without, wilson_cc with correction),
    binom.test.
    """
    one_of("method", method, COUNT_LIMITS)
    z = t_value(np.inf, level)
    if method == "wilson":
        return wilson_limits(x / n, n, z)
    if method == "clopper_pearson":
        return beta_limits(x, n, level)
    tail = (1 - level) / 2
    if method == "jeffreys":
        a, b = x + 0.5, n - x + 0.5
        return special.betaincinv(a, b, tail), special.betaincinv(a, b, 1 - tail)
    shift = np.minimum(0.5, np.abs(x - n / 2))
    low = wilson_limits((x - shift) / n, n, z)[0]
    return low, wilson_limits((x + shift) / n, n, z)[1]
