"""Mistakes in settings are told with file, line and remedy; what people write in other ways is read."""

import datetime
import re
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
import yaml

from bangfu_analysis.cli import main
from bangfu_analysis.codebook import PACKAGE_CODEBOOKS, load_codebook
from bangfu_analysis.errors import BangfuError, CodebookError
from bangfu_analysis.overlays import PACKAGE_ONLY
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.settings import read_settings, read_yaml
from bangfu_analysis.wave import REPORT_FILES, load_wave

DAY = "reference_date = 2009-06-30\n"
MISTAKES = yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8"))
QUESTIONS = "序号,提交答卷时间,所用时间,1.您的性别,2.您的年龄\n" + "".join(
    f"{i},2024/5/{i} 10:00:00,{20 + i}秒,{'男女'[i % 2]},{'青中老'[i % 3]}年\n" for i in range(1, 13)
)
EARLY = [
    *(("wave.toml", DAY + text, *told) for text, *told in MISTAKES["wave"]),
    *(("wave.toml", *each) for each in MISTAKES["dates"]),
    *(("mapping.yaml", *each) for each in MISTAKES["mapping"]),
    *(("../codebook.yaml", *each) for each in MISTAKES["codebook"]),
    *((f"{name}.yaml", *each) for name in ("exhibits", "outline") for each in MISTAKES[name]),
]
LATE = [
    *(("screening.yaml", *each) for each in MISTAKES["screening"]),
    *(("questionnaire.yaml", *each) for each in MISTAKES["book"]),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A wave of a small roster, and one of a small questionnaire."""
    folder = tmp_path_factory.mktemp("data") / "raw" / "道里"
    rows = (f"某{c},男,{40 + i},特困,道里厂\n" for i, c in enumerate("甲乙丙丁戊"))
    roster = "姓名,性别,年龄,困难类别,填报单位\n" + "".join(rows)
    for wave, name, text in (("2009", "名册.csv", roster), ("2024", "12_按文本_问卷_12_12.csv", QUESTIONS)):
        (folder / wave).mkdir(parents=True)
        (folder / wave / name).write_text(text, encoding="utf-8")
    return folder


def told(capsys, folder, name, text, line):
    """What `bangfu clean` (or report) says of a wave with this file, which must stop there and in words."""
    (folder / "wave.toml").write_text(DAY, encoding="utf-8")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    status = main(["report" if name in REPORT_FILES else "clean", str(folder)])
    if path.name != "wave.toml":
        path.unlink()
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith(f"{path.name} 第 {line} 行：" if line else path.name)
    assert "Traceback" not in err and err.rstrip().endswith(("。", "？"))
    return err


@pytest.mark.parametrize(("name", "text", "line", "word"), EARLY)
def test_a_mistake_is_told_with_file_and_line_before_a_file_is_read(study, capsys, name, text, line, word):
    if "[sample]" in text:  # whether the columns are there shows once the files are read
        assert word in told(capsys, study / "2009", name, text, line)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bangfu_analysis.study.read_wave", lambda *_, **__: pytest.fail("read in spite of it"))
        assert word in told(capsys, study / "2009", name, text, line)


@pytest.mark.parametrize(("name", "text", "line", "word"), LATE)
def test_a_mistake_about_a_questionnaire_is_told_with_file_and_line(study, capsys, name, text, line, word):
    assert word in told(capsys, study / "2024", name, text, line)


@pytest.mark.parametrize(("text", "line", "word"), MISTAKES["release"])
def test_a_release_in_doubt_is_told_with_file_and_line_and_stops(tmp_path, text, line, word):
    (tmp_path / "release.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CodebookError) as fault:
        load_policy(tmp_path / "release.yaml", dimensions=["sex", "unit"])
    assert str(fault.value).startswith(f"release.yaml 第 {line} 行：")
    assert word in str(fault.value) and "已停止" in str(fault.value)


def test_at_least_150_mistakes_are_tried():
    assert len({*EARLY, *LATE}) + len(MISTAKES["release"]) >= 540


def test_every_mistake_of_a_file_is_told_at_once(tmp_path):
    text = DAY + "scop = '甲'\n[line]\nurban = -1\n[sample]\nnest = 'x'\n"
    (tmp_path / "wave.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BangfuError) as fault:
        load_wave(tmp_path)
    lines = str(fault.value).splitlines()
    assert [line.split("：")[0] for line in lines] == [f"wave.toml 第 {n} 行" for n in (2, 4, 6, 5)]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mapping.yml", "mapping.yaml"), ("Mapping.yaml", "mapping.yaml"), ("wave.tml", "wave.toml"),
        ("mapping.yaml.txt", "mapping.yaml"), ("questionaire.yaml", "questionnaire.yaml"),
        ("exhibit.yaml", "exhibits.yaml"), ("codebook.yaml", "上一级"), ("设置.xls", "设置.xlsx"),
        ("设置 (1).xlsx", "设置.xlsx"), ("correction.xlsx", "corrections.xlsx"),
    ],
)  # fmt: skip
def test_settings_under_a_wrong_name_are_told(tmp_path, name, near):
    (tmp_path / "wave.toml").write_text(DAY, encoding="utf-8")
    (tmp_path / name).write_text("headings: {}\n", encoding="utf-8")
    with pytest.raises(BangfuError, match=rf"^{re.escape(name)}：.*{near}.*请"):
        load_wave(tmp_path)


@pytest.mark.parametrize(
    ("row", "cell", "word"),
    [
        (("列", "", "奇怪列", "忽略"), "A2", "是否想写 列名"),
        (("列名", "", "", "忽略"), "C2", "原文是空的"),
        (("列名", "", "奇怪列", "忽路"), "E2", "是否想写 忽略"),
        (("写法", "性别", "公", "男"), "B2", "·性别"),
        (("写法", "困难职工·性别", "公", "男性"), "E2", "是否想写 男"),
        (("表", "", "名册.xls", "困难职工名册"), "C2", "是否想写 名册.csv"),
    ],
)
def test_a_mistake_in_the_settings_workbook_is_told_with_its_cell(study, capsys, row, cell, word):
    kind, item, said, chosen = row
    err = told_of_book(capsys, study / "2009", [(kind, item, said, "名册.csv", chosen, "")])
    assert err.startswith(f"设置.xlsx [设置] {cell}：") and word in err


def told_of_book(capsys, folder, rows, merged=""):
    """What `bangfu clean` says of a wave with a settings workbook of these rows, which must stop there."""
    book = openpyxl.Workbook()
    book.active.title = "设置"
    for row in (["种类", "项目", "原文", "在哪里", "选择", "为什么这样建议"], *rows):
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    (folder / "wave.toml").write_text(DAY + "[population.unit]\n'一厂' = 9\n", encoding="utf-8")
    book.save(folder / "设置.xlsx")
    status = main(["clean", str(folder)])
    (folder / "设置.xlsx").unlink()
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and "Traceback" not in err
    return err


ROSTER, REPLIES = "名册.csv", "12_按文本_问卷_12_12.csv"
SAME = [("奇怪", ROSTER, "忽略"), ("奇 怪", ROSTER, "困难职工·性别")]


@pytest.mark.parametrize(
    ("rows", "merged", "cell", "word"),
    [
        ([("列名", "", "奇怪列", ROSTER, "=1+1", "")], "", "E2", "没有结果的公式"),
        ([("列名", "", "甲", ROSTER, "忽略", ""), ("列名", "", "乙", "", "", "")], "E2:E3", "E2", "合并"),
        ([("发布", "", "给谁看", "", "内外", "")], "", "E2", "内部"),
        ([("发布", "", "", "", c, "") for c in ("内部", "对外")], "", "E3", "E2 不一致"),
        ([("列名", "", *each, "") for each in SAME], "", "E", "同一种"),
        ([("写法", "困难职工·性别", "女", ROSTER, "男", "")], "", "E2", "female"),
        ([("单位", "", "道里厂", ROSTER, "二厂", "")], "", "E2", "没有单位“二厂”。可用：一厂"),
        ([("答卷", "做答过快", "1", REPLIES, "剔除", "")], "", "B2", "是否想写 作答过快"),
        ([("答卷", "作答过快", "", REPLIES, "剔除", "")], "", "C2", "是空的"),
        ([("答卷", "作答过快", "99", REPLIES, "剔除", "")], "", "C2", "没有答卷 99"),
        ([("答卷", "作答过快", "1", "没有.csv", "剔除", "")], "", "D2", REPLIES),
        ([("答卷", "作答过快", "1", REPLIES, c, "") for c in ("剔除", "保留")], "", "E3", "E2 不一致"),
    ],
)  # fmt: skip
def test_a_row_of_the_settings_workbook_that_is_in_doubt_is_told(study, capsys, rows, merged, cell, word):
    wave = "2024" if rows[0][0] == "答卷" else "2009"
    err = told_of_book(capsys, study / wave, rows, merged)
    assert err.startswith(f"设置.xlsx [设置] {cell}") and word in err


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("C2", "41", "zz")], "核对码"),
        ([("C2", "41", "0123456789abcd"), ("C2", "42", "0123456789abcd")], "第 2 行 的不同"),
        ([("C2", "=40+1", "0123456789abcd")], "没有结果的公式"),
    ],
)
def test_answers_in_doubt_are_told_with_their_row(study, capsys, rows, word):
    book = openpyxl.Workbook()
    book.active.append(["编号", "文件", "工作表", "单元格", "项目", "原填", "问题", "请填正确内容", "核对码"])
    for cell, answer, code in rows:
        book.active.append([1, ROSTER, "", cell, "年龄", "40", "", answer, code])
    (study / "2009" / "wave.toml").write_text(DAY, encoding="utf-8")
    book.save(study / "2009" / "corrections.xlsx")
    status = main(["clean", str(study / "2009")])
    (study / "2009" / "corrections.xlsx").unlink()
    err = capsys.readouterr().err
    assert status == 2 and err.startswith("corrections.xlsx [Sheet] ") and word in err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_encodings_and_line_ends_of_windows_are_read(tmp_path, encoding, ends):
    (tmp_path / "wave.toml").write_bytes(ends.join([DAY.strip(), 'scope = "道里区"', ""]).encode(encoding))
    mapping = ends.join(["headings:", "  家庭总收: ignore", ""])
    (tmp_path / "mapping.yaml").write_bytes(mapping.encode(encoding))
    assert load_wave(tmp_path).scope == "道里区"
    assert "家庭总收" in load_codebook(tmp_path / "mapping.yaml").ignored_headings


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"PK\x03\x04\x00\x00", b"\xff\xff\xff\xff"])
def test_what_is_no_text_is_named(tmp_path, content):
    (tmp_path / "mapping.yaml").write_bytes(content)
    with pytest.raises(CodebookError, match="mapping.yaml：不是文本文件.*请用记事本另存为 UTF-8"):
        load_codebook(tmp_path / "mapping.yaml")


def test_references_that_multiply_are_refused(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in pairwise("abcdefghi")
    )
    (tmp_path / "mapping.yaml").write_text(bomb, encoding="utf-8")
    with pytest.raises(CodebookError, match="内容过多"):
        load_codebook(tmp_path / "mapping.yaml")


def test_an_empty_file_and_empty_entries_say_nothing(tmp_path):
    for text in ("", "# 说明\n", "headings:\nvalues:\n", "---\n"):
        (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
        assert load_codebook(tmp_path / "mapping.yaml").by_heading == load_codebook().by_heading


def test_a_list_laid_over_another_replaces_it_but_words_are_added():
    age = {"range": [16, 60], "headings": ["岁数"]}
    scheme = {"levels": ["general"], "worst": "general"}
    own = {"variables": {"workers": {"age": age}}, "schemes": {"s2000": scheme}}
    codebook = load_codebook(own)
    age = codebook.variable("workers", "age")
    assert (age.low, age.high) == (16, 60)
    assert {"岁数", "周岁"} <= set(age.headings)
    assert codebook.schemes["s2000"]["levels"] == ["general"]


def test_the_packages_own_files_hold_to_the_rules():
    for path in sorted(PACKAGE_CODEBOOKS.glob("*.yaml")):
        if not {*read_yaml(path)} & {*PACKAGE_ONLY}:  # no study lays anything over those
            load_codebook(path)


def test_what_is_read_is_plain(tmp_path):
    text = DAY.replace("30\n", "30T08:00:00\n") + "[sample]\nstrata = ['a']\n"
    (tmp_path / "wave.toml").write_text(text, encoding="utf-8")
    read = read_settings(tmp_path / "wave.toml", "wave")
    assert read == {"reference_date": datetime.date(2009, 6, 30), "sample": {"strata": ["a"]}}
