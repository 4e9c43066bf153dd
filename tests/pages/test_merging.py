from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.pages.merging import Unit, changed_numbers, merged, places_of


def units(*texts):
    return [Unit(str(n), text) for n, text in enumerate(texts)]


def stands(now, was, theirs):
    steps, deleted = merged(now, was, [Unit("", text) for text in theirs])
    return [(step.theirs or step.now).text for step in steps], [one.text for one in deleted]


WAS = units("标题甲乙丙", "共3456人，其中特困1058人。", "第三段的话很长，不动。")
NOW = units("标题甲乙丙", "共3436人，其中特困1050人。", "第三段的话很长，不动。")


def test_what_nobody_touched_is_made_anew():
    assert stands(NOW, WAS, [one.text for one in WAS]) == ([one.text for one in NOW], [])


def test_edited_text_stays_new_text_keeps_its_place_and_deleted_text_stays_deleted():
    theirs = ["新的开头", "标题甲乙丙", "全区共3456人，其中特困1058人。", "走访了12户。"]
    kept = ["新的开头", "标题甲乙丙", "全区共3456人，其中特困1058人。", "走访了12户。"]
    assert stands(NOW, WAS, theirs) == (kept, ["第三段的话很长，不动。"])


def test_a_unit_that_is_made_no_more_goes_unless_it_was_edited():
    assert stands(NOW[:2], WAS, [one.text for one in WAS])[0] == [one.text for one in NOW[:2]]
    edited = [WAS[0].text, WAS[1].text, "第三段的话很长，改了。"]
    assert stands(NOW[:2], WAS, edited)[0] == [NOW[0].text, NOW[1].text, "第三段的话很长，改了。"]


def test_a_new_unit_stands_where_it_is_made():
    more = [NOW[0], Unit("新", "新的表图。"), *NOW[1:]]
    assert stands(more, WAS, [one.text for one in WAS])[0] == [one.text for one in more]


def test_numbers_of_tables_and_spaces_are_no_change():
    was = units("困难职工（见表3、图2）。")
    now = units("困难职工（见表4、图3）。")
    assert stands(now, was, ["困难职工（见 表5、图2）。"])[0] == [now[0].text]


TEXTS = st.lists(st.text("甲乙丙丁12", min_size=1), max_size=6)


@given(TEXTS, TEXTS)
def test_nothing_that_people_wrote_is_lost(made, theirs):
    was = units(*made)
    texts, _ = stands(was, was, theirs)
    left = [*texts]
    for text in theirs:
        left.remove(next(one for one in left if one == text))


def test_changed_numbers_are_told_with_what_they_are_now():
    assert changed_numbers("共3456人，占10.2%", "共3436人，占10.2%") == {"3456": "3436"}
    assert changed_numbers("共3456人", "有3436人") == {"3456": ""}
    assert places_of(["3456"], "共3456人") == [(1, 5, "3456")]
    assert places_of(["3"], "共3456人") == []
