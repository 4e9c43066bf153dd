"""Cleaning a wave against what the reader library alone needs for the same files: time, memory, and when a
pool pays.

Two waves are drawn (fixed seed, ID numbers of region 99): one roster of 100,000 rows and 40 columns with the
usual dirt, and 500 workbooks of 30 rows with a title, a merged unit column, a hidden row and a total. Time is
`clean_wave` from files to parquet. The roster is held against calamine's `to_python`, the workbooks against
calamine plus openpyxl (structure included). Memory is the peak of a process of its own that does nothing but
clean.

Run: python benchmarks/clean.py [--rows 100000] [--files 500] [--runs 5]; a quick look: --rows 10000 --files
50 --runs 1
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import openpyxl
import python_calamine
import xlsxwriter

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.study import clean_wave
from bangfu_analysis.wave import wave_files

SETTINGS = "reference_date = 2019-06-30\nscheme = 's2018'\n"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超兰霞平刚桂英华玉萍红娥玲"
CHOICES = {
    "民族": "汉族 满族 回族 汉", "文化程度": "初中 高中 大专 本科 小学 中专 初中毕业",
    "婚姻状况": "已婚 离婚 丧偶 未婚",
    "政治面貌": "群众 中共党员 党员 共青团员", "户口类型": "非农业 农业 城镇",
    "单位性质": "国有企业 集体企业 国企 事业单位",
    "企业状况": "正常 停产 半停产", "所属行业": "制造业 建筑业 批发和零售业",
    "工作状态": "在岗 下岗 退休 失业 下岗职工",
    "技术等级": "无等级 初级工 中级工 高级工", "健康状况": "良好 健康 一般 癌症",
    "残疾类别": "无 肢体残疾 视力残疾",
    "医保状况": "城镇职工基本医疗保险 城乡居民基本医疗保险 未参保", "住房类型": "商品房 租房 自建房",
    "困难类别": "深度困难 相对困难 意外致困",
    "致困原因": "本人大病 子女上学 本人大病、子女上学 下岗失业 残疾 疾病", "是否低保": "是 否",
    "是否单亲": "否 无", "零就业家庭": "否 无",
    "劳模类型": "非劳模 无 地市级劳模", "档案状态": "在档", "次要致困原因": "疾病 子女上学 住房 ",
}  # fmt: skip
DIRT = ["不详", "XX", "约2万", "1.2万", "800-1000", "3人", "1965.3", "待核实", "-", "１２００"]


def roster(rows: int, seed: int) -> dict[str, list[object]]:
    """Forty columns of `rows` people; one cell in a hundred of the columns with values says something odd."""
    rng = np.random.default_rng(seed)
    days = [date(1955, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 15_000, rows)]
    sexes = rng.integers(0, 2, rows)
    firsts = [
        f"99{a:04d}{d:%Y%m%d}{2 * o + s:03d}"
        for a, d, o, s in zip(
            rng.integers(101, 999, rows), days, rng.integers(0, 490, rows), sexes, strict=True
        )
    ]
    letters = rng.integers(0, 10**6, (rows, 3))
    columns: dict[str, list[object]] = {
        "序号": list(range(1, rows + 1)),
        "姓名": [SURNAMES[a % 20] + GIVEN[b % 28] + GIVEN[c % 28] for a, b, c in letters],
        "性别": ["男" if s else "女" for s in sexes],
        "身份证号": [first + check_character(first) for first in firsts],
        "出生日期": [f"{d:%Y-%m-%d}" for d in days],
        "年龄": [2019 - d.year - ((d.month, d.day) > (6, 30)) for d in days],
        "工作单位": [f"第{n}机械厂" for n in rng.integers(1, 400, rows)],
        "所属街道": [f"第{n}街道" for n in rng.integers(1, 40, rows)],
        "联系电话": [f"139{n:08d}" for n in rng.integers(0, 10**8, rows)],
        "家庭住址": [f"某区某街{n}号" for n in rng.integers(1, 3000, rows)],
        "家庭人口": [int(n) for n in rng.integers(1, 6, rows)],
        "本人月平均收入": [int(n) * 10 for n in rng.integers(0, 300, rows)],
        "家庭月人均收入": [int(n) * 5 for n in rng.integers(50, 300, rows)],
        "家庭年度总收入": [],
        "年度必要支出": [int(n) * 100 for n in rng.integers(50, 600, rows)],
        "负债": [int(n) * 1000 for n in rng.integers(0, 100, rows)],
        "建筑面积": [float(n) / 2 for n in rng.integers(30, 240, rows)],
        "建档时间": [
            f"{y}-{m:02d}-{d:02d}" for y, m, d in rng.integers([2010, 1, 1], [2019, 13, 28], (rows, 3))
        ],
    }
    heads = zip(columns["家庭人口"], columns["家庭月人均收入"], strict=True)
    columns["家庭年度总收入"] = [size * income * 12 for size, income in heads]  # type: ignore[operator]
    for heading, words in CHOICES.items():
        columns[heading] = [words.split(" ")[n] for n in rng.integers(0, len(words.split(" ")), rows)]
    for values in [columns[h] for h in list(columns)[4:] if h not in ("联系电话", "家庭住址", "档案状态")]:
        for place, word in zip(
            rng.integers(0, rows, rows // 100), rng.choice(DIRT, rows // 100), strict=True
        ):
            values[place] = str(word)
    assert len(columns) == 40
    return columns


def write_roster(rows: int, folder: Path) -> None:
    columns = roster(rows, 20190630)
    with xlsxwriter.Workbook(folder / "名册.xlsx") as book:
        sheet = book.add_worksheet("名册")
        sheet.write_row(0, 0, list(columns))
        for n, column in enumerate(columns.values()):
            sheet.write_column(1, n, column)


def write_small(files: int, folder: Path) -> None:
    for number in range(files):
        columns = {h: v for h, v in list(roster(30, number).items())[:20] if h != "工作单位"}
        with xlsxwriter.Workbook(folder / f"第{number}厂.xlsx") as book:
            sheet = book.add_worksheet("困难职工")
            bold = book.add_format({"bold": True, "border": 1})
            sheet.merge_range(0, 0, 0, len(columns), "困难职工登记表", bold)
            sheet.write(1, 0, f"填报单位：第{number}机械厂")
            sheet.write_row(2, 0, [*columns, "工作单位"], bold)
            for n, column in enumerate(columns.values()):
                sheet.write_column(3, n, column)
            sheet.merge_range(3, len(columns), 32, len(columns), f"第{number}机械厂")
            sheet.write_row(33, 0, ["合计", "30人"])
            sheet.set_row(9, None, None, {"hidden": True})


def wave(parent: Path, name: str, draw: Callable[[int, Path], None], size: int) -> Path:
    folder = parent / name
    folder.mkdir()
    (folder / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    draw(size, folder)
    return folder


def calamine_alone(folder: Path) -> None:
    for path in wave_files(folder):
        with python_calamine.load_workbook(path) as book:
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python()


def calamine_and_openpyxl(folder: Path) -> None:
    calamine_alone(folder)
    for path in wave_files(folder):
        for sheet in openpyxl.load_workbook(path).worksheets:
            list(sheet.iter_rows())


def seconds(calls: list[Callable[[], object]], runs: int) -> list[float]:
    """The median time of each call; the calls take turns, so that a busy machine slows them alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, spent in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            spent.append(time.perf_counter() - start)
    return [median(spent) for spent in times]


