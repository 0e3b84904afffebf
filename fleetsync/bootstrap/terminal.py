"""What people see: one line per step with its size and time, questions, boxes, colours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "grey": 90, "bold": 1}


class SetupError(Exception):
    """Something on this machine is missing or in the way; says what to do about it."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def is_terminal() -> bool:
    """Tell whether somebody is looking: lines may then be coloured and redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str) -> str:
    """Return the text in that colour where colours can be seen."""
    if not is_terminal() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Print a line that deserves a look."""
    say(paint("! " + text, "yellow"))


class Step:
    """One announced step; `done` replaces the announcement by what came of it."""

    def __init__(self, title: str, detail: str) -> None:
        self.title, self.result = title, ""
        self._began = time.monotonic()
        self._shown = 0.0
        text = f"{title:<22} {detail}"
        if is_terminal():
            print(f"  … {text}", end="", flush=True)
        else:
            say(f"  … {text}")
        self._text = text

    def tick(self) -> None:
        """Show how long it has taken so far, once a second, on a terminal only."""
        spent = time.monotonic() - self._began
        if is_terminal() and spent - self._shown >= 1:
            self._shown = spent
            print(f"\r\033[K  … {self._text}  {spent:.0f} s", end="", flush=True)

    def close(self, mark: str, colour: str) -> None:
        """Print the last word on this step."""
        spent = time.monotonic() - self._began
        start = "\r\033[K" if is_terminal() else ""
        say(f"{start}  {paint(mark, colour)} {self.title:<22} {self.result}  {paint(f'{spent:.1f} s', 'grey')}")


@contextmanager
def step(title: str, detail: str) -> Iterator[Step]:
    """Announce a step, and say how it ended and how long it took."""
    current = Step(title, detail)
    current.result = detail
    try:
        yield current
    except BaseException:
        current.close("✗" if _speaks_utf8() else "x", "red")
        raise
    current.close("✓" if _speaks_utf8() else "+", "green")


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    watch: Step | None = None,
    failure: str = "",
    fix: str = "",
    stdin: str | None = None,
) -> str:
    """Run a set-up command to its end, its words kept in `log`, and return them.

    Raises:
        SetupError: it failed; carries its last lines.
    """
    command = [str(part) for part in argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        sink.write(f"\n$ {' '.join(command)}\n".encode())
        sink.flush()
        start = sink.tell()
        try:
            child = subprocess.Popen(
                command,
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                env=None if env is None else dict(env),
                cwd=cwd,
            )
        except OSError as error:
            raise SetupError(failure or f"{command[0]} does not start: {error}", fix=fix) from error
        try:
            if stdin is not None and child.stdin:
                child.stdin.write(stdin.encode())
                child.stdin.close()
            while child.poll() is None:
                time.sleep(0.02)
                if watch:
                    watch.tick()
        finally:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(3)
                except subprocess.TimeoutExpired:
                    child.kill()
    with log.open("rb") as words:
        words.seek(start)
        said = words.read().decode(errors="replace")
    if child.returncode:
        tail = "\n".join("    " + line for line in said.strip().splitlines()[-15:])
        what = failure or f"{Path(command[0]).name} failed ({child.returncode})"
        raise SetupError(f"{what}\n{tail}\n    (all of it: {log})", fix=fix)
    return said


def confirm(question: str, *, yes: bool) -> bool:
    """Ask; with `--yes` or nobody at the keyboard, go ahead and say so."""
    if yes or not sys.stdin or not sys.stdin.isatty():
        say(f"  {question} Going ahead ({'--yes' if yes else 'nobody to ask'}).")
        return True
    return input(f"  {question} [Y/n] ").strip().lower() in ("", "y", "yes")


def agreed(question: str) -> bool:
    """Ask before something is destroyed; nobody at the keyboard means no."""
    if not sys.stdin or not sys.stdin.isatty():
        say(f"{question} Nobody to ask: say --yes.")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def box(lines: Sequence[str]) -> str:
    """Return the lines in a frame."""
    width = max(len(line) for line in lines)
    across, down, corners = ("─", "│", "┌┐└┘") if _speaks_utf8() else ("-", "|", "++++")
    body = [f"{down} {line:<{width}} {down}" for line in lines]
    bar = across * (width + 2)
    return "\n".join([corners[0] + bar + corners[1], *body, corners[2] + bar + corners[3]])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def size_of(path: Path) -> str:
    """Return the size on disk of a folder, for people."""
    total = sum(entry.lstat().st_size for entry in path.rglob("*") if not entry.is_dir())
    return f"{total / 1e6:.0f} MB"


def _speaks_utf8() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
