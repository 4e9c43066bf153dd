"""Drawn workbooks against their truth: every row, every value, every unreadable cell; nothing given up that
could be read.
"""

import datetime

import pandas as pd
import pytest
from drawn import LAYOUTS, draw_wave, lines_of

from bangfu_analysis.study import clean_wave

FILES = [*(f"{name}.xlsx" for name in LAYOUTS), "tabs.csv", "export.csv"]


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "2009"
    folder.mkdir()
    return draw_wave(folder), clean_wave(folder)


def rows_of(frame, file):
    mine = frame[frame["source_file"] == file]
    return {
        (r["source_sheet"], None if pd.isna(r["source_row"]) else int(r["source_row"])): r
        for _, r in mine.iterrows()
    }


def plain(value):
    if isinstance(value, list):
        return value
    if pd.isna(value):
        return None
    return (
        value.date() if isinstance(value, datetime.datetime) else bool(value) if isinstance(value, bool)
        else value
    )


@pytest.mark.parametrize("file", FILES)
def test_every_person_is_found_with_every_value(wave, file):
    truth, frames = wave
    causes = frames["causes"].astype({"cause": object}).groupby("person_id")["cause"].agg(list)
    found = rows_of(frames["workers"], file)
    expected = {(line.sheet, line.row): line.expected for line in lines_of(truth, file, members=False)}
    assert set(found) == set(expected)
    wrong = [
        (place, name, value, said)
        for place, values in expected.items()
        for name, value in values.items()
        if (
            said := sorted(causes.get(found[place]["person_id"], [])) if name == "causes"
            else plain(found[place][name])
        )
        != (sorted(value or []) if name == "causes" else value)
    ]
    assert wrong == []


@pytest.mark.parametrize("file", FILES)
def test_what_cannot_be_read_is_listed_with_its_cell_and_nothing_else_is_given_up(wave, file):
    truth, frames = wave
    issues = frames["issues"][frames["issues"]["source_file"] == file]
    listed = set(zip(issues["source_sheet"], issues["cell"], strict=True))
    given_up = issues[issues["action"] == "missing"]
    lines = list(lines_of(truth, file, members=False))
    bad = {(line.sheet, cell) for line in lines for cell in line.bad.values()}
    assert bad <= listed
    assert set(zip(given_up["source_sheet"], given_up["cell"], strict=True)) <= bad


@pytest.mark.parametrize(
    "file", ["form_per_sheet.xlsx", "family_on_rows_below.xlsx", "same_headings_under_two_parents.xlsx"]
)
def test_every_family_member_is_found(wave, file):
    truth, frames = wave
    found = rows_of(frames["members"], file)
    expected = {(line.sheet, line.row): line.expected for line in lines_of(truth, file, members=True)}
    assert {
        place: {n: plain(row[n]) for n in ("relation", "sex", "birth_date")} for place, row in found.items()
    } == expected


def test_stated_totals_agree_and_every_account_balances(wave):
    frames = wave[1]
    rows = frames["sources"].filter(regex="^rows_").sum(axis=1)
    cells = frames["sources"].filter(regex="^cells_(?!filled)").sum(axis=1)
    assert (rows == frames["sources"]["rows"]).all()
    assert (cells == frames["sources"]["cells_filled"]).all()
    assert set(frames["totals"]["verdict"]) <= {"agrees", "cannot_tell"}


def test_aid_beside_rosters_and_struck_or_hidden_people_go_where_they_belong(wave):
    frames = wave[1]
    problems = frames["issues"].groupby("problem").size()
    assert frames["aid"][["kind", "amount_yuan"]].values.tolist() == [["schooling", 500.0]]
    assert problems["row_struck"] == 2
    assert problems["row_hidden"] == 3
    assert problems["sheet_set_aside"] == 1
