import pytest

from bangfu_analysis.errors import CodebookError
from bangfu_analysis.release.policy import load_policy


def policy(folder, text):
    (folder / "release.yaml").write_text(text, encoding="utf-8")
    return load_policy(folder / "release.yaml")


def test_settings_of_a_wave_prevail(tmp_path):
    assert policy(tmp_path, "threshold: 7\n").threshold == 7
    assert load_policy(tmp_path / "absent.yaml").threshold == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("treshold: 7", "未知的设置 'treshold'.*是否想写 threshold？未作保护，已停止"),
        ("policy: outsid", "未知的规则 'outsid'.*是否想写 outside？未作保护，已停止"),
        ("threshold: 2", "threshold 应为 不小于 3 的整数，实际是 2。未作保护，已停止"),
        ("threshold: 'no'", "threshold 应为 不小于 3 的整数"),
        ("class_rule: 0", "class_rule 应为 true 或 false，实际是 0"),
        ("dominance: [1]", r"dominance 应为 \[最大者个数, 百分比\]"),
        ("p_percent: 0", "p_percent 应为 0 到 100 的百分比"),
        ("public: [unit]", "public 应为 列表的列表"),
    ],
)
def test_a_setting_in_doubt_stops_everything(tmp_path, text, told):
    with pytest.raises(CodebookError, match=told):
        policy(tmp_path, text)
