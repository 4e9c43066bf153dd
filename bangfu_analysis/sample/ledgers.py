"""What comes with the rosters: the table of all workers, the ledger of aid, wave.toml."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.sample.layouts import Page
from bangfu_analysis.sample.people import Person, Wave

BAND_WEIGHTS = (1, 7, 10, 12, 15, 18, 17, 12, 6, 2)  # of the five-year bands, youngest first
SEX_WEIGHTS = {"male": 58, "female": 42}
AID_HEADINGS = [
    "序号",
    "帮扶时间",
    "帮扶类别",
    "帮扶时点",
    "受助人",
    "身份证号",
    "人数",
    "计数单位",
    "帮扶金额（元）",
    "实物折价（元）",
    "资金来源",
    "帮扶单位",
    "备注",
]
# kind, months before the reference date, occasion, wanted cause or "", how many, yuan from, to, fund
PERSON_AID = (
    ("金秋助学", 10, "金秋助学", "schooling", 45, 1000, 3000, "企业赞助"),
    ("医疗救助", 4, "日常", "illness", 90, 500, 3000, "中央财政"),
    ("生活救助", 5, "春节", "", 170, 200, 600, "工会经费"),
    ("临时救助", 2, "临时", "accident", 12, 500, 1500, "工会自筹"),
)
# As the published report says of the last wave: 10万元, and goods worth 200 yuan for each. The two do not agree, there either.
GROUP_AID = {
    "2009": (
        ("送温暖", 5, "春节", None, None, 100000, None, "工会经费", "春节走访慰问投入"),
        ("送温暖", 5, "春节", 947, "人", None, 189400, None, "慰问特困职工，每人200元生活用品"),
        ("送温暖", 5, "春节", 51, "人", None, 10200, None, "慰问农民工，每人200元生活用品"),
        ("送温暖", 5, "春节", 40, "人", None, 8000, None, "慰问困难劳模，每人200元生活用品"),
        ("一帮一", 1, "日常", 930, "户", None, None, None, "副科级以上干部结对930对"),
        ("职业介绍", 2, "临时", 850, "人次", None, None, None, "五项行动招聘大集"),
        ("职业培训", 3, "日常", 320, "人次", 64000, None, "地方财政", "再就业技能培训"),
    ),
    "2008": (
        ("送温暖", 5, "春节", 880, "人", None, 132000, "工会经费", "慰问特困职工，每人150元生活用品"),
        ("一帮一", 1, "日常", 930, "户", None, None, None, "结对930对"),
    ),
    "2007": (("送温暖", 4, "春节", 815, "人", None, 81500, "工会经费", "慰问特困职工，每人100元生活用品"),),
}


def population_counts(wave: Wave, workers: int, units: Mapping[str, Sequence[Any]]) -> dict[tuple[str, str, int], int]:
    """Workers by unit, sex and five-year band (0 the youngest), adding up to `workers`, none fewer than those in hardship."""
    base = Counter((p.unit, p.sex, band_of(p.age)) for p in wave.people)
    weights = {
        (unit, sex, band): share * SEX_WEIGHTS[sex] * BAND_WEIGHTS[band]
        for unit, (share, *_) in units.items()
        for sex in SEX_WEIGHTS
        for band in range(len(BAND_WEIGHTS))
    }
    rest, all_weights = workers - len(wave.people), sum(weights.values())
    shares = {cell: rest * weight // all_weights for cell, weight in weights.items()}
    largest = sorted(weights, key=lambda cell: -(rest * weights[cell] % all_weights))[: rest - sum(shares.values())]
    return {cell: base[cell] + shares[cell] + (cell in set(largest)) for cell in weights}


def band_of(age: int) -> int:
    """The place of the five-year band: 0 below 20, 9 from 60."""
    return min(max((age - 15) // 5, 0), len(BAND_WEIGHTS) - 1)


def population_page(wave: Wave, workers: int, units: Mapping[str, Sequence[Any]]) -> Page:
    """The table of all workers, the unit merged over its rows."""
    page = Page("职工人数")
    page.put(0, [f"道里区职工人数统计表（{wave.name}年）"])
    page.put(1, [f"制表：道里区总工会        截至{wave.day.year}年6月30日        单位：人"])
    page.put(2, ["单位", "性别", "年龄段", "职工人数"])
    labels = list(load_codebook().labels("age_five_year").values())
    counts = population_counts(wave, workers, units)
    for row, ((unit, sex, band), n) in enumerate(counts.items(), 3):
        first = (row - 3) % (len(SEX_WEIGHTS) * len(labels)) == 0
        page.put(row, [unit if first else None, {"male": "男", "female": "女"}[sex], labels[band], n])
        if first:
            page.merge(row, 0, row + len(SEX_WEIGHTS) * len(labels) - 1, 0)
    page.put(len(counts) + 3, ["合计", None, None, sum(counts.values())])
    return page


def aid_page(wave: Wave, known: Sequence[Person], rng: Random) -> Page:
    """The ledger of aid: group acts, then acts for `known` people by name and ID number."""
    page = Page("帮扶台账")
    page.put(0, [f"道里区总工会{wave.name}年度困难职工帮扶台账"])
    row = page.put(1, list(AID_HEADINGS))
    for kind, months, occasion, n, counted, yuan, goods, fund, note in GROUP_AID[wave.name]:
        line = [
            _months_before(wave.day, months),
            kind,
            occasion,
            None,
            None,
            n,
            counted,
            yuan,
            goods,
            fund,
            "道里区总工会",
            note,
        ]
        row = page.put(row, [row - 1, *line])
    for kind, months, occasion, cause, n, low, high, fund in PERSON_AID:
        able = [p for p in known if not cause or any(c.startswith(cause) for c in p.causes)]
        for p in rng.sample(able, min(n, len(able))):
            day = _months_before(wave.day, months) + datetime.timedelta(days=rng.randrange(20))
            yuan = rng.randrange(low, high + 1, 100)
            line = [day, kind, occasion, p.name, p.id_number, None, None, yuan, None, fund, "道里区总工会"]
            row = page.put(row, [row - 1, *line])
    page.put(row, ["填表人：吴某        审核人：周某"])
    return page


def _months_before(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, 5)


def settings_text(wave: Wave, settings: Mapping[str, Any]) -> str:
    """wave.toml."""
    low, high = settings["lines"]
    extreme = sum(p.level == "extreme" for p in wave.people)
    return (
        f"reference_date = {wave.day}      # 年龄算到这一天\n"
        f'scope = "道里区"\nscheme = "s2000"                 # 困难类别：特困、困难\nnote = "{settings["note"]}"\n\n'
        f"[line]                           # 元/人·月\nextreme = {low}                    # 低保标准，特困职工线\n"
        f"general = {high}                    # 困难职工线\n\n"
        f"[stated]                         # 上报的总数，用来核对\nworkers_total = {settings['workers']}\n"
        f"hardship_total = {len(wave.people)}\nextreme_total = {extreme}\n"
    )
