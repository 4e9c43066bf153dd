"""outline.yaml decides which sections a report has; slips in it are refused with the nearest name."""

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.recipes import load_recipes, recipe
from bangfu_analysis.exhibits.sections import load_outline, report_settings
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.wave import levels

PLACED = (("level", "basic"), ("unit", "basic"), ("trend_total", "trends"))
RECIPES = [recipe(id=id, make="count", section=section) for id, section in PLACED]
CODEBOOK = load_codebook()
SHOWN = [Exhibit(Cut(each.id, each.id, pd.DataFrame(), ()), each, Layout(), CODEBOOK) for each in RECIPES]


def outline(folder, text):
    path = folder / "outline.yaml"
    path.write_text(text, encoding="utf-8")
    return load_outline(path, recipes=[*RECIPES, recipe(id="survey", make="questionnaire")])


def filled(outline):
    return [(section.title, [each.id for each in own]) for section, own in outline.filled(SHOWN)]


def test_sections_take_exhibits_by_section_or_by_id_in_the_order_written(tmp_path):
    chosen = outline(
        tmp_path,
        """
sections:
  - {id: trends, title: 变化}
  - {id: state, title: 情况, exhibits: [unit, "lev*"]}
  - {id: advice, title: 建议, write: true, prompt: 请写}
  - {id: quiet, title: 不印, exhibits: [level], show: false}
  - {id: nothing, title: 没有数据的, exhibits: [survey_1]}
""",
    )
    assert filled(chosen) == [("变化", ["trend_total"]), ("情况", ["unit", "level"]), ("建议", [])]


def test_what_a_file_does_not_say_stays_as_the_package_has_it(tmp_path):
    chosen = outline(tmp_path, "union: 某区总工会")
    assert chosen.union == "某区总工会"
    assert chosen.title == load_outline().title
    assert filled(chosen)[:2] == [("基本情况", ["level", "unit"]), ("变化趋势", ["trend_total"])]


def test_the_later_file_prevails(tmp_path):
    for name, union in (("a", "省总工会"), ("b", "区总工会")):
        (tmp_path / name).write_text(f"union: {union}", encoding="utf-8")
    assert load_outline(tmp_path / "a", tmp_path / "absent", tmp_path / "b").union == "区总工会"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel: 报告", "第 1 行：未知的键 titel。可用：title、survey、union、sections。是否想写 title"),
        ("sections:\n  - {id: a, title: 情况, exhibit: [level]}", "是否想写 exhibits"),
        ("sections:\n  - {id: basic}", "缺少 title"),
        ("sections:\n  - 基本情况", "第 2 行：.*键: 值"),
        ("sections: 基本情况", "方括号"),
        ("sections:\n  - {id: a, title: 情况, show: 否}", "true 或 false"),
        ("sections:\n  - {id: a, title: 甲}\n  - {id: a, title: 乙}", "第 3 行：.*id a 重复"),
        ("sections:\n  - {id: a, title: 情况, exhibits: [levle]}", "是否想写 level"),
    ],
)
def test_slips_are_refused_with_what_was_meant(tmp_path, text, told):
    with pytest.raises(CodebookError, match=told):
        outline(tmp_path, text)


def recipes(folder, text):
    path = folder / "exhibits.yaml"
    path.write_text(text, encoding="utf-8")
    return {each.id: each for each in load_recipes(path)}


def test_a_study_adds_replaces_and_removes_exhibits(tmp_path):
    found = recipes(
        tmp_path,
        """
- {id: street_causes, section: causes, make: causes, by: district, title: 各街道的致困原因}
- {id: cause_any, draw: bars}
- {id: pyramid, remove: true}
""",
    )
    own = {each.id: each for each in load_recipes()}
    assert found["street_causes"].by == ("district",) and found["street_causes"].added
    assert (found["cause_any"].draw, found["cause_any"].make) == ("bars", own["cause_any"].make)
    assert set(own) - set(found) == {"pyramid"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {id: a, make: count, bye: sex}", "第 1 行：.*未知的键 bye。.*是否想写 by"),
        ("- {id: levl, draw: bars}", "第 1 行：.*是否想写 level"),
        ("- {id: levl, remove: true}", "是否想写 level"),
        ("- level", "第 1 行：.*键: 值"),
        ("exhibit: []", "未知的键 exhibit"),
    ],
)
def test_slips_in_exhibits_yaml_are_refused_with_what_was_meant(tmp_path, text, told):
    with pytest.raises(CodebookError, match=told):
        recipes(tmp_path, text)


def test_an_exhibit_of_no_section_is_refused(tmp_path):
    for level in levels(wave := tmp_path / "2009"):
        level.mkdir(exist_ok=True)
    (wave / "exhibits.yaml").write_text("- {id: a, make: count, by: sex, section: bsic}", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"exhibits.yaml 第 1 行：.*'bsic'.*是否想写 basic"):
        report_settings(wave, CODEBOOK)
