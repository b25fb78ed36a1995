"""Turns: contestants run one after the other, round by round, on one clock."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any


class Race:
    """Contestants in one process, their medians of processor time and first answers.

    Attributes:
        answers: What each gave in the round that warms up, which is not timed.
        failures: The error of each that failed, in one line.
        seconds: The times of each, one a round.
    """

    def __init__(self, build: Mapping[str, Callable[[], Callable[[], Any]]]) -> None:
        self.answers: dict[str, Any] = {}
        self.failures: dict[str, str] = {}
        self.seconds: dict[str, list[float]] = {}
        self._runs: dict[str, Callable[[], Any]] = {}
        for name, make in build.items():
            try:
                self._runs[name] = make()
                self.answers[name] = self._runs[name]()
            except Exception as error:
                self._drop(name, error)
        self.seconds = {name: [] for name in self._runs}

    def run(self, rounds: int, *, warmed: bool = False) -> Race:
        """Let them take turns; each round begins with another one.

        With `warmed`, each is run once untimed at the start of its turn, so that calls
        of milliseconds do not pay for caches that the one before them has filled.
        """
        for turn in range(rounds):
            names = list(self._runs)
            shift = turn % max(len(names), 1)
            for name in names[shift:] + names[:shift]:
                gc.collect()
                try:
                    if warmed:
                        self._runs[name]()
                    begin = time.process_time()
                    answer = self._runs[name]()
                except Exception as error:
                    self._drop(name, error)
                    continue
                self.seconds[name].append(time.process_time() - begin)
                del answer
        return self

    def median(self, name: str) -> float | None:
        """Median seconds of a contestant, None if it failed."""
        return median(self.seconds[name]) if name in self._runs else None

    def ratio(self, slow: str, fast: str) -> float | None:
        """Median over the rounds of the ratio of two contestants' times."""
        if slow not in self._runs or fast not in self._runs:
            return None
        pairs = zip(self.seconds[slow], self.seconds[fast], strict=True)
        return median(first / second for first, second in pairs)

    def _drop(self, name: str, error: Exception) -> None:
        self._runs.pop(name, None)
        reason = " ".join(str(error).split())[:160]
        self.failures[name] = f"fails: {type(error).__name__}: {reason}"
