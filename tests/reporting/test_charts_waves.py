"""The artists are read back; a missing glyph is a warning, hence a failure."""

from io import BytesIO

import pandas as pd
import pytest

from bangfu_analysis.analysis.flows import transitions
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ColumnMissing
from bangfu_analysis.reporting import charts_waves

CODEBOOK = load_codebook()
LEVELS = CODEBOOK.variable("workers", "hardship_level").codes


@pytest.fixture(scope="module")
def moves():
    people = {"2008": "aabbbcd", "2009": "abbbce"}
    rows = [
        (w, f"{p}{people[w][:i].count(p)}", "extreme" if p in "ab" else "general")
        for w in people
        for i, p in enumerate(people[w])
    ]
    workers = pd.DataFrame(rows, columns=["wave", "person_id", "hardship_level"])
    workers = workers.assign(hardship_level=pd.Categorical(workers["hardship_level"], LEVELS), hardship_scheme="s2000")
    return transitions(workers, "hardship_level", outside=True)


def drawn(figure):
    figure.savefig(BytesIO(), format="png")
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("size", ["column", "full", "slide"])
def test_flow_blocks_bear_their_state_and_people(moves, size):
    figure = charts_waves.alluvial(moves, CODEBOOK, source="某区名册", size=size)
    words = drawn(figure)
    assert {"特困 5", "困难 2", "新建档 1", "退出 2", "特困 4"} <= set(words)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2008", "2009"]
    assert "n（人）：2008–2009 8" in figure.get_supxlabel()
    assert "数据来源：某区名册" in figure.get_supxlabel()


def test_bands_are_as_thick_as_the_people_in_them(moves):
    axes = charts_waves.alluvial(moves, CODEBOOK).axes[0]
    thick = sorted(
        max(path.vertices[:, 1]) - min(path.vertices[:, 1]) for band in axes.collections for path in band.get_paths()
    )
    assert len(thick) == int(moves["n"].gt(0).sum())
    blocks = sorted(round(patch.get_height(), 9) for patch in axes.patches)
    assert blocks == sorted([5, 2, 1, 4, 2, 2])


def test_a_flow_between_definitions_says_so(moves):
    figure = charts_waves.alluvial(moves.assign(comparable=False), CODEBOOK)
    assert "口径不同" in figure.get_supxlabel()


def test_a_table_that_is_no_flow_is_refused():
    with pytest.raises(ColumnMissing, match="transitions"):
        charts_waves.alluvial(pd.DataFrame({"wave": ["1"], "n": [1]}), CODEBOOK)
