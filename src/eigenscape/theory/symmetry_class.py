"""The Dyson index β names the symmetry: 1 real, 2 complex, 4 quaternion; 0 is none."""

from __future__ import annotations


def require_beta(beta: int, known: tuple[int, ...]) -> None:
    """Refuse a Dyson index without a formula.

    Args:
        beta: β.
        known: The values that have one.

    Raises:
        ValueError: β is none of them.
    """
    if beta not in known:
        message = f"beta: expected one of {known}, got {beta}; 0 stands for Poisson"
        raise ValueError(message)
