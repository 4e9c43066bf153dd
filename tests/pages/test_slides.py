import io

import pandas as pd
from pptx import Presentation

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.pages.slides import deck


def exhibit(rows):
    frame = pd.DataFrame({"unit": [f"单位{n}" for n in range(rows)], "n": range(rows), "base_n": 100})
    return as_exhibit(frame.assign(share=frame["n"] / 100), load_codebook(), title="各单位")


def test_each_finding_is_the_title_of_a_slide_with_what_shows_it_and_its_source_in_the_notes():
    found = [("单位2最高。", exhibit(3)), ("较长。", exhibit(24)), ("很长。", exhibit(40))]
    show = Presentation(io.BytesIO(deck(found, cover=["报告", "（2009年）"])))
    cover, *slides = show.slides
    assert [shape.text_frame.text for shape in cover.shapes] == ["报告", "（2009年）"]
    assert [slide.shapes[0].text_frame.text for slide in slides] == ["单位2最高。", "较长。", "很长。"]
    assert not any(shape.has_table for shape in slides[2].shapes)
    for slide, rows in zip(slides, (3, 24), strict=False):
        table = next(shape for shape in slide.shapes if shape.has_table)
        assert len(table.table.rows) == rows + 1
        assert table.top + table.height <= show.slide_height
    assert "占比" in slides[0].notes_slide.notes_text_frame.text


def test_a_deck_has_the_same_bytes_each_time():
    assert deck([("各单位", exhibit(3))]) == deck([("各单位", exhibit(3))])
