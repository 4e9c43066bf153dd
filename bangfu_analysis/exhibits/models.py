"""A fitted model -> a frame of its average marginal effects, and sentences on them, which prove no cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.labels import labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import records
from bangfu_analysis.exhibits.wording import half_up, percent
from bangfu_analysis.survey.models import Model

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit

SURE = 0.05  # p-value below which a difference is told
SHARES = {"estimate": "effect", "ci_low": "effect_low", "ci_high": "effect_high"}
NO_CAUSE = "以上是被调查者中的关联，没有问到的情况也可能同时起作用，不能说明因果。"


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
