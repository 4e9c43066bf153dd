"""Rosters as units send them in: titles, merged headers, blocks of units, family rows, ticks, totals, notes.

A file of the plan and its rows -> pages of cells, and where every row stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tools.sample.dirt import Entry, Hand, cell_of, member_cell

Blocks = Mapping[str, list[Entry]]
INSTRUCTIONS = (
    "填表说明", "1. 本表由基层工会填写，逐级汇总。", "2. 文化程度按最高学历填写。", "3. 主要原因在前。"
)
KIN_PARTS = ("name", "m:relation", "sex", "birth_date")


@dataclass
class Page:
    """A sheet being filled in; rows and columns count from 0."""

    name: str
    cells: dict[tuple[int, int], object] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    struck: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    visible: bool = True

    def put(self, row: int, values: list[object]) -> int:
        """Write a row; the next row is returned."""
        self.cells |= {(row, column): value for column, value in enumerate(values) if value not in (None, "")}
        return row + 1

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Merge a block of more than one cell."""
        if (top, left) != (bottom, right):
            self.merged.append((top, left, bottom, right))


@dataclass(frozen=True)
class Place:
    """Where a row stands: `row` as a person counts it, 0 for a form that is the whole sheet."""

    entry: Entry
    file: str
    sheet: str
    row: int


def roster_pages(hand: Hand, blocks: Blocks, old: list[Entry]) -> tuple[list[Page], list[Place]]:
    """The pages of a roster file and the places of its rows; `old` goes to the hidden sheet, where the plan
    has one.
    """
    hand, plan = replace(hand, plan=_with_slots(hand.plan)), hand.plan
    if plan.get("forms"):
        return _forms(hand, blocks)
    if not plan.get("sheets"):
        page = Page(plan.get("sheet", ""))
        return [page], list(_fill(page, hand, blocks))
    pages, places = [_summary(blocks), Page("填表说明")], list[Place]()
    for row, line in enumerate(INSTRUCTIONS):
        pages[1].put(row, [line])
    for unit, entries in blocks.items():
        pages.append(Page(unit))
        places += _fill(pages[-1], hand, {unit: entries})
    if "old_sheet" in plan:
        pages.append(Page(plan["old_sheet"], visible=False))
        plain = replace(hand, plan={**hand.plan, "title": [], "notes": [], "totals": False})
        places += _fill(pages[-1], plain, {"": old})
    return pages, places


def _forms(hand: Hand, blocks: Blocks) -> tuple[list[Page], list[Place]]:
    """One form a sheet, three labels a row with their values beside them, the family below; a form has no row
    of its own.
    """
    pages, places = list[Page](), list[Place]()
    labels = [c for c in hand.columns if not c.startswith("m:")]
    kin = [c for c in hand.columns if c.startswith("m:")]
    for unit, entry in ((unit, entry) for unit, entries in blocks.items() for entry in entries):
        page = Page(str(len(pages) + 1))
        row = _title(page, hand, unit, 6)
        for i in range(0, len(labels), 3):
            pairs = [(hand.columns[c], cell_of(entry, c, hand)) for c in labels[i : i + 3]]
            row = page.put(row, [cell for pair in pairs for cell in pair])
        first, row = row, page.put(row, ["家庭成员", *(hand.columns[c] for c in kin)])
        for slot in range(len(entry.person.members)):
            row = page.put(row, [None, *(member_cell(entry.person, slot, c[2:], hand) for c in kin)])
        page.merge(first, 0, row - 1, 0)
        pages.append(page)
        places.append(Place(entry, hand.plan["file"], page.name, 0))
    return pages, places


def _with_slots(plan: Mapping[str, Any]) -> dict[str, Any]:
    parts = {"name": "姓名", "relation": "关系", "sex": "性别", "birth_date": "出生日期"}
    slots = {
        f"m{i}:{p}": f"家庭成员{i + 1}{label}" for i in range(plan.get("slots", 0))
        for p, label in parts.items()
    }
    return {**plan, "columns": {**plan["columns"], **slots}}


def _summary(blocks: Blocks) -> Page:
    page = Page("汇总")
    page.put(0, ["困难职工情况汇总表"])
    page.put(1, ["单位名称", "困难职工人数", "其中：特困"])
    counts = [(u, len(rows), sum(e.person.level == "extreme" for e in rows)) for u, rows in blocks.items()]
    counts.append(("合计", sum(n for _, n, _ in counts), sum(n for *_, n in counts)))
    for row, line in enumerate(counts, 2):
        page.put(row, list(line))
    return page


def _fill(page: Page, hand: Hand, blocks: Blocks) -> Iterator[Place]:
    columns = _columns(hand)
    row = _title(page, hand, next(iter(blocks)), len(columns))
    row = _header(page, hand, columns, row)
    number = 0
    for unit, entries in blocks.items():
        if hand.plan.get("unit") == "section":
            row = page.put(row, [unit])
        first = row
        for entry in entries:
            number += 1
            if number > 1 and "page" in hand.plan and number % hand.plan["page"] == 1:
                row = _header(page, hand, columns, row)
            yield Place(entry, hand.plan["file"], page.name, row + 1)
            row = _row(page, hand, columns, entry, row, number)
        _unit_column(page, hand, columns, first, row)
        row = _total(page, hand, columns, unit, entries, row, "合计" if hand.plan.get("sheets") else "小计")
    _ending(page, hand, columns, blocks, row)


