"""Exhibits -> a slide deck: one finding a slide, with native chart or table, base and source in the notes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pandas as pd
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
from pptx.oxml.ns import qn
from pptx.util import Emu, Mm, Pt

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import labels_of
from bangfu_analysis.exhibits.measures import dimensions, hidden, measures
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.drawing import draw, has_chart
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_template import undated

WIDTH, HEIGHT, EDGE = Mm(254), Mm(143), Mm(12)
MOST_ROWS, MOST_COLUMNS, MOST_ALONE = 12, 9, 28  # that can be read on a slide; rows where there is no chart
LONG_TITLE = 70  # characters: more than two lines
FONT = "微软雅黑"


def deck(slides: Sequence[tuple[str, Exhibit]], *, cover: Sequence[str] = ()) -> bytes:
    """A .pptx of 16:9: each exhibit on a slide under its title or what was found in it, chart and table
    editable.

    A table stands beside the chart where it fits; else it is left to tables.xlsx. Under its own title an
    exhibit has its sentences below. Notes: base and source. `cover`: the lines of a first slide.
    """
    show = Presentation()
    show.slide_width, show.slide_height = WIDTH, HEIGHT
    if cover:
        _add_cover(show, cover)
    for title, exhibit in slides:
        _add_slide(show, title, exhibit)
    properties = show.core_properties
    properties.author = properties.last_modified_by = ""
    properties.title = cover[0] if cover else slides[0][0] if slides else ""
    written = io.BytesIO()
    show.save(written)
    return undated(written.getvalue())


def _add_cover(show: Any, lines: Sequence[str]) -> None:
    slide = show.slides.add_slide(show.slide_layouts[6])
    for n, line in enumerate(lines):
        _add_text(slide, line, top=Mm(50 + 22 * n), height=Mm(20), size=16 if n else 32, bold=not n)


def _add_slide(show: Any, title: str, exhibit: Exhibit) -> None:
    slide = show.slides.add_slide(show.slide_layouts[6])
    words = exhibit.text if title == exhibit.title else ""
    size = 24 if words else 18 if len(title) <= LONG_TITLE else 14
    _add_text(slide, title, top=EDGE, height=Mm(18), size=size, bold=True)
    data, table = chart_data(exhibit), exhibit.table
    drawn = data is not None or has_chart(exhibit)
    small = len(table.rows) <= MOST_ROWS and len(table.columns) <= MOST_COLUMNS
    whole = WIDTH - 2 * EDGE
    left = whole if not small else int(whole * 0.55)
    top, height = Mm(34), Mm(78 if words else 98)
    if data is not None:
        add_chart(slide, exhibit, data, (EDGE, top, left, height))
    elif drawn:
        add_picture(slide, exhibit, (EDGE, top, left, height))
    if small or (not drawn and len(table.rows) <= MOST_ALONE):
        add_table(slide, table, (EDGE + left + Mm(4), top, whole - left - Mm(4)) if drawn else (EDGE, top, whole))
    if words:
        _add_text(slide, words, top=HEIGHT - Mm(30), height=Mm(22), size=12)
    slide.notes_slide.notes_text_frame.text = "\n".join([*table.notes, *filter(None, [table.source])])


def _add_text(slide: Any, text: str, *, top: int, height: int, size: int, bold: bool = False) -> None:
    frame = slide.shapes.add_textbox(EDGE, top, WIDTH - 2 * EDGE, height).text_frame
    frame.word_wrap = True
    _set_text(frame, text, size=size, bold=bold)


def _set_text(frame: Any, text: str, *, size: int, bold: bool = False, right: bool = False) -> None:
    paragraph = frame.paragraphs[0]
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(size), bold
    _in_chinese(run.font._rPr)
    if right:
        paragraph.alignment = 3  # PP_ALIGN.RIGHT


def _in_chinese(properties: Any) -> None:
    """Latin and Chinese letters of one family: without it, Chinese takes whatever the system has."""
    for tag in ("a:latin", "a:ea"):
        font = properties.makeelement(qn(tag), {"typeface": FONT})
        properties.append(font)


def chart_data(exhibit: Exhibit) -> tuple[Any, Any] | None:
    """What a native chart of the exhibit shows: its type, and its series of shares (or counts); None where it
    has none.

    Hidden numbers are gaps: the workbook inside the chart holds nothing that the page does not show.
    """
    frame = exhibit.focused
    names = [d for d in dimensions(frame) if len(frame[d].dropna().unique()) > 1]
    if not 1 <= len(names) <= 2 or not exhibit.recipe.draw or exhibit.recipe.draw in ("mechanism", "flow"):
        return None
    counted = ("n",) if exhibit.recipe.draw == "pyramid" else ("share", "estimate", "n")
    measure = next((m for m in counted if m in frame), None)
    if measure is None:
        return None
    over_waves = "wave" in names
    category = "wave" if over_waves else names[-1]
    series = [name for name in names if name != category]
    levels = list(dict.fromkeys(frame[category].dropna()))
    data: Any = CategoryChartData(number_format='0.0"%"' if measure == "share" else "General")
    data.categories = labels_of(exhibit.codebook, pd.Series(levels, name=category, dtype=object), exhibit.lang)
    groups = frame.groupby(series[0], observed=True, sort=False) if series else [("", frame)]
    for _, part in groups:
        by_level = dict(zip(part[category], _numbers(part, measure), strict=True))
        title = labels_of(exhibit.codebook, part[series[0]].iloc[:1], exhibit.lang)[0] if series else ""
        data.add_series(title or measures()[measure].heading(exhibit.lang), [by_level.get(x) for x in levels])
    return (XL_CHART_TYPE.LINE_MARKERS if over_waves else XL_CHART_TYPE.BAR_CLUSTERED), data


def _numbers(part: pd.DataFrame, measure: str) -> list[float | None]:
    shown = [measures()[measure].rounded(value) for value in part[measure].mask(hidden(part))]
    return [None if pd.isna(value) else float(value) for value in shown]


def add_chart(slide: Any, exhibit: Exhibit, data: tuple[Any, Any], place: Sequence[int]) -> Any:
    """A native chart on a slide, at (left, top, width, height); returns its shape."""
    kind, content = data
    shape = slide.shapes.add_chart(kind, *map(Emu, place), content)
    chart = shape.chart
    chart.has_title, chart.font.size = False, Pt(11)
    chart.has_legend = len(chart.plots[0].series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.minimum_scale = 0
    if kind == XL_CHART_TYPE.BAR_CLUSTERED:
        chart.category_axis.reverse_order = True
        chart.plots[0].gap_width = 60
        if len(chart.plots[0].categories) > MOST_ROWS:
            chart.category_axis.tick_labels.font.size = Pt(8)
    chart.plots[0].has_data_labels = True
    labels = chart.plots[0].data_labels
    labels.font.size, chart.value_axis.visible = Pt(10), False
    labels.position = XL_LABEL_POSITION.ABOVE if kind == XL_CHART_TYPE.LINE_MARKERS else XL_LABEL_POSITION.OUTSIDE_END
    shape._element.nvGraphicFramePr.cNvPr.set("descr", f"{exhibit.title}。{exhibit.text}")
    return shape


def add_picture(slide: Any, exhibit: Exhibit, place: Sequence[int]) -> Any:
    """The chart as a picture that fits into (left, top, width, height); returns its shape."""
    content = io.BytesIO(saved(draw(exhibit, size="slide", title=""), "png"))
    picture = slide.shapes.add_picture(content, place[0], place[1])
    scale = min(place[2] / picture.width, place[3] / picture.height)
    picture.width, picture.height = round(picture.width * scale), round(picture.height * scale)
    picture._element.nvPicPr.cNvPr.set("descr", f"{exhibit.title}。{exhibit.text}")
    return picture


def add_table(slide: Any, table: DisplayTable, place: Sequence[int]) -> Any:
    """A native table on a slide, at (left, top, width); returns its shape."""
    rows, columns = len(table.rows) + 1, len(table.columns)
    size, high = (10, Mm(7)) if rows <= MOST_ROWS + 1 else (7, max(Mm(98) // rows, Mm(3)))
    shape = slide.shapes.add_table(rows, columns, *map(Emu, place), high * rows)
    for y, cells in enumerate([table.columns, *table.texts()]):
        for x, (text, kind) in enumerate(zip(cells, table.kinds, strict=True)):
            cell = shape.table.cell(y, x)
            cell.margin_left = cell.margin_right = Mm(1)
            if size < 10:
                cell.margin_top = cell.margin_bottom = 0
            _set_text(cell.text_frame, text, size=size, bold=not y, right=bool(y) and kind != "text")
    return shape
