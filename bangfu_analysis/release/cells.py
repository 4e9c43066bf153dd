"""The counts that tables show, named by their conditions: the same count has the same name in every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Where = frozenset[tuple[str, str | None]]
ANSWERED = "_answered"  # `sex+age_answered`: "yes" of whom all of these are known, null of the others
IN_TABLES = {"cause_main": "cause"}  # what tables and the codebook call a column of `workers`
JOINT = "∪"  # `a∪b`: one of these codes, as a level or a condition; `a∪b∪`: these and like ones, 其他（合并）
AREAS = ("province", "city", "county")  # each inside the one before: a count of the inner says the outer
ANY = "_any"  # `cause_any`: a variable of which a person may have several


class Cell(NamedTuple):
    """Who of a population meets conditions (variable, code; None: no value); `of`: their amount of it."""

    population: str
    where: Where
    of: str = ""


@dataclass(frozen=True)
class Cut:
    """One raw result frame with what its counts count, before protection.

    `frame`: dimension columns (codes; missing: those without a value), then measures (n, base_n,
    left_out_n, share, estimate, se ...); `dimensions`: outer ones first; `within`: those inside which
    shares add up and base_n counts; `apart`: dimensions that name a population of their own (a wave, an
    indicator, an item); `population`: "workers/2009", or "workers" where a dimension of `apart` follows
    it; `where`: the subgroup, {variable: code or [codes]}; `multiple`: dimensions of which a person may
    have several; `merged`: (wave, variable, code) -> the codes of that wave which are counted as this one,
    where a table over waves has one name for what was renamed or merged; `kind`: count; rate (base_n is a
    public denominator, no count of this population); mean, quantile (of n people who have a value of
    `variable`) and total (the amount of n people), which stand in `estimate`; `contributions`: columns
    `largest` and `second` of each row of a mean or total, or of a rate whose `amount` is yuan, for
    dominance; `people`, where it is known, is how many have it.
    """

    id: str
    title: str
    frame: pd.DataFrame
    dimensions: tuple[str, ...]
    within: tuple[str, ...] = ()
    population: str = "workers"
    where: Mapping[str, object] = field(default_factory=dict)
    multiple: frozenset[str] = frozenset()
    kind: str = "count"
    variable: str = ""
    contributions: pd.DataFrame | None = None
    apart: tuple[str, ...] = ("wave",)
    merged: Mapping[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether its rows measure people rather than divide them."""
        return self.kind in ("mean", "quantile", "total")


class Row(NamedTuple):
    """The cells of a row and their numbers; those that a row does not tell are None."""

    n: Cell
    group: Cell
    base: Cell | None
    left_out: Cell | None
    amount: Cell | None
    numbers: Mapping[Cell, float]


def rows_of(cut: Cut) -> Iterator[Row]:
    """The cells of each row of a cut, in its order."""
    apart = [d for d in cut.dimensions if d in cut.apart]
    divided = [d for d in cut.dimensions if d not in apart and d not in cut.within]
    inner = [d for d in cut.dimensions if d not in apart and (d in cut.within or cut.measured)]
    asked = [cut.variable] * bool(cut.variable) if cut.measured else divided
    names = [name_of(cut, d) for d in asked]
    for row in cut.frame.to_dict("records"):
        population = "/".join([cut.population, *(str(code_of(row[d])) for d in apart)])
        conditions_of = partial(condition, merged=cut.merged, wave=str(row.get("wave", "")))
        group = conditions_of(cut.where) | conditions_of({name_of(cut, d): row[d] for d in inner})
        cell = group | conditions_of({name_of(cut, d): row[d] for d in divided})
        whole = Cell(population, of_innermost(group))
        yield _row(cut, row, whole, Cell(population, of_innermost(cell)), names)


def of_innermost(where: Where) -> Where:
    """The conditions without the areas that an inner one lies in."""
    areas = [name for name in AREAS if name in dict(where)]
    return frozenset(each for each in where if each[0] not in areas[:-1])


