"""Who came, stayed, left and came back between waves; from which state to which; for how long; with bounds.

Persons are followed by `person_id`. Whoever is known under two (a damaged ID number) is one person in the
frames of `study_frames`, or after `link`; every function here takes linked frames as it takes plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import ROWS, Codes, Names, Truths, names
from bangfu_analysis.analysis.change import broken_between, by_wave, on_one_scale, schemes
from bangfu_analysis.analysis.domains import engines, require
from bangfu_analysis.analysis.intervals import t_value
from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.errors import ArgumentError, listed

FLOWS = ("stayed", "new", "returned", "exited", "died", "away")
COMING, GOING = ("new", "returned"), ("exited", "died")


def movements(workers: pd.DataFrame, exits: pd.DataFrame | None = None) -> pd.DataFrame:
    """What became of all people from each wave to the next: wave_before, wave, person_id, flow, recorded.

    `workers` and `exits`: frames stacked over waves, which are taken in the order of their names. flow
    (categorical): stayed (in both), new (seen in no earlier wave or list of exits), returned (seen before,
    not in the wave before), exited, died (by the exit_reason of the later wave), away (left earlier and has
    not returned; not those who died). `recorded`: whether the `exits` of the later wave list a person who
    left.
    """
    require(workers, ["wave", "person_id"], where="movements")
    waves = sorted(workers["wave"].unique())
    if len(waves) < 2:
        raise ArgumentError(
            f"流动要至少两个批次，现有：{listed(map(str, waves)) or '无'}。请用 study_frames 读取各批次。"
        )
    gone = workers.head(0) if exits is None else exits
    require(gone, ["wave", "person_id"], where="movements 的 exits")
    people = pd.Index(pd.concat([workers["person_id"], gone["person_id"]]).unique())
    stock, out = _presence(workers, people, waves), _presence(gone, people, waves)
    died = gone[gone["exit_reason"].eq("died")] if "exit_reason" in gone else gone.head(0)
    dead = _presence(died, people, waves)
    seen = np.logical_or.accumulate(stock | out, axis=1)
    parts = []
    for t, (before, wave) in enumerate(pairwise(waves), 1):
        earlier = np.asarray(dead[:, :t].any(axis=1))
        flow = _flow(stock[:, t - 1], stock[:, t], seen[:, t - 1], dead[:, t], earlier)
        step = {"wave_before": before, "wave": wave, "person_id": people, "flow": flow, "recorded": out[:, t]}
        parts.append(pd.DataFrame(step).dropna(subset=["flow"]))
    every = pd.concat(parts, ignore_index=True)
    return every.assign(recorded=every["recorded"] & every["flow"].isin(GOING))


def _presence(frame: pd.DataFrame, people: pd.Index, waves: Sequence[Any]) -> Truths:
    """Persons x waves: who is in the frame when."""
    present = np.zeros((len(people), len(waves)), dtype=bool)
    inside = frame[frame["wave"].isin(waves)]
    person, wave = (pd.Index(inside[name]) for name in ("person_id", "wave"))
    present[people.get_indexer(person), pd.Index(waves).get_indexer(wave)] = True
    return present


def _flow(before: Truths, now: Truths, seen: Truths, dying: Truths, dead: Truths) -> pd.Categorical[Any]:
    left = before & ~now
    cases = [before & now, now & ~seen, now & seen, left & ~dying, left, seen & ~dead]
    codes: Codes = np.select(cases, list(range(len(FLOWS))), -1)
    return pd.Categorical.from_codes(codes, pd.Index(FLOWS))


def flows(
    workers: pd.DataFrame, exits: pd.DataFrame | None = None, *, by: Names = None,
    where: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Entries, exits, stays, returns from wave to wave: wave_before, wave, `by`, flow, n, base_n, share.

    The base of stayed, exited, died and new is the stock of the wave before (entry and exit rates); that of
    returned and away is everybody who had left by then (return rate). A person's group is that of the wave
    before, else of the later wave, else the last known; `where` is a condition on such groups.

    >>> workers = pd.DataFrame({"wave": ["1", "1", "2", "2", "2"], "person_id": ["a", "b", "b", "c", "d"]})
    >>> flows(workers)[["flow", "n", "base_n", "share"]].head(4)
           flow  n  base_n  share
    0    stayed  1       2    0.5
    1       new  2       2    1.0
    2  returned  0       0    NaN
    3    exited  1       2    0.5
    """
    groups = names(by)
    weights = None
    if not isinstance(workers, pd.DataFrame):
        workers, exits, weights = engines().patterns(workers, exits, [*groups, *(where or {})])
    moved = movements(workers, exits)
    require(workers, [*groups, *(where or {})], where="flows")
    placed = moved.assign(**{name: _group(moved, workers, name) for name in (*groups, *(where or {}))})
    if weights is not None:  # a person stands for all who moved alike
        placed = placed.assign(**{ROWS: moved["person_id"].map(weights)})
    table = tabulate(placed, "flow", within=["wave_before", "wave", *groups], where=where)
    table = table[table["base_n"].gt(0)].reset_index(drop=True)
    outside = table["flow"].isin(["returned", "away"])
    n_outside = table["n"].mask(table["flow"].eq("new"), 0)
    place = [table[c] for c in ("wave_before", "wave", *groups)]
    base = n_outside.groupby([*place, outside], observed=True).transform("sum")
    return table.assign(base_n=base.astype("Int64"), share=table["n"] / base.where(base > 0).astype(float))


