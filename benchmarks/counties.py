"""Counties drawn and cleaned together: time and memory by their number, each as if it were alone.

Every county has 120 people in 7 workbooks; one county is killed on purpose in the first run, and the second
makes it up; then each is cleaned alone, and all its frames are compared byte by byte. Time is that of the
processors, which others' work does not lengthen; memory is that of this process and all it starts, what they
share counted once. The smallest number of counties says what the others, and a country, should take.

Run: python benchmarks/counties.py [number ...]
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from bangfu_analysis import clean_study, clean_wave
from bangfu_analysis.cleaning.identity import check_character

HEAD = ["姓名", "性别", "身份证号", "文化程度", "工作单位", "困难类别", "致困原因", "家庭人口", "家庭年收入"]
WORKBOOKS, PEOPLE, COUNTRY = 7, 120, 3_000  # of a county, of a county, counties of a country
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
        books = [Workbook() for _ in range(WORKBOOKS)]
        for book in books:
            book.active.append(HEAD)
        for i in range(PEOPLE):
            first = f"99{nth:04}{1960 + i % 40}0312{i:03}"
            said = [str(rng.choice(list(choice))) for choice in CHOICES]
            who = [f"王{i}", "男女"[i % 2], first + check_character(first)]
            books[i % WORKBOOKS].active.append([*who, *said, 9000 + 10 * i])
        for i, book in enumerate(books):
            book.save(wave / f"花名册{i}.xlsx")


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


def processors() -> float:
    """Seconds of the processors that this process and those that it has started and seen end have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def watched(call: Callable[[], Any]) -> tuple[Any, float, list[float]]:
    """What a call gives, the processors' seconds, and the memory every half second."""
    held, done = [megabytes()], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            held.append(megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = processors()
    found = call()
    seconds = processors() - start
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
    """How many counties have the frames, all of them and to the byte, that cleaning them alone gives."""
    waves, same = sorted(study.glob("*/2025")), 0
    for wave in waves:
        clean_wave(wave, out=out / wave.parent.name)
        alone = {file.stem: file.read_bytes() for file in (out / wave.parent.name).glob("*.parquet")}
        parts = (study / "_out").glob(f"*/county={wave.parent.name}/2025.parquet")
        same += alone == {part.parents[1].name: part.read_bytes() for part in parts}
    return f"{same} of {len(waves)} ({len(alone)} frames each)"


def main() -> None:
    """Print a row a number of counties."""
    each = 0.0
    for number in [int(word) for word in sys.argv[1:]] or [20, 200]:
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "全国"
            draw(study, number)
            threading.Thread(target=kill_one).start()
            first, seconds, held = watched(partial(clean_study, study))
            parts = [held[i * len(held) // 3 : (i + 1) * len(held) // 3] for i in range(3)]
            thirds = [f"{sum(part) / len(part):.0f}" for part in parts]
            second, again, _ = watched(partial(clean_study, study))
            print(f"{number} counties of {WORKBOOKS} workbooks: {seconds:.0f} s, most {max(held):.0f} MB")
            print(f"expected: {each * number:.0f} s; the second run: {again:.0f} s")
            each = each or seconds / number
            print(f"so {COUNTRY} counties: {seconds / number * COUNTRY / 3600:.1f} hours of a processor")
            print("means of thirds of the run:", ", ".join(thirds), "MB")
            print(*(run["outcome"].value_counts().to_dict() for run in (first, second)))
            print("as alone:", as_alone(study, Path(folder) / "alone"), flush=True)


if __name__ == "__main__":
    main()
