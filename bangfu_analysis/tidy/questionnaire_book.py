"""A questionnaire's own codebook: its items, options in order with their codes, scales, bands, links to the
roster.

The library drafts it from an export, the researcher edits the YAML, and `apply_book` lays it over the frames:
an export by text then has codes, one by number has labels, and the two are equal. See docs/questionnaires.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import CodebookError, listed
from bangfu_analysis.reading.answers import MOST_CODES, Floats, Ints
from bangfu_analysis.reading.question_headings import WORDS
from bangfu_analysis.reading.questions import KINDS
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.settings import check_settings
from bangfu_analysis.text import heading_key, squeeze
from bangfu_analysis.tidy.questionnaires import option_codes, places_of, questionnaire_frames
from bangfu_analysis.tidy.values import told_at

_json = partial(json.dumps, ensure_ascii=False)
NUMBERS = ("age", "number", "money", "count")  # kinds of variables
_ASKS = re.compile(r"^(?:请问)?[您你]的?|(?:是|属于)?(?:什么|多少)?[？?：:。]*$")


@dataclass(frozen=True)
class Item:
    """One question or matrix item. `options`: code -> label in printed order; `bands`: name -> codes;
    `concept`: the roster variable that it asks for (sex, education, …); `reversed`: a high code means little
    of what the scale measures.
    """

    number: str = ""
    text: str = ""
    kind: str = "single"
    item: str = ""
    concept: str = ""
    reversed: bool = False
    options: Mapping[int, str] = field(default_factory=dict)
    bands: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """Items that ask for one thing, and the options that count as its top and its bottom ("" for the two of
    five).
    """

    items: tuple[str, ...]
    top: tuple[str, ...] = ()
    bottom: tuple[str, ...] = ()


Step = tuple[str, str, tuple[str, ...]]  # name, question_id, options that pass


@dataclass(frozen=True)
class QuestionnaireBook:
    """Items by question_id, scales by name, funnels: name -> steps, and the questions whose open answers are
    kept in words.
    """

    items: Mapping[str, Item]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    funnels: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    keep_text: tuple[str, ...] = ()


def draft_book(
    questions: pd.DataFrame, responses: pd.DataFrame, codebook: Codebook | None = None
) -> QuestionnaireBook:
    """What the export itself says. An export by number gives codes with empty labels, one by text labels in
    the order in which `reading.option_order` believes them printed: both are for the researcher to complete.
    Meta is left out. `concept` is what `codebook` calls a heading, where the answers are those of that
    variable.
    """
    put = questions[questions["kind"] != "meta"]
    places = responses.groupby("question_id", observed=True, sort=False).indices
    answers = {name: responses.iloc[places.get(name, [])] for name in put["question_id"]}
    drawn = ((q["question_id"], q) for _, q in put.iterrows())
    items, taken = {str(name): _drafted(q, answers[name], codebook) for name, q in drawn}, set[str]()
    for name, item in items.items():
        items[name] = replace(item, concept="") if item.concept in taken else item
        taken.add(item.concept)
    matrices = put[put["kind"] == "matrix"].groupby("block", sort=False)["question_id"]
    return QuestionnaireBook(items, {str(block): Scale(tuple(names)) for block, names in matrices})


def book_yaml(book: QuestionnaireBook) -> str:
    """The book as YAML to be edited; `book_from(read_yaml(path))` reads it back equal."""
    lines, usual = [WORDS["book_head"] + f"keep_text: {_json(book.keep_text)}", "items:"], asdict(Item())
    for name, item in book.items.items():
        filled = {k: v for k, v in asdict(item).items() if v != usual[k] or k in ("kind", "concept")}
        lines += [f"  {name}:", *(f"    {key}: {_json(value)}" for key, value in filled.items())]
    lines += ["scales:", *(f"  {_json(name)}: {_json(asdict(scale))}" for name, scale in book.scales.items())]
    lines += ["funnels:", *(f"  {_json(name)}: {_json(steps)}" for name, steps in book.funnels.items())]
    return "\n".join(lines) + "\n"


def book_from(content: Mapping[str, Any]) -> QuestionnaireBook:
    """A book from what the YAML says. CodebookError for what settings.yaml does not allow, for items and
    codes of bands that are not there, and for an option named twice.
    """
    content = check_settings(content, "questionnaire", "questionnaire.yaml", {"asked_as": KINDS})
    items = {name: _item(name, entry) for name, entry in content.get("items", {}).items()}
    scales = {n: Scale(**{k: tuple(v) for k, v in s.items()}) for n, s in content.get("scales", {}).items()}
    funnels: dict[str, tuple[Step, ...]] = {}
    for name, steps in (content.get("funnels") or {}).items():
        funnels[str(name)] = tuple((str(s), str(q), tuple(map(str, passing))) for s, q, passing in steps)
    named = {f"scales.{name}": scale.items for name, scale in scales.items()}
    named |= {f"funnels.{name}": tuple(q for _, q, _ in steps) for name, steps in funnels.items()}
    kept = tuple(map(str, content.get("keep_text") or ()))
    for where, members in named.items():
        if absent := [m for m in members if m not in items]:
            fault = f"{where} 没有题目 {listed(absent)}。可选：{listed(items) or '无，请先写在 items 中'}。"
            raise CodebookError(f"questionnaire.yaml：{fault}")
    for where, question, passing in (step for steps in funnels.values() for step in steps):
        labels = [label for label in items[question].options.values() if label]
        if absent := [label for label in passing if labels and label not in labels]:
            fault = f"funnels 的 {where} {question} 没有选项 {listed(absent)}。可选：{listed(labels)}。"
            raise CodebookError(f"questionnaire.yaml：{fault}")
    return QuestionnaireBook(items, scales, funnels, kept)


def pair_exports(
    by_text: tuple[pd.DataFrame, pd.DataFrame], by_number: tuple[pd.DataFrame, pd.DataFrame]
) -> QuestionnaireBook:
    """The book of one survey exported twice: which code each label has is seen where both give the answer.

    Each argument is (questions, responses). Respondents are matched by respondent_id. Options of multiple
    choices and rankings come in the order of the export by number, whose headings hold all of them.
    CodebookError where one label has two codes: the exports are not of the same survey.
    """
    (questions, texts), (coded_questions, numbers) = by_text, by_number
    printed = dict(zip(coded_questions["question_id"], coded_questions["options"], strict=True))
    both = _answers(texts, "option").merge(_answers(numbers, "value"), on=["respondent_id", "question_id"])
    pairs = both.drop_duplicates(["question_id", "option", "value"]).sort_values("value")
    book = draft_book(questions, texts)
    return replace(book, items={name: _paired(name, i, pairs, printed) for name, i in book.items.items()})


def apply_book(
    questions: pd.DataFrame, responses: pd.DataFrame, book: QuestionnaireBook
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The frames with the book laid over: texts, kinds and options of `questions`; code and label of every
    single and matrix answer in `responses` (reversal is left to the scales). Rows come in the order of the
    options. Then the answers that are not among the book's options, as rows of `responses`: there their
    option and code are missing.

    CodebookError where the book names a question that the export has not.
    """
    if absent := [n for n in (*book.items, *book.keep_text) if n not in set(questions["question_id"])]:
        ids = listed(questions["question_id"])
        raise CodebookError(f"问卷码本有导出文件中没有的题目 {listed(absent)}。可选：{ids}。")
    labels = {name: [label for label in item.options.values() if label] for name, item in book.items.items()}
    printed = zip(questions["question_id"], questions["options"], strict=True)
    options = [labels.get(q) or list(old) for q, old in printed]
    laid = questions.assign(
        **{key: _overlaid(questions, book, key) for key in ("text", "item")},
        kind=pd.Categorical(_overlaid(questions, book, "kind"), categories=KINDS),
        options=pd.Series(options, index=questions.index, dtype=object),
        keep_text=questions["question_id"].isin(book.keep_text),
    )
    labelled, lost = _labelled(responses, laid, book)
    return laid, labelled, responses[lost]


