from __future__ import annotations

import pytest

from eigenscape.theory.symmetry_class import require_beta


def test_known_classes_pass_and_others_do_not():
    require_beta(2, (1, 2))
    with pytest.raises(ValueError, match=r"^beta: expected one of \(1, 2\), got 3"):
        require_beta(3, (1, 2))
