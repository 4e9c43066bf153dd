import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from bangfu_analysis.pages.notebook import RAW, mark_raw_frames


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_raw_frame_is_marked_in_a_notebook_and_a_protected_one_is_not(shell):
    mark_raw_frames()
    frame = pd.DataFrame({"sex": ["male"], "n": [3]})
    shown, _ = shell.display_formatter.format(frame)
    assert all(shown[kind].count(RAW) == 1 and "male" in shown[kind] for kind in ("text/html", "text/plain"))
    assert RAW in shell.display_formatter.format(frame["n"])[0]["text/plain"]
    safe, _ = shell.display_formatter.format(frame.assign(suppressed=False))
    assert RAW not in "".join(safe.values())


def test_a_script_is_left_as_it_is():
    frame = pd.DataFrame({"n": [3]})
    before = repr(frame), frame._repr_html_()
    mark_raw_frames()
    assert (repr(frame), frame._repr_html_()) == before
