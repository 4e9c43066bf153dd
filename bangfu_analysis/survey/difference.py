"""Differences of means under a design: between groups, between waves that overlap, and of the same people.

R: svycontrast(svyby(..., covmat=TRUE), ...), svyttest; mcnemar.test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats, Names, Truths, Where, names
from bangfu_analysis.analysis.domains import Domains, domains, filled, in_one, level_codes, require, sums
from bangfu_analysis.analysis.flows import transitions
from bangfu_analysis.analysis.intervals import t_value, tested
from bangfu_analysis.errors import ArgumentError, listed, one_of
from bangfu_analysis.survey.association import mcnemar
from bangfu_analysis.survey.design import Sample, SurveyDesign, resolve
from bangfu_analysis.survey.estimate import per, spread
from bangfu_analysis.survey.variance import estimate_and_covariance

Value = tuple[dict[str, Any], Floats, Truths]  # what names it, the value of each row, where it is known


def estimate_difference(
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign, between: str, reference: Any = None,
    by: Names = None, where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """Mean of each group of `between` less that of the reference (default: its first level), with t and its
    p-value.

    The covariance of the groups is in the standard error, so it holds for overlapping waves too (stack the
    waves and name the person as cluster). Columns: `by`, between, reference, n, base_n, left_out_n, then as
    `estimate_mean`, statistic, p_value; df is that of the group's rows less one. ArgumentError where nobody
    is in the reference. R: svycontrast(svyby(covmat=TRUE)); svyttest(variable ~ between, subset(design,
    ...)).

    >>> people = pd.DataFrame({"sex": ["f", "f", "m", "m"], "income": [200, 300, 260, 300]})
    >>> found = estimate_difference(people, "income", design=SurveyDesign(), between="sex")
    >>> found[["sex", "reference", "estimate", "p_value"]].round(2)
      sex reference  estimate  p_value
    0   m         f      30.0     0.57
    """
    sample, groups = resolve(frame, design), domains(frame, by, where)
    y, answered = filled(frame, variable)
    require(frame, [between], where="estimate_difference")
    codes, levels = level_codes(frame[between])
    if not len(levels):
        raise ArgumentError(f"分组列 {between} 没有一行有取值，无从比较。请换一列。")
    one_of("reference", reference := levels[0] if reference is None else reference, levels)
    base = levels.tolist().index(reference)
    if not (groups.only(answered & (codes == base))).sizes.any():
        raise ArgumentError(
            f"参照组 {between} = {reference} 没有一行有 {variable} 的取值（共 {(codes == base).sum()} 行），"
            "无从比较。请换一个 reference。"
        )
    others = np.delete(np.arange(len(levels)), base)
    pairs = (others, np.full(len(others), base))
    table = _compared(sample, groups, [({}, y, answered)], codes, len(levels), pairs, level)
    size, n = sample.people(groups).astype("int64").repeat(len(others)), table["every_n"]
    keys = {between: levels.take(np.tile(others, groups.count)), "reference": reference}
    table = table.assign(**keys, n=n, base_n=n, left_out_n=size - n, deff=np.nan)
    counts = ["n", "base_n", "left_out_n"]
    return table[[*groups.levels, between, "reference", *counts, *TESTED, "deff"]]


TESTED = ["estimate", "se", "ci_low", "ci_high", "df", "statistic", "p_value"]


def estimate_change(
    frame: pd.DataFrame, variable: str, *, design: SurveyDesign | None, over: str = "wave",
    by: Names = None, where: Where = None, overlap: bool = True, level: float = 0.95,
) -> pd.DataFrame:
    """The change of a mean, or of every level's share, since the wave before, with the covariance of waves
    that overlap.

    `frame`: the waves stacked. Numeric variables give means, others a row per level. `design` names the units
    that the waves share (the person, or the cluster it is drawn in) as clusters; `overlap=False`: samples
    drawn anew each wave, independent of each other. Without a design (None) the waves are full rosters: the
    change is one of a census, it has no sampling error, and `basis` says census instead of sample.

    Returns `by`, the level's column, wave_before, wave, n_before, n (rows with a value), estimate, se,
    ci_low, ci_high, df (of the design less one), statistic, p_value, correlation of the two estimates, basis.

    >>> panel = pd.DataFrame({"wave": ["1"] * 3 + ["2"] * 3, "person": [1, 2, 3] * 2})
    >>> panel = panel.assign(income=[100, 200, 300, 120, 210, 330])
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
        raise ArgumentError(
            f"estimate_change：{over} 要至少两个批次，现有：{listed(map(str, waves)) or '无'}。"
        )
    pairs = (np.arange(1, len(waves)), np.arange(len(waves) - 1))
    table = _compared(sample, groups, list(_values(frame, variable)), codes, len(waves), pairs, level)
    times, basis = len(table) // (len(waves) - 1), "sample" if design else "census"
    table = table.assign(wave_before=np.tile(waves[:-1], times), wave=np.tile(waves[1:], times), basis=basis)
    if design is None:
        table = table.assign(**dict.fromkeys([*TESTED[1:], "correlation"], np.nan))
    columns = [*names(by), *table.columns.intersection([variable]), "wave_before", "wave", "n_before", "n"]
    return table[[*columns, *TESTED, "correlation", "basis"]]


