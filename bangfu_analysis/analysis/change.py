"""Change over waves: each wave's share, the difference in percentage points, the growth of the count.

Waves are compared only where they count the same thing: hardship levels of two schemes do not nest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.arrays import names
from bangfu_analysis.analysis.domains import engines, gathered, require
from bangfu_analysis.analysis.tabulate import MEASURES, tabulate
from bangfu_analysis.errors import ArgumentError, NotComparable, listed, one_of

BREAKS = ("raise", "mark")
_BREAK = ["variable", "level", "wave", "definition", "comparable", "note"]
_NO_DIMENSION = ("wave", "suppressed", "change", "growth", "comparable", "break_note")


def trend(
    waves: Mapping[str, pd.DataFrame] | pd.DataFrame, by: str | Sequence[str], *,
    within: str | Sequence[str] = (), multiple: str | None = None, breaks: str = "raise",
    definitions: pd.DataFrame | None = None, where: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """`tabulate` in every wave, with the change since the wave before.

    `waves`: tidy frames by wave name, or one frame with a `wave` column; waves are taken in the order of
    their names. `by`, `within`, `multiple` and `where` are as in `tabulate` (each wave is a base of its own).

    Returns wave, the dimension columns, n, base_n, share, left_out_n, then `change` (share minus the share of
    the wave before, float64: 0.012 is 1.2 percentage points), `growth` (count over that of the wave before,
    minus 1; missing from 0), `comparable` (False in the first wave and where the definition has changed;
    there change and growth are missing) and `break_note` (why, in Chinese; else "").

    `definitions`: the frame of that name of `study_frames`, what each variable means in each wave. Without
    it, only `hardship_level` is known to depend on `hardship_scheme`. Where a definition changes between
    waves, or a wave has none, NotComparable names the schemes; `breaks="mark"` goes on, marks the break and
    leaves out of each run of comparable waves the hardship levels that nobody in it has, for they may belong
    to another scheme. ArgumentError for an unknown `breaks` or no wave.
    """
    groups, dims, frames = names(within), names(by), by_wave(waves)
    defined = schemes(frames) if definitions is None and "hardship_level" in (*dims, *groups) else definitions
    broken = broken_between(defined, list(frames), (*dims, *groups), breaks)
    tables = {w: tabulate(f, dims, within=groups, multiple=multiple, where=where) for w, f in frames.items()}
    marked = _marked(on_one_scale(tables), broken)
    breaks_here = broken.loc[broken["variable"].eq("hardship_level"), "wave"]
    return change(_of_own_scheme(marked, list(breaks_here)) if len(breaks_here) else marked)


def change(table: pd.DataFrame, *, broken: Sequence[str] = ()) -> pd.DataFrame:
    """A result frame with `wave` (rates of several waves, say) with `change`, `growth` and `comparable`
    added.

    Rows are compared with the row of the same dimensions in the wave before; `broken` names waves that are
    not comparable with theirs, beside those that a column `comparable` marks already. ColumnMissing where
    wave, n or share is absent.
    """
    require(table, ["wave", "n", "share"], where="change")
    waves = sorted(table["wave"].unique())
    before = {wave: earlier for earlier, wave in pairwise(waves)}
    keys = ["_before", *(c for c in table if c not in (*MEASURES, *_NO_DIMENSION))]
    renamed = table.rename(columns={"wave": "_before", "n": "_n", "share": "_share"})
    earlier = renamed.astype({"_before": object})
    later = table.assign(_before=table["wave"].map(before).astype(object))
    both = later.merge(earlier[[*keys, "_n", "_share"]], on=keys, how="left")
    comparable_before = table["comparable"] if "comparable" in table else table["wave"].ne(waves[0])
    comparable = comparable_before & ~table["wave"].isin(list(broken))
    was = both["_n"].where(comparable.to_numpy()).astype("Float64")
    return table.assign(
        change=(both["share"] - both["_share"]).where(comparable.to_numpy()).to_numpy(),
        growth=(both["n"] / was.where(was > 0) - 1).to_numpy(dtype=float, na_value=float("nan")),
        comparable=comparable,
    )


def by_wave(waves: Mapping[str, pd.DataFrame] | pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Wave -> its frame, in the order of their names."""
    if isinstance(waves, Mapping):
        frames = dict(waves)
    elif isinstance(waves, pd.DataFrame):
        require(waves, ["wave"], where="trend", cubes=True)
        frames = {str(wave): part for wave, part in waves.groupby("wave", observed=True)}
    else:
        scan = engines().scanned(waves)
        frames = {str(w): scan.filter({"wave": w}) for w in gathered(scan, "wave")[0]["wave"].dropna()}
    if not frames:
        raise ArgumentError("trend：没有任何批次。请传入至少一个批次的数据框。")
    return {wave: frames[wave] for wave in sorted(frames)}


