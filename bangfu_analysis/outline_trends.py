"""The section 变化趋势: how many and which, on what can be compared; who came and went; the same at one mix of workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.change import change, trend
from bangfu_analysis.analysis.compare import decomposition, standardized
from bangfu_analysis.analysis.disclosure import suppress
from bangfu_analysis.analysis.flows import flow_accounts, transitions
from bangfu_analysis.analysis.tabulate import hardship_rate
from bangfu_analysis.exhibits import sentences as narrative
from bangfu_analysis.exhibits import sentences_waves as narrative_waves
from bangfu_analysis.exhibits.labels import MISSING
from bangfu_analysis.exhibits.rounding import percent
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE, DisplayTable
from bangfu_analysis.outline_data import TRENDS, ReportData, exhibit, named, rate_of
from bangfu_analysis.pages.blocks import Exhibit, drawing
from bangfu_analysis.survey.trend import kendall_trend

FLOWS = {"new_n": "新建档", "returned_n": "返困", "exited_n": "退出", "died_n": "死亡"}
STRATA = ["sex", "age_five_year"]


def trend_exhibits(data: ReportData) -> list[Exhibit]:
    """Totals and rates, compositions, flows, the standardised comparison and the units, of the waves that have them."""
    if len(data.waves) < 2:
        return []
    return [_total(data), *_compositions(data), *_flows(data), *_standardized(data), *_units(data)]


def _total(data: ReportData) -> Exhibit:
    """One row a wave: n, and the rate where the wave has a denominator."""
    population, waves = data.all_population, data.all_workers.groupby("wave")
    rows = [rate_of(part, population[population["wave"] == wave]).assign(wave=wave) for wave, part in waves]
    rates = change(pd.concat(rows, ignore_index=True)[["wave", "n", "base_n", "share", "left_out_n"]])
    known = rates["share"].notna().all()
    tested = known and len(rates) > 4 and all(map(str.isdigit, data.waves))
    test = kendall_trend([float(wave) for wave in data.waves], rates["share"].tolist()) if tested else None
    return exhibit(
        data, "trend_total", TRENDS, "各批次困难职工人数与困难率", rates, within="wave", draw="trend_lines" if known else "",
        about_title="各批次的困难率",
        say=lambda r: narrative.change(r, subject="困难职工") + narrative_waves.tendency(test, what="困难率"),
    )  # fmt: skip


def _compositions(data: ReportData) -> list[Exhibit]:
    causes = data.all_workers["cause_main"]
    everyone = data.all_workers.assign(cause=causes) if causes.notna().any() else data.all_workers
    own = {"education_band": "文化程度", "age_by_sex": "性别与年龄", "cause": "主要致困原因"}
    titles = {"hardship_level": "困难类别", **_common_scales(data), **own}
    found = {n: trend(everyone, n, breaks="mark", definitions=data.definitions) for n in titles if n in everyone}
    return [
        exhibit(data, f"trend_{name}", TRENDS, f"各批次{titles[name]}的构成", named(table) if name == "cause" else table,
                within="wave", draw="trend_lines", say=lambda r: narrative.shift(r, data.codebook, subject="困难职工"))
        for name, table in found.items()
    ]  # fmt: skip


def _common_scales(data: ReportData) -> dict[str, str]:
    """The scales that at least two waves in a row share, where the scheme changed, and income by one rule, with their titles."""
    told = data.definitions
    shared = told.loc[told["comparable"], "variable"].unique()
    schemes = data.all_workers["hardship_scheme"].nunique()
    scales = [band for band in data.codebook.bands.values() if band.name in shared]
    known = data.all_workers.groupby("wave")["income_to_line"].count()
    fit = [b for b in scales if (b.schemes and schemes > 1) or (b.name == "income_level" and known.all())]
    return {band.name: band.label for band in fit}


def _flows(data: ReportData) -> list[Exhibit]:
    """The account of who came and went since the wave before, and from which state to which since the last one."""
    accounts = flow_accounts(data.all_workers, data.all_exits)
    cells = accounts.melt("wave", list(FLOWS), "flow", "n")
    shown = suppress(cells, group="wave").set_index(["flow", "wave"])["n"]
    safe = accounts.assign(**{name: shown[name].to_numpy() for name in FLOWS}, n=accounts["stock_n"], suppressed=False)
    title = "各批次困难职工的进出"
    untold = ~safe["wave"].isin(data.all_exits.dropna(subset=["exit_reason"])["wave"])
    cells = safe[["wave", "previous_n", *FLOWS, "stock_n", "difference"]].astype(object)
    cells = cells.where(cells.notna(), HIDDEN).assign(died_n=lambda row: row["died_n"].mask(untold, MISSING))
    table = _table(
        data, title, ["批次", "上一批次在册", *FLOWS.values(), "本批次在册", "差额"], ["text", *["count"] * 7],
        cells.to_numpy().tolist(),
        "本批次在册＝上一批次在册＋新建档＋返困－退出－死亡。返困指以前在册、上一批次不在册；死亡以退档原因为准，没有填报退档原因的批次（…），死亡计在退出之内。", unit="单位：人",
    )  # fmt: skip
    words = narrative_waves.account(safe, deaths=not untold.iloc[-1])
    return [Exhibit("flow_accounts", TRENDS, title, safe, table, words), *_states(data)]


def _states(data: ReportData) -> list[Exhibit]:
    """Transitions since the wave before, on the first scale on which the two compare; new and back are one group, as totals would give the few away."""
    told = data.definitions[data.definitions["comparable"] & data.definitions["wave"].eq(data.wave.name)]
    scales = [name for name in ("hardship_level", "below_line", "income_level") if name in told["variable"].to_list()]
    followed = [name for name in scales if data.all_workers.groupby("wave")[name].count().loc[data.waves[-2:]].all()]
    if not followed:
        return []
    both = data.all_workers[data.all_workers["wave"].isin(data.waves[-2:])]
    exits = data.all_exits[data.all_exits["wave"].eq(data.wave.name)]
    moves = transitions(both, followed[0], exits, outside=True, breaks="mark")
    before = f"{followed[0]}_before"
    moves = moves.assign(**{before: moves[before].cat.rename_categories({"new": "came"})})
    last = moves[moves["base_n"].gt(0)]
    held = last.groupby(followed[0], observed=True)["n"].transform("sum").gt(0)
    what = data.codebook.title(followed[0]).partition("（")[0]
    return [
        exhibit(
            data, "flow_levels", TRENDS, f"{data.waves[-2]}至{data.wave.name}年困难职工的{what}变化",
            last[held].drop(columns=["wave_before", "wave", "comparable"]), within=before,
            about=last[held], draw="alluvial", say=lambda r: narrative_waves.moves(r, data.codebook, followed[0]),
        )
    ]  # fmt: skip


def _standardized(data: ReportData) -> list[Exhibit]:
    """Rates at the last wave's mix of workers by sex and age, and what of each change is mix (Kitagawa)."""
    population = data.all_population
    known = population[population[["sex", "age_band", "n"]].notna().all(axis=1)]
    if set(known["wave"]) != set(data.waves):
        return []
    strata = hardship_rate(data.all_workers, known, by=["wave", *STRATA])
    strata = strata.assign(stratum=strata["sex"].astype(str) + " " + strata["age_five_year"].astype(str))
    held = strata["base_n"].fillna(0).gt(0).groupby(strata["stratum"]).transform("all")
    if not held.any() or strata.loc[~held, "n"].sum():  # somebody stands where there are no workers
        return []
    strata = strata[held]
    rates = standardized(strata, "stratum", standard=data.wave.name)
    parts = decomposition(strata, "stratum")
    steps = parts.pivot_table(index="wave", columns="component", values="estimate", observed=False)
    left = int(strata["left_out_n"].max())
    result = rates.join(steps, on="wave").assign(share=rates["crude"], suppressed=False)
    title = "按同一职工构成比较的困难率"
    measures = ["share", "estimate", "total", "rate", "composition"]
    table = _table(
        data, title, ["批次", "困难率（%）", "标准化困难率（%）", "变化（百分点）", "比率变化", "构成变化"],
        ["text", "percent", "percent", *["points"] * 3],
        [[row["wave"], *(_percent(row[m]) for m in measures)] for row in result.to_dict("records")],
        f"标准化：各批次按{data.wave.name}年职工的性别与年龄（五岁组）构成加权；变化分为比率变化（各组比率的）与构成变化（职工构成的）两部分（Kitagawa分解）。"
        f"名册为全数登记，不列置信区间。性别或年龄未详的{left}人不计入。", unit="单位：%、百分点",
    )  # fmt: skip
    draw = drawing("decomposition_bars", parts, data.codebook, title="困难率变化的分解", source=data.source(TRENDS))
    words = narrative_waves.standardized(result)
    return [Exhibit("standardized", TRENDS, title, result, table, words, "困难率变化的分解", draw)]


