"""Counties drawn and cleaned together: seconds and memory by their number, each as if it were alone.

Every county has a roster of 120 people; one is killed on purpose in the first run, and the second makes it
up. Memory is that of this process and all it starts, what they share counted once.

Run: python benchmarks/counties.py [number ...]
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis import clean_study, clean_wave
from bangfu_analysis.cleaning.identity import check_character

HEAD = "姓名,性别,身份证号,文化程度,工作单位,困难类别,致困原因,家庭人口,家庭年收入"
CHOICES = (
    ("初中", "高中", "大专"), ("第一机械厂", "第二中学"), ("深度困难", "相对困难"),
    ("疾病", "子女上学"), range(1, 6),
)  # fmt: skip


def draw(study: Path, number: int) -> None:
    """So many counties of one wave."""
    rng = random.Random(771)
    for nth in range(number):
        wave = study / f"{nth:03}县" / "2025"
        wave.mkdir(parents=True)
        (wave / "wave.toml").write_text('reference_date = 2025-06-30\nscheme = "s2018"\n', encoding="utf-8")
        rows = [HEAD]
        for i in range(120):
            first = f"99{nth:04}{1960 + i % 40}0312{i:03}"
            said = [str(rng.choice(list(choice))) for choice in CHOICES]
            who = [f"王{i}", "男女"[i % 2], first + check_character(first)]
            rows.append(",".join([*who, *said, str(9000 + 10 * i)]))
        (wave / "花名册.csv").write_text("\n".join(rows), encoding="utf-8")


def children() -> list[Path]:
    """The /proc folders of the processes that this one has started."""
    mine = Path("/proc/self/task")
    return [Path("/proc", pid) for task in mine.glob("*/children") for pid in task.read_text().split()]


def megabytes() -> float:
    """What this process and those it has started hold, shared pages divided among those that share them."""
    total = 0
    for process in [Path("/proc/self"), *children()]:
        try:
            told = (process / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(told.partition("\nPss:")[2].split()[0]) if "\nPss:" in told else 0
    return total / 1024


def watched(call: Callable[[], Any]) -> tuple[Any, float, list[float]]:
    """What a call gives, its seconds, and the memory every half second."""
    held, done = [megabytes()], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            held.append(megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return found, seconds, held


def kill_one() -> None:
    """Kill the first child that is seen."""
    while not (found := children()):
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(int(found[0].name), signal.SIGKILL)


def as_alone(study: Path, out: Path) -> str:
    """How many of ten counties have the workers that cleaning them alone gives."""
    waves = sorted(study.glob("*/2025"))
    same = []
    for wave in waves[:: max(len(waves) // 10, 1)]:
        alone = clean_wave(wave, out=out / wave.parent.name)["workers"]
        stored = pd.read_parquet(study / "_out" / "workers" / f"county={wave.parent.name}" / "2025.parquet")
        same.append(stored.equals(alone))
    return f"{sum(same)} of {len(same)}"


def main() -> None:
    """Print a row a number of counties."""
    for number in [int(word) for word in sys.argv[1:]] or [20, 200]:
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "全国"
            draw(study, number)
            threading.Thread(target=kill_one).start()
            first, seconds, held = watched(partial(clean_study, study))
            parts = [held[i * len(held) // 3 : (i + 1) * len(held) // 3] for i in range(3)]
            thirds = [f"{sum(part) / len(part):.0f}" for part in parts]
            outcomes = [run["outcome"].value_counts().to_dict() for run in (first, clean_study(study))]
            each = f"{seconds / number:.2f} s each"
            print(f"{number} counties: {seconds:.0f} s, {each}, most {max(held):.0f} MB")
            print("means of thirds of the run:", ", ".join(thirds), "MB")
            print(*outcomes, "as alone:", as_alone(study, Path(folder) / "alone"), flush=True)


if __name__ == "__main__":
    main()
