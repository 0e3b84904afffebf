"""Log lines: kept as they come, shown for people, searched for errors."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fleetsync.bootstrap.terminal import paint, say

PALETTE = ("cyan", "magenta", "blue", "green", "yellow")
LEVELS = ("debug", "info", "warning", "error", "critical")
# Servers report refused statements as ERROR; a refusal that the application handles is no error.
_SERVERS = ("postgres", "redis", "keeper", "setup")
_PLAIN_ERROR = re.compile(r"^(\S*(ERROR|CRITICAL)\b|\[(ERROR|CRITICAL)\])|Traceback \(most recent call last\)")
_HIDDEN = ("level", "event", "timestamp", "logger", "exception", "stack")


def level_of(line: str) -> str:
    """Return the level of a line: its `level`, or a guess for lines that are no JSON."""
    said = _parsed(line)
    if said is not None:
        return str(said.get("level", "info")).lower()
    if _PLAIN_ERROR.search(line):
        return "error"
    return "warning" if re.search(r"\bWARN(ING)?\b", line[:60]) else "info"


def is_of_server(name: str) -> bool:
    """Tell whether a log is that of PostgreSQL, Redis or set-up, not of the application."""
    return name.startswith(_SERVERS)


def is_error(line: str) -> bool:
    return level_of(line) in ("error", "critical")


def render(line: str) -> str:
    """Return a line for people: moment, level, event, its fields, and the exception below."""
    said = _parsed(line)
    if said is None:
        return paint(line, "red") if is_error(line) else line
    level = str(said.get("level", "info")).lower()
    moment = str(said.get("timestamp", ""))[11:19]
    fields = " ".join(f"{name}={_short(value)}" for name, value in said.items() if name not in _HIDDEN)
    colour = {"error": "red", "critical": "red", "warning": "yellow"}.get(level)
    text = f"{moment} {level:<7} {said.get('event', '')}"
    shown = (paint(text, colour) if colour else text) + (" " + paint(fields, "grey") if fields else "")
    return shown + _exception(said.get("exception"))


def prefix(name: str, position: int) -> str:
    """Return the coloured name that goes before a process's lines."""
    return paint(f"{name:<8}│", PALETTE[position % len(PALETTE)])


def files(folder: Path, names: Sequence[str]) -> list[Path]:
    """Return the log files of these processes, or of all."""
    found = [folder / f"{name}.log" for name in names] if names else sorted(folder.glob("*.log"))
    return [path for path in found if path.exists()]


def start_afresh(folder: Path, names: Sequence[str]) -> None:
    """Begin new files for a new run, keeping the last run's beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        current = folder / f"{name}.log"
        if current.exists():
            current.replace(folder / f"{name}.log.previous")


def errors(path: Path) -> Iterator[str]:
    """Return the error lines of a file, each traceback with its lines."""
    inside = False
    for line in path.read_text(errors="replace").splitlines():
        if inside and (line.startswith((" ", "\t")) or re.match(r"[\w.]+(Error|Exception|Interrupt|Exit)\b", line)):
            yield line
            inside = line.startswith((" ", "\t"))
            continue
        inside = is_error(line)
        if inside:
            yield render(line)
            inside = _parsed(line) is None


def last_plain_lines(path: Path, most: int = 3) -> list[str]:
    """Return the last lines that are no JSON: where a command says why it failed."""
    said = [line for line in path.read_text(errors="replace").splitlines() if line.strip() and _parsed(line) is None]
    return said[-most:]


def show(folder: Path, names: Sequence[str], *, only_errors: bool, follow: bool) -> int:
    """Print log lines; with `only_errors` the exit code tells whether there were any.

    The files of PostgreSQL, Redis and set-up are searched for errors only when named.
    """
    chosen = files(folder, names)
    if only_errors:
        found = 0
        for position, path in enumerate(path for path in chosen if names or not is_of_server(path.stem)):
            for line in errors(path):
                found += 1
                say(f"{prefix(path.stem, position)} {line}")
        if not found:
            say("No errors in the last run.")
        return 1 if found else 0
    for position, path in enumerate(chosen):
        for line in path.read_text(errors="replace").splitlines()[-200 if not names else -2000 :]:
            say(f"{prefix(path.stem, position)} {render(line)}")
    if follow:
        _follow(folder, names)
    elif not chosen:
        say("No logs yet.")
    return 0


def _follow(folder: Path, names: Sequence[str]) -> None:
    seen = {path: path.stat().st_size for path in files(folder, names)}
    while True:
        for position, path in enumerate(files(folder, names)):
            size = path.stat().st_size
            start = seen.get(path, 0)
            if size < start:
                start = 0  # a new run began a new file
            if size > start:
                with path.open("rb") as source:
                    source.seek(start)
                    fresh = source.read(size - start)
                whole = fresh[: fresh.rfind(b"\n") + 1]
                for line in whole.decode(errors="replace").splitlines():
                    say(f"{prefix(path.stem, position)} {render(line)}")
                seen[path] = start + len(whole)
        time.sleep(0.3)


def _parsed(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _exception(said: object) -> str:
    """Return an exception's text; structlog's dictionaries become the usual lines."""
    if isinstance(said, str):
        return "\n" + said
    if not isinstance(said, list):
        return ""
    lines = []
    for part in said:
        lines += [
            f"    {frame['filename']}:{frame['lineno']} in {frame['name']}" for frame in part.get("frames", [])[-6:]
        ]
        lines.append(f"  {part.get('exc_type')}: {part.get('exc_value')}")
    return "\n" + "\n".join(lines)
