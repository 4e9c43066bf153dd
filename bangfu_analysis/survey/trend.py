"""Is there a trend? In shares over ordered groups, in a series of figures, and in answers under a design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from bangfu_analysis.analysis.arrays import Floats, Where
from bangfu_analysis.analysis.intervals import tested
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.models import fit_model, regress

KINDS = ("linear", "logit")


def cochran_armitage(
    x: Sequence[float], n: Sequence[float], scores: Sequence[float] | None = None
) -> pd.DataFrame:
    """Trend in shares x of n over ordered, independent groups.

    One row: statistic (z), chi_square, df, p_value, p_lower, p_upper. Scores default to 1, 2, .... Not for
    the same people twice: use `mcnemar`. Cochran (1954), Armitage (1955), Biometrics 10 and 11. R:
    prop.trend.test.
    """
    hits, base = np.asarray(x, float), np.asarray(n, float)
    score = np.arange(1.0, len(hits) + 1) if scores is None else np.asarray(scores, float)
    if not len(hits) == len(base) == len(score) or not ((hits >= 0) & (hits <= base) & (base > 0)).all():
        raise ArgumentError("x、n、scores 应一样长，且 0 ≤ x ≤ n、n > 0。请核对。")
    total, p = base.sum(), hits.sum() / base.sum()
    if np.ptp(score) == 0 or p in (0, 1):
        raise ArgumentError("各组得分相同，或所有人的答案相同，没有趋势可以检验。请核对 x、n、scores。")
    spread = p * (1 - p) * (base @ score**2 - (base @ score) ** 2 / total)
    z = float(score @ (hits - base * p)) / np.sqrt(spread)
    tails = {"p_value": 2 * special.ndtr(-abs(z)), "p_lower": special.ndtr(z), "p_upper": special.ndtr(-z)}
    return pd.DataFrame([{"n": int(total), "statistic": z, "chi_square": z**2, "df": 1, **tails}])


def _series(x: Sequence[float], *columns: Sequence[float]) -> list[Floats]:
    series = [np.asarray(column, float) for column in (x, *columns)]
    if len({len(column) for column in series}) > 1 or len(series[0]) < 3:
        lengths = "、".join(str(len(column)) for column in series)
        raise ArgumentError(f"趋势要等长、至少 3 期的数，得到 {lengths} 期。请补齐。")
    if np.isnan(series).any() or np.ptp(series[0]) == 0:
        raise ArgumentError("趋势的各期有缺数，或时间 x 都相同，无法计算。请补齐，或去掉没有数的期。")
    return series


def kendall_trend(x: Sequence[float], y: Sequence[float]) -> pd.DataFrame:
    """Monotone trend of a short series: n, estimate (tau-b), p_value (exact without ties), slope (Sen 1968).

    R: cor.test(x, y, method="kendall"); the slope is the median of all pairwise slopes. A series that never
    changes has a slope of 0 and no tau.
    """
    from scipy.stats import kendalltau, theilslopes

    when, what = _series(x, y)
    correlation, slope = kendalltau(when, what), float(theilslopes(what, when).slope)
    tau, p = float(correlation.statistic), float(correlation.pvalue)
    return pd.DataFrame([{"n": len(when), "estimate": tau, "p_value": p, "slope": slope}])


def weighted_trend(
    x: Sequence[float], y: Sequence[float], se: Sequence[float], *, level: float = 0.95
) -> pd.DataFrame:
    """Straight line through estimates with known standard errors: rows `term` intercept and slope.

    estimate, se (errors known), ci_low, ci_high, statistic (z), p_value; q and q_p_value test that a line is
    enough; se_fitted takes the scatter from the residuals instead. R: lm(y ~ x, weights=1/se^2);
    metafor::rma(method="FE").
    """
    when, what, error = _series(x, y, se)
    if not (error > 0).all():
        raise ArgumentError("加权趋势要标准误都大于 0。请去掉没有标准误的期。")
    terms = np.column_stack([np.ones(len(when)), when - when.mean()])
    centred, inverse, residual = regress(terms, what, 1 / error**2, "linear")
    q, df = float(((residual / error) ** 2).sum()), len(when) - 2
    shift = np.array([[1.0, -when.mean()], [0.0, 1.0]])
    root = np.sqrt(np.diag(shift @ inverse @ shift.T))
    lines = pd.DataFrame({"term": ["intercept", "slope"], **tested(shift @ centred, root, np.inf, level)})
    fit = {"q": q, "df": df, "q_p_value": float(special.chdtrc(df, q))}
    return lines.assign(se_fitted=root * np.sqrt(q / df), **fit)


def annual_change(
    x: Sequence[float], count: Sequence[float], n: Sequence[float], *, level: float = 0.95
) -> pd.DataFrame:
    """Average yearly change of a rate, as a part (-0.05 is 5 % less a year), from a log-linear Poisson line.

    Returns estimate, ci_low, ci_high, coefficient, se (of the coefficient). R: glm(count ~ x +
    offset(log(n)), poisson), which is the regression of the rate with n as weight.
    """
    when, events, base = _series(x, count, n)
    if not (base > 0).all() or not (events >= 0).all() or events.sum() == 0:
        raise ArgumentError("年均变化要人数都大于 0，事件数不为负、不全为 0。请核对 count 和 n。")
    terms = np.column_stack([np.ones(len(when)), when - when.mean()])
    beta, inverse, _ = regress(terms, events / base, base, "poisson")
    slope = tested(beta[1:], np.sqrt(np.diag(inverse))[1:], np.inf, level)
    change = {name: np.expm1(slope[name]) for name in ("estimate", "ci_low", "ci_high")}
    return pd.DataFrame(change | {"coefficient": slope["estimate"], "se": slope["se"]})


def estimate_trend(
    frame: pd.DataFrame, variable: str, over: str, *, design: SurveyDesign,
    kind: str = "linear", where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """Regression of an answer on time under the design: rows `term` intercept and slope; see `fit_model`.

    kind "linear" (change of the mean, or in share, a year) or "logit" (of the log odds). n, left_out_n,
    estimate, se, ci_low, ci_high, df (of the design less one), statistic, p_value. R: svyglm(variable ~ over,
    design).
    """
    one_of("kind", kind, KINDS)
    line = f"`{variable}` ~ `{over}`"
    table = fit_model(frame, line, design=design, family=kind, where=where, level=level).coefficients
    return table.drop(columns=["coefficient", "level"]).assign(term=["intercept", "slope"])
