"""Stages of sampling: from columns of strata, clusters and finite populations to arrays. R: svydesign,
as.fpc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.analysis.arrays import ROWS, Codes, Floats, Names, Truths, names
from bangfu_analysis.analysis.domains import a_row_each, level_codes, numbers, packed, slices
from bangfu_analysis.errors import ArgumentError

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
    held: Floats | None = None  # rows of each unit, where rows are units and a cell of a cube has several

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
    clusters = [packed(_integers(frame, c)) for c in names(cluster)] or [(np.arange(len(frame)),) * 2]
    layers = [_integers(frame, s) for s in names(strata)] or [np.zeros(len(frame), dtype=np.intp)]
    sizes = names(fpc)
    if sizes and len(sizes) != len(clusters):
        raise ArgumentError(
            f"fpc 有 {len(sizes)} 列，抽样有 {len(clusters)} 个阶段，应每个阶段一列。请补齐或去掉多余的列。"
        )
    stages: list[Stage] = []
    for i, (unit, whose) in enumerate(clusters if sizes else clusters[:1]):
        layer, before = layers[min(i, len(layers) - 1)], stages[-1] if stages else None
        if before is not None:
            (unit, whose), (layer, _) = _joint(before.unit, unit), _joint(packed(layer)[0], before.unit)
        if nest and strata:
            unit, whose = _joint(packed(layer)[0], unit)
        held = frame[ROWS].to_numpy(dtype=float) if ROWS in frame and not cluster else None
        stages.append(_stage(frame, unit, len(whose), layer, sizes[i] if sizes else None, before, held))
    return tuple(stages)


def _stage(
    frame: pd.DataFrame, unit: Codes, count: int, layer: Codes, fpc: str | None, before: Stage | None,
    held: Floats | None,
) -> Stage:
    rows = a_row_each(unit, count)
    stratum = packed(layer[rows])[0]
    taken = np.bincount(stratum, held).astype(float)
    parent, carried = np.zeros(len(taken), dtype=np.intp), np.ones(len(taken))
    if before is not None:
        parent[stratum] = before.unit[rows]
        carried = (before.carried * before.taken / before.population)[before.stratum[parent]]
    same, stated, values = True, np.full(len(taken), np.inf), list[NDArray[Any]]([layer])
    if fpc is not None:
        values.append(frame[fpc].to_numpy() if _is_whole(frame[fpc]) else numbers(frame, fpc))
        stated[stratum] = values[1][rows]
        same = np.array_equal(stated[stratum], values[1][rows])
    agree = _agree(unit, rows, values)
    if not agree[0]:
        raise ArgumentError(
            "有的抽样单元（cluster）跨了几个层（strata）。若各层的编号会重复，请写 nest=True；否则请更正。"
        )
    if not (all(agree) and same) or (stated < 0).any():
        raise ArgumentError(f"fpc 列 {fpc} 同一层内有缺失、负数或不同的值。每层只应有一个总数或抽样比。")
    return Stage(unit, stratum, parent, taken, _population(taken, stated, fpc), carried, held)


def _population(taken: Floats, stated: Floats, fpc: str | None) -> Floats:
    """Units of the population, where they or the fractions that were taken are stated."""
    if (stated > 1).any() and (stated < 1).any():
        raise ArgumentError(f"fpc 列 {fpc} 中既有大于 1 又有小于 1 的数。请都写总体单元数，或都写抽样比。")
    if not (stated > 1).any():
        return np.asarray(np.divide(taken, stated, out=np.full(len(taken), np.inf), where=stated > 0))
    if (stated < taken).any():
        raise ArgumentError(f"fpc 列 {fpc}：有的层总体单元数小于样本中的单元数（抽样比超过 100%）。请核对。")
    return stated


def _agree(unit: Codes, rows: Codes, values: list[NDArray[Any]]) -> list[bool]:
    """Of each array of values, whether every row has the value of its unit's row. A slice at a time: arrays
    as long as the frame cost more than what is done with them."""
    agree = [True] * len(values)
    if len(rows) == len(unit):
        return agree
    of_units = np.column_stack([value[rows] for value in values])
    for part in slices(len(unit)):
        of_row = of_units.take(unit[part], axis=0)
        agree = [a and bool((of_row[:, i] == values[i][part]).all()) for i, a in enumerate(agree)]
    return agree


def _is_whole(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind == "i"


def _integers(frame: pd.DataFrame, column: str) -> Codes:
    """A column as integers: its own, or the codes of its levels."""
    values = frame[column]
    if _is_whole(values):
        return values.to_numpy(dtype=np.intp)
    codes = level_codes(values)[0]
    if codes.min() < 0:
        raise ArgumentError(f"设计列 {column} 有 {(codes < 0).sum()} 行缺失，层和抽样单元不能缺失。请补齐。")
    return np.asarray(codes, dtype=np.intp)


def _joint(a: Codes, b: Codes) -> tuple[Codes, Codes]:
    return packed(a * (int(b.max()) + 1) + b)