def _group(moved: pd.DataFrame, workers: pd.DataFrame, name: str) -> pd.Series:
    """The person's `name` in the wave before, else in the wave, else in the last wave that knows it."""
    answers = workers.dropna(subset=[name]).drop_duplicates(["wave", "person_id"])
    by_wave = answers.set_index(["wave", "person_id"])[name].astype(object)
    places = (pd.MultiIndex.from_frame(moved[[wave, "person_id"]]) for wave in ("wave_before", "wave"))
    was, now = (pd.Series(by_wave.reindex(place).to_numpy(), index=moved.index) for place in places)
    last = answers.sort_values("wave").drop_duplicates("person_id", keep="last").set_index("person_id")[name]
    group = was.where(was.notna(), now)
    return group.where(group.notna(), moved["person_id"].map(last.astype(object))).astype(workers[name].dtype)


def flow_accounts(workers: pd.DataFrame, exits: pd.DataFrame | None = None) -> pd.DataFrame:
    """The identity stock = previous + new + returned - exited - died, one row a wave from the second on.

    The flows count persons, previous_n and stock_n rows: a person who stands in a wave twice shows as
    `difference` (stock less the sum); without such it is 0 by construction. unrecorded_n: of those exited,
    how many no list of exits names; unfollowed_n: of those who came or left, how many have a whole ID
    number in no wave.

    new_low … exited_high bound the flows, where `id_basis` says who is known by a whole number. To the one
    side everybody linked by other means (name, birth, unit) is two people; to the other everybody without a
    number who came or left is one whom the roster knows, as far as there are such. What lies within, no
    linkage of these rosters can say for certain.
    """
    stock = tabulate(workers, "wave").set_index("wave")["n"]
    weights = None
    if not isinstance(workers, pd.DataFrame):
        columns = [name for name in ["id_basis"] if name in engines().scanned(workers).columns]
        workers, exits, weights = engines().patterns(workers, exits, columns)
    moved = movements(workers, exits)
    each = moved["person_id"].map(weights) if weights is not None else pd.Series(1, moved.index)
    followed = workers["id_basis"].eq("id_number") if "id_basis" in workers else workers["person_id"].notna()
    steps = [moved["wave_before"], moved["wave"]]
    count = pd.crosstab(steps, moved["flow"], each, aggfunc="sum").fillna(0).astype("int64")
    count = count.reindex(columns=list(FLOWS), fill_value=0)
    bounds = _bounds(moved, workers[followed], count, each)
    table = count.add_suffix("_n").join(bounds).rename_axis(columns=None).reset_index()
    table = table.assign(previous_n=table["wave_before"].map(stock), stock_n=table["wave"].map(stock))
    unknown = ~moved["person_id"].isin(workers.loc[followed, "person_id"])
    aside = {
        "unrecorded_n": moved["flow"].eq("exited") & ~moved["recorded"],
        "unfollowed_n": moved["flow"].isin(COMING + GOING) & unknown,
    }
    table = table.join(pd.DataFrame(aside).mul(each, axis=0).groupby(moved["wave"]).sum(), on="wave")
    came, went = (table[[f"{flow}_n" for flow in side]].sum(axis=1) for side in (COMING, GOING))
    return table.assign(difference=table["stock_n"] - table["previous_n"] - came + went)[
        ["wave_before", "wave", "previous_n", "new_n", "returned_n", "exited_n", "died_n", "stock_n",
         "difference", "unrecorded_n", "unfollowed_n", *bounds]
    ]  # fmt: skip


