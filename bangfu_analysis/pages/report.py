"""Exhibits and outline -> the blocks of the report, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bangfu_analysis.exhibits import sentences
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.sections import QUALITY, Outline
from bangfu_analysis.exhibits.wording import date_words
from bangfu_analysis.pages.blocks import Block, FigureBlock, Heading, Paragraph, Placeholder, TableBlock


def report_blocks(
    data: WaveData, shown: Sequence[Exhibit], figures: Mapping[str, Path], outline: Outline, notes: Sequence[str]
) -> list[Block]:
    """Introduction, then the sections of `outline` that have exhibits or are left to write; `notes` close the last."""
    found: list[Block] = [Paragraph(text) for text in (_introduction(data), data.wave.note) if text]
    for section, own in outline.filled(shown):
        if section.write:
            found.append(Placeholder(section.id, section.title, section.prompt))
            continue
        found.append(Heading(1, section.title))
        if section.id == QUALITY:
            found += [Paragraph(text) for text in (_quality(data.frames), *notes)]
        found += [block for each in own for block in exhibit_blocks(each, figures)]
    return found


def _quality(frames: Mapping[str, pd.DataFrame]) -> str:
    return sentences.quality(frames["sources"], frames["issues"], frames["totals"])


def _introduction(data: WaveData) -> str:
    files, day = sentences.received(data.frames["sources"]), data.wave.reference_date
    return (
        f"为掌握{data.place}困难职工的基本情况，根据收到的{files}，经逐行核对、去除重复后整理成本报告。"
        f"年龄计算到{date_words(day)}，均为周岁。现将有关情况报告如下。"
    )


def exhibit_blocks(exhibit: Exhibit, figures: Mapping[str, Path]) -> list[Block]:
    """The sentences of an exhibit with references to its table and figure, then these."""
    show, figure = exhibit.recipe.show, figures.get(exhibit.id)
    marks = [f"{{表:{exhibit.id}}}"] if "table" in show else []
    marks += [f"{{图:{exhibit.id}}}"] if figure else []
    where = f"（见{'、'.join(marks)}）。" if marks else "。"
    words = exhibit.text if "text" in show else ""
    found: list[Block] = [Paragraph((words.removesuffix("。") or f"{exhibit.title}如下") + where)]
    if "table" in show:
        found.append(TableBlock(exhibit.id, exhibit.table))
    if figure:
        alt = f"{exhibit.figure_title}。{words}"
        found.append(FigureBlock(exhibit.id, figure, exhibit.figure_title, alt))
    return found
