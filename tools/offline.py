"""Wheels for a machine without a network, and a trial of them outside a clone: install, demo, notebooks.

python tools/offline.py FOLDER [--try]

FOLDER receives the wheel of this package and those of all it needs, for the Python and the system that run
this; copy it to the other machine, and there: pip install --no-index --find-links FOLDER bangfu-analysis.
With --try those that lie there are installed so into a bare environment, and `bangfu doctor`, `demo` and
`notebooks` run in an empty folder, which needs no network; prints how long each took, and stops at the first
that fails. Python and pip are enough for both.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY, WAVE = "daoli", "2009"


def run(what: str, command: list[str | Path], folder: Path, environment: dict[str, str]) -> None:
    """Run a step in `folder` and print its seconds."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    sys.stdout.write(f"== {what}: {time.perf_counter() - begun:.0f} s\n")
    sys.stdout.flush()


def collect(wheels: Path) -> None:
    """Build the wheel of this package, and fetch or build those of all that it needs."""
    run("wheels", [sys.executable, "-m", "pip", "wheel", "-q", "-w", wheels, ROOT], ROOT, {**os.environ})
    size = sum(path.stat().st_size for path in wheels.glob("*.whl"))
    sys.stdout.write(f"{len([*wheels.glob('*.whl')])} wheels, {size / 1e6:.0f} MB\n")


def attempt(wheels: Path) -> None:
    """Install the wheels where there is nothing else, and use them as a newcomer would."""
    place = Path(tempfile.mkdtemp(prefix="bangfu ")) / "没有网络 的电脑"
    place.mkdir()
    venv.create(place / "环境", with_pip=True)
    programs = place / "环境" / ("Scripts" if os.name == "nt" else "bin")
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    alone |= {
        "PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1", "BANGFU_KEY_FILE": str(place / "key"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    install = ["pip", "install", "-q", "--no-index", "--find-links", str(wheels), "bangfu-analysis"]
    bangfu = [programs / "bangfu"]
    run("install", [programs / "python", "-m", *install], place, alone)
    run("version", [*bangfu, "--version"], place, alone)
    run("doctor", [*bangfu, "doctor"], place, alone)
    run("demo", [*bangfu, "demo"], place, alone)
    run("notebooks", [*bangfu, "notebooks", STUDY, WAVE], place / "bangfu-demo", alone)
    assert (place / "bangfu-demo" / "docs" / "first-hour.md").exists()
    sys.stdout.write(f"all of it lies in {place}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--try", dest="tried", action="store_true")
    given = parser.parse_args()
    (attempt if given.tried else collect)(given.folder.resolve())