def _bounds(
    moved: pd.DataFrame, numbered: pd.DataFrame, count: pd.DataFrame, each: pd.Series
) -> pd.DataFrame:
    """Between what the flows of each step lie; `numbered`: the rows of workers with a whole ID number;
    `each`: for how many a row of `moved` stands.
    """
    identified = pd.MultiIndex.from_frame(numbered[["wave", "person_id"]])
    ends = (moved[[wave, "person_id"]] for wave in ("wave_before", "wave"))
    was, now = (pd.MultiIndex.from_frame(end).isin(identified) for end in ends)
    steps = {wave: place for place, wave in enumerate(moved["wave_before"].unique())}
    first = numbered["wave"].map(steps).groupby(numbered["person_id"]).min()
    before = moved["person_id"].map(first).astype(float) <= moved["wave_before"].map(steps)
    some = {
        "linked": moved["flow"].eq("stayed") & ~(was & now),
        "back": moved["flow"].eq("returned") & ~(before & now),
        "left": moved["flow"].eq("exited") & ~was,
        "gone": moved["flow"].isin(["exited", "away"]) & ~before,
        "away": moved["flow"].eq("away") & ~before,
        "new": moved["flow"].eq("new") & ~now,
        "came": moved["flow"].isin(COMING) & ~now,
    }
    n = pd.DataFrame(some).mul(each, axis=0).groupby([moved["wave_before"], moved["wave"]]).sum()

    def least(*most: pd.Series) -> pd.Series:
        return pd.concat(most, axis=1).min(axis=1)

    coming = count[list(COMING)].sum(axis=1)
    missed = least(count["exited"], coming, n["left"] + n["came"])
    known_before = least(count["new"], count["exited"] + count["away"], n["new"] + n["gone"])
    later = n["linked"].where(n.index.get_level_values(0).map(steps) > 0, 0)
    perhaps_back = n["linked"] + n["new"] + n["away"]
    surely_back = count["returned"] - n["back"]
    bounds = {
        "new_low": count["new"] - known_before, "new_high": count["new"] + n["linked"] + n["back"],
        "returned_low": surely_back - least(surely_back, count["exited"], n["left"]),
        "returned_high": count["returned"] + least(perhaps_back, count["away"] + later),
        "exited_low": count["exited"] - missed, "exited_high": count["exited"] + n["linked"],
    }
    return pd.DataFrame(bounds)


