"""What is new in a wave's headings, values and layouts is listed against the last one; what might be a name
is not kept.
"""

import pandas as pd

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.study import clean_wave, wave_changes

CODEBOOK = load_codebook()
PEOPLE = ["某甲,男,1960-01-02,初中,特困", "某乙,女,1961-01-02,大专,困难"]


def a_wave(study, year, text, scheme="s2000", name="名册.csv"):
    folder = study / year
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wave.toml").write_text(
        f"reference_date = {year}-06-30\nscheme = '{scheme}'\n", encoding="utf-8"
    )
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_first_wave_and_a_wave_like_the_last_have_no_changes(tmp_path):
    text = "\n".join(["姓名,性别,出生日期,文化程度,困难类别", *PEOPLE])
    assert wave_changes(a_wave(tmp_path, "2009", text)).empty
    assert wave_changes(a_wave(tmp_path, "2010", text, name="另一名册.csv")).empty


def test_headings_values_layouts_and_the_scheme_are_listed(tmp_path):
    a_wave(tmp_path, "2009", "\n".join(["姓名,性别,出生日期,文化程度,困难类别", *PEOPLE]))
    rows = [
        "困难职工花名册",
        "姓名,性别,出生年月,困难类型,家庭人口,某丙的事",
        "某甲,男,1960-01,深度困难,3,无",
        "某丁,男,1962-01,深度困难,甲乙,有",
    ]
    changes = wave_changes(a_wave(tmp_path, "2018", "\n".join(rows), "s2018"))
    assert changes["subject"].drop_duplicates().tolist() == ["口径", "列名", "项目", "取值", "版式"]
    told = "\n".join(changes["message"])
    for words in (
        "困难类别口径：s2000 → s2018", "未认出的列名：1 处，如 名册.csv F2", "新增项目：家庭人口",
        "没有了的项目：文化程度",
        "新出现的取值：困难类别“深度困难”", "没有再出现的取值：性别“女”", "列名的新写法：出生日期“出生年月”",
        "新的表头所在行：2",
    ):  # fmt: skip
        assert words in told
    assert "某丙" not in told


def test_the_layout_keeps_known_headings_alone(tmp_path):
    folder = a_wave(tmp_path, "2009", "\n".join(["姓名,性别,出生日期,文化程度,某丙的事", *PEOPLE]))
    clean_wave(folder)
    layout = pd.read_parquet(folder / "_out" / "frames" / "layout.parquet")
    assert layout["heading"].tolist() == ["姓名", "性别", "出生日期", "文化程度", ""]
    assert layout["status"].tolist() == ["matched"] * 4 + ["unmatched"]


def test_a_file_whose_incomes_are_those_of_the_last_wave_is_told(tmp_path):
    def roster(more):
        numbers = [f"99010219650312{n:03d}" for n in range(11, 31, 2)]
        people = [f"赵强刚,{n}{check_character(n)},特困,{300 + int(n[-2:]) + more}" for n in numbers]
        return "\n".join(["姓名,身份证号,困难类别,家庭月人均收入", *people])

    assert wave_changes(a_wave(tmp_path, "2008", roster(0))).empty
    changes = wave_changes(a_wave(tmp_path, "2009", roster(0)))
    assert changes[["subject", "event", "where"]].to_numpy().tolist() == [["数值", "same", "名册.csv"]]
    assert "10 人中有 10 人" in changes["message"].item()
    assert wave_changes(a_wave(tmp_path, "2010", roster(5))).empty
