"""A row that stands one column beside its own gives no value, and is told once."""

import pytest

HEAD = "姓名,性别,身份证号,工作单位,家庭人口,家庭月人均收入,困难类别,致困原因,\n"
FINE = ["赵一强", "男", "990102196503120114", "一厂", "3", "600", "困难", "本人患病", ""]


def shifted(place, step):
    before, behind = FINE[:place], FINE[place:-1]
    return ",".join([*before, "", *behind] if step > 0 else [*before, *behind[1:], "", ""])


@pytest.mark.parametrize(("place", "step"), [(1, 1), (2, 1), (2, -1), (1, -1)])
def test_no_value_of_a_shifted_row_lands_in_another_column(frames_of, place, step):
    frames = frames_of({"a.csv": HEAD + ",".join(FINE) + "\n" + shifted(place, step) + "\n"})
    found = frames["workers"].set_index("source_row").loc[3]
    named = ["employer", "household_size", "income_per_capita_monthly", "hardship_level"]
    assert found[named].isna().all()
    told = frames["issues"].query("problem == 'row_cells_shifted'")
    assert (len(told), told["severity"].tolist()) == (1, ["error"])


def test_a_row_with_two_unreadable_cells_is_not_shifted(frames_of):
    row = ["赵一强", "男", "12345", "一厂", "三口半", "600", "困难", "本人患病", ""]
    frames = frames_of({"a.csv": HEAD + ",".join(row) + "\n"})
    assert frames["workers"]["employer"].tolist() == ["一厂"]
    assert "row_cells_shifted" not in set(frames["issues"]["problem"])
