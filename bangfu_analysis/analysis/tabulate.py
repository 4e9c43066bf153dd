"""Counting: how many workers stand in each cell, of how many, as what share.

A roster that holds everybody is a census: nothing here has a standard error. For a sample use `estimate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import ROWS, Where
from bangfu_analysis.analysis.arrays import names as column_names
from bangfu_analysis.analysis.domains import engines, gathered, require, rows_of, subset
from bangfu_analysis.errors import ArgumentError, listed, one_of

MULTIPLE = ("persons", "answers")
MENTIONS = ("any", "main")
PERSON = ("wave", "person_id")
# Columns of `workers` whose denominators a population sheet heads otherwise.
POPULATION_COLUMN: Mapping[str, str] = {"reporting_unit": "unit", "age_five_year": "age_band"}
DIMENSIONS = ("district", "unit", "sex", "age_band", "education")
MEASURES = ["n", "base_n", "share", "left_out_n"]


def tabulate(
    frame: pd.DataFrame, by: str | Sequence[str], *, within: str | Sequence[str] | None = None,
    multiple: str | None = None, where: Where = None,
) -> pd.DataFrame:
    """Count the rows of `frame` in every cell of `by`, with shares inside each group of `within`.

    Cells nobody falls in stay, as 0, in the order of the categories (sorted where a column has none). A row
    without a value in one of `by` is outside the base; `left_out_n` says how many there are in its group of
    `within`. Rows whose group is unknown belong to no base. A share of nobody is missing. `where` (a dict of
    codes, or a mask) names the rows that are counted.

    `multiple` is for frames with several answers a person (`causes`: one row per worker and cause; an answer
    given twice counts once). "persons": n, base and left_out count people, the base is those who answered at
    all, and shares may add up to more than 1. "answers": n and base count answers, left_out counts people who
    gave none.

    Returns one row per cell: the columns of `within` that are not in `by`, `by`, then n, base_n, left_out_n
    (int64) and share (float64, 0 to 1). ColumnMissing where a column is absent, ArgumentError for an unknown
    `multiple`.
    """
    if multiple not in (None, *MULTIPLE):
        raise ArgumentError.naming("multiple", multiple, MULTIPLE)
    groups, asked = column_names(within), column_names(by)
    cells = list(dict.fromkeys([*groups, *asked]))
    if not asked:
        raise ArgumentError("tabulate：参数 by 是空的。请至少写一列，例如 by='sex'。")
    here = isinstance(frame, pd.DataFrame)
    held = frame if here else engines().scanned(frame)
    people = [c for c in PERSON if c in held.columns or c == "person_id"] if multiple else []
    if here:
        require(held, [*cells, *people], where="tabulate", cubes=not multiple)
        rows = subset(held, where)[[c for c in held if c in {*cells, *people, ROWS}]].reset_index(drop=True)
    else:
        rows = engines().cells(held, cells, where=where)
    plain = {c: rows[c].dtype for c in cells if not isinstance(rows[c].dtype, pd.CategoricalDtype)}
    rows = rows.astype(dict.fromkeys(cells, "category"))  # so that a group-by keeps the cells nobody falls in

    def size(columns: list[str], known: list[str]) -> pd.DataFrame:
        """How many with a value in all of `known` fall in each cell of `columns`."""
        if multiple and not here:
            once = engines().each_once(held, columns, people, known, where)
            return _count(once.astype(dict(rows[columns].dtypes)), columns)
        some = rows.dropna(subset=known)
        return _count(some[[*columns, *people]].drop_duplicates() if multiple else some, columns)

    counted, asked_n, answered = size(cells, cells), size(groups, groups), size(groups, cells)
    base = answered if multiple == "persons" else _count(counted.rename(columns={"n": ROWS}), groups)
    silent = asked_n.assign(n=asked_n["n"] - answered["n"])
    table = _beside(_beside(counted, base, "base_n", groups), silent, "left_out_n", groups)
    table = table.assign(share=table["n"] / table["base_n"].where(table["base_n"] > 0))
    return table[[*cells, *MEASURES]].astype(plain)


def hardship_rate(
    workers: pd.DataFrame, population: pd.DataFrame, by: str | Sequence[str] = (), *,
    where: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Workers in hardship as a share of all workers, in every group of `by`.

    `population` holds denominators: dimension columns (missing where a row is not split by them) and `n`. Its
    rows are taken from the coarsest split that knows all of `by`, so that a total beside a table by unit is
    not counted twice. `by` names columns of `workers`; reporting_unit and age_five_year find `unit` and
    `age_band` of `population`. `where`, a dict of codes, is a condition on both.

    Returns `by`, n (in hardship, int64), base_n (all workers, Int64; missing where no denominator is known),
    share, left_out_n (workers of the roster whose group is unknown; with `wave` in `by`, of that wave's).
    ColumnMissing or ArgumentError name what is absent.
    """
    names = column_names(by)
    workers, condition_here = gathered(workers, names, where=where)
    population = population if isinstance(population, pd.DataFrame) else engines().collected(population)
    called = {c: POPULATION_COLUMN.get(c, c) if c not in population else c for c in (*names, *(where or {}))}
    theirs, condition = [called[c] for c in names], {called[c]: codes for c, codes in (where or {}).items()}
    require(workers, names, where="hardship_rate 的 workers", cubes=True)
    require(population, [*called.values(), "n"], where="hardship_rate 的 population")
    workers = subset(workers, condition_here)
    coarsest = subset(_coarsest(population.reset_index(drop=True), [*called.values()]), condition)
    if not names:
        base_n = coarsest["n"].sum(min_count=1)
        return _rates(pd.DataFrame({"n": [rows_of(workers)], "base_n": [base_n], "left_out_n": 0}))
    bases = coarsest.groupby(theirs, observed=True)["n"].sum(min_count=1).rename("base_n").reset_index()
    bases = bases.rename(columns=dict(zip(theirs, names, strict=True))).astype(dict.fromkeys(names, object))
    counts = tabulate(workers, names)
    kinds = counts[names].dtypes
    plain = counts.astype(dict.fromkeys(names, object))
    merged = plain.merge(bases, on=names, how="outer", suffixes=("_cells", ""))
    full = merged.assign(n=merged["n"].fillna(0))
    full = full.assign(left_out_n=_left_out(workers, full)).astype({"left_out_n": "int64"})
    full = full.astype({c: _union_of(kind, full[c]) for c, kind in kinds.items()})
    typed = full.sort_values(names, kind="stable")
    return _rates(typed.reset_index(drop=True))[[*names, *MEASURES]]


