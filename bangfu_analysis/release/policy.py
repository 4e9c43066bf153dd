"""What may leave: policies.yaml with the release.yaml of a study and a wave over it. It fails closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.errors import CodebookError, did_you_mean, listed

RELEASE_FILE = "release.yaml"
LEAST = 3  # no policy may show counts of one or two


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
        return f"发布规则“{self.name}”：不足{self.threshold}人的数不列出，也不能由其他数推算{rounded}。"


def load_policy(*files: Path) -> Policy:
    """The policy that `files` (release.yaml of study and wave; absent ones are skipped) choose and adjust.

    CodebookError names the file, the setting and the nearest one: nothing leaves under a policy in doubt.

    >>> load_policy().threshold
    5
    """
    content = read_yaml(Path(__file__).with_name("policies.yaml"))
    policies, chosen, own = content["policies"], content["policy"], dict[str, Any]()
    for file in filter(Path.exists, files):
        said = read_yaml(file)
        for key in said:
            _known(key, ["policy", *_CHECKS], file, "设置")
        chosen = said.pop("policy", chosen)
        _known(chosen, policies, file, "规则")
        own |= {key: _checked(key, value, file) for key, value in said.items()}
    plain = {key: _CHECKS[key][0](value) for key, value in policies[chosen].items()}
    return Policy(name=chosen, **{**plain, **own})


def _known(word: object, options: Mapping[str, object] | list[str], file: Path, what: str) -> None:
    if word not in options:
        told = f"未知的{what} {word!r}。可用：{listed(options)}。{did_you_mean(str(word), list(options))}"
        raise CodebookError(f"{file}：{told}未作保护，已停止。")


def _checked(key: str, value: object, file: Path) -> object:
    read, wanted = _CHECKS[key]
    try:
        return read(value)
    except (TypeError, ValueError) as fault:
        raise CodebookError(f"{file}：{key} 应为 {wanted}，实际是 {value!r}。未作保护，已停止。") from fault


def _whole(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError
        return value

    return read


def _percent(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
        raise ValueError
    return float(value)


def _pair(value: object) -> tuple[int, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError
    return _whole(1)(value[0]), _percent(value[1])


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError
    return frozenset(value)


def _margins(value: object) -> tuple[frozenset[str], ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(map(_words, value))


_CHECKS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "threshold": (_whole(LEAST), f"不小于 {LEAST} 的整数"),
    "rounding": (_whole(1), "正整数（1 为不取整）"),
    "dominance": (_pair, "[最大者个数, 百分比]，如 [1, 85]"),
    "p_percent": (_percent, "0 到 100 的百分比"),
    "quantile_n": (_whole(LEAST), f"不小于 {LEAST} 的整数"),
    "class_rule": (_yes_or_no, "true 或 false"),
    "open_variables": (_words, "变量名的列表"),
    "public": (_margins, "列表的列表，如 [[], [unit]]"),
}
assert set(_CHECKS) == {field.name for field in fields(Policy)} - {"name"}
