"""The questionnaires of a wave as exhibits: every question in its place, scales and funnels of its codebook
together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Unpack

import pandas as pd

from bangfu_analysis.analysis import questionnaires as tables
from bangfu_analysis.analysis.tallies import Groups
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.sentences import LEAST_BASE
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook, Scale, Step, draft_book

Part = tuple[Cut, Layout, str]  # cut, layout; the name of chart and sentence
MOST_GRADES = 11  # a matrix of more different numbers is told by its means
LOOKS = {
    "multiple": Layout(measures=("n", "share", "share_of_answers"), headings={"share": "占作答人数（%）"}),
    "ranking": Layout(
        measures=("n", "share", "mean_rank", "ranking_score"),
        headings={"n": "排第一（人）", "share": "排第一（%）"},
        notes=(
            f"平均名次只计列入该项的人，不足{LEAST_BASE}人的不列；"
            "综合得分＝各名次的权数之和÷作答人数，k项中第一位的权数为k，依次减一。",
        ),
    ),
}
DRAWN = {"number": "single", "promoters": "single", "answered": "", "numbers": "means"}
_EXPORTED = re.compile(
    r"\d+_按(?:文本|序号|分数)_(.+?)(?:_\d+)*|(.+?)(?:[(（](?:回复|responses|\d+-\d+|\d+)[)）]|_\d+)*"
)


@dataclass(frozen=True)
class Survey:
    """One questionnaire of a wave, its codebook (the researcher's, or what the export itself says), and what
    its counts are of.
    """

    title: str
    questions: pd.DataFrame
    responses: pd.DataFrame
    book: QuestionnaireBook
    population: str

    def counts_of(self, row: Any) -> str:
        """What the counts of a question are of; the items of a scale are told apart by their words."""
        scales = {item: name for name, scale in self.book.scales.items() for item in scale.items}
        id = str(row["question_id"])
        within = scales.get(id) or (str(row["block"]) if row["kind"] == "matrix" else "")
        return "/".join([self.population, *([within, str(row["item"])] if within else [id])])


def surveys_of(data: WaveData) -> list[Survey]:
    """The questionnaires of a wave, one a sheet."""
    frames, place, surveys = data.frames, ["source_file", "source_sheet"], list[Survey]()
    if "questions" not in frames or frames["questions"].empty:
        return []
    sheets = list(frames["questions"].groupby(place, sort=False, dropna=False))
    for i, (sheet, questions) in enumerate(sheets, start=1):
        its = frames["responses"][place].astype("str").eq(list(sheet)).all(axis=1)
        responses = frames["responses"][its] if len(sheets) > 1 else frames["responses"]
        has_book = data.book.items and {*data.book.items} <= {*questions["question_id"]}
        book = data.book if has_book else draft_book(questions, responses, data.codebook)
        population = "/".join(["responses", data.wave.name, *([str(i)] if len(sheets) > 1 else [])])
        surveys.append(Survey(title_of_export(str(sheet[0])), questions, responses, book, population))
    return surveys


def title_of_export(file: str) -> str:
    """`287651_按文本_会员问卷_420_412.xlsx` -> 会员问卷."""
    stem = PurePosixPath(file).stem
    match = _EXPORTED.fullmatch(stem)
    return next((words for words in match.groups() if words), stem) if match else stem


def questionnaire_exhibits(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """Every question of each questionnaire of the wave, of raw frames, in the order in which they were asked.

    The first begins with how many replies came in and how many count. Frames without a questionnaire give
    none.
    """
    source, exhibits = data.source("问卷"), list[Exhibit]()
    for cut, layout, name in (part for survey in surveys_of(data) for part in _parts(survey)):
        id, replied = f"{recipe.id}_{len(exhibits) + 1}", "" if exhibits else replies(data.frames["sources"])
        drawn = replace(recipe, id=id, title=cut.title, draw=DRAWN.get(name, name), text=(name,))
        drawn, facts = replace(drawn, subject="答卷人"), {"replies": replied}
        exhibits.append(Exhibit(replace(cut, id=id), drawn, layout, data.codebook, source, facts=facts))
    return exhibits


def _parts(survey: Survey) -> Iterator[Part]:
    in_scales = {scale.items[0]: name for name, scale in survey.book.scales.items()}
    scaled = {item for scale in survey.book.scales.values() for item in scale.items}
    blocks = survey.questions.groupby("block", sort=False)["question_id"].agg(tuple)
    for _, row in survey.questions[survey.questions["kind"] != "meta"].iterrows():
        id, block = str(row["question_id"]), tuple(map(str, blocks[row["block"]]))
        if id in in_scales:
            yield _scale(survey, in_scales[id], survey.book.scales[in_scales[id]])
        elif row["kind"] == "matrix" and id not in scaled and id == block[0]:
            yield _scale(survey, str(row["block"]), Scale(block))
        elif row["kind"] != "matrix" and id not in scaled:
            yield _question(survey, row)
    numbers = survey.questions[survey.questions["kind"] == "number"]
    if len(numbers):
        yield _numbers(survey, "数字题的均值与中位数", numbers)
    for name, steps in survey.book.funnels.items():
        yield _funnel(survey, name, steps)


def title_of(row: Any) -> str:
    """The words of a question, with those of the item of a matrix."""
    return "—".join(str(words) for words in (row["text"], row["item"]) if pd.notna(words))


def replies(sources: pd.DataFrame) -> str:
    """`问卷共收回412份，剔除7份，有效405份。`"""
    sheets = sources[sources["kind"] == "questionnaire"]
    kept, aside = int(sheets["rows_kept"].sum()), int(sheets["rows_set_aside"].sum())
    return f"问卷共收回{kept + aside}份，" + (f"剔除{aside}份，有效{kept}份。" if aside else "全部有效。")


def cut_of(survey: Survey, row: Any, where: Mapping[str, Any], **groups: Unpack[Groups]) -> Cut:
    """The counts of one question, as its kind wants them, of those whom `where` names."""
    id, by = str(row["question_id"]), groups.get("by")
    name = [] if by is None else [str(by.name)]
    frame = tables.question_table(survey.questions, survey.responses, id, **groups)
    frame = _without_ranks(frame) if row["kind"] == "ranking" else frame
    return Cut(
        "|".join([id, *name]), title_of(row), frame, (*name, "option"),
        within=tuple(name), population=survey.counts_of(row), where=where,
        multiple=frozenset(["option"] if row["kind"] == "multiple" else []),
    )


def means_of(survey: Survey, rows: pd.DataFrame, **groups: Unpack[Groups]) -> pd.DataFrame:
    """Mean, median and sd of the numbers of questions, a row each (and group of `by`)."""
    summaries = []
    for _, row in rows.iterrows():
        id = str(row["question_id"])
        numbers = tables.number_summary(survey.questions, survey.responses, id, **groups)
        summaries.append(numbers.assign(item=title_of(row)))
    by, summary = groups.get("by"), pd.concat(summaries, ignore_index=True)
    names = [] if by is None else [str(by.name)]
    summary = summary.drop(columns="estimate", errors="ignore").rename(columns={"mean": "estimate"})
    return summary[[*names, "item", "n", "left_out_n", "estimate", "median", "sd"]]


def _question(survey: Survey, row: Any) -> Part:
    cut = cut_of(survey, row, {})
    kind = "promoters" if tables.recommends(row, survey.responses) else str(row["kind"])
    if kind in ("multiple", "ranking"):
        by, rising = ("n", False) if kind == "multiple" else ("mean_rank", True)
        sorted_frame = cut.frame.sort_values(by, ascending=rising, kind="stable").reset_index(drop=True)
        cut = replace(cut, frame=sorted_frame)
    return cut, LOOKS.get(kind, Layout()), "answered" if kind == "text" else kind


def _without_ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Without how many put an option at any place: beside those who put it first, the rest may be few."""
    means = frame[["mean_rank", "ranking_score"]].where(frame["ranked_n"].ge(LEAST_BASE))
    return frame.drop(columns=["ranked_n", "share_ranked"]).assign(**means)


def _numbers(survey: Survey, title: str, rows: pd.DataFrame) -> Part:
    """A row a question or an item: how many gave a number, mean, median, sd."""
    cut = Cut(
        "", title, means_of(survey, rows), ("item",), population=f"{survey.population}/numbers", kind="mean",
        variable="option", apart=("item",),
    )
    headings, measures = {"n": "作答人数", "estimate": "均值"}, ("n", "estimate", "median", "sd")
    return cut, Layout(within=("item",), measures=measures, headings=headings), "numbers"


def _scale(survey: Survey, name: str, scale: Scale) -> Part:
    """A row an item: the share of each grade, the top grades together, the mean, n."""
    rows = survey.questions[survey.questions["question_id"].isin(scale.items)]
    text = rows["text"].iloc[0] if rows["text"].eq(rows["text"].iloc[0]).all() else pd.NA
    title = str(text) if name == rows["block"].iloc[0] and pd.notna(text) else name
    frame = tables.likert(survey.questions, survey.responses, scale.items)
    grades = [str(grade) for grade in frame["option"].cat.categories]
    if len(grades) > MOST_GRADES:
        return _numbers(survey, title, rows)
    tail, headings, notes = ["base_n"], {"base_n": "作答人数"}, "各项占比的基数为该项作答人数。"
    if (scale.top and scale.bottom) or len(grades) == tables.GRADES_WITH_TOP_TWO:
        summary = tables.likert_summary(frame, top=scale.top or None, bottom=scale.bottom or None)
        top = str(summary["definition"].iloc[0])
        means = summary[["item", "share", "mean"]].rename(columns={"share": "top_share"})
        frame = frame.merge(means, on="item", how="left").assign(definition=top)
        # Of one grade alone the table has the column.
        tail = [*(["top_share"] if "+" in top else []), "mean", "base_n"]
        headings["top_share"] = f"{top}（%）"
        notes += f"均值按{grades[0]}=1至{grades[-1]}={len(grades)}计分。"
    layout = Layout(
        within=("item", "option"), across="option", measures=("share",), tail=tuple(tail), headings=headings,
        notes=(notes,), unit="单位：%",
    )
    population = survey.counts_of(rows.iloc[0]).rpartition("/")[0]
    cut = Cut("", title, frame, ("item", "option"), within=("item",), population=population, apart=("item",))
    return cut, layout, "scale"


def _funnel(survey: Survey, name: str, steps: Sequence[Step]) -> Part:
    frame = tables.funnel(survey.questions, survey.responses, steps)
    headings = {"n": "通过人数", "base_n": "基数", "share": "占基数（%）"}
    notes = ("每一步的基数为通过上一步并作答的人。",)
    cut = Cut("", name, frame, ("step",), population=f"{survey.population}/{name}", apart=("step",))
    return cut, Layout(within=("step",), headings=headings, notes=notes), "funnel"
