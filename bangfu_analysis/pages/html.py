"""quality.html: how a wave was read, whether its accounts balance, and what was found. Sums only, on one
page; and report.html: report.docx as people left it.

The pages need no network and no other file; quality.html holds no content of any cell, so that it can be sent
on.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from markupsafe import Markup, escape

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.sentences import quality
from bangfu_analysis.exhibits.wording import chinese, percent
from bangfu_analysis.files import write
from bangfu_analysis.pages.word_template import PROMPT, Element, P, open_word, parts_of
from bangfu_analysis.wave import Wave

_HERE = Path(__file__).parent
# The 四清 of the reports: known are number (is it a person), degree, cause and address (here: the area).
_FOUR_CLEAR = {"人数清": "id_basis", "程度清": "hardship_level", "原因清": "cause_main", "住址清": "district"}
_FORMS = {1: "{}、", 2: "（{}）", 3: "{}.", 4: "（{}）"}  # the numbers of headings, as their styles have them
_KINDS = {"Title": "title", "Subtitle": "under", "Table Note": "note"}


@dataclass(frozen=True)
class _Section:
    """A table of the page, with `alarm` where a row needs attention; `empty` is said where it has no rows."""

    title: str
    table: pd.DataFrame
    alarm: pd.Series[bool] | None = None
    empty: str = "没有。"
    note: str = ""

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """The headings, and whether numbers stand under them."""
        return [(str(name), pd.api.types.is_numeric_dtype(column)) for name, column in self.table.items()]

    @property
    def rows(self) -> list[tuple[list[str], bool]]:
        """The cells of each row, and whether it is marked."""
        marks = [False] * len(self.table) if self.alarm is None else [bool(mark) for mark in self.alarm]
        headings = [heading for heading, _ in self.columns]
        cells = [list(map(_cell, row, headings)) for row in self.table.itertuples(index=False)]
        return list(zip(cells, marks, strict=True))


def write_quality(
    path: Path, frames: Mapping[str, pd.DataFrame], *, wave: Wave, codebook: Codebook,
    changes: pd.DataFrame | None = None,
) -> Path:  # fmt: skip
    """Write the quality page of a wave from `sources`, `issues`, `totals` and `workers`; returns `path`.

    Sections: what is new against the last wave (`changes`, see layout_changes); each sheet and how it was
    read; balance of rows and cells; findings by problem, and by unit; stated totals that disagree;
    completeness by unit (四清). Counts only; the raw contents of `issues` are not shown.
    """
    names = ("sources", "issues", "totals", "workers")
    sources, issues, totals, workers = (_sendable(frames[name]) for name in names)
    sections = [
        _changes(changes, codebook), _sheets(sources), _balance(sources, "rows", "行"),
        _balance(sources, "cells_filled", "非空单元格"), _problems(issues, codebook),
        _by_unit(issues, workers), _totals(totals, codebook), _four_clear(workers),
    ]
    facts = {
        "范围": wave.scope or "未写明", "批次": wave.name, "统计日": wave.reference_date.isoformat(),
        "困难类别口径": wave.scheme or "由数据推断", "困难职工": f"{len(workers)}人",
    }  # fmt: skip
    page = template("quality").render(
        title=f"{wave.scope or wave.study}{wave.name}批次数据质量", facts=list(facts.items()),
        summary=quality(sources, issues, totals), sections=sections,
    )  # fmt: skip
    return write(path, page, private=True)


def template(name: str) -> jinja2.Template:
    """The page template `name`.html.j2, which escapes all that is put in."""
    settings: dict[str, Any] = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE), lstrip_blocks=True, **settings)
    return environment.get_template(f"{name}.html.j2")


def _sendable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with numbers that may be a person's masked in the names of files and sheets; a date stays."""
    names = [name for name in ("source_file", "source_sheet", "where") if name in frame]
    return frame.assign(
        **{n: frame[n].str.replace(r"\d{10,}[Xx]?", lambda m: "*" * len(m[0]), regex=True) for n in names}
    )


