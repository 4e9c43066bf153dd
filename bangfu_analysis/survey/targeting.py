"""Who is in need and who is helped: whom help reaches, whom it passes by, how far it goes, how it falls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Floats, Names, Where
from bangfu_analysis.analysis.domains import domains, names, numbers, require, sums
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import by_group, estimate_ratio
from bangfu_analysis.survey.poverty import Manner, concentration_index, coverage

MEASURES = ("coverage", "leakage", "leakage_amount", "adequacy", "concentration")
CENSUS = SurveyDesign(lonely_psu="remove")
SAMPLED = ["se", "ci_low", "ci_high", "df", "deff"]


def targeting(
    frame: pd.DataFrame,
    need: str,
    helped: str,
    *,
    design: SurveyDesign | None = None,
    by: Names = None,
    where: Where = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """How help falls on need: one row per group of `by` and `measure`.

    `need` and `helped` are columns of yes or no (True and False, or 1 and 0), or of amounts of 0 and more:
    what is lacking and what was given, in one unit (yuan a year, say). Who lacks or got more than 0 is in
    need or helped.

    coverage: share of those in need who are helped (1 - coverage is the error of exclusion). leakage: share
    of those helped who are not in need (the error of inclusion; Cornia and Stewart 1993). leakage_amount:
    share of the amount given that goes to them. adequacy: what those in need got over what they lack; only
    where both are amounts. concentration: the concentration index of help, from the neediest on; below 0
    the needier get more than their share, -1 to 1 (Kakwani, Wagstaff and van Doorslaer 1997). Who is
    missing in either column is in left_out_n alone: where nothing in `helped` means no help, write
    `fillna(0)` first. Where nobody at all is in need, or helped, the measures of these have no row.

    Returns measure, n (persons that count: coverage those helped, leakage those not in need, else all
    used), base_n, left_out_n, share (of coverage and leakage), estimate; under a design se, ci_low, ci_high
    (Wilson of the shares of persons), df, deff as well. Without one the frame is a census: no standard
    errors. Raises ArgumentError where an amount is negative. R: svyciprop(~I(helped > 0), subset(design,
    need > 0)), svyratio.

    >>> roster = pd.DataFrame({"gap": [3000, 1000, 0, 0], "aid": [1500, 0, 500, 0]})
    >>> targeting(roster, "gap", "aid")[["measure", "n", "base_n", "estimate"]]
              measure  n  base_n  estimate
    0        coverage  1       2    0.5000
    1         leakage  1       2    0.5000
    2  leakage_amount  2       2    0.2500
    3        adequacy  2       2    0.3750
    4   concentration  4       4   -0.4375
    """
    groups = names(by)
    require(frame, [need, helped, *groups], where="targeting")
    lacks, got = (_amounts(frame, column) for column in (need, helped))
    known = ~np.isnan(lacks) & ~np.isnan(got)
    inside = domains(frame, None, where).only(known) == 0
    work = frame.assign(
        _lacks=lacks, _got=got, _needless=lacks <= 0, _leaked=np.where(lacks > 0, 0.0, got), _rank=-lacks,
        **{name: frame[name].astype("category") for name in groups},
    )  # fmt: skip
    is_needy, is_helped = inside & (lacks > 0), inside & (got > 0)
    everybody, needy, reached = (
        Manner(design=design or CENSUS, by=by, level=level, where=rows)
        for rows in (inside, is_needy, is_helped)
    )
    found = {"concentration": concentration_index(work, "_got", "_rank", **everybody)}
    if is_needy.any():
        found["coverage"] = coverage(work, "_got", **needy)
    if is_helped.any():
        found["leakage"] = coverage(work, "_needless", **reached)
    if is_helped.any() and _in_amounts(got):
        found["leakage_amount"] = estimate_ratio(work, "_leaked", "_got", **reached)
    if is_needy.any() and _in_amounts(got) and _in_amounts(lacks):
        found["adequacy"] = estimate_ratio(work, "_got", "_lacks", **needy)
    every = domains(work, by, where)
    left_out = sums(every.only(~known), every.count).astype("int64")
    parts = [found[name].assign(measure=name, left_out_n=left_out) for name in MEASURES if name in found]
    table = by_group(parts, [*groups, "measure", "n", "base_n", "left_out_n", "share", "estimate"])
    told = table.assign(measure=pd.Categorical(table["measure"], list(MEASURES)))
    return told.drop(columns=SAMPLED) if design is None else told


def _amounts(frame: pd.DataFrame, column: str) -> Floats:
    found = numbers(frame, column)
    if less := int((found < 0).sum()):
        raise ArgumentError(
            f"变量 {column} 有 {less} 行为负数：需要与帮扶应为是否（真假、0/1）或不小于 0 的金额。"
            "收入高于标准的人，缺口请记为 0。"
        )
    return found


def _in_amounts(values: Floats) -> bool:
    return not np.isin(values[~np.isnan(values)], (0, 1)).all()
