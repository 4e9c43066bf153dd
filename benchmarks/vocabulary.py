"""How much of the headings and values really met is read, and what a person would be asked about the rest.

Run: python benchmarks/vocabulary.py HEADINGS.csv VALUES.csv [--rest]

HEADINGS: columns heading, should_map_to (a variable; `private`, `drop`, `remark`; `new:name`; `unsure:name`;
@year or @month: the sum is of another period), table (roster, members, aid). VALUES: variable, spelling,
code_it_should_be (several joined by |; `?`: there is no such code, `?new:code`: the code there should be).
--rest prints what is not right.
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.codebook import Codebook, Variable, load_codebook
from bangfu_analysis.reading.headings import columns_for
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.reading.vocabulary import Heading, Vocabulary
from bangfu_analysis.tidy.settings_book import nearest_codes

FRAME = {"roster": "workers", "members": "members", "aid": "aid"}
REFERENCE = datetime.date(2026, 6, 30)
Verdict = tuple[str, str]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def heading_verdict(row: dict[str, str], words: Vocabulary) -> Verdict:
    """What becomes of a heading in a small table of its kind."""
    wanted, table = row["should_map_to"], row["table"]
    first = [] if wanted.endswith("name") else [Heading(1, ("姓名",))]
    headings = [*first, Heading(2, (row["heading"],))]
    *_, column = columns_for(table, headings, words, [frozenset()] * len(headings))
    found = shown(column)
    if column.fate == "unmatched":
        near = [target.removeprefix("workers.") for target in column.suggestions]
        wish = wanted.removeprefix("unsure:").removeprefix("new:").partition("@")[0]
        told = wanted.startswith(("drop", "remark", "private"))
        good = bool({wish, f"{FRAME[table]}.{wish}"} & {*near}) or (told and "ignore" in near)
        right = wanted.startswith("unsure:") and good
        return ("right" if right else "near" if good else "asked"), f"? {'、'.join(near)}"
    return ("right" if heading_fits(column, wanted, table) else "wrong"), found


def shown(column: Column) -> str:
    if column.variable is None:
        return column.fate
    period = f"@{column.period}" if column.period else ""
    return f"{column.variable.frame}.{column.variable.name}{period} ({column.variable.kind})"


def heading_fits(column: Column, wanted: str, table: str) -> bool:
    variable = column.variable
    kind = variable.kind if variable else "ignored"
    if wanted.startswith(("drop", "remark")):
        return kind in ("ignored", "private", "remark")
    if wanted == "private":
        return column.fate in ("withheld", "ignored") or bool(variable and variable.identifying)
    if variable is None:
        return False
    target, _, period = wanted.removeprefix("new:").partition("@")
    names = {variable.name, f"{variable.frame}.{variable.name}"}
    own = "." in target or variable.frame in (FRAME[table], "workers")
    dropped = kind in ("ignored", "private") and target in ("aid.goods", "aid.phone", "aid.employer")
    in_period = column.period == period or wanted.startswith("new:")
    return (table == "aid" and dropped) or (target in names and own and in_period)


def value_verdict(row: dict[str, str], variable: Variable, schemes: frozenset[str] | None) -> Verdict:
    wanted = row["code_it_should_be"]
    reading = read_column([row["spelling"]], variable, reference=REFERENCE, schemes=schemes)[0]
    value = "|".join(reading.value) if isinstance(reading.value, tuple) else str(reading.value or "")
    value = str(reading.value) if isinstance(reading.value, bool) else value
    if wanted.startswith("?"):
        fits = value in ("", wanted.removeprefix("?new:").partition(" ")[0])
        return ("right" if fits and (value or reading.problem) else "wrong"), value or reading.problem
    if value or not wanted:
        return ("right" if value == wanted else "wrong"), f"{value} {reading.problem}"
    near = nearest_codes(row["spelling"], variable)[:3]
    return ("near" if wanted in near else "asked" if reading.problem else "wrong"), f"? {'、'.join(near)}"


def variable_of(name: str, codebook: Codebook) -> Variable | None:
    if name == "member_status":
        return codebook.variable("members", "status")
    if name == "relation":
        return codebook.variable("members", "relation")
    frame, _, own = name.removeprefix("new:").rpartition(".")
    return codebook.of(frame or "workers").get(own)


def schemes_of(row: dict[str, str], rows: list[dict[str, str]], variable: Variable) -> frozenset[str] | None:
    """The scheme of the code that a category should be, else that of most categories of its source."""
    if variable.name != "hardship_level":
        return None
    own = {level.scheme for level in variable.levels if level.code == row["code_it_should_be"]}
    if own:
        return frozenset(own)
    place = ("source", "variable")
    beside = [r["code_it_should_be"] for r in rows if all(r[part] == row[part] for part in place)]
    counts = Counter(level.scheme for code in beside for level in variable.levels if level.code == code)
    return frozenset(scheme for scheme, _ in counts.most_common(1)) or frozenset({"s2018"})


def value_verdicts(
    rows: list[dict[str, str]], codebook: Codebook
) -> Iterator[tuple[dict[str, str], Verdict]]:
    for row in rows:
        variable = variable_of(row["variable"], codebook)
        if variable is None:
            yield row, ("asked", "no variable")
        else:
            yield row, value_verdict(row, variable, schemes_of(row, rows, variable))


def tell(what: str, verdicts: list[Verdict]) -> None:
    counts = Counter(kind for kind, _ in verdicts)
    total, asked = len(verdicts), counts["near"] + counts["asked"]
    near = f"{counts['near'] / asked:.1%}" if asked else "-"
    print(f"{what}: {total}; right {counts['right'] / total:.1%}, wrong {counts['wrong']}, asked {asked},")
    print(f"  of these with the right answer among the first three {near}")


def main() -> None:
    headings, values = (rows_of(Path(path)) for path in sys.argv[1:3])
    codebook, rest = load_codebook(), "--rest" in sys.argv
    words = Vocabulary(codebook)
    of_headings = [(row, heading_verdict(row, words)) for row in headings]
    of_values = list(value_verdicts(values, codebook))
    for row, (kind, found) in [*of_headings, *of_values] if rest else []:
        if kind != "right":
            print(kind, *list(row.values())[:3], found, sep=" | ")
    tell("headings", [verdict for _, verdict in of_headings])
    tell("values", [verdict for _, verdict in of_values])


if __name__ == "__main__":
    main()
