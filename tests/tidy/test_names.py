"""A name in the wrong column leaves neither in a frame nor in a finding."""

import datetime

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.wave import Wave

HEAD = "姓名,性别,出生日期,文化程度,工作单位,困难类别,致困原因\n"


def test_names_in_shifted_columns_and_in_free_text_are_masked(tmp_path):
    rows = (
        "赵启明,男,1965-03-12,初中,纺织总厂,特困,疾病\n"
        "钱向阳,男,1966-03-12,赵启明,钱向阳,特困,给赵启明担保欠款\n"
        "孙立新,女,1967-03-12,小学,木材厂,困难,疾病\n"
    )
    (tmp_path / "2009").mkdir()
    (tmp_path / "2009" / "名册.csv").write_text(HEAD + rows, encoding="utf-8")
    wave = Wave(tmp_path / "2009", datetime.date(2009, 6, 30), scheme="s2000")
    codebook = load_codebook()
    frames = tidy_frames(read_file(wave.folder / "名册.csv", "名册.csv", codebook), codebook, wave, b"k" * 32)
    for name, frame in frames.items():
        for person in ("赵启明", "钱向阳", "孙立新"):
            assert not frame.astype(str).apply(
                lambda column, p=person: column.str.contains(p)
            ).any(axis=None), name
    assert frames["workers"]["employer"].tolist()[::2] == ["纺织总厂", "木材厂"]
    found = frames["issues"].set_index("cell")
    assert found.loc["E3", "problem"] == "name_in_cell"
    assert found.loc["D3", "raw"] == "〔文字3字〕"
    assert "〔文字3字〕" in found.loc["D3", "message"]


def test_addresses_phones_and_names_leave_no_text_column_of_any_table(tmp_path):
    (tmp_path / "2009").mkdir()
    roster = (
        "姓名,性别,出生日期,文化程度,工作单位,所属街道,困难类别,致困原因,本人月收入,赵启明13904510000\n"
        "赵启明13904510000,男,1965-03-12,初中,赵启明饭店,安升街12号3单元401室,特困,疾病,陈小二,x\n"
        "孙立新,女,1967-03-12,小学,木材厂,兆麟街道,困难,疾病,道里区安升街12号,x\n"
    )
    aid = (
        "姓名,帮扶类别,帮扶金额,帮扶时间,帮扶单位\n"
        "孙立新,送温暖,500,2009-01-05,赵启明\n赵启明,送温暖,500,2009-01-05,139.0451.0000\n"
    )
    wave = Wave(tmp_path / "2009", datetime.date(2009, 6, 30), scheme="s2000")
    codebook = load_codebook()
    sheets = []
    for name, text in (("名册.csv", roster), ("台账.csv", aid)):
        (wave.folder / name).write_text(text, encoding="utf-8")
        sheets += read_file(wave.folder / name, name, codebook)
    frames = tidy_frames(sheets, codebook, wave, b"k" * 32)
    for name, frame in frames.items():
        for secret in ("赵启明", "孙立新", "陈小二", "0451", "12号"):
            assert not frame.astype(str).apply(
                lambda column, s=secret: column.str.contains(s)
            ).any(axis=None), name
    assert frames["workers"]["employer"].tolist() == ["***饭店", "木材厂"]
    assert frames["workers"]["district"].fillna("").tolist() == ["", "兆麟街道"]
    told = set(frames["issues"][["source_file", "cell", "problem"]].itertuples(index=False, name=None))
    roster_told = {("名册.csv", "F2", "address_in_cell"), ("名册.csv", "E2", "name_in_cell")}
    assert (
        told >= roster_told | {("台账.csv", "E2", "name_in_cell"), ("台账.csv", "E3", "long_number_masked")}
    )
