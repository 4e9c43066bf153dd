"""Small waves of CSV files, from raw text to frames."""

import datetime

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.tidy.schemas import check
from bangfu_analysis.wave import Wave


@pytest.fixture
def frames_of(tmp_path):
    """(files as name -> text, settings of wave.toml) -> the tidy frames, each held against its schema."""
    codebook = load_codebook()

    def build(files, **settings):
        wave = Wave(tmp_path / "2009", datetime.date(2009, 6, 30), **{"scheme": "s2000", **settings})
        wave.folder.mkdir(exist_ok=True)
        sheets = []
        for name, text in files.items():
            (wave.folder / name).write_text(text, encoding="utf-8")
            sheets += read_file(wave.folder / name, name, codebook)
        frames = tidy_frames(sheets, codebook, wave, b"k" * 32)
        for name, frame in frames.items():
            check(frame, name, codebook)
        return frames

    return build
