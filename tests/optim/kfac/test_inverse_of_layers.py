"""Inverses on gradients against dense Kronecker products."""

from itertools import starmap

import pytest
import torch

from eigenscape.optim.kfac.inverse import EigenInverse, FactoredInverse

OUTPUTS, SIZE = 3, 4


def factors(maps, inputs):
    generator = torch.Generator().manual_seed(0)

    def positive(size):
        rows = torch.randn(maps, size, 2 * size, generator=generator).double()
        return rows @ rows.mT / size

    return positive(inputs), positive(OUTPUTS)


def solved(dense, joint):
    flat = torch.linalg.solve(dense, joint.reshape(len(joint), -1, 1))
    return flat.reshape(joint.shape)


@pytest.mark.parametrize("maps", [1, 2])
@pytest.mark.parametrize("bias", ["none", "without gradient", "with gradient"])
@pytest.mark.parametrize("kind", [FactoredInverse, EigenInverse])
def test_gradients_are_divided_by_the_dense_matrix(maps, bias, kind):
    inputs = SIZE + (bias != "none")
    a, g = factors(maps, inputs)
    dense = torch.stack(list(starmap(torch.kron, zip(g, a, strict=True))))
    weight = torch.randn(maps, OUTPUTS, SIZE).double()
    column = torch.randn(maps, OUTPUTS, 1).double()
    if kind is FactoredInverse:
        inverse = kind(a.inverse(), g.inverse(), SIZE)
    else:
        (values, right), (others, left) = map(torch.linalg.eigh, (a, g))
        dense += 0.2 * torch.eye(dense.shape[1])
        damped = others[:, :, None] * values[:, None] + 0.2
        inverse = kind(right, left, damped, SIZE)
    given = column if bias == "with gradient" else None
    kept = weight.clone()
    single = [None if part is None else part.squeeze(0) for part in (weight, given)]
    found, tail = inverse(*single)
    joint = weight
    if bias != "none":
        joint = torch.cat([weight, 0 * column if given is None else column], 2)
    expected = solved(dense, joint)
    assert torch.equal(weight, kept)
    shape = expected[:, :, :SIZE].shape
    torch.testing.assert_close(found.reshape(shape), expected[:, :, :SIZE])
    if bias == "none":
        assert tail is None
    else:
        torch.testing.assert_close(tail.reshape(maps, OUTPUTS, 1), expected[..., SIZE:])


def test_directions_without_curvature_are_left_out():
    eye = torch.eye(2).double()[None]
    damped = torch.tensor([[[0.0, 2.0], [4.0, 0.0]]]).double()
    found, _ = EigenInverse(eye, eye, damped, 2)(torch.ones(2, 2).double(), None)
    assert found.tolist() == [[0.0, 0.5], [0.25, 0.0]]
