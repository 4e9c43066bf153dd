"""Steps that turn design weights into calibrated weights, and the residuals that carry them into standard
errors.

A calibrated design holds its steps as plain data (margins and totals), never weights: the weights are worked
out again from the frame each time, so permuting the frame's rows changes nothing and no state is hidden.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats
from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError, listed

PROJECTIONS = 10  # R's svyrecvar projects a raked variable this many times
CYCLES = 1000
MISSED = 1e-6  # of the total weight: a margin that raking leaves further off is not met


@dataclass(frozen=True)
class Margin:
    """Population totals of the cells of one or more columns."""

    columns: tuple[str, ...]
    cells: tuple[tuple[Hashable, ...], ...]
    totals: tuple[float, ...]

    def codes(self, frame: pd.DataFrame, weight: Floats) -> Codes:
        """The cell of each row; rows of weight zero may lie outside (-1)."""
        require(frame, self.columns, where="校准")
        rows = frame[list(self.columns)].astype(object)
        codes = pd.MultiIndex.from_tuples(self.cells).get_indexer(pd.MultiIndex.from_frame(rows))
        if (lost := (codes < 0) & (weight > 0)).any():
            seen = rows[lost].drop_duplicates().fillna("（缺失）")
            values = ["×".join(map(str, row)) for row in seen.itertuples(index=False)]
            raise ArgumentError(
                f"校准变量 {listed(self.columns)}：样本中的取值 {listed(values)} 在总体合计中没有。"
                "请补上合计，或先处理缺失值。"
            )
        return codes

    def scaled(self, codes: Codes, weight: Floats) -> Floats:
        """Weights that add up to the totals in every cell."""
        inside = codes >= 0
        sums, totals = np.bincount(codes[inside], weight[inside], len(self.cells)), np.array(self.totals)
        if (lost := (sums == 0) & (totals > 0)).any():
            empty = ["×".join(map(str, self.cells[k])) for k in np.flatnonzero(lost)]
            raise ArgumentError(
                f"校准变量 {listed(self.columns)}：样本中没有总体中的类别 {listed(empty)}。请先合并类别。"
            )
        factor = np.divide(totals, sums, out=np.zeros(len(sums)), where=sums > 0)
        return np.where(inside, weight * factor[codes], 0.0)

    def gap(self, codes: Codes, weight: Floats) -> tuple[str, float, float]:
        """The cell that weights miss by most, its total and what they add up to there."""
        reached = np.bincount(codes[codes >= 0], weight[codes >= 0], len(self.cells))
        worst = int(np.abs(reached - self.totals).argmax())
        return "×".join(map(str, self.cells[worst])), self.totals[worst], float(reached[worst])


@dataclass(frozen=True)
class Calibrate:
    """Weights scaled to margins: to one alone (R's postStratify), or raked to each in turn (R's rake).

    tolerance: raking stops when the joint table moves by less; None is post-stratification.
    """

    margins: tuple[Margin, ...]
    tolerance: float | None = None


@dataclass(frozen=True)
class Trim:
    """R's trimWeights: weights outside the limits are cut, what is cut is shared out evenly among the others.

    strict: again until all are inside; rows once cut receive no more.
    """

    lower: float
    upper: float
    strict: bool = True


Step = Calibrate | Trim


@dataclass(frozen=True)
class Projection:
    """What a step takes out of a linearised variable: means within cells, once (post-strata) or in turn
    (raking).

    parts: of each row its cell, its part in the cell's mean, and its calibrated weight.
    """

    parts: tuple[tuple[Codes, Floats, Floats], ...]
    times: int

    def residual(self, influence: Floats) -> Floats:
        """The weighted influence, less its part that the calibration explains."""
        for _ in range(self.times):
            for cell, part, weight in self.parts:
                influence = influence - np.bincount(cell, part * influence).take(cell) * weight
        return influence


def _part(codes: Codes, before: Floats, after: Floats) -> tuple[Codes, Floats, Floats]:
    live = after > 0
    cell, before = np.where(live, codes, 0), np.where(live, before, 0.0)
    base = np.bincount(cell, before).take(cell) * after
    return cell, np.divide(before, base, out=np.zeros(len(cell)), where=live), after


class Calibration:
    """Steps laid over a frame: the cells are looked up once, for the weights and for those of every
    replicate."""

    def __init__(self, steps: tuple[Step, ...], frame: pd.DataFrame, weight: Floats) -> None:
        margins = [step.margins if isinstance(step, Calibrate) else () for step in steps]
        self.codes = [[margin.codes(frame, weight) for margin in each] for each in margins]
        self.steps = steps

    def apply(self, weight: Floats) -> tuple[Floats, tuple[Projection, ...]]:
        """The calibrated weights, and the projections for the variance."""
        projections: list[Projection] = []
        for step, codes in zip(self.steps, self.codes, strict=True):
            if isinstance(step, Trim):
                weight = _trimmed(step, weight)
            elif step.tolerance is None:
                before, weight = weight, step.margins[0].scaled(codes[0], weight)
                projections.append(Projection((_part(codes[0], before, weight),), 1))
            else:
                rounds = _raked(step.margins, codes, step.tolerance, weight)
                weight, ones = rounds[-1], np.ones(len(weight))
                parts = tuple(_part(code, ones, after) for code, after in zip(codes, rounds, strict=True))
                projections.append(Projection(parts, PROJECTIONS))
        return weight, tuple(projections)


def _raked(margins: tuple[Margin, ...], codes: list[Codes], tolerance: float, weight: Floats) -> list[Floats]:
    """The weights after each margin of the last cycle; refused where they do not meet all margins."""
    joint = np.ravel_multi_index([code + 1 for code in codes], [len(margin.cells) + 1 for margin in margins])
    limit = tolerance * weight.sum() if tolerance < 1 else tolerance
    table = np.bincount(joint, weight)
    rounds: list[Floats] = []
    for _ in range(CYCLES):
        rounds = []
        for margin, code in zip(margins, codes, strict=True):
            weight = margin.scaled(code, weight)
            rounds.append(weight)
        before, table = table, np.bincount(joint, weight)
        if (moved := np.abs(table - before).max()) < limit or moved == 0:
            break
    gaps = [margin.gap(code, weight) for margin, code in zip(margins, codes, strict=True)]
    worst, (cell, target, reached) = max(enumerate(gaps), key=lambda gap: abs(gap[1][1] - gap[1][2]))
    if abs(target - reached) > max(MISSED * weight.sum(), 10 * limit):
        raise ArgumentError(
            f"各边际合计不能同时满足：{listed(margins[worst].columns)} 的 {cell} 应为 {target:g}，加权后是 "
            f"{reached:g}，差 {reached - target:+g}。请核对各边际是否互相矛盾，或合并类别。"
        )
    return rounds


def _trimmed(step: Trim, weight: Floats) -> Floats:
    room, mean = weight > 0, weight[weight > 0].mean()
    while True:
        cut = np.where(weight > 0, np.clip(weight, step.lower, step.upper), weight)
        outside = np.abs(cut - weight) > 1e-12 * mean
        if not outside.any():
            return weight
        room = room & ~outside
        if not room.any():
            raise ArgumentError(
                f"权数上下限 {step.lower:g}～{step.upper:g} 太窄（平均 {mean:g}），截下的没有去处。请放宽。"
            )
        weight = cut + np.where(room, (weight - cut).sum() / room.sum(), 0.0)
        if not step.strict:
            return weight


def margin_of(target: Any) -> Margin:
    """A margin of a Series of totals, a frame of columns and `n`, or {column: {level: total}}."""
    if isinstance(target, Mapping):
        ((column, totals),) = target.items()
        target = pd.Series(dict(totals), dtype=float).rename_axis(column)
    if isinstance(target, pd.DataFrame):
        total = "n" if "n" in target else target.columns[-1]
        target = target.set_index([c for c in target.columns if c != total])[total]
    if not isinstance(target, pd.Series) or None in target.index.names:
        raise ArgumentError("总体合计应是 {列名: {取值: 合计}}、以列名为索引名的 Series，或有各列和 n 的表。")
    totals = target.to_numpy(dtype=float)
    if not np.isfinite(totals).all() or (totals < 0).any() or target.index.has_duplicates:
        raise ArgumentError(f"总体合计 {listed(target.index.names)} 含缺失、负数或重复的类别。请更正。")
    cells = tuple(cell if isinstance(cell, tuple) else (cell,) for cell in target.index)
    return Margin(tuple(str(name) for name in target.index.names), cells, tuple(map(float, totals)))