def _units(data: ReportData) -> list[Exhibit]:
    """Rates of units by wave, units renamed, merged or split taken together."""
    known = data.all_population[data.all_population[["unit", "n"]].notna().all(axis=1)]
    if set(known["wave"]) != set(data.waves):
        return []
    result = change(suppress(hardship_rate(data.all_workers, known, by=["wave", "unit"]), group="wave"))
    shares = result.pivot_table(index="unit", columns="wave", values="share", observed=True)
    shares = shares.sort_values(data.wave.name, ascending=False)
    steps = result[result["wave"].eq(data.wave.name)].set_index("unit")["change"]
    title = "各单位各批次的困难率"
    table = _table(
        data, title, ["单位", *(f"{wave}年" if wave.isdigit() else wave for wave in data.waves), "变化（百分点）"],
        ["text", *["percent"] * len(data.waves), "points"],
        [[unit, *map(_percent, row), _percent(steps[unit])] for unit, row in zip(shares.index, shares.to_numpy(), strict=True)],
        "变化为与上一批次之差，按取整前的数计算。更名、合并、拆分的单位已按对照表合并统计；— 表示该批次没有这个单位或人数从略。", unit="单位：%、百分点",
    )  # fmt: skip
    draw = drawing("wave_heatmap", result, data.codebook, title=title, source=data.source(TRENDS), by="unit")
    words = narrative_waves.movers(result, what="困难率")
    return [Exhibit("unit_waves", TRENDS, title, result, table, words, title, draw)]


def _percent(share: Any) -> Any:
    return NOT_APPLICABLE if pd.isna(share) else percent(share)


def _table(
    data: ReportData, title: str, columns: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[Any]],
    *notes: str, unit: str,
) -> DisplayTable:  # fmt: skip
    source = f"数据来源：{data.source(TRENDS)}"
    return DisplayTable(title, tuple(columns), tuple(kinds), tuple(map(tuple, rows)), notes, unit, source)
