import datetime

import pytest

from bangfu_analysis.codebook import PACKAGE_CODEBOOKS, load_codebook, patterns, read_yaml, simplified
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.text import squeeze

DAY = datetime.date(2012, 1, 1)


def test_no_heading_means_two_variables_of_one_frame():
    for heading, variables in load_codebook().by_heading.items():
        frames = [variable.frame for variable in variables]
        assert len(frames) == len(set(frames)), heading


@pytest.mark.parametrize(
    ("frame", "heading", "name"),
    [
        ("workers", "認定年月", "recognised_date"), ("workers", "目前婚姻状态", "marital_status"),
        ("workers", "是否属于零就业户", "is_zero_employment"), ("workers", "家庭债务总额", "debt"),
        ("workers", "与申请人本人的关系", None), ("members", "与职工本人的关系", "relation"),
        ("workers", "家庭年均收入", None), ("workers", "家庭收入", None), ("aid", "资助日期", "date"),
    ],
)  # fmt: skip
def test_a_heading_written_another_way_means_the_same_if_nothing_else_does(frame, heading, name):
    found = load_codebook().meant(frame, heading)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("heading", ["叔父联系电话", "工资卡账号", "包户干部姓名", "镇街审核意见"])
def test_what_identifies_and_what_officials_think_is_withheld_by_its_ending(heading):
    codebook = load_codebook()
    assert codebook.meant("workers", heading) is None
    assert codebook.withheld("workers", heading).kind in ("private", "ignored")


def test_no_traditional_character_stands_twice_or_for_itself():
    pairs = "".join(read_yaml(PACKAGE_CODEBOOKS / "traditional.yaml")["traditional"].split())
    assert len(set(pairs[::2])) == len(pairs) / 2
    assert not set(pairs[::2]) & set(pairs[1::2])
    assert simplified("職工醫療保險") == "职工医疗保险"


def test_a_spelling_means_two_codes_only_across_schemes():
    for variable in load_codebook().variables:
        for spelling, levels in variable.spellings.items():
            schemes = [level.scheme for level in levels]
            assert len(schemes) == len(set(schemes)), f"{variable.name} {spelling}"


def test_a_mapping_adds_a_heading_and_a_value_by_yaml_alone(tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "headings:\n  家庭总收: workers.income_household_annual\n  车间意见: ignore\n"
        "values:\n  workers.education: {高级技校: vocational_secondary}\n",
        encoding="utf-8",
    )
    codebook = load_codebook(mapping)
    assert [v.name for v in codebook.by_heading["家庭总收"]] == ["income_household_annual"]
    assert "车间意见" in codebook.ignored_headings
    assert codebook.variable("workers", "education").spellings["高级技校"][0].code == "vocational_secondary"
    assert "高级技校" not in load_codebook().variable("workers", "education").spellings


def test_a_study_codebook_adds_spellings_and_a_variable_is_kept_whole(tmp_path):
    study = tmp_path / "codebook.yaml"
    study.write_text("lists:\n  education:\n    - {code: primary, says: [完小]}\n", encoding="utf-8")
    education = load_codebook(study).variable("workers", "education")
    assert squeeze("完小") in education.spellings
    assert education.codes == load_codebook().variable("workers", "education").codes


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"headings": {"家庭总收": "workers.incom"}}, "headings.家庭总收 写的是 'workers.incom'"),
        (
            {"values": {"workers.education": {"高级技校": "secondary"}}},
            "写的是 'secondary'，可用：illiterate",
        ),
        ({"heading": {}}, "未知的键 heading。可用：headings"),
        ({"heading": {}}, "是否想写 headings？"),
        ({"variables": {"workers": {"sex": {"heading": []}}}}, "workers.sex 未知的键 heading"),
        ({"lists": {"sex": [{"code": "male", "say": ["男士"]}]}}, "是否想写 says？"),
        ({"bands": {"below_line": {"level": []}}}, "是否想写 levels？"),
        (
            {"crosswalk": {"carried": [{"variable": "unit", "from": ["甲"], "to": "乙", "why": "改名"}]}},
            "缺少 valid_from",
        ),
        (
            {"crosswalk": {"breaks": [{"variable": "educaton", "valid_from": DAY, "why": "改"}]}},
            "是否想写 education？",
        ),
        ({"crosswalk": {"breaks": [{"variable": "education", "valid_from": DAY}]}}, "缺少 why"),
        ({"crosswalk": {"carry": []}}, "是否想写 carried？"),
        ({"variables": {"workers": {"sex": {"kind": "chocie"}}}}, "chocie"),
    ],
)
def test_an_overlay_that_names_what_is_not_there_is_told_what_is(overlay, words):
    with pytest.raises(CodebookError) as fault:
        load_codebook(overlay)
    assert words in str(fault.value)


def test_a_study_puts_a_scheme_of_its_own_on_a_shared_scale():
    poor = {"code": "very_poor", "label": "特贫", "en": "very poor", "scheme": "local"}
    own = {
        "lists": {"hardship_level": [poor]},
        "schemes": {"local": {"label": "本地口径", "worst": "very_poor", "levels": ["very_poor"]}},
        "bands": {"below_line": {"levels": [{"code": "below", "codes": {"local": ["very_poor"]}}]}},
    }
    band = load_codebook(own).bands["below_line"]
    assert band.schemes == ["s2000", "s2008", "s2012", "local"]
    assert band.codes == ["below", "above"]


def test_labels_come_in_codebook_order_and_both_tongues():
    codebook = load_codebook()
    assert list(codebook.labels("sex").values()) == ["男", "女"]
    assert codebook.labels("education_band", "en")["college_or_more"] == "college or more"
    assert codebook.title("cause_main" if "cause_main" in codebook.of("workers") else "cause") == "致困原因"
    with pytest.raises(CodebookError, match="没有变量或分组"):
        codebook.title("nothing")


def test_broken_yaml_names_the_line(tmp_path):
    broken = tmp_path / "mapping.yaml"
    broken.write_text("headings:\n  a: [1\n", encoding="utf-8")
    with pytest.raises(CodebookError, match="第 2 行"):
        load_codebook(broken)


def test_a_pattern_may_name_an_earlier_one_of_its_room():
    sheets = patterns("sheets")
    assert (
        sheets["total"].match("本页小计：") and sheets["total"].match("共12人，其中女5人")
        and not sheets["total"].match("王合计划")
    )
    assert sheets["unit_name"].search("第一机械厂") and not sheets["unit_name"].search("花名册")


def test_a_spelling_that_a_researcher_gives_to_another_code_is_no_longer_the_first_ones():
    mapped = {"values": {"workers.health": {"患大病": "cancer"}}}
    before, after = (load_codebook(own).variable("workers", "health") for own in ({}, mapped))
    assert [level.code for level in before.spellings["患大病"]] == ["serious"]
    assert [level.code for level in after.spellings["患大病"]] == ["cancer"]
