"""Every exhibit and frame of the sample studies against what was read over once: a number that moves is seen.

`python tests/test_golden.py` writes the files anew, where a change is meant; the commit says which and why.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import pytest

import bangfu_analysis as bangfu
from bangfu_analysis.first_steps import sample_study

GOLDEN = Path(__file__).with_name("truth") / "golden"
KEYED = ("person_id", "respondent_id")  # by the key of the machine
WAVES = [("daoli", wave) for wave in ("2007", "2008", "2009", "2010", "2018")] + [("jilin-forestry", "2009")]


def shown(exhibit):
    """What a reader sees of an exhibit: caption, cells, words; and a digest of its frame."""
    frame = exhibit.frame.drop(columns=[c for c in KEYED if c in exhibit.frame])
    return {
        "title": exhibit.title, "text": exhibit.text, "columns": [*exhibit.table.columns],
        "rows": exhibit.table.texts(), "notes": [*exhibit.table.notes], "frame": digest_of(frame),
    }


def digest_of(frame):
    """A digest of the values of a frame, numbers to nine digits."""
    plain = frame.astype(object).map(lambda v: f"{v:.9g}" if isinstance(v, float) else str(v))
    return hashlib.sha256(plain.to_csv(index=False).encode()).hexdigest()[:16]


def found(study, wave):
    """Every exhibit of a wave by its id, and the size and digest of every frame."""
    opened = bangfu.open_wave(study / wave)
    frames = {
        name: [len(frame), digest_of(frame.drop(columns=[c for c in frame if c in KEYED or "key" in c]))]
        for name, frame in opened.data.frames.items() if name not in ("keys", "links")
    }
    return {"exhibits": {each.id: shown(each) for each in opened.exhibits()}, "frames": frames}


def held(study, wave):
    """The golden file of a wave against what is found now."""
    golden = json.loads((GOLDEN / f"{study.name}_{wave}.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(found(study, wave), ensure_ascii=False))
    assert list(now["exhibits"]) == list(golden["exhibits"])
    for id, exhibit in golden["exhibits"].items():
        assert now["exhibits"][id] == exhibit, id
    assert now["frames"] == golden["frames"]


@pytest.mark.slow
@pytest.mark.parametrize("name, wave", WAVES)
def test_every_wave_of_the_sample_studies_prints_what_was_read_over(name, wave, tmp_path):
    held(sample_study(tmp_path / "data" / "raw", name), wave)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, wave in WAVES:
            told = found(sample_study(Path(folder) / "data" / "raw", name), wave)
            lines = json.dumps(told, ensure_ascii=False, indent=0)
            (GOLDEN / f"{name}_{wave}.json").write_text(lines + "\n", encoding="utf-8")
    sys.exit(0)
