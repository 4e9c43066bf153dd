"""Writes the sample study jilin-forestry: 22 bureaus with what was published of them, and a made-up roster of 37,000 people."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.sample.mechanisms import PLAN, split, table
from bangfu_analysis.sample.writing import write_workbook

STUDY, WAVE = "jilin-forestry", "2009"
REGION, BORN = "990203", datetime.date(1946, 1, 1)
HEADINGS = [
    "序号",
    "姓名",
    "性别",
    "身份证号",
    "文化程度",
    "填报单位",
    "工作状态",
    "家庭人口",
    "家庭月人均收入（元）",
    "困难类别",
    "致困原因",
    "是否低保",
]
DRAWN: Mapping[str, Mapping[str, int]] = {
    "education": {"小学": 12, "初中": 52, "高中": 22, "中专": 9, "大专": 4, "本科": 1},
    "status": {"在岗": 30, "退休": 25, "一次性安置": 20, "下岗": 15, "灵活就业": 10},
    "level": {"特困": 30, "困难": 70},
    "cause": {"患大病": 32, "收入低": 24, "子女上学": 16, "下岗失业": 14, "残疾": 6, "单亲收入低": 5, "意外灾害": 3},
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
    for name, sheets in {**plan["single"], **_files(plan, Random(seed))}.items():
        write_workbook(target / name, [table(sheet) for sheet in sheets])
    if roster:
        _write_rosters(target, plan, seed)
    return folder / STUDY


def _files(plan: Mapping[str, Any], rng: Random) -> dict[str, list[dict[str, Any]]]:
    """File -> its sheets, published totals shared out over bureaus."""
    weights = {name: weight for name, (_, weight, _) in plan["bureaus"].items()}
    shares = {name: split(total, weights) for name, total in plan["totals"].items()}
    return {
        "各局基本情况表.xlsx": [_basic(plan, shares)],
        "职工人数统计表.xlsx": [
            _sheet("在册职工人数", ["单位", "职工人数"], [[b, n] for b, n in shares["workers"].items()])
        ],
        "困难职工四清情况表.xlsx": [_four_clears(plan, shares["hardship"], rng)],
        "棚户区改造情况表.xlsx": [_housing(plan, weights)],
        "低保情况表.xlsx": [_dibao(plan, weights)],
        "送温暖与助学台账.xlsx": [_visits(plan, weights), _schooling(plan, weights)],
        "扶贫超市与救助站登记表.xlsx": [_stations(plan, rng)],
        "技能培训台账.xlsx": [_training(plan, weights)],
        "职工创业项目表.xlsx": [_startups(plan)],
    }


def _sheet(name: str, headings: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> dict[str, Any]:
    return {"sheet": name, "title": title or f"吉林省林业系统{name}表", "headings": list(headings), "rows": rows}


def _in(plan: Mapping[str, Any], weights: Mapping[str, int], *areas: str) -> dict[str, int]:
    return {b: w for b, w in weights.items() if plan["bureaus"][b][0] in areas}


def _basic(plan: Mapping[str, Any], shares: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    headings = ["所属地区", "单位名称", "辖区总人口", "在册职工", "离退休人员", "困难职工数", "是否建帮扶中心"]
    rows = [
        [area, bureau, *(shares[name][bureau] for name in plan["totals"]), "是"]
        for bureau, (area, *_) in plan["bureaus"].items()
    ]
    return _sheet("基本情况", headings, rows)


def _four_clears(plan: Mapping[str, Any], hardship: Mapping[str, int], rng: Random) -> dict[str, Any]:
    headings = [
        "所属地区",
        "单位名称",
        "困难职工数",
        "困难人数清",
        "困难程度清",
        "致困原因清",
        "家庭住址清",
        "四项全清",
    ]
    rows = []
    for bureau, n in hardship.items():
        known = [int(n * rng.uniform(low, 1)) for low in (0.97, 0.95, 0.93)]
        rows.append([plan["bureaus"][bureau][0], bureau, n, n, *known, int(min(known) * rng.uniform(0.96, 1))])
    return _sheet("困难职工四清", headings, rows)


def _housing(plan: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    own, total = _in(plan, weights, "延边", "森工集团"), plan["housing"]
    parts = [split(total[name], own) for name in ("households", "hardship", "money")]
    rows = [[plan["bureaus"][b][0], b, *(part[b] for part in parts)] for b in own]
    return _sheet(
        "棚户区改造", ["所属地区", "单位名称", "棚改搬迁户数", "其中困难职工户数", "棚改补助资金（元）"], rows
    )


def _dibao(plan: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    own, total = _in(plan, weights, "延边"), plan["dibao"]
    parts = [split(total[name], own) for name in ("households", "persons", "paid")]
    rows = [["延边", b, *(part[b] for part in parts)] for b in own]
    return _sheet("低保情况", ["所属地区", "填报单位", "低保户数", "低保人数", "争取低保资金（元）"], rows)


def _visits(plan: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    shares = split(plan["visits"], _in(plan, weights, "延边"))
    rows = [
        [i, datetime.date(2009, 1, 12), "送温暖", "两节", "困难职工", n, "工会经费", b]
        for i, (b, n) in enumerate(shares.items(), 1)
    ]
    return _sheet(
        "两节慰问",
        ["序号", "慰问时间", "帮扶类别", "慰问节日", "对象类别", "慰问金额（元）", "资金来源", "慰问单位"],
        rows,
    )


def _schooling(plan: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    own, total = _in(plan, weights, "延边"), plan["schooling"]
    students, money = split(total["students"], own), split(total["money"], own)
    rows = [
        [i, datetime.date(2008, 8, 26), "金秋助学", "大中小学", students[b], "人", money[b], "工会经费", b]
        for i, b in enumerate(own, 1)
    ]
    return _sheet(
        "助学",
        ["序号", "发放时间", "帮扶类别", "就读阶段", "人数", "计数单位", "资助金额（元）", "资金来源", "发放单位"],
        rows,
    )


def _stations(plan: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    kinds = [(area, bureau, "扶贫超市") for bureau, (area, _, shops) in plan["bureaus"].items() for _ in range(shops)]
    places = [(area, bureau) for bureau, (area, *_) in plan["bureaus"].items()]
    kinds += [(*places[i % len(places)], kind) for kind, n in plan["stations"].items() for i in range(n)]
    rows: list[list[object]] = []
    for area, bureau, kind in kinds:
        taken = rng.randrange(6000, 60000, 500)
        mode = rng.choice(["捐献", "捐献", "定期拨款", "拨款与捐献"])
        rows.append(
            [area, bureau, kind, mode, taken, int(taken * rng.uniform(0.7, 1)) // 100 * 100, rng.randrange(60, 900)]
        )
    headings = ["所属地区", "设立单位", "站点类型", "资金方式", "物资购入价值（元）", "物资发放价值（元）", "服务人次"]
    return _sheet("扶贫超市与救助站", headings, rows)


def _training(plan: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    parts = [split(total, weights) for total in plan["training"].values()]
    rows = [
        [datetime.date(2009, 6, 1), b, "技能培训班", courses, "次", *(p[b] for p in parts[1:])]
        for b, courses in parts[0].items()
    ]
    return _sheet(
        "技能培训", ["活动时间", "举办单位", "活动名称", "期数", "计数单位", "培训人数", "就业人数", "经费（元）"], rows
    )


def _startups(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A row an enterprise and trade, eight of them and six trades."""
    total = plan["startups"]
    firms = [bureau for bureau, (area, *_) in plan["bureaus"].items() if area == "森工集团"]
    places = {
        f"{firm}|{trade}": 1 + (i + 2 * j) % 5
        for i, firm in enumerate(firms)
        for j, trade in enumerate(total["trades"])
    }
    invested, income, jobs = (split(n, places) for n in (total["invested"], total["income"], 1960))
    rows = [[*place.split("|"), invested[place], income[place], jobs[place]] for place in places]
    return _sheet(
        "职工创业项目", ["填报单位", "创业行业", "投入创业资金（元）", "年创业收入（元）", "带动就业人数"], rows
    )


