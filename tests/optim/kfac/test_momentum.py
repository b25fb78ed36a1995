"""Steps with decay and momentum, number by number."""

import pytest
import torch

from eigenscape.optim.kfac.momentum import descend

OPTIONS = {"scale": -0.5, "rate": 0.1, "momentum": 0.9}


@pytest.mark.parametrize("foreach", [True, False])
@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("heavy", [True, False])
def test_three_steps_by_hand(foreach, decoupled, heavy):
    start = [torch.tensor([1.0, -2.0]).double(), torch.tensor([[3.0]]).double()]
    along = [torch.tensor([0.5, 0.25]).double(), torch.tensor([[-1.0]]).double()]
    found = [w.clone() for w in start]
    buffers = [torch.zeros_like(w) for w in start] if heavy else None
    expected, memory = [w.clone() for w in start], [0.0, 0.0]
    for _ in range(3):
        descend(
            found, [w.clone() for w in along], buffers, weight_decay=0.2,
            decoupled=decoupled, foreach=foreach, **OPTIONS,
        )  # fmt: skip
        for index in range(2):
            direction = -0.5 * along[index]
            if decoupled:
                expected[index] *= 1 - 0.1 * 0.2
            else:
                direction = direction + 0.2 * expected[index]
            memory[index] = (0.9 * memory[index] if heavy else 0) + direction
            expected[index] -= 0.1 * memory[index]
        torch.testing.assert_close(found, expected)


def test_shorter_parameters_step_along_longer_directions():
    found = [torch.tensor([1.0, -2.0]).half()]
    buffers = [torch.zeros_like(found[0])]
    along = [torch.tensor([0.5, 0.25])]
    descend(
        found, along, buffers, weight_decay=0.0, decoupled=False, foreach=True,
        **OPTIONS,
    )  # fmt: skip
    expected = torch.tensor([1.025, -1.9875]).half()
    torch.testing.assert_close(found[0], expected, rtol=1e-3, atol=0)
