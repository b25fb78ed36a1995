"""The command `eigenscape`; torch is imported only by the commands that need it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from eigenscape.cli.commands import COMMANDS, Command
from eigenscape.core import ConvergenceError

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after ``eigenscape``; those of the process when None.

    Returns:
        The exit code: 0 done, 2 bad input (one line on standard error, nothing
        overwritten), 130 interrupted. With EIGENSCAPE_TRACEBACK set, errors keep
        their traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no Greek
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help"}:
        print(_usage())
        return 0 if words else BAD_INPUT
    command = COMMANDS.get(words[0])
    if command is None:
        known = ", ".join(COMMANDS)
        return _complain(f"unknown command {words[0]!r}; known commands: {known}")
    return _run(command, words[1:])


def _run(command: Command, words: list[str]) -> int:
    try:
        command.run(words)
    except KeyboardInterrupt:
        print(
            "\neigenscape: interrupted; what is finished is kept, the same command "
            "with --resume goes on",
            file=sys.stderr,
        )
        return INTERRUPTED
    except (ValueError, ConvergenceError, OSError) as error:
        if os.environ.get("EIGENSCAPE_TRACEBACK"):
            raise
        return _complain(" ".join(str(error).split()))
    return 0


def _complain(message: str) -> int:
    print(f"eigenscape: error: {message}", file=sys.stderr)
    return BAD_INPUT


def _usage() -> str:
    lines = ["usage: eigenscape COMMAND ...", ""]
    lines += [f"  {name:10} {command.summary}" for name, command in COMMANDS.items()]
    lines += ["", "eigenscape COMMAND --help tells the options of a command."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
