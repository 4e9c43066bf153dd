"""`bangfu report` on the sample study: the first run, a run with nothing changed, a run after one file
changed.

Each run is a process of its own, start included; ratios count, since they are of one machine in one sitting.
The outputs of the first and the second run are compared byte by byte.

Run: python benchmarks/rerun.py [--wave 2009]
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bangfu_analysis.first_steps import sample_study


def report(wave: Path) -> float:
    """Seconds that `bangfu report` takes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "bangfu_analysis.cli", "report", str(wave)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def digest(project: Path) -> str:
    """One digest of every file that was made."""
    made = [p for n in ("reports", "figures", "data/processed") for p in sorted((project / n).rglob("*.*"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made if path.is_file())).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wave", default="2009")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        wave = sample_study(project / "data" / "raw", "daoli") / chosen.wave
        first, before = report(wave), digest(project)
        again, after = report(wave), digest(project)
        settings = (wave / "wave.toml").read_text(encoding="utf-8")
        (wave / "wave.toml").write_text(f"include_hidden = true\n{settings}", encoding="utf-8")
        changed = report(wave)
    print(
        f"first run {first:.1f} s; nothing changed {again:.1f} s (1/{first / again:.0f}), "
        f"same bytes: {before == after}"
    )
    print(f"one wave changed {changed:.1f} s ({changed / first:.2f} of the first)")


if __name__ == "__main__":
    main()