def _compared(
    sample: Sample, groups: Domains, values: Sequence[Value], codes: Codes, count: int,
    pairs: tuple[Codes, Codes], level: float,
) -> pd.DataFrame:
    """Means of coded rows (-1: in none) less those of others, tested, of each value in each group: a row a
    pair of codes.
    """
    parts = []
    for g in range(groups.count):
        for label, y, known in values:
            rows = np.where(known & (groups.code == g) & (codes >= 0), codes, count)
            part = pd.DataFrame(label | _contrasts(sample, y, rows, count, *pairs, level))
            named = groups.levels.iloc[[g] * len(part)].reset_index(drop=True)
            parts.append(pd.concat([named, part], axis=1))
    return pd.concat(parts, ignore_index=True)


def _contrasts(
    sample: Sample, y: Floats, code: Codes, count: int, later: Codes, earlier: Codes, level: float
) -> dict[str, Any]:
    """Means of groups of rows (code `count`: in none) less those of others, tested; their correlation and
    counts.
    """

    def means(weight: Floats) -> Floats:
        return per(sums(code, count, weight * y), sums(code, count, weight))

    part = spread(per(np.ones(count), sums(code, count, sample.weight)), code)
    z = part * (y - spread(means(sample.weight), code))
    apart = np.where(code[:, None] == np.arange(count), z[:, None], 0.0)
    mean, v = estimate_and_covariance(sample, means, apart, code < count)
    joint, here, there = v[later, earlier], v[later, later], v[earlier, earlier]
    gap, variance = mean[later] - mean[earlier], np.maximum(here + there - 2 * joint, 0)
    df = sample.degrees(in_one(code < count))[0] - 1
    n = sums(code[sample.weight > 0], count).astype("int64")
    result = {"n_before": n[earlier], "n": n[later], "every_n": int(n.sum())}
    result |= tested(gap, np.where(np.isnan(gap), np.nan, np.sqrt(variance)), df, level)
    return result | {"correlation": per(joint, np.sqrt(here * there))}


def _apart(frame: pd.DataFrame, design: SurveyDesign, over: str) -> tuple[pd.DataFrame, SurveyDesign]:
    """The design with every wave in strata of its own."""
    strata = names(design.strata)
    stratum = frame[[over, *strata[:1]]].astype(str).agg("|".join, axis=1)
    return frame.assign(_own=stratum), replace(design, strata=["_own", *strata[1:]], nest=True)


def _values(frame: pd.DataFrame, variable: str) -> Iterator[Value]:
    column = frame[variable]
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        yield {}, *filled(frame, variable)
        return
    codes, levels = level_codes(column)
    if not len(levels):
        raise ArgumentError(f"变量 {variable} 没有一行有取值，没有变化可以估计。请换一列。")
    for k, code in enumerate(levels):
        yield {variable: code}, (codes == k).astype(float), codes >= 0


def panel_change(
    workers: pd.DataFrame, variable: str, code: Any, *, correct: bool = True, level: float = 0.95
) -> pd.DataFrame:
    """Among people who are in a wave and the one before: the change in the share with `variable` == `code`.

    One row a wave: base_n people with both answers; gained_n came to the code, lost_n left it; share_before,
    share, estimate (their difference), ci_low and ci_high (Wald for paired shares), statistic and p_value of
    McNemar. Of a roster, which is a census of those on file, the test speaks of a super-population.
    NotComparable as in `transitions`. R: mcnemar.test(x, correct=).
    """
    table = transitions(workers, variable)
    was, now = table[f"{variable}_before"].eq(code), table[variable].eq(code)
    if not (was | now).any():
        raise ArgumentError.naming("code", code, list(map(str, table[variable].cat.categories)))
    rows = []
    pairs = table.assign(was=was, now=now).groupby(["wave_before", "wave"], observed=True)
    for (before, wave), part in pairs:
        counts = part.groupby(["was", "now"])["n"].sum()
        square = np.array([[float(counts.get((a, b), 0)) for b in (True, False)] for a in (True, False)])
        n, lost, gained = square.sum(), square[0, 1], square[1, 0]
        change, root = (gained - lost) / n, np.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0)) / n
        half = float(t_value(np.inf, level)) * root
        row = {"wave_before": before, "wave": wave, "base_n": int(n), "gained_n": int(gained)}
        row |= {"lost_n": int(lost), "share_before": square[0].sum() / n, "share": square[:, 0].sum() / n}
        row |= {"estimate": change, "se": root, "ci_low": change - half, "ci_high": change + half}
        test = mcnemar(square, correct=correct).iloc[0]
        rows.append(row | {"statistic": test["statistic"], "p_value": test["p_value"]})
    return pd.DataFrame(rows)
