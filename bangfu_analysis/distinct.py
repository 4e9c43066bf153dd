"""Cells told apart: the distinct ones of a column, each once, and for every cell the place of its own among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Objects = npt.NDArray[np.object_]
Places = npt.NDArray[np.intp]


def distinct_cells(cells: Objects) -> tuple[Places, Objects]:
    """(places, distinct) of a 1-d object array, in the order of first appearance: `distinct[places]` says what `cells` say.

    Cells are told apart by type and value (1, True and 1.0 are three); None, NaN and the like have the place -1.
    """
    places, found = pd.factorize(cells)
    if len({bool, int, float} & set(map(type, found))) and len({bool, int, float} & set(map(type, cells))) > 1:
        return _by_type(cells)
    return places, found


def _by_type(cells: Objects) -> tuple[Places, Objects]:
    places, found = pd.factorize(
        objects([None if absent else (type(v), v) for v, absent in zip(cells, pd.isna(cells), strict=True)])
    )
    return places, objects([value for _, value in found])


def objects(values: Any) -> Objects:
    """A sized iterable as a 1-d object array, tuples in it as they are."""
    return np.fromiter(values, object, len(values))
