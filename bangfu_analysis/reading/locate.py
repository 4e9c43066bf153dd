"""Finds the tables of a sheet and says what became of every row and cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.body import findings_of, households, table_of
from bangfu_analysis.reading.context import factor_below, factor_in, meta_of, with_context
from bangfu_analysis.reading.form_tables import read_forms
from bangfu_analysis.reading.forms import forms_of
from bangfu_analysis.reading.grid import Grid, Ledger
from bangfu_analysis.reading.headers import bands, header_blocks, headings_of, repeats_of
from bangfu_analysis.reading.headings import read_headings
from bangfu_analysis.reading.legends import with_legends
from bangfu_analysis.reading.questionnaire_layout import LIKELY, Layout, is_questionnaire, layout_of
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.rows import LIKE, Block, labelled_totals, sort_rows
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, Column, Sheet, SheetReading, Table
from bangfu_analysis.reading.vocabulary import Vocabulary, vocabulary
from bangfu_analysis.reading.workbook import read_sheets
from bangfu_analysis.text import heading_key, source_label, squeeze

MANY = 200
HIDDEN_SHEET = "隐藏的工作表，另列，不计入（wave.toml 中 include_hidden = true 可计入）"
_LABEL = re.compile(r"([^\s:：，。；、]{2,8})[:：]\s*\S")


def read_file(
    path: Path, file: str, codebook: Codebook, *, include_hidden: bool = False
) -> list[SheetReading]:
    """Every sheet of the file at `path` as a SheetReading; a refused file is one of kind `unreadable` with
    one finding.

    A 汇总 sheet is set aside where other sheets hold rows of its kind or a roster. `include_hidden` takes
    hidden sheets and struck-through people for data.
    """
    try:
        sheets = [replace(sheet, name=source_label(sheet.name)) for sheet in read_sheets(path, file)]
    except FileRefused as refusal:
        return [unreadable(file, str(refusal))]
    words = vocabulary(codebook)
    readings = [_read(sheet, words, n, include_hidden) for n, sheet in enumerate(sheets, start=1)]
    return [_without_summary(reading, readings) for reading in readings]


def unreadable(file: str, why: str, sheet: str = "", *, kind: str = "unreadable") -> SheetReading:
    """What stands for a file or sheet that is not read: a reading without rows, and the finding that says
    why.
    """
    place = f"{file} [{sheet}]" if sheet else file
    message = why if file in why else f"{place}：{why}。"
    found = Finding(f"file_{kind}", message, source_file=file, source_sheet=sheet)
    if kind == "unreadable":
        found = replace(found, severity="error", action="missing")
    return SheetReading(file, sheet, kind, reason=message, confidence=0.0, findings=(found,))


def read_sheet(sheet: Sheet, codebook: Codebook, *, include_hidden: bool = False) -> SheetReading:
    """The tables of one sheet, and the fate of its rows and cells. Raises BalanceBroken where one would be
    lost.
    """
    return _read(sheet, vocabulary(codebook), 1, include_hidden)


def _read(sheet: Sheet, words: Vocabulary, position: int, include_hidden: bool) -> SheetReading:
    if sheet.lost:
        return unreadable(sheet.file, sheet.lost, sheet.name, kind=sheet.lost_kind)
    grid = Grid(sheet)
    read = _of_grid(grid, words, position, include_hidden)
    told = [grid.told(key, row - 1, column - 1, **words) for row, column, key, words in sheet.told]
    return replace(read, findings=(*read.findings, *told)) if told else read


def _of_grid(grid: Grid, words: Vocabulary, position: int, include_hidden: bool) -> SheetReading:
    if not grid.height:
        rows, cells = dict.fromkeys(ROW_FATES, 0), dict.fromkeys(CELL_FATES, 0)
        return SheetReading(grid.sheet.file, grid.name, "empty", rows=rows, cells=cells, reason="空表")
    ledger, layout = Ledger(grid), layout_of(grid)
    read_as = words.codebook.read_as  # what mapping.yaml says that the file is
    said = read_as.get(grid.sheet.file) or read_as.get(Path(grid.sheet.file).name, "")
    likely = layout is not None and said in ("", "questionnaire") and is_questionnaire(layout, grid, words)
    if layout is not None and (likely or said == "questionnaire"):
        return _questionnaire(grid, words.codebook, include_hidden, layout)
    if found := forms_of(grid, words, position):
        tables, findings = read_forms(found, ledger)
        return _reading(found[0].grid, ledger, "form", tables, [], findings, include_hidden)
    read = _read_tables(grid, ledger, words, include_hidden)
    return replace(read, reason=LIKELY) if likely is None and read.kind == "other" else read


def _questionnaire(grid: Grid, codebook: Codebook, include_hidden: bool, layout: Layout) -> SheetReading:
    """A questionnaire export: its replies are frames of their own; those of a hidden sheet enter none."""
    read = read_questionnaire(grid, codebook, include_hidden=include_hidden, layout=layout)
    if grid.sheet.visible or include_hidden:
        return read
    return read.told(
        "sheet_set_aside", f"{read.place}：整张表另列：{HIDDEN_SHEET}。", aside=HIDDEN_SHEET, severity="info"
    )


def _read_tables(grid: Grid, ledger: Ledger, words: Vocabulary, include_hidden: bool) -> SheetReading:
    tables: list[Table] = []
    headers: list[tuple[int, int]] = []
    findings: list[Finding] = []
    above: Mapping[str, object] = factor_in(grid.sheet.name, Path(grid.sheet.file).stem)
    for first, last in bands(grid, words):
        blocks = header_blocks(grid, first, last, words)
        start = 0
        for n, (top, body) in enumerate(blocks):
            end = _end(grid, body, blocks[n + 1][0], first, last) if n + 1 < len(blocks) else grid.height
            meta = {**above, **factor_below(grid, body, end), **meta_of(grid, start, top, first, last)}
            ledger.mark(range(start, top), "note", first, last)
            ledger.mark(range(top, body), "header", first, last)
            halves = repeats_of(headings_of(grid, top, body, first, last), words)
            for left, right in halves:
                half = len(halves) > 1
                block = Block(grid, top, body, end, first + left, first + right, half=half, above=start)
                some, found = _table(block, ledger, words, meta, include_hidden, tables)
                tables += some
                findings += found
            headers.append((top, body))
            start, above = end, meta if n == 0 and first == 0 else above
    kind, reason = _kind(grid, tables, words)
    if kind in ("other", "notes"):  # all of it is told of as a sheet
        findings = [finding for finding in findings if finding.problem != "table_set_aside"]
    ledger.mark(range(grid.height), "set_aside" if kind == "other" and not tables else "note")
    aside = reason if kind == "other" or (kind == "notes" and tables) else ""
    return _reading(
        grid, ledger, kind, tables, headers, findings, include_hidden, reason=reason, set_aside=aside
    )


def _end(grid: Grid, body: int, next_top: int, first: int, last: int) -> int:
    """Where a table ends before the next: the title lines above the next header belong to the next."""
    end = next_top
    while end > body and next_top - end < 3:
        columns = grid.columns_of(end - 1, first, last)
        if not 0 < len(columns) <= 2 or not isinstance(grid.values[end - 1, columns[0]], str):
            break
        if len(columns) > 1 and not {*meta_of(grid, end - 1, end, first, last)} - {"title"}:
            break
        end -= 1
    return end


def _table(
    block: Block, ledger: Ledger, words: Vocabulary, meta: Mapping[str, object], include_hidden: bool,
    before: Sequence[Table],
) -> tuple[list[Table], list[Finding]]:
    grid = block.grid
    headings = headings_of(grid, block.top, block.body, block.first, block.last)
    under = np.flatnonzero(~labelled_totals(block)) + block.body
    values = [_distinct(grid, under, h.index - 1) for h in headings]
    stated = meta.get("money_factor", 1.0)
    factor = stated if isinstance(stated, float) else 1.0
    called = f"{grid.sheet.file} {grid.name} {meta.get('title', '')}"
    block.kind, block.columns, acts = read_headings(headings, words, values, factor, called)
    sort_rows(block, include_hidden=include_hidden)
    nobodys = _acts_of_nobody(block, acts)
    block.totals = [row for row in block.totals if row not in nobodys]
    block.aside |= dict.fromkeys(nobodys, "act_of_nobody")
    name = block.place_of("name") if block.place_of("id_number") is None and len(block.data) > 1 else None
    lists = [] if name is None else [[*t.body.get(name + 1, ())] for t in before]
    if name is not None and grid.values[block.data, name].tolist() in lists:
        block.aside |= dict.fromkeys(block.data, "row_again")
        block.data = []
    span = (block.first, block.last)
    ledger.mark(block.repeated, "repeated_header", *span)
    ledger.mark(block.totals, "total", *span)
    ledger.mark(block.notes, "note", *span)
    ledger.mark(list(block.aside), "set_aside", *span)
    ledger.mark(block.data, "set_aside" if block.kind == "other" else "body", *span)
    table, findings = table_of(block, meta)
    table, explained = with_legends(table, block, words.codebook)
    table, told = with_context(table, block, words.codebook)
    told += explained
    tables = households(table, block, headings, words, values)
    given = [_given(table, columns) for columns in acts]
    if block.kind == "aid" and given:  # a row without this sum but with another is that act alone
        others = {row for act in given for row in act.body.index} - {*_given(table, table.columns).body.index}
        tables[0] = replace(tables[0], body=tables[0].body.drop(index=[*others]))
    for act in given:
        act, said = with_context(act, block, words.codebook)
        tables, told = [*tables, act], [*told, *said]
    findings += [*told, *findings_of(block, headings)]
    return tables, findings


def _acts_of_nobody(block: Block, acts: Iterable[Sequence[Column]]) -> list[int]:
    """Rows without a person, taken for totals though none is called so, that say a kind of help."""
    kinds = [(c.index - 1, c.variable) for act in acts for c in act if c.means("aid", "kind")]
    labelled = labelled_totals(block)
    rows = (row for row in block.totals if not labelled[row - block.body])
    return [row for row in rows if any(v and v.find(block.grid.text(row, c)) for c, v in kinds)]


def _given(table: Table, columns: tuple[Column, ...]) -> Table:
    """The acts of help that stand in the rows of a table of people: those with a sum or with goods."""
    sums = [c.index for c in columns if c.variable is not None and c.variable.kind == "money"]
    rows = table.body[table.body[sums].notna().any(axis=1)]
    totals = (replace(t, values={i: v for i, v in t.values.items() if i in sums}) for t in table.totals)
    return replace(table, kind="aid", columns=columns, body=rows, totals=tuple(totals))


def _distinct(grid: Grid, rows: npt.NDArray[np.intp], column: int) -> frozenset[str]:
    """The distinct squeezed cells of `rows` under a heading; of a column of very many things, only that it
    has them.
    """
    if len(grid.distinct[column]) > MANY:
        return frozenset({"…"})
    seen = set(grid.values[rows, column].tolist()) - {None}
    return frozenset(squeeze(str(value)) for value in seen)


def _kind(grid: Grid, tables: Sequence[Table], words: Vocabulary) -> tuple[str, str]:
    """The kind of a sheet by its tables, and why it is none of the frames'."""
    known = [table for table in tables if table.kind != "other"]
    if known:
        return max(known, key=lambda table: len(table.body)).kind, ""
    if not tables and int((grid.counts >= 3).sum()) >= 2:
        return "other", "像表格，但找不到表头，全部另列，不进入任何数据框。请在首行补上列名"
    texts = {text for texts in grid.texts for text in texts} if not tables else set()
    said = [
        [v.name for k in _LABEL.findall(t) if (v := words.find("workers", heading_key(k)))] for t in texts
    ]
    if any(len(names) > 1 and {"name", "id_number"} & {*names} for names in said):
        return "other", "姓名等栏目与内容写在同一格，无法分开，全部另列，不进入任何数据框。请改为一格一项"
    if not tables or not any(len(table.body) for table in tables):
        return "notes", "没有找到表格，按说明文字处理"
    if all(_is_list(table, words) for table in tables):
        return "notes", "下拉选项的来源表，按说明处理"
    return "other", "表头与码本的任何一类表都不相符，全部另列，不进入任何数据框。可在 mapping.yaml 中说明表头"