def _columns(hand: Hand) -> list[str]:
    """The columns in order; every unit that fills in a sheet of its own has its own order."""
    columns = list(hand.plan["columns"])
    if not hand.plan.get("sheets") or _grouped(hand):
        return columns
    return columns[:2] + hand.rng.sample(columns[2:], len(columns) - 2)


def _grouped(hand: Hand) -> bool:
    return any("/" in heading for heading in hand.plan["columns"].values())


def _title(page: Page, hand: Hand, unit: str, width: int) -> int:
    for row, line in enumerate(hand.plan.get("title", [])):
        page.put(row, [line.format(unit=unit)])
        page.merge(row, 0, row, width - 1)
    return len(hand.plan.get("title", []))


def _header(page: Page, hand: Hand, columns: list[str], row: int) -> int:
    """One row, or two where headings have parents: parents span their columns, the others both rows."""
    headings = [hand.plan["columns"][c] for c in columns]
    if not _grouped(hand):
        return page.put(row, list(headings))
    parents = [h.split("/")[0] for h in headings]
    page.put(row, [p if i == 0 or parents[i - 1] != p else None for i, p in enumerate(parents)])
    page.put(row + 1, [h.split("/")[1] if "/" in h else None for h in headings])
    for i, (parent, heading) in enumerate(zip(parents, headings, strict=True)):
        if "/" not in heading:
            page.merge(row, i, row + 1, i)
        elif i == 0 or parents[i - 1] != parent:
            page.merge(row, i, row, i + parents.count(parent) - 1)
    return row + 2


def _row(page: Page, hand: Hand, columns: list[str], entry: Entry, row: int, number: int) -> int:
    """The row of `entry`, with those of its members where the file has them; the next row is returned."""
    own = [
        number if c == "row_number" else None if c.startswith("m:") else cell_of(entry, c, hand)
        for c in columns
    ]
    page.put(row, own)
    if entry.fate == "struck":
        page.struck.add(row)
    style = hand.plan.get("members")
    if not style:
        return row + 1
    fill = _kin_below if style == "below" else _kin_beside
    return fill(page, hand, columns, entry, row)


def _kin_beside(page: Page, hand: Hand, columns: list[str], entry: Entry, row: int) -> int:
    """Members in columns of their own, the first on the head's row; the head's cells are merged or left
    blank.
    """
    n = len(entry.person.members)
    for i in range(n):
        page.put(row + i, [
            member_cell(entry.person, i, c[2:], hand) if c.startswith("m:") else None for c in columns
        ])
    last = row + max(n, 1) - 1
    for i, column in enumerate(columns):
        if hand.plan["members"] == "merged" and not column.startswith("m:"):
            page.merge(row, i, last, i)
    return last + 1


def _kin_below(page: Page, hand: Hand, columns: list[str], entry: Entry, row: int) -> int:
    """Members on rows of their own under the head, in the head's columns and without a number."""
    page.cells[row, columns.index("m:relation")] = hand.one("本人", "户主")
    for i in range(len(entry.person.members)):
        said = {c: member_cell(entry.person, i, c.removeprefix("m:"), hand) for c in KIN_PARTS}
        page.put(row + i + 1, [said.get(c) for c in columns])
    return row + len(entry.person.members) + 1


def _unit_column(page: Page, hand: Hand, columns: list[str], first: int, end: int) -> None:
    """The unit once and merged, once and blanks, or ditto marks; a break in the block (a repeated header)
    begins anew.
    """
    style = hand.plan.get("unit", "each")
    if style == "each" or "reporting_unit" not in columns:
        return
    at = columns.index("reporting_unit")
    if style == "merged":
        page.merge(first, at, end - 1, at)
    above = None
    for row in range(first, end):
        unit = page.cells.get((row, at))
        if unit is not None and unit == above:
            page.cells[row, at] = hand.one("〃", "〃", "同上") if style == "ditto" else None
        above = unit


def _total(
    page: Page, hand: Hand, columns: list[str], unit: str, entries: list[Entry], row: int, label: str
) -> int:
    if not hand.plan.get("totals"):
        return row
    stated = len(entries) + (2 if unit == hand.plan.get("wrong_total") else 0)
    return page.put(
        row, [f"{stated}人" if c == "name" else label if i == 0 else None for i, c in enumerate(columns)]
    )


def _ending(page: Page, hand: Hand, columns: list[str], blocks: Blocks, row: int) -> None:
    if len(blocks) > 1:
        everybody = [e for entries in blocks.values() for e in entries]
        row = _total(page, hand, columns, "", everybody, row, "合计")
    for line in hand.plan.get("notes", []):
        page.put(row, [line])
        page.merge(row, 0, row, len(columns) - 1)
        row += 1


def physical_lines(page: Page, places: list[Place]) -> list[Place]:
    """The places by the line of a text file on which their records start."""
    breaks = Counter[int]()
    for (row, _), value in page.cells.items():
        breaks[row] += str(value).count("\n")
    return [
        replace(p, sheet="", row=p.row + sum(n for r, n in breaks.items() if r < p.row - 1)) for p in places
    ]
