"""Result frames -> frames that may leave, and the release.json that says what did."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Truths
from bangfu_analysis.analysis.change import change
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.release.cells import ANY, Cell, Cut, Row, rows_of
from bangfu_analysis.release.nesting import Nest, nest_of
from bangfu_analysis.release.policy import Policy
from bangfu_analysis.release.protection import Record, Tables, protected
from bangfu_analysis.release.sums import order

EXTREMES = ("min", "max")  # each is the value of one person
STEPS = ("change", "growth")
OF_ALL = ("mean", "top_share", "answers_n", "share_of_answers")  # tell of all rows of a base together
COUNTS = ("n", "base_n", "left_out_n")
COUNT = ("population", "where")  # what names a count
ONCE = {"nested": ("where", "inside"), "counts": COUNT, "denominators": COUNT, "tables": ("id",)}
MARKS = ("comparable", "break_note", "suppressed")  # said of a row, no numbers


@dataclass(frozen=True)
class Released:
    """What passed: protected frames by id of their cuts, the release.json, what a reader is told of it."""

    frames: Mapping[str, pd.DataFrame]
    record: dict[str, Any]
    notes: tuple[str, ...]
    left_out: tuple[str, ...] = ()  # what contradicts the rest, and so is not in it


def protect(
    cuts: Sequence[Cut], policy: Policy, *, codebook: Codebook | None = None,
    people: pd.DataFrame | None = None, others: Sequence[Record] = (),
) -> Released:
    """The frames of `cuts` with everything hidden that is small, or that gives something small away.

    All cuts are protected together: no hidden count can be reckoned more closely than the policy's
    threshold from all that is shown, `others` (the release.json of other waves, of earlier releases)
    included. In a hidden row all measures are missing and `suppressed` is True. `codebook` and `people`
    (the rows that are counted) say which categories nest. ArgumentError where two cuts give one count two
    numbers.
    """
    tables = [(cut, list(rows_of(cut))) for cut in cuts]
    named = {variable for _, rows in tables for row in rows for variable, _ in row.n.where}
    nest = nest_of(cuts, codebook, people, others, named)
    counts, hidden = protected(tables, policy, nest, others)
    gone = dict[str, list[bool]]()
    for cut, rows in tables:
        few = policy.quantile_n if cut.kind == "quantile" else 0  # behind a median
        gone[cut.id] = [bool({r.n, r.amount} & hidden) or r.numbers.get(r.n, 0) < few for r in rows]
    frames = {cut.id: _masked(cut, rows, gone[cut.id], hidden, policy) for cut, rows in tables}
    seen = _seen(tables, gone, hidden) | hidden
    shown_counts = {cell: n for cell, n in counts.items() if cell in seen}
    record = _record(tables, gone, shown_counts, hidden, nest, policy)
    lost = sum(map(sum, gone.values()))
    notes = (f"为保护个人信息，共有{lost}行数字没有列出（*）。",) if lost else ()
    return Released(frames, record, (policy.words, *notes))


def _seen(tables: Tables, gone: Mapping[str, Sequence[bool]], hidden: frozenset[Cell]) -> set[Cell | None]:
    """The cells of rows that are shown; a whole where its base and those left out are."""
    rows = [row for cut, rows in tables for row, away in zip(rows, gone[cut.id], strict=True) if not away]
    wholes = {row.group for row in rows if not {row.base, row.left_out} & hidden}
    return {cell for row in rows for cell in (row.n, row.base, row.left_out)} | wholes


def _masked(
    cut: Cut, rows: Sequence[Row], gone: Sequence[bool], hidden: frozenset[Cell], policy: Policy
) -> pd.DataFrame:
    """The frame with the measures of hidden rows missing, and bases and changes that would tell them."""
    frame, groups = cut.frame, dict[Cell, int]()
    group = np.array([groups.setdefault(row.group, len(groups)) for row in rows], dtype=np.intp)
    away = {
        "row": np.array(gone, dtype=bool),
        "base": np.array([row.base in hidden for row in rows], dtype=bool),
        "left_out": np.array([row.left_out in hidden for row in rows], dtype=bool),
        "few": np.array([row.numbers.get(row.n, 0) < policy.quantile_n for row in rows], dtype=bool),
    }
    away["any"] = np.isin(group, group[away["row"]])
    every = np.ones(len(frame), dtype=bool)
    measures = [c for c in frame.columns if c not in (*cut.dimensions, *MARKS)]
    lost = {c: every if c in EXTREMES else np.any([away[k] for k in _asked(c)], axis=0) for c in measures}
    shown = {c: _missing(frame[c], where) for c, where in lost.items()}
    masked = _rounded(frame.assign(**shown, suppressed=away["row"]), cut, policy.rounding)
    return change(masked) if set(STEPS) <= set(frame) else masked


def _asked(measure: str) -> list[str]:
    """What may be hidden, so that a measure is missing."""
    if measure in OF_ALL:
        return ["any"]
    of_base = measure == "base_n" or measure.startswith("share")
    besides = {"left_out_n": ["left_out"], "median": ["few"]}.get(measure, [])
    return ["row", *["base"] * of_base, *besides]


def _missing(values: pd.Series[Any], where: Truths) -> pd.Series[Any]:
    integer = pd.api.types.is_integer_dtype(values.dtype)
    return (values.astype("Int64") if integer else values).mask(where)


def _rounded(frame: pd.DataFrame, cut: Cut, step: int) -> pd.DataFrame:
    """Counts as multiples of `step`, shares of these; a public denominator stays as it is."""
    if step == 1:
        return frame
    names = [c for c in COUNTS if c in frame and not (c == "base_n" and cut.kind == "rate")]
    rounded = frame.assign(**{c: ((frame[c] + step // 2) // step * step) for c in names})
    if not {"n", "base_n", "share"} <= set(frame):
        return rounded
    base_n = rounded["base_n"].astype("Float64")
    share = (rounded["n"].astype("Float64") / base_n.mask(base_n.eq(0).fillna(False))).clip(upper=1)
    return rounded.assign(share=share.to_numpy(dtype=float, na_value=float("nan")))


def _record(
    tables: Tables, gone: Mapping[str, Sequence[bool]], counts: Mapping[Cell, float], hidden: frozenset[Cell],
    nest: Nest, policy: Policy,
) -> dict[str, Any]:
    """The release.json: nothing that is hidden is in it."""
    step = policy.rounding
    rounded = {c: None if c in hidden else int((n + step // 2) // step * step) for c, n in counts.items()}
    named = {variable for cell in counts for variable, _ in cell.where}
    levels = {name: [*nest.levels.get(name, ["yes"])] for name in sorted(named)}
    return {
        "policy": {"name": policy.name, "threshold": policy.threshold, "rounding": step},
        "levels": levels,
        "multiple": [name for name in levels if name.endswith(ANY)],
        "nested": [
            {"where": dict(sorted(finer)), "inside": dict([coarser])}
            for finer in sorted(nest.implied, key=lambda where: sorted(map(str, where)))
            for coarser in sorted(nest.implied[finer])
            if {coarser[0], *dict(finer)} <= named
        ],
        "counts": [
            {"population": cell.population, "where": dict(sorted(cell.where)), "n": rounded[cell]}
            for cell in sorted(counts, key=order)
        ],
        "denominators": _denominators(tables, gone),
        "tables": [
            {"id": cut.id, "title": cut.title, "counts": len(rows), "hidden": sum(gone[cut.id])}
            for cut, rows in tables
        ],
    }


def _denominators(tables: Tables, gone: Mapping[str, Sequence[bool]]) -> list[dict[str, Any]]:
    """The numbers of the population sheet that rates are of: public, and no counts of the roster."""
    denominators: dict[str, dict[str, Any]] = {}
    for cut, rows in (each for each in tables if each[0].kind == "rate" and "base_n" in each[0].frame):
        for row, base_n, away in zip(rows, cut.frame["base_n"].tolist(), gone[cut.id], strict=True):
            if cut.population.startswith("workers") and pd.notna(base_n) and not away:
                of, where = row.n.population, dict(sorted(row.n.where))
                each = {"population": of.replace("workers", "population", 1), "where": where}
                denominators[_key_of(each, *each)] = {**each, "n": int(base_n)}
    return [denominators[key] for key in sorted(denominators)]


def joined(before: Record, now: Record) -> dict[str, Any]:
    """What was released before with what is released now: nothing is forgotten, and a count stands once.

    What was released of other data (`data` differs) or by another policy than now stands apart, in `earlier`,
    until the same count is released again exactly.
    """
    past = [*before.get("earlier", ())]
    if all(before.get(part) == now.get(part) for part in ("policy", "data")):
        now = _together(before, now)
    else:
        past.append({part: before[part] for part in ("policy", "levels", "multiple", "nested", "counts")})
    by_policy: dict[str, dict[str, Any]] = {}
    for each in past:
        policy = json.dumps(each["policy"])
        by_policy[policy] = _together(by_policy.get(policy, each), each)
    exact = now["policy"]["rounding"] == 1
    again = {_key_of(count, *COUNT) for count in now["counts"] if exact}
    for each in by_policy.values():
        each["counts"] = [count for count in each["counts"] if _key_of(count, *COUNT) not in again]
    past = [each for each in by_policy.values() if each["counts"]]
    return {**now, "earlier": past} if past else {part: now[part] for part in now if part != "earlier"}


def known_before(records: Sequence[Record], now: Record) -> int:
    """How many counts were released before that are not among those of `now`."""
    current = {_key_of(count, *COUNT) for count in now["counts"]}
    before = {_key_of(count, *COUNT) for record in records for count in record["counts"]}
    return len(before - current)


def _together(before: Record, now: Record) -> dict[str, Any]:
    """Two records of the same data and policy in one; of the same count the later number."""
    both = {**before, **now}
    for part, keys in ONCE.items():
        every = [*before.get(part, ()), *now.get(part, ())]
        both[part] = [*{_key_of(each, *keys): each for each in every}.values()]
    levels: dict[str, dict[str, None]] = {}
    for variable, codes in (*before["levels"].items(), *now["levels"].items()):
        levels.setdefault(variable, {}).update(dict.fromkeys(codes))
    both["levels"] = {variable: [*codes] for variable, codes in levels.items()}
    return both | {"multiple": sorted({*before["multiple"], *now["multiple"]})}


def _key_of(entry: Record, *keys: str) -> str:
    return json.dumps([entry[key] for key in keys], sort_keys=True)
