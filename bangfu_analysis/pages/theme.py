"""How every figure looks: our CJK font, a palette that reads in grey, print sizes, the note under a chart,
the export.

Nothing here changes matplotlib for others: the settings hold while a figure is made or saved (`look`), and
figures are made without pyplot, so that none stays open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import colormaps, font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as Figure

from bangfu_analysis.errors import ArgumentError, BangfuError
from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.files import write

FONT_FILE = Path(__file__).parent / "fonts" / "BangfuSans-Regular.ttf"
FAMILIES = ["Bangfu Sans", "DejaVu Sans"]
SCREEN_DPI = 110
MM = 1 / 25.4
WIDTHS_MM = {"column": 75.0, "full": 150.0, "slide": 254.0}
TALLEST_MM = {"column": 225.0, "full": 225.0, "slide": 143.0}  # the text block of an A4 page; 16:9
POINTS = {"column": 7.0, "full": 9.0, "slide": 14.0}
# format -> what matplotlib would write about itself and the hour
FORMATS = {"png": ("Software",), "svg": ("Date", "Creator"), "pdf": ("CreationDate", "Creator", "Producer")}
DPI = 300
MAIN, BLUE, LIGHT, ACCENT, GOLD = "#10284a", "#4f91c4", "#d5dde3", "#a63a24", "#dba83c"
# As segments stand side by side: neighbours differ by 25 or more in CIE L*, and part in grey print too.
PALETTE = (MAIN, BLUE, LIGHT, ACCENT, GOLD)
MUTED, INK, PALE, GREY, NEUTRAL = "#8c949c", "#222222", "#dfe3e8", "#555555", "#d4d7da"
LINE_COLOURS = (MAIN, ACCENT, "#2c7bb0", "#8f6700", "#5b6770", "#7d5aa6")  # dark enough for words on white
SEXES = {"male": MAIN, "female": GOLD}
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


@lru_cache(maxsize=1)
def register_font() -> str:
    """Make the packaged font known to matplotlib; returns its family. BangfuError where the file is gone."""
    if not FONT_FILE.exists():
        raise BangfuError(f"缺少字体文件 {FONT_FILE.name}，中文无法显示。请重新安装 bangfu-analysis。")
    font_manager.fontManager.addfont(FONT_FILE)
    return font_manager.FontProperties(fname=FONT_FILE).get_name()


def look(size: str = "full") -> AbstractContextManager[None]:
    """matplotlib as our figures want it, inside the `with` only, for a print size: column (75 mm), full
    (150 mm) or slide (254 mm).
    """
    if size not in WIDTHS_MM:
        raise ArgumentError.naming("size", size, WIDTHS_MM)
    register_font()
    points = POINTS[size]
    settings: Any = {
        "font.family": FAMILIES, "font.size": points, "axes.edgecolor": INK, "axes.linewidth": 0.6,
        "text.parse_math": False, "text.color": INK, "xtick.color": INK, "ytick.color": INK,
        "lines.linewidth": points * 0.17, "lines.markersize": points * 0.5, "legend.frameon": False,
        "svg.fonttype": "none", "svg.hashsalt": "bangfu", "pdf.fonttype": 42,
    }  # fmt: skip
    return mpl.rc_context(settings)


class _ShownFigure(Figure):
    """A figure that a notebook shows by itself: without pyplot, matplotlib's own figures are only named
    there.
    """

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=SCREEN_DPI)
        return picture.getvalue()


def new_figure(size: str, height_mm: float) -> Figure:
    """An empty figure of a print size, at most as tall as a page's text block or a slide."""
    height = min(height_mm, TALLEST_MM[size])
    return _ShownFigure(figsize=(WIDTHS_MM[size] * MM, height * MM), layout="constrained")


def line_mm(size: str) -> float:
    """The height of a line of text."""
    return POINTS[size] * 1.2 * 25.4 / 72


