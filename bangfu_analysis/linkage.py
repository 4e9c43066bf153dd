"""The same person over the waves of a study: read the raw files again, match, decide, write what is to be reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bangfu_analysis.files import write
from bangfu_analysis.folders import places, study_waves
from bangfu_analysis.keys import load_key
from bangfu_analysis.study import read_wave, wave_codebook
from bangfu_analysis.tidy.corrections import apply_answers, read_answers
from bangfu_analysis.tidy.links import (
    common_ids,
    decided,
    link_quality,
    link_records,
    read_decisions,
    write_review,
)
from bangfu_analysis.tidy.matching import match_probabilities
from bangfu_analysis.wave import load_wave

DECIDED = "links*.xlsx"


@dataclass(frozen=True)
class Links:
    """What `link_waves` found: `people` for `link` (person_id, linked_id), `pairs` with their decisions, `quality`, the sheet to review."""

    people: pd.DataFrame
    pairs: pd.DataFrame
    quality: pd.DataFrame
    review: Path


def link_waves(folder: Path, *, out: Path | None = None) -> Links:
    """Find people whose ID number is missing or damaged again in the waves of the study up to the one in `folder`.

    Reads the raw files once more, in memory: nothing derived from a name is kept but pseudonyms and keyed codes. `pairs`, `people` and
    `quality` are written as parquet into the subfolder links of the wave's frames, the pairs to decide to links_review.xlsx in its
    report folder. Answered, that workbook lies in the study's folder as links.xlsx (several: links_<name>.xlsx) and is replayed,
    by what the records say, however often waves are cleaned again. Raises BangfuError where the extra `link` is not installed.
    """
    key = load_key()
    waves = [_records(wave, key) for wave in study_waves(folder)]
    records = pd.concat(waves, ignore_index=True)
    records = records.assign(record=range(len(records)))
    answers = read_decisions(sorted(folder.resolve().parent.glob(DECIDED)))
    pairs = decided(records, match_probabilities(records), answers)
    found = {"people": common_ids(pairs, records), "pairs": pairs, "quality": link_quality(pairs, records)}
    where = places(folder, out)
    for name, frame in found.items():
        write(where.frames / "links" / f"{name}.parquet", frame.to_parquet(index=False))
    return Links(**found, review=write_review(pairs, where.report / "links_review.xlsx"))


def _records(folder: Path, key: bytes) -> pd.DataFrame:
    wave, codebook = load_wave(folder), wave_codebook(folder)
    sheets, _ = apply_answers(read_wave(wave, codebook), read_answers(folder), key)
    return link_records(sheets, codebook, wave, key)
