"""Exhibits -> a slide deck: one finding a slide, with a native chart or table, base and source in the notes."""

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
from bangfu_analysis.pages.word_template import undated

WIDTH, HEIGHT, EDGE = Mm(254), Mm(143), Mm(12)
MOST_ROWS, MOST_COLUMNS = 12, 9  # that can be read on a slide
FONT = "微软雅黑"


def deck(exhibits: Sequence[Exhibit]) -> bytes:
    """A .pptx of 16:9: each exhibit on a slide under its title, its sentences below, chart and table editable.

    What fits beside the chart stands there as a table; what does not is left to tables.xlsx. Notes: base and source.
    """
    show = Presentation()
    show.slide_width, show.slide_height = WIDTH, HEIGHT
    for exhibit in exhibits:
        _add_slide(show, exhibit)
    properties = show.core_properties
    properties.author = properties.last_modified_by = ""
    properties.title = exhibits[0].title if exhibits else ""
    written = io.BytesIO()
    show.save(written)
    return undated(written.getvalue())


def _add_slide(show: Any, exhibit: Exhibit) -> None:
    slide = show.slides.add_slide(show.slide_layouts[6])
    _add_text(slide, exhibit.title, top=EDGE, height=Mm(14), size=24, bold=True)
    data, table = chart_data(exhibit), exhibit.table
    small = len(table.rows) <= MOST_ROWS and len(table.columns) <= MOST_COLUMNS
    whole = WIDTH - 2 * EDGE
    left = whole if not small else int(whole * 0.55)
    top, height = Mm(28), Mm(84 if exhibit.text else 104)
    if data is not None:
        add_chart(slide, exhibit, data, (EDGE, top, left, height))
    if small:
        place = (EDGE + left + Mm(4), top, whole - left - Mm(4)) if data is not None else (EDGE, top, whole)
        add_table(slide, table, place)
    if exhibit.text:
        _add_text(slide, exhibit.text, top=HEIGHT - Mm(30), height=Mm(22), size=12)
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
    """What a native chart of the exhibit shows: its type, and its series of shares (or counts); None where it has none.

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
    chart.plots[0].has_data_labels = True
    labels = chart.plots[0].data_labels
    labels.font.size, chart.value_axis.visible = Pt(10), False
    labels.position = XL_LABEL_POSITION.ABOVE if kind == XL_CHART_TYPE.LINE_MARKERS else XL_LABEL_POSITION.OUTSIDE_END
    shape._element.nvGraphicFramePr.cNvPr.set("descr", f"{exhibit.title}。{exhibit.text}")
    return shape


def add_table(slide: Any, table: DisplayTable, place: Sequence[int]) -> Any:
    """A native table on a slide, at (left, top, width); returns its shape."""
    rows, columns = len(table.rows) + 1, len(table.columns)
    shape = slide.shapes.add_table(rows, columns, *map(Emu, place), Mm(7 * rows))
    for y, cells in enumerate([table.columns, *table.texts()]):
        for x, (text, kind) in enumerate(zip(cells, table.kinds, strict=True)):
            cell = shape.table.cell(y, x)
            cell.margin_left = cell.margin_right = Mm(1)
            _set_text(cell.text_frame, text, size=10, bold=not y, right=bool(y) and kind != "text")
    return shape
