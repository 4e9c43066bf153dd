"""outline.yaml decides which sections a report has; slips in it are refused with the nearest name."""

import pandas as pd
import pytest

from bangfu_analysis.errors import CodebookError
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.blocks import Exhibit
from bangfu_analysis.pages.sections import load_outline

TABLE = DisplayTable("表", ("a",), ("text",), (("b",),))
SHOWN = [Exhibit(id, section, id, pd.DataFrame(), TABLE)
         for id, section in (("level", "基本情况"), ("unit", "基本情况"), ("trend_total", "变化趋势"))]  # fmt: skip


def outline(folder, text):
    path = folder / "outline.yaml"
    path.write_text(text, encoding="utf-8")
    return load_outline(path)


def filled(outline):
    return [(section.title, [each.id for each in own]) for section, own in outline.filled(SHOWN)]


def test_sections_take_exhibits_by_section_or_by_id_in_the_order_written(tmp_path):
    chosen = outline(
        tmp_path,
        """
sections:
  - {title: 变化, section: 变化趋势}
  - {title: 情况, exhibits: [unit, "lev*"]}
  - {title: 建议, write: advice, prompt: 请写}
  - {title: 不印, exhibits: [level], show: false}
  - {title: 没有数据的, exhibits: [survey_1]}
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
        ("titel: 报告", "未知的键 titel。可用：title、union、sections。是否想写 title"),
        ("sections:\n  - {title: 情况, exhibit: [level]}", "是否想写 exhibits"),
        ("sections:\n  - {section: 基本情况}", "缺少 title"),
        ("sections:\n  - 基本情况", "应写作 title"),
        ("sections: 基本情况", "方括号"),
        ("sections:\n  - {title: 情况, show: 否}", "true 或 false"),
        ("sections:\n  - {title: 甲, write: a}\n  - {title: 乙, write: a}", "代号重复：a"),
    ],
)
def test_slips_are_refused_with_what_was_meant(tmp_path, text, told):
    with pytest.raises(CodebookError, match=told):
        outline(tmp_path, text)


def test_an_id_that_is_a_slip_of_an_existing_one_is_refused(tmp_path):
    chosen = outline(tmp_path, "sections:\n  - {title: 情况, exhibits: [levle]}")
    with pytest.raises(CodebookError, match="是否想写 level"):
        filled(chosen)
