"""The house rules that a machine can hold: lint, format, types, and what must not stand in a tracked file."""

import re
import subprocess
import sys
from pathlib import Path

import bangfu_analysis as bangfu

ROOT = Path(__file__).parents[1]


def run(*command):
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
        check=False,
    )


def test_it_is_clean_by_ruff():
    done = run("ruff", "check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_hold_and_a_checker_knows_every_public_name(tmp_path):
    names = [*bangfu.__all__]
    asked = "".join(f"reveal_type(bangfu.{name})\n" for name in names)
    (tmp_path / "asked.py").write_text(f"import bangfu_analysis as bangfu\n{asked}", encoding="utf-8")
    done = run("mypy", "bangfu_analysis", "tools", str(tmp_path / "asked.py"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert len(revealed) == len(names), done.stdout[-2000:]
    assert not [kind for kind in revealed if kind in ("Any", "def (*Any, **Any) -> Any")]


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listing.stdout.decode().split("\0") if listing.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".ipynb", ".lock", ".csv", ".txt", ""}


def test_no_tracked_text_names_a_registry_or_holds_a_real_id_number():
    registry = re.compile(
        "|".join(["files." + "pythonhosted", "py" + "pi.org", "registry." + "npmjs", "index" + "-url"])
    )
    real_id = re.compile(
        r"(?<!\d)(?!99)[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
    )
    example = "11010519491231002X"  # printed in GB 11643 itself
    for path in tracked():
        if path.suffix not in TEXT or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert not registry.search(text), f"{path.name} names a registry"
        assert not real_id.search(text.upper().replace(example, "")), f"{path.name} may hold a real ID number"
