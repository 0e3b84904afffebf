"""The child process of `client.EngineProcess`: `python -m dispatch.engine.child`.

Loads numpy, scipy and the compiled kernels, says it is ready, then answers one
(snapshot, policy) after the other until its stdin closes. Imports no Django.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import BinaryIO

from dispatch.engine import decide
from dispatch.engine.client import LENGTH, frame
from dispatch.engine.warm import warm


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the stream ends; a strategy that raises answers with its error."""
    answers.write(frame("ready"))
    answers.flush()
    while header := requests.read(LENGTH.size):
        (length,) = LENGTH.unpack(header)
        snapshot, policy = pickle.loads(requests.read(length))  # noqa: S301  # from our parent
        try:
            answer: object = decide(snapshot, policy)
        except Exception as error:  # noqa: BLE001  # the parent decides what a failure means
            answer = f"{type(error).__name__}: {error}"
        answers.write(frame(answer))
        answers.flush()


def main() -> None:
    """Warm up and serve; whatever else prints goes to stderr, stdout carries frames alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which closes stdin
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warm()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
