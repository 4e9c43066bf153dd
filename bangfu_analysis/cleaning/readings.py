"""What a cell was read as: a value, or why there is none (blank, 不详, masked, 待核实, lost characters);
and a column of cells, each distinct one read once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from bangfu_analysis.codebook import patterns, told_words
from bangfu_analysis.distinct import Objects, Places, distinct_cells, objects
from bangfu_analysis.text import DITTO, is_blank, squeeze


class Reading(NamedTuple):
    """The value of one cell. `value` None is missing.

    `problem` is "" where nothing is worth a finding; `action`: missing (given up), repaired, inferred, kept,
    conflict. `message` says in Chinese what was found, what was expected and what to do; it never quotes the
    cell. `detail`: what else the cell said: precision of a date, all causes of a row.
    """

    value: Any = None
    problem: str = ""
    action: str = ""
    message: str = ""
    severity: str = "warning"
    detail: Any = None


BLANK = Reading()
LIKE = patterns("cells")


def told(key: str, value: Any = None, *, detail: Any = None, **words: object) -> Reading:
    """A Reading with a problem, as codebooks/told.yaml has it: action, severity and message, whose gaps
    `words` fill.

    `key` is the problem, or problem/case where several messages tell of it.
    """
    action, severity, message = told_words()[key]
    return Reading(value, key.partition("/")[0], action, message.format(**words), severity, detail)


class Readings(Sequence[Reading]):
    """The Reading of each cell of a column: `distinct` ones, and for every cell the place of its own among
    them.
    """

    def __init__(self, distinct: Sequence[Reading], places: Places) -> None:
        self.distinct, self.places = distinct, places

    @classmethod
    def of(cls, cells: Objects, read: Callable[[Objects], Sequence[Reading]]) -> Readings:
        """`read` makes a Reading of each of the distinct cells, the blank ones being one None."""
        places, found = distinct_cells(cells)
        asked = np.append(found, [None]) if (places < 0).any() else found
        return cls(read(asked), places % max(len(asked), 1))

    @classmethod
    def blank(cls, size: int) -> Readings:
        """The readings of `size` blank cells."""
        return cls([BLANK], np.zeros(size, dtype=np.intp))

    @classmethod
    def joined(cls, parts: Sequence[Readings]) -> Readings:
        """The readings of several columns, one after another."""
        if len(parts) == 1:
            return parts[0]
        starts = np.cumsum([0, *(len(part.distinct) for part in parts)])
        places = [part.places + start for part, start in zip(parts, starts, strict=False)]
        distinct = [reading for part in parts for reading in part.distinct]
        return cls(distinct, np.concatenate([np.array([], np.intp), *places]))

    @overload
    def __getitem__(self, place: int) -> Reading: ...
    @overload
    def __getitem__(self, place: slice) -> list[Reading]: ...
    def __getitem__(self, place: int | slice) -> Reading | list[Reading]:
        chosen = self.places[place]
        return [self.distinct[n] for n in chosen] if isinstance(place, slice) else self.distinct[int(chosen)]

    def __len__(self) -> int:
        return len(self.places)

    def of_each(self, part: Callable[[Reading], Any]) -> Objects:
        """`part` of every cell's Reading, taken once for each distinct one."""
        return objects([part(reading) for reading in self.distinct])[self.places]

    @property
    def values(self) -> Objects:
        """The value of every cell, None where missing."""
        return self.of_each(lambda reading: reading.value)

    def where(self, holds: Callable[[Reading], bool]) -> npt.NDArray[np.bool_]:
        """True for each cell of whose Reading `holds` does, asked once for each distinct one."""
        return np.fromiter(map(holds, self.distinct), bool, len(self.distinct))[self.places]

    @property
    def problems(self) -> npt.NDArray[np.bool_]:
        """True for each cell that is worth a finding."""
        return self.where(lambda reading: bool(reading.problem))


def text_of(raw: object) -> str:
    """A cell as text: whole floats without `.0`, dates as ISO, booleans as 是 and 否."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    return raw.isoformat() if isinstance(raw, date) else str(raw)


def read_absence(raw: object, *, parts: bool = False) -> Reading | None:
    """The Reading of a cell that gives no value; None where there is something to read.

    Blank cells, strokes (/, -, —) and 无 are plainly missing. 不详, 未知, ? say that the value is missing:
    no value is given up, so the finding is `kept` and only informs. Masked (XX, **), put-off (待核实, 见附件)
    and error cells are given up. `parts`: a masked run inside the text is enough (numbers, dates, ID
    numbers), not only the whole.
    """
    if is_blank(raw):
        return BLANK
    if not isinstance(raw, str):
        return None
    text = squeeze(raw).strip("'’‘`")
    if text in ("", "*") or LIKE["says_none"].fullmatch(text) or LIKE["strokes"].fullmatch(text):
        return BLANK
    if LIKE["stated"].fullmatch(text):
        return told("stated_missing")
    if LIKE["error"].fullmatch(text):
        return told("error_cell")
    if LIKE["masked"].search(text) if parts else LIKE["all_masked"].fullmatch(text):
        return told("masked")
    if DITTO.fullmatch(text) or text in ("同左", "同下", "同右"):
        return told("ditto_unresolved")
    if LIKE["put_off"].search(text):
        return told("unreadable")
    return told("lost_character") if parts and LIKE["lost"].search(text) else None