def _is_list(table: Table, words: Vocabulary) -> bool:
    """Drop-down lists: under each heading different values once each, no row together; not of people."""
    known = (words.find("workers", c.key) for c in table.columns)
    if any(v.kind in ("name", "id_number") for v in known if v is not None):
        return False
    said = [table.body[c.index].dropna().tolist() for c in table.columns]
    lists = [values for values in said if values]
    once = all(len(v) == len({str(x) for x in v}) for v in lists) and len({len(v) for v in lists}) > 1
    short = all(isinstance(x, str) and len(x) <= 12 for v in lists for x in v)
    return once and len(table.body) <= 60 and short


def _reading(
    grid: Grid, ledger: Ledger, kind: str, tables: Sequence[Table], headers: Sequence[tuple[int, int]],
    findings: Sequence[Finding], include_hidden: bool, *, reason: str = "", set_aside: str = "",
) -> SheetReading:
    """The reading of a sheet; raises BalanceBroken where its ledger does not balance."""
    sheet = grid.sheet
    if not sheet.visible and not include_hidden and kind not in ("notes", "empty"):
        set_aside = set_aside or HIDDEN_SHEET
    if sheet.epoch1904:
        tables = [replace(table, meta={**table.meta, "epoch1904": True}) for table in tables]
    rows, cells = ledger.accounts(set_aside=bool(set_aside))
    kept = [int(row) for table in tables for row in table.body.index if not table.is_form]
    more = list(findings)
    if set_aside:
        more.append(grid.told("sheet_set_aside", 0, 0, why=set_aside))
    if sheet.structure:
        more.append(grid.told("structure_unknown", 0, 0, why=sheet.structure))
    ends = [dict.fromkeys((grid.number(top), grid.number(body - 1))) for top, body in headers]
    header_rows = "、".join(dict.fromkeys("-".join(map(str, end)) for end in ends))
    return SheetReading(
        sheet.file, grid.name, kind, tuple(tables), rows, cells, grid.height, int(grid.filled.sum()),
        header_rows,
        min(kept, default=None), max(kept, default=None), reason or set_aside, set_aside,
        _confidence(kind, tables), tuple(more),
    )


