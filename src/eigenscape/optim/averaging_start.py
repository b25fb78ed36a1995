"""When averaging begins by itself: rules over what validation has shown so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable


@runtime_checkable
class StartRule(Protocol):
    """Whether averaging should begin, by the values observed until now."""

    def fires(self, observed: Sequence[float]) -> bool:
        """Judge the values observed.

        Args:
            observed: One value a validation, the latest last; at least one.

        Returns:
            Whether to begin; once begun, averaging goes on whatever comes.
        """
        ...


@final
@dataclass(frozen=True)
class NoImprovement:
    """Begin when the validation accuracy has stood still.

    That of v₁ … v_t the first maximum is `patience` or more observations old. Observe
    what should grow: an accuracy, or a loss with its sign changed.

    Attributes:
        patience: Observations without improvement. Default from the public training
            code of Granziol, Wan et al. (2020), arXiv 2003.01247 ("Gadam-auto").
    """

    patience: int = 5

    def __post_init__(self) -> None:
        _require_positive("patience", self.patience)

    def fires(self, observed: Sequence[float]) -> bool:
        """Judge the accuracies observed.

        Args:
            observed: One accuracy a validation, the latest last; at least one.

        Returns:
            Whether the last `patience` of them are all no better than one before.
        """
        best = max(range(len(observed)), key=lambda t: observed[t])
        return len(observed) - 1 - best >= self.patience


@final
@dataclass(frozen=True)
class NonMonotone:
    """Begin when the validation loss is above what it has been for long.

    That is, v_t > min(v₁ … v_{t−n−1}), with n the `interval` and t − 1 > n. Observe
    what should fall: a loss or a perplexity.

    Attributes:
        interval: The observations n that are let pass.

    References:
        Merity, Keskar and Socher (2018), ICLR, Algorithm 1 (NT-ASGD), n = 5.
    """

    interval: int = 5

    def __post_init__(self) -> None:
        _require_positive("interval", self.interval)

    def fires(self, observed: Sequence[float]) -> bool:
        """Judge the losses observed.

        Args:
            observed: One loss a validation, the latest last; at least one.

        Returns:
            Whether the latest is above the least that is older than `interval` others.
        """
        *before, latest = observed
        old = before[: -self.interval]
        return bool(old) and latest > min(old)


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        message = f"{name}: expected at least 1, got {value}; count observations"
        raise ValueError(message)