def peak_memory(folder: Path) -> float:
    """Gigabytes that a process held at most which only cleans `folder` (Linux: getrusage would count the
    parent's as well).
    """
    code = (
        "import sys; from pathlib import Path; from bangfu_analysis.study import clean_wave; "
        "clean_wave(Path(sys.argv[1])); "
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    ).stdout
    return int(said) / 1e6


def when_a_pool_pays(parent: Path, most: int, runs: int) -> None:
    for size in sorted({n for n in (10, 25, 50, 100, 250, 500) if n <= most}):
        folder = wave(parent, f"pool{size}", write_small, size)

        def pooled(folder: Path = folder) -> object:
            with ProcessPoolExecutor(2) as executor:
                return clean_wave(folder, executor=executor)

        one, two = seconds([lambda f=folder: clean_wave(f), pooled], runs)  # type: ignore[misc]
        print(
            f"{size:4} files  one process {one:6.2f} s  --jobs 2 {two:6.2f} s  {'pays' if two < one else '-'}"
        )


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--rows", 100_000), ("--files", 500), ("--runs", 5)):
        asked.add_argument(name, type=int, default=default)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as place:
        parent = Path(place)
        warm = wave(parent, "warm", write_small, 1)
        clean_wave(warm)
        calamine_and_openpyxl(warm)
        big = wave(parent, "2019", write_roster, given.rows)
        bare, whole = seconds([lambda: calamine_alone(big), lambda: clean_wave(big)], given.runs)
        print(
            f"roster {given.rows:,} x 40  calamine {bare:.2f} s  "
            f"clean {whole:.2f} s  ratio {whole / bare:.2f}",
            end="  ",
        )
        print(f"peak {peak_memory(big):.2f} GB")
        small = wave(parent, "2020", write_small, given.files)
        bare, whole = seconds([lambda: calamine_and_openpyxl(small), lambda: clean_wave(small)], given.runs)
        print(
            f"{given.files} workbooks  calamine + openpyxl {bare:.2f} s  "
            f"clean {whole:.2f} s  ratio {whole / bare:.2f}",
        )
        when_a_pool_pays(parent, given.files, given.runs)


if __name__ == "__main__":
    main()