def with_book(reading: SheetReading, content: Mapping[str, Any]) -> SheetReading:
    """The reading of a questionnaire with the content of questionnaire.yaml laid over it; of each question
    with answers that are not among its options a finding says in which row the first stands.
    """
    questions, responses, lost = apply_book(*questionnaire_frames(reading), book_from(content))
    findings, heads = list(reading.findings), questions.set_index("question_id")["cell"]
    for name, rows in lost.groupby("question_id", observed=True):
        first, column = int(rows["source_row"].iloc[0]), str(heads[name]).rstrip("0123456789")
        where = (reading.file, reading.sheet, first, f"{column}{first}", str(name))
        findings.append(told_at("answer_unknown", *where, name=name, n=len(rows)))
    return replace(reading, questions=questions, responses=responses, findings=tuple(findings))


def item_scores(responses: pd.DataFrame, book: QuestionnaireBook, scale: str) -> pd.DataFrame:
    """Codes of a scale's items (reversed ones turned: lowest + highest - code), one row per respondent,
    Float64.

    Rows are indexed by respondent_id. CodebookError for an unknown scale or a reversed item without options.
    """
    if scale not in book.scales:
        raise CodebookError(f"问卷码本没有量表 {scale}。可选：{listed(book.scales)}。")
    members = list(book.scales[scale].items)
    rows = _answers(responses[responses["question_id"].isin(members)], "value")
    wide = rows.set_index(["respondent_id", "question_id"])["value"].unstack()  # noqa: PD010
    table = wide.reindex(columns=members).rename_axis(columns=None)
    for name in (member for member in members if book.items[member].reversed):
        if not (codes := book.items[name].options):
            fault = f"items.{name} 是反向题，但没有 options，不知道最高与最低分。请补充。"
            raise CodebookError(f"问卷码本 {fault}")
        table = table.assign(**{name: min(codes) + max(codes) - table[name]})
    return table


