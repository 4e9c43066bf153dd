"""Cells told apart (1 and True, though equal, are two): the distinct ones once, and for each cell the place
of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, islice, zip_longest
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from bangfu_analysis.text import is_blank

Objects = npt.NDArray[np.object_]
Places = npt.NDArray[np.intp]
PIECE = 100  # rows whose cells stay in the processor's cache


class Rows(Sequence[tuple[object, ...]]):
    """Rows of cells, kept by column: `distinct[j]` without blanks, and `places[i, j]` among them, -1 where
    blank or missing.

    They are read piece by piece, so that what is said again is freed at once: half the memory of lists, and
    less time.
    """

    def __init__(self, rows: Iterable[Sequence[object]]) -> None:
        numbers: list[defaultdict[object, int]] = []
        places: list[list[npt.NDArray[np.int32]]] = []
        left, done = iter(rows), 0
        while piece := list(islice(left, PIECE)):
            columns = list(zip_longest(*piece, fillvalue=""))
            while len(numbers) < len(columns):
                numbers.append(defaultdict(count().__next__))
                places.append([np.full(done, numbers[-1][""], np.int32)])
            columns += [("",) * len(piece)] * (len(numbers) - len(columns))
            for j, values in enumerate(columns):
                apart = _TOLD_APART in numbers[j]
                places[j].append(_found(numbers[j], map(_by_type, values) if apart else values, len(piece)))
                if not apart and (0 in numbers[j] or 1 in numbers[j]) and bool in set(map(type, values)):
                    numbers[j] = _told_apart(numbers[j])
                    places[j][-1] = _found(numbers[j], map(_by_type, values), len(piece))
            done += len(piece)
        self.distinct: list[Objects] = []
        self.places = np.empty((done * bool(places), len(places)), dtype=np.int32, order="F")
        for j, (column, number) in enumerate(zip(places, numbers, strict=True)):
            self.places[:, j], distinct = _without_blanks(np.concatenate(column), number)
            self.distinct.append(distinct)

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int32], said: Objects) -> Rows:
        """Rows of which a cell says `said[number]`: the numbers of the cells, -1 that of a blank in the end.
        """
        rows = object.__new__(cls)
        rows.places, rows.distinct = np.empty_like(numbers), []
        for j in range(numbers.shape[1]):
            own, met = pd.factorize(numbers[:, j])
            places, values = distinct_cells(said[met])
            rows.places[:, j], distinct = _without_blanks(places[own], values)
            rows.distinct.append(distinct)
        return rows

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, row: int) -> tuple[object, ...]: ...
    @overload
    def __getitem__(self, row: slice) -> list[tuple[object, ...]]: ...
    def __getitem__(self, row: int | slice) -> tuple[object, ...] | list[tuple[object, ...]]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        return tuple(None if n < 0 else self.distinct[j][n] for j, n in enumerate(self.places[row]))

    def column(self, j: int) -> Objects:
        """The cells of a column, None where blank."""
        return np.append(self.distinct[j], [None])[self.places[:, j]]

    def placed(self, places: npt.NDArray[np.int32]) -> Rows:
        """Rows of the same distinct cells at other places."""
        changed = object.__new__(Rows)
        changed.places, changed.distinct = places, list(self.distinct)
        return changed

    def but(self, cells: Mapping[tuple[int, int], object]) -> Rows:
        """The same rows, but for `cells`: (row, column) -> what it says."""
        changed = self.placed(self.places.copy())
        for (row, j), value in cells.items():
            changed.places[row, j] = len(changed.distinct[j])
            changed.distinct[j] = np.append(changed.distinct[j], objects([value]))
        return changed


_TOLD_APART = (bool, None)  # a key of columns in which True and False are no numbers


def _told_apart(numbers: defaultdict[object, int]) -> defaultdict[object, int]:
    known = {_by_type(key): n for key, n in numbers.items()} | {_TOLD_APART: len(numbers)}
    return defaultdict(count(len(known)).__next__, known)


def _by_type(value: object) -> object:
    return (bool, value) if value is True or value is False else value


def _found(
    numbers: defaultdict[object, int], values: Iterable[object], size: int
) -> npt.NDArray[np.int32]:
    return np.fromiter(map(numbers.__getitem__, values), np.int32, size)


def _without_blanks(
    places: npt.NDArray[np.integer[Any]], numbers: Iterable[object]
) -> tuple[npt.NDArray[np.int32], Objects]:
    said = [key[1] if type(key) is tuple else key for key in numbers]
    blank = [not v[:1].isalnum() and is_blank(v) if type(v) is str else v is None or v != v for v in said]
    kept = ~np.array(blank, dtype=bool)
    new = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    return new[places], objects(said)[kept]


def distinct_cells(cells: Objects) -> tuple[Places, Objects]:
    """(places, distinct) of a 1-d object array, in the order of first appearance: `distinct[places]` says
    what `cells` say.

    None, NaN and the like have the place -1.
    """
    if len(cells) == 1 and cells[0] is not None and cells[0] == cells[0]:  # as in forms: nothing to compare
        return np.zeros(1, np.intp), cells
    places, found = pd.factorize(cells)
    if {bool, int, float} & set(map(type, found)) and bool in set(map(type, cells)):
        apart = [None if absent else _by_type(v) for v, absent in zip(cells, pd.isna(cells), strict=True)]
        places, found = pd.factorize(objects(apart))
        return places, objects([key[1] if type(key) is tuple else key for key in found])
    return places, found


def objects(values: Any) -> Objects:
    """A sized iterable as a 1-d object array, tuples in it as they are."""
    return np.fromiter(values, object, len(values))
