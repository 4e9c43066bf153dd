"""Waves with known truth: a tenth of the ID numbers damaged, 3 % of the names, 5 % in another unit."""

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.analysis.flows import flow_accounts
from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.cli import main
from bangfu_analysis.linkage.links import link
from bangfu_analysis.reruns import report_inputs
from bangfu_analysis.study import link_waves, study_frames, wave_frames
from bangfu_analysis.wave import study_waves

PEOPLE, WAVES = 420, ("2008", "2009", "2010")
FAMILY, GIVEN = (
    list("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"),
    list("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂玉兰红梅建国志"),
)


def drawn_people(draw):
    for number in range(PEOPLE):
        born = datetime.date(1945, 1, 1) + datetime.timedelta(int(draw.integers(0, 14000)))
        first17 = f"9901{draw.integers(1, 9):02d}{born:%Y%m%d}{number:03d}"
        name = draw.choice(FAMILY) + "".join(draw.choice(GIVEN, int(draw.choice([1, 2], p=[0.2, 0.8]))))
        sex = "男" if number % 2 else "女"
        whole = first17 + check_character(first17)
        yield number, name, sex, whole, born.isoformat(), int(draw.integers(1, 20))


def damaged(number, draw):
    place, kind = int(draw.integers(0, 18)), draw.random()
    if kind < 0.4:
        return ""
    other = str((int(number[place]) if number[place].isdigit() else 0) + 1)[-1]
    return number[:place] + (other if kind < 0.8 else "") + number[place + 1 :]


def mistyped(name, draw):
    place = int(draw.integers(0, len(name)))
    return name[:place] + draw.choice([c for c in GIVEN if c != name[place]]) + name[place + 1 :]


def as_in_wave(people, draw):
    """Three quarters of the people, as the wave's roster writes them, with the truth beside."""
    for number, name, sex, idn, born, unit in people:
        if draw.random() < 0.75:
            bad, wrong, moved = draw.random(3) < (0.10, 0.03, 0.05)
            unit = int(draw.integers(1, 20)) if moved else unit
            row = (
                mistyped(name, draw) if wrong else name,
                sex,
                damaged(idn, draw) if bad else idn,
                born,
                f"第{unit}机械厂",
            )
            yield number, bool(bad), *row


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    draw = np.random.default_rng(11)
    people = list(drawn_people(draw))
    root = tmp_path_factory.mktemp("study") / "data" / "raw" / "机械"
    truth = []
    for wave in WAVES:
        (root / wave).mkdir(parents=True)
        said = f"reference_date = {wave}-06-30\nscheme = 's2000'\n"
        (root / wave / "wave.toml").write_text(said, encoding="utf-8")
        columns = ["person", "bad", "姓名", "性别", "身份证号", "出生日期", "工作单位"]
        rows = pd.DataFrame(as_in_wave(people, draw), columns=columns)
        rows.iloc[:, 2:].to_csv(root / wave / "名册.csv", index=False)
        truth.append(rows.assign(wave=wave, source_row=rows.index + 2))
    return root, pd.concat(truth, ignore_index=True)


@pytest.fixture(scope="module")
def plain(study):
    """The workers of all waves as they were cleaned, each wave for itself."""
    return pd.concat([wave_frames(study[0] / wave)["workers"] for wave in WAVES], ignore_index=True)


@pytest.fixture(scope="module")
def workers(study):
    return study_frames(study[0] / WAVES[-1])["workers"]


@pytest.fixture(scope="module")
def links(study):
    pytest.importorskip("splink")
    return link_waves(study[0] / WAVES[-1])


def pairs_of(rows, column):
    both = rows.merge(rows, on=column)
    apart = both[both["wave_x"] < both["wave_y"]]
    return apart, set(map(tuple, apart[["wave_x", "source_row_x", "wave_y", "source_row_y"]].to_numpy()))


def held(truth, linked):
    """Precision and recall of all pairs, and recall of those of which an ID number is damaged."""
    true_rows, true = pairs_of(truth, "person")
    _, found = pairs_of(linked[["wave", "source_row", "person_id"]], "person_id")
    spoilt = true_rows[true_rows["bad_x"] | true_rows["bad_y"]]
    hard = set(map(tuple, spoilt[["wave_x", "source_row_x", "wave_y", "source_row_y"]].to_numpy()))
    assert len(hard) > 100
    return len(true & found) / len(found), len(true & found) / len(true), len(hard & found) / len(hard)


def test_damaged_numbers_find_their_person_and_hardly_anybody_else(study, workers):
    precision, recall, hard = held(study[1], workers)
    assert precision == 1.0, precision
    assert recall >= 0.98, recall
    assert hard >= 0.93, hard


def test_names_mistyped_as_well_are_found_by_splink(study, links, plain):
    precision, recall, hard = held(study[1], link(plain, links.people))
    assert precision >= 0.99, precision
    assert recall >= 0.99, recall
    assert hard >= 0.97, hard


def test_the_estimated_error_rates_are_near_the_true_ones(study, links, plain):
    _, true = pairs_of(study[1], "person")
    _, found = pairs_of(link(plain, links.people)[["wave", "source_row", "person_id"]], "person_id")
    quality = links.quality.iloc[0]
    assert abs(quality["false_n"] - len(found - true)) <= 5
    assert abs(quality["missed_n"] - len(true - found)) <= 10
    assert quality["miss_rate"] < 0.02


def test_linked_people_no_longer_come_and_go_and_the_truth_is_within_the_bounds(study, plain, workers):
    truth = study[1].rename(columns={"person": "person_id"}).astype({"person_id": str})
    apart, linked, true = map(flow_accounts, (plain, workers, truth))
    for flow in ("new", "returned", "exited"):
        assert (linked[f"{flow}_n"] - true[f"{flow}_n"]).abs().max() <= 5, flow
        assert true[f"{flow}_n"].between(linked[f"{flow}_low"], linked[f"{flow}_high"]).all(), flow
    assert (linked["new_n"] < apart["new_n"] - 20).all()


def test_what_is_kept_names_nobody(study, links, workers):
    root, truth = study
    kept = root.parents[1] / "processed" / "机械" / WAVES[-1]
    frames = [pd.read_parquet(kept / f"{name}.parquet") for name in ("keys", "links")]
    said = " ".join(frame.astype(str).to_csv() for frame in frames)
    sheet = openpyxl.load_workbook(links.review).worksheets[0]
    said += " ".join(str(value) for row in sheet.values for value in row)
    assert not [name for name in truth["姓名"] if name in said]
    assert not [number for number in truth["身份证号"] if len(number) > 14 and number in said]
    assert not [born for born in truth["出生日期"] if born in said]


def test_links_and_the_report_know_of_answers_in_the_studys_folder(study, workers, links):
    root, _ = study
    wave = root / WAVES[-1]
    before = workers["person_id"].nunique()
    (root / "links.xlsx").write_bytes(links.review.read_bytes())
    try:
        assert study_frames(wave)["workers"]["person_id"].nunique() < before
        assert any("links.xlsx" in name for name in report_inputs(study_waves(wave)))
    finally:
        (root / "links.xlsx").unlink()


def test_the_command_prints_error_rates_and_where_to_review(links, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("bangfu_analysis.study.link_waves", lambda folder: links)
    assert main(["link", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"按姓名、出生日期、单位等关联：{int(links.quality['linked_n'].item())}" in said
    assert "估计误联" in said
    assert str(links.review) in said
