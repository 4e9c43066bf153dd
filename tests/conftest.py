"""Every test has a pseudonym key of its own; nothing is written into the clone."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# Time is measured in benchmarks/, not here: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory):
    import os

    place = tmp_path_factory.mktemp("key") / "pseudonym.key"
    os.environ["BANGFU_KEY_FILE"] = str(place)
    yield
    del os.environ["BANGFU_KEY_FILE"]


@pytest.fixture(scope="session")
def daoli(tmp_path_factory, own_key):
    """data/raw/daoli in a project of its own: `wave_frames` cleans each wave of it once, for all tests that only read."""
    target = tmp_path_factory.mktemp("示例 项目") / "data" / "raw" / "daoli"
    return Path(shutil.copytree(Path(__file__).parents[1] / "data" / "raw" / "daoli", target))


@pytest.fixture(scope="session")
def own_project(daoli):
    """(folder, waves) -> the waves' study in `folder`, cleaned already, for a test that changes or writes something."""
    from bangfu_analysis.study import wave_frames

    def build(folder, waves):
        for wave in waves:
            wave_frames(daoli / wave)
            for kind in ("raw", "processed"):
                place = Path("data") / kind / "daoli" / wave
                shutil.copytree(daoli.parents[2] / place, folder / place)
        shutil.copy(daoli / "codebook.yaml", folder / "data" / "raw" / "daoli")
        return folder / "data" / "raw" / "daoli" / waves[-1]

    return build


@pytest.fixture(scope="session")
def daoli_report(tmp_path_factory, own_project):
    """The report of the sample study's published wave, for tests that only read it."""
    from bangfu_analysis.study import report_wave

    return report_wave(own_project(tmp_path_factory.mktemp("全 部"), ["2007", "2008", "2009"]))
