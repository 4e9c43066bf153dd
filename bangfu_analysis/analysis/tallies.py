"""Answers counted: respondents of each group who gave each option, on one base; and which columns of such a
table differ: pairwise tests, told by letters as CTABLES prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from string import ascii_lowercase, ascii_uppercase
from typing import Any, TypeAlias, TypedDict, Unpack

import numpy as np
import pandas as pd
from scipy import special

from bangfu_analysis.analysis.arrays import Truths
from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.tidy.questionnaires import places_of

Frame: TypeAlias = pd.DataFrame
ADJUSTMENTS = ("holm", "bh", "bonferroni")
CORRECTIONS = (*ADJUSTMENTS, "none")


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
    places = pd.Index(list(levels), dtype=object).get_indexer(words)
    return np.asarray(np.append(places, -1)[codes], dtype=np.intp)


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
    grouped, listed, size = group[who] >= 0, place >= 0, len(level.categories)
    hit = grouped & listed if chosen is None else grouped & listed & chosen
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
    rows, base = np.arange(size * len(levels)), of_people(grouped & listed)
    table = pd.DataFrame({"option": pd.Categorical.from_codes(rows % len(levels), dtype=kind)}).assign(
        n=np.bincount(cell, minlength=len(rows)), base_n=base, left_out_n=of_people(grouped) - base
    )
    if by is not None:
        group_of = pd.Categorical.from_codes(rows // len(levels), dtype=level.dtype)
        table.insert(0, str(by.name), pd.Series(group_of))
    if worth is None:
        table = table.assign(share=table["n"] / table["base_n"].where(table["base_n"] > 0))
    else:
        heavy, squares = (pd.Series(of_people(grouped & listed, power)) for power in (1, 2))
        table = table.assign(share=of_cells() / heavy.where(heavy > 0), estimate=of_cells())
        table = table.assign(base_weighted=heavy, base_effective=heavy**2 / squares.where(squares > 0))
    return table if amount is None else table.assign(amount=of_cells(amount[hit]))


def compare_columns(
    table: pd.DataFrame, across: str, rows: str | Sequence[str] = "option", *, base: str = "base_n",
    correction: str = "bonferroni", level: float = 0.05,
) -> pd.DataFrame:
    """The table with `letter` (of its column: A, B, … in the order of `across`) and `higher_than`: the
    letters of the columns whose share in the same row is significantly lower.

    `table` is a result frame with one row per cell: `across`, `rows`, share and `base` (under weights pass
    the effective base). Each pair of columns is compared by the z test of two proportions with the pooled
    variance; within a row the p values are corrected over its pairs (Bonferroni as CTABLES, Holm,
    Benjamini-Hochberg, none). A share of 0 or 1, or of fewer than two, is not tested, as in CTABLES. The
    columns of one row must be different people. ArgumentError for an unknown correction; ColumnMissing.

    >>> table = pd.DataFrame({"option": "yes", "sex": ["f", "m"], "share": [0.6, 0.4], "base_n": [100, 100]})
    >>> compare_columns(table, "sex")[["sex", "letter", "higher_than"]]
      sex letter higher_than
    0   f      A           B
    1   m      B
    """
    one_of("correction", correction, CORRECTIONS)
    keys = [rows] if isinstance(rows, str) else list(rows)
    require(table, [across, *keys, "share", base], where="compare_columns")
    order = table[across].astype("category")
    columns = [c for c in order.cat.categories if order.eq(c).any()]
    names = [*ascii_uppercase, *ascii_lowercase, *(f"({i})" for i in range(53, len(columns) + 1))]
    letters = dict(zip(columns, names, strict=False))
    placed = table.assign(**{across: order})
    share, n = (_wide(placed, keys, across, name, columns) for name in ("share", base))
    pairs = list(combinations(range(len(columns)), 2))
    shares = share.to_numpy(dtype=np.float64)
    p_values = _pairwise(shares, n.to_numpy(dtype=np.float64), pairs)
    p_values = p_values if correction == "none" else adjust_p(p_values, correction)
    higher: dict[tuple[Any, ...], str] = {}
    for i, key in enumerate(share.index):
        for (a, b), p in zip(pairs, p_values[i], strict=True):
            if p < level:
                up, down = (a, b) if shares[i, a] > shares[i, b] else (b, a)
                cell = (*np.atleast_1d(np.array(key, dtype=object)).tolist(), columns[up])
                higher[cell] = higher.get(cell, "") + letters[columns[down]]
    cells = [tuple(cell) for cell in table[[*keys, across]].astype(object).itertuples(index=False)]
    lower_letters = ["".join(sorted(higher.get(cell, ""))) for cell in cells]
    own_letter = order.map(letters).astype("str")
    return table.assign(letter=own_letter, higher_than=pd.Series(lower_letters, table.index, dtype="str"))


def _wide(table: pd.DataFrame, keys: list[str], across: str, name: str, columns: list[Any]) -> pd.DataFrame:
    """A row a cell of `keys`, a column a level of `across`."""
    wide = table.pivot_table(index=keys, columns=across, values=name, observed=True, sort=False, dropna=False)
    return wide.reindex(columns=columns).astype(float)


def adjust_p(p_values: Sequence[float] | Floats, method: str = "holm") -> Floats:
    """p-values for several comparisons at once: holm (1979), bh (Benjamini and Hochberg 1995), bonferroni. R:
    p.adjust.

    Missing p-values stay missing and do not count; of a table each row is a set of comparisons.
    """
    one_of("method", method, ADJUSTMENTS)
    given = np.asarray(p_values, dtype=float)
    m = (~np.isnan(given)).sum(axis=-1, keepdims=True)
    order = np.argsort(given, axis=-1, kind="stable")
    rank, p = np.arange(1, given.shape[-1] + 1), np.take_along_axis(given, order, axis=-1)
    if method == "holm":
        p = np.fmax.accumulate(p * np.maximum(m + 1 - rank, 0), axis=-1)
    elif method == "bh":
        p = np.fmin.accumulate((p * m / rank)[..., ::-1], axis=-1)[..., ::-1]
    else:
        p = p * m
    adjusted = np.empty_like(given)
    np.put_along_axis(adjusted, order, np.minimum(p, 1.0), axis=-1)
    return np.where(np.isnan(given), np.nan, adjusted)


def _pairwise(share: Floats, n: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Two-sided p of every pair in every row, missing where a share is 0, 1 or of fewer than two."""
    first, second = ([pair[i] for pair in pairs] for i in (0, 1))
    fit = (share > 0) & (share < 1) & (n > 1)
    p1, p2, n1, n2 = share[:, first], share[:, second], n[:, first], n[:, second]
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (p1 * n1 + p2 * n2) / (n1 + n2)
        z = (p1 - p2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    tested = fit[:, first] & fit[:, second]
    return np.asarray(np.where(tested, 2 * special.ndtr(-np.abs(z)), np.nan), dtype=np.float64)