def _changes(changes: pd.DataFrame | None, codebook: Codebook) -> _Section:
    """What is new against the last wave, all of one sort and one kind of table in one row."""
    title, empty, headings = "与上一批次相比", "没有变化，或没有上一批次。", ["表", "变化", "内容", "如"]
    if changes is None or changes.empty:
        return _Section(title, pd.DataFrame(columns=headings), empty=empty)
    frame = changes["variable"].str.extract(r"^(.*?)\.", expand=False).fillna("")
    sort, _, texts = changes["message"].str.partition("：").T.to_numpy()
    columns = [changes[column] for column in ("subject", "event", "variable", "item")]
    named = [
        f"{_variable_label(codebook, name)} {text}" if subject == "取值" and change == "unknown"
        else WORDS["kinds"].get(item, item) if subject == "版式" else text
        for subject, change, name, item, text in zip(*columns, texts, strict=True)
    ]  # fmt: skip
    tables = [WORDS["kinds"].get({"workers": "roster"}.get(name, name), name) for name in frame]
    rows = _sendable(changes).assign(frame=tables, sort=sort, said=named)
    one_each = rows.groupby(["frame", "sort"], sort=False).agg({"said": "；".join, "where": "first"})
    return _Section(title, one_each.reset_index().set_axis(headings, axis=1), empty=empty)


def _sheets(sources: pd.DataFrame) -> _Section:
    """One row a sheet: what it was taken for, where its header and body stand, why it was not used."""
    table = _columns(sources.assign(kind=_worded(sources["kind"], "kinds")), "sheet_columns")
    return _Section("各文件、各工作表如何读取", table, sources["kind"].eq("unreadable"), "没有读到任何文件。")


def _balance(sources: pd.DataFrame, whole: str, title: str) -> _Section:
    """`whole` (rows or cells_filled) by fate, a line a file and their sum; a line whose parts miss it is
    marked.
    """
    fates = WORDS[whole]
    require(sources, ["source_file", whole, *fates], where="write_quality 的 sources")
    by_file = sources.groupby("source_file", sort=False)[[whole, *fates]].sum()
    if len(by_file):
        by_file = pd.concat([by_file, pd.DataFrame(by_file.sum()).T.set_axis(["合计"])])
    alarm = by_file[[*fates]].sum(axis=1).ne(by_file[whole])
    table = by_file.rename(columns={whole: f"{title}总数", **fates}).rename_axis("文件").reset_index()
    note = "各项之和应等于总数；不平的行有底色。"
    return _Section(f"{title}的去向", table, alarm, "没有读到任何文件。", note)


def _problems(issues: pd.DataFrame, codebook: Codebook) -> _Section:
    """Findings by problem and variable, the most frequent first."""
    counts = _counted(issues, ["problem", "variable", "severity", "action"])
    named = counts.assign(variable=[_variable_label(codebook, name) for name in counts["variable"]])
    columns = {"problem": "问题", "variable": "项目", "severity": "程度", "action": "处理", "n": "处"}
    return _found("记录的问题", named, columns)


def _by_unit(issues: pd.DataFrame, workers: pd.DataFrame) -> _Section:
    """Findings by reporting unit and problem; where no worker says whose a sheet is, its file stands for the
    unit.
    """
    require(workers, ["source_file", "source_sheet", "reporting_unit"], where="write_quality 的 workers")
    place = ["source_file", "source_sheet"]
    texts = workers[[*place, "reporting_unit"]].astype(object).dropna()
    units = texts.groupby(place)["reporting_unit"].agg(lambda names: names.value_counts().index[0])
    units_of_sheets = pd.MultiIndex.from_frame(issues[place].astype(object)).map(units.to_dict().get)
    files = issues["source_file"].astype(object).replace("", "（整个批次）")
    named = issues.assign(unit=files.where(pd.isna(units_of_sheets), units_of_sheets))
    counts = _counted(named, ["unit", "problem", "severity", "action"])
    ordered = counts.sort_values(["unit", "n"], ascending=[True, False], kind="stable")
    columns = {"unit": "填报单位", "problem": "问题", "action": "处理", "n": "处"}
    return _found("各单位的问题数", ordered, columns, "表中没有写明单位的，以文件名代替。")


