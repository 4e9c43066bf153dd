"""Sentences on the questions of a questionnaire. Rules as in `sentences`; every number comes from the
protected frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from bangfu_analysis.exhibits.measures import hidden, records
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.wording import counted, in_percent


def scale(frame: pd.DataFrame, name: str) -> str:
    """The items with the most and the fewest in the top grades; items of which a grade is hidden are not
    compared.
    """
    if "top_share" not in frame:
        return ""
    unsafe = hidden(frame).groupby(frame["item"], observed=True).transform("any")
    items = frame[~unsafe].drop_duplicates("item").dropna(subset=["top_share"])
    items = items.sort_values("top_share", ascending=False, kind="stable")
    if len(items) < 2:
        return ""
    told = [
        f"{degree}的是{items['item'].iloc[i]}（{in_percent(percent(items['top_share'].iloc[i]))}，"
        f"{counted(items['base_n'].iloc[i])}作答）"
        for degree, i in (("最高", 0), ("最低", -1))
    ]
    grades = "”或“".join(str(items["definition"].iloc[0]).split("+"))
    return f"{name}的{frame['item'].nunique()}个项目中，回答“{grades}”的占比{'，'.join(told)}。"


def most_chosen(frame: pd.DataFrame, question: str, *, manner: str = "", verb: str = "选择") -> str:
    """`“最需要的帮助”一题（可多选）有395人作答，共选812项次，选择最多的依次是…。` of single, multiple,
    number, ranking.
    """
    shown = frame[frame["n"].fillna(0).gt(0) & ~hidden(frame)].sort_values("n", ascending=False, kind="stable").head(3)
    if not len(shown) or frame["base_n"].dropna().empty:
        return ""
    base = counted(frame["base_n"].dropna().iloc[0])
    ticks = frame["answers_n"].dropna().tolist() if "answers_n" in frame else []
    base += f"作答，共选{counted(ticks[0], '项次')}" if ticks else "作答"
    told = "、".join(f"{r.option}（{counted(r.n)}，占{in_percent(percent(r.share))}）" for r in records(shown))
    order = "依次是" if len(shown) > 1 else "是"
    return f"“{question}”一题{manner}有{base}，{verb}最多的{order}{told}。"


def steps(frame: pd.DataFrame, name: str) -> str:
    """Who passed each step, of whom."""
    shown = frame[frame["share"].notna()]
    told = [_passed(row) for row in records(shown)]
    return f"{name}逐步看，{'、'.join(told)}。" if told else ""


def _passed(row: Any) -> str:
    return f"{row.step}{counted(row.n)}（占{counted(row.base_n)}的{in_percent(percent(row.share))}）"


def promoters(frame: pd.DataFrame, question: str) -> str:
    """`“…”一题有60人作答，推荐者占40.0%，贬损者占25.0%，净推荐值15.0。`"""
    share = frame.set_index(frame["option"].astype("str"))["share"]
    if share.isna().any():
        return ""
    best, worst = (percent(share[name]) for name in ("推荐者", "贬损者"))
    net = half_up(100 * (share["推荐者"] - share["贬损者"]), 1)
    told = f"推荐者（9至10分）占{in_percent(best)}，贬损者（0至6分）占{in_percent(worst)}，净推荐值{net:.1f}"
    return f"“{question}”一题有{counted(frame['base_n'].iloc[0])}作答，{told}。"


def how_many(frame: pd.DataFrame, question: str) -> str:
    """`“您的建议”一题问到405人，120人作答（29.6%）。`"""
    first = frame.iloc[0]
    if pd.isna(first["n"]):
        return ""
    share = in_percent(percent(first["share"]))
    return f"“{question}”一题问到{counted(first['base_n'])}，{counted(first['n'])}作答（{share}）。"


SAY: Mapping[str, Callable[[pd.DataFrame, str], str]] = {
    "single": most_chosen, "multiple": partial(most_chosen, manner="（可多选）"),
    "ranking": partial(most_chosen, verb="排在第一位"), "number": partial(most_chosen, verb="人数"),
    "promoters": promoters, "answered": how_many, "numbers": lambda frame, name: "", "scale": scale,
    "funnel": steps,
}