def _confidence(kind: str, tables: Sequence[Table]) -> float:
    """The share of columns with data that were understood; 0.5 for a sheet that is no table."""
    if kind in ("empty", "questionnaire"):
        return 1.0
    columns: list[Column] = [c for t in tables if t.kind != "other" for c in t.columns if c.fate != "empty"]
    if not columns:
        return 0.5 if kind == "other" else 0.8
    return round(sum(c.fate != "unmatched" for c in columns) / len(columns), 2)


def _without_summary(reading: SheetReading, readings: Sequence[SheetReading]) -> SheetReading:
    """A 汇总 sheet is never stacked with its parts."""
    others = [r for r in readings if r is not reading and not r.set_aside]
    others = [r for r in others if not LIKE["summary"].search(r.sheet)]
    parts = [r for r in others if r.kind in (reading.kind, "roster", "form") and r.rows.get("kept")]
    if not LIKE["summary"].search(reading.sheet) or not parts:
        return reading
    reason = f"汇总表，其明细在另外 {len(parts)} 张表中，不重复计入"
    message = f"{reading.place}：整张表另列：{reason}。"
    heads = "、".join(c.heading for table in reading.tables for c in table.columns)
    if reading.kind == "other" and LIKE["of_hardship"].search(heads):  # counts of those whom the parts list
        reading = replace(reading, kind="notes", set_aside="", findings=())
    if reading.set_aside or not reading.tables:
        return reading
    return reading.told("sheet_set_aside", message, aside=reason, severity="info")
