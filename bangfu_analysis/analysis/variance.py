"""The variance of totals of linearised values, over any number of stages; and of replicates.

With clusters the sums of units x groups are a dense table; where units are rows it would be rows x groups, so only
the pairs that occur are kept. Source: Saerndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, ch. 4
and 5; R: survey:::svyrecvar and svrVar, whose numbers these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bangfu_analysis.analysis.design import Sample
from bangfu_analysis.analysis.domains import Codes, Floats, Truths
from bangfu_analysis.analysis.replicates import ReplicateSet
from bangfu_analysis.analysis.stages import Stage
from bangfu_analysis.errors import ArgumentError

DENSE = 1 << 20


def group_variance(sample: Sample, influence: Floats, code: Codes, count: int) -> Floats:
    """Variance of the sum of `influence` (weight included) in each group; rows of code `count` are in none."""
    if sample.projections:
        each = (covariance(sample, [np.where(code == c, influence, 0.0)]) for c in range(count))
        return np.array([v[0, 0] for v in each])
    stages = [_stage_variance(s, sample.lonely_psu, influence, code, count) for s in sample.stages]
    return np.asarray(np.sum(stages, axis=0))


def covariance(sample: Sample, influences: Sequence[Floats], rows: Truths | None = None) -> Floats:
    """Covariance matrix of the sums of several influences; `rows` (default all) are those the figures speak of."""
    for projection in sample.projections:
        influences = [projection.residual(influence) for influence in influences]
    code: Codes = np.zeros(len(influences[0]), dtype=np.intp)
    code = code if rows is None or sample.projections else np.where(rows, 0, 1)
    total: Floats = np.zeros((len(influences), len(influences)))
    for stage in sample.stages:
        sums = np.column_stack([np.bincount(stage.unit, u, stage.units) for u in influences])
        mean = np.column_stack([np.bincount(stage.stratum, s) for s in sums.T]) / stage.taken[:, None]
        if sample.lonely_psu == "adjust":
            mean[stage.lonely] = 0.0
        deviation = sums - mean[stage.stratum]
        scale = _scales(stage, sample.lonely_psu, code, 1)[stage.stratum]
        total += (deviation * scale).T @ deviation
    return total


def total_covariance(sample: Sample, code: Codes, count: int) -> Floats:
    """Covariance matrix of the weighted numbers of people in all groups, without a column of rows for each group."""
    from scipy.sparse import csr_array

    if sample.projections:
        return covariance(sample, [np.where(code == k, sample.weight, 0.0) for k in range(count)])
    total: Floats = np.zeros((count, count))
    for stage in sample.stages:
        unit, group, sums = _collapse(stage, sample.weight, code, count + 1)
        inside = group < count
        people = csr_array((sums[inside], (unit[inside], group[inside])), shape=(stage.units, count))
        key = stage.stratum[unit] * (count + 1) + group
        of_stratum = np.bincount(key, sums, len(stage.taken) * (count + 1)).reshape(-1, count + 1)[:, :count]
        scale = _scales(stage, sample.lonely_psu, np.where(code < count, 0, 1), 1).ravel()
        centred = np.where(stage.lonely & (sample.lonely_psu == "adjust"), 0.0, scale / stage.taken)
        weighted = people.multiply(scale[stage.stratum][:, None])
        total += (people.T @ weighted).toarray() - (of_stratum * centred[:, None]).T @ of_stratum
    return total


def replicate_covariance(replicates: ReplicateSet, statistic: Callable[[Floats], Floats], estimate: Floats) -> Floats:
    """Covariance of a vector statistic of the weights; a replicate without a value is left out. R: svrVar."""
    thetas = np.array([statistic(replicates.weight(r)) for r in range(len(replicates.rscales))])
    rscales = replicates.rscales[:, None] * np.isfinite(thetas)
    used = rscales > 0
    mean = np.where(used, thetas, 0.0).sum(0) / np.maximum(used.sum(0), 1)
    root = np.where(used, thetas - (estimate if replicates.mse else mean), 0.0) * np.sqrt(rscales)
    return np.where(used.any(0), root.T @ root * replicates.scale, np.nan)


def _stage_variance(stage: Stage, rule: str, influence: Floats, code: Codes, count: int) -> Floats:
    unit, group, sums = _collapse(stage, influence, code, count + 1)
    key = stage.stratum[unit] * (count + 1) + group
    size = len(stage.taken) * (count + 1)
    taken = np.repeat(stage.taken, count + 1)
    mean = np.bincount(key, sums, size) / taken
    if rule == "adjust":
        mean[np.repeat(stage.lonely, count + 1)] = 0.0
    deviation = sums - mean[key]
    absent = taken - np.bincount(key, minlength=size)
    squares = np.bincount(key, deviation * deviation, size) + absent * mean * mean
    scale = _scales(stage, rule, code, count)
    return np.asarray((squares.reshape(-1, count + 1)[:, :count] * scale).sum(0))


def _collapse(stage: Stage, influence: Floats, code: Codes, width: int) -> tuple[Codes, Codes, Floats]:
    """Sums of unit x group, as (unit, group, sum) of the pairs kept."""
    if stage.units == len(code):
        return stage.unit, code, influence
    key = stage.unit * width + code
    size = stage.units * width
    if size <= max(2 * len(code), DENSE):
        unit, group = np.divmod(np.arange(size), width)
        return unit, group, np.bincount(key, influence, size).astype(float, copy=False)
    pairs, place = np.unique(key, return_inverse=True)
    return pairs // width, pairs % width, np.bincount(place, influence).astype(float, copy=False)


def _scales(stage: Stage, rule: str, code: Codes, count: int) -> Floats:
    """Multiplier of the squares of each stratum in each group, after the rule for lonely units; strata x groups."""
    scale = stage.scale[:, None]
    if not stage.lonely.any():
        return scale
    key = stage.stratum[stage.unit] * (count + 1) + code
    present = np.bincount(key, minlength=len(scale) * (count + 1)).reshape(-1, count + 1)[:, :count] > 0
    alone = present & stage.lonely[:, None]
    if rule == "fail" and alone.any():
        raise ArgumentError(
            f"有 {int(alone.any(1).sum())} 个层只有一个抽样单元，方差无法估计。请合并层，或在 SurveyDesign 中写 "
            "lonely_psu='adjust'（以总均值为中心）、'remove'、'certainty' 或 'average'。"
        )
    if rule != "average" or not alone.any():
        return scale
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _by_parent(stage, present) / _by_parent(stage, present & ~alone)
        return np.where(alone, np.where(np.isfinite(ratio), 0.0, np.nan), scale * ratio)


def _by_parent(stage: Stage, counted: Truths) -> Floats:
    """How many of the strata counted share each stratum's unit of the stage before."""
    totals = [np.bincount(stage.parent, column.astype(float)) for column in counted.T]
    return np.column_stack([total[stage.parent] for total in totals])
