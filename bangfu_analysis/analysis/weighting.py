"""Making the sample add up to known totals, and saying what that did.

The verbs return a design for the same frame; the frame is not touched. The design carries the totals, so that every
estimate made with it has the calibration in its standard error (residuals, as R's svyrecvar). `design_weights` gives
the weights themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.calibration import Exclude, Margin, PostStratify, Rake, Trim, margin_of
from bangfu_analysis.analysis.design import SurveyDesign, design_weights, seal
from bangfu_analysis.analysis.domains import Names, names, require
from bangfu_analysis.errors import ArgumentError

__all__ = ["design_weights", "post_stratify", "rake", "standardize", "trim", "weighting_effect", "weighting_report"]


def post_stratify(frame: pd.DataFrame, design: SurveyDesign, cells: Any, *, partial: bool = False) -> SurveyDesign:
    """The design with weights scaled to the totals of `cells`.

    cells: {column: {level: total}}, a Series whose index names are columns, or a frame of columns and `n`.
    `partial`: leave out cells that nobody of the sample is in. R: postStratify(design, ~columns, population).
    """
    return seal(frame, design, PostStratify(margin_of(cells), partial))


def rake(
    frame: pd.DataFrame, design: SurveyDesign, margins: Any, *, tolerance: float = 1e-12, cycles: int = 1000
) -> SurveyDesign:
    """The design with weights raked to several margins (Deming and Stephan 1940, Ann. Math. Stat. 11).

    margins: {column: {level: total}, ...}, or a list of what `post_stratify` takes. Stops when the joint table moves
    by less than `tolerance` (below 1: as a part of the total weight). R: rake(design, ...), whose own default stops
    early, at control=list(epsilon=1): `tolerance=1` gives its numbers.
    """
    several = [{k: v} for k, v in margins.items()] if isinstance(margins, Mapping) else list(margins)
    targets = tuple(margin_of(margin) for margin in several)
    totals = [sum(margin.totals) for margin in targets]
    if not np.allclose(totals, totals[0], rtol=1e-6):
        raise ArgumentError(
            f"各边际的合计不相等：{'、'.join(f'{t:g}' for t in totals)}。请使各边际加起来是同一个总数。"
        )
    return seal(frame, design, Rake(targets, tolerance, cycles))


def trim(
    frame: pd.DataFrame, design: SurveyDesign, *, lower: float = 0.0, upper: float = np.inf, strict: bool = True
) -> SurveyDesign:
    """The design with weights cut to the limits and what is cut spread evenly; `strict` until all are inside.

    R: trimWeights(design, upper=, lower=, strict=).
    """
    if not 0 <= lower < upper:
        raise ArgumentError(f"权数下限 {lower} 应不小于 0 且小于上限 {upper}。")
    return seal(frame, design, Trim(lower, upper, strict))


def standardize(
    frame: pd.DataFrame,
    design: SurveyDesign,
    by: Names,
    over: Names,
    population: Any,
    *,
    excluding_missing: Names = None,
) -> SurveyDesign:
    """The design with the mix of `by` set to `population` inside each group of `over`; then estimate by `over`.

    population: shares or counts of the cells of `by`, as `post_stratify` takes. excluding_missing: columns whose
    missing rows weigh nothing. R: svystandardize(design, by=, over=, population=, excluding.missing=).
    """
    require(frame, [*names(by), *names(over)], where="standardize")
    if excluding_missing:
        design = seal(frame, design, Exclude(tuple(names(excluding_missing))))
    mix = margin_of(population)
    if list(mix.columns) != names(by):
        raise ArgumentError(f"population 的列是 {'、'.join(mix.columns)}，应与 by 相同：{'、'.join(names(by))}。")
    weight = design_weights(frame, design)
    sizes = weight.groupby([frame[c] for c in names(over)], observed=True).sum()
    cells = [
        ((*cell, *(group if isinstance(group, tuple) else (group,))), float(share / sum(mix.totals) * size))
        for cell, share in zip(mix.cells, mix.totals, strict=True)
        for group, size in sizes.items()
    ]
    target = Margin((*mix.columns, *names(over)), tuple(c for c, _ in cells), tuple(t for _, t in cells))
    return seal(frame, design, PostStratify(target, partial=True))


def weighting_report(
    frame: pd.DataFrame, before: SurveyDesign, after: SurveyDesign, margins: Sequence[str] | str
) -> pd.DataFrame:
    """Each level of each margin before and after weighting: variable, level, n, total and share of both, and the target.

    `target` is the population total the design was calibrated to, missing where that margin was not a target.
    """
    require(frame, names(margins), where="weighting_report")
    targets = _targets(after)
    both = pd.DataFrame({"total_before": design_weights(frame, before), "total_after": design_weights(frame, after)})
    parts = []
    for column in names(margins):
        sums = both.groupby(frame[column], observed=False).agg(["sum", "size"])
        part = pd.DataFrame({"n": sums[("total_before", "size")], **{c: sums[(c, "sum")] for c in both}})
        shares = {f"share_{when}": part[f"total_{when}"] / part[f"total_{when}"].sum() for when in ("before", "after")}
        level = part.index.astype(object)
        target = [targets.get((column, value), np.nan) for value in level]
        parts.append(part.assign(**shares, variable=column, level=level, target=target))
    order = ["variable", "level", "n", "total_before", "share_before", "total_after", "share_after", "target"]
    return pd.concat(parts, ignore_index=True)[order]


def _targets(design: SurveyDesign) -> dict[tuple[str, object], float]:
    found: dict[tuple[str, object], float] = {}
    for step in design.steps:
        several = step.margins if isinstance(step, Rake) else (step.margin,) if isinstance(step, PostStratify) else ()
        for margin in several:
            for i, column in enumerate(margin.columns):
                totals = pd.Series(margin.totals).groupby([cell[i] for cell in margin.cells]).sum()
                found |= {(column, value): float(total) for value, total in totals.items()}
    return found


def weighting_effect(frame: pd.DataFrame, design: SurveyDesign) -> pd.DataFrame:
    """One row on the weights: n, total, least, median, greatest, cv, deff (Kish's 1 + cv^2), effective_n.

    Kish (1965), Survey Sampling. Rows of weight 0 are left out.
    """
    weight = design_weights(frame, design)
    weight = weight[weight > 0]
    deff = float(len(weight) * (weight**2).sum() / weight.sum() ** 2)
    found = {"n": len(weight), "total": weight.sum(), "least": weight.min(), "median": weight.median()}
    cv = np.sqrt(max(deff - 1, 0.0))
    return pd.DataFrame([found | {"greatest": weight.max(), "cv": cv, "deff": deff, "effective_n": len(weight) / deff}])
