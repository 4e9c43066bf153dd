"""Forms as tables: one row for whom a form names, with a column for each label, and a table of the family."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.body import table_of
from bangfu_analysis.reading.forms import LONGEST_LABEL, Cell, Form, inline, right_of, value_cell
from bangfu_analysis.reading.grid import Ledger
from bangfu_analysis.reading.headers import headings_of
from bangfu_analysis.reading.headings import REPEATABLE, columns_for, factor_of, period_of
from bangfu_analysis.reading.rows import Block
from bangfu_analysis.reading.tables import Column, Table
from bangfu_analysis.reading.vocabulary import NOT_COUNTED, Heading
from bangfu_analysis.text import squeeze


def read_forms(forms: list[Form], ledger: Ledger) -> tuple[list[Table], list[Finding]]:
    """A table of one row for each form that names somebody, and one of its family members."""
    tables: list[Table] = []
    findings: list[Finding] = []
    for form in forms:
        family = _family_table(form, ledger)
        table, found = _labelled(form, ledger)
        tables += [table, *family]
        findings += [finding for finding in found if finding not in findings]
    ledger.mark(range(forms[0].grid.height), "note")
    return tables, findings


def _labelled(form: Form, ledger: Ledger) -> tuple[Table, list[Finding]]:
    """The labelled cells of a form; no row where nobody's name or ID number is in it."""
    grid = form.grid
    columns: list[Column] = []
    values: list[object] = []
    findings: list[Finding] = []
    taken: set[str] = set()
    for (row, column), variable in {**form.labels, **_strange_labels(form)}.items():
        label = squeeze(inline(grid.values[row, column])[0]) or grid.text(row, column)
        heading = Heading(len(columns) + 1, (label,))
        cell = value_cell(form, row, column)
        kind = variable.kind if variable is not None else ""
        far = _far(form, cell) if cell is not None and kind == "id_number" else 0
        if cell is not None:
            ledger.mark([cell[0]], "body", cell[1], max(far, cell[1] + 1))
        ledger.mark([row], "header", column, column + 1)
        shown = _column(form, heading, variable, taken, cell or (row, column))
        if shown.fate == "unmatched" and cell is not None and grid.filled[cell]:
            findings.append(grid.told("heading_unmatched/form", row, column, heading=quoted(heading.shown)))
        columns.append(shown)
        value = grid.values[cell] if cell is not None else None
        digits = "".join(grid.text(cell[0], c) for c in range(cell[1], far)) if cell is not None else ""
        values.append(digits or (inline(value)[1] if cell == (row, column) else value))
    pairs = zip(columns, values, strict=True)
    named = [c.means("workers", "name", "id_number") for c, value in pairs if value is not None]
    body = pd.DataFrame([values], columns=[c.index for c in columns], dtype=object).iloc[: int(any(named))]
    rows = (grid.number(form.start), grid.number(form.end - 1))
    meta = {"title": title} if (title := _title(form)) else {}
    table = Table(grid.sheet.file, grid.name, "roster", tuple(columns), body, rows, meta=meta, is_form=True)
    return replace(table, is_text=grid.sheet.is_text), findings


def _far(form: Form, cell: Cell) -> int:
    """The end of an ID number that is written one character a cell, 0 where it is not."""
    row, far = cell
    while far < form.last and len(form.grid.text(row, far)) == 1:
        far += 1
    return far if far - cell[1] >= 15 else 0


def _column(form: Form, heading: Heading, variable: Variable | None, taken: set[str], cell: Cell) -> Column:
    row, place = form.grid.number(cell[0]), cell[1] + 1
    found = Column(heading.index, heading.shown, row=row, place=place, key=heading.key)
    if variable is None or (variable.name in taken and variable.kind not in REPEATABLE):
        return replace(found, suggestions=form.words.suggestions(heading.key, ["workers"]))
    taken.add(variable.name)
    fate = "ignored" if variable.kind in NOT_COUNTED else "matched"
    factor, period = factor_of(variable, heading), period_of(variable, heading)
    return replace(found, variable=variable, fate=fate, factor=factor, period=period)


def _strange_labels(form: Form) -> dict[Cell, None]:
    """Short texts in rows of labels that stand where a label would, with a filled cell to their right."""
    grid = form.grid
    if form.at is not None:
        left, rows = min(form.labels)[1], [row for row, _ in form.labels]
        others = [(r, left) for r in range(min(rows), max(rows)) if (r, left) not in form.labels]
        return {(r, c): None for r, c in others if grid.filled[r, c] and grid.filled[r, form.at]}
    values = {cell for row, column in form.labels if (cell := value_cell(form, row, column)) is not None}
    found: dict[Cell, None] = {}
    for row in sorted({row for row, _ in form.labels}):
        for column in grid.columns_of(row, form.first, form.last):
            value, cell = grid.values[row, column], (row, right_of(grid, row, column))
            short = isinstance(value, str) and 1 < len(squeeze(value)) <= LONGEST_LABEL
            taken = {(row, column), cell} & (values | form.labels.keys()) or cell[1] >= form.last
            starts = grid.merges.get((row, column), (row, 0))[0] == row
            if short and not taken and grid.filled[cell] and starts:
                found[row, column] = None
                values.add(cell)
    return found


def _title(form: Form) -> str:
    """What stands alone in the first row that is not blank, and is no label."""
    grid, rows = form.grid, range(form.start, form.end)
    lines = (grid.columns_of(r, form.first, form.last) for r in rows)
    cells = next(([(r, c) for c in own] for r, own in zip(rows, lines, strict=True) if own), [])
    return grid.text(*cells[0]) if len(cells) == 1 and cells[0] not in form.labels else ""


def _family_table(form: Form, ledger: Ledger) -> list[Table]:
    if form.family is None:
        return []
    grid, (top, end, first, last) = form.grid, form.family
    headings = headings_of(grid, top, top + 1, first, last)
    columns = columns_for("members", headings, form.words, [frozenset({"…"})] * len(headings))
    block = Block(grid, top, top + 1, end, first, last, columns=columns, kind="members")
    block.data = [r for r in range(top + 1, end) if grid.filled[r, first:last].any()]
    ledger.mark([top], "header", form.first, form.last)
    ledger.mark(block.data, "body", first, last)
    table, _ = table_of(block, {})
    return [replace(table, head_of=pd.Series(0, index=table.body.index, dtype="int64"))]
