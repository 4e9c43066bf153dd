"""Stages of sampling: from columns of strata, clusters and finite populations to arrays. R: svydesign,
as.fpc."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.analysis.domains import Codes, Floats, Names, Truths, level_codes, names, numbers, packed
from bangfu_analysis.errors import ArgumentError

Number = TypeVar("Number", np.intp, np.float64)
SLICE = 1 << 16  # rows
FULLY_TAKEN = 1e-7  # a stratum with a smaller part left out has no variance (as R)


@dataclass(frozen=True)
class Stage:
    """One stage of sampling: the unit of each row, and what holds of each stratum."""

    unit: Codes
    stratum: Codes  # of each unit
    parent: Codes  # of each stratum: the unit of the stage before
    taken: Floats  # units in the sample, of each stratum
    population: Floats  # units in the population; inf without fpc
    carried: Floats  # product of n/N over the stages before

    @property
    def units(self) -> int:
        """How many units."""
        return len(self.stratum)

    @property
    def left(self) -> Floats:
        """The part of each stratum that was not taken, 1 - n/N."""
        return 1 - self.taken / self.population

    @property
    def lonely(self) -> Truths:
        """Strata with a single unit that is not the whole stratum."""
        return np.asarray((self.taken == 1) & (self.left >= FULLY_TAKEN))

    @property
    def scale(self) -> Floats:
        """What the squared deviations of each stratum are multiplied by."""
        several = np.where(self.taken > 1, self.taken / np.maximum(self.taken - 1, 1), 1.0)
        return np.where(self.left < FULLY_TAKEN, 0.0, self.left * several) * self.carried


def stages_of(
    frame: pd.DataFrame, strata: Names, cluster: Names, fpc: Names, nest: bool
) -> tuple[Stage, ...]:
    """The stages of a design; those after the first only where finite populations are given, as in R."""
    clusters = [_codes(frame, c) for c in names(cluster)] or [np.arange(len(frame))]
    layers = [_codes(frame, s) for s in names(strata)] or [np.zeros(len(frame), dtype=np.intp)]
    sizes = names(fpc)
    if sizes and len(sizes) != len(clusters):
        raise ArgumentError(
            f"fpc 有 {len(sizes)} 列，抽样有 {len(clusters)} 个阶段，应每个阶段一列。请补齐或去掉多余的列。"
        )
    stages: list[Stage] = []
    for i, unit in enumerate(clusters if sizes else clusters[:1]):
        layer, before = layers[min(i, len(layers) - 1)], stages[-1] if stages else None
        if before is not None:
            unit, layer = _joint(before.unit, unit), _joint(layer, before.unit)
        if nest and strata:
            unit = _joint(layer, unit)
        stages.append(_stage(frame, unit, layer, sizes[i] if sizes else None, before))
    return tuple(stages)


def _stage(frame: pd.DataFrame, unit: Codes, layer: Codes, fpc: str | None, before: Stage | None) -> Stage:
    stratum = _of_units(unit, layer)
    if not _agree(unit, stratum, layer):
        raise ArgumentError(
            "有的抽样单元（cluster）跨了几个层（strata）。若各层的编号会重复，请写 nest=True；否则请更正。"
        )
    taken = np.bincount(stratum).astype(float)
    parent, carried = np.zeros(len(taken), dtype=np.intp), np.ones(len(taken))
    if before is not None:
        parent[stratum] = _of_units(unit, before.unit)
        carried = (before.carried * before.taken / before.population)[before.stratum[parent]]
    stage = Stage(unit, stratum, parent, taken, np.full(len(taken), np.inf), carried)
    return stage if fpc is None else replace(stage, population=_population(stage, numbers(frame, fpc), fpc))


def _population(stage: Stage, value: Floats, fpc: str) -> Floats:
    taken, stated = stage.taken, stage.population.copy()
    stated[stage.stratum] = _of_units(stage.unit, value)
    if not _agree(stage.unit, stated[stage.stratum], value) or (stated < 0).any():
        raise ArgumentError(f"fpc 列 {fpc} 在同一层内有缺失、负数或不同的值。每层应只有一个总数或抽样比。")
    if (stated > 1).any() and (stated < 1).any():
        raise ArgumentError(f"fpc 列 {fpc} 中既有大于 1 又有小于 1 的数。请都写总体单元数，或都写抽样比。")
    if not (stated > 1).any():
        return np.asarray(np.divide(taken, stated, out=np.full(len(taken), np.inf), where=stated > 0))
    if (stated < taken).any():
        raise ArgumentError(f"fpc 列 {fpc}：有的层总体单元数小于样本中的单元数（抽样比超过 100%）。请核对。")
    return stated


def _of_units(unit: Codes, values: NDArray[Number]) -> NDArray[Number]:
    """The value of each unit: that of one of its rows."""
    found = np.zeros(int(unit.max()) + 1, dtype=values.dtype)
    found[unit] = values
    return found


def _agree(unit: Codes, of_unit: NDArray[Any], values: NDArray[Any]) -> bool:
    """Whether every row has the value of its unit. A slice at a time: arrays as long as the frame cost more
    than their sums."""
    parts = (slice(start, start + SLICE) for start in range(0, len(unit), SLICE))
    return all(np.array_equal(of_unit.take(unit[part]), values[part]) for part in parts)


def _codes(frame: pd.DataFrame, column: str) -> Codes:
    codes, levels = level_codes(frame[column])
    if codes.min() < 0:
        raise ArgumentError(f"设计列 {column} 有 {(codes < 0).sum()} 行缺失，层和抽样单元不能缺失。请补齐。")
    # categories may hold levels of nobody
    return packed(codes.astype(np.intp))[0] if isinstance(levels, pd.CategoricalIndex) else codes


def _joint(a: Codes, b: Codes) -> Codes:
    return packed(a * (int(b.max()) + 1) + b)[0]
