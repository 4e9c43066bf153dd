"""What a report is made of: a list of blocks, in the order of reading. Data only; word and html set them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.tables import DisplayTable

if TYPE_CHECKING:
    from bangfu_analysis.pages.theme import Figure


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (一、), 2 （一）, 3 (1.) or 4 （1）; the number comes from the style, not from `text`."""

    level: int
    text: str
    numbered: bool = True


@dataclass(frozen=True)
class Paragraph:
    """Body text. `{表:id}` and `{图:id}` become live references to the block of that id (见{表:level})."""

    text: str


@dataclass(frozen=True)
class TableBlock:
    """A table, captioned 表n above; `id` is what `{表:id}` refers to."""

    id: str
    table: DisplayTable


@dataclass(frozen=True)
class FigureBlock:
    """A picture (PNG), captioned 图n below; `alt` says in words what it shows; `note` holds n and source."""

    id: str
    path: Path
    caption: str
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Placeholder:
    """A section that the researcher writes: a heading ("" for none) and a grey `prompt` inside a content control.

    `id` is the control's tag: what stands in the control of an earlier report with this tag is carried over.
    """

    id: str
    heading: str
    prompt: str
    level: int = 1


@dataclass(frozen=True)
class Exhibit:
    """One finding of the report: the result frame, as table, as figure and in words."""

    id: str
    section: str
    title: str
    result: pd.DataFrame
    table: DisplayTable
    words: str = ""
    figure_title: str = ""
    draw: Callable[[], Figure] | None = field(default=None, compare=False)


def drawing(name: str, result: pd.DataFrame, codebook: Codebook, **options: Any) -> Callable[[], Figure]:
    """What draws the chart called `name`, from whichever room of charts has it; matplotlib is loaded when it draws."""

    def draw() -> Figure:
        from bangfu_analysis.pages import (
            charts,
            charts_compare,
            charts_flows,
            charts_waves,
            mechanism_charts,
            survey_charts,
        )

        rooms = (charts, charts_compare, charts_flows, charts_waves, mechanism_charts, survey_charts)
        figure: Figure = next(getattr(room, name) for room in rooms if hasattr(room, name))(result, codebook, **options)
        return figure

    return draw


Block = Heading | Paragraph | TableBlock | FigureBlock | Placeholder