def _row(cut: Cut, row: Mapping[Any, Any], whole: Cell, cell: Cell, asked: list[str]) -> Row:
    n, base_n, silent = (None if pd.isna(row.get(c)) else int(row[c]) for c in ("n", "base_n", "left_out_n"))
    silence = asked[0] if len(asked) == 1 and not cut.measured else answered(asked)
    base, none = whole, None
    if asked:
        none = whole._replace(where=whole.where | {(silence, None)}) if silent is not None else None
        base = whole._replace(where=whole.where | {(answered(asked), "yes")}) if silent else whole
    counted = base if cut.measured else cell
    numbers: dict[Cell, float] = {counted: n} if n is not None else {}
    shows_base = base_n is not None and cut.kind == "count"
    if shows_base and base_n is not None:
        numbers[base] = base_n
    if none is not None and silent is not None:
        numbers[none] = silent
        of = base_n if shows_base else n if cut.measured else None
        numbers |= {whole: of + silent} if of is not None else {}
    amount, estimate = None, row.get("estimate")  # what the people of a row have together
    if cut.kind in ("mean", "total") and isinstance(estimate, float | int) and not pd.isna(estimate):
        amount = whole._replace(of=cut.variable or cut.id)
        numbers[amount] = float(estimate) * (1 if cut.kind == "total" else n or 0)
    in_yuan = cut.contributions is not None and row.get("counted_in", "yuan") == "yuan"
    if cut.kind == "rate" and in_yuan and pd.notna(row["amount"]):
        one = frozenset((variable.removesuffix(ANY), code) for variable, code in cell.where)  # rows are apart
        amount = cell._replace(where=one, of="amount")
        numbers[amount] = float(row["amount"])
    return Row(counted, whole, base if shows_base else None, none, amount, numbers)


def condition(
    where: Mapping[str, object], merged: Mapping[tuple[str, str, str], Sequence[str]] = MappingProxyType({}),
    wave: str = "",
) -> Where:
    """A subgroup as conditions; several codes of a variable are one condition, `variable=a∪b`: yes."""
    conditions: dict[str, str | None] = {}
    for variable, codes in where.items():
        name, code_list = IN_TABLES.get(variable, variable), map(code_of, several_codes(codes))
        parts = [part for code in code_list for part in ([code] if code is None else parts_of(code))]
        words = {each for code in parts for each in merged.get((wave, name, str(code)), (code,))}
        several = f"{name}={JOINT.join(sorted(map(str, words)))}"
        conditions |= {name: next(iter(words))} if len(words) == 1 else {several: "yes"}
    return frozenset(conditions.items())


def one_of(variable: str) -> tuple[str, list[str]]:
    """Of `variable=a∪b` the variable and the codes; of any other itself, and none."""
    name, _, codes = variable.partition("=")
    return name, parts_of(codes)


def parts_of(code: str) -> list[str]:
    """The codes of a joined level; of a plain one itself."""
    return [part for part in code.split(JOINT) if part]


def is_other(code: object) -> bool:
    """Whether a level is what is left: 其他, or several of few people folded into one."""
    return code == "other" or str(code).endswith(JOINT)


def several_codes(codes: object) -> Iterable[object]:
    """The codes of a condition, one or several."""
    return codes if isinstance(codes, list | tuple | set | frozenset) else [codes]


def answered(variables: list[str]) -> str:
    """The variable that says whether all of these have a value."""
    return "+".join(variables) + ANSWERED


def code_of(value: object) -> str | None:
    """A code as release.json writes it."""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def name_of(cut: Cut, dimension: str) -> str:
    """The variable of a dimension in conditions."""
    name = IN_TABLES.get(dimension, dimension)
    return name + ANY if dimension in cut.multiple and not dimension.endswith(ANY) else name