def schemes(frames: Mapping[str, pd.DataFrame], *, where: str = "trend") -> pd.DataFrame:
    """What `definitions` would say of hardship_level, from `hardship_scheme` alone."""
    held = {w: gathered(frame, "hardship_scheme")[0] for w, frame in frames.items()}
    for frame in held.values():
        require(frame, ["hardship_scheme"], where=f"{where} 比较 hardship_level", cubes=True)
    codes_by_wave = {w: sorted(frame["hardship_scheme"].dropna().unique()) for w, frame in held.items()}
    used = {wave: listed(codes) or "不详" for wave, codes in codes_by_wave.items()}
    changes = [(w, before) for before, w in pairwise(used) if used[before] != used[w]]
    notes = {w: f"{old} 为 {used[old]}，{w} 为 {used[w]}" for w, old in changes}
    rows = [("hardship_level", "", wave, used[wave], False, note) for wave, note in notes.items()]
    return pd.DataFrame(rows, columns=_BREAK)


def broken_between(
    definitions: pd.DataFrame | None, waves: Sequence[str], variables: Sequence[str], breaks: str
) -> pd.DataFrame:
    """The rows of `told` on the variables where a wave does not compare with the one before, or has no
    definition; NotComparable where there are such and `breaks` is raise.

    A break in a wave that is left out is one of the next wave that is there.
    """
    one_of("breaks", breaks, BREAKS)
    if definitions is None:
        return pd.DataFrame(columns=_BREAK)
    rows = definitions[definitions["variable"].isin(list(variables)) & ~definitions["comparable"]]
    placed = rows.assign(wave=[next((w for w in waves if w >= wave), "") for wave in rows["wave"]])
    undefined = rows["definition"].eq("") & rows["wave"].isin(list(waves))
    broken = placed[placed["wave"].ne("") & (placed["wave"].ne(waves[0]) | undefined)]
    if len(broken) and breaks == "raise":
        cases = "；".join(dict.fromkeys(map(str, broken["note"])))
        raise NotComparable(
            f"{listed(broken['variable'].unique())} 在 {listed(waves)} 各批次的口径不同：{cases}。"
            "口径不同的类别不能直接比较。请改用对照表中的共同口径（如 below_line、income_level），"
            "或用 hardship_by_income 按收入重算后再比，或写 breaks='mark' 只标出断点。"
        )
    return broken


def _marked(table: pd.DataFrame, broken: pd.DataFrame) -> pd.DataFrame:
    """`table` with `comparable` and `break_note` (the first, where there are several)."""
    comparable = table["wave"].ne(table["wave"].min())
    note = pd.Series("", index=table.index, dtype="object")
    for row in broken.to_dict("records"):
        level = table[row["variable"]].eq(row["level"]) if row["level"] else True
        here = table["wave"].eq(row["wave"]) & level
        comparable, note = comparable & ~here, note.mask(here & note.eq(""), row["note"])
    return table.assign(comparable=comparable, break_note=note.astype("str"))


def _of_own_scheme(table: pd.DataFrame, broken: list[str]) -> pd.DataFrame:
    run = table["wave"].map(lambda wave: sum(b <= wave for b in broken))
    held = table["n"].groupby([run, table["hardship_level"]], observed=True).transform("sum")
    return table[held > 0].reset_index(drop=True)


def on_one_scale(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables stacked, with `wave` in front and categoricals over the categories of all waves, in order.
    """
    first = next(iter(tables.values()))
    types: dict[Any, Any] = {}
    for column in first.select_dtypes("category"):
        levels = dict.fromkeys(code for table in tables.values() for code in table[column].cat.categories)
        types[column] = pd.CategoricalDtype(list(levels), ordered=bool(first[column].cat.ordered))
    typed = [table.astype(types).assign(wave=wave) for wave, table in tables.items()]
    stacked = pd.concat(typed, ignore_index=True)
    return stacked[["wave", *stacked.columns.drop("wave")]]
