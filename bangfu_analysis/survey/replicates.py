"""Replicate weights: given as columns, or made by leaving out each primary unit in turn (the jackknife)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats, Truths
from bangfu_analysis.analysis.domains import numbers
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.stages import FULLY_TAKEN, Stage

KINDS = ("bootstrap", "BRR", "Fay", "JK1", "JKn", "other")
RANK_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Replicates:
    """Replicate weights given as columns; arguments as R's svrepdesign.

    `scale` defaults to what `kind` implies (bootstrap 1/(R-1), BRR 1/R, Fay 1/(R(1-rho)^2), JK1 (R-1)/R, else
    1), `rscales` to ones. `combined`: the columns already contain the sampling weight. `mse`: centre at the
    estimate.
    """

    columns: Sequence[str]
    kind: str = "bootstrap"
    scale: float | None = None
    rscales: Sequence[float] | None = None
    rho: float = 0.0
    combined: bool = True
    mse: bool = False

    def scales(self) -> tuple[float, Floats]:
        """The overall scale and one scale a replicate."""
        one_of("kind", self.kind, KINDS)
        count = len(self.columns)
        if self.kind == "JKn" and self.rscales is None:
            raise ArgumentError("给定 JKn 重复权数时必须给出 rscales（每个重复的系数）。")
        rscales = np.ones(count) if self.rscales is None else np.asarray(self.rscales, float)
        if len(rscales) != count or count < 2:
            raise ArgumentError(f"重复权数有 {count} 列，rscales 有 {len(rscales)} 个，应一样多且不少于 2。")
        implied = {"bootstrap": 1 / (count - 1), "BRR": 1 / count, "JK1": (count - 1) / count}
        implied["Fay"] = 1 / (count * (1 - self.rho) ** 2)
        if self.scale is None or self.kind in ("BRR", "Fay"):
            return implied.get(self.kind, 1.0), rscales
        return self.scale, rscales


@dataclass(frozen=True)
class ReplicateSet:
    """Replicate weights: the r-th as a function, so that none need be kept."""

    weight: Callable[[int], Floats]
    scale: float
    rscales: Floats
    mse: bool
    given: Sequence[Floats] = ()  # the columns, where they were given

    def rank(self, rows: Truths) -> int:
        """Rank of the matrix of given weights over some rows. R: degf(svyrep.design) is this less one.

        Weighting to totals scales every replicate otherwise and so raises the rank; that adds no information,
        and the rank is that of the weights as they were given.
        """
        matrix = np.column_stack([column[rows] for column in self.given])
        return int(np.linalg.matrix_rank(np.unique(matrix, axis=0), rtol=RANK_TOLERANCE)) if rows.any() else 0


def given(frame: pd.DataFrame, replicates: Replicates, base: Floats) -> ReplicateSet:
    """The replicates of columns."""
    scale, rscales = replicates.scales()
    columns = [numbers(frame, column) for column in replicates.columns]
    if not all(np.isfinite(column).all() for column in columns):
        raise ArgumentError("重复权数列有缺失。请补齐，或把不在样本中的行写成 0。")
    times = np.ones(len(base)) if replicates.combined else base
    return ReplicateSet(lambda r: columns[r] * times, scale, rscales, replicates.mse, columns)


def jackknife(kind: str, base: Floats, first: Stage, lonely_psu: str) -> ReplicateSet:
    """Each unit left out in turn, with the fpc of the first stage. R: as.svrepdesign(design, type="JK1" or
    "JKn")."""
    strata = len(first.taken)
    if (kind == "JK1") != (strata == 1):
        raise ArgumentError("JK1 用于不分层的设计，JKn 用于分层的设计。请改用另一种。")
    alone = first.lonely[first.stratum]
    if alone.any() and lonely_psu == "fail":
        raise ArgumentError("有的层只有一个抽样单元，无法做刀切。请合并层，或设 lonely_psu='remove' 等。")
    places = np.flatnonzero((first.left >= FULLY_TAKEN)[first.stratum] & (~alone | (lonely_psu == "adjust")))
    layer = first.stratum[places]
    size = first.taken[layer]
    rscales = np.where(size > 1, first.left[layer] * (size - 1) / size, (strata - 1) / strata)
    scale = first.units / len(places) if lonely_psu == "average" and len(places) else 1.0

    def weight(r: int) -> Floats:
        if size[r] > 1:
            factor = np.where(first.stratum == layer[r], size[r] / (size[r] - 1), 1.0)
        else:
            factor = np.full(first.units, strata / (strata - 1))
        factor[places[r]] = 0.0
        return np.asarray(base * factor[first.unit])

    return ReplicateSet(weight, scale, rscales, False)


def jackknife_rank(first: Stage, present: Codes, lonely_psu: str) -> Floats:
    """Rank of the jackknife's weights over the units that each group has in each stratum (`present`: strata x
    groups).

    A stratum whose every unit is in the group gives its contrasts, one in part (or lonely, under "adjust") a
    vector a unit; all share the vector of ones, which is one more unless the units already span it. R:
    qr(weights(design))$rank.
    """
    taken, seen = first.taken[:, None], present > 0
    several = ((first.taken > 1) & (first.left >= FULLY_TAKEN))[:, None]
    alone = first.lonely[:, None] & (lonely_psu == "adjust")
    complete = seen & ~alone & (~several | (present == taken))
    spanned = np.where(several, present - (present == taken), alone & seen)
    return np.asarray(spanned.sum(0) + complete.any(0), dtype=float)
