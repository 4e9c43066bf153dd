"""The sheets of the mechanisms that come with the rosters of 2009: what was published is in mechanisms.yaml,
the rest is drawn.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from bangfu_analysis.codebook import read_yaml
from tools.sample.layouts import Page
from tools.sample.ledgers import GIVER
from tools.sample.people import Person
from tools.sample.writing import write_workbook

PLAN = Path(__file__).parent / "mechanisms.yaml"
PAIRS, STANDARD = 930, 245  # published; yuan per head and month
RANKS = {"县处级": 4, "正科级": 26, "副科级": 70}
GRADES = {"模范职工之家": 2, "先进职工之家": 5, "合格职工之家": 6, "未达标": 1}
KINDS = {"区房产经营公司": "事业", "区环卫清运站": "事业", "城乡供销社": "机关"}
ILLNESSES = {"恶性肿瘤": 3, "尿毒症": 2, "心脏病": 3, "脑梗": 2}
EPISODES = 64


def write_daoli_mechanisms(
    target: Path, workers: Mapping[str, int], extreme: Sequence[Person], rng: Random
) -> None:
    """Write the sheets into the wave folder; `workers`: workers of each unit, `extreme`: those in extreme
    hardship.
    """
    for name, sheets in read_yaml(PLAN)["daoli"].items():
        write_workbook(target / name, [table(sheet) for sheet in sheets])
    write_workbook(target / "基层工会情况表.xlsx", [table(sheet) for sheet in _unit_sheets(workers, rng)])
    chosen = rng.sample(list(extreme), PAIRS)
    write_workbook(target / "一帮一结对台账.xlsx", [table(_pairs(chosen, rng))])
    ill = [p for p in extreme if any(cause.startswith("illness") for cause in p.causes)]
    write_workbook(target / "大病医疗救助表.xlsx", [table(_episodes(rng.sample(ill, EPISODES), rng))])


def table(sheet: Mapping[str, Any]) -> Page:
    """A page of a title, headings and rows."""
    page = Page(sheet["sheet"])
    page.put(0, [sheet["title"]])
    row = page.put(1, sheet["headings"])
    for line in sheet["rows"]:
        row = page.put(row, line)
    return page


def split(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """`total` shared out by weight, in whole numbers that add up to it (largest remainder)."""
    whole = sum(weights.values())
    shares = {name: int(total * weight // whole) for name, weight in weights.items()}
    by_rest = sorted(weights, key=lambda name: (-(total * weights[name] % whole), name))
    for name in by_rest[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


def _unit_sheets(workers: Mapping[str, int], rng: Random) -> Iterator[dict[str, Any]]:
    homes, bodies, files = [], [], []
    household_files = split(3456, workers)
    for number, (unit, n) in enumerate(workers.items(), start=1):
        kind, members = KINDS.get(unit, "企业"), int(n * rng.uniform(0.9, 0.99))
        voting = int(members * rng.uniform(0.7, 0.9))
        happy, fairly = int(voting * rng.uniform(0.6, 0.8)), int(voting * rng.uniform(0.1, 0.18))
        grade = rng.choices(list(GRADES), list(GRADES.values()))[0]
        joint = "是" if grade[:2] in ("模范", "先进") else "否"
        homes.append(
            [number, unit, kind, members, grade, joint, voting, happy, fairly, voting - happy - fairly]
        )
        full, women = n // 500, "是" if n > 1500 else "否"
        staff = (full, max(n // 250, 1), 1 + number % 2, 2 + number % 4)
        bodies.append([number, unit, kind, n, members, "是", "是", women, *staff])
        filed = household_files[unit]
        fresh = [int(filed * rng.uniform(low, 0.98)) for low in (0.9, 0.75, 0.4)]
        files.append([number, unit, kind, filed, *fresh, filed // 12, filed // 9, filed // 60])
    for name, rest, rows in (
        ("建家评议", [
            "会员总数", "建家等级", "是否党政工共建", "参加评议会员数", "评议满意人数", "评议基本满意人数",
            "评议不满意人数",
        ], homes),
        ("组织状况", [
            "职工总数", "会员总数", "工会委员会", "经审会", "女职工委员会", "专职工会干部", "兼职工会干部",
            "年召开会议次数", "年开展活动次数",
        ], bodies),
        ("档案管理", [
            "建档户数", "制定帮扶计划户数", "一年内更新户数", "已帮扶户数", "新增建档户数", "脱困退档户数",
            "返困户数",
        ], files),
    ):  # fmt: skip
        headings = ["序号", "单位名称", "单位类型", *rest]
        yield {"sheet": name, "title": f"道里区基层工会{name}表", "headings": headings, "rows": rows}


def _pairs(people: Sequence[Person], rng: Random) -> dict[str, Any]:
    """A row a pair; all have reached the standard, as the published report says."""
    rows: list[list[object]] = []
    for number, p in enumerate(people, start=1):
        rank = rng.choices(list(RANKS), list(RANKS.values()))[0]
        start = datetime.date(2006, 4, 1) + datetime.timedelta(days=rng.randrange(600))
        reached = start + datetime.timedelta(days=rng.randrange(200, 700))
        before, after = min(p.income_per_capita_monthly, STANDARD - 5), rng.randrange(STANDARD + 5, 420, 5)
        rows.append([number, rank, 2, p.name, p.id_number, start, STANDARD, before, after, "是", reached])
    headings = ["序号", "干部职级", "结对轮次", "帮扶对象", "帮扶对象身份证号", "结对时间",
                "脱贫标准（元/月）", "结对前月人均收入（元/月）", "结对后月人均收入（元/月）",
                "是否达到脱贫标准", "达标时间"]  # fmt: skip
    return {"sheet": "结对台账", "title": "道里区第二轮“一帮一”结对台账", "headings": headings, "rows": rows}


def _episodes(people: Sequence[Person], rng: Random) -> dict[str, Any]:
    rows: list[list[object]] = []
    for number, p in enumerate(people, start=1):
        cost = int(rng.triangular(1500, 60000, 4000)) // 100 * 100
        insured = int(cost * rng.uniform(0.25, 0.6)) // 100 * 100
        own, cut = cost - insured, int((cost - insured) * rng.uniform(0, 0.1)) // 10 * 10
        day = datetime.date(2008, 8, 1) + datetime.timedelta(days=rng.randrange(320))
        illness = rng.choices(list(ILLNESSES), list(ILLNESSES.values()))[0]
        aid = rng.choice([1000, 2000, 3000, 5000])
        paid = (p.income_household_annual, cost, insured, own - cut, cut, aid)
        rows.append([number, p.name, p.id_number, day, illness, *paid])
    headings = ["序号", "患者姓名", "患者身份证号", "就医时间", "病种", "家庭年收入（元）",
                "医疗总费用（元）", "医保报销金额（元）", "个人自付金额（元）", "医院减免金额（元）",
                "工会大病救助金额（元）"]  # fmt: skip
    return {"sheet": "救助表", "title": f"{GIVER}大病医疗负担与救助表", "headings": headings, "rows": rows}
