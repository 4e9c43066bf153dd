from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.identity import (
    WHOLE,
    Identity,
    check_character,
    identities,
    name_key,
    read_id,
    read_ids,
)
from bangfu_analysis.cleaning.readings import BLANK, Reading
from bangfu_analysis.distinct import objects

GB_EXAMPLE = "11010519491231002X"
FIRST17 = "99010219650312111"
OURS = FIRST17 + check_character(FIRST17)
IDENTITY = Identity(OURS, date(1965, 3, 12), "male", OURS[:15])

first17s = st.builds(
    lambda day, order: f"990102{day:%Y%m%d}{order:03d}",
    st.dates(date(1920, 1, 1), date(2008, 12, 31)),
    st.integers(1, 995),
)


def test_the_example_of_the_standard_holds():
    assert read_id(GB_EXAMPLE) == Reading(
        Identity(GB_EXAMPLE, date(1949, 12, 31), "female", GB_EXAMPLE[:15])
    )
    raws = ("11010519491231002x", "11010519491231002×", "11010519491231002Ｘ")
    assert {read_id(raw).value for raw in raws} == {
        read_id(GB_EXAMPLE).value
    }


@pytest.mark.parametrize(
    "raw",
    [
        OURS, f"'{OURS}", f" {OURS} ", f"{OURS[:6]} {OURS[6:14]} {OURS[14:]}",
        "".join(chr(ord(c) + 0xFEE0) for c in OURS), f"身份证号：{OURS}", int(OURS),
    ],
)  # fmt: skip
def test_spelling_is_no_finding(raw):
    assert read_id(raw) == Reading(IDENTITY)


@given(first17s, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(first17, place, step):
    whole = first17 + check_character(first17)
    assert read_id(whole).value.key == whole
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    reading = read_id(wrong)
    assert reading.problem in ("id_check_failed", "id_bad_birth", "id_length", "id_truncated")
    assert reading.value is None or reading.value.key == ""


def test_a_wrong_check_character_is_given_up():
    reading = read_id("990102196503121111")
    assert (reading.value, reading.problem, reading.action) == (None, "id_check_failed", "missing")
    assert "校验位" in reading.message


def test_swapped_neighbours_are_suggested_and_not_mended():
    reading = read_id(OURS[:10] + OURS[11] + OURS[10] + OURS[12:])
    assert reading.value is None
    assert reading.problem in ("id_check_failed", "id_bad_birth")
    swapped = OURS[:2] + OURS[3] + OURS[2] + OURS[4:]
    assert "抄反" in read_id(swapped).message


@given(first17s.filter(lambda first: first[6:8] == "19"))
def test_fifteen_digits_are_upgraded_to_the_number_of_today(first17):
    reading = read_id(first17[:6] + first17[8:])
    assert reading.value.key == first17 + check_character(first17)
    assert (reading.problem, reading.action) == ("id_upgraded", "repaired")


def test_centenarians_of_the_old_numbers_are_flagged():
    reading = read_id("990102650312997")
    assert (reading.value.birth, reading.action) == (date(1865, 3, 12), "inferred")
    assert "百岁" in reading.message


@given(first17s)
def test_numbers_cut_by_excel_keep_region_and_birth_and_lose_sex_and_key(first17):
    born = date(int(first17[6:10]), int(first17[10:12]), int(first17[12:14]))
    cut = Identity("", born, None, first17[:15])
    as_excel_keeps_it = float(first17[:15] + "000")
    for raw in (as_excel_keeps_it, int(as_excel_keeps_it), f"{as_excel_keeps_it:.14E}"):
        reading = read_id(raw)
        assert (reading.value, reading.problem, reading.action) == (cut, "id_truncated", "inferred")
    as_text = read_id(first17[:15] + "000")
    assert as_text.value == cut or as_text.value.key == first17[:15] + "000"


@given(first17s)
@example("99010220000131987")
@example("99010220000831994")
def test_numbers_cut_by_other_programs_are_never_keys(first17):
    reading = read_id(float(first17 + check_character(first17).replace("X", "1")))
    assert reading.problem == "id_truncated"  # given up where rounding has made it the 32nd
    assert reading.value is None or (reading.value.key, reading.value.sex) == ("", None)


def test_a_number_shown_in_powers_of_ten_holds_no_birth_date():
    assert (read_id("9.90102E+17").value, read_id("9.90102E+17").problem) == (None, "id_truncated")
    assert read_id("9.90102196503121E+17").value.birth == date(1965, 3, 12)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (OURS[:17], "id_length"), (OURS + "1", "id_length"), (13900000000, "id_length"),
        (f"{OURS}/{OURS}", "several_ids"), (OURS + OURS, "several_ids"),
        ("E12345678", "not_an_id"), ("护照", "not_an_id"), ("990102196513011111", "id_bad_birth"),
        ("990102****03121111", "masked"),
        ("#REF!", "error_cell"), ("待核实", "unreadable"), (True, "not_an_id"),
    ],
)  # fmt: skip
def test_other_contents_are_given_up_with_their_reason(raw, problem):
    reading = read_id(raw)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


def test_blank_and_none_are_missing_without_a_finding():
    assert [read_id(raw) for raw in (None, "", "无", "/")] == [BLANK] * 4


def test_letters_among_the_digits_are_mended_only_where_the_check_character_proves_it():
    assert (read_id(OURS.replace("0", "O")).value.key, read_id(OURS.replace("0", "O")).problem) == (
        OURS,
        "letter_in_number",
    )
    assert read_id("99O102196503121111").value is None


def test_no_message_holds_a_digit_of_the_number():
    for raw in (OURS[:17], "990102196503121111", f"{OURS}/{OURS}", float(OURS), "990102650312111"):
        assert OURS[:8] not in read_id(raw).message
        assert "6503" not in read_id(raw).message


@given(st.lists(st.one_of(
    st.none(), st.text("0123456789Xx ", max_size=19), st.floats(), st.integers(1, 10**18), st.sampled_from(
        [OURS, OURS[:17] + "0", OURS[:10] + OURS[11] + OURS[10] + OURS[12:], OURS.lower(),
         "99010219650230" + OURS[14:], GB_EXAMPLE])), max_size=8))  # fmt: skip
def test_a_column_of_numbers_says_what_each_says_by_itself(raws):
    cells = objects(raws)
    readings = read_ids(cells)
    together = identities(cells, readings)
    for n, raw in enumerate(raws):
        alone = read_id(raw)
        assert (readings[n] is WHOLE and not alone.problem) or readings[n] == alone
        for part in ("key", "first15", "birth", "sex"):
            assert together[part][n] == (getattr(alone.value, part, None) or None)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("张　三", "张三"), (" 欧阳 修", "欧阳修"), ("*李四", "李四"), ("王五（已故）", "王五"),
        ("阿依古丽•买买提", "阿依古丽·买买提"), ("Maria", "maria"),
        ("张**", None), ("李某", None), ("合计", None), ("不详", None), ("待核实", None), ("12", None),
        ("王", None), ("张三1", None), (None, None), (3, None),
    ],
)  # fmt: skip
def test_names_have_one_form_and_other_contents_none(raw, key):
    assert name_key(raw) == key


@given(st.one_of(st.text(), st.text("0123456789Xx×eE+./ *身份证OoIl"), st.integers(), st.floats()))
def test_any_cell_has_a_reading(raw):
    reading = read_id(raw)
    assert reading.value is None or isinstance(reading.value, Identity)
    assert bool(reading.problem) == bool(reading.message) == bool(reading.action)
    assert name_key(raw) is None or isinstance(name_key(raw), str)
