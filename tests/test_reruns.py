"""A wave with other headings is added in three commands; what runs again is what changed by content, and it
is said why.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bangfu_analysis.report import report_wave
from bangfu_analysis.study import wave_frames, why
from bangfu_analysis.wave import places

ROOT = Path(__file__).parents[1]
SETTINGS = "# 注释\nreference_date = 2009-06-30\nscheme = 's2000'\nnote = '示例'\n[line]\nurban = 245\n"
PEOPLE = [(f"某{c}", "男女"[i % 2], f"{1950 + i}-01-02", ["初中", "大专"][i % 2], ["困难", "特困"][i % 3 > 0])
          for i, c in enumerate("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉")]  # fmt: skip
OTHER_HEADINGS = ["职工姓名", "性 别", "出生年月日", "最高学历", "困难程度", "星座"]
# Three commands, then the third again; the figures are coarse, as only their being the same matters.
COMMANDS = """
import sys
from pathlib import Path
from bangfu_analysis.cli import main
from bangfu_analysis.pages import theme
theme.DPI = 40
study = Path("data/raw/小调查")
print(main(["new-wave", str(study), "2010"]), file=sys.stderr)
(study / "2010" / "花名册.csv").write_text(Path("received.csv").read_text(encoding="utf-8"), encoding="utf-8")
for _ in range(2):
    print(main(["report", str(study / "2010"), "--why"]), file=sys.stderr)
"""


def roster(headings, people):
    return "\n".join(",".join(row) for row in [headings, *people]) + "\n"


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A clone with a small study, to which wave 2010 is added; what the commands printed."""
    clone = tmp_path_factory.mktemp("clone")
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "bangfu_analysis"], cwd=ROOT, capture_output=True, text=True
    )
    files = tracked.stdout.strip("\0").split("\0") if tracked.returncode == 0 else []
    for name in files or [str(p.relative_to(ROOT)) for p in (ROOT / "bangfu_analysis").rglob("*.*")]:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    first = clone / "data" / "raw" / "小调查" / "2009"
    first.mkdir(parents=True)
    (first / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    (first / "名册.csv").write_text(
        roster(["姓名", "性别", "出生日期", "文化程度", "困难类别"], PEOPLE), encoding="utf-8"
    )
    received = [(*person[:4], "困难", "同意") for person in PEOPLE[:12]]
    (clone / "received.csv").write_text(roster(OTHER_HEADINGS, received), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS], cwd=clone, capture_output=True, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(clone), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return first.parent / "2010", done


def test_a_wave_with_other_headings_is_added_in_three_commands_and_is_in_the_trends(grown):
    import docx

    folder, done = grown
    assert done.stderr.splitlines() == ["0", "0", "0"]
    document = docx.Document(places(folder).report / "report.docx")
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "变化趋势" in words
    assert "未认出的列名：1 处，如 花名册.csv F1" in done.stdout
    assert "列名的新写法：文化程度“最高学历”" in done.stdout
    assert "列名的新写法" in (places(folder).frames / "quality.html").read_text(encoding="utf-8")
    assert "2010年困难职工12人，比上年减少8人，下降40.0%" in words
    assert "上升到100.0%" not in words  # 12 people are too few to compare shares of


def test_nothing_changed_runs_nothing(grown):
    folder, done = grown
    assert done.stdout.count("没有变化，沿用已有结果") == 3
    assert told(folder) == {}
    before = bytes_of(folder)
    for path in folder.iterdir():
        os.utime(path)  # time alone is no change
    report_wave(folder)
    assert bytes_of(folder) == before


def bytes_of(folder):
    where = places(folder)
    roots = (where.report, where.figures, where.frames)
    return {path: path.read_bytes() for root in roots for path in root.rglob("*.*") if path.is_file()}


def told(folder):
    return {step: reasons for step, reasons in why(folder) if reasons}


def edited(path, old, new):
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_what_is_gone_is_named_and_a_frame_made_anew_is_the_same_bytes(grown, tmp_path):
    folder, _ = grown
    where, before = places(folder), bytes_of(grown[0])
    (where.frames / "workers.parquet").unlink()
    (where.report / "tables.xlsx").rename(tmp_path / "tables.xlsx")
    assert told(folder) == {
        "清洗 2010": ["成果不在原处（workers.parquet）"], "报告": ["成果不在原处（tables.xlsx）"]
    }
    wave_frames(folder)
    (tmp_path / "tables.xlsx").rename(where.report / "tables.xlsx")
    assert bytes_of(folder) == before
    assert told(folder) == {}


def test_the_reason_names_the_file_the_setting_the_codebook_and_the_key(grown, tmp_path, monkeypatch):
    folder, _ = grown
    edited(folder / "wave.toml", "# 注释", "# 别的")
    assert told(folder) == {}
    edited(folder / "wave.toml", "示例", "样本")
    assert told(folder) == {"报告": ["设置 note 内容改变"]}
    edited(folder / "wave.toml", "样本", "示例")
    (folder / "加报.csv").write_text("姓名", encoding="utf-8")
    (folder.parent / "codebook.yaml").write_text("headings: {车间意见: ignore}\n", encoding="utf-8")
    edited(folder / "wave.toml", "245", "250")
    assert sorted(told(folder)["清洗 2010"]) == [
        "文件 加报.csv 是新增的",
        "码本 codebook.yaml 是新增的",
        "设置 line 内容改变",
    ]
    assert told(folder)["清洗 2009"] == ["码本 codebook.yaml 是新增的"]
    (folder / "加报.csv").unlink()
    (folder.parent / "codebook.yaml").unlink()
    edited(folder / "wave.toml", "250", "245")
    assert told(folder) == {}
    edited(folder.parent / "2009" / "名册.csv", "初中", "高中")
    assert told(folder) == {"清洗 2009": ["文件 名册.csv 内容改变"], "报告": ["批次 2009 内容改变"]}
    edited(folder.parent / "2009" / "名册.csv", "高中", "初中")
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "other.key"))
    assert set(map(tuple, told(folder).values())) == {("假名密钥改变",)}


def test_a_changed_program_is_named(grown):
    folder, _ = grown
    mark = places(folder).frames / "inputs.json"
    kept = mark.read_text(encoding="utf-8")
    stored = json.loads(kept)
    stored["inputs"]["程序 reading/rows.py"] = "0"
    mark.write_text(json.dumps(stored), encoding="utf-8")
    assert told(folder) == {"清洗 2010": ["程序更新（reading/rows.py）"]}
    mark.write_text(kept, encoding="utf-8")
    assert "程序 pages/charts.py" not in stored["inputs"]


def test_what_is_kept_holds_no_content_of_a_cell(grown):
    folder, _ = grown
    for path in places(folder).frames.glob("*.json"):  # report_last.json holds what the report prints
        words = ("某甲", "1950-01", *(() if path.name == "report_last.json" else ("初中",)))
        assert not any(word in path.read_text(encoding="utf-8") for word in words)