def _left_out(workers: pd.DataFrame, cells: pd.DataFrame) -> Any:
    """How many are in none of the cells; of cells by wave, how many of each wave, which is its own roster."""
    if "wave" not in cells:
        return rows_of(workers) - cells["n"].sum()
    sizes = tabulate(workers, "wave").astype({"wave": object}).set_index("wave")["n"]
    return cells["wave"].map(sizes).fillna(0) - cells.groupby("wave")["n"].transform("sum")


def cause_table(
    workers: pd.DataFrame, causes: pd.DataFrame, by: str | Sequence[str] = (), *, mention: str = "any",
    where: Where = None,
) -> pd.DataFrame:
    """Causes of hardship in every group of `by`, as shares of the workers of the group who gave a cause.

    `mention`: "main" counts each worker's `cause_main`; "any" counts every cause a worker names, once, so
    that shares add up to more than 1. Workers without a cause are in `left_out_n`. `where` is a condition on
    workers.

    Returns `by`, `cause`, n, base_n, share, left_out_n as `tabulate`. ArgumentError for an unknown `mention`.
    """
    one_of("mention", mention, MENTIONS)
    groups = column_names(by)
    if mention == "main":
        workers = subset(*gathered(workers, ["cause_main", *groups], where=where))
        require(workers, ["cause_main", *groups], where="cause_table 的 workers", cubes=True)
        main = workers[[c for c in workers if c in {"cause_main", *groups, ROWS}]]
        return tabulate(main.rename(columns={"cause_main": "cause"}), "cause", within=groups)
    if not isinstance(workers, pd.DataFrame):
        held = engines().scanned(workers).filter(where)
        answers = engines().joined(held, causes, PERSON, groups, ["cause"])
        return tabulate(answers, "cause", within=groups, multiple="persons")
    workers = subset(workers, where)
    keys = [c for c in PERSON if c in workers and c in causes]
    require(workers, ["person_id", *groups], where="cause_table 的 workers")
    require(causes, ["person_id", "cause"], where="cause_table 的 causes")
    answers = workers[[*keys, *groups]].merge(causes[[*keys, "cause"]], on=keys, how="left")
    return tabulate(answers, "cause", within=groups, multiple="persons")


