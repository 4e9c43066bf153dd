"""The variance of totals of linearised values, over any number of stages; and of replicates.

Source: Saerndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, ch. 4 and 5; R:
survey:::svyrecvar and svrVar, whose numbers these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bangfu_analysis.analysis.domains import Codes, Floats, Truths, slices, sums
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import Sample
from bangfu_analysis.survey.replicates import ReplicateSet
from bangfu_analysis.survey.stages import Stage

Statistic = Callable[[Floats], Floats]  # of the weights
Gradient = Callable[..., Sequence[Floats]]  # of the totals
Columns = Callable[[slice], Sequence[Floats]]  # of a slice of rows, the weight included
EVERY = slice(None)
DENSE = 1 << 20  # a table of units x groups up to this size is held whole


def variance_of(
    sample: Sample, statistic: Statistic, columns: Columns, gradient: Gradient, code: Codes, count: int
) -> tuple[list[Floats], Floats]:
    """Totals of columns in each group, and the variance of a function of the first of them by its gradient.

    Rows of code `count` are in no group. Rows are summed by unit and group once, for totals and variance
    alike. Replicates recompute the function as `statistic` instead.
    """
    units = _collapse(sample.stages[0], columns, code, count + 1)
    totals = [sums(units.group, count, column) for column in units.columns]
    if sample.replicates is not None:
        found = replicate_covariance(sample.replicates, statistic, statistic(sample.weight))
        return totals, np.diag(found)
    slopes = [np.append(slope, 0.0) for slope in gradient(*totals)]
    if sample.projections:
        influence = _combined(columns(EVERY), slopes, code)
        each = [covariance(sample, [np.where(code == c, influence, 0.0)]) for c in range(count)]
        return totals, np.array([v[0, 0] for v in each])
    variance = np.zeros(count)
    for i, stage in enumerate(sample.stages):
        units = _collapse(stage, columns, code, count + 1) if i else units
        seen = _seen(stage, code, count + 1)
        moved = _combined(units.columns, slopes, units.group)
        squares = _squares(stage, units, moved, seen, sample.lonely_psu)[:, :count]
        variance += (squares * _scales(stage, sample.lonely_psu, seen[:, :count])).sum(0)
    return totals, variance


@dataclass(frozen=True)
class _Sums:
    """Columns summed by unit and group."""

    unit: Codes
    group: Codes
    columns: Sequence[Floats]


def _collapse(stage: Stage, columns: Columns, code: Codes, width: int) -> _Sums:
    """Sums of all pairs of unit and group if they are few, else of those that occur; a slice of rows at a
    time."""
    if stage.units == len(code):
        return _Sums(stage.unit, code, columns(EVERY))
    place, size = None, stage.units * width
    pairs: Codes = np.arange(0)
    if size > max(2 * len(code), DENSE):
        pairs, place = np.unique(stage.unit * width + code, return_inverse=True)
    totals = [np.zeros(size if place is None else len(pairs)) for _ in columns(slice(0, 0))]
    for part in slices(len(code)):
        key = stage.unit[part] * width + code[part] if place is None else place[part]
        for total, column in zip(totals, columns(part), strict=True):
            np.add.at(total, key, column)
    if place is None:
        unit, group = np.arange(stage.units), np.arange(width)
        return _Sums(np.repeat(unit, width), np.tile(group, stage.units), totals)
    return _Sums(pairs // width, pairs % width, totals)


def _combined(columns: Sequence[Floats], slopes: Sequence[Floats], group: Codes) -> Floats:
    """The first columns, each times the slope of its group, added up."""
    moved = [column * slope[group] for column, slope in zip(columns, slopes, strict=False)]
    return np.asarray(np.sum(moved, axis=0))


def _squares(stage: Stage, sums: _Sums, moved: Floats, seen: Truths, rule: str) -> Floats:
    """Squared deviations of the units from their stratum's centre, strata x groups; absent units count as
    0."""
    width = seen.shape[1]
    key, taken = stage.stratum[sums.unit] * width + sums.group, np.repeat(stage.taken, width)
    totals = np.bincount(key, moved, len(taken)).astype(float).reshape(-1, width)
    centre = _centres(stage, totals, seen, rule).ravel()
    absent = taken - np.bincount(key, minlength=len(taken))
    squares = np.bincount(key, (moved - centre[key]) ** 2, len(taken)) + absent * centre**2
    return np.asarray(squares.reshape(-1, width))


def _seen(stage: Stage, code: Codes, width: int) -> Truths:
    """Which strata have rows in each group, strata x groups; all, where no rule depends on it."""
    if not stage.lonely.any():
        return np.ones((len(stage.taken), width), dtype=bool)
    key = stage.stratum[stage.unit] * width + code
    return np.bincount(key, minlength=len(stage.taken) * width).reshape(-1, width) > 0


def _centres(stage: Stage, totals: Floats, seen: Truths, rule: str) -> Floats:
    """What the units of each stratum are held against: their mean; for a lonely unit to "adjust", that of all
    units.

    All units are those taken, under the same unit of the stage before, in strata that the figure sees.
    """
    mean = totals / stage.taken[:, None]
    if rule == "adjust" and stage.lonely.any():
        units = _by_parent(stage, stage.taken[:, None] * seen)
        every = _by_parent(stage, totals) / np.maximum(units, 1)
        mean[stage.lonely] = every[stage.lonely]
    return mean


def covariance(sample: Sample, influences: Sequence[Floats], rows: Truths | None = None) -> Floats:
    """Covariance matrix of the sums of several influences; `rows` (default all) are those the figures speak
    of."""
    for projection in sample.projections:
        influences = [projection.residual(influence) for influence in influences]
    code: Codes = np.zeros(len(influences[0]), dtype=np.intp)
    code = code if rows is None or sample.projections else np.where(rows, 0, 1)
    total: Floats = np.zeros((len(influences), len(influences)))
    for stage in sample.stages:
        units = np.column_stack([np.bincount(stage.unit, u, stage.units) for u in influences])
        totals: Floats = np.column_stack([np.bincount(stage.stratum, s) for s in units.T])
        seen = _seen(stage, code, 2)[:, :1]
        deviation = units - _centres(stage, totals, seen, sample.lonely_psu)[stage.stratum]
        scale = _scales(stage, sample.lonely_psu, seen)[stage.stratum]
        total += (deviation * scale).T @ deviation
    return total


def estimate_and_covariance(
    sample: Sample, statistic: Statistic, z: Floats, rows: Truths | None = None
) -> tuple[Floats, Floats]:
    """A vector statistic of the weights and its covariance matrix, by its linearised values z (rows x
    figures).

    Replicates recompute the statistic instead. rows (default all): those the figures speak of.
    """
    estimate = statistic(sample.weight)
    if sample.replicates is not None:
        return estimate, replicate_covariance(sample.replicates, statistic, estimate)
    return estimate, covariance(sample, list((z * sample.weight[:, None]).T), rows)


def replicate_covariance(replicates: ReplicateSet, statistic: Statistic, estimate: Floats) -> Floats:
    """Covariance of a vector statistic of the weights; a replicate without a value is left out. R: svrVar."""
    thetas = np.array([statistic(replicates.weight(r)) for r in range(len(replicates.rscales))])
    rscales = replicates.rscales[:, None] * np.isfinite(thetas)
    used = rscales > 0
    mean = np.where(used, thetas, 0.0).sum(0) / np.maximum(used.sum(0), 1)
    root = np.where(used, thetas - (estimate if replicates.mse else mean), 0.0) * np.sqrt(rscales)
    return np.where(used.any(0), root.T @ root * replicates.scale, np.nan)


def _scales(stage: Stage, rule: str, seen: Truths) -> Floats:
    """Multiplier of the squares of each stratum in each group, after the rule for lonely units; strata x
    groups."""
    scale = stage.scale[:, None]
    alone = seen & stage.lonely[:, None]
    if not stage.lonely.any():
        return scale
    if rule == "fail" and alone.any():
        raise ArgumentError(
            f"有 {int(alone.any(1).sum())} 个层只有一个抽样单元，方差无法估计。请合并层，或在设计中写 "
            "lonely_psu='adjust'（以总均值为中心）、'remove'、'certainty' 或 'average'。"
        )
    if rule == "adjust":
        return np.where(stage.lonely[:, None] & ~seen, 0.0, scale)
    if rule != "average" or not alone.any():
        return scale
    others = _by_parent(stage, seen & ~alone)
    if (alone & (others == 0)).any():
        raise ArgumentError(
            "lonely_psu='average' 要用同一上级单位中其他层的方差，而有的层没有可用的同伴，方差无法估计。"
            "请合并层，或改用 'adjust'。"
        )
    return np.where(seen & ~alone, scale * _by_parent(stage, seen) / np.maximum(others, 1), 0.0)


def _by_parent(stage: Stage, of_strata: Floats | Truths) -> Floats:
    """Sums over the strata that share each stratum's unit of the stage before."""
    totals = [np.bincount(stage.parent, column.astype(float)) for column in of_strata.T]
    return np.column_stack([total[stage.parent] for total in totals])
