"""How a sample was drawn: weights, strata, clusters by stage, finite populations, replicates.

`SurveyDesign` names columns and holds no data; `resolve` lays it over a frame. Same meaning as svydesign and
svrepdesign of R's survey package (Lumley 2004, J. Stat. Software 9(8)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import ROWS, Floats, Names, names
from bangfu_analysis.analysis.domains import Domains, ends, in_one, no_replicates, numbers, require, sums
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.calibration import Calibration, Projection, Step
from bangfu_analysis.survey.replicates import Replicates, ReplicateSet, given, jackknife, jackknife_rank
from bangfu_analysis.survey.stages import Stage, stages_of

LONELY = ("fail", "adjust", "remove", "certainty", "average")


@dataclass(frozen=True)
class SurveyDesign:
    """The columns that say how the sample was drawn.

    weight: sampling weight; without it, the product of N/n over the stages if `fpc` is given, else 1.
    strata: stratum (a list: one a stage). cluster: primary units, or a list, one a stage; without it a row is
    a unit. fpc: population size or sampling fraction of the row's stratum, one a stage; variance goes beyond
    the first stage only with it. replicates: "JK1" or "JKn" (made from the design), `Replicates`, or plain
    column names (bootstrap scale). lonely_psu: what a stratum with one unit does (fail, adjust, remove,
    certainty, average). nest: cluster ids repeat between strata. `steps` and `sealed` are set by `rake`,
    `post_stratify`, `trim`.

    R: svydesign(id=~cluster, strata=~strata, weights=~weight, fpc=~fpc, nest=nest),
    options(survey.lonely.psu=...).

    >>> SurveyDesign(weight="weight", strata="district", cluster="unit", fpc="unit_total").columns()
    ['weight', 'district', 'unit', 'unit_total']
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
        one_of("lonely_psu", self.lonely_psu, LONELY)
        if isinstance(self.replicates, str) and self.replicates not in ("JK1", "JKn"):
            options = ("JK1", "JKn", "列名列表", "Replicates(...)")
            raise ArgumentError.naming("replicates", self.replicates, options)

    def columns(self) -> list[str]:
        """Every column the design names."""
        columns = [*names(self.weight), *names(self.strata), *names(self.cluster), *names(self.fpc)]
        return columns if self.given is None else [*columns, *self.given.columns]

    @property
    def given(self) -> Replicates | None:
        """The replicates that are columns."""
        if self.replicates is None or isinstance(self.replicates, str | Replicates):
            return self.replicates if isinstance(self.replicates, Replicates) else None
        return Replicates(names(self.replicates))


