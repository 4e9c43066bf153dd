"""Writes the sample study jilin-forestry: 22 bureaus with what was published of them, and a made-up roster of
37,000 people.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from itertools import groupby, product
from pathlib import Path
from random import Random
from typing import Any

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import read_yaml
from tools.sample.mechanisms import PLAN, split, table
from tools.sample.writing import write_workbook

STUDY, WAVE = "jilin-forestry", "2009"
REGION, BORN = "990203", datetime.date(1946, 1, 1)
HEADINGS = [
    "序号", "姓名", "性别", "身份证号", "文化程度", "填报单位", "工作状态", "家庭人口",
    "家庭月人均收入（元）", "困难类别", "致困原因", "是否低保",
]  # fmt: skip
DRAWN: Mapping[str, Mapping[str, int]] = {
    "education": {"小学": 12, "初中": 52, "高中": 22, "中专": 9, "大专": 4, "本科": 1},
    "status": {"在岗": 30, "退休": 25, "一次性安置": 20, "下岗": 15, "灵活就业": 10},
    "level": {"特困": 30, "困难": 70},
    "cause": {
        "患大病": 32, "收入低": 24, "子女上学": 16, "下岗失业": 14, "残疾": 6, "单亲收入低": 5, "意外灾害": 3
    },
    "size": {"1": 8, "2": 22, "3": 45, "4": 18, "5": 7},
}


def write_jilin(folder: Path, *, seed: int, roster: bool = True) -> Path:
    """Write the study under `folder` and return its folder; without `roster` only what units report in sums.

    The same seed gives the same bytes. Existing files of the same names are replaced.
    """
    plan = read_yaml(PLAN)[STUDY]
    target = folder / STUDY / WAVE
    target.mkdir(parents=True, exist_ok=True)
    (target / "wave.toml").write_bytes(plan["settings"].encode())
    for name, sheets in _files(plan, Random(seed)).items():
        titled = [{"title": f"吉林省林业系统{sheet['sheet']}表", **sheet} for sheet in sheets]
        write_workbook(target / name, [table(sheet) for sheet in titled])
    if roster:
        _write_rosters(target, plan, seed)
    return folder / STUDY


def _files(plan: Mapping[str, Any], rng: Random) -> dict[str, list[dict[str, Any]]]:
    """File -> its sheets: as they stand in the plan, with published totals shared out over bureaus, or drawn.
    """
    by_bureau = {name: [_by_bureau(plan, s) for s in sheets] for name, sheets in plan["by_bureau"].items()}
    draw = {"four_clears": _four_clears, "stations": _stations, "startups": _startups}
    drawn = {name: [{**s, "rows": draw[s["rows"]](plan, rng)}] for name, s in plan["drawn"].items()}
    return {**plan["single"], **by_bureau, **drawn}


def _weights(plan: Mapping[str, Any], *areas: str) -> dict[str, int]:
    """Bureau -> its share, of the bureaus of `areas` (none: all)."""
    return {name: weight for name, (area, weight, _) in plan["bureaus"].items() if not areas or area in areas}


def _by_bureau(plan: Mapping[str, Any], sheet: Mapping[str, Any]) -> dict[str, Any]:
    """A row a bureau: `area`, `bureau` and `number` are its own, {split: n} its share of n, all else the same
    in every row.
    """
    own = _weights(plan, *sheet.get("areas", ()))
    known = {"bureau": own, "area": [plan["bureaus"][n][0] for n in own], "number": range(1, len(own) + 1)}
    columns = [
        split(c["split"], own).values() if isinstance(c, dict) else known.get(c, [c] * len(own))
        for c in sheet["row"]
    ]
    return {**sheet, "rows": [list(row) for row in zip(*columns, strict=True)]}


def _four_clears(plan: Mapping[str, Any], rng: Random) -> Iterator[list[object]]:
    for bureau, n in split(plan["hardship"], _weights(plan)).items():
        known = [int(n * rng.uniform(low, 1)) for low in (0.97, 0.95, 0.93)]
        yield [plan["bureaus"][bureau][0], bureau, n, n, *known, int(min(known) * rng.uniform(0.96, 1))]


def _stations(plan: Mapping[str, Any], rng: Random) -> Iterator[list[object]]:
    kinds = [(area, b, "扶贫超市") for b, (area, _, shops) in plan["bureaus"].items() for _ in range(shops)]
    places = [(area, bureau) for bureau, (area, *_) in plan["bureaus"].items()]
    kinds += [(*places[i % len(places)], kind) for kind, n in plan["stations"].items() for i in range(n)]
    for station in kinds:
        taken, mode = rng.randrange(6000, 60000, 500), rng.choice(["捐献", "捐献", "定期拨款", "拨款与捐献"])
        yield [*station, mode, taken, int(taken * rng.uniform(0.7, 1)) // 100 * 100, rng.randrange(60, 900)]


def _startups(plan: Mapping[str, Any], rng: Random) -> Iterator[list[object]]:
    """A row an enterprise and trade, eight of them and six trades."""
    total = plan["startups"]
    firms, trades = enumerate(_weights(plan, "森工集团")), enumerate(total["trades"])
    places = {f"{firm}|{trade}": 1 + (i + 2 * j) % 5 for (i, firm), (j, trade) in product(firms, trades)}
    parts = [split(total[name], places) for name in ("invested", "income", "jobs")]
    for place in places:
        yield [*place.split("|"), *(part[place] for part in parts)]


def _write_rosters(target: Path, plan: Mapping[str, Any], seed: int) -> None:
    """Three plain layouts: a workbook of a sheet a bureau, a workbook of one sheet, and text."""
    people = roster_rows(seed)
    areas = {bureau: area for bureau, (area, *_) in plan["bureaus"].items()}
    by_area = {area: list(rows) for area, rows in groupby(people, key=lambda row: areas[str(row[5])])}
    yanbian = [_roster(b, list(rows)) for b, rows in groupby(by_area["延边"], key=lambda row: str(row[5]))]
    write_workbook(target / "延边林业困难职工名册.xlsx", [table(sheet) for sheet in yanbian])
    write_workbook(target / "森工集团困难职工名册.xlsx", [table(_roster("森工集团", by_area["森工集团"]))])
    with (target / "地方经营局困难职工名册.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *by_area["地方"]])


def _roster(name: str, rows: list[list[object]]) -> dict[str, Any]:
    return {"sheet": name, "title": f"{name}困难职工花名册", "headings": HEADINGS, "rows": rows}


def roster_rows(seed: int) -> Iterator[list[object]]:
    """The rows of everybody under HEADINGS, bureau by bureau; every ID number is one of region 99 and there
    once.
    """
    plan, words, rng = read_yaml(PLAN)[STUDY], read_yaml(PLAN.with_name("words.yaml")), Random(seed)
    numbers = split(plan["hardship"], _weights(plan))
    total = sum(numbers.values())
    drawn = [rng.choices(list(of), list(of.values()), k=total) for of in DRAWN.values()]
    bureaus = [bureau for bureau, n in numbers.items() for _ in range(n)]
    for i, (bureau, education, status, level, cause, size) in enumerate(zip(bureaus, *drawn, strict=True)):
        sex = "male" if rng.random() < 0.66 else "female"
        # each day at most three times, so that the order tells them apart
        born = BORN + datetime.timedelta(days=i % 14_000)
        body = f"{REGION}{born:%Y%m%d}{100 + 2 * (i // 14_000) + (sex == 'male'):03d}"
        name = rng.choice(words["surnames"]) + "".join(rng.choices(words[f"given_{sex}"], k=2))
        income, dibao = rng.randrange(60, 420, 10), "是" if level == "特困" and rng.random() < 0.6 else "否"
        yield [
            i + 1, name, "男" if sex == "male" else "女", body + check_character(body), education, bureau,
            status, int(size), income, level, cause, dibao,
        ]  # fmt: skip
