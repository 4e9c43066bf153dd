"""Weighted tables: k ways, with margins; several variables on one axis; multiple response; marks of
reliability.

The weighted sister of `tabulate`: the same vocabulary, with standard errors. Unweighted n stands beside every
figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Floats, Names, Truths, Where, names
from bangfu_analysis.analysis.domains import Domains, domains, numbers, require, sums
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.survey.design import Sample, SurveyDesign, resolve
from bangfu_analysis.survey.estimate import estimate_share, fit_ratio, fit_total, grouped, lead, shares, table

BASES = ("persons", "answers")


def estimate_table(
    frame: pd.DataFrame, by: Names, *, design: SurveyDesign, within: Names = None, where: Where = None,
    margins: bool = False, level: float = 0.95, ci: str = "logit",
) -> pd.DataFrame:
    """Every cell of `by`, as a share of its group of `within` (None: of the table), and as a weighted total.

    Row percentages: within the row variable; column percentages: within the column variable. share, se,
    ci_low, ci_high, df and deff speak of the share; `total` and `total_se` of the number of people. With
    `margins` the sums over each subset of `by` follow, with missing in the columns summed over and True in
    `margin`; the base is the same (rows with a value in all of `by`). R: svyby(~interaction(...), ~within,
    svymean), svytable, svytotal.

    >>> people = pd.DataFrame({"sex": ["f", "f", "f", "m"], "ill": ["no", "yes", "yes", "no"]})
    >>> people = people.assign(weight=[10, 20, 10, 10])
    >>> found = estimate_table(people, ["sex", "ill"], within="sex", design=SurveyDesign(weight="weight"))
    >>> found[["sex", "ill", "n", "base_n", "share", "total"]]
      sex  ill  n  base_n  share  total
    0   f   no  1       3   0.25   10.0
    1   f  yes  2       3   0.75   30.0
    2   m   no  1       1   1.00   10.0
    3   m  yes  0       1   0.00    0.0
    """
    groups, cells = names(within), [c for c in names(by) if c not in names(within)]
    require(frame, [*groups, *cells], where="estimate_table")
    if not cells:
        raise ArgumentError("estimate_table：参数 by 除去 within 后是空的。请至少写一列，例如 by='sex'。")
    sample, bases = resolve(frame, design), domains(frame, groups, where)
    answered = frame[cells].notna().all(axis=1).to_numpy()
    cells_table = _cells(frame, sample, bases, cells, answered, level, ci)
    if not margins:
        return lead(cells_table, [*groups, *cells])
    fewer = [list(subset) for k in range(len(cells) - 1, -1, -1) for subset in combinations(cells, k)]
    summed = [_cells(frame, sample, bases, subset, answered, level, ci) for subset in fewer]
    parts = [part.astype(dict.fromkeys(set(cells) & set(part), object)) for part in (cells_table, *summed)]
    every = pd.concat([part.assign(margin=i > 0) for i, part in enumerate(parts)], ignore_index=True)
    # answered numbers stay answered beside missing
    kinds = cells_table[cells].select_dtypes(["category", "str"]).dtypes.to_dict()
    return lead(every.astype(kinds), [*groups, *cells, "margin"])


def _cells(
    frame: pd.DataFrame, sample: Sample, bases: Domains, cells: list[str],
    answered: Truths, level: float, ci: str,
) -> pd.DataFrame:
    inner = domains(frame, cells, answered)
    code = np.where(inner.code < inner.count, inner.code, -1)
    estimates = shares(sample, bases, code, inner.levels, level, ci)
    inside, size = (code >= 0) & (bases.code < bases.count), bases.count * inner.count
    place = np.where(inside, bases.code.astype(np.intp) * inner.count + code, size)
    people = fit_total(sample, np.ones(len(code)), Domains(place, pd.DataFrame(index=range(size))))
    if not cells:  # the answered of each base: a share of 1 by definition, not by sampling
        estimates = estimates.assign(ci_low=estimates["share"], ci_high=estimates["share"])
    return estimates.assign(total=people.estimate, total_se=np.sqrt(people.variance))


def estimate_profile(
    frame: pd.DataFrame, variables: Sequence[str], *, design: SurveyDesign, by: Names = None, **manner: Any
) -> pd.DataFrame:
    """Several variables on one axis: their shares stacked, with columns `variable` and `level` after those of
    `by`.

    `manner`: what `estimate_share` takes (where, level, ci).

    >>> people = pd.DataFrame({"sex": ["f", "f", "m"], "ill": ["no", "yes", "yes"]})
    >>> found = estimate_profile(people, ["sex", "ill"], design=SurveyDesign())
    >>> found[["variable", "level", "share"]].round(2)
      variable level  share
    0      sex     f   0.67
    1      sex     m   0.33
    2      ill    no   0.33
    3      ill   yes   0.67
    """
    parts = []
    for variable in variables:
        part = estimate_share(frame, variable, design=design, by=by, **manner)
        level = part[variable].astype(object)
        parts.append(part.drop(columns=variable).assign(variable=variable, level=level))
    return lead(pd.concat(parts, ignore_index=True), [*names(by), "variable", "level"])


def estimate_multiple(
    frame: pd.DataFrame, columns: Sequence[str], *, design: SurveyDesign, base: str = "persons",
    by: Names = None, where: Where = None, level: float = 0.95,
) -> pd.DataFrame:
    """A multiple-response question held as 0/1 columns: one row per group and option (column `option`).

    base "persons": shares of those who answered, adding up to more than 1; "answers": shares of all ticks. A
    row that lacks a value in any of the columns did not answer. n counts the ticks of the option, unweighted;
    base_n the people or ticks of the base. R: svymean(~a + b + c); svyratio(~a, ~I(a + b + c)).

    >>> answers = pd.DataFrame({"illness": [1, 1, 0], "debt": [1, 0, 0]})
    >>> found = estimate_multiple(answers, ["illness", "debt"], design=SurveyDesign(), base="answers")
    >>> found[["option", "n", "base_n", "share"]].round(2)
        option  n  base_n  share
    0  illness  2       3   0.67
    1     debt  1       3   0.33
    """
    one_of("base", base, BASES)
    ticks = np.column_stack([numbers(frame, column) for column in columns])
    if not np.isin(ticks[~np.isnan(ticks)], (0, 1)).all():
        raise ArgumentError(f"多选题的列 {'、'.join(columns)} 应只有 0 和 1（或缺失）。")
    sample, groups = resolve(frame, design), domains(frame, by, where)
    answered: Truths = np.asarray(~np.isnan(ticks).any(axis=1))
    ticks = np.nan_to_num(ticks)
    bottom = ticks.sum(axis=1) if base == "answers" else np.ones(len(frame))
    used, count = groups.only(answered), groups.count
    live = sample.live(used).code
    base_n = sums(live, count, bottom).astype("int64")
    parts = []
    for column, tick in zip(columns, ticks.T, strict=True):
        fitted = fit_ratio(sample, tick, bottom, used)
        part = table(sample, groups, fitted, sample.degrees(), level)
        part = part.assign(option=column, share=fitted.estimate)
        parts.append(part.assign(n=sums(live, count, tick).astype("int64"), base_n=base_n))
    return grouped(parts, [*groups.levels, "option", "n", "base_n", "left_out_n", "share"])


@dataclass(frozen=True)
class Rule:
    """A mark for figures: `when` is an expression of the columns of a result frame, with n_effective, cv and
    width."""

    mark: str
    when: str
    why: str


# Parker et al. (2017), NCHS data presentation standards for proportions, Vital Health Stat 2(175).
NCHS_SHARES = (
    Rule("suppress", "base_n < 30 or n_effective < 30", "基数或有效样本不足 30"),
    Rule("suppress", "width >= 0.3", "置信区间宽度不小于 30 个百分点"),
    Rule("suppress", "width > 0.05 and width > 1.3 * estimate", "置信区间相对宽度超过 130%"),
    Rule("review", "df < 8", "自由度不足 8"),
    Rule("review", "estimate <= 0 or estimate >= 1", "比例为 0 或 1"),
)
# Means and totals: the usual limits on the relative standard error.
RELATIVE_ERROR = (
    Rule("suppress", "n < 10 or cv > 0.5", "不足 10 人或相对标准误超过 50%"),
    Rule("review", "n < 30 or cv > 0.3", "不足 30 人或相对标准误超过 30%"),
)


def reliability(table: pd.DataFrame, rules: Sequence[Rule] = NCHS_SHARES) -> pd.DataFrame:
    """The table with `cv`, `width`, `reliability` (the mark of the first rule met, else "present") and
    `reliability_why`.

    >>> people = pd.DataFrame({"sex": ["f", "m"] * 10})
    >>> found = reliability(estimate_share(people, "sex", design=SurveyDesign()))
    >>> found[["sex", "share", "reliability", "reliability_why"]]
      sex  share reliability reliability_why
    0   f    0.5    suppress    基数或有效样本不足 30
    1   m    0.5    suppress    基数或有效样本不足 30
    """
    size: Floats = table["base_n"].to_numpy(dtype=float)
    estimate, se = table["estimate"].to_numpy(dtype=float), table["se"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = se / np.abs(estimate)
        spread = estimate * (1 - estimate)
        effective = np.where((spread > 0) & (se > 0), np.minimum(spread / se**2, size), size)
    width = table["ci_high"] - table["ci_low"]
    scored = table.assign(cv=cv, width=width, n_effective=effective)
    met = [np.asarray(scored.eval(rule.when, engine="python"), dtype=bool) for rule in rules]
    mark = np.select(met, [rule.mark for rule in rules], "present")
    why = np.select(met, [rule.why for rule in rules], "")
    return scored.drop(columns="n_effective").assign(reliability=mark, reliability_why=why)
