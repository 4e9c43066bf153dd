"""Where things of a study lie: the waves and their files, and where outputs go."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bangfu_analysis.errors import CallError, listed
from bangfu_analysis.files import write
from bangfu_analysis.wave import (
    OWN_FILES,
    REPORT_FILES,
    SETTINGS_FILE,
    TEMPLATE_FILE,
    load_wave,
    next_settings,
)

_CLONE = Path(__file__).parents[1]  # where the package is not installed from a wheel
_SHIPPED = Path(__file__).parent / "sample"  # a wheel holds the sample study here; a clone in data/raw


@dataclass(frozen=True)
class Places:
    """Where the outputs of a wave go."""

    frames: Path
    figures: Path
    report: Path


def places(folder: Path, out: Path | None = None) -> Places:
    """Output folders of the wave in `folder`: of the project where it lies under data/raw, else `<wave>/_out`, or `out`."""
    wave = folder.resolve()
    raw = wave.parent.parent
    if out is None and (raw.name, raw.parent.name) == ("raw", "data"):
        root, own = raw.parent.parent, Path(wave.parent.name) / wave.name
        return Places(root / "data" / "processed" / own, root / "figures" / own, root / "reports" / own)
    chosen = out.resolve() if out else wave / "_out"
    return Places(chosen, chosen / "figures", chosen)


def wave_files(folder: Path) -> list[Path]:
    """The files as received, in order of name: not the wave's own files, hidden ones, lock files or outputs."""
    received = (path for path in folder.rglob("*") if path.is_file() and not is_own(path))
    hidden = (".", "~$", "_out")
    return sorted(p for p in received if not any(part.startswith(hidden) for part in p.relative_to(folder).parts))


def is_own(path: Path) -> bool:
    """Whether a file of a wave folder is the wave's own (settings, mapping, corrections), not one as received."""
    return path.name in (*OWN_FILES, *REPORT_FILES) or (path.name.startswith("corrections") and path.suffix == ".xlsx")


def find_wave(study: str, wave: str, start: Path | None = None) -> Path:
    """The folder data/raw/<study>/<wave> of the project that `start` (the working folder) lies in, or <study>/<wave> of a path.

    CallError names the waves that there are.
    """
    here = (start or Path.cwd()).resolve()
    if (here / study / wave / SETTINGS_FILE).exists():
        return here / study / wave
    for root in (here, *here.parents):
        folder = root / "data" / "raw" / study / wave
        if folder.is_dir():
            return folder
    settings = [path for root in (here, *here.parents) for path in root.glob(f"data/raw/*/*/{SETTINGS_FILE}")]
    known = listed(sorted("/".join(path.parts[-3:-1]) for path in settings)) or "无"
    raise CallError(f"找不到批次 data/raw/{study}/{wave}。现有批次：{known}。请检查 study 与 wave。")


def levels(folder: Path) -> tuple[Path, Path]:
    """Where settings of a report may lie: the study's folder, then the wave's, which prevails."""
    return folder.resolve().parent, folder.resolve()


def own_template(folder: Path) -> Path | None:
    """The union's own template.docx in the wave's or the study's folder; None where there is none."""
    return next((path for level in levels(folder)[::-1] if (path := level / TEMPLATE_FILE).exists()), None)


def study_waves(folder: Path) -> list[Path]:
    """The wave folders of the study that `folder` is a wave of, in order of their reference dates, up to this one."""
    this = load_wave(folder)
    waves = [load_wave(path.parent) for path in sorted(folder.resolve().parent.glob(f"*/{SETTINGS_FILE}"))]
    earlier = [wave for wave in waves if wave.reference_date <= this.reference_date]
    return [wave.folder for wave in sorted(earlier, key=lambda wave: (wave.reference_date, wave.name))]


def sample_study(raw: Path, study: str) -> Path:
    """The folder `raw`/<study> of a sample study: as it is, or else as the package ships it or tools/sample writes it.

    daoli is shipped; any other is written by the tool, which only a clone has: elsewhere a CallError says so.
    """
    folder = raw / study
    if folder.is_dir():
        return folder
    shipped = next((place for root in (_SHIPPED, _CLONE / "data" / "raw") if (place := root / study).is_dir()), None)
    if shipped:
        shutil.copytree(shipped, folder)
    elif (_CLONE / "tools" / "sample").is_dir():
        command = [sys.executable, "-m", "tools.sample", str(raw.resolve()), "--study", study]
        subprocess.run(command, cwd=_CLONE, check=True)
    else:
        raise CallError(f"示例调查 {study} 由源代码中的 tools/sample 生成，安装包里没有。请在源代码文件夹中运行，或改用 daoli。")
    return folder


def new_wave(study: Path, name: str) -> Path:
    """The folder of the next wave: last wave's mapping.yaml, and its wave.toml with the year moved on, to be confirmed.

    Stated totals and denominators are kept as comments, since they are the last wave's. CallError where the study has no
    wave yet or this one exists.
    """
    waves = sorted(study.glob(f"*/{SETTINGS_FILE}"), key=lambda path: load_wave(path.parent).reference_date)
    folder = study / name
    none = "" if waves else f"{study} 中还没有带 {SETTINGS_FILE} 的批次，没有可沿用的设置"
    if why := f"已有文件夹 {folder}" if folder.exists() else none:
        raise CallError(f"无法建立新批次：{why}。请检查调查文件夹与批次名。")
    last = waves[-1].parent
    settings = next_settings(waves[-1].read_text(encoding="utf-8-sig"), name)
    write(folder / SETTINGS_FILE, settings)
    if (last / "mapping.yaml").exists():
        write(folder / "mapping.yaml", (last / "mapping.yaml").read_bytes())
    return folder
