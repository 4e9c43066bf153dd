"""What the report says of a questionnaire: exhibits by the kinds of its questions and the scales and funnels of its codebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.disclosure import THRESHOLD, suppress
from bangfu_analysis.analysis.questionnaires import (
    GRADES_WITH_TOP_TWO,
    funnel,
    likert,
    likert_summary,
    multiple_response,
    ranking,
)  # fmt: skip
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.results import printed_percents
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.tables import DECIMALS, HIDDEN, Cell, DisplayTable, mark_notes
from bangfu_analysis.exhibits.wording import counted, in_percent
from bangfu_analysis.pages.blocks import Exhibit, drawing
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook, Scale, Step, draft_book

SECTION = "问卷结果"
Part = tuple[pd.DataFrame, DisplayTable, str, str]  # result, its table, words, name of the chart


def questionnaire_exhibits(frames: Frames, book: QuestionnaireBook, codebook: Codebook, source: str) -> list[Exhibit]:
    """A table, a figure and sentences for each scale, multiple choice, ranking and funnel; small counts are hidden.

    The first begins with how many replies came in and how many count. Frames without a questionnaire give none.
    """
    if "questions" not in frames:
        return []
    found = []
    for i, (result, table, words, chart) in enumerate(_parts(frames, book), start=1):
        told = replies(frames["sources"]) + words if i == 1 else words
        figure_title = f"{table.title}：排在第一位的占比" if "mean_rank" in result else table.title
        draw = drawing(chart, result, codebook, title=figure_title, source=source)
        printed = replace(table, source=f"数据来源：{source}")
        found.append(Exhibit(f"survey_{i}", SECTION, table.title, result, printed, told, figure_title, draw))
    return found


def _parts(frames: Frames, every: QuestionnaireBook) -> Iterator[Part]:
    """What is shown of each questionnaire of the wave, by its codebook: the researcher's, or what the export itself says."""
    place = ["source_file", "source_sheet"]
    for sheet, questions in frames["questions"].groupby(place, sort=False, dropna=False):
        responses = frames["responses"][frames["responses"][place].astype("str").eq(list(sheet)).all(axis=1)]
        is_its = {*every.items} <= {*questions["question_id"]}
        book = every if every.items and is_its else draft_book(questions, responses)
        yield from (_scale(questions, responses, name, scale) for name, scale in book.scales.items())
        for kind, part in (("multiple", _multiple), ("ranking", _ranking)):
            for _, row in questions[questions["kind"] == kind].iterrows():
                text = "—".join(str(words) for words in (row["text"], row["item"]) if pd.notna(words))
                yield part(questions, responses, str(row["question_id"]), text)
        yield from (_funnel(questions, responses, name, steps) for name, steps in book.funnels.items())


def replies(sources: pd.DataFrame) -> str:
    """`问卷共收回412份，剔除7份，有效405份。`"""
    own = sources[sources["kind"] == "questionnaire"]
    kept, aside = int(own["rows_kept"].sum()), int(own["rows_set_aside"].sum())
    return f"问卷共收回{kept + aside}份，" + (f"剔除{aside}份，有效{kept}份。" if aside else "全部有效。")


def _scale(questions: pd.DataFrame, responses: pd.DataFrame, name: str, scale: Scale) -> Part:
    """A row an item: the share of each grade, the top grades together, the mean, n."""
    raw = likert(questions, responses, scale.items)
    grades = [str(grade) for grade in raw["option"].cat.categories]
    safe = suppress(raw, group="item")
    parts = [(item, part.set_index("option")) for item, part in safe.groupby("item", observed=True, sort=False)]
    shares = {grade: [_share(printed_percents(part)[i]) for _, part in parts] for i, grade in enumerate(grades)}
    rows = pd.DataFrame({"item": [item for item, _ in parts], **shares})
    columns = {"item": ("项目", "text"), **{grade: (f"{grade}（%）", "percent") for grade in grades}}
    words = notes = ""
    if (scale.top and scale.bottom) or len(grades) == GRADES_WITH_TOP_TWO:
        summary = suppress(likert_summary(raw, top=scale.top or None, bottom=scale.bottom or None), group="item")
        words, notes = _scale_words(name, summary), f"均值按{grades[0]}=1至{grades[-1]}={len(grades)}计分。"
        # A mean beside shares of which some are hidden would give them away.
        unsafe = [part["suppressed"].any() for _, part in parts]
        means = [HIDDEN if some else mean for some, mean in zip(unsafe, summary["mean"], strict=True)]
        rows = rows.assign(top=[_share(s if pd.isna(s) else percent(s)) for s in summary["share"]], mean=means)
        if "+" in (top := str(summary["definition"].iloc[0])):  # of one grade alone the table has the column
            columns["top"] = (f"{top}（%）", "percent")
        columns["mean"] = ("均值", "number")
    rows = rows.assign(base_n=[part["base_n"].iloc[0] for _, part in parts])
    columns["base_n"] = ("作答人数", "count")
    return safe, _table(name, rows, columns, f"各项占比的基数为该项作答人数。{notes}"), words, "diverging_bars"


