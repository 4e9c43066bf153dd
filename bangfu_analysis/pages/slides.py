"""Exhibits -> a slide deck: one finding a slide, with native chart or table, base and source in the notes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.oxml.ns import qn
from pptx.util import Emu, Mm, Pt

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.pages.chart import Chart
from bangfu_analysis.pages.charts import chart_of, has_chart
from bangfu_analysis.pages.figures import draw
from bangfu_analysis.pages.theme import saved
from bangfu_analysis.pages.word_template import undated

WIDTH, HEIGHT, EDGE = Mm(254), Mm(143), Mm(12)
MOST_ROWS, MOST_COLUMNS, MOST_ALONE = 12, 9, 28  # that can be read on a slide; rows where there is no chart
LONG_TITLE = 70  # characters: more than two lines
FONT = "微软雅黑"
NATIVE = {
    "bars": XL_CHART_TYPE.BAR_CLUSTERED, "stacked": XL_CHART_TYPE.BAR_STACKED,
    "lines": XL_CHART_TYPE.LINE_MARKERS, "pyramid": XL_CHART_TYPE.BAR_CLUSTERED,
}  # fmt: skip


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
    width = WIDTH - 2 * EDGE
    left = width if not small else int(width * 0.55)
    top, height = Mm(34), Mm(78 if words else 98)
    if data is not None:
        add_chart(slide, exhibit, data, (EDGE, top, left, height))
    elif drawn:
        add_picture(slide, exhibit, (EDGE, top, left, height))
    if small or (not drawn and len(table.rows) <= MOST_ALONE):
        aside = left + Mm(4) if drawn else 0
        add_table(slide, table, (EDGE + aside, top, width - aside))
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


def chart_data(exhibit: Exhibit) -> tuple[Chart, Any] | None:
    """The chart of an exhibit with the data of its native one; None where a picture alone can show it.

    Hidden numbers are gaps: the workbook inside the chart holds nothing that the page does not show.
    """
    if not exhibit.drawn[0] or not len(exhibit.frame):
        return None
    chart = chart_of(exhibit, title="")
    if chart.shape not in NATIVE or chart.low is not None or chart.values.isna().all(axis=None):
        return None
    data: Any = CategoryChartData(number_format=chart.native_form)
    data.categories = chart.rows
    for name, numbers in zip(chart.native_series, chart.native_values.T, strict=True):
        data.add_series(name, [None if pd.isna(number) else float(number) for number in numbers])
    return chart, data


def add_chart(slide: Any, exhibit: Exhibit, data: tuple[Chart, Any], place: Sequence[int]) -> Any:
    """A native chart on a slide, at (left, top, width, height); returns its shape."""
    drawn, content = data
    shape = slide.shapes.add_chart(NATIVE[drawn.shape], *map(Emu, place), content)
    chart, lines = shape.chart, drawn.shape == "lines"
    plot, axis = chart.plots[0], chart.category_axis
    chart.has_title, chart.font.size = False, Pt(11)
    chart.has_legend = len(plot.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.value_axis.has_major_gridlines = chart.value_axis.visible = False
    if np.nanmin(drawn.native_values) >= 0:
        chart.value_axis.minimum_scale = 0
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW  # beside bars below zero too
    if not lines:
        axis.reverse_order = drawn.shape != "pyramid"
        plot.gap_width, plot.overlap = 60, 0 if drawn.shape == "bars" else 100
        if len(plot.categories) > MOST_ROWS:
            axis.tick_labels.font.size = Pt(8)
    plot.has_data_labels = True
    labels = plot.data_labels
    labels.font.size, labels.number_format, labels.number_format_is_linked = Pt(10), drawn.native_form, False
    if drawn.shape != "stacked":
        labels.position = XL_LABEL_POSITION.ABOVE if lines else XL_LABEL_POSITION.OUTSIDE_END
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
