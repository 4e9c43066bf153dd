"""A report that is killed loses nobody's words; the next run gives what an undisturbed one gives."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from interrupted import FULL, ended_at_write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]

SETTINGS = 'reference_date = 2009-06-30\nscheme = "s2000"\n'
OWN = "我写的话：走访二十户，解决三件难事。"
COMMAND = [sys.executable, "-m", "bangfu_analysis.cli", "report"]


def people():
    draw = random.Random(7)
    choices = ("男女", ("初中", "高中"), ("一厂", "二厂"), ("特困", "困难"), ("疾病", "下岗失业"))
    rows = [[f"张{chr(0x4E00 + i)}", *map(draw.choice, choices), str(25 + i % 35)] for i in range(120)]
    heads = ["姓名", "性别", "文化程度", "工作单位", "困难类别", "致困原因", "年龄"]
    return "".join(",".join(row) + "\n" for row in [heads, *rows])


def words(path: Path) -> str:
    return "".join(each.text or "" for each in docx.Document(str(path)).element.body.iter(qn("w:t")))


def outputs(wave: Path) -> dict[str, bytes]:
    made = [path for path in (wave / "_out").rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(wave).as_posix(): path.read_bytes() for path in sorted(made)}


def report(wave: Path) -> None:
    done = subprocess.run([*COMMAND, str(wave)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A wave whose report was written into and whose settings changed; what the next run makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("调查")
        patch.setenv("BANGFU_KEY_FILE", str(folder / "key"))
        wave = folder / "某调查" / "2009"
        wave.mkdir(parents=True)
        (wave / "wave.toml").write_text(SETTINGS, encoding="utf-8")
        (wave / "名册.csv").write_text(people(), encoding="utf-8")
        report(wave)
        path = next((wave / "_out").rglob("report.docx"))
        document = docx.Document(str(path))
        next(document.element.body.iter(qn("w:sdt"))).find(f".//{qn('w:t')}").text = OWN
        document.save(str(path))
        (wave / "wave.toml").write_text(SETTINGS + 'scope = "某区"\n', encoding="utf-8")
        whole = folder / "whole" / "某调查" / "2009"
        shutil.copytree(wave, whole)
        start = time.monotonic()
        report(whole)
        yield wave, outputs(whole), time.monotonic() - start


def recovers(wave: Path, wanted: dict[str, bytes]) -> None:
    """The words are there and the books open; the next run makes every file as an undisturbed one does."""
    written = next((wave / "_out").rglob("report.docx"))
    assert OWN in words(written)
    openpyxl.load_workbook(next((wave / "_out").rglob("tables.xlsx"))).close()
    report(wave)
    assert OWN in words(written)
    found = outputs(wave)
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []


@pytest.mark.parametrize("seed", range(50))
def test_killed_at_a_random_moment(before, tmp_path, seed):
    origin, wanted, seconds = before
    wave = tmp_path / "某调查" / "2009"
    shutil.copytree(origin, wave)
    child = subprocess.Popen([*COMMAND, str(wave)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.Random(seed).uniform(0.3, 1) * seconds)
    child.kill()
    child.wait()
    recovers(wave, wanted)


@pytest.mark.parametrize("fault", [None, FULL], ids=["killed", "full"])
@pytest.mark.parametrize("step", range(45))
def test_stopped_at_a_write(before, tmp_path, step, fault):
    origin, wanted, _ = before
    wave = tmp_path / "某调查" / "2009"
    shutil.copytree(origin, wave)
    assert ended_at_write(step, fault, "report", wave) in (0, 2, 9)
    recovers(wave, wanted)


def test_two_reports_at_once_wait_for_each_other(before, tmp_path):
    origin, wanted, _ = before
    wave = tmp_path / "某调查" / "2009"
    shutil.copytree(origin, wave)
    both = [subprocess.Popen([*COMMAND, str(wave)], stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait() for child in both] == [0, 0]
    assert outputs(wave) == wanted