def _scale_words(name: str, summary: pd.DataFrame) -> str:
    shown = summary[summary["share"].notna()].sort_values("share", ascending=False, kind="stable")
    if len(shown) < 2:
        return ""
    said = [f"{degree}的是{_told(shown.iloc[i], 'item')}" for degree, i in (("最高", 0), ("最低", -1))]
    grades = "”或“".join(str(summary["definition"].iloc[0]).split("+"))
    return f"{name}的{len(summary)}个项目中，回答“{grades}”的占比{'，'.join(said)}。"


def _multiple(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str, text: str) -> Part:
    """A row an option, percent of respondents and of answers, both with their bases."""
    safe = suppress(multiple_response(questions, responses, question_id), group=[])
    safe = safe.assign(of=safe["share_of_answers"].mask(safe["suppressed"]))
    safe = safe.sort_values("n", ascending=False, kind="stable")
    base, left, ticks = (_cell(safe[c].iloc[0], "count") for c in ("base_n", "left_out_n", "answers_n"))
    notes = f"可多选。占作答人数之比的基数为{base}人（另有{left}人未答），各项之和大于100%；占选择项次之比的基数为{ticks}项次。"
    columns = {
        "option": ("选项", "text"), "n": ("人数", "count"), "share": ("占作答人数（%）", "share"), "of": ("占选择项次（%）", "share"),
    }  # fmt: skip
    lead = f"“{text}”一题（可多选）有{base}人作答，选择最多的依次是"
    return safe, _table(text, safe, columns, notes), _leading(safe, lead), "multiple_bars"


def _ranking(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str, text: str) -> Part:
    """A row an option: first places, put at any place, mean rank."""
    safe = suppress(ranking(questions, responses, question_id), group=[]).sort_values("mean_rank", kind="stable")
    few = safe["ranked_n"].between(1, THRESHOLD - 1)
    safe = safe.assign(**{c: safe[c].astype("Float64").mask(few) for c in ("ranked_n", "share_ranked", "mean_rank")})
    base = _cell(safe["base_n"].iloc[0], "count")
    columns = {
        "option": ("选项", "text"), "n": ("排第一（人）", "count"), "share": ("排第一（%）", "share"),
        "ranked_n": ("列入排序（人）", "count"), "share_ranked": ("列入排序（%）", "share"), "mean_rank": ("平均名次", "number"),
    }  # fmt: skip
    notes = f"占比的基数为作答的{base}人；平均名次只计列入该项的人，数值越小越靠前。"
    lead = f"“{text}”一题有{base}人作答，排在第一位最多的依次是"
    words = _leading(safe.sort_values("n", ascending=False, kind="stable"), lead)
    return safe, _table(text, safe, columns, notes), words, "multiple_bars"


def _funnel(questions: pd.DataFrame, responses: pd.DataFrame, name: str, steps: Sequence[Step]) -> Part:
    safe = suppress(funnel(questions, responses, steps), group="step")
    safe = safe.assign(share_of_first=safe["share_of_first"].mask(safe["suppressed"]))
    columns = {
        "step": ("步骤", "text"), "n": ("通过人数", "count"), "base_n": ("基数", "count"), "share": ("占基数（%）", "share"),
        "share_of_first": ("占首步基数（%）", "share"),
    }  # fmt: skip
    shown = safe[safe["share"].notna()]
    words = f"{name}逐步看，{'、'.join(_told(row, 'step') for _, row in shown.iterrows())}。" if len(shown) else ""
    return safe, _table(name, safe, columns, "每一步的基数为通过上一步并作答的人。"), words, "funnel_bars"


def _leading(table: pd.DataFrame, lead: str) -> str:
    shown = table[table["n"].fillna(0).gt(0)].head(3)
    told = [f"{r['option']}（{counted(r['n'])}，占{in_percent(percent(r['share']))}）" for _, r in shown.iterrows()]
    return f"{lead}{'、'.join(told)}。" if told else ""


def _told(row: Any, name: str) -> str:
    return f"{row[name]}{counted(row['n'])}（占{counted(row['base_n'])}的{in_percent(percent(row['share']))}）"


def _table(title: str, frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]], notes: str) -> DisplayTable:
    """The columns name -> (heading, kind) of a frame as a table; `share` is the kind of what is yet to be put in percent."""
    cells = [[_cell(value, kind) for value in frame[name].astype(object)] for name, (_, kind) in columns.items()]
    rows, stars = tuple(zip(*cells, strict=True)), any(HIDDEN in column for column in cells)
    heads, kinds = zip(*columns.values(), strict=True)
    kinds = tuple("percent" if kind == "share" else kind for kind in kinds)
    return DisplayTable(title, heads, kinds, rows, (notes, *(mark_notes([(HIDDEN,)]) if stars else [])), "单位：人、%")


def _cell(value: Any, kind: str) -> Cell:
    if pd.isna(value):
        return HIDDEN
    if isinstance(value, str) or kind == "text":
        return str(value)
    return int(value) if kind == "count" else percent(value) if kind == "share" else half_up(value, DECIMALS[kind])


def _share(printed: float) -> Cell:
    return HIDDEN if pd.isna(printed) else printed
