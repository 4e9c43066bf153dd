"""Rows, cells and stated totals."""

import datetime
from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.errors import BalanceBroken
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, SheetReading
from bangfu_analysis.tidy.accounts import sources_frame
from bangfu_analysis.wave import Wave

HEAD = "姓名,性别,工作单位,家庭人口,家庭年收入（万元）,困难类别\n"
ROWS = [f"某{c},男,纺织总厂,{i},0.{i},特困\n" for i, c in enumerate("甲乙丙", start=1)]
WAVE = Wave(Path("2009"), datetime.date(2009, 6, 30))


def totals_of(frames_of, last):
    frames = frames_of({"a.csv": HEAD + "".join(ROWS) + last + "\n"})
    return frames["totals"].set_index("what")[["cell", "stated", "computed", "verdict"]].astype(
        {"verdict": str}
    ).T.to_dict("list"), frames


def test_stated_totals_are_held_against_the_rows_they_cover(frames_of):
    found, frames = totals_of(frames_of, "合计,3人,,6,0.6,")
    assert found == {
        "rows": ["B5", 3, 3, "agrees"],
        "household_size": ["D5", 6, 6, "agrees"],
        "income_household_annual": ["E5", 6000, 6000, "agrees"],
    }
    assert frames["sources"]["rows_totals"].tolist() == [1]


def test_a_bare_number_under_the_names_counts_people_and_one_under_ticks_counts_ticks(frames_of):
    text = "姓名,性别,身份证号,大病,残疾,手机\n"
    people = ("赵一,男,990101196001101005,√,,13900000001\n", "钱二,女,990101196102111018,√,√,13900000002\n")
    for stated, verdict in (("2", "agrees"), ("3", "differs")):
        last = f"合计,{stated},,,2,1,13900000003\n"
        table = text.replace("姓名", "序号,姓名") + "".join(
            f"{n},{row}" for n, row in enumerate(people, 1)
        ) + last
        totals = frames_of({"a.csv": table})["totals"].set_index("cell").astype({"verdict": str})
        assert totals.loc["B4", ["what", "verdict"]].tolist() == ["rows", verdict]
        assert totals.loc[["E4", "F4"], "what"].tolist() == ["cause", "cause"]
        assert totals.loc[["E4", "F4"], "verdict"].tolist() == ["agrees", "agrees"]
        assert "G4" not in totals.index  # a phone number is no count


def test_a_total_that_differs_is_an_issue_with_both_numbers(frames_of):
    found, frames = totals_of(frames_of, "合计,4人,,6,,")
    assert found["rows"] == ["B5", 4, 3, "differs"]
    wrong = frames["issues"].set_index("problem").loc["total_differs"]
    assert (wrong["cell"], wrong["raw"], wrong["value"]) == ("B5", "4", "3")
    assert "请核对" in wrong["message"]


def test_of_a_pages_subtotal_its_count_is_listed_and_a_sum_that_differs(frames_of):
    found, _ = totals_of(frames_of, "本页小计,3,,6,0.6,")
    assert list(found) == ["rows"]
    found, _ = totals_of(frames_of, "本页小计,3,,7,0.6,")
    assert found["household_size"] == ["D5", 7, 6, "differs"]


def test_a_total_over_an_unreadable_cell_cannot_be_told(frames_of):
    text = HEAD + "".join(ROWS).replace(",2,", ",一家人,") + "合计,3人,,6,,\n"
    frames = frames_of({"a.csv": text})
    assert frames["totals"].set_index("what").loc["household_size", "verdict"] == "cannot_tell"


def sheet(**changes):
    rows = dict.fromkeys(ROW_FATES, 0) | {"kept": 3, "headers": 1}
    cells = dict.fromkeys(CELL_FATES, 0) | {"header": 5, "body": 15}
    return SheetReading(
        "a.xlsx", "表", "roster",
        **{"rows": rows, "cells": cells, "row_count": 4, "cells_filled": 20} | changes,
    )


def test_merged_rows_are_no_longer_kept_and_the_sums_hold():
    away = pd.DataFrame({"source_file": ["a.xlsx"], "source_sheet": ["表"]})
    source = sources_frame([sheet()], away, WAVE).iloc[0]
    assert source[["rows", "rows_kept", "rows_merged", "rows_headers"]].tolist() == [4, 2, 1, 1]


def test_a_sheet_set_aside_keeps_nothing():
    aside = sheet().told("sheet_set_aside", "整张表另列", aside="隐藏")
    source = sources_frame([aside], pd.DataFrame(), WAVE).iloc[0]
    assert source[["rows_kept", "rows_set_aside", "cells_body", "cells_set_aside"]].tolist() == [0, 3, 0, 15]


@pytest.mark.parametrize("changes", [{"row_count": 5}, {"cells_filled": 19}])
def test_a_row_or_cell_that_is_lost_stops_the_clean(changes):
    with pytest.raises(BalanceBroken, match="账目不平"):
        sources_frame([sheet(**changes)], pd.DataFrame(), WAVE)


def test_a_stated_number_that_matches_nothing_is_told_and_so_is_a_row_that_went_nowhere(
    tmp_path, monkeypatch
):
    import pandas as pd

    from bangfu_analysis.study import clean_wave
    from bangfu_analysis.tidy.accounts import unspent

    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "key"))
    rows = (
        "姓名,性别,身份证号,工龄津贴档\n赵一,男,990101196001101005,3\n钱二,女,990101196102111018,4\n"
        "合计,,,7\n"
    )
    (tmp_path / "名册.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "wave.toml").write_text('reference_date = 2009-06-30\nscheme = "s2000"\n', encoding="utf-8")
    totals = clean_wave(tmp_path)["totals"]
    assert totals.set_index("cell").loc["D4", ["stated", "verdict"]].tolist() == [7.0, "cannot_tell"]
    nothing = [pd.DataFrame({"source_file": [], "source_sheet": []})]
    left = unspent([t for s in _read(tmp_path) for t in s.tables], nothing)
    assert [(o.problem, o.cell) for o in left] == [("row_without_place", "A2"), ("row_without_place", "A3")]


def _read(folder):
    from bangfu_analysis.study import read_wave, wave_codebook
    from bangfu_analysis.wave import load_wave

    return read_wave(load_wave(folder), wave_codebook(folder))
