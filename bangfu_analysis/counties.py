"""Every county of a study: each cleaned by itself, their frames laid together as one dataset a frame."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.analysis.domains import engines
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CallError
from bangfu_analysis.files import place, write
from bangfu_analysis.progress import steps
from bangfu_analysis.release.cells import AREAS
from bangfu_analysis.reruns import due, stored
from bangfu_analysis.wave import SETTINGS_FILE, codebooks, project_of

if TYPE_CHECKING:
    from bangfu_analysis.analysis.cells import Scan

CLEANED, INCOMPLETE, UNCHANGED, FAILED = "cleaned", "incomplete", "unchanged", "failed"
_CLEAN = "import sys; from bangfu_analysis.cli import main; sys.exit(main(['clean', '--alone', sys.argv[1]]))"


def clean_study(
    folder: str | Path, *, executor: Executor | None = None, jobs: int = 2
) -> pd.DataFrame:
    """Clean every county of a study, `<folder>/<county>/<wave>`, and lay their frames together.

    A county whose files and settings have not changed is left as it is, so that a run that was stopped goes
    on where it stood. Each is cleaned in a process of its own, started by `executor` (any of
    concurrent.futures, Dask's get_executor() too; threads, `jobs` at once, where None): one that is killed
    costs its own county, and the next run makes it up.

    Returns a row a county and wave: county, wave, outcome (cleaned; incomplete: some file could not be read;
    unchanged; failed), reason (Chinese, "" where none), n (workers), elsewhere_n (of them on another county's
    roster of that wave, by pseudonym). In `dataset_of(folder)` lie <frame>/county=<county>/<wave>.parquet
    (below province=<province>/city=<city>/ where county folders lie in such) and duplicates.parquet.
    CallError where there is no wave below `folder`.
    """
    study = Path(folder)
    waves = county_waves(study)
    with nullcontext(executor) if executor else ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_clean_one, str(wave)) for wave in waves]
        outcomes = [_outcome(future) for future in steps("清洗各县区", futures)]
    done = [wave for wave, (outcome, _) in zip(waves, outcomes, strict=True) if outcome != FAILED]
    homes = homes_of(waves, study)
    root, current = dataset_of(study), {home.parts for home in homes.values()}
    parts = {
        wave: {name: place(root / name / homes[wave], file) for name, file in stored(wave).items()}
        for wave in done
    }
    for file in root.rglob("county=*/*.parquet"):  # of counties that are elsewhere now, or gone
        if file.relative_to(root).parts[1:] not in current:
            file.unlink()
    elsewhere = _elsewhere({wave: frames["workers"] for wave, frames in parts.items()}, study)
    rows = [
        {
            "county": _county(wave, study), "wave": wave.name, "outcome": outcome, "reason": reason,
            "n": _rows_of(parts[wave]["workers"]) if wave in parts else 0,
            "elsewhere_n": elsewhere.get(str(wave), 0),
        }
        for wave, (outcome, reason) in zip(waves, outcomes, strict=True)
    ]
    return pd.DataFrame(rows).astype({"county": "str", "wave": "str", "outcome": "str", "reason": "str"})


def county_waves(study: Path) -> list[Path]:
    """The wave folders of every county of a study, which lie at any depth below it; outputs (_out) are none.
    """
    waves = sorted(path.parent for path in study.rglob(SETTINGS_FILE) if "_out" not in path.parts)
    if not waves:
        layout = f"每个县区应为 {study.name}/县区/批次。"
        raise CallError(f"{study} 之下没有带 {SETTINGS_FILE} 的批次文件夹。{layout}")
    return waves


def dataset_of(study: Path) -> Path:
    """Where the frames of all counties lie together: data/processed/<study> of a project, else <study>/_out.
    """
    root = project_of(study := study.resolve())
    return root / "data" / "processed" / study.name if root else study / "_out"


def homes_of(waves: Sequence[Path], study: Path) -> dict[Path, Path]:
    """Where the frames of each wave folder lie in those of the study: county=<county>/<wave>.parquet, below
    province=<province>/city=<city>/ as far as folders say so.

    A county under a province alone (of Beijing, say) has that for its city. An area is called by its folder,
    and with those above it where another is called so too.
    """
    within = {wave: wave.parent.relative_to(study).parts for wave in waves}
    depth = min(max(map(len, within.values())), len(AREAS))
    full = {wave: parts[:1] * (depth - len(parts)) + parts for wave, parts in within.items()}
    paths = {wave: [*parts[: depth - 1], "_".join(parts[depth - 1 :])] for wave, parts in full.items()}
    homes = dict.fromkeys(waves, Path())
    for at, name in enumerate(AREAS[-depth:]):
        whole = {wave: "_".join(dict.fromkeys(path[: at + 1])) for wave, path in paths.items()}
        called = [path[at] for path in {whole[wave]: paths[wave] for wave in waves}.values()]
        for wave, path in paths.items():
            homes[wave] /= f"{name}={path[at] if called.count(path[at]) == 1 else whole[wave]}"
    return {wave: home / f"{wave.name}.parquet" for wave, home in homes.items()}


def scan_study(folder: str | Path, engine: str = "duckdb") -> dict[str, Scan]:
    """The frames of all counties that `clean_study` laid together, by name, as tables that stay on disk.

    `engine`: duckdb, polars, dask or pyspark. `tabulate`, `hardship_rate`, `cause_table`, `trend`, `flows`,
    `estimate_mean`, `_total`, `_ratio`, `_share` and `cells` take them as they take pandas; `workers` has
    `unit` and the bands, all have `county` (`city`, `province`, where folders lie in such). `.frame` is the
    lazy frame of narwhals. Confidential: one row a person. CallError where the study is not cleaned,
    ArgumentError for an engine that is not installed.
    """
    study, door = Path(folder), engines("scans")
    root = dataset_of(study)
    files = sorted(root.glob("*/**/county=*/*.parquet"))
    if not files:
        raise CallError(f"{root} 中没有各县区的数据框。请先运行 bangfu clean --all {study}。")
    codebook = load_codebook(*codebooks(study / "wave")[:2])
    homes = [path.parent.relative_to(root).parts for path in files]
    areas = dict.fromkeys(tuple(part.split("=", 1)) for home in homes for part in home[1:])
    called = {name: [area for of, area in areas if of == name] for name in AREAS}
    area_types = {name: pd.CategoricalDtype(some) for name, some in called.items() if some}
    names = dict.fromkeys(home[0] for home in homes)
    kinds = {name: {**door.kinds_of(name, codebook), **area_types} for name in names}
    frames = {name: door.read_scan(str(root / name), engine, kinds[name], [*area_types]) for name in names}
    return frames | {"workers": door.with_bands(frames["workers"], frames.get("population"), codebook)}


def _county(wave: Path, study: Path) -> str:
    return wave.parent.relative_to(study).as_posix()


def _clean_one(folder: str) -> tuple[str, str]:
    """What came of one county, and why."""
    wave = Path(folder)
    if not due(wave):
        return UNCHANGED, ""
    command = [sys.executable, "-c", _CLEAN, str(wave)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    lines = done.stderr.strip().splitlines()
    if done.returncode < 0 or done.returncode > 2:
        return FAILED, f"清洗的进程被中断（退出状态 {done.returncode}）。请重新运行，已完成的县区不再清洗。"
    reason = lines[-1] if lines and done.returncode else ""
    return {0: CLEANED, 1: INCOMPLETE}.get(done.returncode, FAILED), reason


def _outcome(future: Any) -> tuple[str, str]:
    """The outcome of a future; that of a worker of the executor that is gone is a failure."""
    try:
        outcome, reason = future.result()
    # Whatever an executor of any make raises costs this county alone.
    except Exception as fault:  # noqa: BLE001
        return FAILED, f"没有完成（{type(fault).__name__}）。请重新运行，已完成的县区不再清洗。"
    return outcome, reason


def _rows_of(part: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(part).num_rows)


def _elsewhere(parts: dict[Path, Path], study: Path) -> dict[Any, int]:
    """How many people of each wave folder are on another county's roster too; who, in duplicates.parquet."""
    columns = ["wave", "person_id"]
    people = [pd.read_parquet(part, columns=columns).assign(folder=str(wave)) for wave, part in parts.items()]
    every = pd.concat(people, ignore_index=True) if people else pd.DataFrame(columns=[*columns, "folder"])
    twice = every[every.duplicated(columns, keep=False)]
    named = twice.assign(county=[_county(Path(wave), study) for wave in twice["folder"]])
    ordered = named[[*columns, "county"]].sort_values([*columns, "county"])
    write(dataset_of(study) / "duplicates.parquet", ordered.to_parquet(index=False), private=True)
    return twice.groupby("folder").size().to_dict()
