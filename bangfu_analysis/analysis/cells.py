"""The door of other engines: DuckDB, Polars, Dask and Spark aggregate where the rows lie, pandas finishes.

`cells` is the one query. Its result, a cube, is a pandas frame of which a row stands for `cell_n` rows; a
plain row is a cell of one. All that estimates need of a number are its sums over cells, since the linearised
total of a sampling unit is linear in the sums of its cells: counts are equal, figures up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import and_
from typing import Any
from warnings import catch_warnings, filterwarnings

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from bangfu_analysis.analysis.arrays import INSIDE, ROWS, Names, Variable, names, pair_of, stem
from bangfu_analysis.analysis.domains import SLICE, codes_in, no_replicates, require
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.tidy.derive import kind_of
from bangfu_analysis.tidy.schemas import dtypes

NOT_LOOKED_AT = "__UNKNOWN_CATEGORIES__"  # what Dask has for the levels of a file
DASK_MOVES = "Dask support is moving"  # to a package that is not there yet
DIED = 2
WRITTEN = {"boolean": pa.bool_(), "Int64": pa.int64(), "Float64": pa.float64()}  # what text may hold
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


@dataclass(frozen=True)
class Scan:
    """A table that stays where it lies: `frame` is a lazy frame of narwhals (`.to_native()`: the engine's
    own), `kinds` the pandas types of its columns as far as they are known, so that levels keep their order.
    """

    frame: nw.LazyFrame[Any]
    kinds: Mapping[str, Any] = field(default_factory=dict)

    def kind(self, name: str) -> Any:
        """The pandas type of a column: as told, else as the codebook has it; None where neither knows."""
        by_codebook = _levels().get(name) if self.frame.collect_schema()[name] != nw.Boolean else "boolean"
        return self.kinds.get(name, by_codebook)

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""
        return self.frame.collect_schema().names()

    def filter(self, where: Mapping[str, Any] | None) -> Scan:
        """The rows of which all of `where` ({variable: code or [codes]}) holds."""
        return Scan(self.frame.filter(self.holds(where)), self.kinds) if where else self

    def holds(self, where: Mapping[str, Any]) -> nw.Expr:
        """Whether all of `where` holds of a row; missing is no."""
        self.require(where)
        wanted = {name: codes_in(name, codes, self.kinds.get(name)) for name, codes in where.items()}
        each = [nw.col(name).is_in(codes) for name, codes in wanted.items()]
        return nw.when(reduce(and_, each)).then(nw.lit(True)).otherwise(nw.lit(False))

    def require(self, columns: Iterable[str]) -> None:
        """ColumnMissing for columns that the table lacks."""
        require(pd.DataFrame(columns=self.columns), [*columns], where="cells")


def scanned(frame: Any) -> Scan:
    """A table of any engine as a `Scan`; ArgumentError for what is none."""
    if isinstance(frame, Scan):
        return frame
    if isinstance(frame, pd.DataFrame) and ROWS in frame:
        raise ArgumentError("这已是 cells 的汇总，不能再汇总。请对原表调用 cells。")
    try:
        with catch_warnings():
            filterwarnings("ignore", DASK_MOVES, FutureWarning)
            table: Any = nw.from_native(frame)
    except TypeError as fault:
        tables = "pandas 数据框，或 narwhals 认识的表（DuckDB、Polars、Dask、PySpark）"
        raise ArgumentError(f"应传入{tables}，得到的是 {type(frame).__name__}。") from fault
    panda = table.implementation.is_pandas() or table.implementation.is_dask()
    dtypes_of: dict[str, Any] = nw.to_native(table).dtypes.to_dict() if panda else {}
    schema, here = table.collect_schema(), isinstance(frame, pd.DataFrame)
    kinds: dict[str, Any] = {
        c: pd.CategoricalDtype([*kind.categories]) for c, kind in schema.items() if kind == nw.Enum
    }
    kinds |= {c: kind for c, kind in dtypes_of.items() if here or isinstance(kind, pd.CategoricalDtype)}
    known = {c: kind for c, kind in kinds.items() if NOT_LOOKED_AT not in getattr(kind, "categories", ())}
    return Scan(table.lazy(), known)


def cells(
    frame: Any, by: Names = None, *, variables: Iterable[Variable] = (), design: Any = None,
    where: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """The rows of a table of any engine, brought together by `by` in one query: a cube, which the verbs take
    as they take rows.

    A row per combination that occurs (missing is one too), in order: `by`, the strata, clusters and fpc of
    `design`, `cell_n` (rows) and, under a design or with variables, what means, totals (of `variables`) and
    ratios (of pairs of them) and their variances are made of. `where` is a dict of codes; under a design
    those whom it leaves out stay in the sample.

    ColumnMissing where a column is absent; ArgumentError for calibrated designs and replicates, which are no
    sums of cells, and for missing or negative weights.

    >>> roster = pd.DataFrame({"sex": ["f", "m", "f"], "district": ["a", "a", "b"]})
    >>> cells(roster, ["district", "sex"]).values.tolist()
    [['a', 'f', 1], ['a', 'm', 1], ['b', 'f', 1]]
    """
    no_replicates(design)
    scan, wanted = scanned(frame), list(variables)
    if where is not None and not isinstance(where, Mapping):
        raise ArgumentError("对其他引擎的表，参数 where 只能是字典，例如 where={'sex': 'female'}。")
    weight, clusters = getattr(design, "weight", None), names(getattr(design, "cluster", None))
    plan = [*names(getattr(design, "strata", None)), *clusters, *names(getattr(design, "fpc", None))]
    keys = list(dict.fromkeys([*names(by), *plan]))
    scan.require([*keys, *names(weight), *(c for one in wanted for c in pair_of(one))])
    select = {key: nw.col(key) for key in keys}
    if where and (wanted or design is not None):
        select[INSIDE] = scan.holds(where)
    elif where:
        scan = scan.filter(where)
    middles = _middles(scan.frame, [one for one in wanted if isinstance(one, str)])
    scan = Scan(scan.frame.with_columns(cell_w=_number(weight) if weight else nw.lit(1.0)), scan.kinds)
    sums, counts = _weights(weight, rows_are_units=not clusters) if weight else ({}, {})
    for i, one in enumerate(wanted):
        scan = Scan(scan.frame.with_columns(**_ready(i, one, middles.get(one, 0.0))), scan.kinds)
        more, used = _moments(i, one, weight, rows_are_units=not clusters)
        sums, counts = sums | more, counts | used
    cube = _aggregate(scan, select, sums, counts)
    if weight and (bad := int((cube[ROWS] - cube.pop(f"{weight}.good")).sum())):
        raise ArgumentError(f"权数列 {weight} 有 {bad} 行缺失、无穷或为负数。请更正；不在样本中的行写 0。")
    return cube.assign(**{f"{stem(one, weight)}.at": middle for one, middle in middles.items()})


Terms = dict[str, nw.Expr]


def _weights(weight: str, *, rows_are_units: bool) -> tuple[Terms, Terms]:
    """Sums of the weight, and counts of rows that have one above 0, and a good one."""
    w = nw.col("cell_w")
    sums = {weight: w, **({f"{weight}.squared": w * w} if rows_are_units else {})}
    good = nw.when(w.is_finite() & (w >= 0)).then(w)
    return sums, {f"{weight}.n": nw.when(w > 0).then(w), f"{weight}.good": good}


def _ready(i: int, variable: Variable, middle: float) -> Terms:
    """The variable as number y, measured from `middle`; both of a pair, where both are known."""
    y, *rest = (_number(column) for column in pair_of(variable))
    if not rest:
        return {f"cell_y{i}": y - middle}
    x = rest[0]
    return {f"cell_y{i}": nw.when(~x.is_null()).then(y), f"cell_x{i}": nw.when(~y.is_null()).then(x)}


def _moments(i: int, variable: Variable, weight: str | None, *, rows_are_units: bool) -> tuple[Terms, Terms]:
    """What a mean and a total, or a ratio y / x, and its variance are made of; and how many rows are used."""
    w, y, x = nw.col("cell_w"), nw.col(f"cell_y{i}"), nw.col(f"cell_x{i}")
    people = nw.when(~y.is_null()).then(w)
    top, base = w * y, people if isinstance(variable, str) else w * x
    sums = {"y": top, "x": base, "yy": top * y}
    if not isinstance(variable, str):
        sums |= {"xy": base * y, "xx": base * x, "w": people}
    if rows_are_units:
        sums |= {"yy2": top * top, "xy2": top * base, "xx2": base * base}
    start = stem(variable, weight)
    used = nw.when(w > 0).then(y) if weight else y
    return {f"{start}.{part}": term for part, term in sums.items()}, {f"{start}.n": used}


def _middles(frame: nw.LazyFrame[Any], variables: Sequence[str]) -> dict[Variable, float]:
    """About where each variable lies: measured from there, values close together keep their digits."""
    if not variables:
        return {}
    numbers = [_number(variable).alias(f"m{i}") for i, variable in enumerate(variables)]
    mean = frame.select(*numbers).head(SLICE).select(nw.all().mean()).collect("pyarrow").to_native()
    return {variable: float(mean[f"m{i}"][0].as_py() or 0.0) for i, variable in enumerate(variables)}


def _number(column: str) -> nw.Expr:
    """A column as float, null where it is NaN: on DuckDB, Polars and Spark NaN is larger than any number."""
    number = nw.col(column).cast(nw.Float64)
    return nw.when(~number.is_nan()).then(number)


def _aggregate(scan: Scan, select: Terms, sums: Terms, counts: Terms) -> pd.DataFrame:
    """A row per combination of keys that occurs, `cell_n`, the sums, and the counts of what is not null: one
    query; in order of the keys.

    A constant is a key too, so that no key is no special case. On the engine columns have names of our own;
    they are added before they are selected, since Polars makes one row of constants alone.
    """
    keys = {key: f"k{i}" for i, key in enumerate(select)}
    terms = {term: f"s{i}" for i, term in enumerate(sums | counts)}
    each = {"one": nw.lit(1)} | {name: select[key] for key, name in keys.items()}
    each |= {name: (sums | counts)[term] for term, name in terms.items()}
    grouped = scan.frame.with_columns(**each).select(*each).group_by("one", *keys.values())
    totals = [
        (nw.col(name).sum() if term in sums else nw.col(name).count()).alias(f"all_{name}")
        for term, name in terms.items()
    ]
    made = grouped.agg(nw.len().alias("n"), *totals).collect("pyarrow").to_native()
    columns = {key: typed(made[name], key, scan.kinds) for key, name in keys.items()}
    columns |= {ROWS: _sum(made["n"])} | {term: _sum(made[f"all_{name}"]) for term, name in terms.items()}
    table = pd.DataFrame(columns)
    return table.sort_values([*keys], ignore_index=True) if keys else table


def _sum(column: pa.ChunkedArray) -> pd.Series[Any]:
    """Sums as int64 or float64: DuckDB and Spark give those of integers as wide decimals."""
    kind = column.type
    is_integer = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0)
    return pd.Series(column.cast("int64" if is_integer else "float64").fill_null(0).to_pandas())


def typed(column: pa.ChunkedArray, name: str, kinds: Mapping[str, Any]) -> pd.Series[Any]:
    """A column of an engine in its pandas type: as told, else with the codebook's levels where they hold all
    values, else its own.

    A value that is none of the levels told is one more behind them, so that nobody falls out.
    """
    values = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    words = set(values.unique().drop_null().to_pylist()) if text else set()
    kind = kinds.get(name, _levels().get(name) if text else None)
    if isinstance(kind, pd.CategoricalDtype):
        more = sorted(words - {*kind.categories})
        if not more or name in kinds:
            wider = pd.CategoricalDtype([*kind.categories, *more], ordered=kind.ordered) if more else kind
            return pd.Series(pd.Categorical(values.to_pandas().astype(object), dtype=wider))
    plain = values.cast(WRITTEN.get(str(kind), pa.string())) if text else values
    series = pd.Series(plain.to_pandas(types_mapper=NULLABLE.get if column.null_count else None))
    return series if name not in kinds else series.astype(kind)


@lru_cache(maxsize=1)
def _levels() -> dict[str, Any]:
    """What the package's codebook says of the levels of workers' and causes' columns, and of the bands."""
    book = load_codebook()
    bands = {band.name: kind_of(band) for band in book.bands.values()}
    kinds = dtypes("causes", book) | dtypes("workers", book) | bands
    return {name: kind for name, kind in kinds.items() if isinstance(kind, pd.CategoricalDtype)}


