"""Gaps of the stripped measure against zeros of g in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory import Cauchy, Discrete, Semicircle
from eigenscape.theory.convolution.stripped_gaps import StrippedGaps


def test_two_atoms_leave_one_pole_between_them() -> None:
    law = Discrete(np.array([-1.0, 3.0]), np.array([0.25, 0.75]))
    gaps = StrippedGaps.of(law)
    # g = 0 where the weights balance: w₁(z − b) + w₂(z − a) = 0
    pole = 0.25 * 3.0 + 0.75 * -1.0
    assert gaps.start.tolist() == pytest.approx([-math.inf, pole])
    assert gaps.end.tolist() == pytest.approx([pole, math.inf])


def test_a_semicircle_is_stripped_to_itself() -> None:
    gaps = StrippedGaps.of(Semicircle(1.0))
    assert gaps.start.tolist() == [-math.inf, 2.0]
    assert gaps.end.tolist() == [-2.0, math.inf]
    # 1/g at the edges ±2 of the unit semicircle is ±1
    assert gaps.bottom[1] == pytest.approx(1.0, abs=1e-7)
    assert gaps.top[0] == pytest.approx(-1.0, abs=1e-7)


def test_a_law_on_the_whole_line_has_no_gap() -> None:
    assert StrippedGaps.of(Cauchy(0.0, 1.0)).start.size == 0
