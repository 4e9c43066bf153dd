"""A study, opened: what moved over its waves, who came and went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bangfu_analysis.analysis.arrays import names
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import CallError, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.opened import By, OpenWave, Where, open_wave
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.wave import find_study, waves_in


@dataclass(frozen=True)
class OpenStudy:
    """The waves of a study up to one of them: what moved, who came and went. Answers are exhibits."""

    last: OpenWave

    @property
    def waves(self) -> list[str]:
        """The names of the waves, first first."""
        return self.last.data.waves

    @property
    def frames(self) -> Frames:
        """The frames of all waves, stacked on what they share; `workers` with bands and `unit`."""
        return self.last.data.every

    @property
    def codebook(self) -> Codebook:
        """The codebook of the last wave."""
        return self.last.codebook

    def trend(self, of: str, *, by: By = None, where: Where = None, **look: Any) -> Exhibit:
        """The composition by `of` over the waves; of="rate": the hardship rate, by `by` where given;
        of="cause".

        A wave that does not compare with the one before is drawn broken and not compared.
        """
        text, draw = ("change" if of == "rate" else "shift"), "lines"
        if of == "rate" and by:
            text, draw = "movers", "heatmap"
        settings = {"of": of, "by": names(by), "draw": draw, "text": text, "where": where or {}}
        if of == "rate" and by:
            settings |= {"measures": "share", "tail": "change"}
        return self.last.ask("trend", {**settings, **look})

    def flows(self, **look: Any) -> Exhibit:
        """Who came, came back, left and died, a row a wave."""
        return self.last.ask("flows", {"text": "account", "title": "各批次困难职工的进出", **look})

    def moves(self, **look: Any) -> Exhibit:
        """From which state to which since the wave before."""
        return self.last.ask("moves", {"text": "moves", "draw": "flow", **look})

    def standardized(self, **look: Any) -> Exhibit:
        """Rates at one mix of workers by sex and age, and what of each change is mix."""
        title = "按同一职工构成比较的困难率"
        return self.last.ask("standardized", {"text": "standardized", "title": title, **look})


def open_study(study: str | Path, *, until: str | None = None) -> OpenStudy:
    """The study's waves up to `until` (its last one where None): by its name under data/raw, or by its
    folder.
    """
    folder = find_study(study)
    waves = [path.name for path in waves_in(folder)]
    if not waves:
        raise CallError(f"{folder} 中没有带 wave.toml 的批次。请检查调查文件夹。")
    if until is not None and until not in waves:
        raise CallError(f"{folder} 中没有批次 {until}。现有：{listed(waves)}。{did_you_mean(until, waves)}")
    return OpenStudy(open_wave(folder / (until or waves[-1])))
