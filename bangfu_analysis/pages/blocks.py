"""What a report is made of: a list of blocks, in the order of reading. Data only; word and html set them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bangfu_analysis.exhibits.tables import DisplayTable


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (一、), 2 （一）, 3 (1.) or 4 （1）; the number comes from the style, not from
    `text`.
    """

    level: int
    text: str
    numbered: bool = True


@dataclass(frozen=True)
class Paragraph:
    """Body text. `{表:id}` and `{图:id}` become live references to the block of that id (见{表:level}).

    `of`: the exhibit that it tells of.
    """

    text: str
    of: str = ""


@dataclass(frozen=True)
class TableBlock:
    """A table, captioned 表n above; `id` is what `{表:id}` refers to."""

    id: str
    table: DisplayTable


@dataclass(frozen=True)
class FigureBlock:
    """A picture (PNG), captioned 图n below; `alt` says in words what it shows."""

    id: str
    path: Path
    caption: str
    alt: str


@dataclass(frozen=True)
class Placeholder:
    """A section that the researcher writes: a heading ("" for none) and a grey `prompt` inside a content
    control.

    `id` is the control's tag: what stands in the control of an earlier report with this tag is carried over.
    """

    id: str
    heading: str
    prompt: str


Block = Heading | Paragraph | TableBlock | FigureBlock | Placeholder
