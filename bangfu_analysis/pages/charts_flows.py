"""People between waves -> one Figure: the alluvial chart. The arguments are those of `charts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.exhibits.measures import hidden
from bangfu_analysis.pages.chart_page import Page, chart
from bangfu_analysis.pages.theme import MUTED, PALETTE, beside

OUTSIDE = ("new", "returned", "came", "exited", "died")
Cell = tuple[Any, Any, str, str, float]  # wave before, wave, earlier and later state, people
Blocks = dict[tuple[str, str], tuple[float, float]]  # where each state's block begins and ends, in persons from the top
BLOCK = 0.06  # half the width of a block, where waves stand one apart
LINE = 0.07  # a line of text, as a share of the people of the chart's largest step


@chart
def alluvial(table: pd.DataFrame, page: Page) -> Figure:
    """People as bands from their state in one wave to that in the next; blocks bear the state and the number
    of people.

    `table` is the result of `transitions`, best with `outside`: who came rises from grey blocks below the
    earlier wave, who left sinks into those below the later one. Hidden cells have no band, and the note says
    so.
    """
    name = next((str(c) for c in table if f"{c}_before" in table and c != "wave"), "变量")
    needed = ["wave_before", "wave", f"{name}_before", name, "n", "comparable"]
    require(table, needed, where="alluvial（需要 transitions 的结果）")
    waves = list(dict.fromkeys([*table["wave_before"], *table["wave"]]))
    flows = _cells(table, name)
    levels = list(dict.fromkeys([*table[f"{name}_before"].cat.categories, *table[name].cat.categories]))
    own = [level for level in levels if level not in OUTSIDE]
    colours = dict(zip(own, cycle(PALETTE), strict=False)) | dict.fromkeys(OUTSIDE, MUTED)
    line = LINE * max((sum(f[4] for f in flows if f[0] == wave) for wave in waves), default=1.0)
    columns = [_blocks(flows, wave, levels, line) for wave in waves]
    figure, axes = page.axes(26)
    _draw_bands(axes, flows, waves, columns, levels, colours)
    for place, blocks in enumerate(columns):
        _draw_blocks(axes, place, blocks, page, name, colours)
    axes.set_xticks(range(len(waves)), [str(wave) for wave in waves])
    depth = max((end for blocks in columns for _, end in blocks.values()), default=1.0)
    axes.set(yticks=[], xlim=(-0.45, len(waves) - 0.55), ylim=(depth * 1.01, 0))
    return page.captioned(figure, page.name(name), _flow_notes(table, page))


def _cells(table: pd.DataFrame, name: str) -> list[Cell]:
    kept = table[table["n"].fillna(0).gt(0)]
    columns = ["wave_before", "wave", f"{name}_before", name, "n"]
    return [(a, b, str(was), str(now), float(n)) for a, b, was, now, n in kept[columns].itertuples(index=False)]


def _blocks(flows: Sequence[Cell], wave: Any, levels: Sequence[str], line: float) -> Blocks:
    """Blocks of a wave by state: those of the stock one below the other, then those who left by then, then
    those who come next.

    Their middles stand at least a `line` of text apart (in persons).
    """
    into, out = (dict.fromkeys(levels, 0.0) for _ in range(2))
    for before, after, was, now, n in flows:
        into[now] += n * (after == wave)
        out[was] += n * (before == wave)
    stock = [("stock", lv, max(into[lv], out[lv])) for lv in levels if lv not in OUTSIDE]
    sides = (("left", into), ("coming", out))
    outside = [(side, lv, sums[lv]) for side, sums in sides for lv in levels if lv in OUTSIDE]
    found: Blocks = {}
    end = middle = -line
    for side, level, size in (block for block in [*stock, *outside] if block[2]):
        gap = line * (0.25 if side == "stock" else 0.8)
        start = max(end + gap, middle + line - size / 2) if found else 0.0
        found[side, level] = (start, end := start + size)
        middle = start + size / 2
    return found


def _draw_bands(
    axes: Axes, flows: Sequence[Cell], waves: Sequence[Any], columns: Sequence[Blocks], levels: Sequence[str],
    colours: Mapping[str, str],
) -> None:  # fmt: skip
    """Bands in the order of the states at both ends, so that they cross as little as can be."""
    t = np.linspace(0, 1, 40)
    ease = 3 * t**2 - 2 * t**3
    used: dict[tuple[int, str, str], float] = {}
    rank = {level: i for i, level in enumerate(levels)}
    for before, after, was, now, n in sorted(flows, key=lambda f: (waves.index(f[0]), rank[f[2]], rank[f[3]])):
        ends = []
        for wave, state, side in ((before, was, "coming"), (after, now, "left")):
            place = waves.index(wave)
            key = ("stock" if state not in OUTSIDE else side, state)
            taken = used.get((place, side, state), 0.0)
            used[place, side, state] = taken + n
            ends.append(columns[place][key][0] + taken)
        x = waves.index(before) + BLOCK + t * (1 - 2 * BLOCK)
        top = ends[0] + (ends[1] - ends[0]) * ease
        axes.fill_between(x, top, top + n, color=colours[was], alpha=0.3 if was in OUTSIDE else 0.45, linewidth=0)


def _draw_blocks(axes: Axes, place: int, blocks: Blocks, page: Page, name: str, colours: Mapping[str, str]) -> None:
    side_of_it = BLOCK if place else -BLOCK
    labels = dict(zip(blocks, page.labels(pd.Series([state for _, state in blocks], name=name)), strict=True))
    for (side, state), (start, end) in blocks.items():
        axes.barh((start + end) / 2, 2 * BLOCK, left=place - BLOCK, height=end - start, color=colours[state])
        told, point = f"{labels[side, state]} {round(end - start)}", (place + side_of_it, (start + end) / 2)
        beside(axes, told, point, 4 if place else -4)


def _flow_notes(table: pd.DataFrame, page: Page) -> list[str]:
    steps = table.groupby(["wave_before", "wave"], observed=True)
    sums = steps["n"].sum().reset_index()
    people = page.words("and").join(f"{before}–{wave} {n}" for before, wave, n in sums.itertuples(index=False))
    left = int(steps["left_out_n"].max().fillna(0).sum())
    return [
        page.words("n_steps", people),
        page.when(left, "left", left),
        page.when(not table["comparable"].all(), "break_levels"),
        page.when(hidden(table).any() or table["n"].isna().any(), "hidden"),
    ]
