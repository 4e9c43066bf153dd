"""Coarser categories where few people fall in many: a table of stars says nothing, one of joined rows does.

It is decided by the raw counts alone, before protection, so that a report made again has the same rows.
Levels that go up are joined with their neighbours, or a coarser band of the codebook takes their place; rare
options, causes and units are folded into one row, 其他（合并）. A joined level has the code `a∪b`,
其他（合并） `a∪b∪`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, product
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import labels_of
from bangfu_analysis.exhibits.making import make
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.release.cells import ANY, IN_TABLES, JOINT, Cut, is_other, name_of, parts_of
from bangfu_analysis.release.gate import Released
from bangfu_analysis.release.nesting import PLACES

MOST_CELLS = 2000  # counts of one population that are protected together
MAKES = ("count", "rate", "causes", "mean", "trend", "questionnaire")
OTHER = ""  # as the last of a group: it is 其他（合并）
LEFT = 2  # levels that a fold must leave beside it
NEVER_JOINED = ("sex", "hardship_level")  # never joined: the report speaks of each
ROUNDS, TURNS, MOSTLY = 4, 2, 0.5
Groups = list[list[str]]


def coarse(data: WaveData, recipe: Recipe, threshold: int) -> list[Exhibit]:
    """The exhibits of a recipe, of raw frames, with categories so coarse that few are below `threshold`."""
    made = make(data, recipe)
    for _ in range(ROUNDS):
        able = recipe.make in MAKES and not data.on_disk
        coarser = _coarser(data, recipe, made, threshold) if able else None
        again = make(data.joined(coarser.join), coarser) if coarser else []
        if not coarser or len(again) != len(made):
            break
        recipe, made = coarser, again
    return [_noted(each) for each in made]


def few_enough(data: WaveData, raw: Sequence[Exhibit]) -> list[Exhibit]:
    """`raw`, of it the tables with the most rows made coarser where more counts than can be protected at once
    would be linked.
    """
    exhibits = list(raw)
    while True:
        sizes = Counter[str]()
        for each in exhibits:
            sizes[each.cut.population] += len(each.frame)
        crowded = [each for each in exhibits if sizes[each.cut.population] > MOST_CELLS]
        for large in sorted(crowded, key=lambda each: -len(each.frame)):
            if again := halved(data, large):
                exhibits[exhibits.index(large)] = again
                break
        else:
            return exhibits


def without_stars(
    data: WaveData, raw: Sequence[Exhibit], protect: Callable[[list[Cut]], Released]
) -> tuple[list[Exhibit], Released]:
    """What is protected together, made coarser where most of a table would be hidden; and its release."""
    shown, tried, settled = list(raw), dict[str, tuple[Exhibit, float]](), set[str]()
    for turn in count():
        released = protect([cut for each in shown for cut in each.cuts])
        now = list(shown)
        for at, each in enumerate(shown):
            frame = released.frames[each.id]
            hidden, (finer, was) = _stars(each, frame), tried.pop(each.id, (each, 2.0))
            if hidden >= was:  # the coarser one is no better
                now[at] = finer
                settled.add(each.id)
            elif hidden >= MOSTLY and each.id not in settled and turn < TURNS:
                # Where counts are shown, few have no value in the groups that shares are of.
                first = each.cut.within if "n" in frame and frame["n"].notna().mean() > MOSTLY else ()
                if again := halved(data, each, first):
                    now[at], tried[each.id] = again, (each, hidden)
        if all(one is other for one, other in zip(shown, now, strict=True)):
            break
        shown = now
    return shown, released


def _stars(raw: Exhibit, protected: pd.DataFrame) -> float:
    """What part of the numbers of a table protection hides."""
    numbers = [name for name in ("n", "share", "estimate") if name in raw.frame]
    held = raw.frame[numbers].notna()
    return float((held & protected[numbers].isna()).to_numpy().sum() / max(held.to_numpy().sum(), 1))


def halved(data: WaveData, exhibit: Exhibit, first: Collection[str] = ()) -> Exhibit | None:
    """An exhibit of which one dimension, of `first` or the longest, has about half as many levels; None where
    none can be joined.
    """
    recipe = exhibit.recipe
    able = recipe.make in MAKES and not data.on_disk
    tables = sorted(_tables(exhibit) if able else (), key=lambda one: -len(one[1]))
    for name, table in sorted(tables, key=lambda one: one[0] not in first):
        kept, codes = len(table) // 2, [*table.index]
        least = {*table.sum(axis=1).sort_values(kind="stable").index[: len(table) - kept]}
        pairs = [codes[at : at + 2] for at in range(0, len(codes) - 1, 2)]
        folded = [code for code in codes if code in least or is_other(code)]
        groups = pairs if _rises(exhibit, name) else [[*folded, OTHER]][: len(folded) - 1]
        band = _band(data, name, codes)
        coarser = _by_band(data.codebook, recipe, name, band) if band else recipe
        coarser = coarser if band or kept < 2 else _joined(recipe, exhibit, name, groups)
        again = make(data.joined(coarser.join), coarser) if coarser is not recipe else []
        if len(again) == 1 and len(again[0].frame) < len(exhibit.frame):
            return _noted(again[0])
    return None


def _coarser(data: WaveData, recipe: Recipe, made: Sequence[Exhibit], threshold: int) -> Recipe | None:
    """The recipe with the first dimension made coarser of which levels are rare; None where none is."""
    for exhibit in made:
        for name, table in _tables(exhibit):
            rare = _rare(table, threshold)
            band = _band(data, name, list(table.index)) if len(rare) > len(table) / 3 else ""
            if band:
                return _by_band(data.codebook, recipe, name, band)
            if _rises(exhibit, name):
                groups = _neighbours(table, threshold)
            else:
                away = exhibit.frame.loc[exhibit.frame["n"].gt(0), name].nunique() - len(table)
                groups = _folded(table, _blocks(data, name), threshold, away)
            if groups:
                return _joined(recipe, exhibit, name, groups)
    return None


def _tables(exhibit: Exhibit) -> Iterator[tuple[str, pd.DataFrame]]:
    """(dimension, its levels down and all else across) of those that may be made coarser, the last first."""
    cut, result, book = exhibit.cut, exhibit.cut.frame, exhibit.codebook
    based = result["base_n"].notna() if cut.kind == "rate" else pd.Series(True, result.index)
    names = reversed([d for d in cut.dimensions if d not in cut.apart and d not in NEVER_JOINED])
    # What has a denominator is not joined with what has none.
    for frame, name in product((result[based], result[~based]), names):
        rows = frame.astype(dict.fromkeys(cut.dimensions, object))
        joinable = name in book.bands or name in book.of("workers") or name in (*PLACES, *cut.multiple)
        spoken_of = name == exhibit.recipe.within and exhibit.recipe.focus
        if joinable and not spoken_of and all(isinstance(code, str) for code in rows[name].dropna()):
            others = [d for d in cut.dimensions if d != name]
            sums = rows.dropna(subset=name).groupby([name, *others], dropna=False)["n"].sum()
            table = sums.unstack(others) if others else sums.to_frame()  # noqa: PD010
            categories = getattr(frame[name].dtype, "categories", frame[name].dropna().unique())
            yield name, table.reindex([code for code in categories if code in table.index]).fillna(0)


def _rises(exhibit: Exhibit, name: str) -> bool:
    """Whether the levels go up."""
    dtype = exhibit.frame[name].dtype
    ordered = isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)
    return ordered and name not in exhibit.cut.multiple


def _rare(table: pd.DataFrame, threshold: int) -> list[str]:
    """The levels that have people, in most of the cells where they have any fewer than the threshold."""
    held, small = table.gt(0).sum(axis=1), (table.gt(0) & table.lt(threshold)).sum(axis=1)
    return [str(code) for code in table.index[(held > 0) & (small > MOSTLY * held)]]


def _band(data: WaveData, name: str, levels: Sequence[str]) -> str:
    """The finest band of the codebook that these levels lie in, each in one; "" where there is none."""
    bands = data.codebook.bands
    of = bands[name].variable if name in bands else name
    others = [band for band in bands.values() if band.variable == of and not band.schemes]
    for band in sorted(others, key=lambda band: -len(band.levels)):
        if 2 < len(band.levels) < len(levels) and name in data.workers:
            pairs = data.workers[[name, band.name]].dropna().drop_duplicates()
            if not pairs[name].duplicated().any():
                return str(band.name)
    return ""


def _by_band(codebook: Codebook, recipe: Recipe, name: str, band: str) -> Recipe:
    note = f"人数少的组多，为保护个人信息按{codebook.title(band)}列出。"
    by = tuple(band if each == name else each for each in recipe.by)
    within, of = (band if each == name else each for each in (recipe.within, recipe.of))
    title = recipe.title.partition("（")[0]
    return replace(recipe, by=by, within=within, of=of, title=title, notes=(*recipe.notes, note))


def _neighbours(table: pd.DataFrame, threshold: int) -> Groups:
    """Rare levels joined with the smaller of their neighbours that have people; none where that leaves one.
    """
    held = [str(code) for code in table.index[table.gt(0).any(axis=1)]]
    groups: Groups = [[code] for code in held]
    sums: list[Any] = [table.loc[code] for code in held]
    while rare := [at for at, row in enumerate(sums) if _rare(row.to_frame().T, threshold)]:
        if len(groups) <= 2:
            return []
        at = rare[0]
        beside = min((n for n in (at - 1, at + 1) if 0 <= n < len(sums)), key=lambda n: sums[n].sum())
        first, last = sorted((at, beside))
        groups[first : last + 1] = [groups[first] + groups[last]]
        sums[first : last + 1] = [sums[first] + sums[last]]
    return [group for group in groups if len(group) > 1]


def _folded(table: pd.DataFrame, blocks: Mapping[str, str], threshold: int, beside: int) -> Groups:
    """The rare levels in one, with the least of their block (a larger cause, which is printed too) and then
    of all others, until they are not rare; none where so few would be left that it says nothing.

    `beside`: how many levels there are that do not stand in `table`.
    """
    held, rare = table[table.gt(0).any(axis=1)], _rare(table, threshold)
    size = held.sum(axis=1)
    rest = sorted(set(held.index) - {*rare}, key=lambda code: (not is_other(code), size[code], code))
    chosen = {*rare}
    for band in sorted({blocks.get(code, "") for code in rare} - {""}):
        block, more = {c for c in rare if blocks.get(c) == band}, [c for c in rest if blocks.get(c) == band]
        while more and (len(block) < 2 or _rare_together(table, block, threshold)):
            block.add(more.pop(0))
        chosen |= block
    others = [code for code in rest if code not in chosen]
    while rare and len(others) + beside >= LEFT:
        if len(chosen) > 1 and not _rare_together(table, chosen, threshold):
            of_one = len({blocks.get(code, code) for code in chosen}) == 1
            return [[*(code for code in table.index if code in chosen), *([] if of_one else [OTHER])]]
        if not others:
            break
        chosen.add(others.pop(0))
    return []


def _rare_together(table: pd.DataFrame, codes: Collection[str], threshold: int) -> bool:
    return bool(_rare(table.loc[list(codes)].sum().to_frame().T, threshold))


def _blocks(data: WaveData, name: str) -> dict[str, str]:
    """Level -> the level of a band of the codebook that it lies in, where there is one."""
    column = next((column_name for column_name, called in IN_TABLES.items() if called == name), name)
    bands = [b.name for b in data.codebook.bands.values() if b.variable == column and not b.schemes]
    if not bands or column not in data.workers:
        return {}
    pairs = data.workers[[column, bands[0]]].dropna().astype(str).drop_duplicates()
    return dict(zip(pairs[column], pairs[bands[0]], strict=True))


def _joined(recipe: Recipe, exhibit: Exhibit, name: str, groups: Groups) -> Recipe:
    """The recipe with these levels of a dimension joined, some of which may be joined already."""
    key, every = _key(exhibit, name), list[list[str]]()
    for group in groups:
        other = OTHER in group or any(code.endswith(JOINT) for code in group)
        every.append([*(part for code in group for part in parts_of(code)), *([OTHER] if other else [])])
    inside = {code for group in every for code in group} - {OTHER}
    kept = [group for group in recipe.join.get(key, ()) if not inside & {*group}]
    return replace(recipe, join={**recipe.join, key: [*kept, *every]})


def _key(exhibit: Exhibit, name: str) -> str:
    """What `join` calls a dimension: by its variable, the options of a question by the question."""
    cut = exhibit.cut
    return cut.population.rpartition("/")[2] if name == "option" else name_of(cut, name).removesuffix(ANY)


def _noted(exhibit: Exhibit) -> Exhibit:
    """An exhibit with the notes that say what is joined in it."""
    notes = list(exhibit.layout.notes)
    for name in exhibit.cut.dimensions:
        for group in exhibit.recipe.join.get(_key(exhibit, name), ()):
            labels = labels_of(exhibit.codebook, pd.Series(filter(None, group), name=name))
            other = f"{exhibit.titled(name)}中人数少的合并列出：其他（合并）含{listed(labels)}。"
            notes.append(other if OTHER in group else f"{'、'.join(labels)}人数少，合并列出。")
    return replace(exhibit, layout=replace(exhibit.layout, notes=tuple(dict.fromkeys(notes))))
