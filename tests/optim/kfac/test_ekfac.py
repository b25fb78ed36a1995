"""EKFAC against per-example gradients, and against KFAC where both are exact."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.optim.kfac.ekfac import EKFAC
from eigenscape.optim.kfac.settings import FactorSettings


class Network(nn.Module):
    """A convolution, whose examples have several rows, and a linear map."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.maps = nn.Conv2d(1, 2, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, images):
        return self.head(self.maps(images).tanh().flatten(1))


def test_corrected_eigenvalues_from_single_examples():
    """S = mean of (Q_Gᵀ ∇ᵢ Q_A)², with the gradients of examples one by one."""
    model = Network().double()
    settings = FactorSettings(factor_interval=1, eigen_interval=2, start="mean")
    optimiser = EKFAC(model, lr=0.0, settings=settings, damping=0.1)
    images = torch.randn(5, 1, 3, 3).double()
    targets = torch.arange(5) % 3
    for _ in range(2):
        optimiser.zero_grad()
        functional.cross_entropy(model(images), targets).backward()
        optimiser.step()
    for layer in optimiser._curvature.layers:
        module = model.get_submodule(layer.name)
        q_a, q_g = (basis[0] for basis in layer.bases)
        total = 0
        for x, y in zip(images, targets, strict=True):
            value = functional.cross_entropy(model(x[None]), y[None])
            weight, bias = torch.autograd.grad(value, (module.weight, module.bias))
            own = torch.cat([weight.flatten(1), bias[:, None]], 1)
            total = total + (q_g.T @ own @ q_a) ** 2 / 5
        found = layer.state()["corrected"][0]
        torch.testing.assert_close(found, total)


def test_corrections_are_nearer_to_the_fisher_matrix():
    """The best diagonal in its basis: never farther than the product of factors."""
    model = Network().double()
    settings = FactorSettings(factor_interval=1, eigen_interval=2, start="mean")
    optimiser = EKFAC(model, lr=0.0, settings=settings)
    images, targets = torch.randn(7, 1, 3, 3).double(), torch.arange(7) % 3
    for _ in range(2):
        optimiser.zero_grad()
        functional.cross_entropy(model(images), targets).backward()
        optimiser.step()
    for layer in optimiser._curvature.layers:
        module = model.get_submodule(layer.name)
        exact = 0
        for x, y in zip(images, targets, strict=True):
            value = functional.cross_entropy(model(x[None]), y[None])
            weight, bias = torch.autograd.grad(value, (module.weight, module.bias))
            own = torch.cat([weight.flatten(1), bias[:, None]], 1).flatten()
            exact = exact + torch.outer(own, own) / 7
        q = torch.kron(layer.bases[1][0], layer.bases[0][0])
        corrected = q * layer.state()["corrected"][0].flatten() @ q.T
        product = torch.kron(layer.gradients.frozen[0], layer.inputs.frozen[0])
        assert (corrected - exact).norm() < (product - exact).norm()


def test_factored_damping_is_refused():
    with pytest.raises(ValueError, match=r"^form: expected 'product'[^\n]+$"):
        EKFAC(nn.Linear(2, 2), settings=FactorSettings(form="factored"))
