"""The variance of totals of linearised values, over any number of stages; and of replicates.

Source: Saerndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, ch. 4 and 5; R:
survey:::svyrecvar and svrVar, whose numbers these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from bangfu_analysis.analysis.arrays import Codes, Floats, Truths
from bangfu_analysis.analysis.domains import Domains, slices, sums
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import Sample
from bangfu_analysis.survey.replicates import ReplicateSet
from bangfu_analysis.survey.stages import Stage

Statistic = Callable[[Floats], Floats]  # of the weights
Gradient = Callable[..., Sequence[Floats]]  # of the totals
# Of a slice of rows, the weight included: those that the gradient is of, and others.
Columns = Callable[[slice], tuple[Sequence[Floats], Sequence[Floats]]]
EVERY = slice(None)
DENSE = 1 << 20  # a table of units x groups up to this size is held whole


def variance_of(
    sample: Sample, statistic: Statistic | None, columns: Columns, gradient: Gradient, used: Domains,
    squares: Sequence[Floats] = (),
) -> tuple[list[Floats], Floats]:
    """Totals of columns in each group, and the variance of a function of the first of them by its gradient.

    Rows are summed by unit and group once, for totals and variance
    alike. Replicates recompute the function as `statistic` instead. `squares`, where the rows of a cell are
    units: the sums over them of the products of the columns that the gradient is of, aa (, ab, bb).
    """
    code, count = used.code, used.count
    units = _collapse(sample.stages[0], columns, code, count + 1)
    totals = [column[:count] for column in units.totals]
    if sample.replicates is not None and statistic is not None:  # a cube has no replicates
        return totals, np.diag(replicate_covariance(sample.replicates, statistic, statistic(sample.weight)))
    slopes = [np.append(slope, 0.0) for slope in gradient(*totals)]
    if sample.projections:
        influence = _combined(columns(EVERY)[0], slopes, code)
        each = [covariance(sample, [np.where(code == c, influence, 0.0)]) for c in range(count)]
        return totals, np.array([v[0, 0] for v in each])
    variance = np.zeros(count)
    for i, stage in enumerate(sample.stages):
        units = _collapse(stage, columns, code, count + 1) if i else units
        moved, seen = _combined(units.columns, slopes, units.group), _seen(stage, code, count)
        within = None if stage.held is None else _within(moved, squares, slopes, code, stage.held)
        variance += _squares(stage, units, moved, seen, sample.lonely_psu, within)[:count]
    return totals, variance


def covariance(sample: Sample, influences: Sequence[Floats], rows: Truths | None = None) -> Floats:
    """Covariance matrix of the sums of several influences; `rows` (default all) are those the figures speak
    of."""
    for projection in sample.projections:
        influences = [projection.residual(influence) for influence in influences]
    code: Codes = np.zeros(len(influences[0]), dtype=np.intp)
    code = code if rows is None or sample.projections else np.where(rows, 0, 1)
    total: Floats = np.zeros((len(influences), len(influences)))
    for stage in sample.stages:
        units = np.column_stack([sums(stage.unit, stage.units, influence) for influence in influences])
        strata = np.column_stack([sums(stage.stratum, len(stage.taken), unit) for unit in units.T])
        seen = _seen(stage, code, 1)[:, :1]
        units -= _centres(stage, strata, seen, sample.lonely_psu)[stage.stratum]
        units *= np.sqrt(_scales(stage, sample.lonely_psu, seen))[stage.stratum]
        total += units.T @ units
    return total


def _squares(
    stage: Stage, units: _Sums, figure: Floats, seen: Truths, rule: str, within: Floats | None
) -> Floats:
    """Squared deviations of units from their stratum's centre, scaled and added up in each group.

    A unit that is absent from a group counts as 0 there. Units that a cell of a cube holds together deviate
    as their mean does, and by `within` from it. A slice at a time.
    """
    width, held = seen.shape[1], stage.held
    present, total, squares = (np.zeros(len(stage.taken) * width) for _ in range(3))

    pieces = []
    for part in slices(len(figure)):
        key = (stage.stratum[units.unit[part]] * width + units.group[part]).ravel()
        pieces.append((key, value := figure[part].ravel(), times := 1.0 if held is None else held[part]))
        np.add.at(total, key, value)
        if units.unit.ndim == 1:
            np.add.at(present, key, times)
    centre = _centres(stage, total.reshape(-1, width), seen, rule).ravel()
    for key, value, times in pieces:
        gap = (value if held is None else value / times) - centre.take(key)
        np.add.at(squares, key, gap**2 if held is None else gap**2 * times)
    if within is not None:
        squares += sums(stage.stratum[units.unit] * width + units.group, len(squares), within)
    if units.unit.ndim == 1:
        squares += (np.repeat(stage.taken, width) - present) * centre**2
    return np.asarray((squares.reshape(-1, width) * _scales(stage, rule, seen)).sum(0))


@dataclass(frozen=True)
class _Sums:
    """Columns summed by unit and group (of all pairs: a row a unit, a column a group), and by group alone."""

    unit: Codes
    group: Codes
    columns: Sequence[Floats]
    totals: Sequence[Floats]


def _collapse(stage: Stage, columns: Columns, code: Codes, width: int) -> _Sums:
    """Sums of all pairs of unit and group if they are few, else of those that occur; a slice of rows at a
    time."""
    if stage.units == len(code):
        moving, others = columns(EVERY)
        return _Sums(stage.unit, code, moving, [sums(code, width, column) for column in (*moving, *others)])
    place, size = None, stage.units * width
    pairs: Codes = np.arange(0)
    if size > max(2 * len(code), DENSE):
        pairs, place = np.unique(stage.unit * width + code, return_inverse=True)
    none, more = columns(slice(0, 0))
    totals = [np.zeros(size if place is None else len(pairs)) for _ in none]
    others = [np.zeros(width) for _ in more]
    for part in slices(len(code)):
        here = code[part].astype(np.intp)
        if place is None:
            key = stage.unit[part] * width
            key += here  # no third array
        else:
            key = place[part]
        moving, rest = columns(part)
        for total, column in zip(totals, moving, strict=True):
            np.add.at(total, key, column)
        for total, column in zip(others, rest, strict=True):
            total += np.bincount(here, column, width)
    if place is None:
        by_unit = [total.reshape(-1, width) for total in totals]
        unit, group = np.arange(stage.units)[:, None], np.broadcast_to(np.arange(width), by_unit[0].shape)
        return _Sums(unit, group, by_unit, [*(total.sum(0) for total in by_unit), *others])
    unit, group = pairs // width, pairs % width
    return _Sums(unit, group, totals, [*(sums(group, width, total) for total in totals), *others])


def _combined(columns: Sequence[Floats], slopes: Sequence[Floats], group: Codes) -> Floats:
    """The first columns, each times the slope of its group, added up."""
    moved = np.zeros(columns[0].shape)
    for part in slices(len(moved)):
        for column, slope in zip(columns, slopes, strict=True):
            moved[part] += column[part] * slope.take(group[part])
    return moved


def _seen(stage: Stage, code: Codes, count: int) -> Truths:
    """Which strata have rows in each group, strata x groups; all, if no rule depends on it; none outside."""
    seen = np.ones((len(stage.taken), count + 1), dtype=bool)
    if stage.lonely.any():
        key = stage.stratum[stage.unit] * (count + 1) + code
        seen = np.bincount(key, minlength=seen.size).reshape(seen.shape) > 0
    seen[:, count] = False
    return seen


def _within(
    moved: Floats, squares: Sequence[Floats], slopes: Sequence[Floats], code: Codes, held: Floats
) -> Floats:
    """The squared deviations of the rows of a cell from their mean: none, where a cell is one row."""
    pairs = combinations_with_replacement([slope[code] for slope in slopes], 2)
    terms = [(1 if a is b else 2) * a * b * total for (a, b), total in zip(pairs, squares, strict=True)]
    return np.asarray(np.maximum(np.sum(terms, axis=0) - moved**2 / held, 0.0))


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
