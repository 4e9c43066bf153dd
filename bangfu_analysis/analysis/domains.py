"""Which rows a figure speaks of: the groups of `by`, the subgroup `where`, the numbers of a variable.

A row's group is a code 0..k-1, of the smallest type that holds them; rows outside every group carry the
code k, so that one `bincount` of length k + 1 serves them all and no frame is ever filtered (a filtered frame
gives the wrong standard error).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from importlib import import_module
from operator import and_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.analysis.arrays import INSIDE, ROWS, Codes, Floats, Names, Truths, Where, names
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing, one_of

SLICE = 1 << 15  # rows that are worked on at a time
NO_ENGINES = (
    "其他引擎的表要有 narwhals 才能读取。"
    "请安装：pip install 'bangfu-analysis[scale]'，或先读成 pandas 数据框。"
)


@dataclass(frozen=True)
class Domains:
    """Groups of rows: `code` per row (`count` = outside every group) and `levels`, one row per group."""

    code: Codes
    levels: pd.DataFrame

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.levels)

    @cached_property
    def sizes(self) -> Floats:
        """How many rows each group has."""
        return sums(self.code, self.count)

    def only(self, rows: Truths) -> Domains:
        """The groups without the rows that are not in `rows`."""
        return self if rows.all() else replace(self, code=np.where(rows, self.code, self.count))


def engines(module: str = "cells") -> Any:
    """The module by which tables of other engines come; ArgumentError where narwhals is not installed."""
    try:
        return import_module(f"bangfu_analysis.analysis.{module}")
    except ModuleNotFoundError as fault:
        raise ArgumentError(NO_ENGINES) from fault


def gathered(
    frame: Any, by: Names = (), variables: Sequence[Any] = (), design: Any = None, where: Any = None
) -> tuple[pd.DataFrame, Any]:
    """A frame and the condition to be laid on it: a table of another engine becomes a cube of those asked of.
    """
    if isinstance(frame, pd.DataFrame):
        return frame, where
    return engines().cells(frame, by, variables=variables, design=design, where=where), None


def no_replicates(design: Any) -> None:
    """ArgumentError for a design whose variances are not made of sums by sampling unit."""
    if getattr(design, "steps", ()) or getattr(design, "replicates", None) is not None:
        raise ArgumentError(
            "校准过的设计和重复权数要逐行计算，不能由汇总（cells）或其他引擎的表估计。"
            "请先读成 pandas 数据框。"
        )


def rows_of(frame: pd.DataFrame) -> int:
    """How many rows a frame or a cube stands for."""
    return int(frame[ROWS].sum()) if ROWS in frame else len(frame)


def codes_in(variable: str, codes: Any, kind: Any) -> list[Any]:
    """The code or codes of a condition, as a list; ArgumentError for one that is no level of its type."""
    wanted = [codes] if isinstance(codes, str) or not isinstance(codes, Iterable) else list(codes)
    for code in wanted if isinstance(kind, pd.CategoricalDtype) else ():
        one_of(f"where[{variable}]", code, kind.categories)
    return wanted


def require(frame: pd.DataFrame, columns: Sequence[str], *, where: str, cubes: bool = False) -> None:
    """Raise `ColumnMissing` for columns the frame lacks; of a band it says how it is derived.

    ArgumentError for a table of another engine, and for a cube where `cubes` are not taken.
    """
    if not isinstance(frame, pd.DataFrame) or (ROWS in frame and not cubes):
        kind = "cells 的汇总" if isinstance(frame, pd.DataFrame) else type(frame).__name__
        raise ArgumentError(
            f"{where}：要逐行的 pandas 数据框，得到的是 {kind}。请先把需要的列读成 pandas 数据框。"
        )
    if absent := [column for column in columns if column not in frame.columns]:
        band = load_codebook().bands.get(absent[0])
        derived = f"它由 {band.variable} 推出：请先 add_bands(数据框, codebook)。" if band else ""
        if ROWS in frame:
            derived = "这是 cells 的汇总：请在 cells 的 by、variables 和 design 中写全要用的列。"
        raise ColumnMissing.naming(absent, [str(c) for c in frame.columns], where=where, hint=derived)


def numbers(frame: pd.DataFrame, variable: str) -> Floats:
    """The column as float64, missing as NaN; words are refused."""
    require(frame, [variable], where="估计", cubes=True)
    column = frame[variable]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise ArgumentError(
            f"变量 {variable} 的类型是 {column.dtype}，不是数值，不能求均值或总量。"
            "分类变量请用 estimate_share。"
        )
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))


def filled(frame: pd.DataFrame, variable: str | None) -> tuple[Floats, Truths]:
    """The `numbers` of the column (None: 1 for everybody) with 0 for missing, and where they are known."""
    values = np.ones(len(frame)) if variable is None else numbers(frame, variable)
    with np.errstate(over="ignore", invalid="ignore"):
        finite = bool(np.isfinite(values.sum()))  # one pass: it is neither if any value is neither
    if finite:
        return values, np.ones(len(values), dtype=bool)
    answered = ~np.isnan(values)
    if endless := int(np.isinf(values).sum()):
        raise ArgumentError(f"变量 {variable} 有 {endless} 行是无穷大，无法计算。请更正，或改成缺失。")
    return np.where(answered, values, 0.0), answered


def measured(frame: pd.DataFrame, variable: str) -> Floats:
    """The `numbers` of the column, missing as NaN; infinite ones are refused."""
    values, answered = filled(frame, variable)
    return values if answered.all() else np.where(answered, values, np.nan)


def sums(code: Codes, count: int, values: Floats | None = None) -> Floats:
    """Sum of the values (or number of rows) in each group."""
    if values is not None:
        return np.bincount(code.ravel(), values.ravel(), count + 1)[:count].astype(float, copy=False)
    counts = np.zeros(count + 1, dtype=np.intp)
    for part in slices(len(code)):
        counts += np.bincount(code[part], minlength=count + 1)
    return counts[:count].astype(float)


def level_codes(column: pd.Series[Any]) -> tuple[Codes, pd.Index[Any]]:
    """Codes and levels of a column: declared order for categoricals (empty levels stay), else sorted; missing
    is -1.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes: Any = column.array.codes
        return codes, pd.CategoricalIndex(column.cat.categories, dtype=column.dtype)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "i":
        codes, integers = packed(column.to_numpy(dtype=np.intp))
        return codes, pd.Index(integers, dtype=column.dtype)
    codes, levels = pd.factorize(column, sort=True)
    return codes, pd.Index(levels)