def _write_rosters(target: Path, plan: Mapping[str, Any], seed: int) -> None:
    """Three plain layouts: a workbook of a sheet a bureau, a workbook of one sheet, and text."""
    people = roster_rows(seed)
    areas = {bureau: area for bureau, (area, *_) in plan["bureaus"].items()}
    by_area = {area: list(rows) for area, rows in groupby(people, key=lambda row: areas[str(row[5])])}
    yanbian = [_roster(bureau, list(rows)) for bureau, rows in groupby(by_area["延边"], key=lambda row: str(row[5]))]
    write_workbook(target / "延边林业困难职工名册.xlsx", [table(sheet) for sheet in yanbian])
    write_workbook(target / "森工集团困难职工名册.xlsx", [table(_roster("森工集团", by_area["森工集团"]))])
    with (target / "地方经营局困难职工名册.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *by_area["地方"]])


def _roster(name: str, rows: list[list[object]]) -> dict[str, Any]:
    return {"sheet": name, "title": f"{name}困难职工花名册", "headings": HEADINGS, "rows": rows}


def roster_rows(seed: int) -> Iterator[list[object]]:
    """The rows of everybody under HEADINGS, bureau by bureau; every ID number is one of region 99 and there once."""
    plan, words, rng = read_yaml(PLAN)[STUDY], read_yaml(PLAN.with_name("words.yaml")), Random(seed)
    numbers = split(plan["totals"]["hardship"], {name: weight for name, (_, weight, _) in plan["bureaus"].items()})
    total = sum(numbers.values())
    drawn = [rng.choices(list(of), list(of.values()), k=total) for of in DRAWN.values()]
    bureaus = [bureau for bureau, n in numbers.items() for _ in range(n)]
    for i, (bureau, education, status, level, cause, size) in enumerate(zip(bureaus, *drawn, strict=True)):
        sex = "male" if rng.random() < 0.66 else "female"
        born = BORN + datetime.timedelta(
            days=i % 14_000
        )  # each day at most three times, so that the order tells them apart
        body = f"{REGION}{born:%Y%m%d}{100 + 2 * (i // 14_000) + (sex == 'male'):03d}"
        name = rng.choice(words["surnames"]) + "".join(rng.choices(words[f"given_{sex}"], k=2))
        income, dibao = rng.randrange(60, 420, 10), "是" if level == "特困" and rng.random() < 0.6 else "否"
        said = "男" if sex == "male" else "女"
        yield [
            i + 1,
            name,
            said,
            body + check_character(body),
            education,
            bureau,
            status,
            int(size),
            income,
            level,
            cause,
            dibao,
        ]
