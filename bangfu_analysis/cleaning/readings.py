"""What a cell was read as: a value, or why there is none; and a column of cells, each distinct one read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt


class Reading(NamedTuple):
    """The value of one cell. `value` None is missing.

    `problem` is "" where nothing is worth a finding; `action`: missing (given up), repaired, inferred, kept, conflict.
    `message` says in Chinese what was found, what was expected and what to do; it never quotes the cell.
    `detail`: what else the cell said: precision of a date, bounds of a sum, further codes.
    """

    value: Any = None
    problem: str = ""
    action: str = ""
    message: str = ""
    severity: str = "warning"
    detail: Any = None


BLANK = Reading()


class Readings(Sequence[Reading]):
    """The Reading of each cell of a column: `distinct` ones, and for every cell the place of its own among them."""

    def __init__(self, cells: Sequence[object], read: Callable[[Any], Reading]) -> None:
        """Read every distinct cell once; cells are told apart by type and value (1, True, 1.0)."""
        mixed = len({bool, int, float} & set(map(type, cells))) > 1
        keys: Sequence[Any] = list(zip(map(type, cells), cells, strict=True)) if mixed else cells
        number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
        self.distinct = [read(key[1] if mixed else key) for key in number]
        self.places: npt.NDArray[np.intp] = np.fromiter(map(number.__getitem__, keys), np.intp, len(keys))

    @overload
    def __getitem__(self, place: int) -> Reading: ...
    @overload
    def __getitem__(self, place: slice) -> list[Reading]: ...
    def __getitem__(self, place: int | slice) -> Reading | list[Reading]:
        chosen = self.places[place]
        return [self.distinct[n] for n in chosen] if isinstance(place, slice) else self.distinct[int(chosen)]

    def __len__(self) -> int:
        return len(self.places)

    def of_each(self, part: Callable[[Reading], Any]) -> npt.NDArray[np.object_]:
        """`part` of every cell's Reading, taken once for each distinct one."""
        return np.fromiter(map(part, self.distinct), object, len(self.distinct))[self.places]

    @property
    def values(self) -> npt.NDArray[np.object_]:
        """The value of every cell, None where missing."""
        return self.of_each(lambda reading: reading.value)

    @property
    def problems(self) -> npt.NDArray[np.bool_]:
        """True for each cell that is worth a finding."""
        return self.of_each(lambda reading: bool(reading.problem)).astype(bool)
