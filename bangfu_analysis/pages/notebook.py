"""What a notebook shows of frames: one that no release has protected is marked as not to be passed on."""

from __future__ import annotations

import sys

import pandas as pd

RAW = "【未经发布规则保护，不得外传】"
MOST_ROWS = 20


def mark_raw_frames() -> None:
    """From now on raw frames bear a mark in this notebook; nothing is done where there is none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    pages, lines = (shell.display_formatter.formatters[kind] for kind in ("text/html", "text/plain"))
    pages.for_type(pd.DataFrame, as_page)
    for kind in (pd.DataFrame, pd.Series):
        lines.for_type(kind, lambda shown, printer, _: printer.text(f"{mark_of(shown)}\n{shown!r}".lstrip()))


def as_page(frame: pd.DataFrame) -> str:
    """The frame in HTML, under its mark."""
    return f"<div><b>{mark_of(frame)}</b></div>{frame.to_html(max_rows=MOST_ROWS)}"


def mark_of(shown: pd.DataFrame | pd.Series) -> str:
    """The mark of what is not protected: a protected frame says which rows it hides."""
    return "" if isinstance(shown, pd.DataFrame) and "suppressed" in shown else RAW
