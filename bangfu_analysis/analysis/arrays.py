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
