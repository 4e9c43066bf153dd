"""The member questionnaire of the last wave as an online service exports it, by text; and the decisions on
doubtful replies.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from random import Random
from typing import Any

from tools.sample.layouts import Page
from tools.sample.people import weighted

META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
SKIPPED, BLANK = "(跳过)", "(空)"
FIRST_DAY = datetime.datetime(2009, 6, 8, 8, 30)
FAST, STRAIGHT, CARELESS = 7, 5, 9  # how many replies of each kind
DECISIONS = (
    "# 由研究者填写：rules 为筛查规则，decisions 为对每份存疑答卷的决定（keep 或 drop）及理由；"
    "每次清理都照此重做。\n"
)


def survey_page(plan: Mapping[str, Any], units: Mapping[str, Any], rng: Random) -> tuple[Page, str]:
    """The export, one row a reply (numbers have gaps where replies were deleted), and the text of
    screening.yaml.
    """
    numbers = sorted(rng.sample(range(1, plan["sent"] + 1), plan["answered"]))
    chosen = rng.sample(range(plan["answered"]), FAST + STRAIGHT + CARELESS)
    fast, straight = set(chosen[:FAST]), set(chosen[FAST : FAST + STRAIGHT])
    careless = set(chosen[FAST + STRAIGHT :])
    page, moment = Page("Sheet1"), FIRST_DAY
    page.put(0, [*META, *_headings(plan)])
    for i, number in enumerate(numbers):
        moment += datetime.timedelta(seconds=rng.randrange(60, 5400))
        seconds = rng.randrange(14, 30) if i in fast else rng.randrange(75, 620)
        place = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}(黑龙江-哈尔滨)"
        when = f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M:%S}"
        meta = [str(number), when, f"{seconds}秒", weighted(rng, plan["sources"]), "N/A", place]
        page.put(i + 1, [*meta, *_reply(plan, units, rng, straight=i in straight, careless=i in careless)])
    return page, _decisions([numbers[i] for i in sorted(fast)], [numbers[i] for i in sorted(straight)])


def _headings(plan: Mapping[str, Any]) -> list[object]:
    policies, rated = list(plan["policies"]), list(plan["rated"])
    return [
        "1、您的性别", "2、您的年龄", "3、您所在的单位",
        f"{plan['stem_known']}—{policies[0]}", *(f"4、{policy}" for policy in policies[1:]),
        *(s["heading"] for s in plan["steps"]), plan["stem_helped"], plan["stem_needs"], plan["stem_order"],
        f"{plan['stem_rated']}—{rated[0]}", *(f"11、{item}" for item in rated[1:]),
        plan["attention"], plan["score"], plan["open"],
    ]  # fmt: skip


def _reply(
    plan: Mapping[str, Any], units: Mapping[str, Any], rng: Random, *, straight: bool, careless: bool
) -> list[object]:
    mood = rng.gauss(0, 0.16)
    unit = weighted(rng, {name: share for name, (share, *_) in units.items()})
    known = [_grade(rng, plan["knows"], share + mood, 0.28) for share in plan["policies"].values()]
    steps = _steps(plan, rng, mood)
    helped = (
        _grade(rng, plan["grades"], 0.68 + mood, 0.2) if steps[-1] == plan["steps"][-1]["yes"] else SKIPPED
    )
    rated = [_grade(rng, plan["grades"], share + mood, 0.17) for share in plan["rated"].values()]
    return [
        rng.choice(["男", "男", "女"]), weighted(rng, plan["ages"]), unit,
        *known, *steps, helped, _needs(plan, rng), _order(plan, rng),
        *([plan["grades"][3]] * len(rated) if straight else [
            BLANK if rng.random() < 0.02 else word for word in rated
        ]),
        rng.choice(plan["grades"][3:]) if careless else "一般",
        BLANK if rng.random() < 0.08 else str(min(100, max(20, round(rng.gauss(76 + 60 * mood, 10))))),
        rng.choice(plan["remarks"]) + rng.choice(["", "。", "！"]) if rng.random() < 0.25 else BLANK,
    ]  # fmt: skip


def _grade(rng: Random, grades: list[str], middle: float, spread: float) -> str:
    return grades[min(len(grades) - 1, max(0, int(rng.gauss(middle, spread) * len(grades))))]


def _steps(plan: Mapping[str, Any], rng: Random, mood: float) -> list[str]:
    """Each step is asked of those who said yes to the one before."""
    said: list[str] = []
    for step in plan["steps"]:
        asked = not said or said[-1] == plan["steps"][len(said) - 1]["yes"]
        said.append(step["yes" if rng.random() < step["share"] + mood / 2 else "no"] if asked else SKIPPED)
    return said


def _needs(plan: Mapping[str, Any], rng: Random) -> str:
    ticked = [need for need, share in plan["needs"].items() if rng.random() < share]
    told = [f"{need}〖{rng.choice(plan['others'])}〗" if need == "其他" else need for need in ticked]
    return "┋".join(told) or BLANK


def _order(plan: Mapping[str, Any], rng: Random) -> str:
    order = sorted(plan["concerns"], key=lambda concern: -plan["concerns"][concern] * rng.random())
    return "→".join(order[: rng.choice([2, 3, 5, 5])])


def _decisions(fast: list[int], straight: list[int]) -> str:
    lines = [f'  - {{respondent_id: "{n}", reason: too_fast, decision: drop}}' for n in fast]
    lines += [f'  - {{respondent_id: "{n}", reason: straight_line, decision: keep}}' for n in straight]
    rules = "rules:\n  fastest_seconds: 30\n  straight_items: 6\n"
    rules += "  attention: {Q12: 一般}\n  same_answers: 10\n"
    return DECISIONS + rules + "decisions:\n" + "\n".join(lines) + "\n"
