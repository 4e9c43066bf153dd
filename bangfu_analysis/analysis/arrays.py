"""The types that figures are reckoned with: arrays, names of columns, and which rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Union

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Truths = NDArray[np.bool_]
Names = str | Sequence[str] | None
Where = Union[Mapping[str, Any], "pd.Series[Any]", Truths, Sequence[bool], None]
Variable = str | tuple[str, str]  # whose mean, or a numerator and a denominator
# of a cube: the rows a cell stands for; whether it is of those asked of
ROWS, INSIDE = "cell_n", "cell_inside"


def names(columns: Names) -> list[str]:
    """One name, several or none, as a list."""
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else list(columns)


def pair_of(variable: Variable) -> tuple[str, ...]:
    """The columns of a variable, or of a pair of numerator and denominator."""
    return (variable,) if isinstance(variable, str) else variable


def stem(variable: Variable, weight: str | None) -> str:
    """How the columns of a cube begin that hold the sums of a variable, or of a pair, under a weight."""
    return ".".join(["/".join(pair_of(variable)), *names(weight)])
