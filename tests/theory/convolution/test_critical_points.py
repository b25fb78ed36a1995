"""Gaps from critical points where merging and touching curves make them."""

from __future__ import annotations

import math

from eigenscape.theory.convolution.critical_points import support_between


def test_the_support_lies_between_the_gaps() -> None:
    gaps = [(-math.inf, -1.0), (0.5, 0.75), (2.0, math.inf)]
    found = [(i.lower, i.upper) for i in support_between(gaps)]
    assert found == [(-1.0, 0.5), (0.75, 2.0)]


def test_without_gaps_the_support_is_the_line() -> None:
    (whole,) = support_between([])
    assert (whole.lower, whole.upper) == (-math.inf, math.inf)
