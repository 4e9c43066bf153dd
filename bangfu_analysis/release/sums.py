"""What adds up to what: the sums that a reader can do, from the conditions of counts in whichever tables."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from bangfu_analysis.errors import ReleaseConflict
from bangfu_analysis.release.cells import ANSWERED, ANY, Cell, Cut, Row, Where, one_of
from bangfu_analysis.release.nesting import POPULATION, Implied, Nest

INSIDE = "\x1f"  # between two variables: levels of the one inside a level of the other; in no name or unit
REST = "_rest"  # `cause_rest`: what those levels of cause that are known leave of their whole


class Sum(NamedTuple):
    """Parts that make up a whole; `by`: the variable whose levels they are ("" where they are not)."""

    parts: tuple[Cell, ...]
    whole: Cell
    by: str = ""


class Census(NamedTuple):
    """Inside `where` everybody has one of these levels of the variable `by`."""

    population: str
    where: Where
    by: str
    levels: frozenset[str | None]


def all_sums(
    numbers: Mapping[Cell, float], given: Iterable[Sum], complete: Sequence[Census], nest: Nest,
    own: Container[Cell] = (), others: Iterable[Cell] = (),
) -> tuple[list[Sum], dict[Cell, float]]:
    """The sums among the cells of `numbers` and of `others` (hidden elsewhere); the numbers that follow.

    `given`: further sums. All that cells are parts of are wholes, printed or not; what parts leave of their
    whole is a part as well: by subtraction a reader has it. ReleaseConflict where parts of a whole, all of
    them `own`, are more than the whole.
    """
    given = list(given)
    cells = _with_wholes([*numbers, *others, *(cell for each in given for cell in (*each.parts, each.whole))])
    groups: dict[tuple[Cell, str], list[Cell]] = {}
    for cell in cells:
        for whole, by in _wholes(cell, nest.implied):
            if whole in cells:
                groups.setdefault((whole, by), []).append(cell)
    given += [Sum(tuple(parts), whole, by) for (whole, by), parts in groups.items()]
    given += _with_joined(groups)
    sums = list(_with_rests(given, numbers, [*complete, *_made_up(groups, numbers)], nest, own))
    # What follows from them may make up further wholes.
    every = _followed(numbers, sums)
    sums = list(_with_rests(given, numbers, [*complete, *_made_up(groups, every)], nest, own))
    return sums, _followed(numbers, sums)


def _with_joined(groups: Mapping[tuple[Cell, str], Sequence[Cell]]) -> Iterator[Sum]:
    """Each sum with joined levels in the place of those that they join; such as overlap in sums apart."""
    layers: dict[tuple[Cell, str], list[dict[str, Cell]]] = {}
    for (whole, several), parts in sorted(groups.items(), key=lambda each: (order(each[0][0]), each[0][1])):
        name, codes = one_of(several)
        if codes and (whole, name) in groups and not name.endswith(ANY):
            same = layers.setdefault((whole, name), [])
            free = next((layer for layer in same if not {*codes} & {*layer}), None)
            same += [{}] if free is None else []
            (same[-1] if free is None else free).update(dict.fromkeys(codes, parts[0]))
    for (whole, name), every in layers.items():
        for layer in every:
            own_codes = ((part, dict(part.where)[name]) for part in groups[whole, name])
            single = [part for part, code in own_codes if code not in layer]
            yield Sum((*single, *dict.fromkeys(layer.values())), whole, name)


def _codes(cell: Cell, name: str) -> set[str | None]:
    """The codes of a variable that are met in a cell: one, or those of a joined level."""
    conditions = dict(cell.where)
    if name in conditions:
        return {conditions[name]}
    return {code for variable in conditions if one_of(variable)[0] == name for code in one_of(variable)[1]}


def _with_rests(
    stated: Iterable[Sum], numbers: Mapping[Cell, float], complete: Sequence[Census], nest: Nest,
    own: Container[Cell],
) -> dict[Sum, None]:
    """Each sum once, with what its parts leave of the whole."""
    sums: dict[Sum, None] = {}
    for each in stated:
        several = each.by.partition(INSIDE)[0].endswith(ANY)  # of which a person may have several
        for parts in ([(part,) for part in each.parts] if several else [each.parts]):
            rested = _with_rest(each._replace(parts=parts), numbers, complete, nest, own)
            sums |= dict.fromkeys(rested)
    return sums


def _made_up(
    groups: Mapping[tuple[Cell, str], Sequence[Cell]], numbers: Mapping[Cell, float]
) -> Iterator[Census]:
    """Wholes that the levels shown make up, in whichever release: nobody inside is of another, or of none."""
    for (whole, by), parts in groups.items():
        held = {dict(part.where).get(by): numbers[part] for part in parts if numbers.get(part)}
        plain = INSIDE not in by and not by.endswith(ANY) and not whole.of
        if plain and held and None not in held and round(sum(held.values()) - numbers.get(whole, -1), 6) == 0:
            yield Census(whole.population, whole.where, by, frozenset(held))


def _with_wholes(cells: Iterable[Cell]) -> dict[Cell, None]:
    """The cells with all that they are parts of, those of one of several codes with each, in an order of
    their own.
    """
    closed = {*cells}
    for cell in list(closed):
        for condition in cell.where:
            name, codes = one_of(condition[0])
            rest = cell.where - {condition}
            if name not in dict(rest):
                closed |= {cell._replace(where=rest | {(name, code)}) for code in codes}
    for cell in list(closed):
        for size in range(len(cell.where)):
            closed |= {cell._replace(where=frozenset(some)) for some in combinations(cell.where, size)}
    return dict.fromkeys(sorted(closed, key=order))


def _followed(numbers: Mapping[Cell, float], sums: Iterable[Sum]) -> dict[Cell, float]:
    """`numbers` with what follows from them, one after another: all else of a sum is known."""
    reckoned, todo = dict(numbers), list(sums)
    while True:
        size = len(reckoned)
        for each in todo:
            unknown = [cell for cell in (*each.parts, each.whole) if cell not in reckoned]
            if len(unknown) == 1:
                parts = sum(reckoned[part] for part in each.parts if part in reckoned)
                left = round(reckoned[each.whole] - parts, 6) if each.whole in reckoned else parts
                reckoned |= {unknown[0]: left} if left >= 0 else {}
        if len(reckoned) == size:
            return reckoned


def stated_by(cut: Cut, rows: Sequence[Row]) -> tuple[list[Sum], list[Census]]:
    """The sums that a table itself states: its rows make up its bases, with those left out its groups."""
    numbers = {cell: n for row in rows for cell, n in row.numbers.items()}
    sums, complete = [], []
    for group in dict.fromkeys(row.group for row in rows):
        group_rows = [row for row in rows if row.group == group]
        base, left_out = group_rows[0].n if cut.measured else group_rows[0].base, group_rows[0].left_out
        if base and left_out and base != group:
            sums.append(Sum((base, left_out), group))
        if base and not cut.measured:
            parts = tuple(dict.fromkeys(row.n for row in group_rows))
            by = sorted({variable for cell in parts for variable, _ in cell.where - group.where})
            several = [variable for variable in by if variable.endswith(ANY)]
            sums.append(Sum(parts, base, several[0] if several else by[0] if len(by) == 1 else ""))
            if left_out and not several and numbers[left_out] == 0:
                held = [each for cell in parts if numbers[cell] for one in cell.where for each in _each(one)]
                names = {name for variable in by for name, _ in _each((variable, None))}
                levels = {name: frozenset(code for v, code in held if v == name) for name in names}
                complete += [Census(*group[:2], name, codes) for name, codes in levels.items()]
    return sums, complete


def _each(condition: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    """A condition, or each of those of which it is one of several."""
    name, codes = one_of(condition[0])
    return [(name, code) for code in codes] or [condition]


def order(cell: Cell) -> tuple[str, str, list[tuple[str, str]]]:
    """What cells are sorted by."""
    return cell.population, cell.of, sorted((variable, code or "") for variable, code in cell.where)


def _wholes(cell: Cell, implied: Implied) -> Iterator[tuple[Cell, str]]:
    """The cells that this one is a part of, each with the variable of whose levels it is one."""
    conditions = sorted(cell.where, key=lambda each: (each[0], each[1] or ""))
    for condition in conditions:
        if not condition[0].endswith(ANSWERED):
            yield cell._replace(where=cell.where - {condition}), condition[0]
    for finer in (frozenset(some) for size in (1, 2) for some in combinations(conditions, size)):
        rest, by = cell.where - finer, "+".join(sorted(dict(finer)))
        here = implied.get(finer | {(POPULATION, cell.population)}, ())
        for condition in sorted([*_coarser(finer, implied), *here], key=str):
            if condition[0] not in dict(rest):
                yield cell._replace(where=rest | {condition}), f"{by}{INSIDE}{condition[0]}"


def _coarser(finer: Where, implied: Implied) -> list[tuple[str, str | None]]:
    """What the conditions imply, among others that a code is one of several."""
    ((variable, code), *more) = finer
    if variable.endswith(ANY) and not more:
        base = frozenset({(variable.removesuffix(ANY), code)})
        return [*((name + ANY, level) for name, level in implied.get(base, ())), *implied.get(finer, ())]
    return [*implied.get(finer, ())]


def _is_all(stated: Sum, complete: Sequence[Census], nest: Nest) -> bool:
    """Whether the parts of a sum are all that hold anybody."""
    name, _, coarse = stated.by.partition(INSIDE)
    censuses = list(_censuses(stated.whole, name, complete))
    if not coarse:
        codes = {code for cell in stated.parts for code in _codes(cell, name)}
        return any(census.levels <= codes for census in censuses)
    inside = frozenset({(coarse, dict(stated.whole.where)[coarse])})
    here = inside | {(POPULATION, stated.whole.population)}
    finer = nest.covering.get((name, inside)) or nest.covering.get((name, here), frozenset())
    held = {frozenset({(name, code)}) for census in censuses for code in census.levels}
    needed = finer & held if held else finer
    return bool(finer) and needed <= {cell.where - (stated.whole.where - inside) for cell in stated.parts}


def _censuses(whole: Cell, by: str, complete: Sequence[Census]) -> Iterator[Census]:
    censuses = (census for census in complete if (census.population, census.by) == (whole.population, by))
    return (census for census in censuses if census.where <= whole.where)


def is_rest(cell: Cell) -> bool:
    """Whether a cell is what others leave, and no level of a variable."""
    return any(variable.endswith(REST) for variable, _ in cell.where)


def _with_rest(
    stated: Sum, numbers: Mapping[Cell, float], complete: Sequence[Census], nest: Nest, own: Container[Cell]
) -> list[Sum]:
    """The sum, with what its parts leave of the whole; none where other releases say the contrary."""
    by, all_known = stated.by.partition(INSIDE)[0], {*stated.parts, stated.whole} <= numbers.keys()
    left = round(numbers[stated.whole] - sum(numbers[part] for part in stated.parts), 6) if all_known else 0
    if left < 0 and all(cell in own for cell in (*stated.parts, stated.whole)):
        more = f"{cell_words(stated.whole)}有{numbers[stated.whole]:g}人，各部分（{by}）之和却更多"
        message = f"{more}。可能是两张表把不同的人数写成了同一条件"
        place = stated.whole.population, by.removesuffix(ANY)
        raise ReleaseConflict(f"发布前核对：{message}。未作保护，已停止。", *place)
    if by.endswith(ANY):
        missing = stated.by + REST, dict(stated.parts[0].where).get(by)
    elif left == 0 and (all_known or not stated.by or _is_all(stated, complete, nest)):
        return [stated]
    else:
        missing = _missing(stated, complete, nest)
    rest = stated.whole._replace(where=stated.whole.where | {missing})
    return [stated._replace(parts=(*stated.parts, rest))] if left >= 0 and rest not in stated.parts else []


def _missing(each: Sum, complete: Sequence[Census], nest: Nest) -> tuple[str, str | None]:
    """The condition of what the parts leave: the one level that is not among them, if there is but one."""
    codes = {code for cell in each.parts for code in _codes(cell, each.by)}
    everybody = any(_censuses(each.whole, each.by, complete))
    options = [*nest.levels.get(each.by, ()), *([] if everybody else [None])]
    missing = [code for code in options if code not in codes]
    return (each.by, missing[0]) if each.by in nest.levels and len(missing) == 1 else (each.by + REST, "yes")


def cell_words(cell: Cell) -> str:
    """A cell in words."""
    where = "、".join(f"{variable}={code}" for variable, code in sorted(cell.where, key=str)) or "全体"
    return f"{cell.population}（{where}）"
