"""What a researcher says of the questionnaires of a wave: questionnaire.yaml laid over them, and decisions on
replies, of screening.yaml and of 设置.xlsx, replayed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Variable, load_codebook
from bangfu_analysis.errors import ArgumentError, CodebookError, listed
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.settings import Beside, Words, instead, located, read_settings
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy import questionnaire_book as books
from bangfu_analysis.tidy import settings_book
from bangfu_analysis.tidy.questionnaires import questionnaire_frames, without_copied_exports
from bangfu_analysis.tidy.screening import REASONS, apply_decisions, has_unusable_numbers
from bangfu_analysis.wave import BOOK_FILE, SCREENING_FILE, codebooks

# What a question that is read as one kind may be taken for.
_PLAIN, _SEVERAL = ("single", "text", "number"), ("multiple", "ranking")
_ALIKE = {**dict.fromkeys(_PLAIN, _PLAIN), **dict.fromkeys(_SEVERAL, _SEVERAL), "matrix": ("matrix", *_PLAIN)}


def with_questionnaire_files(sheets: list[SheetReading], folder: Path) -> list[SheetReading]:
    """The readings with copies of a questionnaire set aside, questionnaire.yaml laid over it and
    what screening.yaml and 设置.xlsx decide on replies replayed.

    Where a wave has several questionnaires, `file:` in these says which one is meant; CodebookError where
    that is not clear, or where the two decide otherwise.
    """
    sheets, screenings = asked_by(sheets, folder)
    files = {sheet.file: sheet for sheet in questionnaires_in(sheets)}
    for file, decided in settings_book.replies_decided(folder).items():
        if file not in files:
            message = f"“{file}”不是本批次的问卷。{instead(file, files)}或删去这一行。"
            raise CodebookError(f"{next(iter(decided.values()))[1].replace(' E', ' D')}：{message}")
        people = [*map(str, questionnaire_frames(files[file])[1]["respondent_id"].unique())]
        for (who, _), (_, cell) in decided.items():
            if who not in people and not has_unusable_numbers(files[file]):
                message = f"没有答卷 {who}。{instead(who, people)}"
                raise CodebookError(f"{cell.replace(' E', ' C')}：{message}")
        screening = screenings.setdefault(file, {})
        screening["decisions"] = _decided(screening.get("decisions") or (), decided)
    done = {file: apply_decisions(files[file], screening) for file, screening in screenings.items()}
    return [done[s.file] if s is files.get(s.file) and s.file in done else s for s in sheets]


def _decided(
    written: Iterable[Mapping[str, Any]], chosen: Mapping[tuple[str, str], tuple[str, str]]
) -> list[dict[str, Any]]:
    """The decisions of screening.yaml with those of 设置.xlsx (and the cell of each); CodebookError where the
    two differ.
    """
    decisions = {(str(d["respondent_id"]), d.get("reason")): d.get("decision") for d in written}
    for key, (decision, cell) in chosen.items():
        if (other := decisions.get(key) or decision) != decision:
            message = f"答卷 {key[0]} 选的是 {decision}，{SCREENING_FILE} 中写的是 {other}，两处不一致"
            raise CodebookError(f"{cell}：{message}。请改成一致或删去一处。")
        decisions[key] = decision
    return [{"respondent_id": who, "reason": why, "decision": what} for (who, why), what in decisions.items()]


def asked_by(
    sheets: list[SheetReading], folder: Path
) -> tuple[list[SheetReading], dict[str, dict[str, Any]]]:
    """The readings as questionnaire.yaml has them, copies of a questionnaire set aside; and what
    screening.yaml says, by the file of its questionnaire.
    """
    sheets, screenings = without_copied_exports(sheets), dict[str, dict[str, Any]]()
    for name in (BOOK_FILE, SCREENING_FILE):
        if (folder / name).exists():
            words = partial(_words, sheets, folder, where=name)
            content = read_settings(folder / name, Path(name).stem, words)
            chosen = questionnaire_of(sheets, content.pop("file", ""), name)
            if name == SCREENING_FILE:
                screenings[chosen.file] = content
                continue
            try:
                laid = books.with_book(chosen, content)
            except (CodebookError, ArgumentError) as fault:
                raise CodebookError(located(folder / name, str(fault))) from fault
            sheets = [laid if sheet is chosen else sheet for sheet in sheets]
    return sheets, screenings


def questionnaires_in(sheets: Sequence[SheetReading]) -> list[SheetReading]:
    """The readings that are questionnaires and enter the frames."""
    return [sheet for sheet in sheets if sheet.questions is not None and not sheet.set_aside]


def _words(sheets: Sequence[SheetReading], folder: Path, content: Mapping[str, Any], where: str) -> Words:
    """The questions and the respondents that the settings of a questionnaire may name."""
    exports = [sheet.file for sheet in questionnaires_in(sheets)]
    file = content.get("file")
    if file is not None and file not in exports:
        return {"exports": exports}
    reading = questionnaire_of(sheets, file or "", where)
    questions, responses = questionnaire_frames(reading)
    asked = _Asked(questions, responses, content, load_codebook(*codebooks(folder)).of("workers").values())
    matrices = questions[questions["kind"] == "matrix"].groupby("block").size()
    most = {"largest_matrix": matrices.max() if len(matrices) else 0, "matrix_items": matrices.sum()}
    most["asked"] = questions["kind"].ne("meta").sum()
    people = [*responses["respondent_id"].astype("str").unique()]
    return {
        "exports": exports, "questions": [*asked.kinds], "own": [*asked.part("items")] or [*asked.kinds],
        "asked_as": asked.alike, "concepts": asked.concepts, "answers": asked.answers, "scored": asked.scored,
        "worded": asked.worded,
        # A word of one's own is as good; what is written like a code is one.
        "reasons": lambda _, beside: [*REASONS] if str(beside.get("reason", "")).isascii() else None,
        "respondents": lambda *_: None if has_unusable_numbers(reading) else people,
        **{name: [str(n)] for name, n in most.items() if n > 1},  # without a matrix a rule of one waits
    }  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """The questions of an export, and what settings that have not been checked say of them; a method that
    takes a place is the vocabulary there.
    """

    questions: pd.DataFrame
    responses: pd.DataFrame
    content: Mapping[str, Any]
    roster: Collection[Variable]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Question -> as what it is read."""
        return dict(self.questions[["question_id", "kind"]].astype(str).to_numpy().tolist())

    def part(self, name: str) -> Mapping[str, Any]:
        found = self.content.get(name)
        return found if isinstance(found, dict) else {}

    def _labels(self, name: str) -> list[str]:
        """The options that the settings write of a question."""
        options = (self.part("items").get(name) or {}).get("options")
        return [str(word) for word in options.values()] if isinstance(options, dict) else []

    def _offered(self, name: str) -> list[str]:
        """Those of the export."""
        found = self.questions.loc[self.questions["question_id"].eq(name), "options"]
        return [str(word) for options in found if options is not None for word in options]

    def _with(self, column: str) -> set[str]:
        """The questions with an answer that has something in this column."""
        return {*self.responses.loc[self.responses[column].notna(), "question_id"].astype(str)}

    def answers(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        """The options of a question; none of words."""
        return [] if self.kinds.get(at[2]) in ("text", "meta") else self._offered(at[2]) or None

    def scored(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        """The options of the items of a scale, where their own file writes them."""
        items = self.part("scales")[at[1]].get("items") or ()
        return [label for name in items for label in self._labels(name)] or None

    def alike(self, at: tuple[str, ...], _: Beside) -> list[str]:
        """As what a question may be taken; as a number only where there are some."""
        of = self.kinds.get(at[1], "")
        return [k for k in _ALIKE.get(of, (of,)) if k != "number" or k == of or at[1] in self._with("value")]

    def worded(self, *_: object) -> list[str]:
        """The questions that may have answers in words."""
        filled_in = self._with("text")
        return [q for q, kind in self.kinds.items() if kind == "text" or (kind != "meta" and q in filled_in)]

    def concepts(self, at: tuple[str, ...], _: Beside) -> list[str]:
        """The variables that a question may ask for: those of numbers, or with one of its options."""
        kind = (self.part("items")[at[1]] or {}).get("kind", self.kinds.get(at[1]))
        labels = {squeeze(label) for label in self._labels(at[1]) or self._offered(at[1])}
        if kind == "number":
            return ["", *(v.name for v in self.roster if v.kind in books.NUMBERS)]
        coded = [v for v in self.roster if not v.identifying and (v.levels or v.kind == "unit")]
        return ["", *(v.name for v in coded if not labels or not v.levels or labels & {*v.spellings})]


def questionnaire_of(sheets: Sequence[SheetReading], file: str, where: str) -> SheetReading:
    """The questionnaire of `file`, or the only one; CodebookError names those there are."""
    questionnaires = questionnaires_in(sheets)
    chosen = [sheet for sheet in questionnaires if not file or sheet.file == file]
    if len(chosen) != 1:
        files = listed(sheet.file for sheet in questionnaires) or "无"
        raise CodebookError(f"{where}：本批次的问卷有：{files}。请在其中写一行 file: 文件名，说明是哪一份。")
    return chosen[0]