def _found(title: str, counts: pd.DataFrame, columns: Mapping[str, str], note: str = "") -> _Section:
    """Findings counted, with their codes in words; those of severity error are marked."""
    words = {"problem": "problems", "severity": "severities", "action": "actions"}
    worded = counts.assign(**{code: _worded(counts[code], named) for code, named in words.items()})
    table = worded[[*columns]].rename(columns=dict(columns))
    return _Section(title, table, counts["severity"].eq("error"), "没有发现问题。", note)


def _totals(totals: pd.DataFrame, codebook: Codebook) -> _Section:
    off = totals[totals["verdict"].isin(["differs", "cannot_tell"])]
    what = [_variable_label(codebook, name) for name in off["what"]]
    table = _columns(off.assign(what=what, verdict=_worded(off["verdict"], "verdicts")), "total_columns")
    checked = f"共核对{len(totals)}项，其中{int(totals['verdict'].eq('agrees').sum())}项相符。"
    alarm, title = off["verdict"].eq("differs"), "上报合计与逐行合计不符的"
    return _Section(title, table, alarm, "没有不符或无法核对的合计数。", checked)


def _columns(frame: pd.DataFrame, part: str) -> pd.DataFrame:
    """The columns of a frame that words.yaml lists under `part`, with their headings."""
    return frame[[*WORDS[part]]].rename(columns=WORDS[part])


def _four_clear(workers: pd.DataFrame) -> _Section:
    """Shares of the workers of each unit of whom number, degree, cause and address are known, and all four.
    """
    require(workers, ["reporting_unit", *_FOUR_CLEAR.values()], where="write_quality 的 workers")
    clear = pd.DataFrame({f"{word}（%）": workers[column].notna() for word, column in _FOUR_CLEAR.items()})
    identified = workers["id_basis"].astype(object).isin(["id_number", "id15_name", "name_birth_unit"])
    clear = clear.assign(**{"人数清（%）": identified})
    clear = clear.assign(**{"四清（%）": clear.all(axis=1)})
    unit = workers["reporting_unit"].astype(object).where(workers["reporting_unit"].notna(), "（未写明）")
    parts = [(str(name), part) for name, part in clear.groupby(unit)] + [("合计", clear)] * bool(len(clear))
    rows = [{"填报单位": name, "人数": len(p), **p.mean().map(percent).to_dict()} for name, p in parts]
    words = {"empty": "没有困难职工记录。", "note": WORDS["four_clear"]}
    return _Section("各单位档案的四清完整率", pd.DataFrame(rows), **words)


