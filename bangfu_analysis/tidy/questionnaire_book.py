"""A questionnaire's own codebook: its items, options in order with their codes, scales, bands, links to the roster.

The library drafts it from an export, the researcher edits the YAML, and `apply_book` lays it over the frames: an export by
text then has codes, one by number has labels, and the two are equal. See docs/questionnaires.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import CodebookError, listed
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.reading.questions import KINDS
from bangfu_analysis.text import squeeze

ITEM_KEYS = {"number", "text", "kind", "item", "options", "reversed", "concept", "bands"}


@dataclass(frozen=True)
class Item:
    """One question or matrix item. `options`: code -> label in printed order; `bands`: name -> codes; `concept`: the
    roster variable that it asks for (sex, education, …); `reversed`: a high code means little of what the scale measures.
    """

    number: str = ""
    text: str = ""
    kind: str = "single"
    item: str = ""
    options: Mapping[int, str] = field(default_factory=dict)
    reversed: bool = False
    concept: str = ""
    bands: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class QuestionnaireBook:
    """Items by question_id, and scales: name -> question_ids."""

    items: Mapping[str, Item]
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def draft_book(questions: pd.DataFrame, responses: pd.DataFrame) -> QuestionnaireBook:
    """What the export itself says. An export by number gives codes with empty labels, one by text labels in the order
    in which `reading.option_order` believes them printed: both are for the researcher to complete. Meta is left out.
    """
    answered = responses[responses["value"].notna()].groupby("question_id", observed=True)["value"]
    codes = {str(k): sorted(v.unique()) for k, v in answered}
    asked = questions[questions["kind"] != "meta"]
    items = {str(q["question_id"]): _drafted(q, codes.get(str(q["question_id"]), [])) for _, q in asked.iterrows()}
    scales = {str(b): tuple(g["question_id"]) for b, g in asked[asked["kind"] == "matrix"].groupby("block", sort=False)}
    return QuestionnaireBook(items, scales)


def book_yaml(book: QuestionnaireBook) -> str:
    """The book as YAML to be edited; `book_from(read_yaml(path))` reads it back equal."""
    lines = ["# 问卷码本：补全选项的代码与文字、反向计分题（reversed: true）、量表与合并分组，再用于清理。", "items:"]
    for name, item in book.items.items():
        lines += [f"  {_quoted(name)}:"]
        lines += [f"    {key}: {_quoted(getattr(item, key))}" for key in ("number", "text", "kind", "item", "concept")]
        lines += [f"    reversed: {str(item.reversed).lower()}", "    options:" + ("" if item.options else " {}")]
        lines += [f"      {code}: {_quoted(label)}" for code, label in item.options.items()]
        lines += ["    bands:" + ("" if item.bands else " {}")]
        lines += [f"      {_quoted(band)}: {list(band_codes)}" for band, band_codes in item.bands.items()]
    lines += ["scales:" + ("" if book.scales else " {}")]
    lines += [f"  {_quoted(name)}: [{', '.join(map(_quoted, members))}]" for name, members in book.scales.items()]
    return "\n".join(lines) + "\n"


def book_from(content: Mapping[str, Any]) -> QuestionnaireBook:
    """A book from what the YAML says. CodebookError for unknown keys, kinds, items, codes of bands, or an option named twice."""
    entries, scales = content.get("items") or {}, content.get("scales") or {}
    items = {str(name): _item(str(name), entry) for name, entry in entries.items()}
    for scale, members in scales.items():
        if absent := [m for m in members if m not in items]:
            raise CodebookError(f"问卷码本 scales.{scale}：没有题目 {listed(absent)}。可选：{listed(items)}。")
    return QuestionnaireBook(items, {str(name): tuple(members) for name, members in scales.items()})


def pair_exports(
    by_text: tuple[pd.DataFrame, pd.DataFrame], by_number: tuple[pd.DataFrame, pd.DataFrame]
) -> QuestionnaireBook:
    """The book of one survey exported twice: which code each label has is seen where both give the answer.

    Each argument is (questions, responses). Respondents are matched by respondent_id. Options of multiple choices and
    rankings come in the order of the export by number, whose headings hold all of them. CodebookError where one label
    has two codes: the exports are not of the same survey.
    """
    (questions, texts), (coded_questions, numbers) = by_text, by_number
    book = draft_book(questions, texts)
    other = coded_questions.set_index("question_id")
    keys = ["respondent_id", "question_id"]
    both = _answers(texts, "option").merge(_answers(numbers, "value"), on=keys)
    pairs = both.drop_duplicates(["question_id", "option", "value"]).sort_values("value")
    items = {name: _paired(name, item, pairs, other) for name, item in book.items.items()}
    return replace(book, items=items)


def with_value_labels(
    book: QuestionnaireBook, questions: pd.DataFrame, labels: Mapping[str, Mapping[int, str]]
) -> QuestionnaireBook:
    """The book with the value labels of an SPSS or Stata file (keyed by the heading's cell) as options of its items."""
    names = dict(zip(questions["cell"], questions["question_id"], strict=True))
    said = {names[cell]: codes for cell, codes in labels.items() if cell in names and codes}
    items = {
        name: replace(item, options=said[name]) if name in said and item.kind in ("single", "matrix") else item
        for name, item in book.items.items()
    }
    return replace(book, items=items)


def apply_book(
    questions: pd.DataFrame, responses: pd.DataFrame, book: QuestionnaireBook
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames with the book laid over: texts, kinds and options of `questions`; code and label of every single and
    matrix answer in `responses` (reversal is left to the scales). Rows come in the order of the options.

    CodebookError where the book names a question that the export has not, or an answer is not among its options.
    """
    if absent := [name for name in book.items if name not in set(questions["question_id"])]:
        raise CodebookError(
            f"问卷码本有导出文件中没有的题目 {listed(absent)}。可选：{listed(questions['question_id'])}。"
        )
    known = questions.assign(
        **{key: _overlaid(questions, book, key) for key in ("text", "item")},
        kind=pd.Categorical(_overlaid(questions, book, "kind"), categories=KINDS),
        options=_overlaid_options(questions, book),
    )
    return known, _labelled(responses, known, book)


def item_scores(responses: pd.DataFrame, book: QuestionnaireBook, scale: str) -> pd.DataFrame:
    """Codes of a scale's items (reversed ones turned: lowest + highest - code), one row per respondent, Float64.

    Rows are indexed by respondent_id. CodebookError for an unknown scale or a reversed item without options.
    """
    if scale not in book.scales:
        raise CodebookError(f"问卷码本没有量表 {scale}。可选：{listed(book.scales)}。")
    members = list(book.scales[scale])
    rows = responses[responses["question_id"].isin(members) & responses["value"].notna()]
    wide = rows.pivot_table(
        index="respondent_id", columns="question_id", values="value", aggfunc="first", observed=True
    )
    table = wide.reindex(columns=members).rename_axis(columns=None)
    return table.assign(**{m: _turned(table[m], m, book) for m in members if book.items[m].reversed})


def concept_columns(wide: pd.DataFrame, book: QuestionnaireBook, codebook: Codebook) -> pd.DataFrame:
    """The wide view with a column for each linked roster variable, in the codebook's codes; what fits no code is missing."""
    linked = {item.concept: name for name, item in book.items.items() if item.concept and name in wide}
    columns = {}
    for concept, name in linked.items():
        variable = codebook.variable("workers", concept)
        codes = {str(label): variable.spellings.get(squeeze(str(label)), ()) for label in wide[name].cat.categories}
        chosen = {label: levels[0].code for label, levels in codes.items() if levels}
        columns[concept] = pd.Categorical(
            wide[name].astype(object).map(chosen), categories=variable.codes, ordered=variable.ordered
        )
    return wide.assign(**columns)


def _drafted(q: Any, codes: list[float]) -> Item:
    number, text, item = ("" if pd.isna(q[key]) else str(q[key]) for key in ("number", "text", "item"))
    options = dict(enumerate(q["options"], start=1))
    if not options and q["kind"] == "single":
        options = {int(code): "" for code in codes}
    return Item(number, text, str(q["kind"]), item, options)


def _item(name: str, entry: Mapping[str, Any]) -> Item:
    if unknown := sorted(set(entry) - ITEM_KEYS):
        raise CodebookError(f"问卷码本 items.{name}：未知的项 {listed(unknown)}。可用：{listed(sorted(ITEM_KEYS))}。")
    if entry.get("kind", "single") not in KINDS:
        raise CodebookError(f"问卷码本 items.{name}.kind：{entry['kind']!r} 无效。可选：{listed(KINDS)}。")
    options = {int(code): str(label) for code, label in (entry.get("options") or {}).items()}
    labels = [label for label in options.values() if label]
    if len(set(labels)) < len(labels):
        raise CodebookError(f"问卷码本 items.{name}.options：有两个代码的文字相同。请改为各不相同。")
    bands = {str(band): tuple(int(c) for c in codes) for band, codes in (entry.get("bands") or {}).items()}
    if absent := [c for codes in bands.values() for c in codes if c not in options]:
        raise CodebookError(f"问卷码本 items.{name}.bands：没有代码 {listed(absent)}。可选：{listed(options)}。")
    words = {key: str(entry[key]) for key in ("number", "text", "kind", "item", "concept") if key in entry}
    return Item(options=options, bands=bands, reversed=bool(entry.get("reversed", False)), **words)


def _answers(responses: pd.DataFrame, column: str) -> pd.DataFrame:
    rows = responses.loc[responses[column].notna(), ["respondent_id", "question_id", column]]
    return rows.astype({"respondent_id": "str", "question_id": "str"})


def _paired(name: str, item: Item, pairs: pd.DataFrame, other: pd.DataFrame) -> Item:
    if item.kind in ("multiple", "ranking"):
        printed = other["options"].to_dict().get(name, [])
        return replace(item, options=dict(enumerate(printed, start=1)) or item.options)
    mine = pairs[pairs["question_id"] == name]
    if mine["option"].astype("str").duplicated().any() or mine["value"].duplicated().any():
        raise CodebookError(f"{name}：同一选项在两份导出中对应不同的代码。请确认两份文件是同一问卷的导出。")
    return replace(item, options={int(v): str(o) for o, v in zip(mine["option"], mine["value"], strict=True)})


def _overlaid(questions: pd.DataFrame, book: QuestionnaireBook, key: str) -> pd.Series:
    said = {name: getattr(item, key) or None for name, item in book.items.items()}
    return questions["question_id"].map(said).astype("str").fillna(questions[key].astype("str"))


def _overlaid_options(questions: pd.DataFrame, book: QuestionnaireBook) -> pd.Series:
    said = [
        [label for label in book.items[q].options.values() if label] if q in book.items else []
        for q in questions["question_id"]
    ]
    kept = [new or old for new, old in zip(said, questions["options"], strict=True)]
    return pd.Series(kept, index=questions.index, dtype=object)


def _labelled(responses: pd.DataFrame, known: pd.DataFrame, book: QuestionnaireBook) -> pd.DataFrame:
    labels = list(dict.fromkeys(label for options in known["options"] for label in options))
    places = pd.Index(labels, dtype="str").get_indexer(responses["option"].cat.categories)
    option = np.append(places, -1)[responses["option"].cat.codes]
    value = responses["value"].to_numpy(dtype=float, na_value=np.nan, copy=True)
    lost = responses["option"].notna().to_numpy() & (option < 0)
    for name, at in responses.groupby("question_id", observed=True).indices.items():
        item = book.items.get(str(name))
        if item and item.kind in ("single", "matrix") and any(item.options.values()):
            option[at], value[at], unknown = _both(option[at], value[at], item, labels)
            lost[at] |= unknown
    if lost.any():
        where = listed(responses.loc[lost, "question_id"].astype("str").unique())
        raise CodebookError(f"问卷码本的 options 不全：{where} 有 {int(lost.sum())} 个答案不在其中。请补充选项后重试。")
    done = responses.assign(
        option=pd.Categorical.from_codes(option, dtype=pd.CategoricalDtype(pd.Index(labels, dtype="str"))),
        value=pd.arrays.FloatingArray(np.nan_to_num(value), np.isnan(value)),
        question_id=responses["question_id"].cat.set_categories(list(known["question_id"])),
    )
    return _in_option_order(done, known)


def _both(option: Ints, value: Floats, item: Item, labels: list[str]) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Place and code of every answer, each found from the other; and which answers the item does not know."""
    place = {float(code): labels.index(label) for code, label in item.options.items() if label}
    code = {at: number for number, at in place.items()}
    answered = (option >= 0) | ~np.isnan(value)
    shown = np.where(option >= 0, option, pd.Series(value).map(place).fillna(-1).to_numpy()).astype(np.intp)
    coded: Floats = np.asarray(pd.Series(shown).map(code), dtype=np.float64)
    return shown, coded, answered & np.isnan(coded)


def _in_option_order(responses: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Question by question, respondent by respondent; a ranking by rank, all else by the printed order of options."""
    ranked = responses["question_id"].isin(known.loc[known["kind"] == "ranking", "question_id"])
    within = np.where(ranked, responses["value"].fillna(0), responses["option"].cat.codes)
    question = responses["question_id"].cat.codes
    order = np.lexsort((within, responses["source_row"].to_numpy(), question))
    return responses.iloc[order].reset_index(drop=True)


def _turned(codes: pd.Series, name: str, book: QuestionnaireBook) -> pd.Series:
    known = list(book.items[name].options)
    if not known:
        raise CodebookError(f"问卷码本 items.{name} 是反向题，但没有 options，不知道最高与最低分。请补充。")
    return min(known) + max(known) - codes


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