def rows_that_fit(labels: Sequence[str], size: str, beside: float) -> tuple[list[str], list[float], float]:
    """Of rows with these labels, wrapped already, those that a figure holds with so many lines `beside` them;
    where they stand, and their height in all, in lines. At least one fits.
    """
    heights = [label.count("\n") + 1.12 for label in labels]
    ends, room = [*accumulate(heights)], TALLEST_MM[size] / line_mm(size) - beside
    shown = max(1, sum(end <= room for end in ends))
    places = [end - high / 2 for end, high in zip(ends[:shown], heights[:shown], strict=True)]
    return [*labels[:shown]], places, ends[shown - 1]


def plain(axes: Axes) -> Axes:
    """Axes without frame and without tick marks."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelfontfamily=FAMILIES)
    return axes


def beside(axes: Axes, text: str, point: tuple[float, float], distance: float, **look: Any) -> None:
    """Write `text` so many points to the right of a point of the axes, or to the left where `distance` is
    negative.
    """
    look |= {"textcoords": "offset points", "va": "center", "ha": "left" if distance > 0 else "right"}
    axes.annotate(text, point, xytext=(distance, 0), annotation_clip=False, **look)


def characters(size: str) -> int:
    """Half-width characters on a line as wide as a figure."""
    return int(WIDTHS_MM[size] * 0.97 / (POINTS[size] * 0.5 * 25.4 / 72))


def grade_colours(grades: Sequence[str], middle: float | None) -> dict[str, str]:
    """The grades of a scale, pale to dark; around a middle, which is grey, orange left and blue right."""
    dark = [0.25 + 0.65 * i / max(len(grades) - 1, 1) for i in range(len(grades))]
    if middle is None:
        return {grade: to_hex(colormaps["Blues"](shade)) for grade, shade in zip(grades, dark, strict=True)}
    shades = [0.25 + 0.65 * abs(i - middle) / middle for i in range(len(grades))]
    sides = ["Oranges" if i < middle else "Blues" for i in range(len(grades))]
    named = zip(grades, sides, shades, strict=True)
    colours = {grade: to_hex(colormaps[side](shade)) for grade, side, shade in named}
    return colours | ({grades[int(middle)]: NEUTRAL} if middle.is_integer() else {})


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` half-width characters, broken at spaces or between Chinese
    characters.

    The lines are of about one length, so that no single character stands alone.
    """
    full = _filled(text, width)
    even = _filled(text, math.ceil(text_width(text) / (full.count("\n") + 1)) + 2)
    return even if even.count("\n") == full.count("\n") else full


def text_colour(background: Any) -> str:
    """White on dark, ink on light."""
    return "white" if lightness(background) < 55 else INK


def lightness(colour: Any) -> float:
    """CIE L* (0 black, 100 white) of an sRGB colour: how dark it prints in grey."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = float(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def saved(figure: Figure, extension: str) -> bytes:
    """A figure as a file of 300 dpi: png, svg (text as text) or pdf.

    No date and no random identifiers are written: the same figure gives the same bytes. ArgumentError for an
    unknown format. A character that the fonts lack is a warning that names it.
    """
    if extension not in FORMATS:
        raise ArgumentError.naming("formats", extension, FORMATS)
    content = BytesIO()
    with look():
        figure.savefig(content, format=extension, dpi=DPI, metadata=dict.fromkeys(FORMATS[extension]))
    return content.getvalue()


def save_figure(
    figure: Figure, folder: Path, name: str, formats: Sequence[str] = ("png", "svg")
) -> list[Path]:  # fmt: skip
    """Write `folder/name.<format>`, one file a format; returns the paths. See `saved`."""
    contents = {folder / f"{name}.{extension}": saved(figure, extension) for extension in formats}
    return [write(path, content) for path, content in contents.items()]


def _filled(text: str, width: int) -> str:
    lines, line = [], ""
    for piece in _pieces(text):
        if line and text_width((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> list[str]:
    """Where a line may break: Latin words with the space behind them stay whole; closing marks stay with what
    is before.
    """
    pieces: list[str] = []
    for c in text:
        before = pieces[-1] if pieces else " "
        latin = text_width(c) == 1 and text_width(before[-1]) == 1 and before[-1] != " "
        if pieces and (c in "，。、；：）》％%)" or latin or before[-1] in "（《("):
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces
