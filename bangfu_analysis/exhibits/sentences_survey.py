"""Sentences on surveys: on the questions of a questionnaire, and on a fitted model, which prove no cause.
Rules as in `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.labels import labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import hidden, most_unseen, records
from bangfu_analysis.exhibits.wording import counted, half_up, percent, share_of
from bangfu_analysis.survey.models import Model

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit


SURE = 0.05  # p-value below which a difference is told
SHARES = {"estimate": "effect", "ci_low": "effect_low", "ci_high": "effect_high"}
NO_CAUSE = "以上是被调查者中的关联，没有问到的情况也可能同时起作用，不能说明因果。"


def scale(of: Exhibit) -> str:
    """The items with the most and the fewest in the top grades; items of which a grade is hidden are not
    compared.
    """
    frame = of.frame
    if "top_share" not in frame:
        return ""
    unsafe = hidden(frame).groupby(frame["item"], observed=True).transform("any")
    items = frame[~unsafe].drop_duplicates("item").dropna(subset=["top_share"])
    ranked = list(records(items.sort_values("top_share", ascending=False, kind="stable")))
    if len(ranked) < 2:
        return ""
    told = [
        f"{degree}的是{row.item}（{share_of(row.top_share)}，{counted(row.base_n)}作答）"
        for degree, row in (("最高", ranked[0]), ("最低", ranked[-1]))
    ]
    grades = "”或“".join(str(ranked[0].definition).split("+"))
    return f"{of.title}的{frame['item'].nunique()}个项目中，回答“{grades}”的占比{'，'.join(told)}。"


def most_chosen(of: Exhibit, *, manner: str = "", verb: str = "选择") -> str:
    """`“最需要的帮助”一题（可多选）有395人作答，共选812项次，选择最多的依次是…。` of single, multiple,
    number, ranking.
    """
    frame = of.frame
    shown = frame[frame["n"].fillna(0).gt(0) & ~hidden(frame)]
    shown = shown.sort_values("n", ascending=False, kind="stable").head(3)
    if not len(shown) or frame["base_n"].dropna().empty:
        return ""
    ticks = frame["answers_n"].dropna().tolist() if "answers_n" in frame else []
    many = f"，共选{counted(ticks[0], '项次')}" if ticks else ""
    base = f"{counted(frame['base_n'].dropna().iloc[0])}作答{many}"
    told = "、".join(f"{r.option}（{counted(r.n)}，占{share_of(r.share)}）" for r in records(shown))
    order = "依次是" if len(shown) > 1 else "是"
    unsure = shown["n"].min() < most_unseen(frame, several=bool(of.cut.multiple))
    most = f"{'列出的各项中' if unsure else ''}{verb}最多的{order}"
    every = not (manner or unsure) and len(shown) == len(frame)
    return f"“{of.title}”一题{manner}有{base}，{'其中' if every else most}{told}。"


def steps(of: Exhibit) -> str:
    """Who passed each step, of whom."""
    told = [
        f"{row.step}{counted(row.n)}（占{counted(row.base_n)}的{share_of(row.share)}）"
        for row in records(of.frame[of.frame["share"].notna()])
    ]
    return f"{of.title}逐步看，{'、'.join(told)}。" if told else ""


def promoters(of: Exhibit) -> str:
    """`“…”一题有60人作答，推荐者占40.0%，贬损者占25.0%，净推荐值15.0。`"""
    share = of.frame.set_index(of.frame["option"].astype("str"))["share"]
    if share.isna().any():
        return ""
    best, worst = share["推荐者"], share["贬损者"]
    told = f"推荐者（9至10分）占{share_of(best)}，贬损者（0至6分）占{share_of(worst)}"
    told += f"，净推荐值{half_up(100 * (best - worst)):.1f}"
    return f"“{of.title}”一题有{counted(of.frame['base_n'].iloc[0])}作答，{told}。"


def how_many(of: Exhibit) -> str:
    """`“您的建议”一题问到405人，120人作答（29.6%）。`"""
    first = of.frame.iloc[0]
    if pd.isna(first["n"]):
        return ""
    asked, told = counted(first["base_n"]), counted(first["n"])
    return f"“{of.title}”一题问到{asked}，{told}作答（{share_of(first['share'])}）。"


def effects_of(model: Model, codebook: Codebook, lang: str = "zh") -> pd.DataFrame:
    """A row a compared level (and a number, by one more of it): effect_of, compared_with, n, p_value, effect.

    Where the answer is yes or no the effect and its limits are differences of shares, in effect, effect_low
    and effect_high, else in estimate, ci_low, ci_high.
    """
    rows = model.effects[model.effects["reference"].eq("") | model.effects["se"].gt(0)]
    words = [_words(codebook, row.variable, row.level, row.reference, lang) for row in records(rows)]
    named = pd.DataFrame(words, columns=["effect_of", "compared_with"])
    figures = rows[["n", *SHARES, "p_value"]].reset_index(drop=True).astype({"n": "int64"})
    return named.join(figures.rename(columns=SHARES if model.family in ("logit", "cloglog") else {}))


def _words(codebook: Codebook, variable: str, level: object, reference: object, lang: str) -> tuple[str, str]:
    title = title_of(codebook, variable, lang)
    if reference == "":
        return phrase("tables", "one_more", lang, title), "—"
    one, other = labels_of(codebook, pd.Series([level, reference], name=variable), lang)
    return phrase("tables", "level", lang, title, one), other


def effects(of: Exhibit) -> str:
    """`其他条件相同时看是否低保的占比：性别：女，比男高3.2个百分点（置信区间1.1至5.3）。…`, and no cause."""
    frame = of.frame
    what, unit, place = ("占比", "个百分点", 1) if "effect" in frame else ("平均数", "", 2)

    def told(value: float) -> str:
        return f"{percent(value) if unit else half_up(value, 2):.{place}f}"

    words, shown = [], frame.rename(columns={new: old for old, new in SHARES.items()})
    for row in records(shown[shown["p_value"].lt(SURE)]):
        against = "" if row.compared_with == "—" else f"比{row.compared_with}"
        more = "高" if row.estimate > 0 else "低"
        limits = f"（置信区间{told(row.ci_low)}至{told(row.ci_high)}）"
        words.append(f"{row.effect_of}，{against}{more}{told(abs(row.estimate))}{unit}{limits}")
    unsure = shown.loc[~shown["p_value"].lt(SURE), "effect_of"].tolist()
    rest = [f"{'、'.join(unsure)}，没有可以确认的差别"] if unsure else []
    return f"其他条件相同时看{of.facts['answer']}的{what}：{'；'.join([*words, *rest])}。{NO_CAUSE}"


def numbers(of: Exhibit) -> str:
    """Mean and median of the number that one question asked for; of several the table tells."""
    rows = list(records(of.frame[~hidden(of.frame)]))
    if len(rows) != 1 or pd.isna(rows[0].median):
        return ""
    mean, middle = (f"{half_up(number, 2):g}" for number in (rows[0].estimate, rows[0].median))
    return f"“{rows[0].item}”一题有{counted(rows[0].n)}作答，均值{mean}，中位数{middle}。"


SAY: dict[str, Callable[[Exhibit], str]] = {
    "single": most_chosen, "multiple": partial(most_chosen, manner="（可多选）"),
    "ranking": partial(most_chosen, verb="排在第一位"), "number": partial(most_chosen, verb="人数"),
    "promoters": promoters, "answered": how_many, "numbers": numbers, "scale": scale, "funnel": steps,
    "effects": effects,
}
