"""The questions of a questionnaire as exhibits: one each, scales and funnels of its codebook as one together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from bangfu_analysis.analysis.questionnaires import (
    GRADES_WITH_TOP_TWO,
    funnel,
    likert,
    likert_summary,
    multiple_response,
    ranking,
    single_choice,
)
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook, Scale, Step, draft_book

Part = tuple[str, Cut, Layout, str]  # title, cut, layout; the name of chart and sentence


def questionnaire_exhibits(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Scales, choices, rankings and funnels of each questionnaire of the wave, of raw frames.

    The first begins with how many replies came in and how many count. Frames without a questionnaire give none.
    """
    if "questions" not in data.frames or data.frames["questions"].empty:
        return []
    found = []
    source, told = data.source("问卷"), replies(data.frames["sources"])
    for i, (title, cut, layout, name) in enumerate(_parts(data), start=1):
        own = replace(recipe, id=f"{recipe.id}_{i}", title=title, draw=name, text=(name,), subject="答卷人")
        named = replace(cut, id=own.id, title=title)
        facts = {"replies": told if i == 1 else ""}
        found.append(Exhibit(named, own, layout, data.codebook, source, facts=facts))
    return found


def _parts(data: WaveData) -> Iterator[Part]:
    """What is shown of each questionnaire, by its codebook: the researcher's, or what the export itself says."""
    place, frames = ["source_file", "source_sheet"], data.frames
    for sheet, questions in frames["questions"].groupby(place, sort=False, dropna=False):
        responses = frames["responses"][frames["responses"][place].astype("str").eq(list(sheet)).all(axis=1)]
        is_its = {*data.book.items} <= {*questions["question_id"]}
        book = data.book if data.book.items and is_its else draft_book(questions, responses)
        yield from _of_one(questions, responses, book, data.wave.name)


def _of_one(questions: pd.DataFrame, responses: pd.DataFrame, book: QuestionnaireBook, wave: str) -> Iterator[Part]:
    asked = [(str(row["question_id"]), _text(row), row["kind"]) for _, row in questions.iterrows()]
    in_scales = {item for scale in book.scales.values() for item in scale.items}
    people = f"responses/{wave}"
    for name, scale in book.scales.items():
        yield _scale(questions, responses, name, scale, people)
    for id, text, kind in asked:
        if kind == "single" and id not in in_scales:
            yield _single(questions, responses, id, text, people)
        elif kind == "multiple":
            yield _multiple(questions, responses, id, text, people)
        elif kind == "ranking":
            yield _ranking(questions, responses, id, text, people)
    for name, steps in book.funnels.items():
        yield _funnel(questions, responses, name, steps, people)


def _text(row: pd.Series) -> str:
    return "—".join(str(words) for words in (row["text"], row["item"]) if pd.notna(words))


def replies(sources: pd.DataFrame) -> str:
    """`问卷共收回412份，剔除7份，有效405份。`"""
    own = sources[sources["kind"] == "questionnaire"]
    kept, aside = int(own["rows_kept"].sum()), int(own["rows_set_aside"].sum())
    return f"问卷共收回{kept + aside}份，" + (f"剔除{aside}份，有效{kept}份。" if aside else "全部有效。")


def _cut(frame: pd.DataFrame, id: str, people: str, *, dimensions: Sequence[str] = ("option",), **more: object) -> Cut:
    """A cut of one question: its options are a variable of its own."""
    named: dict[str, object] = {"population": f"{people}/{id}", **more}
    return Cut(id, "", frame, tuple(dimensions), **named)  # type: ignore[arg-type]


def _scale(questions: pd.DataFrame, responses: pd.DataFrame, name: str, scale: Scale, people: str) -> Part:
    """A row an item: the share of each grade, the top grades together, the mean, n."""
    frame = likert(questions, responses, scale.items)
    grades = [str(grade) for grade in frame["option"].cat.categories]
    tail, headings, notes = ["base_n"], {"base_n": "作答人数"}, "各项占比的基数为该项作答人数。"
    if (scale.top and scale.bottom) or len(grades) == GRADES_WITH_TOP_TWO:
        summary = likert_summary(frame, top=scale.top or None, bottom=scale.bottom or None)
        top = str(summary["definition"].iloc[0])
        means = summary[["item", "share", "mean"]].rename(columns={"share": "top_share"})
        frame = frame.merge(means, on="item", how="left").assign(definition=top)
        tail = [*(["top_share"] if "+" in top else []), "mean", "base_n"]  # of one grade alone the table has the column
        headings["top_share"] = f"{top}（%）"
        notes += f"均值按{grades[0]}=1至{grades[-1]}={len(grades)}计分。"
    layout = Layout(
        within=("item", "option"), across="option", measures=("share",), tail=tuple(tail), headings=headings,
        notes=(notes,), unit="单位：%",
    )
    more: dict[str, object] = {"dimensions": ("item", "option"), "within": ("item",), "apart": ("item",)}
    return name, _cut(frame, name, people, **more), layout, "scale"  # type: ignore[arg-type]


def _single(questions: pd.DataFrame, responses: pd.DataFrame, id: str, text: str, people: str) -> Part:
    return text, _cut(single_choice(questions, responses, id), id, people), Layout(), "single"


def _multiple(questions: pd.DataFrame, responses: pd.DataFrame, id: str, text: str, people: str) -> Part:
    """A row an option, percent of respondents and of answers, both with their bases."""
    frame = multiple_response(questions, responses, id).sort_values("n", ascending=False, kind="stable")
    headings = {"share": "占作答人数（%）"}
    layout = Layout(measures=("n", "share", "share_of_answers"), headings=headings)
    cut = _cut(frame.reset_index(drop=True), id, people, multiple=frozenset(["option"]))
    return text, cut, layout, "multiple"


def _ranking(questions: pd.DataFrame, responses: pd.DataFrame, id: str, text: str, people: str) -> Part:
    """A row an option: first places, put at any place, mean rank."""
    whole = ranking(questions, responses, id).drop(columns="ranking_score")  # not yet known to the gate
    frame = whole.sort_values("mean_rank", kind="stable").reset_index(drop=True)
    headings = {"n": "排第一（人）", "share": "排第一（%）"}
    measures = ("n", "share", "ranked_n", "share_ranked", "mean_rank")
    notes = ("平均名次只计列入该项的人，数值越小越靠前。",)
    layout = Layout(measures=measures, headings=headings, notes=notes)
    return text, _cut(frame, id, people), layout, "ranking"


def _funnel(
    questions: pd.DataFrame, responses: pd.DataFrame, name: str, steps: Sequence[Step], people: str
) -> Part:
    frame = funnel(questions, responses, steps)
    headings = {"n": "通过人数", "base_n": "基数", "share": "占基数（%）"}
    notes = ("每一步的基数为通过上一步并作答的人。",)
    layout = Layout(within=("step",), headings=headings, notes=notes)
    more: dict[str, object] = {"dimensions": ("step",), "apart": ("step",)}
    return name, _cut(frame, name, people, **more), layout, "funnel"  # type: ignore[arg-type]
