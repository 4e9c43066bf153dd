"""The documentation is true: links lead somewhere, commands and settings exist, blocks run, tongues agree."""

import argparse
import builtins
import re
import shutil
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest
import yaml

import bangfu_analysis as bangfu
from bangfu_analysis.cli import _parser, main
from bangfu_analysis.exhibits.recipes import load_recipes
from bangfu_analysis.settings import read_settings
from tools.reference import FOLDER, pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OUTSIDE = sorted(ROOT.glob("*.md"))
PAGES = [*OUTSIDE, *sorted(DOCS.rglob("*.md"))]
CHINESE = [
    path for path in sorted(DOCS.rglob("*.md"))
    if not path.name.endswith(".en.md") and path.parent.name != "reference"
]  # fmt: skip
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
STUDY_FILES = ("codebook.yaml", "exhibits.yaml")  # where what a page shows is to lie; all else in the wave
NOT_RUN = {"python -m pip install -q -e .": "installs", "jupyter lab": "tests/test_jupyterlab.py opens it"}
RUN = [
    path for path in CHINESE
    if (path.parent.name in ("how-to", "methods") or path.name in ("first-hour.md", "waves.md"))
    and re.search("^```(bash|python)", path.read_text(encoding="utf-8"), re.MULTILINE)
]  # fmt: skip


def named(path):
    return path.relative_to(ROOT).as_posix()


def blocks(path):
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def twin(path):
    return path.with_name("README.zh-CN.md" if path == ROOT / "README.md" else f"{path.stem}.en.md")


def without_words(code):
    return [line for line in (re.sub(r"\s*#.*", "", line) for line in code.splitlines()) if line]


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *CHINESE], ids=named)
def test_the_page_in_the_other_tongue_has_the_same_headings_and_blocks(path):
    both = [each.read_text(encoding="utf-8") for each in (path, twin(path))]
    levels = [re.findall(r"^#+(?= )", BLOCK.sub("", text), re.MULTILINE) for text in both]
    assert levels[0] == levels[1]
    codes = [[(kind, without_words(code)) for kind, code in BLOCK.findall(text) if kind] for text in both]
    assert codes[0] == codes[1]
    assert all(f"]({other.name})" in text for other, text in zip((twin(path), path), both, strict=True))


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_somewhere(path):
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    dead = [to for to in links if "://" not in to and not (path.parent / to.partition("#")[0]).exists()]
    assert dead == []


@pytest.fixture(scope="module")
def commands():
    parser = _parser()
    known = {name for action in parser._actions for name in action.option_strings}
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    own = {n: {o for a in c._actions for o in a.option_strings} for n, c in subparsers.choices.items()}
    return known, own


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_command_and_option_named_exists(path, commands):
    known, own = commands
    text = path.read_text(encoding="utf-8")
    said = [*re.findall(r"`(bangfu [^`]*)`", text), *re.findall(r"^(bangfu .*)$", text, re.MULTILINE)]
    for line in said:
        _, name, *rest = line.split()
        options = {re.split(r"[\])]", word)[0] for word in re.findall(r"--[\w-]+", " ".join(rest))}
        assert name in known | set(own), line
        assert options <= own.get(name, known), line


def settings_file(code):
    found = re.match(r"# ([\w.-]+\.(?:ya?ml|toml))\n", code)
    return found[1] if found else ""


@pytest.mark.parametrize("path", [*OUTSIDE, *CHINESE], ids=named)
def test_every_block_of_settings_is_what_its_file_may_say(path, tmp_path):
    for kind, code in blocks(path):
        if kind not in ("yaml", "toml"):
            continue
        name = settings_file(code)
        assert name, f"{path.name}: a block of settings that does not name its file: {code[:40]}"
        file = tmp_path / name
        file.write_text(code, encoding="utf-8")
        if name in ("codebook.yaml", "mapping.yaml"):
            bangfu.load_codebook(file)
        elif name == "exhibits.yaml":
            load_recipes(file)
        else:
            read_settings(file, file.stem)


def test_the_reference_is_what_the_script_writes():
    told = "run python -m tools.reference"
    assert {path.name for path in FOLDER.glob("*.md")} == set(pages()), told
    for name, text in pages().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, told


def test_every_setting_of_a_wave_a_release_and_a_screening_is_explained():
    told = yaml.safe_load((ROOT / "tools" / "reference.yaml").read_text(encoding="utf-8"))["meanings"]
    rules = yaml.safe_load((ROOT / "bangfu_analysis" / "settings.yaml").read_text(encoding="utf-8"))
    for part in ("wave", "release", "screening", "questionnaire"):
        assert {key.rstrip("!") for key in rules[part]} <= set(told[part])


