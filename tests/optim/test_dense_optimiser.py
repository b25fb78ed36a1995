"""The frame of a step, under the optimisers that stand in it."""

import pytest
import torch
from torch import nn

from contracts.optimisers import values
from eigenscape.optim.gadam import Gadam, GadamX
from eigenscape.optim.kfac import EKFAC, KFAC


@pytest.mark.parametrize("kind", [Gadam, GadamX, KFAC, EKFAC])
def test_a_sparse_gradient_is_refused_before_anything_moves(kind):
    model = nn.Sequential(nn.Embedding(4, 2, sparse=True), nn.Linear(2, 2))
    bare = kind in {Gadam, GadamX}
    optimiser = kind(model.parameters() if bare else model)
    before = values(model)
    model(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match=f"{kind.__name__}: expected dense"):
        optimiser.step()
    for a, b in zip(before, values(model), strict=True):
        assert torch.equal(a, b)
