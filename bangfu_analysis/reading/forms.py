"""One form a sheet: a label cell, its value to the right or below, and a family table inside."""

from __future__ import annotations

from dataclasses import dataclass

from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.grid import Grid, Ledger
from bangfu_analysis.reading.headings import Vocabulary
from bangfu_analysis.reading.tables import Table


@dataclass(frozen=True)
class Form:
    """A sheet that is a form."""

    grid: Grid
    words: Vocabulary


def form_of(grid: Grid, words: Vocabulary, position: int) -> Form | None:
    """The form on a sheet."""
    return None


def read_form(form: Form, ledger: Ledger) -> tuple[list[Table], list[Finding]]:
    """Tables of a form."""
    return [], []
