"""What a chart writes beside its marks: numbers at the bars, base, who is left out, source. No drawing here."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reporting.labels import dimensions, labels_of
from bangfu_analysis.reporting.rounding import percent, percents

LEAST_NUMBERED = 6  # per cent: a narrower segment has no room for its number
WORDS = {
    "zh": {
        "n": "n = {0}人", "left": "未详{0}人不计入", "source": "数据来源：{0}", "bar": "{0}%（{1}人）", "rate": "{0}%（{1}/{2}人）",
        "many": "一人可有多项，各项占比之和大于100%", "hidden": "* 人数过少，为保护个人信息而隐去", "more": "另有{0}个未画出，见表",
        "cut": "{0}岁", "men": "男", "women": "女", "persons": "人数", "unnamed": "无人提及的致困原因未画出", "none": "没有可画的数",
        "nobase": "… 没有职工总数，不能计算", "join": "；", "small": "小于{0}%的占比未标数字",
    },
    "en": {
        "n": "n = {0}", "left": "{0} not known, left out", "source": "Source: {0}", "bar": "{0}% ({1})", "rate": "{0}% ({1}/{2})",
        "many": "a person may name several; shares add up to more than 100%", "hidden": "* too few persons to show",
        "more": "{0} more are not drawn, see the table", "cut": "{0} years", "men": "men", "women": "women", "persons": "persons",
        "unnamed": "causes that nobody named are not drawn", "none": "nothing to draw", "nobase": "… number of workers unknown",
        "join": "; ", "small": "shares under {0}% bear no number",
    },
}  # fmt: skip


def heights(table: pd.DataFrame) -> list[float]:
    """Shares in percent; hidden and missing ones have no length."""
    return [float(share) * 100 for share in table["share"].fillna(0)]


def bar_labels(table: pd.DataFrame, lang: str) -> list[str]:
    """Percent and count of each row; * where hidden."""
    shares = printed_percents(table)
    cells = zip(shares, table["n"], strict=True)
    return [s if s in ("*", "—") else WORDS[lang]["bar"].format(s, int(n)) for s, n in cells]


def printed_percents(table: pd.DataFrame) -> list[str]:
    """The shares of one base as the tables print them: parts of a whole add up to 100.0; * hidden, — of nobody."""
    share = table["share"]
    if share.notna().all() and len(table) and table["n"].sum() == table["base_n"].iloc[0]:
        return [f"{number:.1f}" for number in percents(share)]
    hidden = table["suppressed"] if "suppressed" in table else pd.Series(False, index=table.index)
    pairs = zip(share, hidden, strict=True)
    return ["*" if unseen else "—" if pd.isna(s) else f"{percent(s):.1f}" for s, unseen in pairs]


def base_note(table: pd.DataFrame, lang: str, source: str) -> str:
    """n of the base, who is left out, what may add up to more than 100 %, marks, source."""
    words = WORDS[lang]
    if not len(table):
        return words["none"]
    n = words["n"].format(base_of(table)) if len(table["base_n"].drop_duplicates()) == 1 else ""
    many = words["many"] if n and table["share"].sum() > 1 + 1e-9 else ""
    return joined([n, left_note(table, lang), many, hidden_note(table, lang), source_note(source, lang)], lang)


def only_dimension(table: pd.DataFrame, *, besides: str | None = None) -> str:
    """The one column that the chart draws; ArgumentError where there are more or fewer."""
    names = [c for c in dimensions(table) if c != besides]
    if len(names) != 1 or (besides and besides not in table):
        raise ArgumentError(
            f"这张图需要一个分组列{f'（另有 {besides}）' if besides else ''}，结果表中有 {dimensions(table)}。请先用 tabulate 汇总。"
        )
    return names[0]


def groups_of(table: pd.DataFrame, codebook: Codebook, by: str | None, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Label and rows of every level of `by`, in order; one without a label where `by` is None."""
    if by is None:
        return [("", table.reset_index(drop=True))] if len(table) else []
    parts = [part.reset_index(drop=True) for _, part in table.groupby(by, observed=True, sort=False)]
    return [(labels_of(codebook, part[by].iloc[:1], lang)[0], part) for part in parts]


def base_of(table: pd.DataFrame) -> str:
    """The size of the base of a group's rows; * where it is hidden."""
    base_n = table["base_n"].iloc[0]
    return "*" if pd.isna(base_n) else str(int(base_n))


def joined(notes: Sequence[str], lang: str) -> str:
    """The notes that there are, in one line."""
    return WORDS[lang]["join"].join(note for note in notes if note)


def left_note(table: pd.DataFrame, lang: str, by: str | None = None) -> str:
    """How many are outside the base for want of a value, in all groups of `by` together."""
    if "left_out_n" not in table or not len(table):
        return ""
    left = int(table.groupby(by, observed=True)["left_out_n"].max().sum() if by else table["left_out_n"].max())
    return WORDS[lang]["left"].format(left) if left else ""


def hidden_note(table: pd.DataFrame, lang: str) -> str:
    """What * means, where something is hidden."""
    return WORDS[lang]["hidden"] if "suppressed" in table and table["suppressed"].any() else ""


def source_note(source: str, lang: str) -> str:
    """Where the numbers come from."""
    return WORDS[lang]["source"].format(source) if source else ""


def rate_labels(table: pd.DataFrame, lang: str) -> list[str]:
    """Rate with count and base of each row; … where there is no base, * where the count is hidden."""
    rows = zip(table["share"], table["n"], table["base_n"], strict=True)
    known = WORDS[lang]["rate"]
    return [
        "*" if pd.isna(n) else f"… ({n})" if pd.isna(share) else known.format(f"{percent(share):.1f}", n, base_n)
        for share, n, base_n in rows
    ]


def split_notes(table: pd.DataFrame, by: str | None, undrawn: int, lang: str, source: str) -> list[str]:
    """What stands under bars split into levels: one bar, or one a group of `by`, some of which had no room."""
    if by is None:
        return [base_note(table, lang, source)]
    small = (
        WORDS[lang]["small"].format(LEAST_NUMBERED)
        if table["share"].between(0, LEAST_NUMBERED / 100, inclusive="neither").any()
        else ""
    )
    more = WORDS[lang]["more"].format(undrawn) if undrawn else ""
    return [
        joined([left_note(table, lang, by), small, hidden_note(table, lang), more], lang),
        source_note(source, lang),
    ]
