"""Processes on disjoint coordinates, multiplied as one."""

from __future__ import annotations

import numpy as np
import torch

from eigenscape.curvature import Dense
from eigenscape.curvature.krylov.lockstep import Lockstep
from eigenscape.curvature.process import drive
from eigenscape.curvature.side_by_side import SideBySide


def test_each_member_sees_its_own_block() -> None:
    generator = torch.Generator().manual_seed(0)
    blocks = [torch.randn(n, n, generator=generator).double() for n in (5, 2, 8)]
    blocks = [block + block.T for block in blocks]
    whole = torch.block_diag(*blocks)
    order = torch.randperm(15, generator=generator)
    places = list(order.split([5, 2, 8]))
    scattered = torch.zeros_like(whole)
    scattered[order[:, None], order] = whole

    def runs() -> list[Lockstep]:
        starts = torch.Generator().manual_seed(1)
        return [
            Lockstep(torch.randn(len(b), c, generator=starts).double(), steps=4)
            for b, c in zip(blocks, (2, 1, 3), strict=True)
        ]

    joint, apart = SideBySide(runs(), places, 15), runs()
    drive(joint, Dense(scattered))
    assert joint.products <= joint.most_products
    assert joint.wanted is None
    for member, alone, block in zip(joint.members, apart, blocks, strict=True):
        drive(alone, Dense(block))
        for one, other in zip(member.runs, alone.runs, strict=True):
            # the same sums with zeros between: rounding, grown over the steps
            assert np.allclose(one.alpha, other.alpha, rtol=0, atol=1e-9)
