"""How a page reads a result frame: what are its dimensions, what is hidden, which order and which percentages are printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.rounding import percent, percents

MEASURE_COLUMNS = frozenset([*WORDS["measures"], "left_out_n", "suppressed", "comparable", "break_note"])


def dimensions(result: pd.DataFrame) -> list[str]:
    """The columns of a result frame that are no measures."""
    return [c for c in result.columns if c not in MEASURE_COLUMNS]


def hidden(result: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are hidden to protect people."""
    return result["suppressed"].astype(bool) if "suppressed" in result else pd.Series(False, index=result.index)


def records(result: pd.DataFrame) -> Iterable[Any]:
    """The rows, their values by the names of the columns."""
    return result.itertuples(index=False)


def over_full(result: pd.DataFrame) -> bool:
    """Whether the shares of one base add up to more than 1, as a person may name several."""
    return "share" in result and bool(result["share"].sum() > 1 + 1e-9)


def printed_percents(result: pd.DataFrame) -> list[float]:
    """The shares of one base as every page prints them, in percent; missing ones stay missing.

    Parts of the whole base are rounded so that they add up to 100.0 (largest remainder), all others half up.
    """
    shares = result["share"].astype("Float64")
    known = len(result) and shares.notna().all() and not hidden(result).any()
    if known and result["base_n"].eq(result["n"].sum()).all():
        return percents(shares)
    return [percent(share) if pd.notna(share) else float("nan") for share in shares]


def sorted_by_size(result: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with the levels of `name` by their `n` over all groups, largest first, `other` last; groups keep their order."""
    size = result.groupby(name, observed=True)["n"].sum().astype("Float64").fillna(0)
    ranked = sorted(size.index, key=lambda code: (code == "other", -size[code]))
    place = result[name].astype(object).map({code: i for i, code in enumerate(ranked)})
    ahead = [c for c in dimensions(result) if c != name]
    group = result.groupby(ahead, observed=True, sort=False).ngroup() if ahead else pd.Series(0, index=result.index)
    order = pd.DataFrame({"group": group, "place": place}).sort_values(["group", "place"], kind="stable").index
    return result.loc[order].reset_index(drop=True)


def base_of(table: pd.DataFrame) -> str:
    """The size of the base of a group's rows; * where it is hidden."""
    base_n = table["base_n"].iloc[0]
    return "*" if pd.isna(base_n) else str(int(base_n))


def heights(table: pd.DataFrame) -> list[float]:
    """Shares in percent; hidden and missing ones have no length."""
    return [float(share) * 100 for share in table["share"].fillna(0)]


def share_texts(table: pd.DataFrame) -> list[str]:
    """The shares of one base as the tables print them; * hidden, — of nobody."""
    cells = zip(printed_percents(table), hidden(table), strict=True)
    return ["*" if unseen else "—" if pd.isna(p) else f"{p:.1f}" for p, unseen in cells]
