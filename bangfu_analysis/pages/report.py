"""Exhibits and outline -> the blocks of the report, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bangfu_analysis.exhibits import sentences
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.findings import Finding
from bangfu_analysis.exhibits.ledger import survey_words
from bangfu_analysis.exhibits.mechanisms import MechanismExhibit
from bangfu_analysis.exhibits.questionnaires import title_of_export
from bangfu_analysis.exhibits.sections import QUALITY, Outline, Section
from bangfu_analysis.exhibits.wording import chinese, date_words
from bangfu_analysis.pages.blocks import Block, FigureBlock, Heading, Paragraph, Placeholder, TableBlock

POINTS = "要点"
Figures = Mapping[str, Path]  # by the id of their exhibit
METHODS = "methods"  # of the inquiry: told in the introduction


def report_blocks(
    data: WaveData, shown: Sequence[Exhibit], points: Sequence[Finding], figures: Figures,
    outline: Outline, notes: Sequence[str],
) -> list[Block]:
    """What was found (`points`), the introduction, the sections of `outline` that have something, `notes` at
    their end.
    """
    sections, alone = [*outline.filled(shown)], bool(_survey_alone(data))
    blocks = _points(points, sections, figures)
    blocks += [Paragraph(text) for text in (_introduction(data, outline.union), data.wave.note) if text]
    for section, exhibits in sections:
        if section.write:
            blocks += _drafted(section, exhibits)
            continue
        blocks.append(Heading(1, section.title))
        if section.id == QUALITY:
            read = sentences.quality(*(data.frames[name] for name in ("sources", "issues", "totals")))
            blocks += [Paragraph(text) for text in (read, *notes)]
        for each in exhibits:
            blocks += [Heading(2, each.title)] if alone and each.recipe.make == "questionnaire" else []
            blocks += exhibit_blocks(each, figures)
    return blocks


def _points(
    findings: Sequence[Finding], sections: Sequence[tuple[Section, list[Exhibit]]], figures: Figures
) -> list[Block]:
    """The findings, a paragraph each, with the section, table or figure that shows them."""
    paragraphs = list[Block]()
    places = {each.id: (number, each) for number, (_, shown) in enumerate(sections, 1) for each in shown}
    for finding in (one for one in findings if one.exhibit in places):
        number, each = places[finding.exhibit]
        where = f"（见第{chinese(number)}节{''.join(marks(each, figures)[:1])}）。"
        sentence = finding.sentence.removesuffix("。").replace("{", "｛")
        paragraphs.append(Paragraph(f"{len(paragraphs) + 1}. {sentence}{where}"))
    return [Heading(1, POINTS, numbered=False), *paragraphs] if paragraphs else []


def report_title(data: WaveData, outline: Outline) -> str:
    """The title of the report; of a wave that is a survey alone, the survey's own."""
    survey = _survey_alone(data)
    title = outline.survey if survey else outline.title
    return title.replace("{place}", data.place).replace("{survey}", survey)


def _survey_alone(data: WaveData) -> str:
    """The titles of the questionnaires of a wave without a roster; "" of any other."""
    rows = data.frames.get("questions")
    files: list[str] = [] if rows is None or len(data.workers) else rows["source_file"].unique().tolist()
    return "”“".join(dict.fromkeys(map(title_of_export, files)))


def _drafted(section: Section, exhibits: Sequence[Exhibit]) -> list[Block]:
    """What the ledgers say of a section that is the researcher's, 一是…, and the place for their own words.
    """
    works = [each for each in exhibits if isinstance(each, MechanismExhibit) and each.plan.name != METHODS]
    given_first = sorted(works, key=lambda each: each.plan.frame == "units")
    deeds = [each.deed for each in given_first]
    if not deeds:
        return [Placeholder(section.id, section.title, section.prompt)]
    paragraphs = [Paragraph(f"{chinese(i)}是{deed}") for i, deed in enumerate(deeds, start=1)]
    lead = Paragraph("据各单位报送的帮扶台账，主要做法如下。")
    return [Heading(1, section.title), lead, *paragraphs, Placeholder(section.id, "", section.prompt)]


def _introduction(data: WaveData, union: str) -> str:
    files = sentences.received(data.frames["sources"])
    if survey := _survey_alone(data):
        return f"根据“{survey}”收到的{files}，经逐份核对，按题整理成本报告。现将结果报告如下。"
    inquiry = survey_words(data, union)
    made = f"{inquiry}。本报告根据收到的{files}" if inquiry else f"根据收到的{files}"
    return (
        f"为掌握{data.place}困难职工的基本情况，{made}，经逐行核对、去除重复后整理成文。"
        f"年龄计算到{date_words(data.wave.reference_date)}，均为周岁。现将有关情况报告如下。"
    )


def marks(exhibit: Exhibit, figures: Figures) -> list[str]:
    """The references to the table and the figure of an exhibit, as far as the report has them."""
    table = [f"{{表:{exhibit.id}}}"] if "table" in exhibit.recipe.show else []
    return table + ([f"{{图:{exhibit.id}}}"] if exhibit.id in figures else [])


def exhibit_blocks(exhibit: Exhibit, figures: Figures) -> list[Block]:
    """The sentences of an exhibit with references to its table and figure, then these; of a table of one row
    that nobody asked for, a sentence.
    """
    show, figure, places = exhibit.recipe.show, figures.get(exhibit.id), marks(exhibit, figures)
    if show == ("table",) and not exhibit.recipe.added and len(rows := exhibit.table.texts()) == 1:
        cells = zip(exhibit.table.columns, rows[0], strict=True)
        row = "，".join(cell if cell.startswith(head) else head + cell for head, cell in cells)
        return [Paragraph(f"{exhibit.title}：{row}。", exhibit.id)]
    where = f"（见{'、'.join(places)}）。" if places else "。"
    words = exhibit.text.replace("{", "｛") if "text" in show else ""  # a label in it is no reference
    sentence = words.removesuffix("。") or (f"{exhibit.title}如下" if places else "")
    blocks: list[Block] = [Paragraph(sentence + where, exhibit.id)] if sentence else []
    if "table" in show:
        blocks.append(TableBlock(exhibit.id, exhibit.table))
    if figure:
        alt = f"{exhibit.figure_title}。{words}"
        blocks.append(FigureBlock(exhibit.id, figure, exhibit.figure_title, alt))
    return blocks
