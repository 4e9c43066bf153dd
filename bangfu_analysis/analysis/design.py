"""How a sample was drawn: weights, strata, clusters by stage, finite populations, replicates.

`SurveyDesign` names columns and holds no data; `resolve` lays it over a frame. Same meaning as svydesign and
svrepdesign of R's survey package (Lumley 2004, J. Stat. Software 9(8)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.calibration import Projection, Step, apply
from bangfu_analysis.analysis.domains import Codes, Floats, Names, Truths, names, numbers, require
from bangfu_analysis.errors import ArgumentError

LONELY = ("fail", "adjust", "remove", "certainty", "average")
KINDS = ("bootstrap", "BRR", "Fay", "JK1", "JKn", "other")
FULLY_TAKEN = 1e-7  # a stratum with a smaller part left out has no variance (as R)
RANK_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Replicates:
    """Replicate weights given as columns; arguments as R's svrepdesign.

    `scale` defaults to what `kind` implies (bootstrap 1/(R-1), BRR 1/R, Fay 1/(R(1-rho)^2), JK1 (R-1)/R, else 1),
    `rscales` to ones. `combined`: the columns already contain the sampling weight. `mse`: centre at the estimate.
    """

    columns: Sequence[str]
    kind: str = "bootstrap"
    scale: float | None = None
    rscales: Sequence[float] | None = None
    rho: float = 0.0
    combined: bool = True
    mse: bool = False

    def factors(self) -> tuple[float, Floats]:
        """The overall scale and one scale a replicate."""
        if self.kind not in KINDS:
            raise ArgumentError.naming("kind", self.kind, KINDS)
        count = len(self.columns)
        rscales = np.ones(count) if self.rscales is None else np.broadcast_to(np.asarray(self.rscales, float), count)
        if self.kind == "JKn" and self.rscales is None:
            raise ArgumentError("给定 JKn 重复权数时必须给出 rscales（每个重复的系数）。")
        implied = {"bootstrap": 1 / max(count - 1, 1), "BRR": 1 / count, "JK1": (count - 1) / count}
        implied["Fay"] = 1 / (count * (1 - self.rho) ** 2)
        fixed = self.kind in ("BRR", "Fay") or self.scale is None
        return (implied.get(self.kind, 1.0) if fixed else float(self.scale or 0.0)), rscales


@dataclass(frozen=True)
class SurveyDesign:
    """The columns that say how the sample was drawn.

    weight: sampling weight; without it, the product of N/n over the stages if `fpc` is given, else 1.
    strata: stratum (a list: one a stage). cluster: primary units, or a list, one a stage; without it a row is a unit.
    fpc: population size or sampling fraction of the row's stratum, one a stage; variance goes beyond the first
    stage only with it. replicates: "JK1" or "JKn" (made from the design), `Replicates`, or plain column names
    (bootstrap scale). lonely_psu: what a stratum with one unit does (fail, adjust, remove, certainty, average).
    nest: cluster ids repeat between strata. `steps` and `sealed` are set by `rake`, `post_stratify`, `trim`.

    R: svydesign(id=~cluster, strata=~strata, weights=~weight, fpc=~fpc, nest=nest), options(survey.lonely.psu=...).
    """

    weight: str | None = None
    strata: Names = None
    cluster: Names = None
    fpc: Names = None
    replicates: Replicates | Sequence[str] | str | None = None
    lonely_psu: str = "fail"
    nest: bool = False
    steps: tuple[Step, ...] = ()
    sealed: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        if self.lonely_psu not in LONELY:
            raise ArgumentError.naming("lonely_psu", self.lonely_psu, LONELY)
        if isinstance(self.replicates, str) and self.replicates not in ("JK1", "JKn"):
            raise ArgumentError.naming("replicates", self.replicates, ("JK1", "JKn", "列名列表", "Replicates(...)"))

    def columns(self) -> list[str]:
        """Every column the design names."""
        given = self.replicates.columns if isinstance(self.replicates, Replicates) else self.replicates
        replicate_columns = [] if isinstance(given, str) else names(given)
        return [*names(self.weight), *names(self.strata), *names(self.cluster), *names(self.fpc), *replicate_columns]


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
        return (self.taken == 1) & (self.left >= FULLY_TAKEN)

    @property
    def scale(self) -> Floats:
        """What the squared deviations of each stratum are multiplied by."""
        several = np.where(self.taken > 1, self.taken / np.maximum(self.taken - 1, 1), 1.0)
        return np.where(self.left < FULLY_TAKEN, 0.0, self.left * several) * self.carried


@dataclass(frozen=True)
class ReplicateSet:
    """Replicate weights: the r-th as a function, so that none need be kept."""

    weight: Callable[[int], Floats]
    scale: float
    rscales: Floats
    mse: bool
    given: bool


@dataclass(frozen=True)
class Sample:
    """A design laid over a frame: all in arrays, row by row."""

    weight: Floats
    stages: tuple[Stage, ...]
    projections: tuple[Projection, ...]
    replicates: ReplicateSet | None
    lonely_psu: str

    def degrees(self, code: Codes | None = None, count: int = 1) -> Floats:
        """Degrees of freedom of each group: units less strata with a positive weight (replicates: rank less one).

        R: degf(design), or degf(subset(design, ...)) for groups.
        """
        if code is None and self.replicates is None and self.weight.all():
            return np.array([float(self.stages[0].units - len(self.stages[0].taken))])
        code = np.where(self.weight > 0, 0 if code is None else code, count)
        if self.replicates is not None and self.replicates.given:
            return np.array([self._rank(code == c) - 1.0 for c in range(count)])
        first = self.stages[0]
        units = _distinct(first.unit, code, first.units, count)
        return units - _distinct(first.stratum[first.unit], code, len(first.taken), count)

    def _rank(self, rows: Truths) -> int:
        from scipy.linalg import qr

        if self.replicates is None or not rows.any():
            return 0
        columns = [self.replicates.weight(r)[rows] for r in range(len(self.replicates.rscales))]
        (upper,) = qr(np.unique(np.column_stack(columns), axis=0), mode="r", pivoting=True)[:1]
        diagonal = np.abs(np.diag(upper))
        return int((diagonal > RANK_TOLERANCE * diagonal[0]).sum())


def resolve(frame: pd.DataFrame, design: SurveyDesign) -> Sample:
    """Lay a design over a frame: check it, and turn it into arrays.

    Raises `ColumnMissing` for absent columns and `ArgumentError` for missing or negative weights, missing strata or
    clusters, clusters that cross strata, and finite populations smaller than the sample.
    """
    require(frame, design.columns(), where="SurveyDesign")
    if frame.empty:
        raise ArgumentError("数据框没有任何行，无法估计。")
    stages = _stages(frame, design)
    base = _weights(frame, design, stages)
    if design.sealed is not None and not np.allclose(design.sealed, (len(frame), base.sum()), rtol=1e-9, atol=0):
        raise ArgumentError(
            "校准过的设计只能用于校准时的那张表（行数或权数总和变了）。子群请用 by 或 where，不要先筛选。"
        )
    weight, projections = apply(design.steps, frame, base)
    replicates = _replicates(frame, design, base, stages[0])
    return Sample(weight, stages, projections, replicates, design.lonely_psu)


def seal(frame: pd.DataFrame, design: SurveyDesign, step: Step) -> SurveyDesign:
    """The design with one more calibration step, tied to this frame by its row count and total weight."""
    base = resolve(frame, replace(design, steps=(), sealed=None, replicates=None)).weight
    calibrated = replace(design, steps=(*design.steps, step), sealed=(len(frame), float(base.sum())))
    resolve(frame, calibrated)
    return calibrated


def _weights(frame: pd.DataFrame, design: SurveyDesign, stages: tuple[Stage, ...]) -> Floats:
    if design.weight is None:
        ratio = np.ones(len(frame))
        for stage in stages if design.fpc else ():
            ratio = ratio * (stage.population / stage.taken)[stage.stratum[stage.unit]]
        return ratio
    weight = numbers(frame, design.weight)
    if not np.isfinite(weight.sum()):
        bad = int((~np.isfinite(weight)).sum())
        raise ArgumentError(f"权数列 {design.weight} 有 {bad} 行缺失或无穷。请补齐，或把不在样本中的行的权数设为 0。")
    if weight.min() < 0:
        bad = int((weight < 0).sum())
        raise ArgumentError(f"权数列 {design.weight} 有 {bad} 行为负数，权数应不小于 0。请更正。")
    return weight


def _codes(frame: pd.DataFrame, column: str) -> Codes:
    values = frame[column]
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        return _packed(values.to_numpy().astype(np.intp))
    codes, _ = pd.factorize(values)
    if bad := int((codes < 0).sum()):
        raise ArgumentError(f"设计列 {column} 有 {bad} 行缺失，层和抽样单元不能缺失。请补齐。")
    return codes.astype(np.intp, copy=False)


def _packed(values: Codes) -> Codes:
    """Codes 0..k-1 of integers; by counting, not hashing, where they lie close together."""
    low, high = int(values.min()), int(values.max())
    if high - low > 2 * len(values):
        return pd.factorize(values)[0].astype(np.intp, copy=False)
    values = values - low if low else values
    seen = np.bincount(values) > 0
    return values if seen.all() else (np.cumsum(seen) - 1)[values]


def _joint(a: Codes, b: Codes) -> Codes:
    return _packed(a * (int(b.max()) + 1) + b)


def _stages(frame: pd.DataFrame, design: SurveyDesign) -> tuple[Stage, ...]:
    clusters = [_codes(frame, c) for c in names(design.cluster)] or [np.arange(len(frame))]
    strata = [_codes(frame, s) for s in names(design.strata)] or [np.zeros(len(frame), dtype=np.intp)]
    fpc = names(design.fpc)
    if fpc and len(fpc) != len(clusters):
        raise ArgumentError(
            f"fpc 有 {len(fpc)} 列，抽样有 {len(clusters)} 个阶段，应每个阶段一列。请补齐或去掉多余的列。"
        )
    stages: list[Stage] = []
    for i in range(len(clusters) if fpc else 1):
        unit = clusters[i] if i == 0 else _joint(stages[-1].unit, clusters[i])
        layer = strata[min(i, len(strata) - 1)]
        if design.nest and design.strata:
            unit = _joint(layer, unit)
        if i > 0:
            layer = _joint(layer, stages[-1].unit)
        stages.append(_stage(frame, unit, layer, fpc[i] if fpc else None, stages[-1] if stages else None))
    return tuple(stages)


def _stage(frame: pd.DataFrame, unit: Codes, layer: Codes, fpc: str | None, before: Stage | None) -> Stage:
    stratum = np.zeros(int(unit.max()) + 1, dtype=np.intp)
    stratum[unit] = layer
    if (stratum[unit] != layer).any():
        raise ArgumentError(
            "有的抽样单元（cluster）跨了几个层（strata）。若各层的单元编号会重复，请写 nest=True；否则请更正编号。"
        )
    count = int(layer.max()) + 1
    taken = np.bincount(stratum, minlength=count).astype(float)
    parent, carried = np.zeros(count, dtype=np.intp), np.ones(count)
    if before is not None:
        parent[layer] = before.unit
        fraction = before.carried * before.taken / before.population
        carried = fraction[before.stratum[parent]]
    population = np.full(count, np.inf) if fpc is None else _population(frame, fpc, layer, taken)
    return Stage(unit, stratum, parent, taken, population, carried)


def _population(frame: pd.DataFrame, fpc: str, layer: Codes, taken: Floats) -> Floats:
    value = numbers(frame, fpc)
    stated = np.zeros(len(taken))
    stated[layer] = value
    if np.isnan(stated).any() or (stated < 0).any():
        raise ArgumentError(f"fpc 列 {fpc} 有缺失或负数。应是层内总体单元数（不小于 1）或抽样比（0～1）。")
    if (stated[layer] != value).any():
        raise ArgumentError(f"fpc 列 {fpc} 在同一层内有缺失或不同的值。每层应只有一个总体单元数或抽样比。")
    if (stated > 1).any() and (stated < 1).any():
        raise ArgumentError(f"fpc 列 {fpc} 中既有大于 1 的数又有小于 1 的数。请统一写总体单元数，或统一写抽样比。")
    if not (stated > 1).any():
        return np.divide(taken, stated, out=np.full(len(taken), np.inf), where=stated > 0)
    if (stated < taken).any():
        raise ArgumentError(f"fpc 列 {fpc}：有的层总体单元数小于样本中的单元数（抽样比超过 100%）。请核对。")
    return stated


def _replicates(frame: pd.DataFrame, design: SurveyDesign, base: Floats, first: Stage) -> ReplicateSet | None:
    if design.replicates is None:
        return None
    if isinstance(design.replicates, str):
        found = _jackknife(design, base, first)
    else:
        given = design.replicates
        found = _given(frame, given if isinstance(given, Replicates) else Replicates(names(given)), base)
    if not design.steps:
        return found
    return replace(found, weight=lambda r: apply(design.steps, frame, found.weight(r))[0])


def _given(frame: pd.DataFrame, replicates: Replicates, base: Floats) -> ReplicateSet:
    scale, rscales = replicates.factors()
    columns = [numbers(frame, column) for column in replicates.columns]
    if any(np.isnan(column).any() for column in columns):
        raise ArgumentError("重复权数列有缺失。请补齐。")
    times = np.ones(len(base)) if replicates.combined else base
    return ReplicateSet(lambda r: columns[r] * times, scale, rscales, replicates.mse, True)


def _jackknife(design: SurveyDesign, base: Floats, first: Stage) -> ReplicateSet:
    """Each unit left out in turn. R: as.svrepdesign(design, type="JK1" or "JKn"); fpc of the first stage only."""
    strata = len(first.taken)
    if (design.replicates == "JK1") != (strata == 1):
        raise ArgumentError("JK1 用于不分层的设计，JKn 用于分层的设计。请改用另一种。")
    alone = first.lonely[first.stratum]
    if alone.any() and design.lonely_psu == "fail":
        raise ArgumentError("有的层只有一个抽样单元，无法做刀切。请合并层，或设 lonely_psu='remove' 等。")
    made = (first.left >= FULLY_TAKEN)[first.stratum] & (~alone | (design.lonely_psu == "adjust"))
    places = np.flatnonzero(made)
    size = first.taken[first.stratum[places]]
    rscales = np.where(size > 1, first.left[first.stratum[places]] * (size - 1) / size, (strata - 1) / strata)
    scale = first.units / len(places) if design.lonely_psu == "average" and len(places) else 1.0

    def weight(r: int) -> Floats:
        own = first.stratum == first.stratum[places[r]]
        factor = np.where(own, size[r] / max(size[r] - 1, 1), 1.0)
        if size[r] == 1:
            factor = np.full(first.units, strata / (strata - 1))
        factor[places[r]] = 0.0
        return np.asarray(base * factor[first.unit])

    return ReplicateSet(weight, scale, rscales, False, False)


def design_weights(frame: pd.DataFrame, design: SurveyDesign) -> pd.Series[Any]:
    """The weight of every row after all calibration, named `weight`, on the frame's index. R: weights(design)."""
    return pd.Series(resolve(frame, design).weight, index=frame.index, name="weight")


def _distinct(thing: Codes, code: Codes, things: int, count: int) -> Floats:
    """How many different things fall in each group."""
    if count == 1:
        return np.array([float(np.bincount(thing[code == 0], minlength=1).astype(bool).sum())])
    key = thing * (count + 1) + code
    size = things * (count + 1)
    if size <= max(4 * len(code), 1 << 20):
        return np.asarray((np.bincount(key, minlength=size).reshape(things, count + 1) > 0).sum(0)[:count], dtype=float)
    return np.bincount(np.unique(key) % (count + 1), minlength=count + 1)[:count].astype(float)
