"""Questions out and answers in: what is confirmed is not asked again, and a changed key says so."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.study import clean_wave, query_units

HEADINGS = ["填报单位", "姓名", "身份证号", "年龄", "困难类别"]
ROWS = [
    ["一厂", "甲一", "990102196503120018", 59, "特种"],
    ["一厂", "甲二", "", 51, "深度困难"],
    ["一厂", "甲三", 990102196503120000.0, 52, "相对困难"],
]


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    (tmp_path / "wave.toml").write_text('reference_date = 2024-06-30\nscheme = "s2018"\n', encoding="utf-8")
    pd.DataFrame(ROWS, columns=HEADINGS).to_excel(tmp_path / "名册.xlsx", index=False)
    return tmp_path


def asked(wave: Path) -> dict[str, openpyxl.cell.Cell]:
    whole, *_ = query_units(wave)
    sheet = openpyxl.load_workbook(whole).worksheets[0]
    return {row[3].value: row[7] for row in sheet.iter_rows(min_row=2)}


def answer(wave: Path, answers: dict[str, str]) -> pd.DataFrame:
    cells = asked(wave)
    for cell, said in answers.items():
        cells[cell].value = said
    cells[next(iter(answers))].parent.parent.save(wave / "corrections.xlsx")
    return clean_wave(wave)["issues"]


def test_blank_and_truncated_id_numbers_are_asked(wave: Path) -> None:
    assert {"C3", "C4"} <= {*asked(wave)}


def test_what_is_confirmed_stays_and_is_not_asked_again(wave: Path) -> None:
    said = ["无误", "核实无误。", "属实", "特种", " 特种 "]
    rows = [[*ROWS[0][:1], f"甲{n}", "", 50 + n, "特种"] for n, _ in enumerate(said, 4)]
    pd.DataFrame([*ROWS, *rows], columns=HEADINGS).to_excel(wave / "名册.xlsx", index=False)
    cells = [f"E{n}" for n, _ in enumerate(said, 5)]
    issues = answer(wave, dict(zip(cells, said, strict=True)))
    corrected = issues[issues["problem"].str.startswith("correction")].set_index("cell")["action"]
    assert corrected.to_dict() == dict.fromkeys(cells, "kept")
    assert not {*cells} & {*asked(wave)}
    assert {"C3", "E2"} <= {*asked(wave)}


def test_an_answer_to_a_blank_cell_fills_it(wave: Path) -> None:
    answer(wave, {"C3": "990102196607150019"})
    assert "C3" not in asked(wave)


def test_a_changed_key_is_told_as_such(wave: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(wave, {"E2": "深度"})
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "other" / "key"))
    issues = clean_wave(wave)["issues"]
    told = issues.loc[issues["problem"].eq("correction_other_key"), "message"]
    assert "另一个假名密钥" in told.item()
