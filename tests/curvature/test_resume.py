"""Files of states, and digests."""

from __future__ import annotations

from pathlib import Path

import torch

from eigenscape.curvature.resume import digest, load_state, save_state


def test_states_come_back_bit_for_bit(tmp_path: Path) -> None:
    state = {
        "rows": torch.randn(3, 4).T,
        "count": torch.tensor(3),
        "generator": torch.Generator().get_state(),
        "none": torch.zeros(0, 5),
    }
    save_state(state, tmp_path / "s", "who")
    found = load_state(tmp_path / "s", "who", torch.device("cpu"))
    assert set(found) == set(state)
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert all(found[name].dtype == state[name].dtype for name in state)


def test_digests_tell_bits_types_and_shapes_apart() -> None:
    x = torch.zeros(2, 3)
    different = [
        ["a", x],
        ["a", x.double()],
        ["a", x.T],
        ["a", x + 1e-30],
        ["b", x],
        [x, "a"],
        ["a", x, x],
    ]
    assert len({digest(parts) for parts in different}) == len(different)
    assert digest(["a", x.T.contiguous().T]) == digest(["a", x])
