import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import text_width
from bangfu_analysis.pages import theme


def test_the_packaged_font_is_ours_and_draws_rare_characters():
    assert theme.register_font() == "Bangfu Sans"
    face = font_manager.get_font(str(theme.FONT_FILE))
    assert [c for c in "困难职工仉犇䶮㛃鄠㎡№℃–—−％①…" if not face.get_char_index(ord(c))] == []
    assert "SIL OPEN FONT LICENSE" in (theme.FONT_FILE.parent / "OFL.txt").read_text(encoding="utf-8").upper()


def test_the_look_holds_inside_the_with_only():
    before = dict(mpl.rcParams)
    with theme.look("slide"):
        assert mpl.rcParams["font.family"] == ["Bangfu Sans", "DejaVu Sans"]
        assert mpl.rcParams["font.size"] == 14
    assert dict(mpl.rcParams) == before


def test_an_unknown_size_is_refused_by_name():
    with pytest.raises(ArgumentError, match="参数 size 的取值 'page' 无效。可选：column、full、slide"):
        theme.look("page")


def test_segments_side_by_side_differ_in_grey():
    greys = [theme.lightness(colour) for colour in theme.PALETTE]
    assert min(abs(a - b) for a, b in pairwise([*greys, greys[0]])) >= 25
    assert min(b - a for a, b in pairwise(sorted(greys))) > 12
    assert (theme.lightness("black"), round(theme.lightness("white"))) == (0, 100)


def test_text_on_a_colour_can_be_read():
    assert [theme.text_colour(c) for c in theme.PALETTE] == [
        "white",
        theme.INK,
        theme.INK,
        "white",
        theme.INK,
    ]
    assert min(abs(theme.lightness(theme.text_colour(c)) - theme.lightness(c)) for c in theme.PALETTE) > 40


@pytest.mark.parametrize("width", [8, 14, 30, 200])
@pytest.mark.parametrize(
    "text", ["道里区环境卫生管理处工会联合会（含下属十二个大队）", "below the line without dibao", "甲", ""]
)
def test_wrapping_loses_nothing_and_keeps_to_the_width(text, width):
    lines = theme.wrapped(text, width).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    longest_word = max((text_width(word) for word in text.split()), default=0) if text.isascii() else 4
    assert all(text_width(line) <= max(width + 2, longest_word) for line in lines)


def test_a_line_begins_with_no_closing_mark():
    lines = theme.wrapped("甲乙丙丁，（戊己）庚辛", 9).split("\n")
    assert not any(line[0] in "，）" for line in lines)


def test_rows_take_the_height_of_their_labels():
    labels, places, lines = theme.rows_that_fit(["a", "b\nb", "c"], "full", 8)
    assert labels == ["a", "b\nb", "c"]
    assert places == sorted(places)
    assert lines == pytest.approx(3 * 1.12 + 1)
    assert 1 < len(theme.rows_that_fit(["a"] * 500, "full", 8)[0]) < 500


def test_the_same_figure_gives_the_same_bytes_and_no_date(tmp_path):
    def draw(folder):
        with theme.look():
            figure = theme.new_figure("full", 40)
            figure.subplots().set_title("困难职工 −1 ℃")
        return theme.save_figure(figure, tmp_path / folder, "图", ("png", "svg"))

    first, second = draw("a"), draw("b")
    assert [path.name for path in first] == ["图.png", "图.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert "<dc:date>" not in first[1].read_text(encoding="utf-8")


def test_print_width_is_150_mm_at_300_dpi(tmp_path):
    from matplotlib.image import imread

    with theme.look():
        (path,) = theme.save_figure(theme.new_figure("full", 40), tmp_path, "x", ("png",))
    assert imread(path).shape[1] == pytest.approx(150 / 25.4 * 300, abs=1)


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ArgumentError, match="参数 formats 的取值 'bmp' 无效。可选：png、svg、pdf"):
        theme.save_figure(theme.new_figure("full", 40), tmp_path / "new", "x", ("png", "bmp"))
    assert not (tmp_path / "new").exists()


def test_a_character_that_no_font_has_is_a_warning_that_names_it(tmp_path):
    with theme.look():
        figure = theme.new_figure("column", 20)
        figure.text(0.1, 0.5, "\U00031350")
    with pytest.warns(UserWarning, match="missing from font"):
        theme.save_figure(figure, tmp_path, "x", ("png",))


def test_importing_the_package_draws_nothing_in():
    code = "import sys, bangfu_analysis; print(sorted({'matplotlib', 'seaborn'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
