"""Sentences on several waves: who came and went, what a fair comparison shows, which units moved. Rules as in
`sentences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.exhibits.labels import STATES
from bangfu_analysis.exhibits.measures import dimensions, hidden, records
from bangfu_analysis.exhibits.sentences import NOT_COMPARED, SMALL
from bangfu_analysis.exhibits.wording import (
    counted,
    half_up,
    in_percent,
    percent,
    points,
    since,
    with_count,
    year,
)

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit

CAME_AND_LEFT = (("new", "新建档"), ("exited", "退出"))
SIGNS = {"new": "＋", "returned": "＋", "exited": "－", "died": "－"}
MOST_MOVED = 2


def account(of: Exhibit) -> str:
    """The identity of the last wave in numbers, and how sure it is.

    Facts: before, deaths (whether they are told apart from exits), difference and bounds of `flow_accounts`;
    beside: unrecorded, unfollowed.
    """
    facts, wave = of.facts, of.frame["wave"].iloc[-1]
    own = of.frame[of.frame["wave"].eq(wave)]
    numbers = own.set_index("flow")["n"]
    shown = {"died"} if facts["deaths"] else set[str]()
    shown |= {"returned"} if len(of.frame["wave"].unique()) > 1 else set()  # two waves have nobody to return
    flows = {s: numbers[s] for s in SIGNS if s not in ("returned", "died") or s in shown}
    ends = [own[name].max() for name in ("previous_n", "stock_n")]
    step = f"{year(facts['before'])}至{year(wave)}"
    if any(pd.isna(n) for n in [*flows.values(), *ends]):
        return f"{step}进出的人数中有的{SMALL}，见表。"
    told = "、".join(f"{STATES[state][0]}{counted(n)}" for state, n in flows.items())
    sums = f"{ends[0]}{''.join(f'{SIGNS[state]}{n}' for state, n in flows.items())}＝{ends[1]}"
    last = {cut.id: cut.frame["n"].iloc[-1] for cut in of.beside}
    differs = int(facts["difference"])
    unknown, unrecorded = (0 if pd.isna(last[k]) else int(last[k]) for k in ("unfollowed", "unrecorded"))
    off = f"，与名册相差{counted(abs(differs))}，请核对重复登记" if differs else ""
    whom = "退出者均" if unrecorded == flows["exited"] else f"退出者中{counted(unrecorded)}"
    gaps = [f"{whom}没有退档记录"] if unrecorded else []
    gaps += [f"进出者中{counted(unknown)}没有完整的身份证号{_bounds(facts)}"] if unknown else []
    aside = f"；其中{'，'.join(gaps)}" if gaps else ""
    return f"{step}，{told}：{sums}{off}{aside}。"


def _bounds(facts: Mapping[str, Any]) -> str:
    """Between which numbers who came and who left lie, as some have no whole ID number."""
    ends = [(word, facts.get(f"{flow}_low"), facts.get(f"{flow}_high")) for flow, word in CAME_AND_LEFT]
    known = [(word, low, high) for word, low, high in ends if low is not None and low != high]
    return "".join(f"，{word}实际在{low}至{high}人之间" for word, low, high in known)


def moves(of: Exhibit) -> str:
    """Where the people of each earlier state are now, from `transitions`. Who came is not said again."""
    before, now = of.cut.dimensions
    stock = of.frame[~of.frame[before].isin(["new", "returned", "came"])]
    told = []
    for _, block in stock.groupby(before, observed=True):
        part = of.printed(block, now)
        part = part[part["n"].gt(0).fillna(False) & ~hidden(part)]
        if part.empty or part["base_n"].isna().any():  # hidden, as the whole of a few
            continue
        words = [f"{with_count(row.label, row.n)}（{in_percent(row.percent)}）" for row in records(part)]
        whom = f"原{of.labels(part[before])[0]}的{counted(part['base_n'].iloc[0])}"
        told.append(f"{whom}，现为{'、'.join(words)}")
    first, last = map(year, of.facts["waves"])
    return f"{first}在册的人到{last}：{'；'.join(told)}。" if told else ""


def standardized(of: Exhibit) -> str:
    """The last change with and without the change of the workers' mix: `crude`, `standardized` to one mix,
    rate and composition.
    """
    before, now = (of.frame.iloc[place] for place in (-2, -1))
    crude, fair = ([percent(row[m]) for row in (before, now)] for m in ("crude", "standardized"))
    parts = {"各组比率变化": percent(now["rate"]), "职工构成变化": percent(now["composition"])}
    told = [f"{word}使其{points(step)}" if step else f"{word}几乎没有影响" for word, step in parts.items()]
    when, then, this = since(before["wave"], now["wave"]), year(before["wave"]), year(now["wave"])
    return (
        f"只计性别和年龄有记录的人，{this}困难率为{in_percent(crude[1])}，"
        f"{points(half_up(crude[1] - crude[0]), when)}；"
        f"按{this}职工的性别年龄构成计算，{then}应为{in_percent(fair[0])}，"
        f"同一构成下{points(half_up(fair[1] - fair[0]), when)}。困难率的变化中，{'，'.join(told)}。"
    )


def movers(of: Exhibit) -> str:
    """The units whose rate rose and fell most since the wave before."""
    rates, what = of.frame, of.recipe.noun or "困难率"
    before, last = sorted(rates["wave"].unique())[-2:]
    now = rates[rates["wave"].eq(last)].dropna(subset=["change"])
    if now.empty:
        return f"各单位的{what}与{year(before)}口径不同或缺数，{NOT_COMPARED}"
    labels, steps = now[dimensions(now)[-1]].astype(str), now["change"].map(percent).astype(float)
    moved = now.assign(step=steps, label=labels).sort_values("step")
    ways = {"下降": moved[moved["step"] < 0], "上升": moved[moved["step"] > 0].iloc[::-1]}
    ways = {word: part for word, part in ways.items() if len(part)}
    told = []
    for word, part in ways.items():
        most = [f"{row.label}（{abs(row.step):.1f}个百分点）" for row in records(part.head(MOST_MOVED))]
        told.append(f"{what}{word}{'最多' if len(part) > 1 else ''}的是{'、'.join(most)}")
    counts = "、".join(f"{word}的{len(part)}个" for word, part in ways.items())
    head = f"两批都有数的{len(moved)}个单位中，与{year(before)}相比{what}{counts or '没有变化'}"
    return "；".join([head, *told]) + "。"


SAY: dict[str, Callable[[Exhibit], str]] = {
    "account": account, "moves": moves, "standardized": standardized, "movers": movers,
}
