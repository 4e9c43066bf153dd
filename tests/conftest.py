"""Every test has a pseudonym key of its own; nothing is written into the clone."""

import io
import shutil
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import settings

# Time is measured in benchmarks/, not here: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_make_parametrize_id(config, val, argname):
    """A file's bytes name no test: an archive holds the second it was made in, and workers must collect the
    same names.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory):
    import os

    place = tmp_path_factory.mktemp("key") / "pseudonym.key"
    os.environ["BANGFU_KEY_FILE"] = str(place)
    yield
    del os.environ["BANGFU_KEY_FILE"]


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk():
    """No test can see whether bytes have reached the disk, and waiting takes longer than what is tested."""
    import os

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory, own_key):
    """`bangfu demo` in a folder of its own: the project it writes, its exit status and what it printed.

    Tests that stand on it are of the xdist_group "demo": one worker runs it, once.
    """
    from bangfu_analysis.cli import main

    folder, out, err = tmp_path_factory.mktemp("示例 项目"), io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        status = main(["demo"])
    return folder / "bangfu-demo", status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session")
def daoli(demo):
    """data/raw/daoli as the demo wrote it: `wave_frames` cleans each wave of it once, for all tests that only
    read.
    """
    return demo[0] / "data" / "raw" / "daoli"


@pytest.fixture(scope="session")
def own_project(demo):
    """A folder -> the demo's project in it, cleaned and reported already, for a test that changes or writes
    something.
    """

    def build(folder):
        shutil.copytree(demo[0], folder, dirs_exist_ok=True)
        return folder / "data" / "raw" / "daoli" / "2009"

    return build


@pytest.fixture(scope="session")
def daoli_report(daoli):
    """The report of the sample study's published wave, for tests that only read it."""
    from bangfu_analysis.report import report_wave

    return report_wave(daoli / "2009")
