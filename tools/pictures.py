"""Make the pictures of the documentation anew: every chart of the gallery, and the report at a glance.

python -m tools.pictures [--gallery]

From the sample study, cleaned in a folder of its own. The report at a glance (docs/images/overview.png) needs
LibreOffice and pdftoppm; with --gallery it is left out.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import bangfu_analysis as bangfu
from bangfu_analysis.first_steps import sample_study
from bangfu_analysis.opened import OpenWave
from bangfu_analysis.report import as_pdf

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DPI, COLOURS = 110, 64  # of the gallery, so that it stays small
PAGES, GAP = (1, 3), 12  # of the report at a glance
PALE = "#eaeaea"
BESIDE = ("cause_main", "pyramid")  # the charts shown beside its pages


def main(arguments: list[str]) -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures")
    parser.add_argument("--gallery", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        study = sample_study(Path(folder) / "data" / "raw", "daoli")
        charts = dict(reversed([*_charts(study)]))  # of several with one shape, the first
        for name, figure in charts.items():
            _as_picture(figure).quantize(COLOURS).save(IMAGES / "gallery" / f"{name}.png", optimize=True)
        if not chosen.gallery:
            whole = _overview(bangfu.open_wave(study / "2009")).quantize(128)
            whole.save(IMAGES / "overview.png", optimize=True)


def _charts(study: Path) -> Iterator[tuple[str, bangfu.Exhibit]]:
    """Name of a chart -> an exhibit that is drawn so."""
    now, past = bangfu.open_wave(study / "2009"), bangfu.open_study(study, until="2009")
    for wave in ("2009", "2018"):
        for each in bangfu.open_wave(study / wave).exhibits():
            if each.recipe.draw and len(each.frame):
                yield each.drawn[0], each
    people = bangfu.tabulate(past.frames["workers"], ["sex", "age_five_year"], within="wave")
    yield "pyramids", bangfu.as_exhibit(people, now.codebook, draw="pyramids")
    yield "slope", past.trend("education_band", draw="slope")
    yield "means", now.mean("income_per_capita_monthly", by="education_band")
    sample = now.workers.dropna(subset=["unit", "hardship_level"]).assign(weight=1.0)
    design = bangfu.SurveyDesign(weight="weight", strata="unit")
    share = bangfu.estimate_share(sample, "hardship_level", design=design)
    yield "dots", bangfu.as_exhibit(share, now.codebook, title="困难类别的比例及其置信区间", draw="dots")
    ill = sample.assign(ill=sample["cause_main"].isin(["illness", "illness_self", "illness_family"]))
    model = bangfu.fit_model(ill, "ill ~ sex + age + hardship_level", design=design)
    yield "effects", bangfu.as_exhibit(model, now.codebook, title="与患病致困有关的情况")


def _as_picture(exhibit: bangfu.Exhibit, dpi: int = DPI) -> Image.Image:
    exhibit.chart().savefig(held := io.BytesIO(), dpi=dpi)
    return Image.open(held).convert("RGB")


def _overview(now: OpenWave) -> Image.Image:
    """Two pages of the report with two of its charts beside them."""
    made = bangfu.report_wave(now.settings.folder).files["报告"]
    command = ["pdftoppm", "-r", "90", "-l", str(max(PAGES)), "-png"]
    subprocess.run([*command, str(as_pdf(made)), str(made.with_name("page"))], check=True)
    printed = sorted(made.parent.glob("page*.png"))
    pages = [Image.open(printed[number - 1]).convert("RGB") for number in PAGES]
    charts = [_as_picture(now.exhibit(name), 130) for name in BESIDE]
    height = pages[0].height + 2 * GAP
    across = [GAP + n * (page.width + GAP) for n, page in enumerate([*pages, pages[0]])]
    whole = Image.new("RGB", (across[-1] + charts[0].width + GAP, height), PALE)
    for at, page in zip(across, pages, strict=False):
        whole.paste(page, (at, GAP))
    down = GAP
    for chart in charts:
        whole.paste(chart, (across[-1], down))
        down += chart.height + GAP
    return whole


if __name__ == "__main__":
    main(sys.argv[1:])