def packed(values: Codes) -> tuple[Codes, Codes]:
    """Codes 0..k-1 of integers, and the integers; by counting, not hashing, where they lie close together."""
    low, high = map(int, ends(values)) if len(values) else (0, -1)
    if not len(values) or low + 2 * len(values) < high:
        return pd.factorize(values, sort=True)
    values = values - low if low else values
    seen = a_row_each(values, high - low + 1) >= 0
    return values if seen.all() else (np.cumsum(seen) - 1)[values], np.flatnonzero(seen) + low


def ends(values: NDArray[Any]) -> tuple[Any, Any]:
    """The least and the greatest; missing if any is missing."""
    extremes = [(values[part].min(), values[part].max()) for part in slices(len(values))]
    return np.min([low for low, _ in extremes]), np.max([high for _, high in extremes])


def a_row_each(code: Codes, count: int) -> Codes:
    """A row of each code below `count` (-1: none); no further rows are looked at once all codes are seen."""
    rows = np.full(count, -1, dtype=np.intp)
    for part in slices(len(code)):
        rows[code[part]] = np.arange(part.start, part.stop)
        if rows.min() >= 0:
            break
    return rows


def slices(rows: int) -> Iterator[slice]:
    """Slices of so many rows: arrays as long as a frame cost more than what is done with them."""
    return (slice(start, min(start + SLICE, rows)) for start in range(0, rows, SLICE))


def rows_where(frame: pd.DataFrame, where: Where) -> Truths:
    """`where` as an array of truth: {variable: code or [codes]}, all of which must hold, or a mask; missing
    is no.
    """
    every: Truths = frame[INSIDE].to_numpy(dtype=bool) if INSIDE in frame else np.ones(len(frame), dtype=bool)
    if where is None:
        return every
    if isinstance(where, Mapping):
        require(frame, [*where], where="where", cubes=True)
        held = (frame[name].isin(codes_in(name, codes, frame[name].dtype)) for name, codes in where.items())
        return reduce(and_, (one.to_numpy(dtype=bool) for one in held), every)
    if isinstance(where, pd.Series) and not where.index.equals(frame.index):
        raise ArgumentError(
            "参数 where 的索引与数据框不同。请用同一张表的列写条件，例如 where=frame['sex'] == 'female'，"
            "或写成字典：where={'sex': 'female'}。"
        )
    column = pd.Series(where.array if isinstance(where, pd.Series) else np.asarray(where)).convert_dtypes()
    if len(column) != len(frame) or not pd.api.types.is_bool_dtype(column):
        raise ArgumentError(
            f"参数 where 应是字典（如 {{'sex': 'female'}}）或 {len(frame)} 个真假值，"
            f"得到 {len(column)} 个 {column.dtype}。"
        )
    return np.asarray(every & column.to_numpy(dtype=bool, na_value=False))


def subset(frame: pd.DataFrame, where: Where) -> pd.DataFrame:
    """The rows that `where` names: of a census, since under a design nobody is ever left out of the frame."""
    return frame if where is None and INSIDE not in frame else frame[rows_where(frame, where)]


def domains(frame: pd.DataFrame, by: Names = None, where: Where = None) -> Domains:
    """Groups of `by` inside `where`, in declared order, the last of `by` varying fastest.

    A group that no row falls in stays if any of `by` is categorical (as `groupby(observed=False)`); rows with
    a missing value in `by` belong to no group.
    """
    columns = names(by)
    require(frame, columns, where="by", cubes=True)
    inside = rows_where(frame, where)
    parts = [level_codes(frame[column]) for column in columns]
    shape = [len(levels) for _, levels in parts]
    size = int(np.prod(shape, dtype=np.int64))
    small = np.min_scalar_type(-max(size, *shape, 0) - 1)
    code: Any = np.zeros(len(frame), dtype=small)
    for place, (codes, levels) in enumerate(parts):
        inside = inside & (codes >= 0) if codes.min(initial=0) < 0 else inside
        code = code * len(levels) + codes.astype(small, copy=False) if place else codes.astype(small)
    code = code if inside.all() else np.where(inside, code, size)
    kept: Codes = np.arange(size)
    if columns and not any(isinstance(levels, pd.CategoricalIndex) for _, levels in parts):
        seen = np.bincount(code, minlength=size + 1)[:size] > 0
        kept = np.flatnonzero(seen)
        code = code if seen.all() else np.append(np.cumsum(seen) - 1, len(kept))[code]
    places = np.unravel_index(kept, shape) if columns else ()
    table = {n: levels.take(place) for n, (_, levels), place in zip(columns, parts, places, strict=True)}
    return Domains(code, pd.DataFrame(table, index=pd.RangeIndex(len(kept))))


def in_one(rows: Truths) -> Domains:
    """These rows as one group."""
    return Domains(np.where(rows, 0, 1), pd.DataFrame(index=pd.RangeIndex(1)))