@dataclass(frozen=True)
class Sample:
    """A design laid over a frame: all in arrays, row by row."""

    weight: Floats
    whole: bool  # no row has weight 0
    stages: tuple[Stage, ...]
    projections: tuple[Projection, ...]
    replicates: ReplicateSet | None
    lonely_psu: str
    cells: pd.DataFrame | None = None  # of a cube: n (rows), live (of a weight above 0), squares (of weights)

    @property
    def keeps_rows(self) -> bool:
        """A subset keeps its other rows at weight 0, and R counts them as rows (after calibration)."""
        return bool(self.projections) and self.replicates is None

    def live(self, groups: Domains) -> Domains:
        """The groups without the rows of weight 0."""
        return groups if self.whole else groups.only(self.weight > 0)

    def people(self, groups: Domains, *, live: bool = True) -> Floats:
        """How many rows (with a weight above 0, where `live`) each group has."""
        if self.cells is None:
            return (self.live(groups) if live else groups).sizes
        return sums(groups.code, groups.count, self.cells["live" if live else "n"].to_numpy(dtype=float))

    def degrees(self, groups: Domains | None = None) -> Floats:
        """Degrees of freedom of each group: units less strata with a positive weight (replicates: rank less
        one).

        R: degf(design), or degf(subset(design, ...)) for groups.
        """
        first = self.stages[0]
        if groups is None:
            if self.replicates is None and self.whole:
                return np.array([float(first.taken.sum() - len(first.taken))])
            groups = in_one(self.weight > 0)
        code, count, width = self.live(groups).code, groups.count, groups.count + 1
        if self.replicates is not None and self.replicates.given:
            return np.array([self.replicates.rank(code == c) - 1.0 for c in range(count)])
        pairs = pd.unique(first.unit * width + code)
        key = first.stratum[pairs // width] * width + pairs % width
        several = first.held is not None and self.cells is not None  # a cell has several units
        rows = self.cells["live"].to_numpy()[pairs // width] if several else None  # type: ignore[index]
        present = np.bincount(key, rows, len(first.taken) * width).reshape(-1, width)[:, :count]
        if self.replicates is None:
            return np.asarray((present - (present > 0)).sum(0), dtype=float)
        return jackknife_rank(first, present, self.lonely_psu) - 1.0


def resolve(frame: pd.DataFrame, design: SurveyDesign, *, cubes: bool = False) -> Sample:
    """Lay a design over a frame (or over a cube, where `cubes` are taken): check it, and turn it into arrays.

    Raises `ColumnMissing` for absent columns and `ArgumentError` for missing or negative weights, missing
    strata or clusters, clusters that cross strata, and finite populations smaller than the sample.
    """
    require(frame, design.columns(), where="SurveyDesign", cubes=cubes)
    if ROWS in frame:
        no_replicates(design)
    if frame.empty:
        raise ArgumentError("数据框没有任何行，无法估计。")
    stages = stages_of(frame, design.strata, design.cluster, design.fpc, design.nest)
    base, least = _weights(frame, design, stages)
    sealed = design.sealed
    if sealed is not None and not np.allclose(sealed, (len(frame), base.sum()), rtol=1e-9, atol=0):
        raise ArgumentError(
            "校准过的设计只能用于校准时的那张表（行数或权数总和变了）。子群请用 by 或 where，不要先筛选。"
        )
    calibration = Calibration(design.steps, frame, base)
    weight, projections = calibration.apply(base)
    replicates, cells = _replicates(frame, design, base, stages[0], calibration), None
    whole = bool((weight.min() if design.steps else least) > 0)
    if ROWS in frame:
        cells = _cells(frame, design, weight)
        weight = weight * cells["n"].to_numpy() if design.weight is None else weight
        whole = bool(cells["n"].eq(cells["live"]).all())
    return Sample(weight, whole, stages, projections, replicates, design.lonely_psu, cells)


def _cells(frame: pd.DataFrame, design: SurveyDesign, weight: Floats) -> pd.DataFrame:
    """What a sample has to know of the cells of a cube; without a column of weights its rows are alike."""
    n = frame[ROWS]
    if design.weight is None:
        return pd.DataFrame({"n": n, "live": n, "squares": n * weight**2, "each": weight})
    require(frame, [live := f"{design.weight}.n"], where="SurveyDesign", cubes=True)
    squares = frame.get(f"{design.weight}.squared")
    if squares is None and not names(design.cluster):
        raise ArgumentError("这个汇总（cells）按有抽样单元（cluster）的设计做成，不能用于没有的。请重做。")
    return pd.DataFrame({"n": n, "live": frame[live], "squares": squares, "each": 1.0})


def _weights(frame: pd.DataFrame, design: SurveyDesign, stages: tuple[Stage, ...]) -> tuple[Floats, float]:
    """The weights before calibration, and the least of them."""
    if design.weight is None:
        ratio = np.ones(len(frame))
        for stage in stages if design.fpc else ():
            ratio = ratio * (stage.population / stage.taken)[stage.stratum[stage.unit]]
        return ratio, 1.0
    weight = numbers(frame, design.weight)
    low, high = ends(weight)
    if not np.isfinite([low, high]).all():
        bad = int((~np.isfinite(weight)).sum())
        raise ArgumentError(f"权数列 {design.weight} 有 {bad} 行缺失或无穷。请补齐；不在样本中的行写 0。")
    if high == 0:
        raise ArgumentError(f"权数列 {design.weight} 全是 0，没有一行有可用的取值。请核对权数。")
    if low < 0:
        bad = int((weight < 0).sum())
        raise ArgumentError(f"权数列 {design.weight} 有 {bad} 行为负数，权数应不小于 0。请更正。")
    return weight, low


def _replicates(
    frame: pd.DataFrame, design: SurveyDesign, base: Floats, first: Stage, calibration: Calibration
) -> ReplicateSet | None:
    if design.replicates is None:
        return None
    if design.given is not None:
        made = given(frame, design.given, base)
    else:
        made = jackknife(str(design.replicates), base, first, design.lonely_psu)
    return replace(made, weight=lambda r: calibration.apply(made.weight(r))[0]) if design.steps else made


def seal(frame: pd.DataFrame, design: SurveyDesign, step: Step) -> SurveyDesign:
    """The design with one more calibration step, tied to this frame by its row count and total weight."""
    base = resolve(frame, replace(design, steps=(), sealed=None, replicates=None)).weight
    calibrated = replace(design, steps=(*design.steps, step), sealed=(len(frame), float(base.sum())))
    resolve(frame, replace(calibrated, replicates=None))
    return calibrated


def design_weights(frame: pd.DataFrame, design: SurveyDesign) -> pd.Series[Any]:
    """The weight of every row after all calibration, named `weight`, on the frame's index. R:
    weights(design)."""
    weight = resolve(frame, replace(design, replicates=None)).weight
    return pd.Series(weight, index=frame.index, name="weight")
