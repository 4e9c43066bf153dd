"""The frames of all counties as tables that stay on disk, with bands, `unit`, types of the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals as nw
import pyarrow as pa

from bangfu_analysis.analysis.cells import Scan, cells, scanned
from bangfu_analysis.codebook import Band, Codebook
from bangfu_analysis.errors import ArgumentError, listed, one_of
from bangfu_analysis.tidy.derive import bands_of, kind_of, levels_in_use
from bangfu_analysis.tidy.schemas import dtypes


def kinds_of(frame: str, codebook: Codebook) -> dict[str, Any]:
    """The pandas types of a frame's columns; for workers those of `unit` and of the bands too."""
    bands = {"unit": "str", **{band.name: kind_of(band) for band in codebook.bands.values()}}
    return dtypes(frame, codebook) | (bands if frame == "workers" else {})


def read_scan(folder: str, engine: str, kinds: Mapping[str, Any], areas: Sequence[str]) -> Scan:
    """The files <folder>/…/county=<county>/*.parquet as a table of an engine; `areas`, the columns of these
    folders, are text, also 230102.
    """
    one_of("engine", engine, ENGINES)
    try:
        table = scanned(ENGINES[engine](folder, areas))
    except ModuleNotFoundError as fault:
        others = f"请安装它，或换一个引擎（可选：{listed(ENGINES)}）。"
        raise ArgumentError(f"没有安装 {engine}。{others}") from fault
    return Scan(table.frame.with_columns(nw.col(*areas).cast(nw.String)), kinds)


def _on_duckdb(folder: str, areas: Sequence[str]) -> Any:
    import duckdb

    files = f"{folder}/{'*/' * len(areas)}*.parquet".replace("'", "''")
    return duckdb.sql(f"from read_parquet('{files}', hive_partitioning = true, hive_types_autocast = false)")


def _on_polars(folder: str, areas: Sequence[str]) -> Any:
    import polars as pl

    files = f"{folder}/{'*/' * len(areas)}*.parquet"
    return pl.scan_parquet(files, hive_schema=dict.fromkeys(areas, pl.String))


def _on_dask(folder: str, areas: Sequence[str]) -> Any:
    import dask.dataframe as dd

    hive = {"flavor": "hive", "schema": pa.schema([(area, pa.string()) for area in areas])}
    return dd.read_parquet(folder, dataset={"partitioning": hive})


def _on_spark(folder: str, _: Sequence[str]) -> Any:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return spark.read.parquet(folder)


ENGINES = {"duckdb": _on_duckdb, "polars": _on_polars, "dask": _on_dask, "pyspark": _on_spark}


def with_bands(workers: Scan, population: Scan | None, codebook: Codebook) -> Scan:
    """`workers` with `unit` and the bands of the codebook, as those in pandas; see `exhibits.data`."""
    units = cells(population, "unit")["unit"].dropna().tolist() if population is not None else []
    employer, reporting = nw.col("employer"), nw.col("reporting_unit")
    under = reporting.is_in(units) & ~employer.is_in(units)
    unit = nw.when(employer.is_null() | under).then(reporting).otherwise(employer).alias("unit")
    in_use = levels_in_use(cells(workers, ["hardship_scheme", "hardship_level"]), codebook)
    bands = [_banded(band).alias(band.name) for band in bands_of(workers.columns, codebook)]
    return Scan(workers.frame.with_columns(unit, *bands), {**workers.kinds, "hardship_level": in_use.dtype})


def _banded(band: Band) -> nw.Expr:
    code: nw.Expr = nw.lit(None, dtype=nw.String)
    for level in band.levels:
        code = nw.when(_falls_in(band.variable, level)).then(nw.lit(str(level["code"]))).otherwise(code)
    return code


def _falls_in(variable: str, level: Mapping[str, Any]) -> nw.Expr:
    """Which rows a level of a band takes, as `derive` has it; a missing value falls nowhere."""
    value, word = nw.col(variable), nw.col(variable).cast(nw.String)
    tests = [~value.is_null()]
    if isinstance(codes := level.get("codes"), Mapping):
        scheme = nw.col("hardship_scheme")
        tests.append(reduce(or_, [(scheme == name) & word.is_in(list(own)) for name, own in codes.items()]))
    elif codes is not None:
        tests.append(word.is_in([str(code) for code in codes]))
    if "from" in level:
        tests.append(value >= level["from"])
    if "below" in level:
        tests.append(value < level["below"])
    if "sex" in level:
        tests.append(nw.col("sex") == level["sex"])
    return reduce(and_, tests)
