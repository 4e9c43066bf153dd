"""Making the sample add up to known totals, and saying what that did.

The verbs return a design for the same frame; the frame is not touched. The design carries the totals, so that
every estimate made with it has the calibration in its standard error (residuals, as R's svyrecvar).
`design_weights` gives the weights themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Names, names
from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError, listed
from bangfu_analysis.survey.calibration import Calibrate, Trim, margin_of
from bangfu_analysis.survey.design import SurveyDesign, design_weights, seal


def post_stratify(frame: pd.DataFrame, design: SurveyDesign, cells: Any) -> SurveyDesign:
    """The design with weights scaled to the totals of `cells`. R: postStratify(design, ~columns, population).

    cells: {column: {level: total}}, a Series whose index names are columns, or a frame of columns and `n`.

    >>> people = pd.DataFrame({"sex": ["f", "m", "m"]})
    >>> design_weights(people, post_stratify(people, SurveyDesign(), {"sex": {"f": 40, "m": 60}})).tolist()
    [40.0, 30.0, 30.0]
    """
    return seal(frame, design, Calibrate((margin_of(cells),)))


def rake(
    frame: pd.DataFrame, design: SurveyDesign, margins: Any, *, tolerance: float = 1e-12
) -> SurveyDesign:
    """The design with weights raked to several margins (Deming and Stephan 1940, Ann. Math. Stat. 11).

    margins: {column: {level: total}, ...}, or a list of what `post_stratify` takes. Stops when the joint
    table moves by less than `tolerance` (below 1: as a part of the total weight). R: rake(design, ...), whose
    own default stops early, at control=list(epsilon=1): `tolerance=1` gives its numbers.

    >>> people = pd.DataFrame({"sex": ["f", "f", "m", "m"], "old": [0, 1, 0, 1]})
    >>> design = rake(people, SurveyDesign(), {"sex": {"f": 40, "m": 60}, "old": {0: 50, 1: 50}})
    >>> design_weights(people, design).tolist()
    [20.0, 20.0, 30.0, 30.0]
    """
    several = [{k: v} for k, v in margins.items()] if isinstance(margins, Mapping) else margins
    targets = tuple(margin_of(margin) for margin in several)
    totals = [sum(margin.totals) for margin in targets]
    if not np.allclose(totals, totals[0], rtol=1e-6):
        raise ArgumentError(
            f"各边际的合计不相等：{'、'.join(f'{t:g}' for t in totals)}。请使各边际加起来是同一个总数。"
        )
    return seal(frame, design, Calibrate(targets, tolerance))


def trim(
    frame: pd.DataFrame, design: SurveyDesign, *, lower: float = 0.0, upper: float = np.inf,
    strict: bool = True,
) -> SurveyDesign:
    """The design with weights cut to the limits and what is cut spread evenly; `strict`: until all are
    inside.

    R: trimWeights(design, upper=, lower=, strict=).
    """
    if not 0 <= lower < upper:
        raise ArgumentError(f"权数下限 {lower} 应不小于 0 且小于上限 {upper}。")
    return seal(frame, design, Trim(lower, upper, strict))


def standardize(
    frame: pd.DataFrame, design: SurveyDesign, by: Names, over: Names, population: Any
) -> SurveyDesign:
    """The design with the mix of `by` set to `population` inside each group of `over`; then estimate by
    `over`.

    population: shares or counts of the cells of `by`, as `post_stratify` takes; cells that a group has nobody
    in are left out. R: svystandardize(design, by=, over=, population=).
    """
    inner, outer = names(by), names(over)
    require(frame, [*inner, *outer], where="standardize")
    mix = margin_of(population)
    if list(mix.columns) != inner:
        raise ArgumentError(f"population 的列是 {'、'.join(mix.columns)}，应与 by 相同：{'、'.join(inner)}。")
    share = dict(zip(mix.cells, np.divide(mix.totals, sum(mix.totals)), strict=True))
    people = frame[inner + outer].astype(object).assign(n=design_weights(frame, design))
    cells = people.groupby(inner + outer, as_index=False)["n"].sum().query("n > 0")
    if cells.empty:
        raise ArgumentError(f"列 {listed([*inner, *outer])} 没有一行都有取值，无法标准化。请先处理缺失值。")
    part = [share.get(cell, 0.0) for cell in cells[inner].itertuples(index=False, name=None)]
    return post_stratify(frame, design, cells.assign(n=cells.groupby(outer)["n"].transform("sum") * part))


def weighting_report(
    frame: pd.DataFrame, before: SurveyDesign, after: SurveyDesign, margins: Sequence[str] | str
) -> pd.DataFrame:
    """Each level of each margin before and after weighting: variable, level, n, total and share of both, and
    the target.

    `target` is the population total the design was calibrated to, missing where that margin was not a target.

    >>> people = pd.DataFrame({"sex": ["f", "m", "m"]})
    >>> after = post_stratify(people, SurveyDesign(), {"sex": {"f": 40, "m": 60}})
    >>> found = weighting_report(people, SurveyDesign(), after, "sex")
    >>> found[["level", "share_before", "share_after"]].round(2)
      level  share_before  share_after
    0     f          0.33          0.4
    1     m          0.67          0.6
    """
    require(frame, names(margins), where="weighting_report")
    designs = {"before": before, "after": after}
    both = pd.DataFrame({f"total_{when}": design_weights(frame, one) for when, one in designs.items()})
    parts = []
    for column in names(margins):
        if frame[column].isna().all():
            raise ArgumentError(f"列 {column} 没有一行有取值，无从报告。请换一列。")
        groups = both.groupby(frame[column], observed=False)
        part = groups.sum().assign(n=groups.size(), target=_target(after, column))
        shares = {f"share_{when}": part[f"total_{when}"] / part[f"total_{when}"].sum() for when in designs}
        parts.append(part.assign(**shares, variable=column, level=part.index.astype(object)))
    order = ["variable", "level", "n", "total_before", "share_before", "total_after", "share_after", "target"]
    return pd.concat(parts, ignore_index=True)[order]


def _target(design: SurveyDesign, column: str) -> pd.Series[float]:
    """What the levels of a column were last calibrated to."""
    totals = pd.Series(dtype=float)
    for margin in [m for step in design.steps if isinstance(step, Calibrate) for m in step.margins]:
        if column in margin.columns:
            place = margin.columns.index(column)
            totals = pd.Series(margin.totals).groupby([cell[place] for cell in margin.cells]).sum()
    return totals


def weighting_effect(frame: pd.DataFrame, design: SurveyDesign) -> pd.DataFrame:
    """One row on the weights: n, total, least, median, greatest, cv, deff (Kish's 1 + cv^2), effective_n.

    Kish (1965), Survey Sampling. Rows of weight 0 are left out.

    >>> people = pd.DataFrame({"weight": [10, 10, 20]})
    >>> weighting_effect(people, SurveyDesign(weight="weight"))[["n", "deff", "effective_n"]].round(2)
       n  deff  effective_n
    0  3  1.12         2.67
    """
    weight = design_weights(frame, design)
    weight = weight[weight > 0]
    deff = float(len(weight) * (weight**2).sum() / weight.sum() ** 2)
    effect = {"n": len(weight), "total": weight.sum(), "least": weight.min(), "median": weight.median()}
    cv = np.sqrt(max(deff - 1, 0.0))
    effect |= {"greatest": weight.max(), "cv": cv, "deff": deff, "effective_n": len(weight) / deff}
    return pd.DataFrame([effect])
