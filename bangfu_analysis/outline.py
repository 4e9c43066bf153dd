"""What a report holds, in order: exhibits (a result frame, its table, figure and sentences) by section."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, tabulate
from bangfu_analysis.exhibits import sentences as narrative
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.results import records, sorted_by_size
from bangfu_analysis.exhibits.tables import DisplayTable, TableStyle
from bangfu_analysis.exhibits.wording import date_words
from bangfu_analysis.outline_data import BASIC, CAUSES, ReportData, exhibit, named, overall_rate
from bangfu_analysis.outline_mechanisms import mechanism_exhibits
from bangfu_analysis.outline_questionnaire import questionnaire_exhibits
from bangfu_analysis.outline_trends import trend_exhibits
from bangfu_analysis.pages.blocks import (
    Block,
    Exhibit,
    FigureBlock,
    Heading,
    Paragraph,
    Placeholder,
    TableBlock,
)
from bangfu_analysis.pages.sections import Outline

BY_SIZE = TableStyle(order="size")


def exhibits(data: ReportData) -> list[Exhibit]:
    """All exhibits that the wave has data for, in the order of the report."""
    survey = questionnaire_exhibits(data.frames, data.book, data.codebook, f"{data.place}{data.wave.name}年问卷")
    roster = [] if data.workers.empty else [*_basic(data), *_causes(data), *trend_exhibits(data)]
    work = mechanism_exhibits(data.frames, data.codebook, f"{data.place}{data.wave.name}年各单位报送的帮扶台账")
    return [each for each in [*roster, *survey, *work] if _says_something(each.result)]


def _says_something(result: pd.DataFrame) -> bool:
    return bool(len(result) and (result["n"].fillna(0).sum() > 0 or result["suppressed"].any()))


def _basic(data: ReportData) -> list[Exhibit]:
    workers, codebook = data.workers, data.codebook
    overall = narrative.overall(overall_rate(data), place=data.place)
    level = tabulate(workers, "hardship_level")
    pyramid = tabulate(workers, "age_five_year", within="sex")
    return [
        exhibit(data, "level", BASIC, "困难职工的困难类别", level, draw="level_split",
                 say=lambda r: overall + narrative.split(r, codebook, subject="困难职工")),
        _by_level(data, "age_by_sex", "困难职工的性别与年龄", "age_by_sex"),
        exhibit(data, "pyramid", BASIC, "困难职工的年龄构成（五岁组）", pyramid, within="sex", draw="age_pyramid"),
        _by_level(data, "education_band", "困难职工的文化程度", "ordered_bars"),
        exhibit(data, "employment_status", BASIC, "困难职工的就业状况",
                 sorted_by_size(tabulate(workers, "employment_status"), "employment_status"),
                 say=lambda r: narrative.split(r, codebook, subject="困难职工", order="size"), draw="bar_of_shares"),
        *_rates_by_unit(data),
    ]  # fmt: skip


def _by_level(data: ReportData, name: str, title: str, chart: str) -> Exhibit:
    """One variable within each level of hardship; said and drawn of the level that the reports single out."""
    worst = data.workers[data.workers["hardship_level"] == data.worst]
    if worst.empty:
        result = tabulate(data.workers, name)
        return exhibit(data, name, BASIC, title, result, draw=chart,
                        say=lambda r: narrative.split(r, data.codebook, subject="困难职工"))  # fmt: skip
    subject = f"{data.codebook.variable('workers', 'hardship_level').label_of(data.worst)}职工"
    return exhibit(
        data, name, BASIC, title, tabulate(data.workers, name, within="hardship_level"), within="hardship_level",
        about=tabulate(worst, name), about_title=title.replace("困难职工", subject), draw=chart,
        say=lambda r: narrative.split(r, data.codebook, subject=subject),
    )  # fmt: skip


def _rates_by_unit(data: ReportData) -> list[Exhibit]:
    population = data.frames["population"]
    if population.loc[population["unit"].notna(), "n"].isna().all():
        return []
    result = hardship_rate(data.workers, population, by="unit").sort_values("share", ascending=False, kind="stable")
    return [
        exhibit(data, "unit", BASIC, "各单位的困难职工与困难率", result, within="unit", draw="unit_rates",
                 say=lambda r: narrative.extremes(r, data.codebook, what="困难职工占职工总数的比重"))
    ]  # fmt: skip


def _causes(data: ReportData) -> list[Exhibit]:
    workers, causes, codebook = data.workers, data.frames["causes"], data.codebook
    if causes.empty:
        return []
    main, every = cause_table(workers, causes, mention="main"), cause_table(workers, causes)
    found = [
        exhibit(data, id, CAUSES, title, named(result), draw="cause_bars", style=BY_SIZE,
                 say=partial(narrative.leading, codebook=codebook, subject="困难职工", noun=noun))
        for id, title, noun, result in (
            ("cause_main", "困难职工的主要致困原因", "主要致困原因", main),
            ("cause_any", "困难职工提及的致困原因（可多项）", "致困原因", every),
        )
    ]  # fmt: skip
    for by, title in (("age_ten_year", "主要致困原因与年龄"), ("education_band", "主要致困原因与文化程度")):
        result = named(cause_table(workers, causes, by=by, mention="main"))
        found.append(
            exhibit(data, f"cause_by_{by}", CAUSES, title, result, within=by, draw="causes_by_group", by=by,
                     say=partial(narrative.by_group, codebook=codebook, within=by, subject="困难职工"))
        )  # fmt: skip
    return found


def blocks(data: ReportData, shown: list[Exhibit], figures: Mapping[str, Path], outline: Outline) -> list[Block]:
    """The report: introduction, then the sections of `outline` that have exhibits or are left to write."""
    found: list[Block] = [Paragraph(text) for text in (_introduction(data), data.wave.note) if text]
    for section, own in outline.filled([*shown, _quality(data)]):
        if section.write:
            found.append(Placeholder(section.write, section.title, section.prompt))
        else:
            found += [Heading(1, section.title), *(block for each in own for block in _blocks_of(each, figures))]
    return found


def _quality(data: ReportData) -> Exhibit:
    totals = data.frames["totals"]
    words = narrative.quality(data.frames["sources"], data.frames["issues"], totals)
    table = totals_table(totals)
    return Exhibit("totals", "数据质量", table.title, totals, table, words)


def _introduction(data: ReportData) -> str:
    files, day = narrative.received(data.frames["sources"]), data.wave.reference_date
    return (
        f"为掌握{data.place}困难职工的基本情况，根据收到的{files}，经逐行核对、去除重复后整理成本报告。"
        f"年龄计算到{date_words(day)}，均为周岁。现将有关情况报告如下。"
    )


def _blocks_of(shown: Exhibit, figures: Mapping[str, Path]) -> list[Block]:
    figure = figures.get(shown.id)
    where = f"（见{{表:{shown.id}}}" + (f"、{{图:{shown.id}}}）。" if figure else "）。")
    words = shown.words.removesuffix("。") if shown.words else f"{shown.title}如下"
    table: list[Block] = [Paragraph(words + where), TableBlock(shown.id, shown.table)]
    alt = f"{shown.figure_title}。{shown.words}"
    return [*table, *([FigureBlock(shown.id, figure, shown.figure_title, alt)] if figure else [])]


def totals_table(totals: pd.DataFrame) -> DisplayTable:
    """Stated totals that do not agree with what was counted, with their cells."""
    said, off = WORDS["verdicts"], totals[totals["verdict"] != "agrees"]
    rows = tuple(
        (t.source_file, t.source_sheet, t.cell, _number(t.stated), _number(t.computed), said[t.verdict])
        for t in records(off.fillna({"source_sheet": ""}))
    )
    return DisplayTable(
        title="上报合计与名册不符或无法核对的各项",
        columns=("文件", "工作表", "单元格", "上报数", "逐行合计", "核对结果"),
        kinds=("text", "text", "text", "count", "count", "text"),
        rows=rows or (("—", "—", "—", "—", "—", "全部相符"),),
    )


def _number(value: Any) -> float | str:
    return "…" if pd.isna(value) else float(value)
