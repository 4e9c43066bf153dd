"""Exact and stratified tests of tables of counts: Fisher's test, Mantel and Haenszel's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from bangfu_analysis.analysis.arrays import Floats
from bangfu_analysis.analysis.intervals import t_value
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.association import checked_counts, tested

MOST_TABLES = 5_000_000
SAME = 1 + 1e-7  # R's tolerance for "as unlikely as the table seen"


def fisher(counts: ArrayLike, *, level: float = 0.95) -> pd.DataFrame:
    """Fisher's exact test, two-sided: n, p_value; for 2 x 2 also estimate (conditional odds ratio), ci_low,
    ci_high.

    Larger tables are enumerated column by column, up to 5 million tables. R: fisher.test(x).
    """
    table = checked_counts(counts)
    if table.shape == (2, 2):
        return pd.DataFrame([{"n": int(table.sum())} | _conditional_odds([table], level)])
    return pd.DataFrame([{"n": int(table.sum()), "p_value": _enumerated(table)}])


def mantel_haenszel(
    tables: Sequence[ArrayLike], *, correct: bool = True, exact: bool = False, level: float = 0.95
) -> pd.DataFrame:
    """Association of two classifications within strata (one table a stratum): n, statistic, df, p_value.

    2 x 2: also the common odds ratio `estimate` with Robins, Breslow and Greenland's limits (1986, Biometrics
    42); `exact` gives the conditional one and an exact p. Larger tables: the generalised test. R:
    mantelhaen.test.
    """
    layers = [np.asarray(t, dtype=float) for t in tables]
    if not layers or len({t.shape for t in layers}) != 1 or layers[0].ndim != 2:
        raise ArgumentError("mantel_haenszel 要若干张形状相同的频数表，每层一张。")
    layers = [t for t in layers if t.sum() > 1]
    n = int(sum(t.sum() for t in layers))
    if layers[0].shape != (2, 2):
        return _generalised(n, layers)
    if exact:
        return pd.DataFrame([{"n": n} | _conditional_odds(layers, level)])
    x = np.array(layers)
    row, column, size = x.sum(2)[:, 0], x.sum(1)[:, 0], x.sum((1, 2))
    gap = abs(float((x[:, 0, 0] - row * column / size).sum()))
    variance = float((row * (size - row) * column * (size - column) / (size**2 * (size - 1))).sum())
    return tested(n, (gap - (min(0.5, gap) if correct else 0.0)) ** 2 / variance, 1, **_common_odds(x, level))


def _common_odds(x: Floats, level: float) -> dict[str, float]:
    n = x.sum((1, 2))
    r, s = x[:, 0, 0] * x[:, 1, 1] / n, x[:, 0, 1] * x[:, 1, 0] / n
    p, q = (x[:, 0, 0] + x[:, 1, 1]) / n, (x[:, 0, 1] + x[:, 1, 0]) / n
    big, small = r.sum(), s.sum()
    variance = (p * r).sum() / big**2 + (p * s + q * r).sum() / (big * small) + (q * s).sum() / small**2
    half = float(t_value(np.inf, level)) * np.sqrt(variance / 2)
    odds = big / small
    return {"estimate": odds, "ci_low": odds * np.exp(-half), "ci_high": odds * np.exp(half)}


def _generalised(n: int, layers: list[Floats]) -> pd.DataFrame:
    size = (layers[0].shape[0] - 1) * (layers[0].shape[1] - 1)
    gap, spread = np.zeros(size), np.zeros((size, size))
    for x in layers:
        people, row, column = x.sum(), x.sum(1)[:-1], x.sum(0)[:-1]
        gap = gap + (x[:-1, :-1] - np.outer(row, column) / people).T.ravel()
        halves = [np.diag(people * side) - np.outer(side, side) for side in (column, row)]
        spread = spread + np.kron(*halves) / (people**2 * (people - 1))
    return tested(n, float(gap @ np.linalg.solve(spread, gap)), size)


def _conditional(layers: list[Floats]) -> tuple[Floats, Floats, float]:
    """Support, null density and observed value of the sum of the first cells, margins given."""
    from scipy.stats import hypergeom

    density, low = np.ones(1), 0.0
    for x in layers:
        first, second, taken = x[:, 0].sum(), x[:, 1].sum(), x[0].sum()
        k = np.arange(max(0.0, taken - second), min(taken, first) + 1)
        density = np.convolve(density, hypergeom.pmf(k, first + second, first, taken))
        low += k[0]
    support = np.asarray(low + np.arange(len(density)), dtype=float)
    return support, density / density.sum(), float(sum(x[0, 0] for x in layers))


def _conditional_odds(layers: list[Floats], level: float) -> dict[str, float]:
    support, density, seen = _conditional(layers)
    above, below, tail = support >= seen, support <= seen, (1 - level) / 2
    least, most = above.all(), below.all()

    with np.errstate(divide="ignore"):
        log = np.log(density)

    def tilted(log_odds: float) -> Floats:
        return np.asarray(special.softmax(log + support * log_odds))

    odds = 0.0 if least else np.inf if most else _solve(lambda t: float(tilted(t) @ support) - seen)
    low = 0.0 if least else _solve(lambda t: float(tilted(t)[above].sum()) - tail)
    high = np.inf if most else _solve(lambda t: tail - float(tilted(t)[below].sum()))
    p = float(min(1.0, density[density <= density[support == seen].sum() * SAME].sum()))
    return {"estimate": odds, "ci_low": low, "ci_high": high, "p_value": p}


def _solve(gap: Callable[[float], float]) -> float:
    from scipy.optimize import brentq

    return float(np.exp(brentq(gap, -60, 60, xtol=1e-13)))


def _enumerated(table: Floats) -> float:
    """Sum of the probabilities of all tables with these margins that are no likelier than the one seen."""
    table = table if table.shape[0] <= table.shape[1] else table.T
    rows, columns = table.sum(1).astype(int), np.sort(table.sum(0).astype(int))
    margins = special.gammaln(rows + 1).sum() + special.gammaln(columns + 1).sum()
    constant = float(margins - special.gammaln(table.sum() + 1))
    left, log = rows[None, :], np.zeros(1)
    for total in columns[:-1]:
        left, log = _with_column(left, log, int(total))
    log = constant + log - special.gammaln(left + 1).sum(1)
    seen = constant - float(special.gammaln(table + 1).sum())
    return float(min(1.0, np.exp(log[log <= seen + np.log(SAME)]).sum()))


def _with_column(left: Any, log: Floats, total: int) -> tuple[Any, Floats]:
    """Every way to fill one more column, given what is left of each row."""
    rest = np.full(len(left), total)
    for row in range(left.shape[1]):
        low = np.maximum(0, rest - left[:, row + 1 :].sum(1))
        size = np.minimum(left[:, row], rest) - low + 1
        if size.sum() > MOST_TABLES:
            raise ArgumentError("频数表太大，要列举的表超过 500 万张。请用 chi_square，或先合并类别。")
        pick = np.repeat(np.arange(len(left)), size)
        k = low[pick] + np.arange(len(pick)) - np.repeat(np.cumsum(size) - size, size)
        left, rest, log = left[pick], rest[pick] - k, log[pick] - special.gammaln(k + 1)
        left[:, row] -= k
    return left, log
