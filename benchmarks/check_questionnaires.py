"""Every number of a01 and a03 in expected.json, out of our frames; and a01 (by text) against a02 (by number).

Run: python benchmarks/check_questionnaires.py FOLDER   (the folder of the exports and expected.json; other
people's files, never committed). Prints one line a figure; exit status 1 if any differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.reading.workbook import read_sheets

Figures = dict[str, tuple[Any, Any]]


def main(folder: Path) -> int:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    text, coded, express = (one(folder, name) for name in ("a01", "a02", "a03"))
    figures = first(text, expected["a01"]) | twins(text, coded) | third(express, expected["a03"])
    for name, (found, wanted) in figures.items():
        print(
            "ok " if found == wanted else "NOT", name, found, "" if found == wanted else f"expected {wanted}"
        )
    return int(any(found != wanted for found, wanted in figures.values()))


def one(folder: Path, name: str) -> SheetReading:
    path = next(folder.glob(f"{name}_*"))
    sheet = read_sheets(path, path.name)[0]
    reading = read_questionnaire(Grid(sheet), load_codebook())
    assert (
        sum(reading.rows.values()) == reading.row_count
        and sum(reading.cells.values()) == reading.cells_filled
    )
    return reading


def answers(reading: SheetReading, question_id: str) -> pd.DataFrame:
    return reading.responses[reading.responses["question_id"] == question_id]


def chosen(reading: SheetReading, question_id: str) -> dict[str, int]:
    """Option without its bracket -> respondents who chose it."""
    rows = answers(reading, question_id)
    named = rows[rows["option"].notna() & rows["value"].fillna(1).gt(0)]
    counts = named["option"].value_counts(sort=False)
    return {str(option): int(n) for option, n in counts.items() if n}


def status(reading: SheetReading, question_id: str, name: str) -> int:
    return int(answers(reading, question_id)["status"].eq(name).sum())


def meta(reading: SheetReading, heading: str) -> pd.DataFrame:
    return answers(reading, heading)


def first(reading: SheetReading, wanted: dict[str, Any]) -> Figures:
    found: Figures = {
        "a01 n": (reading.responses["respondent_id"].nunique(), wanted["n"]),
        "a01 cols": (len(reading.questions), wanted["cols"]),
    }
    for name in ("Q3", "Q6", "Q8"):
        bare = {option.replace("【请注明】", ""): n for option, n in chosen(reading, name).items()}
        found |= {f"a01 {name} {option}": (bare.get(option), n) for option, n in wanted[name].items()}
        found[f"a01 {name} options"] = (sorted(bare), sorted(wanted[name]))
    texts = answers(reading, "Q6")["text"].dropna()
    return found | {"a01 other_text_first": (texts.iloc[0], wanted["other_text_first"])}


def twins(text: SheetReading, coded: SheetReading) -> Figures:
    """Multiple answers row by row, texts aside (an export by number has none)."""
    found: Figures = {}
    columns = ["source_row", "respondent_id", "question_id", "option", "value", "status"]
    for name in ("Q6", "Q8"):
        left, right = (
            answers(r, name)[columns].astype({"option": "str"}).reset_index(drop=True) for r in (text, coded)
        )
        options = [r.questions.set_index("question_id").loc[name, "options"] for r in (text, coded)]
        found[f"a01 = a02 {name} frames equal"] = (left.astype(str).equals(right.astype(str)), True)
        found[f"a01 = a02 {name} options in one order"] = (options[0], options[1])
    return found


def third(reading: SheetReading, wanted: dict[str, Any]) -> Figures:
    seconds = meta(reading, "所用时间")["value"]
    times = meta(reading, "提交答卷时间")["text"].str.replace("T", " ")
    provinces = meta(reading, "来自IP")["text"].str.split("-").str[0].value_counts()
    rank = answers(reading, "Q2").query("value == 1")["option"].astype("str")
    numbers = meta(reading, "序号")["value"].astype(int)
    wish = wanted["duration_s"]
    found: Figures = {
        "a03 n": (reading.responses["respondent_id"].nunique(), wanted["n"]),
        "a03 cols": (len(reading.questions), wanted["cols"]),
        "a03 序号": ([int(numbers.min()), int(numbers.max())], wanted["序号"]),
        "a03 median seconds": (float(seconds.median()), wish["median"]),
        "a03 min seconds": (float(seconds.min()), wish["min"]),
        "a03 max seconds": (float(seconds.max()), wish["max"]),
        "a03 under 30 seconds": (int(seconds.lt(30).sum()), wish["lt30"]),
        "a03 first time": (times.min(), wanted["first_time"][:16]),
        "a03 last time": (times.max(), wanted["last_time"][:16]),
        "a03 Q9 skipped": (status(reading, "Q9", "skipped"), wanted["skip"]["Q9"]),
        "a03 Q10 blank": (status(reading, "Q10", "blank"), wanted["empty_Q10"]),
        "a03 Q1": (chosen(reading, "Q1"), wanted["Q1"]),
        "a03 Q5 base": (
            answers(reading, "Q5").query("status == 'answered'")["respondent_id"].nunique(),
            wanted["Q5"]["base_answered"],
        ),
        "a03 Q7 = 6": (int(answers(reading, "Q7")["value"].eq(6).sum()), wanted["attention_Q7_eq_6"]),
    }
    skipped = wanted["skip"]["Q4-Q8"]
    found |= {f"a03 Q{i} skipped": (status(reading, f"Q{i}", "skipped"), skipped) for i in range(4, 9)}
    found |= {f"a03 {p}": (int(provinces[p]), n) for p, n in wanted["province"].items()}
    five = {option.split("（")[0]: n for option, n in chosen(reading, "Q5").items()}
    found |= {
        f"a03 Q5 {o}": (five[o.split("（")[0]], n) for o, n in wanted["Q5"].items() if o != "base_answered"
    }
    for word, n in wanted["Q2_rank1"].items():
        found[f"a03 Q2 first {word}"] = (int(rank.str.contains(word, regex=False).sum()), n)
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
