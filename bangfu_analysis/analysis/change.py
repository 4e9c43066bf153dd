"""Change over waves: each wave's share, the difference in percentage points, the growth of the count.

Waves are compared only where they count the same thing: hardship levels of two schemes do not nest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.tabulate import MEASURES, tabulate
from bangfu_analysis.errors import ArgumentError, ColumnMissing, NotComparable, listed

BREAKS = ("raise", "mark")


def trend(
    waves: Mapping[str, pd.DataFrame] | pd.DataFrame,
    by: str | Sequence[str],
    *,
    within: str | Sequence[str] = (),
    multiple: str | None = None,
    breaks: str = "raise",
) -> pd.DataFrame:
    """`tabulate` in every wave, with the change since the wave before.

    `waves`: tidy frames by wave name, or one frame with a `wave` column; waves are taken in the order of their names.
    `by`, `within` and `multiple` are as in `tabulate` (each wave is a base of its own).

    Returns wave, the dimension columns, n, base_n, share, left_out_n, then `change` (share minus the share of the wave
    before, float64: 0.012 is 1.2 percentage points), `growth` (count over that of the wave before, minus 1; missing
    from 0) and `comparable` (False in the first wave and where the hardship scheme has changed; there change and
    growth are missing).

    Where `hardship_level` is tabulated and `hardship_scheme` differs between waves, NotComparable names the schemes;
    `breaks="mark"` goes on, marks the break in `comparable` and leaves out of each run of comparable waves the levels
    that nobody in it has, for they may belong to another scheme. ArgumentError for an unknown `breaks` or no wave.
    """
    if breaks not in BREAKS:
        raise ArgumentError.naming("breaks", breaks, BREAKS)
    groups = [within] if isinstance(within, str) else list(within)
    asked = [by] if isinstance(by, str) else list(by)
    frames = _by_wave(waves)
    broken = _breaks(frames) if "hardship_level" in (*asked, *groups) else {}
    if broken and breaks == "raise":
        raise NotComparable(_different_schemes(broken))
    tables = _on_one_scale({w: tabulate(f, asked, within=groups, multiple=multiple) for w, f in frames.items()})
    stacked = pd.concat(tables, ignore_index=True)
    return change(_of_own_scheme(stacked, list(broken)) if broken else stacked, broken=list(broken))


def change(table: pd.DataFrame, *, broken: Sequence[str] = ()) -> pd.DataFrame:
    """A result frame with `wave` (rates of several waves, say) with `change`, `growth` and `comparable` added.

    Rows are compared with the row of the same dimensions in the wave before; `broken` names waves that are not
    comparable with theirs, beside those that a column `comparable` marks already. ColumnMissing where wave, n or share is absent.
    """
    if absent := [c for c in ("wave", "n", "share") if c not in table]:
        raise ColumnMissing.naming(absent, [str(c) for c in table.columns], where="change")
    waves = sorted(table["wave"].unique())
    before = dict(zip(waves[1:], waves, strict=False))
    names = [c for c in table if c not in (*MEASURES, "wave", "suppressed", "change", "growth", "comparable")]
    earlier = table.astype({"wave": object})[["wave", *names, "n", "share"]].rename(
        columns={"wave": "_before", "n": "_n", "share": "_share"}
    )
    found = table.assign(_before=table["wave"].map(before).astype(object)).merge(
        earlier, on=["_before", *names], how="left"
    )
    known = table["comparable"] if "comparable" in table else table["wave"].ne(waves[0])
    comparable = known & ~table["wave"].isin(list(broken))
    was = found["_n"].where(comparable.to_numpy()).astype("Float64")
    return table.assign(
        change=(found["share"] - found["_share"]).where(comparable.to_numpy()).to_numpy(),
        growth=(found["n"] / was.where(was > 0) - 1).to_numpy(dtype=float, na_value=float("nan")),
        comparable=comparable,
    )


def _by_wave(waves: Mapping[str, pd.DataFrame] | pd.DataFrame) -> dict[str, pd.DataFrame]:
    if isinstance(waves, pd.DataFrame):
        if "wave" not in waves:
            raise ColumnMissing.naming(["wave"], [str(c) for c in waves.columns], where="trend")
        frames = {str(wave): part for wave, part in waves.groupby("wave", observed=True)}
    else:
        frames = dict(waves)
    if not frames:
        raise ArgumentError("trend：没有任何批次。请传入至少一个批次的数据框。")
    return {wave: frames[wave] for wave in sorted(frames)}


def _schemes(frame: pd.DataFrame) -> set[str]:
    if "hardship_scheme" not in frame:
        raise ColumnMissing.naming(
            ["hardship_scheme"], [str(c) for c in frame.columns], where="trend 比较 hardship_level"
        )
    return set(frame["hardship_scheme"].dropna())


def _breaks(frames: Mapping[str, pd.DataFrame]) -> dict[str, tuple[str, str, str]]:
    """Wave -> (wave before, its schemes, own schemes), where they differ."""
    used = {wave: listed(sorted(_schemes(frame))) or "不详" for wave, frame in frames.items()}
    return {w: (before, used[before], used[w]) for before, w in pairwise(used) if used[before] != used[w]}


def _of_own_scheme(table: pd.DataFrame, broken: list[str]) -> pd.DataFrame:
    run = table["wave"].map({wave: sum(b <= wave for b in broken) for wave in table["wave"].unique()})
    held = table["n"].groupby([run, table["hardship_level"]], observed=True).transform("sum")
    return table[held > 0].reset_index(drop=True)


def _different_schemes(broken: Mapping[str, tuple[str, str, str]]) -> str:
    cases = "；".join(f"{before} 为 {old}，{wave} 为 {new}" for wave, (before, old, new) in broken.items())
    return (
        f"各批次的困难类别口径（hardship_scheme）不同：{cases}。口径不同的困难类别不能直接比较。"
        "请改用 hardship_by_income 按收入重算后再比，或写 breaks='mark' 只标出断点。"
    )


def _on_one_scale(tables: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Tables with `wave` in front and categoricals over the categories of all waves, in order, so that they stack."""
    first, *rest = tables.values()
    types: dict[str, Any] = {}
    for column in (str(c) for c in first if isinstance(first[c].dtype, pd.CategoricalDtype)):
        levels = dict.fromkeys(code for table in (first, *rest) for code in table[column].cat.categories)
        types[column] = pd.CategoricalDtype(list(levels), ordered=bool(first[column].cat.ordered))
    stacked = [table.drop(columns="wave", errors="ignore").astype(types) for table in tables.values()]
    return [table.assign(wave=wave)[["wave", *table.columns]] for wave, table in zip(tables, stacked, strict=True)]
