from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.reading.questions import by_precedence, printed_order


def test_grades_follow_their_scale_whoever_answers_first():
    assert printed_order(["满意", "非常满意", "不满意", "一般"]) == ("不满意", "一般", "满意", "非常满意")


def test_bands_follow_their_numbers_and_the_rest_comes_last():
    labels = ["15000元以上", "3001-5000元", "3000元以下", "无收入", "5001-8000元"]
    assert printed_order(labels) == ("3000元以下", "3001-5000元", "5001-8000元", "15000元以上", "无收入")


def test_other_labels_keep_the_order_of_appearance():
    assert printed_order(["友谊厂", "北岸厂"]) == ("友谊厂", "北岸厂")


def test_letters_and_the_usual_pairs_have_their_order():
    assert printed_order(["C、差", "A、好", "B、一般"]) == ("A、好", "B、一般", "C、差")
    assert printed_order(["否", "是"]) == ("是", "否")


TICKED = st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1)


@given(TICKED.map(lambda rows: [[*range(8)], *map(sorted, rows)]))
def test_options_ticked_in_printed_order_give_that_order_back(rows):
    lists = [([f"o{i}" for i in row], 1) for row in rows]
    assert by_precedence(lists[::-1]) == tuple(f"o{i}" for i in range(8))
