"""Overlaps: the estimate stays above the loss that a plain run really has."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.curvature.krylov.orthogonality import Overlaps

EPS = float(np.finfo(float).eps)


def plain_lanczos(
    diagonal: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = len(diagonal)
    rows, alpha, beta = np.zeros((steps + 1, size)), np.zeros(steps), np.zeros(steps)
    start = np.random.default_rng(0).standard_normal(size)
    rows[0] = start / np.linalg.norm(start)
    for j in range(steps):
        vector = diagonal * rows[j] - (beta[j - 1] * rows[j - 1] if j else 0)
        alpha[j] = rows[j] @ vector
        vector -= alpha[j] * rows[j]
        beta[j] = np.linalg.norm(vector)
        rows[j + 1] = vector / beta[j]
    return rows, alpha, beta


@pytest.mark.parametrize(
    "diagonal",
    [
        np.concatenate([np.linspace(0, 1, 195), [2, 4, 6, 8, 10.0]]),
        np.geomspace(1e-6, 1, 200),
        np.linspace(-1, 1, 60),
    ],
    ids=["outliers", "geometric", "flat"],
)
def test_loss_is_noticed_and_no_sooner_than_need_be(diagonal: np.ndarray) -> None:
    rows, alpha, beta = plain_lanczos(diagonal, 55)
    overlaps = Overlaps(EPS)
    noticed = None
    for j in range(1, 56):
        rounding = 10 * EPS * np.abs(diagonal).max()
        overlaps.advance(alpha[:j], beta[:j], rounding)
        true = np.abs(rows[:j] @ rows[j]).max()
        if noticed is None and overlaps.must_restore():
            noticed = j
            assert true <= EPS**0.5
            # the bound adds all roundings up, each with the worst sign
            assert true >= EPS**0.5 / 1e5
    assert noticed is not None
    assert noticed > 5


def test_restores_twice_then_waits() -> None:
    overlaps = Overlaps(EPS)
    alpha, beta = np.zeros(9), np.ones(9)
    answers = []
    for j in range(1, 6):
        overlaps.advance(alpha[:j], beta[:j], 1e-3 if j == 2 else EPS)
        answers.append(overlaps.must_restore())
    assert answers == [False, True, True, False, False]


def test_state_is_all_there_is_to_know() -> None:
    _, alpha, beta = plain_lanczos(np.geomspace(1e-6, 1, 200), 40)
    first, second = Overlaps(EPS), Overlaps(EPS)
    for j in range(1, 41):
        first.advance(alpha[:j], beta[:j], EPS)
        second.advance(alpha[:j], beta[:j], EPS)
        assert first.must_restore() == second.must_restore()
        fresh = Overlaps(EPS)
        fresh.restore(second.state())
        second = fresh
    for name, tensor in first.state().items():
        assert tensor.equal(second.state()[name])
