"""Result frame -> a table as it is printed: labels, order, rounding, marks, notes.

Word, Excel, slides and HTML all take the `DisplayTable`; none of them rounds or words anything itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.exhibits.labels import LANGS, MISSING, labels_in, labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import (
    DECIMALS,
    Measure,
    dimensions,
    hidden,
    measure,
    over_full,
    printable,
    sorted_by_size,
)
from bangfu_analysis.exhibits.wording import half_up, percent, year

NOT_APPLICABLE, HIDDEN = "—", "*"
Cell = str | int | float
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Layout:
    """How a result frame stands on paper.

    `within`: the columns that make the base of a share (as given to `tabulate`); a table of rates, where each
    row has a base of its own, has all its dimensions there and prints its bases; `rate` says that its base is
    all workers. `across` puts one of `within` into the columns. `order`: codebook or size (其他 last).
    `measures`: the ones to print, all where empty;
    those in `tail` once a row, behind the columns of `across` (as of its last level). `headings`, `notes` and
    `unit` overrule what the register of measures and the table itself would say.
    """

    within: tuple[str, ...] = ()
    across: str = ""
    order: str = "codebook"
    measures: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unit: str | None = None
    rate: bool = False


@dataclass(frozen=True)
class DisplayTable:
    """A table as printed. `rows` hold words and numbers already rounded; a mark (— * …) stands where there
    is no number.

    `kinds` says per column what a number is: text, or the kind of its measure.
    """

    title: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    unit: str = ""
    source: str = ""

    def texts(self) -> list[list[str]]:
        """The rows as text, with the decimals of each column."""
        return [[*map(as_text, row, self.kinds)] for row in self.rows]


def display_table(
    result: pd.DataFrame, codebook: Codebook, layout: Layout | None = None, *, lang: str = "zh",
    title: str = "", source: str = "",
) -> DisplayTable:
    """A result frame as a printed table: dimension columns labelled, then its measures, as `layout` says.

    Where the counts of a base add up to it, a total is printed; `left_out_n` becomes a row 未详 outside the
    base. Missing numbers become marks, explained in the notes: — not applicable (a share of nobody), *
    suppressed, … missing.

    ArgumentError where `base_n` varies inside a base, or an option is unknown; ColumnMissing where a column
    is absent.
    """
    layout = layout or Layout()
    one_of("lang", lang, LANGS)
    groups, names = list(layout.within), dimensions(result)
    _check(result, names, groups, layout.across)
    table = sorted_by_size(result, names[-1]) if layout.order == "size" and names else result
    rates = bool(names) and set(names) == set(groups)
    adds_up, left_out = not rates and _adds_up(table, groups), _left_out(table, groups, rates)
    kinds = {name: measure(name, result) for name in printable(result)}
    plan = _Plan(codebook, lang, layout, rates, adds_up, left_out, kinds)
    parts = _parts(table, plan)
    titles = [title_of(codebook, c, lang) for c in names if c != layout.across]
    columns = (*titles, *(head for part in parts for head in part.heads))
    printed = ("text",) * len(titles) + tuple(kinds[m].kind for part in parts for m in part.measures)
    rows = _side_by_side(parts, plan) if layout.across else [stub + cells for stub, cells in parts[0].lines]
    named = title or plan.words("by", plan.words("and").join(title_of(codebook, c, lang) for c in names))
    unit = layout.unit if layout.unit is not None else plan.words("unit") if "n" in result else ""
    notes = (*_notes(table, plan), *layout.notes, *mark_notes(rows, lang))
    origin = plan.words("source") + source if source else ""
    return DisplayTable(named, columns, printed, tuple(rows), notes, unit, origin)


def opened(
    table: DisplayTable, parts: Mapping[str, pd.DataFrame], codebook: Codebook, lang: str
) -> DisplayTable:
    """The table with the rows of what a group is made of under it, as 其中; `parts`: by its label."""
    rows = list[tuple[Cell, ...]]()
    for row in table.rows:
        rows.append(row)
        if (part := parts.get(str(row[0]))) is not None:
            cells = (printed_cells(part, measure(name, part)) for name in ("n", "share"))
            named = labels_in(codebook, part, "cause", lang)
            rows += zip((phrase("tables", "of_it", lang, label) for label in named), *cells, strict=True)
    return replace(table, rows=tuple(rows))


def as_text(cell: Cell, kind: str) -> str:
    """One cell as printed."""
    if isinstance(cell, str):
        return cell
    if kind == "amount" and float(cell).is_integer():
        kind = "count"
    sign = "+" if kind == "points" and cell > 0 else ""
    return f"{sign}{cell:.{DECIMALS[kind]}f}".replace("-", "−")


@dataclass(frozen=True)
class _Part:
    """Measures that stand side by side, their headings, and the lines: labels and cells."""

    heads: list[str]
    measures: list[str]
    lines: list[tuple[Row, Row]]


@dataclass(frozen=True)
class _Plan:
    """What is decided once for a table: its words, its bases (`rates`: one a row), whether its counts add up
    to them.
    """

    codebook: Codebook
    lang: str
    layout: Layout
    rates: bool
    adds_up: bool
    left_out: int
    measures: Mapping[str, Measure]

    def words(self, key: str, *values: object) -> str:
        """A phrase in the language of the table."""
        return phrase("tables", key, self.lang, *values)

    def heading(self, name: str) -> str:
        """The heading of a measure: of hardship rates the base is all workers, and the share their rate."""
        rate_headings = {"base_n": self.words("all"), "share": self.words("rate")} if self.layout.rate else {}
        return {**rate_headings, **self.layout.headings}.get(name) or self.measures[name].heading(self.lang)

    def shown(self, table: pd.DataFrame) -> list[str]:
        """The measures that are printed beside the dimensions, without those of the tail."""
        aside = {"left_out_n", *self.layout.tail}
        aside |= set() if self.rates or "base_n" in self.layout.measures else {"base_n"}
        return [m for m in self.layout.measures or printable(table) if m in table and m not in aside]


def _check(result: pd.DataFrame, names: list[str], groups: list[str], across: str) -> None:
    require(result, [*groups, *([across] if across else [])], where="display_table")
    if across and (across not in groups or len(names) < 2):
        message = f"across={across!r} 应是 within 中的一列，且另有一列作行。within 现为 {groups}。"
        raise ArgumentError(f"display_table：{message}")
    if "base_n" in result and _bases(result, groups)["base_n"].nunique().gt(1).any():
        raise ArgumentError(
            f"display_table：within={groups} 内的基数 base_n 不一致。请把 tabulate 的 within 同样传入；"
            f"困难率等每行各有基数的表，请写 within={names}。"
        )


def _bases(table: pd.DataFrame, groups: Sequence[str]) -> Any:
    return table.groupby(list(groups) or (lambda _: 0), observed=True, sort=False, dropna=False)


def _adds_up(table: pd.DataFrame, groups: list[str]) -> bool:
    """Whether the counts of every base add up to it; hidden counts are taken to."""
    if not {"n", "base_n"} <= set(table.columns) or ("estimate" in table and "share" not in table):
        return False
    counted, base_n = _bases(table, groups)["n"].sum(), _bases(table, groups)["base_n"].first()
    return bool((counted <= base_n if hidden(table).any() else counted == base_n).all())


def _left_out(table: pd.DataFrame, groups: list[str], rates: bool) -> int:
    if "left_out_n" not in table or table["left_out_n"].isna().all():
        return 0
    if rates:  # the groups of a wave have bases of their own, and leave out the same people
        return int(_bases(table, [*{"wave"} & {*table}])["left_out_n"].max().sum())
    return int(_bases(table, groups)["left_out_n"].first().sum())


def _parts(table: pd.DataFrame, plan: _Plan) -> list[_Part]:
    """The whole table, every dimension a label; or each level of `across`, and behind them the tail, once."""
    across, shown, tail = plan.layout.across, plan.shown(table), [m for m in plan.layout.tail if m in table]
    groups = [c for c in plan.layout.within if c != across]
    if not across:
        return [_Part([*map(plan.heading, shown)], shown, _lines(table, groups, shown, plan))]
    parts = []
    for _, part in table.groupby(across, observed=True, sort=True):
        head = labels_of(plan.codebook, part[across].iloc[:1], plan.lang)[0]
        head = year(head) if across == "wave" and plan.lang == "zh" else head
        heads = [head] if len(shown) == 1 else [f"{head} {plan.heading(m)}" for m in shown]
        parts.append(_Part(heads, shown, _lines(part.drop(columns=across), groups, shown, plan)))
    if tail and parts:
        rest = [c for c in dimensions(table) if c != across]
        latest = table.groupby(rest, observed=True, sort=False)[tail].last().reset_index()  # that is shown
        alone = replace(plan, adds_up=False, left_out=0)
        parts.append(_Part([*map(plan.heading, tail)], tail, _lines(latest, groups, tail, alone)))
    return parts


def _side_by_side(parts: list[_Part], plan: _Plan) -> list[Row]:
    """The rows of all parts joined by their labels; a row that a part lacks (a level of another scheme) is —
    there.
    """
    cells = [dict(part.lines) for part in parts]
    labels = list(dict.fromkeys(label for part in cells for label in part))
    if any(list(part) != labels for part in cells):
        place = {plan.words("total"): 1, plan.words("unknown"): 2}
        labels.sort(key=lambda label: place.get(str(label[0]), 0))
    absent = [(NOT_APPLICABLE,) * len(part.measures) for part in parts]
    sides = list(zip(cells, absent, strict=True))
    return [sum((part.get(label, none) for part, none in sides), label) for label in labels]


def _lines(table: pd.DataFrame, groups: list[str], shown: list[str], plan: _Plan) -> list[tuple[Row, Row]]:
    """The lines of every base, one behind the other."""
    blocks = [table] if plan.rates or not len(table) else [block for _, block in _bases(table, groups)]
    return [line for block in blocks for line in _block(block, len(groups), shown, plan)]


def _block(block: pd.DataFrame, groups: int, shown: list[str], plan: _Plan) -> list[tuple[Row, Row]]:
    """The lines of one base, with its total and its 未详."""
    names, none = dimensions(block), [()] * len(block)
    stubs = list(zip(*(labels_in(plan.codebook, block, c, plan.lang) for c in names), strict=True)) or none
    cells = list(zip(*(printed_cells(block, plan.measures[m]) for m in shown), strict=True)) or none
    rows: list[tuple[Row, Row]] = list(zip(stubs, cells, strict=True))
    if not names or not len(block) or "base_n" not in block:
        return rows
    kept = min(groups, len(names) - 1)  # a total bears the labels of its group before its own

    def extra(word: str, **numbers: Cell) -> tuple[Row, Row]:
        stub = (*stubs[0][:kept], plan.words(word), *("" for _ in names[kept + 1 :]))
        return stub, tuple(numbers.get(m, NOT_APPLICABLE) for m in shown)

    undefined = "break_note" in block and block["break_note"].ne("").all() and block["base_n"].eq(0).all()
    base = NOT_APPLICABLE if undefined else shared(block["base_n"])
    share: Cell = NOT_APPLICABLE if base in (0, NOT_APPLICABLE) else 100.0
    total = [extra("total", n=base, share=share)] if plan.adds_up else []
    if not plan.left_out:
        return [*rows, *total]
    return [*rows, *total, extra("unknown", n=NOT_APPLICABLE if undefined else shared(block["left_out_n"]))]


def shared(values: pd.Series[Any]) -> Cell:
    """The number that all rows of a base share; hidden where none of them shows it."""
    values_shown = values.dropna()
    return HIDDEN if values_shown.empty else int(values_shown.iloc[0])


def printed_cells(block: pd.DataFrame, measure: Measure) -> list[Cell]:
    """One measure of some rows as printed: rounded, or the mark that says why there is no number."""
    values = [measure.rounded(value) for value in block[measure.name]]
    # A share of nobody, and a change where there is nothing comparable before, are no missing data.
    nobody = block["base_n"].eq(0).fillna(False) if "base_n" in block else pd.Series(False, index=block.index)
    none = NOT_APPLICABLE if measure.name in ("change", "growth") else MISSING
    if none == MISSING and "base_n" in block and block["base_n"].isna().all() and hidden(block).any():
        none = HIDDEN  # the share of a base that is hidden with some of its parts
    unseen = hidden(block)
    if measure.name == "median" and "estimate" in block:  # too few for a median have a mean
        unseen = unseen | block["estimate"].notna()
    seen = zip(unseen, nobody, strict=True)
    marks = [HIDDEN if unseen else NOT_APPLICABLE if empty else none for unseen, empty in seen]
    # Nobody could fall under a definition that the wave does not have: no count of 0.
    undefined = nobody & block["break_note"].ne("") if "break_note" in block else nobody & False
    return [m if pd.isna(v) or u else v for v, m, u in zip(values, marks, undefined, strict=True)]


def _notes(table: pd.DataFrame, plan: _Plan) -> list[str]:
    left = plan.words("left", plan.left_out) if plan.left_out else ""
    one_base = not plan.layout.within and not plan.rates and len(table)
    one_base = one_base and {"base_n", "share"} <= set(table.columns)
    notes = [plan.words("base", shared(table["base_n"])) + left + plan.words("stop")] if one_base else []
    blocks = [] if plan.rates else [block for _, block in _bases(table, plan.layout.within)]
    if plan.adds_up and "share" in plan.shown(table) and any(_not_whole(block) for block in blocks):
        notes.append(plan.words("rounded"))
    elif not plan.adds_up and any(over_full(block) for block in blocks):
        notes.append(plan.words("many"))
    if "change" in table and table["change"].notna().any():
        notes.append(plan.words("unrounded"))
    return notes


def _not_whole(block: pd.DataFrame) -> bool:
    """Whether its printed shares do not add up to 100.0."""
    all_shown = "share" in block and len(block) and block["share"].notna().all() and not hidden(block).any()
    return bool(all_shown) and half_up(sum(percent(share) for share in block["share"])) != 100.0


def mark_notes(rows: Iterable[Sequence[Cell]], lang: str = "zh") -> list[str]:
    """What the marks in the cells of `rows` mean."""
    cells = {cell for row in rows for cell in row if isinstance(cell, str)}
    return [phrase("tables", mark, lang) for mark in (NOT_APPLICABLE, HIDDEN, MISSING) if mark in cells]
