"""Change since the wave before: of the same people, and of estimates whose samples overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.domains import (
    Codes,
    Floats,
    Names,
    domains,
    filled,
    level_codes,
    names,
    require,
    sums,
)
from bangfu_analysis.analysis.flows import transitions
from bangfu_analysis.analysis.intervals import around, t_value, two_sided_p
from bangfu_analysis.errors import ArgumentError, listed
from bangfu_analysis.survey.association import mcnemar
from bangfu_analysis.survey.design import Sample, SurveyDesign, resolve
from bangfu_analysis.survey.estimate import first, per, spread
from bangfu_analysis.survey.variance import covariance, replicate_covariance


def panel_change(
    workers: pd.DataFrame, variable: str, code: Any, *, correct: bool = True, level: float = 0.95
) -> pd.DataFrame:
    """Among people who are in a wave and the one before: the change in the share with `variable` == `code`;
    one row a wave.

    base_n people with both answers; gained_n came to the code, lost_n left it; share_before, share, estimate
    (their difference), ci_low and ci_high (Wald for paired shares), statistic and p_value of McNemar. Of a
    roster, which is a census of those on file, the test speaks of a super-population. NotComparable as in
    `transitions`. R: mcnemar.test(x, correct=).
    """
    table = transitions(workers, variable)
    was, now = table[f"{variable}_before"].eq(code), table[variable].eq(code)
    if not (was | now).any():
        raise ArgumentError.naming("code", code, list(map(str, table[variable].cat.categories)))
    rows = []
    for (before, wave), part in table.assign(was=was, now=now).groupby(["wave_before", "wave"], observed=True):
        counts = part.groupby(["was", "now"])["n"].sum()
        square = np.array([[float(counts.get((a, b), 0)) for b in (True, False)] for a in (True, False)])
        n, lost, gained = square.sum(), square[0, 1], square[1, 0]
        change, root = (gained - lost) / n, np.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0)) / n
        half = float(t_value(np.inf, level)) * root
        rows.append({
            "wave_before": before, "wave": wave, "base_n": int(n), "gained_n": int(gained), "lost_n": int(lost),
            "share_before": square[0].sum() / n, "share": square[:, 0].sum() / n, "estimate": change, "se": root,
            "ci_low": change - half, "ci_high": change + half,
            **mcnemar(square, correct=correct).loc[0, ["statistic", "p_value"]],
        })  # fmt: skip
    return pd.DataFrame(rows)


def estimate_change(
    frame: pd.DataFrame,
    variable: str,
    *,
    design: SurveyDesign | None,
    over: str = "wave",
    by: Names = None,
    where: Any = None,
    overlap: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """The change of a mean, or of every level's share, since the wave before, with the covariance of waves
    that overlap.

    `frame`: the waves stacked. Numeric variables give means, others a row per level. `design` names the units
    that the waves share (the person, or the cluster it is drawn in) as clusters; `overlap=False`: samples
    drawn anew each wave, independent of each other. Without a design (None) the waves are full rosters: the
    change is one of a census, it has no sampling error, and `basis` says census instead of sample.

    Returns `by`, the level's column, wave_before, wave, n_before, n (rows with a value), estimate, se,
    ci_low, ci_high, df (of the design less one), statistic, p_value, correlation of the two estimates, basis.
    R: svycontrast(svyby(..., covmat=TRUE), ...).

    >>> panel = pd.DataFrame({"wave": ["1"] * 3 + ["2"] * 3, "person": [1, 2, 3] * 2, "income": [100, 200, 300, 120, 210, 330]})
    >>> found = estimate_change(panel, "income", design=SurveyDesign(cluster="person"))
    >>> found[["estimate", "se", "correlation", "basis"]].round(2)
       estimate    se  correlation   basis
    0      20.0  5.77          1.0  sample
    """
    require(frame, [over, variable], where="estimate_change")
    drawn, used = (frame, design) if overlap or design is None else _apart(frame, design, over)
    sample, groups = resolve(drawn, used or SurveyDesign()), domains(frame, by, where)
    codes, waves = level_codes(frame[over])
    if (codes >= 0).sum() == 0 or len(waves) < 2:
        raise ArgumentError(f"estimate_change：{over} 要至少两个批次，现有：{listed(map(str, waves)) or '无'}。")
    parts = []
    for g in range(groups.count):
        for label, y, known in _values(frame, variable):
            used_rows = np.where(known & (groups.code == g) & (codes >= 0), codes, len(waves))
            part = _changes(sample, y, used_rows, list(waves), level, census=design is None)
            named = groups.levels.iloc[[g] * len(part)].reset_index(drop=True)
            parts.append(pd.concat([named, part.assign(**label)], axis=1))
    every = pd.concat(parts, ignore_index=True)
    return first(every, [*names(by), *every.columns.intersection([variable])])


def _apart(frame: pd.DataFrame, design: SurveyDesign, over: str) -> tuple[pd.DataFrame, SurveyDesign]:
    """The design with every wave in strata of its own."""
    strata = names(design.strata)
    own = frame[[over, *strata[:1]]].astype(str).agg("|".join, axis=1)
    return frame.assign(_own=own), replace(design, strata=["_own", *strata[1:]], nest=True)


def _values(frame: pd.DataFrame, variable: str) -> Iterator[tuple[dict[str, Any], Floats, Any]]:
    column = frame[variable]
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        yield {}, *filled(frame, variable)
        return
    codes, levels = level_codes(column)
    for k, code in enumerate(levels):
        yield {variable: code}, (codes == k).astype(float), codes >= 0


def _changes(sample: Sample, y: Floats, code: Codes, waves: list[Any], level: float, *, census: bool) -> pd.DataFrame:
    count = len(waves)

    def means(weight: Floats) -> Floats:
        return per(sums(code, count, weight * y), sums(code, count, weight))

    mean, n = means(sample.weight), sums(sample.live(code, count), count).astype("int64")
    found = pd.DataFrame({"wave_before": waves[:-1], "wave": waves[1:], "n_before": n[:-1], "n": n[1:]})
    found = found.assign(estimate=np.diff(mean))
    if census:
        empty = dict.fromkeys(["se", "ci_low", "ci_high", "df", "statistic", "p_value", "correlation"], np.nan)
        return found.assign(**empty, basis="census")
    v = _covariance(sample, y, code, mean, means)
    se = np.sqrt(np.maximum(v.diagonal()[1:] + v.diagonal()[:-1] - 2 * v.diagonal(1), 0))
    df = sample.degrees(np.where(code < count, 0, 1), 1)[0] - 1
    low, high = around(np.diff(mean), se, df, level)
    root, t = np.sqrt(v.diagonal()), per(np.diff(mean), se)
    tested = found.assign(se=se, ci_low=low, ci_high=high, df=df, statistic=t, p_value=two_sided_p(t, df))
    return tested.assign(correlation=per(v.diagonal(1), root[1:] * root[:-1]), basis="sample")


def _covariance(sample: Sample, y: Floats, code: Codes, mean: Floats, means: Any) -> Floats:
    """Covariance matrix of the waves' means: linearised, or over the replicates."""
    count = len(mean)
    if sample.replicates is not None:
        return replicate_covariance(sample.replicates, means, mean)
    z = sample.weight * spread(per(np.ones(count), sums(code, count, sample.weight)), code) * (y - spread(mean, code))
    return covariance(sample, [np.where(code == k, z, 0.0) for k in range(count)], code < count)