def with_concepts(wide: pd.DataFrame, book: QuestionnaireBook, codebook: Codebook) -> pd.DataFrame:
    """The wide view with a column for each linked roster variable, in the codebook's codes (labels as they
    are where the variable has none, as `reporting_unit`), and for each item with bands `Q2_band`. What fits
    no code is missing.
    """
    columns: dict[str, Any] = {}
    for name, item in book.items.items():
        if name in wide and item.concept and item.kind == "number":
            columns[item.concept] = wide[name]
        if name not in wide or not isinstance(wide[name].dtype, pd.CategoricalDtype):
            continue
        if item.concept:
            columns[item.concept] = _as_concept(wide[name], item.concept, codebook)
        if item.bands:
            bands = {item.options[code]: band for band, codes in item.bands.items() for code in codes}
            found = wide[name].astype(object).map(bands)
            columns[f"{name}_band"] = pd.Categorical(found, list(item.bands), ordered=True)
    return wide.assign(**columns)


def _as_concept(answers: pd.Series, concept: str, codebook: Codebook) -> Any:
    variable = codebook.variable("workers", concept)
    if not variable.levels:
        return answers.astype("category")
    found = {label: variable.spellings.get(squeeze(str(label)), ()) for label in answers.cat.categories}
    codes = {label: levels[0].code for label, levels in found.items() if levels}
    coded = answers.astype(object).map(codes)
    return pd.Categorical(coded, categories=variable.codes, ordered=variable.ordered)


def _drafted(q: Any, answers: pd.DataFrame, codebook: Codebook | None) -> Item:
    number, text, item = ("" if pd.isna(q[key]) else str(q[key]) for key in ("number", "text", "item"))
    options = {code: label for label, code in option_codes(q, answers).items()}
    if not options and q["kind"] in ("single", "matrix"):
        codes = answers["value"].dropna().unique()
        options = {int(code): "" for code in sorted(codes)} if len(codes) <= MOST_CODES else {}
    concept = _concept(text, str(q["kind"]), options.values(), codebook) if codebook and not item else ""
    return Item(number, text, str(q["kind"]), item, concept, options=options)


def _concept(text: str, kind: str, options: Iterable[str], codebook: Codebook) -> str:
    """The roster variable that a question asks for: by its heading, where its answers are that variable's."""
    keys = [heading_key(text), heading_key(_ASKS.sub("", text))]
    named = [v for key in keys for v in codebook.by_heading.get(key, ()) if v.frame == "workers"]
    if kind == "number":
        fitting = [v.name for v in named if v.kind in NUMBERS]
    else:
        of_list = [v for v in named if v.levels and all(squeeze(o) in v.spellings for o in options)]
        units = of_list or [v for v in named if v.kind == "unit"]
        fitting = [v.name for v in units] if kind == "single" else []
    return fitting[0] if fitting else ""