def _counted(issues: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    require(issues, by, where="write_quality 的 issues")
    text = issues[by].astype(object).where(issues[by].notna(), "").astype(str)
    counts = text.groupby(by, sort=True).size().rename("n").reset_index()
    return counts.sort_values("n", ascending=False, kind="stable")


def _worded(codes: pd.Series[Any], part: str) -> list[str]:
    return [str(WORDS[part].get(str(code), code)) for code in codes]


def _variable_label(codebook: Codebook, name: str) -> str:
    try:
        return str(WORDS["items"].get(name) or codebook.title(name.rpartition(".")[2]))
    except CodebookError:
        return name


def _cell(value: Any, heading: str) -> str:
    """Percentages with one decimal, other numbers without needless ones; nothing where a value is missing."""
    if pd.isna(value):
        return ""
    if heading.endswith("（%）"):
        return f"{value:.1f}"
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def write_report_page(report: Path, path: Path) -> Path:
    """Write the Word report as one HTML page with its pictures inside; returns `path`.

    BangfuError where the file is open elsewhere.
    """
    document = open_word(report, f"{report.name}：打不开，不能写成网页。请关闭该文件后重新运行。")
    title = document.core_properties.title
    return write(path, template("report").render(title=title, parts=_parts(document)))


def _parts(document: Document) -> Iterator[dict[str, Any]]:
    """Paragraphs, tables and pictures; a caption goes with its table or picture."""
    counts, caption, pictures = dict[int, int](), dict[str, Any](), list[dict[str, str]]()
    prompt = document.styles[PROMPT].style_id
    for element in parts_of(document.element.body):
        if element.tag != P:
            yield {"kind": "table", **caption, "rows": list(_rows(Table(element, document)))}
            caption = {}
            continue
        style = str(getattr(Paragraph(element, document).style, "name", ""))
        marks = [mark.get(qn("w:name")) for mark in element.iter(qn("w:bookmarkStart"))]
        part = {"text": _text(element), "id": "".join(marks[:1])}
        if style == "Figure Caption":
            yield {"kind": "figure", **part, "pictures": pictures}
            pictures = []
        elif drawn := list(_pictures(document, element)):
            pictures += drawn
        elif style == "Table Caption":
            caption = part
        elif style == "Table Unit":
            caption["unit"] = part["text"]
        elif style.startswith("Heading"):
            level = int(style[-1])
            yield {"kind": "heading", "level": level, "text": _number(element, level, counts) + part["text"]}
        elif part["text"]:
            prompted = any(one.get(qn("w:val")) == prompt for one in element.iter(qn("w:rStyle")))
            yield {"kind": _KINDS.get(style, "text"), **part, "look": " prompt" * prompted}


def _text(element: Element) -> Markup:
    """The text of an element, its references as links."""
    markup, target, code = Markup(""), "", ""
    for one in element.iter(qn("w:fldChar"), qn("w:instrText"), qn("w:t"), qn("w:br")):
        kind = one.get(qn("w:fldCharType"))
        if one.tag == qn("w:instrText"):
            code += one.text or ""
        elif kind:
            words = code.split() if kind == "separate" else []
            target, code = words[1] if words[:1] == ["REF"] else "", "" if kind == "begin" else code
        else:
            text = escape("\n" if one.tag == qn("w:br") else one.text or "")
            markup += Markup('<a href="#{}">{}</a>').format(target, text) if target else text
    return markup


def _number(element: Element, level: int, counts: dict[int, int]) -> str:
    """The number that the style gives a heading; none where its paragraph says so."""
    if any(one.get(qn("w:val")) == "0" for one in element.iter(qn("w:numId"))):
        return ""
    counts[level] = counts.get(level, 0) + 1
    for lower in [each for each in counts if each > level]:
        del counts[lower]
    return _FORMS[level].format(chinese(counts[level]) if level <= 2 else counts[level])


def _pictures(document: Document, element: Element) -> Iterator[dict[str, str]]:
    for blip in element.iter(qn("a:blip")):
        part = document.part.related_parts[blip.get(qn("r:embed"))]
        data = f"data:{part.content_type};base64,{base64.b64encode(part.blob).decode('ascii')}"
        yield {"data": data, "alt": next((one.get("descr", "") for one in element.iter(qn("wp:docPr"))), "")}


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    """Rows of cells (text, columns, rows, whether a number): a merged cell once, where it begins."""
    rows = [[cell._tc for cell in row.cells] for row in table.rows]
    heads = [any(True for _ in row._tr.iter(qn("w:tblHeader"))) for row in table.rows]
    for n, row in enumerate(rows):
        new = [cell for cell in dict.fromkeys(row) if not n or cell not in rows[n - 1]]
        names = [str(getattr(Paragraph(next(cell.iter(P)), table).style, "name", "")) for cell in new]
        spans = [(row.count(cell), sum(cell in other for other in rows[n:])) for cell in new]
        numbers = [name.startswith("Table Number") for name in names]
        texts = zip(map(_text, new), spans, numbers, strict=True)
        yield {"head": heads[n], "cells": [(text, *span, number) for text, span, number in texts]}
