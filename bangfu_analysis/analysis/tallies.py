"""Answers counted: respondents of each group who gave each option, on one base. Every table of a question is
made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.tidy.questionnaires import places_of

Frame: TypeAlias = pd.DataFrame
Truths: TypeAlias = NDArray[np.bool_]


class Groups(TypedDict, total=False):
    """Whom the columns of a table are of: `by`, `weight`: a level, a weight under each respondent_id."""

    by: pd.Series[Any] | None
    weight: pd.Series[Any] | None


def number_word(number: float) -> str:
    """A number as an option is written."""
    return f"{number:.15g}"


def placed(answers: Frame, levels: Sequence[str]) -> Ints:
    """The place of each answer among `levels`: of its option, else of its number; -1 where it has none."""
    if answers["option"].notna().any():
        return places_of(levels, answers)
    codes, numbers = pd.factorize(answers["value"])
    words = pd.Index([number_word(number) for number in numbers], dtype=object)
    found = pd.Index(list(levels), dtype=object).get_indexer(words)
    return np.asarray(np.append(found, -1)[codes], dtype=np.intp)


def people(
    answers: Frame, *, by: pd.Series[Any] | None = None, weight: pd.Series[Any] | None = None
) -> tuple[Ints, Ints, Floats | None]:
    """Whose each answer is (0..k-1); the group of each respondent (-1: none); what each weighs.

    ArgumentError where somebody who was asked has no weight, or one below 0.
    """
    who = answers["respondent_id"].astype("category").cat
    group = np.zeros(len(who.categories), dtype=np.intp)
    if by is not None:
        group = np.asarray(by.astype("category").reindex(who.categories).cat.codes, dtype=np.intp)
    worth = None if weight is None else weight.reindex(who.categories).to_numpy(dtype=float, na_value=np.nan)
    if worth is not None and not (worth[who.codes.unique()] >= 0).all():
        raise ArgumentError("weight：有的答卷没有权数，或权数小于 0。请补全权数列。")
    return np.asarray(who.codes, dtype=np.intp), group, worth


def counted(
    answers: Frame, levels: Sequence[str], place: Ints, chosen: Truths | None = None,
    amount: Floats | None = None, **groups: Unpack[Groups],
) -> Frame:
    """A row per group and level: (the column of `by`,) option, n, base_n, left_out_n, share.

    `answers`: of those who were asked. `place`: of each answer among the levels, -1 where it is none of them:
    who has only such is left out; `chosen`: the answers that count for their level, all where None; `amount`:
    a number of each, summed under that name.
    """
    who, group, worth = people(answers, **groups)
    by = groups.get("by")
    level = pd.Categorical([0]) if by is None else pd.Categorical(by)
    known, told, size = group[who] >= 0, place >= 0, len(level.categories)
    hit = known & told if chosen is None else known & told & chosen
    cell = group[who][hit] * len(levels) + place[hit]

    def of_people(rows: Truths, power: int = 0) -> Any:
        """How many of each group gave these answers, or the sum of a power of their weights; row by row."""
        some = np.zeros(len(group), dtype=bool)
        some[who[rows]] = True
        own = worth[some] ** power if worth is not None and power else None
        return np.repeat(np.bincount(group[some], own, size), len(levels))

    def of_cells(values: Floats | None = None) -> Any:
        heavy = None if worth is None else worth[who][hit]
        values = values if heavy is None or values is None else values * heavy
        return np.bincount(cell, heavy if values is None else values, size * len(levels))

    kind = pd.CategoricalDtype(pd.Index(list(levels), dtype="str"))
    rows, base = np.arange(size * len(levels)), of_people(known & told)
    table = pd.DataFrame({"option": pd.Categorical.from_codes(rows % len(levels), dtype=kind)}).assign(
        n=np.bincount(cell, minlength=len(rows)), base_n=base, left_out_n=of_people(known) - base
    )
    if by is not None:
        group_of = pd.Categorical.from_codes(rows // len(levels), dtype=level.dtype)
        table.insert(0, str(by.name), pd.Series(group_of))
    if worth is None:
        table = table.assign(share=table["n"] / table["base_n"].where(table["base_n"] > 0))
    else:
        heavy, squares = (pd.Series(of_people(known & told, power)) for power in (1, 2))
        table = table.assign(share=of_cells() / heavy.where(heavy > 0), estimate=of_cells())
        table = table.assign(base_weighted=heavy, base_effective=heavy**2 / squares.where(squares > 0))
    return table if amount is None else table.assign(amount=of_cells(amount[hit]))
