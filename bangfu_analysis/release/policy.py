"""What may leave: policies.yaml with the release.yaml of a study and a wave over it. It fails closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.settings import read_settings

RELEASE_FILE = "release.yaml"
LABELS = {"inside": "内部使用", "outside": "对外公布"}


@dataclass(frozen=True)
class Policy:
    """How counts and amounts are protected; policies.yaml says what each setting means."""

    name: str
    threshold: int
    rounding: int
    dominance: tuple[int, float]
    p_percent: float
    quantile_n: int
    class_rule: bool
    open_variables: frozenset[str]
    public: tuple[frozenset[str], ...]

    @property
    def words(self) -> str:
        """What the report prints of it."""
        rounded = f"，其余人数取{self.rounding}的倍数" if self.rounding > 1 else ""
        few = f"不足{self.threshold}人的数不列出，也不能由其他数推算"
        return f"发布规则“{LABELS[self.name]}”：{few}{rounded}。"


def load_policy(*files: Path, dimensions: Sequence[str] | None = None, chosen: str = "") -> Policy:
    """The policy that `files` (release.yaml of study and wave; absent ones are skipped) and `chosen` (in
    设置.xlsx) name, adjusted by the files.

    CodebookError names the file, the line and the nearest word (`dimensions`: what may be open, where known),
    or where these two differ: nothing leaves under a policy in doubt.

    >>> load_policy().threshold
    5
    """
    content = read_yaml(Path(__file__).with_name("policies.yaml"))
    policies, changes = content["policies"], dict[str, Any]()
    names: dict[str, Sequence[str]] = {} if dimensions is None else {"groups": dimensions}
    for file in filter(Path.exists, files):
        try:
            changes |= read_settings(file, "release", {**names, "policies": list(policies)})
        except CodebookError as fault:
            raise CodebookError(f"{fault}未作保护，已停止。") from fault
    written = changes.pop("policy", chosen or content["policy"])
    if chosen and chosen != written:
        message = f"release.yaml：policy 写的是 {written}，设置.xlsx 选的是 {chosen}，两处不一致"
        raise CodebookError(f"{message}。请改成一致或删去一处。未作保护，已停止。")
    settings = policies[written] | changes
    for key, kind in (("open_variables", frozenset), ("dominance", tuple)):
        settings[key] = kind(settings[key])
    settings["public"] = tuple(map(frozenset, settings["public"]))
    return Policy(name=written, **settings)
