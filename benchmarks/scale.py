"""Means with standard errors of millions of rows on DuckDB, against its own plain group-by; and from a cube.

Rows lie in parquet: 31 districts, 310 strata, 3,100 units; the cube by wave, district, education, cause, sex
and age has a million cells. Each measurement is a process of its own, so that its peak memory is its own; the
best of three runs counts. In brackets seconds of the processors, which others' work does not lengthen.

Run: python benchmarks/scale.py FOLDER [millions ...]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from bangfu_analysis import SurveyDesign, cells, estimate_mean, tabulate

DESIGN = SurveyDesign(weight="w", strata="stratum", cluster="psu")
KEYS = ["wave", "district", "education", "cause", "sex", "age_band"]
LEVELS = {
    "education": ["primary", "junior", "senior", "college"], "sex": ["male", "female"],
    "cause": ["illness", "schooling", "unemployment", "disability", "other"],
    "age_band": ["under_30", "from_30", "from_40", "from_50"],
}  # fmt: skip
DRAWN = [
    f"{levels}[1 + (hash(i + {k}) % {len(levels)})::int] as {column}"
    for k, (column, levels) in enumerate(LEVELS.items(), 1)
]
ROWS = f"""
    select (2024 + i % 2)::varchar as wave, 'd' || lpad((psu % 31)::varchar, 2, '0') as district,
           psu % 310 as stratum, psu, 5 + (hash(i + 5) % 4500) / 100 as w, {", ".join(DRAWN)},
           case when hash(i + 6) % 20 > 0 then 500 + (hash(i + 7) % 300000) / 100 + psu % 400 end as income
    from (select i, (hash(i) % 3100)::int as psu from range({{start}}, {{stop}}) as rows(i))
"""


def draw(folder: Path, millions: int) -> None:
    """A file a million rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(millions):
        if not (file := folder / f"{i:03}.parquet").exists():
            rows = ROWS.format(start=i * 1_000_000, stop=(i + 1) * 1_000_000)
            duckdb.sql(f"copy ({rows}) to '{file}'")


def measures(table: duckdb.DuckDBPyRelation, cube: Path) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    plain = "select district, sum(w * income) / sum(w) as mean from rows group by district"
    return {
        "plain group-by": lambda: table.query("rows", plain).df(),
        "counts by district and cause": lambda: tabulate(table, "cause", within="district"),
        "mean with se by district": lambda: estimate_mean(table, "income", design=DESIGN, by="district"),
        "the cube": lambda: cells(table, KEYS, variables=["income"], design=DESIGN).to_parquet(cube),
    }


def of_cube(cube: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Further questions, asked of the cube."""


    def asked(*by: str) -> Callable[[], object]:
        return lambda: estimate_mean(cube, "income", design=DESIGN, by=by)

    return {
        "from the cube, by district": asked("district"),
        "from the cube, by wave and cause": asked("wave", "cause"),
    }


def measure(folder: Path, millions: int, name: str) -> tuple[float, float, float]:
    """Seconds, seconds of the processors and peak megabytes of one measurement in this process."""
    duckdb.sql("set threads = 2")
    files = [str(folder / f"{i:03}.parquet") for i in range(millions)]
    cube = folder / f"cube{millions}.parquet.cube"
    calls = of_cube(pd.read_parquet(cube)) if "from" in name else measures(duckdb.read_parquet(files), cube)
    times = []
    for _ in range(3):
        start = time.perf_counter(), time.process_time()
        calls[name]()
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    seconds, used = map(min, zip(*times, strict=True))
    return seconds, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table of seconds and megabytes."""
    folder = Path(sys.argv[1])
    if len(sys.argv) == 4 and not sys.argv[3].isdigit():
        print(json.dumps(measure(folder, int(sys.argv[2]), sys.argv[3])))
        return
    sizes = [int(word) for word in sys.argv[2:]] or [1, 10, 50]
    draw(folder, max(sizes))
    names = [*measures(duckdb.sql("select 1"), folder), *of_cube(pd.DataFrame())]
    for name in names:
        found = []
        for millions in sizes:
            command = [sys.executable, __file__, str(folder), str(millions), name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append("{:.2f} s ({:.2f}), {:.0f} MB".format(*json.loads(done.stdout)))
        print(f"| {name} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
