from __future__ import annotations

import math

import pytest

from eigenscape.theory import Atom, FreeMeixner, Interval, Law, MarchenkoPastur
from eigenscape.theory.laws.law import require_positive


def test_hull_spans_support_and_atoms():
    law = MarchenkoPastur(4.0)
    assert law.hull == Interval(0.0, 9.0)
    pair = FreeMeixner(1.0, 0.0, -1.0)
    assert pair.support == ()
    assert pair.hull == Interval(-1.0, 1.0)
    assert pair.atoms == (Atom(-1.0, 0.5), Atom(1.0, 0.5))


def test_law_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Law()


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_require_positive_names_the_parameter(value):
    with pytest.raises(ValueError, match=r"^width: expected a positive .*, got"):
        require_positive("width", value)
