"""What is made anew, what was written last, what people made of that -> what stands in the report.

A unit is a paragraph, a table, or a row of one. What was written last tells what people changed; by its id
it is found again in what is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

ALIKE = 0.5  # a paragraph of which so much stays is the same one, edited
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_REFERENCE = re.compile(r"(?<=[表图])\d+")


@dataclass(frozen=True)
class Unit:
    """A unit: its `id` ("" where people wrote it), its text, the cells of its rows, its element."""

    id: str
    text: str
    cells: tuple[tuple[str, ...], ...] = ()
    element: Any = None

    @property
    def key(self) -> str:
        """What makes it the same: its text without spaces and without the numbers of tables and figures."""
        return ("表：" if self.cells else "") + _REFERENCE.sub("", "".join(self.text.split()))


@dataclass(frozen=True)
class Step:
    """What stands at a place: `now`, made anew, or what people edited (it `was`) or added (no `now`)."""

    now: Unit | None
    was: Unit | None
    theirs: Unit | None


def merged(
    now: Sequence[Unit], was: Sequence[Unit], theirs: Sequence[Unit]
) -> tuple[list[Step], list[Unit]]:
    """The steps in order, and the units of `now` that people deleted and that stay so.

    What people left alone is made anew, what they edited stays theirs, what they added stays where it stood.
    """
    ids, earlier_ids = {one.id for one in now}, {one.id for one in was}
    steps_by_id: dict[str, Step] = {}
    added: dict[str, list[Step]] = {}
    place = ""
    for before, one in paired(was, theirs):
        edited = before is None or before.key != one.key
        if before is not None and before.id in ids:
            place, steps_by_id[before.id] = before.id, Step(None, before, one if edited else None)
        elif edited:
            added.setdefault(place, []).append(Step(None, None, one))
    steps = added.get("", [])
    for unit in now:
        if unit.id in steps_by_id:
            step = steps_by_id[unit.id]
            same = step.theirs is not None and step.theirs.key == unit.key
            steps.append(Step(unit, step.was, None if same else step.theirs))
        elif unit.id not in earlier_ids:
            steps.append(Step(unit, None, None))
        steps += added.get(unit.id, [])
    return steps, [unit for unit in now if unit.id in earlier_ids and unit.id not in steps_by_id]


def paired(was: Sequence[Unit], theirs: Sequence[Unit]) -> Iterator[tuple[Unit | None, Unit]]:
    """Each of `theirs` in order with the unit that it was; None for one that people added."""
    matcher = SequenceMatcher(None, [one.key for one in was], [one.key for one in theirs], autojunk=False)
    for _, first, end, start, stop in matcher.get_opcodes():
        for one in theirs[start:stop]:
            near = (n for n in range(first, end) if _alike(was[n], one))
            at = next(near, None)
            first = first if at is None else at + 1
            yield None if at is None else was[at], one


def _alike(was: Unit, one: Unit) -> bool:
    if was.key == one.key:
        return True
    if len(was.cells) == len(one.cells) == 1:  # rows
        return was.cells[0][:1] == one.cells[0][:1] or was.cells[0][1:] == one.cells[0][1:]
    alike = SequenceMatcher(None, was.key, one.key, autojunk=False)
    return bool(was.cells) == bool(one.cells) and min(alike.quick_ratio(), alike.ratio()) >= ALIKE


def changed_numbers(was: str, now: str) -> dict[str, str]:
    """Number as it was -> as it is now ("" where it is said no more), of those that changed."""
    before, after = _NUMBER.findall(was), _NUMBER.findall(now)
    if _NUMBER.sub("#", was) == _NUMBER.sub("#", now):
        return {a: b for a, b in zip(before, after, strict=True) if a != b}
    return {number: "" for number in before if number not in after}


def places_of(numbers: Iterable[str], text: str) -> list[tuple[int, int, str]]:
    """Where the numbers stand in a text: start, end, number."""
    wanted = set(numbers)
    return [(*match.span(), match[0]) for match in _NUMBER.finditer(text) if match[0] in wanted]
