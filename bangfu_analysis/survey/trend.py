"""Is there a trend? In shares over ordered groups, in a series of figures, and in individual answers under a
design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from bangfu_analysis.analysis.domains import Floats, numbers, rows_where
from bangfu_analysis.analysis.intervals import around, t_value, two_sided_p
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.variance import covariance, replicate_covariance

KINDS = ("linear", "logit")


def _binary_deviance(y: Floats, mean: Floats, weight: Floats) -> float:
    return float(2 * weight @ (special.xlogy(y, y / mean) + special.xlogy(1 - y, (1 - y) / (1 - mean))))


def _half_way(y: Floats, weight: Floats) -> Floats:
    return (weight * y + 0.5) / (weight + 1)


def _count_deviance(y: Floats, mean: Floats, weight: Floats) -> float:
    return float(2 * weight @ (special.xlogy(y, y / mean) - (y - mean)))


# start, link, its inverse, variance, deviance: as R's binomial() and poisson()
FAMILIES: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "logit": (_half_way, special.logit, special.expit, lambda m: m * (1 - m), _binary_deviance),
    "poisson": (lambda y, w: y + 0.1, np.log, np.exp, lambda m: m, _count_deviance),
}


def cochran_armitage(x: Sequence[float], n: Sequence[float], scores: Sequence[float] | None = None) -> pd.DataFrame:
    """Trend in shares x of n over ordered, independent groups: statistic (z), chi_square, df, p_value,
    p_lower, p_upper.

    Scores default to 1, 2, .... Not for the same people twice: use `mcnemar`. Cochran (1954), Armitage
    (1955), Biometrics 10 and 11. R: prop.trend.test(x, n, scores).
    """
    hits, base = np.asarray(x, float), np.asarray(n, float)
    score = np.arange(1.0, len(hits) + 1) if scores is None else np.asarray(scores, float)
    if not len(hits) == len(base) == len(score) or not ((hits >= 0) & (hits <= base) & (base > 0)).all():
        raise ArgumentError("x、n、scores 应一样长，且 0 ≤ x ≤ n、n > 0。请核对。")
    total, p = base.sum(), hits.sum() / base.sum()
    spread = p * (1 - p) * (base @ score**2 - (base @ score) ** 2 / total)
    z = float(score @ (hits - base * p)) / np.sqrt(spread)
    tails = {"p_value": 2 * special.ndtr(-abs(z)), "p_lower": special.ndtr(z), "p_upper": special.ndtr(-z)}
    return pd.DataFrame([{"n": int(total), "statistic": z, "chi_square": z**2, "df": 1, **tails}])


def _series(*columns: Sequence[float]) -> list[Floats]:
    found = [np.asarray(column, float) for column in columns]
    if len({len(column) for column in found}) > 1 or len(found[0]) < 3:
        raise ArgumentError(f"趋势要等长、至少 3 期的数，得到 {'、'.join(str(len(c)) for c in found)} 期。请补齐。")
    return found


def kendall_trend(x: Sequence[float], y: Sequence[float]) -> pd.DataFrame:
    """Monotone trend of a short series: estimate (tau-b), p_value (exact without ties), slope (Sen 1968).

    R: cor.test(x, y, method="kendall"); the slope is the median of all pairwise slopes.
    """
    from scipy.stats import kendalltau

    when, what = _series(x, y)
    found = kendalltau(when, what)
    i, j = np.triu_indices(len(when), 1)
    apart = when[i] != when[j]
    slope = float(np.median((what[j] - what[i])[apart] / (when[j] - when[i])[apart]))
    p = float(found.pvalue)
    return pd.DataFrame([{"n": len(when), "estimate": float(found.statistic), "p_value": p, "slope": slope}])


def weighted_trend(x: Sequence[float], y: Sequence[float], se: Sequence[float], *, level: float = 0.95) -> pd.DataFrame:
    """Straight line through estimates with known standard errors: rows `term` intercept and slope.

    estimate, se (errors known), ci_low, ci_high, statistic (z), p_value; q and q_p_value test that a line is
    enough; se_fitted takes the scatter from the residuals instead. R: lm(y ~ x, weights=1/se^2);
    metafor::rma(method="FE").
    """
    when, what, error = _series(x, y, se)
    if not (error > 0).all():
        raise ArgumentError("加权趋势要标准误都大于 0。请去掉没有标准误的期。")
    design = np.column_stack([np.ones(len(when)), when - when.mean()])
    bread = np.linalg.inv(design.T @ (design / error[:, None] ** 2))
    centred = bread @ (design.T @ (what / error**2))
    q, df = float((((what - design @ centred) / error) ** 2).sum()), len(when) - 2
    shift = np.array([[1.0, -when.mean()], [0.0, 1.0]])
    estimate, root = shift @ centred, np.sqrt(np.diag(shift @ bread @ shift.T))
    z, half = estimate / root, float(t_value(np.inf, level)) * root
    found = pd.DataFrame({"term": ["intercept", "slope"], "estimate": estimate, "se": root})
    tested = found.assign(ci_low=estimate - half, ci_high=estimate + half, statistic=z, p_value=two_sided_p(z, np.inf))
    return tested.assign(se_fitted=root * np.sqrt(q / df), q=q, df=df, q_p_value=float(special.chdtrc(df, q)))


def annual_change(
    x: Sequence[float], count: Sequence[float], n: Sequence[float], *, level: float = 0.95
) -> pd.DataFrame:
    """Average yearly change of a rate, as a part (-0.05 is 5 % less a year), from a log-linear Poisson line.

    Returns estimate, ci_low, ci_high, coefficient, se (of the coefficient). R: glm(count ~ x +
    offset(log(n)), poisson).
    """
    when, events, base = _series(x, count, n)
    if not (base > 0).all() or events.sum() == 0:
        raise ArgumentError("年均变化要人数都大于 0，事件数不全为 0。请核对 count 和 n。")
    terms = np.column_stack([np.ones(len(when)), when - when.mean()])
    beta, inverse, _ = _fitted(terms, events, np.ones(len(when)), "poisson", np.log(base))
    se = float(np.sqrt(inverse[1, 1]))
    half = float(t_value(np.inf, level)) * se
    limits = {"ci_low": np.expm1(beta[1] - half), "ci_high": np.expm1(beta[1] + half)}
    return pd.DataFrame([{"estimate": np.expm1(beta[1]), **limits, "coefficient": beta[1], "se": se}])


def estimate_trend(
    frame: pd.DataFrame,
    variable: str,
    over: str,
    *,
    design: SurveyDesign,
    kind: str = "linear",
    where: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Regression of an answer on time under the design: rows `term` intercept and slope.

    kind "linear" (change of the mean, or in share, a year) or "logit" (of the log odds). n, estimate, se,
    ci_low, ci_high, df (of the design less one), statistic, p_value. R: svyglm(variable ~ over, design,
    family=gaussian() or quasibinomial()).
    """
    one_of("kind", kind, KINDS)
    sample, y, x = resolve(frame, design), numbers(frame, variable), numbers(frame, over)
    rows = rows_where(frame, where) & ~np.isnan(y) & ~np.isnan(x)
    y, centre = np.where(rows, y, 0.0), float(x[rows].mean())
    if kind == "logit" and not ((y >= 0) & (y <= 1)).all():
        raise ArgumentError(f"变量 {variable} 应在 0 与 1 之间，才能用 kind='logit'。")
    terms = np.column_stack([rows.astype(float), np.where(rows, x - centre, 0.0)])
    shift = np.array([[1.0, -centre], [0.0, 1.0]])
    beta, inverse, residual = _fitted(terms, y, sample.weight * rows, kind)
    estimate = shift @ beta
    if sample.replicates is not None:
        v = replicate_covariance(sample.replicates, lambda w: shift @ _fitted(terms, y, w * rows, kind)[0], estimate)
    else:
        v = covariance(sample, list(((terms * (residual * sample.weight)[:, None]) @ (shift @ inverse).T).T), rows)
    se = np.sqrt(np.diag(v))
    df = float(sample.degrees(np.where(rows, 0, 1), 1)[0]) - 1
    low, high = around(estimate, se, df, level)
    n = int((rows & (sample.weight > 0)).sum())
    found = {"term": ["intercept", "slope"], "n": n, "estimate": estimate, "se": se, "ci_low": low, "ci_high": high}
    return pd.DataFrame(found | {"df": df, "statistic": estimate / se, "p_value": two_sided_p(estimate / se, df)})