def means(
    frame: pd.DataFrame, variable: str, by: str | Sequence[str] = (), *, where: Where = None
) -> pd.DataFrame:
    """Mean and median of `variable` in every group of `by`, of the rows of `where`; a census has no standard
    errors.

    Returns `by`, n (rows with a value), left_out_n (rows of the group without one), estimate and median
    (float64, missing where n is 0). Groups nobody falls in stay. ColumnMissing where a column is absent.

    >>> pay = pd.DataFrame({"sex": ["f", "f", "m"], "pay": [300.0, 500.0, None]})
    >>> means(pay, "pay", by="sex")[["sex", "n", "left_out_n", "estimate"]].values.tolist()
    [['f', 2, 0, 400.0], ['m', 0, 1, nan]]
    """
    groups = column_names(by)
    require(frame, [variable, *groups], where="means")
    frame = subset(frame, where)
    values = frame[variable].astype("Float64").astype(float)
    rows = frame[groups].assign(_value=values, _known=values.notna())
    grouped = rows.groupby(groups or (lambda _: 0), observed=False)
    table = grouped.agg(
        n=("_known", "sum"), size=("_known", "size"), estimate=("_value", "mean"), median=("_value", "median")
    )
    table = table.assign(left_out_n=table["size"] - table["n"]).reset_index(drop=not groups)
    counts = {"n": "int64", "left_out_n": "int64"}
    return table[[*groups, "n", "left_out_n", "estimate", "median"]].astype(counts)


def _count(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows per cell of `columns`, empty cells included; one row if there are no columns."""
    if not columns:
        return pd.DataFrame({"n": [rows_of(rows)]})
    grouped = rows.groupby(columns, observed=False)
    counted = grouped[ROWS].sum() if ROWS in rows else grouped.size()
    return counted.rename("n").reset_index()


def _beside(table: pd.DataFrame, sizes: pd.DataFrame, name: str, groups: list[str]) -> pd.DataFrame:
    """`table` with the group's `n` of `sizes` as column `name`."""
    if not groups:
        return table.assign(**{name: int(sizes["n"].iloc[0])})
    return table.merge(sizes.rename(columns={"n": name}), on=groups, how="left", validate="many_to_one")


def _coarsest(population: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows of the split with the fewest dimensions that knows all of `by`, wave by wave."""
    split = [c for c in population if c in {*DIMENSIONS, *by}]
    given = population[split].notna()
    usable = given[by].all(axis=1) if by else pd.Series(True, index=population.index)
    if population.loc[usable, "n"].isna().all():
        available = [c for c in split if given[c].any()]
        raise ArgumentError(
            f"hardship_rate：population 中没有按 {listed(by) or '总数'} 的职工人数，无法计算困难率。"
            f"现有的分组列：{listed(available) or '无'}。请在人数表中补充，或换一种 by。"
        )
    blank = pd.Series("", population.index)
    pattern = reduce(lambda text, c: text + np.where(given[c], "0", "1"), split, blank)
    rank = (pattern.str.count("0").astype(str).str.zfill(2) + pattern)[usable & population["n"].notna()]
    sheets = [population[c] for c in ("wave", "county") if c in population]
    sheets = sheets or [pd.Series("", population.index)]
    return population.loc[rank.index[rank.eq(rank.groupby(sheets, observed=True).transform("min"))]]


def _union_of(kind: Any, values: pd.Series[Any]) -> Any:
    """The categorical type `kind` with the values of a population sheet added at its end."""
    if not isinstance(kind, pd.CategoricalDtype):
        return kind
    more = [v for v in values.unique() if v not in set(kind.categories)]
    return pd.CategoricalDtype([*kind.categories, *more], ordered=kind.ordered)


def _rates(table: pd.DataFrame) -> pd.DataFrame:
    base_n = table["base_n"].astype("Float64").astype("Int64")
    n = table["n"].astype("int64")
    share = (n / base_n.where(base_n > 0)).astype("Float64").to_numpy(dtype=float, na_value=float("nan"))
    return table.assign(n=n, base_n=base_n, share=share)[[c for c in table if c not in MEASURES] + MEASURES]
