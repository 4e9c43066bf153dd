"""Recipe and data -> exhibits of raw frames. What a recipe asks for and the wave does not have gives no
exhibit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.change import change, trend
from bangfu_analysis.analysis.domains import gathered, rows_of, subset
from bangfu_analysis.analysis.flows import flow_accounts, transitions
from bangfu_analysis.analysis.rates import decomposition, standardized
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, means, tabulate
from bangfu_analysis.errors import ArgumentError, ColumnMissing, one_of
from bangfu_analysis.exhibits import ledger
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.measures import sorted_by_size
from bangfu_analysis.exhibits.mechanisms import mechanism_exhibits
from bangfu_analysis.exhibits.questionnaires import questionnaire_exhibits
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.exhibits.wording import year
from bangfu_analysis.release.cells import Cut, parts_of

Make = Callable[[WaveData, Recipe], list[Exhibit]]
STRATA = ["sex", "age_five_year"]
HELPED = pd.CategoricalDtype(["helped", "not_helped"])
FLOWS = ["new", "returned", "exited", "died", "stayed"]
UNSURE = {"unrecorded": ["exited"], "unfollowed": FLOWS[:4]}  # what an account cannot say of whom
ASK = "如属上述单位，请在 mapping.yaml 的 units 中写明。"  # under the table, not in the sentence
MOST_UNITS = 2  # of more only these are named
STOCKS = {"previous_n": ["stayed", "exited", "died"], "stock_n": ["stayed", "new", "returned"]}


def make(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """The exhibits of a recipe, of raw frames: none where the wave lacks what it is of, several for `survey`,
    `mechanism`.
    """
    one_of(f"{recipe.id} 的 make", recipe.make, MAKES)
    if recipe.over_waves and len(data.waves) < 2:
        return []
    try:
        return [each for each in MAKES[recipe.make](data, recipe) if _says_something(each.frame)]
    except (ArgumentError, ColumnMissing) as fault:
        raise type(fault)(f"{recipe.added}：{fault}") if recipe.added else fault from fault


def _says_something(frame: pd.DataFrame) -> bool:
    counts = [c for c in ("n", "estimate", "amount", "stated", "crude", "rows", "cells_n") if c in frame]
    counted = "checked" in frame or any(frame[c].fillna(0).ne(0).any() for c in counts)
    return bool(len(frame)) and counted


def nothing(data: WaveData, recipe: Recipe, why: str) -> Exhibit:
    """What stands for an exhibit that the wave has no data for: no rows, and a sentence."""
    cut = Cut(recipe.id, recipe.title, pd.DataFrame({"n": pd.Series(dtype="Int64")}), ())
    sentence = replace(recipe, text=("given",), draw="")
    return Exhibit(cut, sentence, Layout(), data.codebook, data.source(), facts={"words": why})


def _unknown(workers: pd.DataFrame, names: Sequence[str]) -> bool:
    """Whether of one of the columns nothing is known of anybody."""
    return any(name in workers and workers[name].isna().all() for name in names)


def _count(data: WaveData, recipe: Recipe, workers: pd.DataFrame | None = None) -> list[Exhibit]:
    names = [*recipe.by]
    columns = [*names, *filter(None, [recipe.within]), "cause_main", *recipe.where]
    workers = subset(gathered(data.workers if workers is None else workers, columns)[0], recipe.where)
    if _unknown(workers, names):
        return []
    within = recipe.within if recipe.within and workers[recipe.within].notna().any() else ""
    focus = data.worst if recipe.focus == "worst" else recipe.focus
    if recipe.focus and not (within and workers[within].eq(focus).any()):
        within = ""  # nobody is of the level to speak of
    if recipe.within and not within and recipe.draw == "pyramid":
        recipe = replace(recipe, draw="columns")
    frame = _sorted(tabulate(workers, names, within=within or None), names[-1], recipe)
    if within:
        held = frame.groupby(within, observed=True)["base_n"].transform("sum").gt(0)
        frame = frame[held].reset_index(drop=True)
    layout = Layout(within=(within,), across=within) if within else Layout()
    dimensions = list(dict.fromkeys(filter(None, [within, *names])))
    spoken_of = {within: focus} if within and focus else {}
    plain = replace(recipe, text=()) if within and not spoken_of and "shares" in recipe.text else recipe
    made = data.exhibit(plain, frame, dimensions, layout, focus=spoken_of)
    band = data.codebook.bands.get(names[-1])
    if len(dimensions) > 1 or band is None or band.variable != "cause_main":
        return [made]
    causes = sorted_by_size(named(cause_table(workers, data.causes, mention="main")), "cause")
    parts = replace(made.cut, id=f"{recipe.id}_parts", frame=causes, dimensions=("cause",))
    return [replace(made, beside=(parts,))]


def _targeting(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Who of the roster the ledgers name among those helped, by `within`."""
    aid = data.frames.get("aid", pd.DataFrame())
    if aid.empty or aid["person_id"].isna().all():
        return []
    named_there = data.workers["person_id"].isin(aid["person_id"].dropna())
    helped = named_there.map({True: "helped", False: "not_helped"}).astype(HELPED)
    return _count(data, replace(recipe, by=("helped",)), data.workers.assign(helped=helped))