def collected(frame: Any) -> pd.DataFrame:
    """A whole table in pandas: of denominators, which are few."""
    if isinstance(frame, pd.DataFrame):
        return frame
    scan = scanned(frame)
    rows = scan.frame.collect("pyarrow").to_native()
    return pd.DataFrame({name: typed(rows[name], name, scan.kinds) for name in rows.column_names})


def each_once(
    frame: Any, columns: Sequence[str], people: Sequence[str], answered: Sequence[str],
    where: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """A cube of people, each once in a cell, of the rows with a value in all of `known`."""
    scan = scanned(frame).filter(where)
    rows = scan.frame.drop_nulls([*answered]) if answered else scan.frame
    once = rows.select(*dict.fromkeys([*columns, *people])).unique()
    return _aggregate(Scan(once, scan.kinds), {column: nw.col(column) for column in columns}, {}, {})


def joined(left: Any, right: Any, keys: Sequence[str], columns: Sequence[str], more: Sequence[str]) -> Scan:
    """The keys and `columns` of one table with `more` of another on the same engine, where it has them."""
    one, other = scanned(left), scanned(right)
    on = [key for key in keys if key in one.columns and key in other.columns]
    one.require([*keys[-1:], *columns])
    other.require([*keys[-1:], *more])
    try:
        frame = one.frame.select(*on, *columns).join(other.frame.select(*on, *more), on=on, how="left")
    except TypeError as fault:
        raise ArgumentError("要合并的两张表不在同一引擎中。请用同一引擎读取。") from fault
    return Scan(frame, {**other.kinds, **one.kinds})


def patterns(
    workers: Any, exits: Any, columns: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.Series[Any]]:
    """`workers` and `exits` over waves, in pandas, with one person for all who were in the same lists and had
    the same `columns`; and for how many each stands.
    """
    scan = scanned(workers)
    scan.require(["wave", "person_id", *columns])
    waves = cells(scan, "wave")["wave"].dropna().tolist()
    alike = _alike(scan, exits, waves, columns).assign(person_id=lambda rows: rows.index)
    stays, listed = [], []
    for i, wave in enumerate(waves):
        members = alike[["person_id"]].assign(wave=wave)
        stays.append(members.assign(**{c: alike[f"{c}{i}"] for c in columns})[alike[f"in{i}"].eq(1)])
        out = alike[f"out{i}"].fillna(0)
        listed.append(members.assign(exit_reason=np.where(out.eq(DIED), "died", ""))[out.gt(0)])
    lists = None if exits is None else pd.concat(listed, ignore_index=True)
    return pd.concat(stays, ignore_index=True), lists, alike[ROWS]


def _alike(scan: Scan, exits: Any, waves: Sequence[Any], columns: Sequence[str]) -> pd.DataFrame:
    """A row for all who are alike: in each wave (i) whether they are in it, how they left, their columns."""
    words = [nw.col(c).cast(nw.String) for c in columns]  # which have a largest on every engine
    rows = scan.frame.select("wave", "person_id", nw.lit(0).alias("out"), *words)
    if exits is not None:
        left = scanned(exits)
        left.require(["wave", "person_id", "exit_reason"])
        how = nw.when(nw.col("exit_reason").cast(nw.String) == "died").then(nw.lit(DIED)).otherwise(nw.lit(1))
        none = [nw.lit(None, dtype=nw.String).alias(c) for c in columns]
        rows = nw.concat([rows, left.frame.select("wave", "person_id", how.alias("out"), *none)])
    marks: dict[str, nw.Expr] = {}
    kinds: dict[str, Any] = {}
    for i, wave in enumerate(waves):
        here = nw.col("wave").cast(nw.String) == str(wave)
        marks[f"in{i}"] = nw.when(here & (nw.col("out") == 0)).then(nw.lit(1))
        marks[f"out{i}"] = nw.when(here).then(nw.col("out"))
        marks |= {f"{c}{i}": nw.when(here).then(nw.col(c)) for c in columns}
        kinds |= {f"{c}{i}": scan.kind(c) for c in columns}
    people = rows.select("person_id", *(mark.alias(name) for name, mark in marks.items()))
    once = people.group_by("person_id").agg(*(nw.col(name).max() for name in marks))
    known_kinds = {name: kind for name, kind in kinds.items() if kind is not None}
    return _aggregate(Scan(once, known_kinds), {name: nw.col(name) for name in marks}, {}, {})
