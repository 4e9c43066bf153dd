"""Whose pseudonym is whose, and what the keys that find a person again hold."""

import datetime

import pandas as pd

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.wave import Wave

ROSTER = "姓名,性别,身份证号,工作单位\n张三,男,,甲厂\n李四,女,990101196203045670,乙厂\n"
CODEBOOK = load_codebook()


def frames_in(folder, roster=ROSTER):
    folder.mkdir(parents=True)
    (folder / "名册.csv").write_text(roster, encoding="utf-8")
    wave = Wave(folder, datetime.date(2009, 6, 30), scheme="s2000")
    return tidy_frames(read_file(folder / "名册.csv", "名册.csv", CODEBOOK), CODEBOOK, wave, b"k" * 32)


def test_rows_that_only_their_place_tells_apart_are_nobody_of_another_folder(tmp_path):
    folders = [tmp_path / study / wave for study in ("甲区", "乙区") for wave in ("2008", "2009")]
    workers = pd.concat([frames_in(folder)["workers"] for folder in folders])
    known = workers.groupby("id_basis", observed=True)["person_id"].nunique()
    assert known.to_dict() == {"id_number": 1, "row": 4}


def test_everybody_has_keys_that_hold_no_name_and_agree_where_the_records_do(tmp_path):
    one = frames_in(tmp_path / "甲区" / "2008")["keys"]
    other = frames_in(tmp_path / "甲区" / "2009", ROSTER.replace("张三", "张 三"))["keys"]
    assert one["name_employer"].tolist() == other["name_employer"].tolist()
    assert one["person_id"].is_unique
    assert not [c for c in "张三李四甲乙厂" if c in one.astype(str).to_csv() + other.astype(str).to_csv()]
    assert one["name_birth"].isna().tolist() == one["name_id"].isna().tolist()
