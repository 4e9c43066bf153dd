"""Are two classifications related? Rao-Scott and Wald tests under a design; chi-square, Fisher, trend tests
for counts.

Tests of counts take a table (a DataFrame or array of counts) and return one row; `pd.crosstab` makes the
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from bangfu_analysis.analysis.arrays import Codes, Floats, Truths, Where
from bangfu_analysis.analysis.domains import in_one, level_codes, require, rows_where, sums
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.design import Sample, SurveyDesign, resolve
from bangfu_analysis.survey.variance import estimate_and_covariance

Scores = Sequence[float] | None  # without any 1, 2, 3, ...
STATISTICS = ("F", "Chisq", "Wald", "adjWald", "lincom")
ROUNDING = 1e-18  # of the variance of a table that would be drawn at random: less is none
SETTLED = "交叉表已由加权的总体合计完全决定，没有抽样误差，不能检验。请换一个变量，或用校准前的设计。"


def test_independence(
    frame: pd.DataFrame, row: str, column: str, *, design: SurveyDesign,
    statistic: str = "F", where: Where = None,
) -> pd.DataFrame:
    """Test that two classifications are independent, under the design: one row.

    F and Chisq: Pearson's X-squared with Rao and Scott's second- and first-order corrections (Rao and Scott
    1984, Ann. Stat. 12). Wald and adjWald: Koch, Freeman and Freeman (1975). lincom: the distribution of
    X-squared as a linear combination of chi-squares over a chi-square, integrated numerically.
    Columns: n, left_out_n, statistic, df, df_denominator (missing for Chisq and lincom), p_value.
    R: svychisq(~row + column, design, statistic=...).

    >>> people = pd.DataFrame({"sex": ["f"] * 20 + ["m"] * 20, "ill": [0] * 15 + [1] * 10 + [0] * 15})
    >>> found = test_independence(people, "sex", "ill", design=SurveyDesign())
    >>> found[["statistic", "df", "p_value"]].round(3)
       statistic   df  p_value
    0        0.0  1.0      1.0
    """
    one_of("statistic", statistic, STATISTICS)
    require(frame, [row, column], where="test_independence")
    sample, inside = resolve(frame, design), rows_where(frame, where)
    live, rows = inside & (sample.weight > 0), inside | sample.keeps_rows
    code, shape = _cells(frame, row, column, live)
    nu = float(sample.degrees(in_one(inside))[0])
    count, wald = shape[0] * shape[1], statistic in ("Wald", "adjWald")
    cells, v = _cells_and_covariance(sample, code, count, as_shares=not wald)
    kind = (shape, nu, statistic)
    result = _wald(cells, v, *kind) if wald else _rao_scott(cells, v, *kind, rows=int(rows.sum()))
    n = int((code < count).sum())
    columns = ("n", "left_out_n", "statistic", "df", "df_denominator", "p_value")
    return pd.DataFrame([(n, int(live.sum()) - n, *result)], columns=columns)


test_independence.__test__ = False  # type: ignore[attr-defined]  # so that pytest does not collect it


def _cells(frame: pd.DataFrame, row: str, column: str, inside: Truths) -> tuple[Codes, tuple[int, int]]:
    parts, shape = [], []
    for name in (row, column):
        codes, _ = level_codes(frame[name])
        seen = pd.Index(np.unique(codes[inside & (codes >= 0)]))
        if len(seen) < 2:
            raise ArgumentError(f"变量 {name} 在所选的行中只有 {len(seen)} 个取值，检验至少要两个。")
        parts.append(np.where(inside, seen.get_indexer(pd.Index(codes)), -1))
        shape.append(len(seen))
    answered = (parts[0] >= 0) & (parts[1] >= 0)
    return np.where(answered, parts[0] * shape[1] + parts[1], shape[0] * shape[1]), (shape[0], shape[1])


def _cells_and_covariance(sample: Sample, code: Codes, count: int, as_shares: bool) -> tuple[Floats, Floats]:
    """Totals of all cells row by row, or their shares, and their covariance matrix."""

    def statistic(weight: Floats) -> Floats:
        totals = sums(code, count, weight)
        return totals / totals.sum() if as_shares else totals

    z = (code[:, None] == np.arange(count)).astype(float)
    if as_shares:
        z = np.where(code[:, None] < count, z - statistic(sample.weight), 0.0)
        z /= sums(code, count, sample.weight).sum()
    return estimate_and_covariance(sample, statistic, z, code < count)


def _rao_scott(
    p: Floats, v: Floats, shape: tuple[int, int], nu: float, statistic: str, *, rows: int
) -> tuple[float, float, float, float]:
    table = p.reshape(shape)
    expected = np.outer(table.sum(1), table.sum(0))
    x2 = rows * float(((table - expected) ** 2 / expected).sum())
    contrasts = np.kron(*[np.eye(k)[:, 1:] - 1 / k for k in shape])
    inverse = np.divide(1, p, out=np.zeros(len(p)), where=p > 0)[:, None] * contrasts
    delta = np.linalg.solve(contrasts.T @ inverse / rows, inverse.T @ v @ inverse)
    trace = float(np.trace(delta))
    if trace < ROUNDING:
        raise ArgumentError(SETTLED)
    d0 = trace**2 / float(np.trace(delta @ delta))
    if statistic == "F":
        return x2 / trace, d0, d0 * nu, float(special.fdtrc(d0, d0 * nu, x2 / trace))
    if statistic == "Chisq":
        return x2, float(len(delta)), np.nan, float(special.chdtrc(len(delta), x2 / trace * len(delta)))
    return x2, np.nan, np.nan, _combination_tail(np.linalg.eigvals(delta).real, x2, d0 * nu)


def _wald(
    totals: Floats, v: Floats, shape: tuple[int, int], nu: float, statistic: str
) -> tuple[float, float, float, float]:
    table, n = totals.reshape(shape), totals.sum()
    row, column = table.sum(1) / n, table.sum(0) / n
    slope = np.kron(*(np.eye(len(share)) - share[:, None] for share in (row, column)))
    gap = (table - n * np.outer(row, column)).ravel()
    use = np.arange(len(totals)).reshape(shape)[1:, 1:].ravel()
    spread = (slope @ v @ slope.T)[np.ix_(use, use)]
    if np.trace(spread) < ROUNDING * n * float(totals.max()):
        raise ArgumentError(SETTLED)
    wald, df = float(gap[use] @ np.linalg.solve(spread, gap[use])), float(len(use))
    if statistic == "Wald":
        return wald / df, df, nu, float(special.fdtrc(df, nu, wald / df))
    rest = nu - df + 1
    adjusted = wald * rest / (df * nu)
    return adjusted, df, rest, float(special.fdtrc(df, rest, adjusted)) if rest > 0 else np.nan


def _combination_tail(weights: Floats, x: float, df: float) -> float:
    """P(sum w_i chi2_1 > x chi2_df / df), by inverting the characteristic function (Imhof 1961, Biometrika
    48)."""
    from scipy.integrate import quad

    terms, degrees = np.append(weights, -x / df), np.append(np.ones(len(weights)), df)
    terms = terms / np.abs(weights).max()

    def integrand(u: float) -> float:
        angle = 0.5 * float((degrees * np.arctan(terms * u)).sum())
        return float(np.sin(angle) / u * np.exp(-0.25 * (degrees * np.log1p((terms * u) ** 2)).sum()))

    return float(0.5 + quad(integrand, 0, np.inf, limit=500, epsabs=1e-12)[0] / np.pi)


def checked_counts(counts: ArrayLike) -> Floats:
    """The table as numbers, refused unless it holds counts and no empty row or column."""
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ArgumentError(f"频数表应是至少 2×2 的二维表，得到的形状是 {table.shape}。")
    if not np.isfinite(table).all() or (table < 0).any() or (table != np.round(table)).any():
        raise ArgumentError("频数表应全是不小于 0 的整数。加权的表请用 test_independence。")
    if (table.sum(0) == 0).any() or (table.sum(1) == 0).any():
        raise ArgumentError("频数表有一整行或一整列为 0。请先去掉空的类别。")
    return table


def tested(n: float, statistic: float, df: int, **more: Any) -> pd.DataFrame:
    """One row of a chi-square test: n, statistic, df, p_value, and what else is known."""
    row = {"n": int(n), "statistic": statistic, "df": df, "p_value": float(special.chdtrc(df, statistic))}
    return pd.DataFrame([row | more])


def chi_square(counts: ArrayLike, *, yates: bool = False) -> pd.DataFrame:
    """Pearson's chi-square of a table of counts: n, statistic, df, p_value, cramers_v, cramers_v_corrected,
    least_expected.

    `yates`: continuity correction, for 2 x 2 only. Cramer's V is from the uncorrected statistic;
    cramers_v_corrected is Bergsma's (2013, J. Korean Stat. Soc. 42). R: chisq.test(x, correct=yates).
    """
    table = checked_counts(counts)
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    gap = np.abs(table - expected)
    shift = np.minimum(0.5, gap.min()) if yates and table.shape == (2, 2) else 0.0
    n, (r, c) = table.sum(), table.shape
    df = (r - 1) * (c - 1)
    phi2 = float((gap**2 / expected).sum()) / n
    side = min(k - (k - 1) ** 2 / (n - 1) for k in (r, c))
    corrected = np.sqrt(max(0.0, phi2 - df / (n - 1)) / (side - 1))
    v = {"cramers_v": np.sqrt(phi2 / (min(r, c) - 1)), "cramers_v_corrected": corrected}
    return tested(n, float(((gap - shift) ** 2 / expected).sum()), df, **v, least_expected=expected.min())


def adjusted_residuals(counts: ArrayLike) -> pd.DataFrame:
    """Standardised residuals, in the shape of the table; beyond +-2 a cell departs from independence.

    R: chisq.test(x)$stdres (Haberman 1973, Biometrics 29).
    """
    table = checked_counts(counts)
    row, column, n = table.sum(1, keepdims=True), table.sum(0, keepdims=True), table.sum()
    expected = row * column / n
    residual = (table - expected) / np.sqrt(expected * (1 - row / n) * (1 - column / n))
    return pd.DataFrame(residual, *(counts.axes if isinstance(counts, pd.DataFrame) else ()))


def linear_by_linear(
    counts: ArrayLike, *, row_scores: Scores = None, column_scores: Scores = None
) -> pd.DataFrame:
    """Mantel's (1963) test of a linear trend between two ordered classifications: n, estimate (r), statistic,
    df, p_value.

    Scores default to 1, 2, 3, .... R: coin::lbl_test, with statistic (n - 1) r^2 on 1 df.
    """
    table = checked_counts(counts)
    n, centred = table.sum(), []
    for people, scores in ((table.sum(1), row_scores), (table.sum(0), column_scores)):
        score = np.arange(1.0, len(people) + 1) if scores is None else np.asarray(scores, float)
        centred.append((score - people @ score / n) / np.sqrt(people @ (score - people @ score / n) ** 2))
    r = float(centred[0] @ table @ centred[1])
    return tested(n, (n - 1) * r**2, 1, estimate=r)


def mcnemar(counts: ArrayLike, *, correct: bool = True) -> pd.DataFrame:
    """McNemar's test that as many went one way as the other, of a square table before x after: statistic, df,
    p_value.

    For a panel of the same people. Larger tables: Bowker's symmetry. R: mcnemar.test(x, correct=).
    """
    table = checked_counts(counts)
    if table.shape[0] != table.shape[1]:
        raise ArgumentError(f"McNemar 检验要方表（前后类别相同），得到的形状是 {table.shape}。")
    upper = np.triu_indices(len(table), 1)
    one, other = table[upper], table.T[upper]
    moved = one + other > 0
    gap = np.abs(one - other) - (1.0 if correct and len(table) == 2 and (one != other).any() else 0.0)
    return tested(table.sum(), float((gap[moved] ** 2 / (one + other)[moved]).sum()), len(one))
