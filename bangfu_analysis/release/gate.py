"""Result frames -> frames that may leave, and the release.json that says what did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.change import change
from bangfu_analysis.release.cells import ANY, Cell, Cut, Row, rows_of
from bangfu_analysis.release.policy import Policy

Record = dict[str, object]
EXTREMES = ("min", "max")  # each is the value of one person
STEPS = ("change", "growth")
MARKS = ("comparable", "break_note", "suppressed")  # said of a row, no numbers


@dataclass(frozen=True)
class Released:
    """What passed: protected frames by id of their cuts, the release.json, what a reader is told of it."""

    frames: Mapping[str, pd.DataFrame]
    record: Record
    notes: tuple[str, ...]


def protect(cuts: Sequence[Cut], policy: Policy, *, others: Sequence[Record] = ()) -> Released:
    """The frames of `cuts` with everything hidden that is small, or that would give something small away.

    In a hidden row all measures are missing and `suppressed` is True. `others`: the release.json of
    other waves or of earlier releases, which are known to whoever reads this one.
    """
    rows = {cut.id: list(rows_of(cut)) for cut in cuts}
    hidden = _hidden(cuts, rows, policy)
    frames = {cut.id: _masked(cut, rows[cut.id], hidden) for cut in cuts}
    return Released(frames, _record(cuts, rows, hidden, frames, policy), (policy.words,))


def _hidden(cuts: Sequence[Cut], rows: Mapping[str, list[Row]], policy: Policy) -> set[Cell]:
    """Small cells, and in each group of a table the next smallest until the rest does not give them away."""
    numbers = _numbers(rows)
    hidden = {cell for cell, n in numbers.items() if 0 < n < policy.threshold}
    for cut in cuts:
        groups: dict[Cell, list[Cell]] = {}
        for row in rows[cut.id]:
            groups.setdefault(row.group, []).append(row.n)
        for parts in groups.values():
            own = [cell for cell in parts if cell in hidden]
            spare = sorted((c for c in parts if c not in hidden), key=lambda c: (numbers[c] == 0, numbers[c]))
            while own and spare and (len(own) < 2 or sum(numbers[c] for c in own) < policy.threshold):
                own.append(spare.pop(0))
            hidden |= set(own)
    return hidden


def _numbers(rows: Mapping[str, Iterable[Row]]) -> dict[Cell, int]:
    return {cell: n for each in rows.values() for row in each for cell, n in row.numbers.items()}


def _masked(cut: Cut, rows: Sequence[Row], hidden: set[Cell]) -> pd.DataFrame:
    """The frame with the measures of hidden rows missing and what would tell them: bases, changes."""
    frame = cut.frame
    gone = pd.Series([row.n in hidden for row in rows], index=frame.index, dtype=bool)
    no_base = pd.Series([row.base in hidden for row in rows], index=frame.index, dtype=bool)
    silent = pd.Series([row.left_out in hidden for row in rows], index=frame.index, dtype=bool)
    measures = [c for c in frame.columns if c not in (*cut.dimensions, *MARKS)]
    shown = {c: _missing(frame[c], gone | (c in EXTREMES)) for c in measures}
    shown |= {c: _missing(shown[c], no_base) for c in measures if c == "base_n" or c.startswith("share")}
    shown |= {"left_out_n": _missing(shown["left_out_n"], silent)} if "left_out_n" in shown else {}
    masked = frame.assign(**shown, suppressed=gone)
    return change(masked) if set(STEPS) <= set(frame) else masked


def _missing(values: pd.Series[Any], where: pd.Series[bool]) -> pd.Series[Any]:
    whole = pd.api.types.is_integer_dtype(values.dtype)
    return (values.astype("Int64") if whole else values).mask(where)


def _order(cell: Cell) -> tuple[str, list[str]]:
    return cell.population, sorted(map(str, cell.where))


def _record(
    cuts: Sequence[Cut], rows: Mapping[str, list[Row]], hidden: set[Cell],
    frames: Mapping[str, pd.DataFrame], policy: Policy,
) -> Record:  # fmt: skip
    numbers = _numbers(rows)
    counts = [
        {"population": cell.population, "where": dict(sorted(cell.where)), "n": None if cell in hidden else n}
        for cell, n in sorted(numbers.items(), key=lambda item: _order(item[0]))
    ]
    levels: dict[str, dict[str, None]] = {}
    for cell in numbers:
        for variable, code in cell.where:
            levels.setdefault(variable, {}).update({code: None} if code is not None else {})
    tables = [
        {"id": cut.id, "title": cut.title, "counts": len(frame), "hidden": int(frame["suppressed"].sum())}
        for cut, frame in zip(cuts, frames.values(), strict=True)
    ]
    return {
        "policy": {"name": policy.name, "threshold": policy.threshold, "rounding": policy.rounding},
        "levels": {variable: list(codes) for variable, codes in sorted(levels.items())},
        "multiple": sorted(variable for variable in levels if variable.endswith(ANY)),
        "counts": counts,
        "tables": tables,
    }
