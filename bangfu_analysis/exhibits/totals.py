"""Stated totals that do not agree with what was counted, or cannot be held against it. Files are named by number only."""

from __future__ import annotations

import pandas as pd

from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut


def totals_exhibit(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """A row a stated total that differs or cannot be told: where it stands, what was stated and counted."""
    totals = data.frames["totals"]
    off = totals[totals["verdict"].ne("agrees")]
    numbers = source_numbers(data.frames["sources"])
    verdicts = WORDS["verdicts"]
    frame = pd.DataFrame(
        {
            "source": off["source_file"].map(numbers).astype("str"),
            "cell": off["cell"].fillna("").astype("str"),
            "checked": [verdicts[v] for v in off["verdict"]],
            "stated": off["stated"],
            "computed": off["computed"],
        }
    ).reset_index(drop=True)
    cut = Cut(recipe.id, recipe.title, frame, ("source", "cell", "checked"), kind="rate", population="totals")
    return [Exhibit(cut, recipe, Layout(unit=""), data.codebook, data.source("各单位报送的表格"))]


def source_numbers(sources: pd.DataFrame) -> dict[str, str]:
    """File -> 来源1, 来源2 …, in the order of their names: what leaves names files so; `sources` resolves it."""
    return {file: f"来源{i}" for i, file in enumerate(sorted(sources["source_file"].unique()), start=1)}
