"""Writes `.env.example` from the settings themselves, so that it cannot forget one.

`python3 -m fleetsync.bootstrap.envfile` writes it, `--check` only compares.
"""

from __future__ import annotations

import argparse
import ast
import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
HEAD = """\
# Every setting FleetSync reads from its environment, with its default.
# Made from fleetsync/settings.py by `python3 -m fleetsync.bootstrap.envfile`; a test keeps it so.
# Copy it to .env and uncomment what you change; an empty value leaves the default.
# A value can also come from a file: NAME_FILE=/path.
# `manage.py demo`, `up`, `test` and `replay` need none of this.
"""
SECRETS = ("KEY", "PASSWORD", "TOKEN")
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Mult: operator.mul}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One variable of the environment as `settings.py` reads it."""

    name: str
    kind: str
    default: str | None  # source text of one that is made of others, None if it must be given
    literal: bool
    meaning: str
    section: str


def settings_of(source: str) -> list[Setting]:
    """Return the settings in the order in which the file reads them.

    Raises:
        ValueError: one has no comment above it.
    """
    lines = source.splitlines()
    found: dict[str, Setting] = {}
    for statement in ast.walk(ast.parse(source)):
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.If):
            continue
        for call in _calls(statement):
            name = str(ast.literal_eval(call.args[0]))
            meaning = _comment_above(lines, statement.lineno)
            if name in found and not meaning:
                continue
            if not meaning:
                raise ValueError(f"settings.py:{statement.lineno}: {name} has no comment above it")
            default, literal = _default(call)
            found[name] = Setting(
                name=name,
                kind=call.func.attr if isinstance(call.func, ast.Attribute) else "str",
                default=default,
                literal=literal,
                meaning=meaning,
                section=_section(lines, statement.lineno),
            )
    return sorted(found.values(), key=lambda setting: _line_of(source, setting.name))


def render(settings: list[Setting]) -> str:
    """Return the text of `.env.example`."""
    parts, section = [HEAD], ""
    for setting in settings:
        if setting.section != section:
            section = setting.section
            parts.append(f"\n# --- {section} {'-' * max(3, 72 - len(section))}\n")
        lines = [f"\n# {setting.meaning}\n"]
        if setting.default is None:
            lines.append(f"# Must be given ({setting.kind}).\n{setting.name}=\n")
        elif setting.literal:
            hidden = setting.kind == "str" and any(word in setting.name for word in SECRETS)
            lines.append(f"# {setting.name}={'' if hidden else setting.default}\n")
        else:
            lines.append(f"# Default: {setting.default}\n# {setting.name}=\n")
        parts += lines
    return "".join(parts)


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the `env.kind("NAME", ...)` and `env("NAME")` calls of one statement."""
    bodies = isinstance(statement, ast.If)
    for node in ast.walk(statement.test if bodies and isinstance(statement, ast.If) else statement):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        function = node.func
        of_env = (
            isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "env"
        )
        if of_env or (isinstance(function, ast.Name) and function.id == "env"):
            yield node


def _default(call: ast.Call) -> tuple[str | None, bool]:
    for keyword in call.keywords:
        if keyword.arg == "default":
            try:
                value = _value(keyword.value)
            except ValueError:
                return ast.unparse(keyword.value), False
            if isinstance(value, list | tuple):
                return ",".join(map(str, value)), True
            return str(value), True
    return None, False


def _value(node: ast.expr) -> Any:
    """Return what an expression of plain values makes, such as `14 * 86_400`.

    Raises:
        ValueError: it asks for more than that.
    """
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        return ARITHMETIC[type(node.op)](_value(node.left), _value(node.right))
    return ast.literal_eval(node)


def _comment_above(lines: list[str], number: int) -> str:
    words: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.startswith("#") or line.startswith("# ---"):
            break
        words.insert(0, line.lstrip("# ").strip())
    return " ".join(words)


def _section(lines: list[str], number: int) -> str:
    for line in reversed(lines[: number - 1]):
        if line.startswith("# ---"):
            return line.strip("# -")
    return "Settings"


def _line_of(source: str, name: str) -> int:
    return source.index(f'"{name}"')


def main() -> int:
    """Write `.env.example`, or with `--check` tell whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if it is not current")
    options = parser.parse_args()
    text = render(settings_of((PROJECT / "fleetsync" / "settings.py").read_text()))
    target = PROJECT / ".env.example"
    if options.check:
        current = target.exists() and target.read_text() == text
        print(f"{target.name} is {'current' if current else 'not what settings.py says'}")
        return 0 if current else 1
    target.write_text(text)
    print(f"{target.name} written, {len(text.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
