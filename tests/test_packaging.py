"""pyproject.toml, environment.yml, README, .ci/run and the lock say the same."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names_and_ranges(requirements):
    return {re.split(r"[<>=!~]", r, maxsplit=1)[0].strip().lower(): re.sub(r"^[\w.-]+", "", r) for r in requirements}


def start_lines(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    block = re.search(r"^## Start$.*?^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert block, f"{readme} has no code block in its section Start"
    return block.group(1).splitlines()


def test_environment_yml_gives_the_ranges_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = names_and_ranges(d for d in environment["dependencies"] if isinstance(d, str) and d != "pip")
    assert conda.pop("python") == PROJECT["requires-python"]
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
        line.split("==")[0].lower() for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))
    }
    assert {name.lower() for name in names_and_ranges(PROJECT["dependencies"])} <= pinned


def test_every_dependency_has_an_upper_bound():
    optional = [r for extra in PROJECT["optional-dependencies"].values() for r in extra]
    assert all("<" in requirement for requirement in [*PROJECT["dependencies"], *optional])
