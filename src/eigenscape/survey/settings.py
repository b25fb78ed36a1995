"""The settings of a survey: their defaults, and what they must be."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

DRAWS = 10
PROBES = 8
STEPS = 80
EXTREMES = 24
FOLLOWED = 5
TOLERANCE = 1e-3


def require_settings(
    examples: int,
    *,
    batch_sizes: Sequence[int] | None,
    draws: int,
    probes: int,
    steps: int,
    extremes: int,
    tolerance: float,
    followed: int,
) -> tuple[int, ...]:
    """Check the settings of a survey against its data.

    Args:
        examples: Number n of examples.
        batch_sizes: Batch sizes, or None for the default ones.
        draws: Draws a batch size.
        probes: Probes of the density.
        steps: Lanczos steps a probe.
        extremes: Largest eigenvalues to compute.
        tolerance: Relative residual of eigenpairs.
        followed: Outliers followed over batch sizes.

    Returns:
        The batch sizes, ascending, each once.

    Raises:
        ValueError: A setting is out of range, or a batch is larger than the data.
    """
    counts = {
        "draws": draws,
        "probes": probes,
        "steps": steps,
        "extremes": extremes,
        "followed": followed,
    }
    for name, count in counts.items():
        _whole(name, count)
    chosen = default_batch_sizes(examples) if batch_sizes is None else batch_sizes
    if not isinstance(chosen, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"batch_sizes: expected a list of whole numbers, got {chosen!r}"
        raise ValueError(message)
    sizes = tuple(sorted({_whole("batch_sizes", size) for size in chosen}))
    checks = (
        ("batch_sizes", bool(sizes) and sizes[0] >= 1, "positive sizes", list(sizes)),
        (
            "batch_sizes",
            bool(sizes) and sizes[-1] <= examples,
            f"at most the {examples} examples of the data",
            max(sizes, default=None),
        ),
        ("draws", draws >= 1, "at least 1", draws),
        ("probes", probes >= 2, "at least 2, for standard errors", probes),
        ("steps", steps >= 2, "at least 2", steps),
        ("extremes", extremes >= 2, "at least 2", extremes),
        ("tolerance", 0 < tolerance < 1, "a number in (0, 1)", tolerance),
        ("followed", followed >= 1, "at least 1", followed),
    )
    for name, fine, expected, got in checks:
        if not fine:
            message = f"{name}: expected {expected}, got {got}"
            raise ValueError(message)
    return sizes


def _whole(name: str, value: object) -> int:
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        message = f"{name}: expected whole numbers, got {value!r}"
        raise ValueError(message) from error


def default_batch_sizes(examples: int) -> tuple[int, ...]:
    """Choose batch sizes for a data set: powers of two from 16 to 1024, at most n/2.

    Args:
        examples: Number n of examples.

    Returns:
        Ascending sizes; smaller ones where fewer than three would be left.
    """
    sizes = [2**k for k in range(11) if 2**k <= max(1, examples // 2)]
    large = [b for b in sizes if b >= 16]
    return tuple(large if len(large) >= 3 else sizes[-3:])
