"""Steps that turn design weights into calibrated weights, and the residuals that carry them into standard errors.

A calibrated design holds its steps as plain data (margins and totals), never weights: the weights are worked out
again from the frame each time, so permuting the frame's rows changes nothing and no state is hidden.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.domains import Codes, Floats, require
from bangfu_analysis.errors import ArgumentError, listed

PROJECTIONS = 10  # R's svyrecvar projects a raked variable this many times


@dataclass(frozen=True)
class Margin:
    """Population totals of the cells of one or more columns."""

    columns: tuple[str, ...]
    cells: tuple[tuple[Hashable, ...], ...]
    totals: tuple[float, ...]

    def codes(self, frame: pd.DataFrame, weight: Floats) -> Codes:
        """The cell of each row; rows of weight zero may lie outside (-1)."""
        require(frame, self.columns, where="校准")
        shape: list[int] = []
        place: Codes = np.zeros(len(self.cells), dtype=np.intp)
        flat: Codes = np.zeros(len(frame), dtype=np.intp)
        known = np.ones(len(frame), dtype=bool)
        for i, column in enumerate(self.columns):
            levels = pd.Index(dict.fromkeys(cell[i] for cell in self.cells))
            found = levels.get_indexer(pd.Index(frame[column]))
            known &= found >= 0
            place = place * len(levels) + levels.get_indexer(pd.Index([cell[i] for cell in self.cells]))
            flat, shape = flat * len(levels) + found, [*shape, len(levels)]
        lookup = np.full(int(np.prod(shape)), -1, dtype=np.intp)
        lookup[place] = np.arange(len(self.cells))
        codes = np.where(known, lookup[np.where(known, flat, 0)], -1)
        if (lost := (codes < 0) & (weight > 0)).any():
            self._refuse(frame.loc[lost, list(self.columns)])
        return codes

    def _refuse(self, rows: pd.DataFrame) -> None:
        seen = rows.drop_duplicates().astype(object).where(rows.drop_duplicates().notna(), "（缺失）")
        found = ["×".join(map(str, row)) for row in seen.itertuples(index=False)]
        raise ArgumentError(
            f"校准变量 {listed(self.columns)}：样本中的取值 {listed(found)} 在总体合计中没有。请补上合计，或先处理缺失值。"
        )

    def empty(self, codes: Codes, weight: Floats) -> list[str]:
        """Cells with people in the population and none in the sample."""
        sums = np.bincount(codes[codes >= 0], weight[codes >= 0], len(self.cells))
        pairs = zip(self.cells, self.totals, sums, strict=True)
        return ["×".join(map(str, cell)) for cell, total, s in pairs if total > 0 and s == 0]

    def scaled(self, codes: Codes, weight: Floats) -> Floats:
        """Weights that add up to the totals in every cell."""
        inside = codes >= 0
        sums = np.bincount(codes[inside], weight[inside], len(self.cells))
        factor = np.divide(self.totals, sums, out=np.zeros(len(sums)), where=sums > 0)
        return np.where(inside, weight * factor[codes], 0.0)


@dataclass(frozen=True)
class PostStratify:
    """R's postStratify: weights scaled to the totals of the cells."""

    margin: Margin
    partial: bool = False


@dataclass(frozen=True)
class Rake:
    """R's rake: post-stratified to each margin in turn until the joint table moves less than `tolerance`."""

    margins: tuple[Margin, ...]
    tolerance: float = 1e-12
    cycles: int = 1000


@dataclass(frozen=True)
class Trim:
    """R's trimWeights: weights outside the limits are cut and what is cut is shared out evenly among the others."""

    lower: float
    upper: float
    strict: bool = True


@dataclass(frozen=True)
class Exclude:
    """Rows that lack a value in these columns weigh nothing."""

    columns: tuple[str, ...]


Step = PostStratify | Rake | Trim | Exclude


@dataclass(frozen=True)
class Projection:
    """What a step takes out of a linearised variable: means within cells, once (post-strata) or in turn (raking)."""

    parts: tuple[
        tuple[Codes, Floats, Floats], ...
    ]  # cell, weight before over sum of it over weight after, weight after
    times: int = 1

    def residual(self, influence: Floats) -> Floats:
        """The weighted influence, less its part that the calibration explains."""
        for _ in range(self.times):
            for cell, part, weight in self.parts:
                mean = np.bincount(cell, part * influence)
                influence = influence - mean.take(cell) * weight
        return influence


