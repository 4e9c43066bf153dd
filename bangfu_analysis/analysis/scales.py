"""How well the items of a scale hang together: Cronbach's alpha and item-rest correlations."""

from __future__ import annotations

import pandas as pd

from bangfu_analysis.errors import ArgumentError


def cronbach_alpha(scores: pd.DataFrame) -> float:
    """alpha = k/(k-1) · (1 - sum of item variances / variance of the sum), over respondents who answered
    every item.

    `scores`: one column per item, reversed items already turned (tidy.questionnaire_book.item_scores). R:
    psych::alpha(x)$total$raw_alpha on complete cases (Cronbach 1951). NaN where the sum does not vary.
    ArgumentError for fewer than two items or three complete respondents.
    """
    full = _complete(scores)
    spread, k = full.sum(axis=1).var(ddof=1), full.shape[1]
    return float(k / (k - 1) * (1 - full.var(axis=0, ddof=1).sum() / spread)) if spread > 0 else float("nan")


def scale_table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per item: item, n, mean, sd, item_rest (its correlation with the sum of the others: R psych
    r.drop) and alpha_without (of the others; missing for a scale of two). A negative item_rest betrays an
    item not reversed.

    Then one row for the scale, item "": n, mean and sd of the sum, estimate = alpha. Numbers are of complete
    respondents.
    """
    full = _complete(scores)
    columns = full.assign(**{"": full.sum(axis=1)})
    others = {name: full.drop(columns=name) for name in full}
    rest = {name: full[name].corr(other.sum(axis=1)) for name, other in others.items()}
    without = {name: cronbach_alpha(other) for name, other in others.items() if other.shape[1] > 1}
    statistics = {
        "n": len(full), "mean": columns.mean(), "sd": columns.std(ddof=1), "item_rest": pd.Series(rest),
        "alpha_without": pd.Series(without, dtype=float), "estimate": pd.Series({"": cronbach_alpha(full)}),
        "left_out_n": len(scores) - len(full),
    }  # fmt: skip
    table = pd.DataFrame(statistics).reindex(columns.columns)
    return table.rename_axis("item").reset_index().astype({"item": "str"})


def _complete(scores: pd.DataFrame) -> pd.DataFrame:
    complete = scores.dropna().astype(float)
    if complete.shape[1] < 2 or len(complete) < 3:
        message = f"现有 {complete.shape[1]} 题、{len(complete)} 份。请检查题目与缺失。"
        raise ArgumentError(f"量表需要至少 2 个题目、3 份完整答卷；{message}")
    return complete