def _item(name: str, entry: Mapping[str, Any]) -> Item:
    options = {int(code): label for code, label in entry.get("options", {}).items()}
    labels = [label for label in options.values() if label]
    if len(set(labels)) < len(labels):
        fault = f"items.{name}.options 有两个代码的文字相同。请改为各不相同。"
        raise CodebookError(f"questionnaire.yaml：{fault}")
    bands = {band: tuple(codes) for band, codes in entry.get("bands", {}).items()}
    if absent := [c for codes in bands.values() for c in codes if c not in options]:
        fault = f"items.{name}.bands 没有代码 {listed(absent)}。可选：{listed(options)}。"
        raise CodebookError(f"questionnaire.yaml：{fault}")
    if lost := [c for c in options if bands and not any(c in codes for codes in bands.values())]:
        fault = f"items.{name}.bands 漏了代码 {listed(lost)}。请补进一组，或另立一组。"
        raise CodebookError(f"questionnaire.yaml：{fault}")
    return Item(**{**entry, "options": options, "bands": bands})


def _answers(responses: pd.DataFrame, column: str) -> pd.DataFrame:
    rows = responses.loc[responses[column].notna(), ["respondent_id", "question_id", column]]
    return rows.astype({"respondent_id": "str", "question_id": "str"})


def _paired(name: str, item: Item, pairs: pd.DataFrame, printed: Mapping[str, list[str]]) -> Item:
    if item.kind in ("multiple", "ranking"):
        return replace(item, options=dict(enumerate(printed.get(name, []), start=1)) or item.options)
    mine = pairs[pairs["question_id"] == name]
    if mine["option"].astype("str").duplicated().any() or mine["value"].duplicated().any():
        raise CodebookError(f"{name}：同一选项在两份导出中对应不同的代码。请确认两份文件是同一问卷的导出。")
    return replace(item, options={int(v): str(o) for o, v in zip(mine["option"], mine["value"], strict=True)})


def _overlaid(questions: pd.DataFrame, book: QuestionnaireBook, key: str) -> pd.Series:
    said = {name: getattr(item, key) or None for name, item in book.items.items()}
    return questions["question_id"].map(said).astype("str").fillna(questions[key].astype("str"))


def _labelled(
    responses: pd.DataFrame, known: pd.DataFrame, book: QuestionnaireBook
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    labels = list(dict.fromkeys(label for options in known["options"] for label in options))
    option = places_of(labels, responses).copy()
    value = responses["value"].to_numpy(dtype=float, na_value=np.nan, copy=True)
    lost = responses["option"].notna().to_numpy() & (option < 0)
    for name, at in responses.groupby("question_id", observed=True).indices.items():
        item = book.items.get(str(name))
        if item and item.kind in ("single", "matrix") and any(item.options.values()):
            option[at], value[at], unknown = _both(option[at], value[at], item, labels)
            lost[at] |= unknown
    done = responses.assign(
        option=pd.Categorical.from_codes(option, dtype=pd.CategoricalDtype(pd.Index(labels, dtype="str"))),
        value=pd.arrays.FloatingArray(np.nan_to_num(value), np.isnan(value)),
        question_id=responses["question_id"].cat.set_categories(list(known["question_id"])),
    )
    return _in_option_order(done, known), lost


def _both(
    option: Ints, value: Floats, item: Item, labels: list[str]
) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Place and code of every answer, each found from the other; and which answers the item does not know."""
    place = {float(code): labels.index(label) for code, label in item.options.items() if label}
    code = {at: number for number, at in place.items()}
    answered = (option >= 0) | ~np.isnan(value)
    shown = np.where(option >= 0, option, pd.Series(value).map(place).fillna(-1).to_numpy()).astype(np.intp)
    coded: Floats = np.asarray(pd.Series(shown).map(code), dtype=np.float64)
    return shown, coded, answered & np.isnan(coded)


def _in_option_order(responses: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Question by question, respondent by respondent; a ranking by rank, all else by the printed order of
    options.
    """
    ranked = responses["question_id"].isin(known.loc[known["kind"] == "ranking", "question_id"])
    within = np.where(ranked, responses["value"].fillna(0), responses["option"].cat.codes)
    order = np.lexsort((within, responses["source_row"].to_numpy(), responses["question_id"].cat.codes))
    return responses.iloc[order].reset_index(drop=True)