def _part(codes: Codes, before: Floats, after: Floats) -> tuple[Codes, Floats, Floats]:
    live = (codes >= 0) & (after > 0)
    cell = np.where(live, codes, codes.max() + 1)
    weight = np.where(live, after, 0.0)
    base = np.bincount(cell, np.where(live, before, 0.0)).take(cell) * weight
    return cell, np.divide(before, base, out=np.zeros(len(cell)), where=live & (base > 0)), weight


def apply(steps: tuple[Step, ...], frame: pd.DataFrame, weight: Floats) -> tuple[Floats, tuple[Projection, ...]]:
    """The calibrated weights, and the projections for the variance."""
    projections: list[Projection] = []
    for step in steps:
        before = weight
        if isinstance(step, Exclude):
            require(frame, step.columns, where="校准")
            weight = np.where(frame[list(step.columns)].notna().all(axis=1), weight, 0.0)
        elif isinstance(step, Trim):
            weight = _trim(step, weight)
        elif isinstance(step, PostStratify):
            codes = step.margin.codes(frame, weight)
            if not step.partial:
                _check_filled(step.margin, codes, weight)
            weight = step.margin.scaled(codes, weight)
            projections.append(Projection((_part(codes, before, weight),)))
        else:
            weight, projection = _rake(step, frame, weight)
            projections.append(projection)
    return weight, tuple(projections)


def _check_filled(margin: Margin, codes: Codes, weight: Floats) -> None:
    if empty := margin.empty(codes, weight):
        raise ArgumentError(
            f"校准变量 {listed(margin.columns)}：总体中有、样本中没有的类别：{listed(empty)}。请先合并类别。"
        )


def _rake(step: Rake, frame: pd.DataFrame, weight: Floats) -> tuple[Floats, Projection]:
    codes = [margin.codes(frame, weight) for margin in step.margins]
    for margin, code in zip(step.margins, codes, strict=True):
        _check_filled(margin, code, weight)
    joint, _ = pd.factorize(_joined(codes))
    limit = step.tolerance * weight.sum() if step.tolerance < 1 else step.tolerance
    table = np.bincount(joint, weight)
    for _ in range(step.cycles):
        stages = []
        for margin, code in zip(step.margins, codes, strict=True):
            weight = margin.scaled(code, weight)
            stages.append((code, weight))
        moved, table = np.abs(table - np.bincount(joint, weight)).max(), np.bincount(joint, weight)
        if moved < limit or moved == 0:
            ones = np.ones(len(weight))
            return weight, Projection(tuple(_part(code, ones, w) for code, w in stages), PROJECTIONS)
    raise ArgumentError(f"迭代加权 {step.cycles} 轮仍未收敛。请检查各边际合计的总数是否相等、是否互相矛盾。")


def _joined(codes: list[Codes]) -> Codes:
    joint = np.zeros(len(codes[0]), dtype=np.intp)
    for code in codes:
        joint = joint * (code.max() + 2) + code + 1
    return joint


def _trim(step: Trim, weight: Floats) -> Floats:
    live = weight > 0
    mean = weight[live].mean()
    while True:
        cut = np.where(live, np.clip(weight, step.lower, step.upper), weight)
        outside = np.abs(cut - weight) > 1e-12 * mean
        room = live & ~outside
        if not outside.any():
            return weight
        if not room.any() or not step.lower <= mean <= step.upper:
            raise ArgumentError(
                f"权数上下限 {step.lower:g}～{step.upper:g} 太窄（平均权数 {mean:g}），截下的权数没有去处。请放宽。"
            )
        weight = cut + np.where(room, (weight - cut).sum() / room.sum(), 0.0)
        if not step.strict:
            return weight


def margin_of(target: Any) -> Margin:
    """A margin from what a caller may hold: a Series of totals, a frame of columns and `n`, or {column: {level: total}}."""
    if isinstance(target, Mapping):
        ((column, totals),) = target.items()
        target = pd.Series(dict(totals), dtype=float).rename_axis(column)
    if isinstance(target, pd.DataFrame):
        total = next((name for name in ("n", "total", "N", "Freq") if name in target), target.columns[-1])
        target = target.set_index([c for c in target.columns if c != total])[total]
    if not isinstance(target, pd.Series) or None in target.index.names:
        raise ArgumentError("总体合计应是 {列名: {取值: 合计}}、以列名为索引名的 Series，或含各列与 n 的数据框。")
    totals = target.to_numpy(dtype=float)
    if not np.isfinite(totals).all() or (totals < 0).any() or target.index.has_duplicates:
        raise ArgumentError(f"总体合计 {listed(target.index.names)} 含缺失、负数或重复的类别。请更正。")
    cells = tuple(cell if isinstance(cell, tuple) else (cell,) for cell in target.index)
    return Margin(tuple(str(name) for name in target.index.names), cells, tuple(map(float, totals)))
