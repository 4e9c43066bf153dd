"""How long exact protection takes: a table of 60 x 15, and districts x units x causes of 1,700 linked counts.

Run: python benchmarks/release.py. Exit status 1 past 3 s or 20 s, or where a hidden count is not safe.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.release.audit import audit
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy


def people(size: int, **levels: int) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    drawn = {name: draw.choice(n, size, p=draw.dirichlet(np.ones(n) * 1.5)) for name, n in levels.items()}
    columns = {name: pd.Categorical([f"{name}{c:03d}" for c in codes]) for name, codes in drawn.items()}
    return pd.DataFrame(columns)


def cut(frame: pd.DataFrame, *by: str) -> Cut:
    return Cut("_".join(by), "", tabulate(frame, list(by)), by)


def main() -> int:
    square = people(9000, unit=60, cause=15)
    tiers = people(20000, unit=120, cause=12)
    tiers = tiers.assign(district=tiers["unit"].str[:-1].astype("category"))
    cases = {
        "60 x 15": (3, square, [cut(square, "unit", "cause")]),
        "units in districts": (20, tiers, [cut(tiers, "unit", "cause"), cut(tiers, "district", "cause")]),
    }
    late = False
    for name, (most, frame, cuts) in cases.items():
        began = time.perf_counter()
        record = protect(cuts, load_policy(), people=frame).record
        took = time.perf_counter() - began
        gap = audit(record)["gap"].min()
        print(f"{name}: {len(record['counts'])} counts, {took:.1f} s, smallest interval {gap:g}")
        late = late or took > most or gap < 5 - 1e-6
    return int(late)


if __name__ == "__main__":
    raise SystemExit(main())
