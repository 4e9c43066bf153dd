"""Waves compared fairly: at one mix, and split into rates and composition.

Each takes result frames (`n`, `base_n`) as they come and uses the formulas of `rates`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.analysis.rates import by_category, standardize_direct, standardized_ratio
from bangfu_analysis.errors import ArgumentError, NotComparable, listed, one_of

METHODS = ("direct", "indirect")


def standardized(
    table: pd.DataFrame, strata: str, *, over: str = "wave", standard: Any = None, method: str = "direct",
    level: float = 0.95,
) -> pd.DataFrame:
    """The rates of every wave (`over`) at the mix of one wave, or against what its rates would give: one row
    a wave.

    `table`: a result frame with n, base_n, `over` and `strata` (`hardship_rate(workers, population,
    by=["wave", "unit"])`, say); `standard`: a value of `over` (default: its first). direct: crude and
    estimate, the rate at the standard's mix, with Fay and Feuer's limits; indirect: n over expected by the
    standard's rates, with Byar's. NotComparable names strata that not every wave has. R:
    epitools::ageadjust.direct, ageadjust.indirect.
    """
    one_of("method", method, METHODS)
    base, hits = (_wide(table, strata, over, column) for column in ("base_n", "n"))
    chosen = base.columns[0] if standard is None else standard
    one_of("standard", chosen, base.columns)
    if method == "direct":
        mixed = table.assign(_mix=table[strata].astype(object).map(base[chosen]))
        found = standardize_direct(mixed, count="n", population="base_n", standard="_mix", by=over, level=level)
    else:
        expected = base.mul(hits[chosen] / base[chosen], axis=0).sum()
        ratio = standardized_ratio(hits.sum().to_numpy(), expected.to_numpy(), level=level)
        found = ratio.assign(**{over: expected.index})[[over, *ratio.columns]]
    return found.assign(standard=chosen)


def _wide(table: pd.DataFrame, strata: str, over: str, column: str) -> pd.DataFrame:
    """Strata x waves; NotComparable where a wave lacks a stratum."""
    require(table, [strata, over, "n", "base_n"], where="比较各批次")
    if table.duplicated([strata, over]).any():
        raise ArgumentError(
            f"每个 {over} 的每个 {strata} 应只有一行，实际有重复。请先选定一个类别，例如 table[table['hardship_level'] == 'extreme']。"
        )
    cells = table.astype({strata: object, over: object, column: float})
    wide = cells.pivot_table(index=strata, columns=over, values=column, aggfunc="first", sort=False, dropna=False)
    lacking = {wave: listed(map(str, wide.index[gaps])) for wave, gaps in wide.isna().sort_index(axis=1).items()}
    if told := "；".join(f"{wave} 缺 {gone}" for wave, gone in lacking.items() if gone):
        raise NotComparable(f"各批次的 {strata} 不同，不能比较：{told}。请先按对照表统一名称，或合并、去掉这些组。")
    return wide.sort_index(axis=1)


def decomposition(table: pd.DataFrame, strata: str, *, over: str = "wave", detail: bool = False) -> pd.DataFrame:
    """The change of a rate since the wave before, split into rates and composition (Kitagawa 1955), one row a
    component.

    `table` as in `standardized`. Returns wave_before, wave, component (rate, composition, total) and estimate
    (later less earlier); with `detail` a row for every stratum and component instead. NotComparable names
    strata that not every wave has.
    """
    base, hits = (_wide(table, strata, over, column) for column in ("base_n", "n"))
    if len(base.columns) < 2:
        raise ArgumentError(f"decomposition：{over} 要至少两个批次，现有：{listed(map(str, base.columns)) or '无'}。")
    share, rate, parts = base / base.sum(), hits / base, []
    for before, wave in pairwise(base.columns):
        found = by_category(share[wave], share[before], rate[wave], rate[before])
        found = found if detail else found.sum().to_frame().T
        long = found.reset_index(names=strata).melt([strata], var_name="component", value_name="estimate")
        parts.append(long.assign(wave_before=before, wave=wave))
    every = pd.concat(parts, ignore_index=True)
    every = every.assign(component=pd.Categorical(every["component"], ["rate", "composition", "total"]))
    return every[["wave_before", "wave", *([strata] if detail else []), "component", "estimate"]]
