"""What a failed join of people and denominators looks like: units on one side only, shares over the whole."""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd

from bangfu_analysis.exhibits.exhibit import Exhibit


def joined(rates: pd.DataFrame, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rates by unit without the units that nobody stands under, and what to say of them and a likely match.

    A unit of the population sheet without people has no rate of 0.0 %; people without a denominator stay.
    """
    empty = rates["n"].eq(0) & rates["base_n"].gt(0).fillna(False)
    lacking = [str(unit) for unit in rates.loc[rates["base_n"].isna() & rates["n"].gt(0), name]]
    told = []
    for unit in rates.loc[empty, name].astype(str):
        near = get_close_matches(unit, lacking, n=1, cutoff=0.5)
        told.append(unit + (f"（或即名册中的{near[0]}）" if near else ""))
    notes = [f"职工人数表中有、名册中没有人的单位不计困难率：{'、'.join(told)}。"] if told else []
    if lacking:
        ask = "如属上述单位，请在 mapping.yaml 的 units 中写明。" if told else ""
        notes.append(f"名册中有、职工人数表中没有的单位没有困难率：{'、'.join(lacking)}。{ask}")
    return rates[~empty].reset_index(drop=True), tuple(notes)


def absurd(exhibit: Exhibit) -> str:
    """Why an exhibit cannot be right: more people than the base, parts over their whole; "" where it can."""
    frame, cut = exhibit.frame, exhibit.cut
    if not {"n", "base_n"} <= set(frame) or "indicator" in frame or "flow" in frame:
        return ""
    over = frame[frame["n"].gt(frame["base_n"]).fillna(False)]
    if len(over):
        row = over.iloc[0]
        where = "、".join(str(row[name]) for name in cut.dimensions if name in frame) or "合计"
        return f"{where}的人数{row['n']}多于基数{row['base_n']}，请核对职工人数和单位的对应"
    if cut.kind != "count" or cut.multiple:
        return ""
    groups = frame.groupby([*cut.within] or (lambda _: 0), observed=True)
    one_base = groups["base_n"].nunique().eq(1)
    over_all = one_base & (groups["n"].sum() > groups["base_n"].max())
    return "各项之和多于合计，请核对" if over_all.any() else ""
