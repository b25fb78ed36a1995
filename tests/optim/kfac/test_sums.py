"""Sums over rows against loops over rows and examples."""

import pytest
import torch

from eigenscape.optim.kfac import sums as module
from eigenscape.optim.kfac.sums import FactorSums, second_moment


def table(maps, examples, positions, size, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = (maps, examples, positions, size)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("homogeneous", [False, True])
def test_second_moments_by_a_loop(homogeneous):
    rows = table(2, 3, 4, 5, 0)
    found = second_moment(rows, homogeneous=homogeneous)
    for index in range(2):
        total = 0
        for row in rows[index].reshape(-1, 5):
            long = torch.cat([row, row.new_ones(1)]) if homogeneous else row
            total = total + torch.outer(long, long)
        torch.testing.assert_close(found[index], total)


@pytest.mark.parametrize("sharing", ["expand", "reduce"])
def test_factors_add_up_over_passes(sharing):
    sums = FactorSums(sharing, homogeneous=True)
    passes = [(table(1, 3, 4, 2, 1), table(1, 3, 4, 3, 2)) for _ in range(2)]
    for inputs, gradients in passes:
        sums.add(inputs, gradients, None)
    a = torch.cat([inputs for inputs, _ in passes], 1)
    g = torch.cat([gradients for _, gradients in passes], 1)
    if sharing == "reduce":
        a, g = a.mean(2, keepdim=True), g.sum(2, keepdim=True)
    assert (sums.rows, sums.examples, sums.positions) == (a[..., 0].numel(), 6, 24)
    torch.testing.assert_close(sums.inputs, second_moment(a, homogeneous=True))
    torch.testing.assert_close(sums.gradients, second_moment(g, homogeneous=False))


@pytest.mark.parametrize("positions", [1, 4])
@pytest.mark.parametrize("entries", [2**24, 20])
def test_squares_are_those_of_single_examples(monkeypatch, positions, entries):
    monkeypatch.setattr(module, "ENTRIES", entries)
    inputs, gradients = table(2, 5, positions, 3, 1), table(2, 5, positions, 2, 2)
    bases = table(2, 4, 1, 4, 3)[:, :, 0], table(2, 2, 1, 2, 4)[:, :, 0]
    sums = FactorSums("reduce", homogeneous=True)
    sums.add(inputs, gradients, bases)
    for index in range(2):
        total = 0
        for example in range(5):
            a = torch.cat([inputs[index, example], torch.ones(positions, 1)], 1)
            own = gradients[index, example].T @ a.double()
            total = total + (bases[1][index].T @ own @ bases[0][index]) ** 2
        torch.testing.assert_close(sums.squares[index], total)
