"""The mean in 60 domains with standard errors, against plain groupbys of the mean; time and memory in one
run.

Two groupbys: the mean without weights, and the weighted mean, which is the figure the design gives. The
groups are held as text (as read from a file), as whole numbers and as categories (as in tidy frames): pandas
groups categories in one pass over codes that are ready, less than it takes to read and check the columns of
the design.

Run: python benchmarks/estimate.py [rows]
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_mean

STRATA, UNITS, REPEATS = 50, 2_000, 60
DESIGN = SurveyDesign(weight="weight", strata="stratum", cluster="unit", fpc="unit_total")


def sample(rows: int) -> pd.DataFrame:
    """A roster of `rows` people in 2,000 units of 50 strata, with 12 x 5 domains."""
    rng = np.random.default_rng(20240901)
    unit = rng.integers(0, UNITS, rows)
    return pd.DataFrame(
        {
            "stratum": unit % STRATA,
            "unit": unit,
            "unit_total": 100 + unit % STRATA,
            "weight": rng.uniform(5, 50, rows),
            "district": rng.integers(0, 12, rows),
            "education": rng.integers(0, 5, rows),
            "income": rng.gamma(4, 500, rows) + unit,
        }
    )


BY = ["district", "education"]


def plain(frame: pd.DataFrame) -> object:
    """What a groupby gives: no weights, no standard errors."""
    return frame.groupby(BY, observed=False)["income"].mean()


def weighted(frame: pd.DataFrame) -> object:
    """The weighted mean by groupby."""
    sums = frame.assign(
        top=frame["weight"] * frame["income"]
    ).groupby(BY, observed=False)[["top", "weight"]].sum()
    return sums["top"] / sums["weight"]


def designed(frame: pd.DataFrame) -> object:
    """The same mean with its standard error."""
    return estimate_mean(frame, "income", design=DESIGN, by=BY)


CALLS = (plain, designed, weighted)


def seconds(frame: pd.DataFrame) -> list[float]:
    """Processor time of plain, designed and weighted, which take turns: the least of many, as what else the
    machine does lengthens the others.
    """
    least = [float("inf")] * len(CALLS)
    for _ in range(REPEATS):
        for place, call in enumerate(CALLS):
            start = time.process_time()
            call(frame)
            least[place] = min(least[place], time.process_time() - start)
    return least


def resident() -> int:
    """Bytes of memory the process holds now (Linux)."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def extra_memory(call: Callable[[pd.DataFrame], object], frame: pd.DataFrame) -> int:
    """The most that a call holds beyond what was there before it."""
    before, most, done = resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, resident() - before)
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    call(frame)
    done.set()
    watcher.join()
    return most


def main() -> None:
    """Print the figures."""
    numbers = sample(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"rows {len(numbers):,}  strata {STRATA}  units {UNITS:,}  domains 60")
    for held in ("str", "int64", "category"):
        frame = numbers.astype(dict.fromkeys(BY, held))
        size = int(frame.memory_usage(deep=True).sum())
        designed(frame.head(1000))
        extra = extra_memory(designed, frame)
        a, b, w = seconds(frame)
        print(f"{held:9} mean {a:.3f} s  weighted mean {w:.3f} s  with standard errors {b:.3f} s", end="  ")
        print(
            f"ratios {b / a:.2f} and {b / w:.2f}  frame {size / 1e6:.0f} MB  extra {extra / 1e6:.0f} MB",
            end="  ",
        )
        print(f"({extra / size:.2f})")


if __name__ == "__main__":
    main()