def transitions(
    workers: pd.DataFrame, variable: str, exits: pd.DataFrame | None = None, *, outside: bool = False,
    breaks: str = "raise", definitions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """From which state to which: the same people's `variable` in each wave and the next, as shares.

    Returns wave_before, wave, `<variable>_before`, variable, n, base_n (people with that earlier state and
    both answers), share, left_out_n, comparable. With `outside`, who came is in the earlier state new or
    returned, and who left in the later state exited or died. Levels that nobody has in either wave are left
    out.

    Where `hardship_level` is followed and the two waves have other schemes, NotComparable names them (use
    the crosswalk first); `breaks="mark"` tabulates all the same, and says in `comparable` that the classes
    differ. `definitions`: the frame of that name of `study_frames`; with it every variable whose meaning
    changed is refused or marked, level by level.
    """
    require(workers, ["wave", "person_id", variable], where="transitions")
    moved = movements(workers, exits)
    if definitions is None and variable == "hardship_level":
        definitions = schemes(by_wave(workers), where="transitions")
    pairs: dict[str, pd.DataFrame] = {}
    for (before, wave), part in moved.groupby(["wave_before", "wave"], observed=True):
        pair = _pair(part, workers, variable, (before, wave), outside)
        broken = broken_between(definitions, [str(before), str(wave)], [variable], breaks)
        levels = broken.loc[broken["wave"].eq(str(wave)), "level"].tolist()
        either = pair[[f"{variable}_before", variable]].astype(object).isin(levels).any(axis=1)
        pairs[str(wave)] = pair.assign(comparable=~either & ("" not in levels))
    return on_one_scale(pairs)[list(pair.columns) + ["comparable"]]


def _pair(
    moved: pd.DataFrame, workers: pd.DataFrame, variable: str, waves: tuple[Any, Any], outside: bool
) -> pd.DataFrame:
    went = moved[moved["flow"].ne("away") if outside else moved["flow"].eq("stayed")]
    flow = went["flow"].astype(object)
    once = workers.drop_duplicates(["wave", "person_id"]).set_index("person_id")
    was, then = (went["person_id"].map(once.loc[once["wave"].eq(w), variable].astype(object)) for w in waves)
    was, then = was.mask(flow.isin(COMING), flow), then.mask(flow.isin(GOING), flow)
    held = {*was, *then}
    levels = [level for level in workers[variable].astype("category").cat.categories if level in held]
    people = {
        f"{variable}_before": pd.Categorical(was, [*levels, *(f for f in COMING if f in held)]),
        variable: pd.Categorical(then, [*levels, *(f for f in GOING if f in held)]),
    }
    table = tabulate(pd.DataFrame(people), variable, within=f"{variable}_before")
    impossible = table[f"{variable}_before"].isin(COMING) & table[variable].isin(GOING)
    named = table.assign(wave_before=str(waves[0]), wave=str(waves[1]))
    return named.loc[~impossible, ["wave_before", "wave", *table.columns]]


def spells(workers: pd.DataFrame, exits: pd.DataFrame | None = None) -> pd.DataFrame:
    """Unbroken stays in the roster: person_id, spell (1, 2, ...), first_wave, last_wave, waves, began, ended.

    `waves` is the length counted in waves. began: new, returned, or before (in the first wave already: the
    true beginning is not seen). ended: exited, died, or going_on (in the last wave still: the end is not
    seen).
    """
    moved = movements(workers, exits)
    order = {wave: i for i, wave in enumerate(sorted(workers["wave"].unique()))}
    stock = workers[["person_id", "wave"]].drop_duplicates()
    stock = stock.assign(place=stock["wave"].map(order)).sort_values(["person_id", "place"], kind="stable")
    starts = stock["person_id"].ne(stock["person_id"].shift()) | stock["place"].diff().ne(1)
    stays = stock.groupby(starts.cumsum(), sort=False)
    result = stock[starts].rename(columns={"wave": "first_wave"}).drop(columns="place").reset_index(drop=True)
    result = result.assign(last_wave=stays["wave"].last().array, waves=stays.size().array)
    flow = moved.set_index(["wave", "person_id"])["flow"].astype(object)
    came = flow.reindex(pd.MultiIndex.from_frame(result[["first_wave", "person_id"]])).fillna("before")
    followed = dict(pairwise(order))
    after = pd.MultiIndex.from_arrays([result["last_wave"].map(followed), result["person_id"]])
    went = flow.reindex(after).fillna("going_on")
    return result.assign(
        spell=result.groupby("person_id").cumcount() + 1,
        began=pd.Categorical(came.to_numpy(), ["before", *COMING]),
        ended=pd.Categorical(went.to_numpy(), [*GOING, "going_on"]),
    )[["person_id", "spell", "first_wave", "last_wave", "waves", "began", "ended"]]


def life_table(stays: pd.DataFrame, *, begun_before: bool = False, level: float = 0.95) -> pd.DataFrame:
    """How long stays last (Kaplan and Meier 1958, J. Am. Stat. Assoc. 53): one row per length in waves.

    `stays` is the result of `spells`. waves; base_n stays that lasted so long, n of them ended then (exit
    or death) and censored_n were going on in the last wave; share is n of base_n, estimate the part that
    lasts longer, with Greenwood's se and limits on log(-log). Stays begun before the first wave are longer
    than seen: left out and counted in left_out_n, unless `begun_before`. R: survfit(Surv(waves, ended) ~ 1,
    conf.type="log-log").
    """
    require(stays, ["waves", "began", "ended"], where="life_table")
    used = stays if begun_before else stays[stays["began"].ne("before")]
    over, waves = used["ended"].ne("going_on").to_numpy(), used["waves"].to_numpy(dtype=int)
    lengths = np.arange(1, waves.max(initial=0) + 1)
    n, censored = (np.bincount(waves[mask], minlength=len(lengths) + 1)[1:] for mask in (over, ~over))
    at_risk = np.cumsum((n + censored)[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        lasting = np.cumprod(1 - n / at_risk)
        spread = np.sqrt(np.cumsum(n / (at_risk * (at_risk - n))))
        band = np.exp(t_value(np.inf, level) * spread / np.log(lasting))
        limits = {"ci_low": lasting ** (1 / band), "ci_high": lasting**band}
    counts = {"waves": lengths, "n": n, "base_n": at_risk, "share": n / at_risk, "censored_n": censored}
    estimated = {"estimate": lasting, "se": lasting * spread, **limits}
    return pd.DataFrame(counts).assign(left_out_n=len(stays) - len(used), **estimated)
