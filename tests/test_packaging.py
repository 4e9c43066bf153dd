"""pyproject.toml, environment.yml, README, .ci/run and the lock say the same."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names_and_ranges(requirements):
    return {
        re.split(r"[<>=!~]", r, maxsplit=1)[0].strip().lower(): re.sub(r"^[\w.-]+", "", r)
        for r in requirements
    }


def start_lines(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    block = re.search(r"^## Start$.*?^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert block, f"{readme} has no code block in its section Start"
    return block.group(1).splitlines()


def test_environment_yml_gives_the_ranges_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = names_and_ranges(d for d in environment["dependencies"] if isinstance(d, str) and d != "pip")
    assert conda.pop("python") == PROJECT["requires-python"]
    extra = names_and_ranges(PROJECT["optional-dependencies"]["scale"])
    assert {name: conda.pop(name) for name in extra} == extra
    assert conda == names_and_ranges(PROJECT["dependencies"])


def test_the_start_section_has_two_lines_and_ci_runs_the_second():
    lines = start_lines("README.md")
    assert len(lines) == 2
    assert "bangfu demo" in lines[0]
    assert lines[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert start_lines("README.zh-CN.md") == lines


def test_the_lock_pins_every_dependency_and_carries_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = {
        line.split("==")[0].lower() for line in lock.splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    assert {name.lower() for name in names_and_ranges(PROJECT["dependencies"])} <= pinned


def test_every_dependency_has_an_upper_bound():
    optional = [r for extra in PROJECT["optional-dependencies"].values() for r in extra]
    assert all("<" in requirement for requirement in [*PROJECT["dependencies"], *optional])


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as a wheel holds it, unpacked where no clone is; run(arguments) calls its command from
    there.
    """
    folder = tmp_path_factory.mktemp("安装")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(folder)

    def run(*arguments):
        command = [sys.executable, "-m", "bangfu_analysis.cli", *arguments]
        return subprocess.run(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True
        )

    return folder, run


@pytest.mark.parametrize("name", ["data/raw/daoli", "notebooks", "docs"])
def test_a_wheel_holds_the_sample_study_notebooks_and_docs_once_and_no_tool(installed, name):
    folder, _ = installed
    shipped, committed = folder / "bangfu_analysis" / "sample" / name, ROOT / name
    files = sorted(path.relative_to(committed) for path in committed.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file())
    assert all((shipped / file).read_bytes() == (committed / file).read_bytes() for file in files)
    assert not (folder / "tools").exists()


def test_outside_a_clone_the_study_that_a_tool_writes_is_refused_in_a_sentence(installed):
    _, run = installed
    done = run("demo", "--study", "jilin-forestry")
    assert (done.returncode, done.stdout) == (2, "")
    assert "jilin-forestry" in done.stderr and "daoli" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_demo_runs_from_a_wheel_outside_a_clone(installed):
    folder, run = installed
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    project = folder / "bangfu-demo"
    assert (project / "reports" / "daoli" / "2009" / "report.docx").exists()
    assert (project / "docs" / "first-hour.md").exists() and len([*project.glob("notebooks/*.ipynb")]) == 11
