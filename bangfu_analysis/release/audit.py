"""An independent audit: how closely anybody can reckon the hidden counts from release.json files alone.

It shares no code with the suppression, and reads nothing but what the files say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

Name: TypeAlias = tuple[str, frozenset[tuple[str, str | None]]]  # population, conditions
Row: TypeAlias = tuple[Mapping[Name, float], bool]  # what adds up to 0, or (True) to at most 0


def audit(*records: Mapping[str, Any]) -> pd.DataFrame:
    """The hidden counts of release.json files: population, where, low, high, gap.

    The sum over all levels of a variable and those without a value is the count without it; of a variable
    of which a person may have several, no level has more people than there are; what is nested lies
    inside. `gap` is how far low and high lie apart; a protected count has at least the policy's threshold
    there.
    """
    known, hidden, levels, several, nested = _read(records)
    rows = list(_rows([*known, *hidden], levels, several, nested))
    names = list(dict.fromkeys([*hidden, *(name for row, _ in rows for name in row if name not in known)]))
    place = {name: at for at, name in enumerate(names)}
    limits = [_system([row for row in rows if row[1] is kind], known, place) for kind in (False, True)]
    ranges = [_range(place[name], len(names), *limits) for name in hidden]
    named = [(group, dict(sorted(where)), *ends) for (group, where), ends in zip(hidden, ranges, strict=True)]
    frame = pd.DataFrame(named, columns=["population", "where", "low", "high"])
    frame = frame.astype({"low": "float64", "high": "float64"})  # of none as well
    return frame.assign(gap=frame["high"] - frame["low"])


def _read(records: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """What the files say: known counts, hidden ones, levels, variables of several answers, what is nested."""
    levels: dict[str, dict[str, None]] = {}
    for variable, codes in (item for record in records for item in record["levels"].items()):
        levels.setdefault(variable, {}).update(dict.fromkeys(codes))
    counts = [count for record in records for count in record["counts"]]
    named = [((count["population"], frozenset(count["where"].items())), count["n"]) for count in counts]
    known = {name: n for name, n in named if n is not None}
    several = {variable for record in records for variable in record["multiple"]}
    nested = {
        (group, frozenset(each["where"].items()), *each["inside"].items())
        for record in records
        for group in {count["population"] for count in record["counts"]}
        for each in record.get("nested", [])
    }
    return known, [name for name in dict(named) if name not in known], levels, several, nested


def _rows(names: list[Name], levels: Mapping[str, Any], several: set[str], nested: set[Any]) -> Iterator[Row]:
    every = dict.fromkeys(names)
    for population, where in list(every):  # and all that they are parts of
        for size in range(2 ** len(where)):
            kept = [each for at, each in enumerate(sorted(where, key=str)) if size >> at & 1]
            every[population, frozenset(kept)] = None
    split: dict[tuple[Name, str], None] = {}
    for population, where in every:
        for condition in where:
            margin = population, where - {condition}
            split[margin, condition[0]] = None
            if condition[0] in several:
                yield {(population, where): 1.0, margin: -1.0}, True
        for group, finer, coarser in nested:
            if group == population and finer <= where and coarser not in where:
                inside = population, where - finer | {coarser}
                if inside in every:
                    yield {(population, where): 1.0, inside: -1.0}, True
    for (population, where), variable in split:
        if variable not in several and variable in levels:
            parts = [(population, where | {(variable, code)}) for code in (*levels[variable], None)]
            yield {**dict.fromkeys(parts, 1.0), (population, where): -1.0}, False


def _system(rows: Sequence[Row], known: Mapping[Name, float], place: Mapping[Name, int]) -> tuple[Any, Any]:
    signed = [(at, name, sign) for at, (row, _) in enumerate(rows) for name, sign in row.items()]
    entries = [(at, place[name], sign) for at, name, sign in signed if name in place]
    right = [-sum(sign * known[name] for name, sign in row.items() if name in known) for row, _ in rows]
    if not rows:
        return None, None
    at, columns, signs = zip(*entries, strict=True) if entries else ((), (), ())
    left = sparse.csr_matrix((signs, (at, columns)), shape=(len(rows), len(place)))
    return left, np.array(right, dtype=float)


def _range(place: int, size: int, equal: tuple[Any, Any], most: tuple[Any, Any]) -> tuple[float, float]:
    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(size)
        aim[place] = sign
        solution = linprog(aim, A_eq=equal[0], b_eq=equal[1], A_ub=most[0], b_ub=most[1], method="highs")
        ends.append(sign * solution.fun if solution.status == 0 else sign * -np.inf)
    return ends[0], ends[1]
