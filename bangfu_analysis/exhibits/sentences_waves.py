"""Sentences on several waves: who came and went, what a fair comparison shows, which units moved. Rules as in
`narrative`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.labels import STATES, labels_of
from bangfu_analysis.exhibits.measures import dimensions, hidden, printed_percents, records
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.sentences import SMALL
from bangfu_analysis.exhibits.wording import counted, in_percent, points, since, year

CENSUS = "名册是全数登记，以上变化是在册人数的实际变化，不是抽样误差。"
CAME_AND_LEFT = (("new", "新建档"), ("exited", "退出"))
SIGNS = {"new": "＋", "returned": "＋", "exited": "－", "died": "－"}


def account(accounts: pd.DataFrame, *, before: object, facts: Mapping[str, object]) -> str:
    """The identity of the last wave in numbers, from its rows (`flow`, `n`; hidden ones missing), and how
    sure it is.

    `facts`: deaths (whether they are told apart from exits), difference, unrecorded_n, unfollowed_n of
    `flow_accounts`.
    """
    require(accounts, ["wave", "flow", "n", "previous_n", "stock_n"], where="account")
    wave = accounts["wave"].iloc[-1]
    own = accounts[accounts["wave"].eq(wave)]
    numbers = own.set_index("flow")["n"]
    flows = {state: numbers[state] for state in SIGNS if facts["deaths"] or state != "died"}
    ends = [own[name].max() for name in ("previous_n", "stock_n")]
    if any(pd.isna(n) for n in [*flows.values(), *ends]):
        return f"{year(before)}至{year(wave)}进出的人数中有的{SMALL}，见表。"
    told = "、".join(f"{STATES[state][0]}{counted(n)}" for state, n in flows.items())
    sums = f"{ends[0]}{''.join(f'{SIGNS[state]}{n}' for state, n in flows.items())}＝{ends[1]}"
    differs, unknown, unrecorded = (int(str(facts[k])) for k in ("difference", "unfollowed_n", "unrecorded_n"))
    off = f"，与名册相差{counted(abs(differs))}，请核对重复登记" if differs else ""
    gaps = [
        f"退出者中{counted(unrecorded)}没有退档记录" if unrecorded else "",
        _bounds(facts) if unknown else "",
    ]
    aside = f"；其中{'，'.join(filter(None, gaps))}" if any(gaps) else ""
    return f"{year(before)}至{year(wave)}，{told}：{sums}{off}{aside}。"


def _bounds(facts: Mapping[str, object]) -> str:
    """Between which numbers who came and who left lie, as some have no whole ID number."""
    told = f"进出者中{counted(int(str(facts['unfollowed_n'])))}没有完整的身份证号"
    ends = [(word, facts.get(f"{flow}_low"), facts.get(f"{flow}_high")) for flow, word in CAME_AND_LEFT]
    known = [(word, low, high) for word, low, high in ends if low is not None and low != high]
    return told + "".join(f"，{word}实际在{low}至{high}人之间" for word, low, high in known)


def moves(result: pd.DataFrame, codebook: Codebook, name: str, waves: Sequence[object]) -> str:
    """Where the people of each earlier state are now, from `transitions` of one pair of `waves`.

    Who came is not said again.
    """
    stock = result[~result[f"{name}_before"].isin(["new", "returned", "came"])]
    told = []
    for _, block in stock.groupby(f"{name}_before", observed=True):
        part = block.assign(percent=printed_percents(block))
        part = part[part["n"].gt(0).fillna(False) & ~hidden(part)]
        if part.empty or part["base_n"].isna().any():  # hidden, as the whole of a few
            continue
        words = [
            f"{label}{counted(row.n)}（{in_percent(row.percent)}）"
            for label, row in zip(labels_of(codebook, part[name]), records(part), strict=True)
        ]
        before = labels_of(codebook, part[f"{name}_before"].iloc[:1])[0]
        base = part["base_n"].dropna()
        size = counted(base.iloc[0]) if len(base) else "人"
        told.append(f"原{before}的{size}，现为{'、'.join(words)}")
    return f"{year(waves[0])}在册的人到{year(waves[1])}：{'；'.join(told)}。" if told else ""


def standardized(result: pd.DataFrame) -> str:
    """The last change with and without the change of the workers' mix: `crude`, `standardized` to one mix,
    rate and composition.
    """
    before, now = (result.iloc[place] for place in (-2, -1))
    crude, fair = ([percent(row[m]) for row in (before, now)] for m in ("crude", "standardized"))
    parts = {"各组比率变化": percent(now["rate"]), "职工构成变化": percent(now["composition"])}
    told = "，".join(f"{word}使其{points(step)}" if step else f"{word}几乎没有影响" for word, step in parts.items())
    when = since(before["wave"], now["wave"])
    return (
        f"只计性别和年龄有记录的人，{year(now['wave'])}困难率为{in_percent(crude[1])}，{points(half_up(crude[1] - crude[0]), when)}；"
        f"按{year(now['wave'])}职工的性别年龄构成计算，{year(before['wave'])}应为{in_percent(fair[0])}，"
        f"同一构成下{points(half_up(fair[1] - fair[0]), when)}。困难率的变化中，{told}。"
    )


def movers(rates: pd.DataFrame, *, what: str, top: int = 2) -> str:
    """The units whose rate rose and fell most since the wave before, from `change` of `hardship_rate` by wave
    and unit.
    """
    last = rates[rates["wave"].eq(rates["wave"].max())].dropna(subset=["change"])
    steps = last.assign(step=[percent(step) for step in last["change"]]).sort_values("step")
    before, name = sorted(rates["wave"].unique())[-2], next(c for c in dimensions(rates) if c != "wave")
    steps = steps.assign(label=steps[name].astype(str))
    ends = {"下降": steps[steps["step"] < 0].head(top), "上升": steps[steps["step"] > 0].tail(top).iloc[::-1]}
    told = [
        f"{what}{word}最多的是{'、'.join(f'{row.label}（{abs(row.step):.1f}个百分点）' for row in records(part))}"
        for word, part in ends.items()
        if len(part)
    ]
    sizes = {"下降": int((steps["step"] < 0).sum()), "上升": int((steps["step"] > 0).sum())}
    counts = "、".join(f"{word}的{n}个" for word, n in sizes.items() if n) or "没有变化"
    head = f"两批都有数的{len(steps)}个单位中，与{year(before)}相比{what}{counts}"
    return "；".join([head, *told]) + "。"
