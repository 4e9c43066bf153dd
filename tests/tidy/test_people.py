import pytest

from bangfu_analysis.reading.context import unit_in


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("第一机械厂", "第一机械厂"),
        ("2009年困难职工花名册-纺织总厂", "纺织总厂"),
        ("纺织总厂困难职工花名册", "纺织总厂"),
        ("兆麟街道2009", "兆麟街道"),
        ("花名册", ""),
        ("Sheet1", ""),
        ("困难职工家庭档案", ""),
        ("帮扶系统导入表", ""),
        ("商贸系统困难职工登记表", "商贸系统"),
        ("导出_最终", ""),
        ("张三丰", ""),
    ],
)
def test_a_sheet_or_file_is_taken_for_a_unit_only_if_it_is_named_like_one(name, unit):
    assert unit_in(name) == unit
