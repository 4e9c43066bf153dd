from bangfu_analysis.findings import Finding, findings_frame, quoted


def test_findings_are_one_row_per_cell_and_problem_in_the_order_of_the_sources():
    second = Finding("value_unknown", "乙", source_file="b.xlsx", source_row=3, cell="F3", action="missing")
    first = Finding("sheet_sent_twice", "甲", source_file="a.xlsx")
    frame = findings_frame([second, first, second], "2009")
    assert frame["source_file"].tolist() == ["a.xlsx", "b.xlsx"]
    assert frame["source_row"].isna().tolist() == [True, False]
    assert frame["action"].astype(str).tolist() == ["kept", "missing"]
    assert (frame["wave"] == "2009").all()


def test_no_findings_make_an_empty_frame_with_all_columns():
    frame = findings_frame([], "2009")
    assert frame.empty
    assert {"problem", "action", "cell", "raw"} <= set(frame.columns)


def test_a_quote_hides_what_identifies():
    assert quoted("99010219650312001X", identifying=True) == "*" * 18
    assert quoted("见99010219650312001X") == "见" + "*" * 18
    assert quoted("初中" * 40).endswith("…")
    assert [quoted(-500.0), quoted(1.5), quoted(99)] == ["-500", "1.5", "99"]