def draw(project):
    """A study of one wave as the pages speak of it, a survey, two counties, and the sample study."""
    rng = np.random.default_rng(2024)
    heads = "姓名,性别,年龄,文化程度,单位,所属街道,困难类别,致困原因,家庭总收,车间意见"
    units, streets = ("第一机械厂", "第一中学", "第二中学"), ("靖宇街道", "太古街道")
    choices = (
        ("男", "女"), range(25, 60), ("初中", "高级技校", "大专"), units, streets, ("深度困难", "相对困难"),
        ("疾病", "子女上学", "下岗失业"), range(9000, 30000, 1000), ("同意",),
    )  # fmt: skip
    def rows():
        return [[f"某{chr(0x4E00 + i)}", *(rng.choice(list(each)) for each in choices)] for i in range(90)]
    for folder in ("daowai", "sheng/甲县", "sheng/乙县"):
        wave = project / "data" / "raw" / folder / "2024"
        wave.mkdir(parents=True)
        text = "\n".join([heads, *(",".join(map(str, row)) for row in rows())])
        (wave / "花名册.csv").write_text(f"道外区困难职工花名册\n{text}\n", encoding="utf-8")
        people = "单位,职工人数\n第一机械厂,900\n区教育系统工会,1200\n"
        (wave / "职工人数.csv").write_text(people, encoding="utf-8")
        (wave / "wave.toml").write_text('reference_date = 2024-06-30\nscheme = "s2018"\n', encoding="utf-8")
    survey = project / "data" / "raw" / "wenjuan" / "2024"
    survey.mkdir(parents=True)
    answers = [f"{i},{i + 60}秒,{'男女'[i % 2]},{('满意', '一般', '不满意')[i % 3]},好" for i in range(1, 61)]
    head = "序号,所用时间,1、您的性别,2、您对服务满意吗,3、您的建议"
    (survey / "12_按文本_问卷_60_60.csv").write_text("\n".join([head, *answers]), encoding="utf-8")
    document = docx.Document()
    for text in ("{{句:level}}占{{数:level.deep.share}}%。", "{{表:cause_main}}", "{{图:cause_main}}"):
        document.add_paragraph(text)
    document.save(project / "我的报告.docx")
    shutil.copytree(ROOT / "data" / "raw" / "daoli", project / "data" / "raw" / "daoli")


def sample():
    """What the pages on methods call frame and design."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({
        "district": rng.choice(["daoli", "nangang", "xiangfang"], 240), "enterprise": np.arange(240) // 8,
        "person": np.arange(240), "weight": 40.0, "n_ent": 200, "n_workers": 60,
        "age": rng.integers(20, 60, 240), "income": rng.normal(900, 90, 240),
        "sex": rng.choice(["male", "female"], 240), "age_band": rng.choice(["under_50", "over_50"], 240),
        "has_dibao": rng.integers(0, 2, 240), "wave": rng.choice(["2008", "2009"], 240),
    })  # fmt: skip
    return frame, bangfu.SurveyDesign(weight="weight")


def run_line(line, project):
    if line in NOT_RUN:
        return
    assert line.startswith("bangfu "), line
    words = line.split()[1:]
    if words[0] == "start":
        (Path(words[1]) / "wave.toml").unlink()
    assert main(words) == 0, line
    if words[0] == "new-wave":
        before, after = Path(words[1]) / "2024", Path(words[1]) / words[2]
        for file in before.glob("*.csv"):
            shutil.copy(file, after)


@pytest.mark.slow
@pytest.mark.parametrize("path", RUN, ids=named)
def test_every_block_runs_in_the_order_of_its_page(path, tmp_path, monkeypatch):
    def nobody(question):
        raise EOFError

    draw(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtins, "input", nobody)
    frame, design = sample()
    names = {"frame": frame, "design": design, "bangfu": bangfu}
    study = tmp_path / "data" / "raw" / ("wenjuan" if path.name == "survey-alone.md" else "daowai")
    for kind, code in blocks(path):
        if kind == "bash":
            for line in code.splitlines():
                run_line(line, tmp_path)
        elif kind == "python":
            exec(code, names)
        elif kind in ("yaml", "toml") and path.name not in ("waves.md", "first-hour.md"):
            name = settings_file(code)
            place = study if name in STUDY_FILES else study / "2024"
            (place / name).write_text(code, encoding="utf-8")


def test_the_citation_names_the_version_and_no_person():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == bangfu.__version__
    assert cited["authors"] == [{"name": "bangfu_analysis developers"}]


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_public_name_is_public(path):
    if path.name != "CHANGELOG.md":
        said = set(re.findall(r"(?<![\w/.])bangfu\.(\w+)", path.read_text(encoding="utf-8")))
        assert said <= set(bangfu.__all__)


def test_every_function_that_the_methods_name_exists():
    page = (DOCS / "methods" / "README.md").read_text(encoding="utf-8")
    said = ", ".join(re.findall(r"^\| \[.*?\) \| (.*) \|$", page, re.MULTILINE)).split(", ")
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bangfu_analysis").rglob("*.py"))
    assert len(said) > 50
    assert set(said) <= set(re.findall(r"^(?:def|class) (\w+)", code, re.MULTILINE))