def _sorted(frame: pd.DataFrame, name: str, recipe: Recipe) -> pd.DataFrame:
    if recipe.sort == "share":
        return frame.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
    return sorted_by_size(frame, name) if recipe.sort == "size" else frame


def _rate(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Rates by `by`, where there are denominators for it; the whole count where there are none at all."""
    workers, population, by, where = data.workers, data.population, [*recipe.by], recipe.where
    try:
        if not by:
            rate = rate_of(workers, population, where)
            return [data.exhibit(recipe, rate, [], Layout(rate=True), kind="rate")]
        frame = _sorted(hardship_rate(workers, population, by=by, where=where), by[-1], recipe)
    except (ArgumentError, ColumnMissing):  # no denominators by these columns
        return []
    frame, notes = joined(frame, "unit") if by == ["unit"] else (frame, ())
    layout, unjoined = Layout(within=tuple(by), rate=True, notes=notes), "".join(notes).removesuffix(ASK)
    return [data.exhibit(recipe, frame, by, layout, within=(), kind="rate", facts={"unjoined": unjoined})]


def joined(rates: pd.DataFrame, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rates by unit without the units that nobody stands under, and what to say of them and a likely match.

    A unit of the population sheet without people has no rate of 0.0 %; people without a denominator stay.
    """
    empty = rates["n"].eq(0) & rates["base_n"].gt(0).fillna(False)
    without = rates.loc[rates["base_n"].isna() & rates["n"].gt(0), name]
    lacking = [one for unit in without for one in parts_of(str(unit))]
    units = []
    for unit in rates.loc[empty, name].astype(str):
        near = get_close_matches(unit, lacking, n=1, cutoff=0.5)
        units.append(unit + (f"（或即名册中的{near[0]}）" if near else ""))
    notes = [f"职工人数表中有、名册中没有人的单位不计困难率：{'、'.join(units)}。"] if units else []
    if lacking:
        ask = ASK if units else ""
        notes.append(f"名册中有、职工人数表中没有的单位没有困难率：{'、'.join(lacking)}。{ask}")
    return rates[~empty].reset_index(drop=True), tuple(notes)


def rate_of(
    workers: pd.DataFrame, population: pd.DataFrame, where: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """`hardship_rate` without groups, or the count alone where no denominator is known."""
    if population["n"].notna().any():
        return hardship_rate(workers, population, where=where)
    unknown = {"base_n": pd.array([None], "Int64"), "share": [float("nan")], "left_out_n": [0]}
    return pd.DataFrame({"n": [rows_of(subset(*gathered(workers, where=where)))], **unknown})


def _causes(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    groups, mention, where = [*recipe.by], recipe.mention or "any", recipe.where
    none = not data.on_disk and data.causes.empty
    if none or _unknown(subset(*gathered(data.workers, groups, where=where)), groups):
        return []
    frame = named(cause_table(data.workers, data.causes, by=groups, mention=mention, where=where))
    frame = sorted_by_size(frame, "cause") if recipe.sort == "size" else frame
    layout = Layout(within=tuple(groups), across=groups[0] if len(groups) == 1 else "")
    several = frozenset(["cause"] if mention == "any" else [])
    return [data.exhibit(recipe, frame, [*groups, "cause"], layout, multiple=several)]


def named(result: pd.DataFrame) -> pd.DataFrame:
    """A table of causes without those that nobody names in any group."""
    kept = result[result.groupby("cause", observed=False)["n"].transform("sum") > 0]
    return kept.assign(cause=kept["cause"].cat.remove_unused_categories()).reset_index(drop=True)


def _mean(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    workers, by = subset(data.workers, recipe.where), [*recipe.by]
    if _unknown(workers, [recipe.of]):
        return []
    headings = {"n": "有记录的人数", "estimate": "均值"}
    layout = Layout(within=tuple(by), measures=("n", "estimate", "median"), headings=headings)
    titled = replace(recipe, noun=recipe.noun or data.codebook.title(recipe.of))
    frame = means(workers, recipe.of, by=by)
    return [data.exhibit(titled, frame, by, layout, kind="mean", variable=recipe.of)]


def _trend(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """What `of` names over the waves: rate (by `by`, or of all), cause (the main one), or a variable's
    composition.
    """
    if recipe.of == "rate":
        return _rates_over_waves(data, recipe)
    every, of = data.every["workers"], "cause_main" if recipe.of == "cause" else recipe.of
    if of not in every.columns:
        return []
    workers = subset(gathered(every, ["wave", of, *recipe.where])[0], recipe.where)
    workers = workers.rename(columns={"cause_main": "cause"}) if recipe.of == "cause" else workers
    if _unknown(workers, [recipe.of]) or _one_scheme(data, recipe.of):
        return []
    frame = trend(workers, recipe.of, breaks="mark", definitions=_definitions(data, recipe.of))
    frame = named(frame) if recipe.of == "cause" else frame
    titled = replace(recipe, title=recipe.title or f"各批次{data.codebook.title(recipe.of)}的构成")
    layout = Layout(within=("wave",), across="wave", measures=("n", "share"))
    return [data.exhibit(titled, frame, ["wave", recipe.of], layout)]


def _definitions(data: WaveData, name: str) -> pd.DataFrame:
    """What `name` means in each wave; every composition breaks where the roster is of other people."""
    defined = data.every["definitions"]
    if name == "hardship_level":
        return defined
    breaks = pd.DataFrame({"wave": [*data.breaks], "note": [*data.breaks.values()]})
    broken = breaks.assign(variable=name, level="", definition=name, comparable=False)
    return pd.concat([defined, broken[defined.columns]], ignore_index=True) if len(broken) else defined


def _one_scheme(data: WaveData, name: str) -> bool:
    """A scale for comparing schemes says nothing new where there is one scheme, or no two waves in a row
    share it.
    """
    band = data.codebook.bands.get(name)
    if band is None or not (band.schemes or name == "income_level"):
        return False
    workers, defined = data.every["workers"], data.every["definitions"]
    if not defined.loc[defined["comparable"], "variable"].eq(name).any():
        return True
    if band.schemes:
        return gathered(workers, "hardship_scheme")[0]["hardship_scheme"].nunique() < 2
    return not workers.groupby("wave")["income_to_line"].count().all()


def _rates_over_waves(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    workers, population = data.every["workers"], data.every["population"]
    by, where = [*recipe.by], recipe.where
    if by:
        population = _split_by(data, [by[0], "n"])
        if population.empty:
            return []
        rates = hardship_rate(workers, population, by=["wave", *by], where=where)
        nobody = rates["n"].eq(0) & (by[0] == "unit")  # as in `joined`
        rates = rates.assign(share=rates["share"].mask(nobody))
    else:
        denominators = {wave: population[population["wave"].eq(wave)] for wave in data.waves}
        waves = ((wave, rate_of(workers, n, {**where, "wave": wave})) for wave, n in denominators.items())
        rows = [rate.assign(wave=wave) for wave, rate in waves]
        rates = pd.concat(rows, ignore_index=True)[["wave", "n", "base_n", "share", "left_out_n"]]
    frame = change(rates, broken=[*data.breaks])
    frame = frame.assign(break_note=[data.breaks.get(str(wave), "") for wave in frame["wave"]])
    if by and recipe.tail:
        frame = _last_first(frame, by[0], data.wave.name)
    unit = "单位：%、百分点" if by and recipe.measures == ("share",) else None
    layout = Layout(within=("wave", *by), across="wave" if by else "", unit=unit, rate=True)
    within, facts = ("wave",) if by else (), {"uneven": "" if by or where else _uneven(data)}
    return [data.exhibit(recipe, frame, ["wave", *by], layout, within=within, kind="rate", facts=facts)]


def _uneven(data: WaveData) -> str:
    """Which units of the population sheets have people in one of the last two waves only: a part of what
    changed is theirs.
    """
    workers, known = data.every["workers"], data.every["population"].reindex(columns=["unit"])["unit"]
    if "unit" not in workers.columns or known.isna().all() or len(data.waves) < 2:
        return ""
    rows, pair = gathered(workers, ["wave", "unit"])[0], data.waves[-2:]
    before, now = ({*rows.loc[rows["wave"].eq(wave), "unit"].dropna()} & {*known} for wave in pair)
    lacking = zip(pair, (sorted(now - before), sorted(before - now)), strict=True)
    return "，".join(
        f"{'、'.join(units[:MOST_UNITS])}{f'等{len(units)}个单位' if units[MOST_UNITS:] else ''}"
        f"在{year(wave)}的名册中没有人"
        for wave, units in lacking if units
    )  # fmt: skip


def _split_by(data: WaveData, columns: list[str]) -> pd.DataFrame:
    """The denominators of all waves that know the columns; none where a wave has no such."""
    population = data.every["population"]
    complete = population.reindex(columns=columns).notna().all(axis=1)
    every_wave = set(population.loc[complete, "wave"]) == set(data.waves)
    return population[complete] if every_wave else population[:0]


def _last_first(frame: pd.DataFrame, name: str, wave: str) -> pd.DataFrame:
    """The rows with the levels of `name` by their share in the last wave, the highest first."""
    last = frame[frame["wave"].eq(wave)].sort_values("share", ascending=False, kind="stable")
    order = [*last[name].astype(object), *frame[name].astype(object)]
    ranked = pd.Categorical(frame[name].astype(object), list(dict.fromkeys(order)))
    return frame.assign(**{name: ranked}).sort_values(["wave", name], kind="stable").reset_index(drop=True)


def _flows(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """The account of who came and went since the wave before: a row a wave, a column a flow."""
    exits, names = data.every["exits"], ["wave", "exit_reason"]
    accounts = flow_accounts(data.every["workers"], exits)
    stayed = accounts["previous_n"] - accounts["exited_n"] - accounts["died_n"]
    wide = accounts.assign(stayed_n=stayed).rename(columns=lambda name: name.removesuffix("_n"))
    long = wide.melt("wave", FLOWS, "flow", "n")
    reasoned = long["wave"].isin(gathered(exits, names)[0].dropna(subset=["exit_reason"])["wave"])
    long = long[reasoned | long["flow"].ne("died")]
    frame = long.astype({"flow": pd.CategoricalDtype(FLOWS)}).sort_values(["wave", "flow"])
    frame = frame.merge(accounts[["wave", "previous_n", "stock_n"]], on="wave").reset_index(drop=True)
    layout = Layout(
        within=("wave", "flow"), across="flow", measures=("n",), tail=(*STOCKS,), unit="单位：人",
        notes=(WORDS["account"],),
    )
    last = accounts.iloc[-1]
    sure = accounts.filter(regex="^difference$|_(low|high)$").iloc[-1]
    facts: dict[str, Any] = {"deaths": bool(reasoned[long.index[-1]]), "before": last["wave_before"], **sure}
    cut: dict[str, Any] = {"population": "flows", "within": ("wave",)}
    made = data.exhibit(recipe, frame, ["wave", "flow"], layout, facts=facts, **cut)
    def beside(id: str, column: str, flows: list[str], *unsure: str) -> Cut:
        """How many each wave has of some flows; of the `unsure` ones, marked as such."""
        own = accounts[["wave", column]].set_axis(["wave", "n"], axis=1)
        own, where = own.assign(**dict.fromkeys(unsure, "yes")), {**recipe.where, "flow": flows}
        return Cut(id, recipe.title, own, ("wave", *unsure), population="flows", where=where)

    stocks = [beside(f"{recipe.id}_{name}", name, flows) for name, flows in STOCKS.items()]
    unsure = [beside(name, f"{name}_n", flows, name) for name, flows in UNSURE.items()]
    return [replace(made, beside=(*stocks, *unsure))]


def _moves(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Transitions since the wave before, on the first scale on which the two compare.

    New and back are one group, as totals would give the few away.
    """
    defined, workers, pair = data.every["definitions"], data.every["workers"], data.waves[-2:]
    shared = defined.loc[defined["comparable"] & defined["wave"].eq(data.wave.name), "variable"].to_list()
    by_wave = workers.groupby("wave")
    scales = [name for name in ("hardship_level", "below_line", "income_level") if name in shared]
    state = next((name for name in scales if by_wave[name].count().loc[pair].all()), "")
    if not state:
        return []
    before, exits = f"{state}_before", data.every["exits"]
    both, left = workers[workers["wave"].isin(pair)], exits[exits["wave"].eq(data.wave.name)]
    moves = transitions(both, state, left, outside=True, breaks="mark")
    moves = moves.assign(**{before: moves[before].cat.rename_categories({"new": "came"})})
    last = moves[moves["base_n"].gt(0)]
    held = last.groupby(state, observed=True)["n"].transform("sum").gt(0)
    frame = last[held].drop(columns=["wave_before", "wave"]).reset_index(drop=True)
    what = data.codebook.title(state).partition("（")[0]
    titled = replace(recipe, title=f"{'至'.join(pair)}年困难职工的{what}变化")
    layout = Layout(within=(before,), across=before)
    population, facts = f"workers/{'-'.join(pair)}", {"waves": tuple(pair)}
    return [data.exhibit(titled, frame, [before, state], layout, population=population, facts=facts)]


def _standardized(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Rates at the last wave's mix of workers by sex and age, and what of each change is mix (Kitagawa)."""
    denominators, since = _split_by(data, ["sex", "age_band", "n"]), max(data.breaks, default="")
    waves = [wave for wave in data.waves if wave >= since]
    if denominators.empty or len(waves) < 2:
        return []
    strata = hardship_rate(data.every["workers"], denominators, by=["wave", *STRATA], where={"wave": waves})
    strata = strata.assign(stratum=strata["sex"].astype(str) + " " + strata["age_five_year"].astype(str))
    held = strata["base_n"].fillna(0).gt(0).groupby(strata["stratum"]).transform("all")
    if not held.any() or strata.loc[~held, "n"].sum():  # somebody stands where there are no workers
        return []
    strata = strata[held]
    left = int(strata.groupby("wave")["left_out_n"].max().sum())
    rates = standardized(strata, "stratum", standard=data.wave.name)
    parts = decomposition(strata, "stratum")
    steps = parts.pivot_table(index="wave", columns="component", values="estimate", observed=False)
    shown = rates[["wave", "crude", "estimate"]].rename(columns={"estimate": "standardized"})
    frame = shown.join(steps.rename(columns={"total": "movement"}), on="wave").reset_index(drop=True)
    frame.columns = frame.columns.astype(str)
    note = WORDS["standardized"].format(wave=data.wave.name, left=left)
    measures = ("crude", "standardized", "movement", "rate", "composition")
    layout = Layout(within=("wave",), measures=measures, unit="单位：%、百分点", notes=(note,))
    return [data.exhibit(recipe, frame, ["wave"], layout, within=(), kind="rate")]


MAKES: dict[str, Make] = {
    "count": _count, "rate": _rate, "causes": _causes, "mean": _mean, "trend": _trend, "flows": _flows,
    "moves": _moves, "standardized": _standardized, "mechanism": mechanism_exhibits,
    "questionnaire": questionnaire_exhibits, "totals": ledger.totals_exhibit,
    "aid": ledger.aid_exhibit, "reported": ledger.reported_exhibit, "targeting": _targeting,
    "sheets": ledger.sheets_exhibit, "findings": ledger.findings_exhibit,
}  # fmt: skip
