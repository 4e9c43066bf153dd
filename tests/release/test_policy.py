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
        ("treshold: 7", "第 1 行：未知的键 treshold.*是否想写 threshold？未作保护，已停止"),
        ("policy: outsid", "policy 写的是 'outsid'.*是否想写 outside？未作保护，已停止"),
        ("threshold: 2", "threshold 写的是 2，应为整数，不小于 3，不大于 1000。未作保护，已停止"),
        ("threshold: 'no'", "threshold 写的是 'no'，应为整数，不小于 3"),
        ("class_rule: 0", "class_rule 写的是 0，应为 true 或 false"),
        ("dominance: [1]", r"dominance 写的是 \[1\]，应为方括号中的 2 项"),
        ("p_percent: 0", "p_percent 写的是 0，应为数，不小于 1，不大于 100"),
        ("public: [unit]", "public 写的是 'unit'，应为方括号中的一列"),
    ],
)
def test_a_setting_in_doubt_stops_everything(tmp_path, text, told):
    with pytest.raises(CodebookError, match=told):
        policy(tmp_path, text)
