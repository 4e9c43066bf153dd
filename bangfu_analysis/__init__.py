"""Rosters of workers in hardship, from the workbooks units send to the report a union prints.

The public names stand in `__init__.pyi`, in the order of the flow, with their types. Each is loaded when it
is first used, so that importing the package is quick.
"""

import ast
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

__version__ = "0.2.0"


def _homes() -> dict[str, str]:
    """Public name -> its module, as the imports of the stub say."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


_HOME_OF = _homes()
__all__ = [*_HOME_OF]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        near = get_close_matches(name, _HOME_OF, n=1)
        hint = f"，是否想写 {near[0]}？" if near else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
