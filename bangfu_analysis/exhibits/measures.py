"""What a column of a result frame is: a dimension, or a registered measure with its kind, heading and
decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.exhibits.wording import half_up, percent
from bangfu_analysis.release.cells import is_other

DECIMALS = {"count": 0, "percent": 1, "points": 1, "number": 2, "p": 3, "amount": 2}
IN_PERCENT = ("percent", "points")
UNITS = {"percent": ("%", "%"), "points": ("百分点", "points")}


@dataclass(frozen=True)
class Measure:
    """A column of numbers: `kind` says how a number is rounded and printed, `zh` and `en` head its column.

    `beside`: {column: kind}, where the number is of another kind if its frame has that column too.
    """

    name: str
    kind: str
    zh: str
    en: str
    decimals: int = 0
    beside: Mapping[str, str] = field(default_factory=dict)

    def heading(self, lang: str = "zh") -> str:
        """The printed heading."""
        return self.zh if lang == "zh" else self.en

    def rounded(self, value: Any) -> Any:
        """The number as every page prints it, rounded half up; a missing one stays missing."""
        if pd.isna(value) or self.kind == "text":
            return value
        if self.kind == "count":
            return int(value)
        return percent(value, self.decimals) if self.kind in IN_PERCENT else half_up(value, self.decimals)


@lru_cache(maxsize=1)
def measures() -> dict[str, Measure]:
    """All registered measures by the name of their column, in the order in which tables print them."""
    content = read_yaml(Path(__file__).with_name("measures.yaml"))
    plain = {name: {"decimals": DECIMALS.get(entry["kind"], 0), **entry} for name, entry in content.items()}
    return {name: Measure(name, **entry) for name, entry in plain.items()}


def measure(name: str, result: pd.DataFrame) -> Measure:
    """What a column of a frame measures: an estimate beside shares is itself a share, and printed in percent.

    >>> measure("estimate", pd.DataFrame(columns=["share", "estimate"])).heading()
    '估计值（%）'
    """
    one = measures()[name]
    kind = next((kind for column, kind in one.beside.items() if column in result), one.kind)
    if kind == one.kind:
        return one
    unit, unit_en = UNITS[kind]
    zh, en = f"{one.zh}（{unit}）", f"{one.en} ({unit_en})"
    return replace(one, kind=kind, decimals=DECIMALS[kind], zh=zh, en=en)


def dimensions(result: pd.DataFrame) -> list[str]:
    """The columns of a result frame that are no measures, in order."""
    return [str(column) for column in result.columns if column not in measures()]


def printable(result: pd.DataFrame) -> list[str]:
    """The measures of a result frame that a table may print, in the order of the register."""
    return [name for name, one in measures().items() if name in result and one.kind != "flag"]


def hidden(result: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are hidden to protect people."""
    return result["suppressed"].astype(bool) if "suppressed" in result else pd.Series(False, result.index)


def most_unseen(rows: pd.DataFrame, *, several: bool = False) -> float:
    """The most that one hidden row of one base can count: what those shown leave of the base, or all of it
    where a person may stand in several; infinite where the base is not shown, 0 where no row is hidden.
    """
    away, base = hidden(rows), rows["base_n"].dropna()
    if not away.any():
        return 0.0
    seen = 0 if several else rows.loc[~away, "n"].sum()
    return float(base.max() - seen) if len(base) else float("inf")


def records(result: pd.DataFrame) -> Iterable[Any]:
    """The rows, their values by the names of the columns."""
    return result.itertuples(index=False)


def over_full(result: pd.DataFrame) -> bool:
    """Whether the shares of one base add up to more than 1, as a person may name several."""
    return "share" in result and bool(result["share"].sum() > 1 + 1e-9)


def printed_percents(result: pd.DataFrame) -> list[float]:
    """The shares as every page prints them: percent, one decimal, half up; missing ones stay missing."""
    share = measures()["share"]
    return [share.rounded(value) if pd.notna(value) else float("nan") for value in result["share"]]


def sorted_by_size(result: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with the levels of `name` by their `n` over all groups, largest first, `other` last.

    Groups keep their order.
    """
    by = "n" if "n" in result else "estimate"
    size = result.groupby(name, observed=True)[by].sum().astype("Float64").fillna(0)
    ranked = sorted(size.index, key=lambda code: (is_other(code), -size[code]))
    place = result[name].astype(object).map({code: i for i, code in enumerate(ranked)})
    ahead = [c for c in dimensions(result) if c != name]
    group = result.groupby(ahead, observed=True, sort=False).ngroup() if ahead else 0
    order = pd.DataFrame({"group": group, "place": place}).sort_values(["group", "place"], kind="stable")
    return result.loc[order.index].reset_index(drop=True)
