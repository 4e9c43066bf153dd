"""Which counts and amounts are hidden: what is small or says too much of few, and what gives it away."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from bangfu_analysis.errors import ReleaseConflict
from bangfu_analysis.release.cells import ANSWERED, ANY, Cell, Cut, Row
from bangfu_analysis.release.nesting import Nest
from bangfu_analysis.release.policy import Policy
from bangfu_analysis.release.sums import INSIDE, REST, Sum, all_sums, cell_words, is_rest, order, stated_by
from bangfu_analysis.release.suppression import Numbers, completed, hide

Record: TypeAlias = Mapping[str, Any]  # a release.json
Tables: TypeAlias = Sequence[tuple[Cut, Sequence[Row]]]
COSTS = (1e4, 50.0, 5.0, 1.0)  # of hiding a whole, a margin, a cell of two conditions, of more
CHEAP = 0.2  # of those without a value, of a base beside its whole
NOISE = 20.0  # per cent of an amount: how closely it may be reckoned where its contributions are not known


def protected(
    tables: Tables, policy: Policy, nest: Nest, others: Sequence[Record]
) -> tuple[dict[Cell, float], frozenset[Cell]]:
    """The counts that tables show or that follow from them; of these and of amounts, those to hide."""
    numbers = _numbers(tables)
    counts, hidden = _counts(tables, numbers, policy, nest, others)
    return counts, frozenset(hidden | _hidden_amounts(tables, numbers, hidden, policy, nest))


def _numbers(tables: Tables) -> dict[Cell, float]:
    """The number of each cell; ArgumentError where two tables give one count two numbers."""
    numbers: dict[Cell, float] = {}
    for cut, rows in tables:
        for cell, number in (item for row in rows for item in row.numbers.items()):
            if numbers.setdefault(cell, number) != number and not cell.of:
                two = f"{cut.title}写作{number:g}人，另一张表写作{numbers[cell]:g}人"
                message = f"发布前核对：{cell_words(cell)}：{two}，应为同一个数。未作保护，已停止。"
                raise ReleaseConflict(message, cell.population, next((v for v, _ in sorted(cell.where)), ""))
    return numbers


def _before(others: Sequence[Record], of: Container[str]) -> tuple[dict[Cell, float], frozenset[Cell]]:
    """The numbers of these populations that other releases show, and the cells that they hide; rounded
    numbers are not known exactly.
    """
    shown, hidden = dict[Cell, float](), set()
    for record in others:
        exact = record["policy"].get("rounding", 1) == 1
        for count in (count for count in record["counts"] if count["population"] in of):
            cell = Cell(count["population"], frozenset(count["where"].items()))
            hidden |= {cell} if count["n"] is None else set()
            shown |= {cell: count["n"]} if count["n"] is not None and exact else {}
    return shown, frozenset(hidden)


def _counts(
    tables: Tables, numbers: Mapping[Cell, float], policy: Policy, nest: Nest, others: Sequence[Record]
) -> tuple[dict[Cell, float], set[Cell]]:
    """The counts of a release with what follows from them, and those to be hidden."""
    shown, before = _before(others, {cell.population for cell in numbers})
    counts = {cell: n for cell, n in numbers.items() if not cell.of}
    shown = {cell: n for cell, n in shown.items() if counts.get(cell, n) == n}  # else of other data
    stated_parts = [stated_by(cut, rows) for cut, rows in tables]
    stated = [each for sums, _ in stated_parts for each in sums]
    complete = [each for _, censuses in stated_parts for each in censuses]
    sums, every = all_sums({**shown, **counts}, stated, complete, nest, counts, before)
    alike = _classes(sums, every, policy) if policy.class_rule else {}
    # What is not of one of several answers is no small group: most people lack most of them.
    slack = {cell for cell in every if any(variable.endswith(ANY + REST) for variable, _ in cell.where)}
    small = {cell for cell, n in every.items() if 0 < n < policy.threshold} - slack
    small |= {*alike, *before, *_everybody(tables)}
    public = {cell for cell in counts if frozenset(variable for variable, _ in cell.where) in policy.public}
    fixed = {*shown, *public}
    zeros = {c for c, n in counts.items() if n == 0} - {c for part in alike.values() for c in part}
    printed = frozenset((*shown, *counts))
    return counts, _solved(every, sums, small - fixed, fixed | (zeros - before), printed, policy.threshold)


def _solved(
    every: Mapping[Cell, float], sums: Sequence[Sum], small: set[Cell], fixed: set[Cell],
    printed: frozenset[Cell], width: float | Mapping[Cell, float],
) -> set[Cell]:
    """The cells that `hide` hides, of them those that are printed."""
    cells = sorted({*every, *(cell for each in sums for cell in (*each.parts, each.whole))}, key=order)
    place = {cell: at for at, cell in enumerate(cells)}
    wanted = [width if isinstance(width, int | float) else width.get(cell, 0.0) for cell in cells]
    placed = [([place[part] for part in each.parts], place[each.whole]) for each in sums]
    value, held = completed(np.array([every.get(cell, np.nan) for cell in cells], dtype=float), placed)
    numbers = Numbers(
        value=value,
        cost=np.array([_cost(cell, number) for cell, number in zip(cells, value, strict=True)]),
        width=np.where([cell in printed or cell in small for cell in cells], wanted, 0.0),
        small=np.array([cell in small for cell in cells], dtype=bool),
        unprinted=np.array([cell not in printed for cell in cells], dtype=bool),
        fixed=np.array([cell in fixed for cell in cells], dtype=bool),
    )
    return {cell for cell, gone in zip(cells, hide(numbers, held), strict=True) if gone and cell in printed}


def _cost(cell: Cell, number: float) -> float:
    """Large numbers and margins are dearer to hide than small ones inside a table."""
    silent = any(code is None or variable.endswith(ANSWERED) for variable, code in cell.where)
    depth = min(len(cell.where), len(COSTS) - 1)
    return float(COSTS[depth] * (np.log1p(number) + 1) * (CHEAP if silent else 1))


def _classes(sums: Sequence[Sum], every: Mapping[Cell, float], policy: Policy) -> dict[Cell, set[Cell]]:
    """The parts that are all of a group, so that it has one attribute, with their empty siblings."""
    classes: dict[Cell, set[Cell]] = {}
    for each in sums:
        if not {*each.parts} <= every.keys():
            continue
        held = [part for part in each.parts if every[part]]
        open_to_all = each.by.partition(INSIDE)[0].removesuffix(ANY) in policy.open_variables
        group = {variable for variable, _ in each.whole.where}
        one_level = len(held) == 1 and not is_rest(held[0]) and (each.by, None) not in held[0].where
        if one_level and each.by and INSIDE not in each.by and group and not open_to_all:
            empty = {part for part in each.parts if not every[part] and (each.by, None) not in part.where}
            classes.setdefault(held[0], set()).update(empty)  # that nobody lacks an answer tells no answer
    return classes


def _everybody(tables: Tables) -> set[Cell]:
    """Groups of which everybody is in hardship."""
    rates = [(cut, rows) for cut, rows in tables if cut.kind == "rate" and "base_n" in cut.frame]
    return {
        row.n
        for cut, rows in rates
        for row, base_n in zip(rows, cut.frame["base_n"].tolist(), strict=True)
        if row.n.where and pd.notna(base_n) and row.numbers.get(row.n) == base_n != 0
    }


def _hidden_amounts(
    tables: Tables, numbers: Mapping[Cell, float], counts: set[Cell], policy: Policy, nest: Nest
) -> set[Cell]:
    """Amounts that one makes most of, those of hidden counts, and what gives them away."""
    every = {cell: n for cell, n in numbers.items() if cell.of and n >= 0}
    small, width = set(), dict[Cell, float]()
    for cut, rows in tables:
        for at, row in enumerate(rows):
            if row.amount in every:
                width[row.amount], dominated = _dominance(cut, at, every[row.amount], policy)
                small |= {row.amount} if dominated or row.n in counts else set()
    printed, zeros = frozenset(every), {cell for cell, n in every.items() if n == 0}
    sums, _ = all_sums(every, [], [], nest)
    return _solved(every, sums, small - zeros, zeros, printed, width) | (small & zeros)


def _dominance(cut: Cut, at: int, amount: float, policy: Policy) -> tuple[float, bool]:
    """How closely nobody may reckon the amount, and whether its largest parts say too much."""
    if cut.contributions is None:
        return amount * NOISE / 100, False
    largest, second = (float(cut.contributions[name].iloc[at]) for name in ("largest", "second"))
    most, percent = policy.dominance
    held = largest + (second if most > 1 else 0)
    near = amount - largest - second < policy.p_percent / 100 * largest
    few = "people" in cut.contributions and 0 < cut.contributions["people"].iloc[at] < policy.threshold
    return largest * policy.p_percent / 100, amount > 0 and (near or few or held >= percent / 100 * amount)
