"""Waves with known truth: a tenth of the ID numbers damaged, three names in a hundred mistyped, one person in twenty in another unit."""

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.analysis.flows import flow_accounts, link
from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.cli import main
from bangfu_analysis.linkage import link_waves
from bangfu_analysis.study import study_frames

pytest.importorskip("splink")
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
        yield number, name, sex, first17 + check_character(first17), born.isoformat(), int(draw.integers(1, 20))


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
        (root / wave / "wave.toml").write_text(f"reference_date = {wave}-06-30\nscheme = 's2000'\n", encoding="utf-8")
        rows = pd.DataFrame(
            as_in_wave(people, draw), columns=["person", "bad", "姓名", "性别", "身份证号", "出生日期", "工作单位"]
        )
        rows.iloc[:, 2:].to_csv(root / wave / "名册.csv", index=False)
        truth.append(rows.assign(wave=wave, source_row=rows.index + 2))
    return root, pd.concat(truth, ignore_index=True)


@pytest.fixture(scope="module")
def links(study):
    return link_waves(study[0] / WAVES[-1])


@pytest.fixture(scope="module")
def workers(study):
    return study_frames(study[0] / WAVES[-1])["workers"]


def pairs_of(rows, column):
    both = rows.merge(rows, on=column)
    apart = both[both["wave_x"] < both["wave_y"]]
    return apart, set(map(tuple, apart[["wave_x", "source_row_x", "wave_y", "source_row_y"]].to_numpy()))


def test_linkage_finds_the_same_people_and_hardly_anybody_else(study, links, workers):
    _, truth = study
    linked = link(workers, links.people)[["wave", "source_row", "person_id"]]
    true_rows, true = pairs_of(truth, "person")
    _, found = pairs_of(linked, "person_id")
    precision, recall = len(true & found) / len(found), len(true & found) / len(true)
    assert precision >= 0.99, precision
    assert recall >= 0.97, recall
    _, hard = pairs_of(truth, "person")
    spoilt = true_rows[true_rows["bad_x"] | true_rows["bad_y"]]
    hard = set(map(tuple, spoilt[["wave_x", "source_row_x", "wave_y", "source_row_y"]].to_numpy()))
    assert len(hard) > 100
    assert len(hard & found) / len(hard) >= 0.97


def test_the_estimated_error_rates_are_near_the_true_ones(study, links, workers):
    _, truth = study
    _, true = pairs_of(truth, "person")
    _, found = pairs_of(link(workers, links.people)[["wave", "source_row", "person_id"]], "person_id")
    quality = links.quality.iloc[0]
    assert abs(quality["false_n"] - len(found - true)) <= 5
    assert abs(quality["missed_n"] - len(true - found)) <= 10
    assert quality["miss_rate"] < 0.02


def test_linked_people_no_longer_come_and_go(links, workers):
    plain, linked = flow_accounts(workers), flow_accounts(link(workers, links.people))
    assert linked["verdict"].eq("agrees").all()
    assert (linked["new_n"] < plain["new_n"]).all()
    assert (linked["exited_n"] < plain["exited_n"]).all()


def test_what_is_kept_names_nobody(study, links):
    root, truth = study
    kept = root.parents[1] / "processed" / "机械" / WAVES[-1] / "links"
    said = " ".join(pd.read_parquet(path).astype(str).to_csv() for path in sorted(kept.glob("*.parquet")))
    sheet = openpyxl.load_workbook(links.review).worksheets[0]
    said += " ".join(str(value) for row in sheet.values for value in row)
    assert not [name for name in truth["姓名"] if name in said]
    assert not [number for number in truth["身份证号"] if len(number) > 14 and number in said]
    assert sorted(path.stem for path in kept.glob("*.parquet")) == ["pairs", "people", "quality"]


def test_the_command_prints_error_rates_and_where_to_review(links, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("bangfu_analysis.linkage.link_waves", lambda folder: links)
    assert main(["link", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"按姓名、出生日期、单位等关联：{int(links.quality['linked_n'].item())}" in said
    assert "估计误联" in said
    assert str(links.review) in said