def _fitted(terms: Floats, y: Floats, weight: Floats, kind: str, offset: Floats | float = 0.0) -> tuple[Any, Any, Any]:
    """Coefficients, inverse information and residuals of a weighted regression.

    Iterated from the start and to the tolerance of R's glm (deviance within 1e-8), so that the digits are
    R's.
    """
    scale = np.count_nonzero(weight) / weight.sum()
    weight = weight * scale
    if kind == "linear":
        inverse = np.linalg.inv(terms.T @ (terms * weight[:, None]))
        beta = inverse @ (terms.T @ (y * weight))
        return beta, inverse * scale, y - terms @ beta
    start, link, mean_of, variance_of, deviance = FAMILIES[kind]
    mean = start(y, weight)
    predictor = link(mean)
    before = deviance(y, mean, weight)
    for _ in range(100):
        slope = variance_of(mean)
        working = (predictor - offset) + (y - mean) / slope
        inverse = np.linalg.inv(terms.T @ (terms * (slope * weight)[:, None]))
        beta = inverse @ (terms.T @ (working * slope * weight))
        predictor = terms @ beta + offset
        mean = mean_of(predictor)
        after = deviance(y, mean, weight)
        if abs(after - before) / (abs(after) + 0.1) < 1e-8:
            break
        before = after
    return beta, inverse * scale, (y - mean) * slope / variance_of(mean)
