"""Hide cells that could identify a person before a table leaves the office. Unknown options stop; nothing passes quietly.

Primary: counts from 1 to threshold - 1. Secondary: where exactly one cell of a group is hidden, or the hidden cells
together are fewer than the threshold, the next smallest is hidden too, or the total would give it back.
"""

from __future__ import annotations

import pandas as pd

from bangfu_analysis.analysis.change import change
from bangfu_analysis.analysis.domains import Names, names, require
from bangfu_analysis.errors import ArgumentError

THRESHOLD = 5
NUMBERS = ("n", "share", "estimate", "se", "ci_low", "ci_high")


def suppress(table: pd.DataFrame, *, threshold: int = THRESHOLD, group: Names = None) -> pd.DataFrame:
    """`table` with small counts hidden: their n (Int64), share and estimates missing, `suppressed` True.

    `group`: the columns inside which counts add up to a printed total: the `within` of the table; [] where the whole
    table has one total. It must be given where `base_n` varies. A base below the threshold is missing too. A zero stays, unless it must be hidden for another's sake. One table is protected by itself: tables that
    share cells, and totals over several groups, can still be subtracted; publish one cut of small groups only.

    ArgumentError where `threshold` is no whole number of at least 2 or `group` is needed; ColumnMissing where `n` or a group column is absent.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 2:
        raise ArgumentError(f"suppress：threshold 应为不小于 2 的整数，实际是 {threshold!r}。未作保护，已停止。")
    groups = names(group)
    require(table, ["n", *groups], where="suppress")
    if table["n"].isna().any():
        raise ArgumentError("suppress：n 中有缺数，无法判断哪些格过小。请传入 tabulate 的原始结果，只调用一次。")
    if group is None and "base_n" in table and len(table["base_n"].drop_duplicates()) > 1:
        raise ArgumentError(
            "suppress：表中有多个基数 base_n，必须说明合计按哪些列印出。请把 tabulate 的 within 写作 group；"
            "困难率等只有一个总合计的表写 group=[]。未作保护，已停止。"
        )
    whole = table.reset_index(drop=True)
    counts = whole["n"].astype("int64")
    key = whole.groupby(groups, observed=True, dropna=False).ngroup() if groups else counts * 0
    hidden = pd.concat([_hidden(part, threshold) for _, part in counts.groupby(key)]).sort_index().to_numpy()
    shown = {c: table[c].astype("Int64" if c == "n" else "float64").mask(hidden) for c in NUMBERS if c in table}
    if "base_n" in table:
        base_n = table["base_n"].astype("Int64")
        shown["base_n"] = base_n.mask(base_n.between(1, threshold - 1).fillna(False))
    masked = table.assign(**shown, suppressed=hidden)
    return change(masked) if "change" in table else masked


def _hidden(counts: pd.Series[int], threshold: int) -> pd.Series[bool]:
    """Which cells of one group are hidden: the small ones, then the next smallest until the rest does not give them away."""
    hidden = counts.between(1, threshold - 1)
    if not hidden.any():
        return hidden
    # Cells with people hide better than zeros, which may be known to be empty.
    order = counts[~hidden].sort_values(kind="stable").index
    spare = [*(i for i in order if counts[i]), *(i for i in order if not counts[i])]
    for cell in spare:
        if hidden.sum() >= 2 and counts[hidden].sum() >= threshold:
            break
        hidden = hidden | (hidden.index == cell)
    return hidden
