"""Measured factors by hand, and against exact Fisher and Gauss-Newton matrices."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.optim.kfac.curvature import KroneckerCurvature
from eigenscape.optim.kfac.discovery import discover
from eigenscape.optim.kfac.settings import FactorSettings

LOSSES = {
    "cross entropy": functional.cross_entropy,
    "squared error": functional.mse_loss,
    "logits": functional.binary_cross_entropy_with_logits,
}


def curvature_of(model, *, loss=None, generator=None, **options):
    settings = FactorSettings(start="mean", **options)
    found = discover(model, set(model.parameters()), settings)
    return KroneckerCurvature(model, found, settings, loss, generator)


def dense(layer):
    """The Kronecker product, of weights flattened outputs first."""
    return torch.kron(layer.gradients.mean[0], layer.inputs.mean[0])


def joint(weight, bias):
    return torch.cat([weight, bias[:, None]], 1).flatten()


def block_hessian(model, name, objective):
    """The Hessian of one layer's weight and bias by autograd."""
    module = model.get_submodule(name)
    width = module.weight[0].numel()
    bias = module.bias is not None
    flat = module.weight.detach().flatten(1)
    if bias:
        flat = torch.cat([flat, module.bias.detach()[:, None]], 1)

    def value(matrix):
        parts = {f"{name}.weight": matrix[:, :width].reshape(module.weight.shape)}
        if bias:
            parts[f"{name}.bias"] = matrix[:, width]
        return objective(lambda x: torch.func.functional_call(model, parts, (x,)))

    hessian = torch.autograd.functional.hessian(value, flat)
    return hessian.reshape(flat.numel(), flat.numel())


def exact_factors(curvature, model, inputs, weight):
    """Take all columns of the root of ∇²l instead of random targets.

    `weight` is the second derivative of the loss in each output number.
    """
    output = model(inputs)
    size = output.shape[-1]
    for column in range(size):
        along = torch.zeros_like(output)
        along[..., column] = (size * weight) ** 0.5  # the mean over draws is taken
        curvature._recorder.sample(output, along, list(model.parameters()))
    curvature.measure(list(model.parameters()), 1.0)


@pytest.mark.parametrize("kind", LOSSES)
def test_empirical_factors_by_hand(kind):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    inputs = torch.randn(6, 3, dtype=torch.float64)
    targets = torch.rand(6, 2, dtype=torch.float64)
    if kind == "cross entropy":
        targets = targets.argmax(1)
    curvature = curvature_of(model)
    LOSSES[kind](model(inputs), targets).backward()
    assert curvature.measure(list(model.parameters()), 1.0)
    a = [torch.zeros(4, 4).double(), torch.zeros(5, 5).double()]
    g = [torch.zeros(4, 4).double(), torch.zeros(2, 2).double()]
    for x, y in zip(inputs, targets, strict=True):
        first = model[0](x)
        last = model[2](first.tanh())
        value = LOSSES[kind](last[None], y[None])
        slopes = torch.autograd.grad(value, (first, last))
        for index, own in enumerate((x, first.tanh())):
            long = torch.cat([own, own.new_ones(1)]).detach()
            a[index] += torch.outer(long, long) / 6
            g[index] += torch.outer(slopes[index], slopes[index]) / 6
    for index, layer in enumerate(curvature.layers):
        torch.testing.assert_close(layer.inputs.mean[0], a[index])
        torch.testing.assert_close(layer.gradients.mean[0], g[index])


def test_one_example_has_the_exact_empirical_fisher_blocks():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(2, 3, 2), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(3, 4)
    ).double()
    curvature = curvature_of(model)
    inputs, target = torch.randn(1, 2, 2, 2).double(), torch.tensor([1])
    functional.cross_entropy(model(inputs), target).backward()
    curvature.measure(list(model.parameters()), 1.0)
    for layer, module in zip(curvature.layers, (model[0], model[3]), strict=True):
        gradient = joint(module.weight.grad.flatten(1), module.bias.grad)
        torch.testing.assert_close(dense(layer), torch.outer(gradient, gradient))


def test_deep_linear_networks_have_exact_gauss_newton_blocks():
    """Squared error: the Hessian in one layer is the Gauss-Newton matrix."""
    torch.manual_seed(2)
    model = nn.Sequential(
        nn.Linear(3, 4), nn.Linear(4, 3, bias=False), nn.Linear(3, 2)
    ).double()
    inputs, targets = torch.randn(7, 3).double(), torch.randn(7, 2).double()
    generator = torch.Generator()
    curvature = curvature_of(
        model, loss=functional.mse_loss, generator=generator, fisher="sampled"
    )
    exact_factors(curvature, model, inputs, 2 / targets.numel())
    for name, layer in zip("012", curvature.layers, strict=True):
        exact = block_hessian(
            model, name, lambda f: functional.mse_loss(f(inputs), targets)
        )
        torch.testing.assert_close(dense(layer), exact)


class Tokens(nn.Module):
    """Linear maps of tokens, averaged over tokens before the last one or not."""

    def __init__(self, *, average):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)
        self.average = average

    def forward(self, tokens):
        hidden = self.first(tokens)
        return self.last(hidden.mean(1) if self.average else hidden)


@pytest.mark.parametrize("sharing", ["expand", "reduce"])
def test_linear_weight_sharing_is_exact_in_its_own_setting(sharing):
    """Eschenhagen et al.: losses of tokens for one, of their average for the other."""
    torch.manual_seed(3)
    model = Tokens(average=sharing == "reduce").double()
    inputs = torch.randn(5, 6, 3).double()
    targets = torch.randn_like(model(inputs))
    curvature = curvature_of(
        model, loss=functional.mse_loss, generator=torch.Generator(),
        fisher="sampled", sharing=sharing,
    )  # fmt: skip
    exact_factors(curvature, model, inputs, 2 / targets.numel())
    for name, layer in zip(("first", "last"), curvature.layers, strict=True):
        exact = block_hessian(
            model, name, lambda f: functional.mse_loss(f(inputs), targets)
        )
        torch.testing.assert_close(dense(layer), exact)


class Pooled(nn.Module):
    """A convolution and the average of its positions."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Conv2d(2, 3, 2, stride=2, padding=1)

    def forward(self, images):
        return self.maps(images).mean((2, 3))


def test_averaged_convolutions_are_exact_when_reduced():
    torch.manual_seed(4)
    model = Pooled().double()
    inputs = torch.randn(5, 2, 4, 4).double()
    targets = torch.randn(5, 3).double()
    curvature = curvature_of(
        model, loss=functional.mse_loss, generator=torch.Generator(),
        fisher="sampled", sharing="reduce",
    )  # fmt: skip
    exact_factors(curvature, model, inputs, 2 / targets.numel())
    exact = block_hessian(
        model, "maps", lambda f: functional.mse_loss(f(inputs), targets)
    )
    torch.testing.assert_close(dense(curvature.layers[0]), exact)


def fisher_in(model, hidden, loss, targets):
    """Jᵀ ∇²l J in the input of all but the first layer, for one example."""
    jacobian = torch.autograd.functional.jacobian(model[1:], hidden)
    output = model[1:](hidden)
    middle = torch.autograd.functional.hessian(
        lambda y: loss(y[None], targets[:1]), output
    )
    return jacobian.T @ middle @ jacobian


@pytest.mark.parametrize("kind", LOSSES)
def test_sampled_targets_give_the_fisher_matrix_on_average(kind):
    """20,000 copies of one input, a draw each; five standard errors."""
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3)).double()
    copies = 20_000
    inputs = torch.randn(1, 2).double().expand(copies, 2)
    targets = torch.zeros(copies, dtype=torch.long)
    if kind != "cross entropy":
        targets = torch.zeros(copies, 3).double()
    curvature = curvature_of(
        model, loss=LOSSES[kind], generator=torch.Generator().manual_seed(6),
        fisher="sampled",
    )  # fmt: skip
    curvature.sample(model(inputs), targets, list(model.parameters()))
    assert curvature.measure(list(model.parameters()), 1.0)
    hidden = model[0](inputs[0]).detach()
    exact = fisher_in(model, hidden, LOSSES[kind], targets)
    # a product of two gaussians has a deviation of at most √2 times their variances
    scale = exact.diagonal().sqrt()
    error = 2 * scale[:, None] * scale / copies**0.5
    assert ((curvature.layers[0].gradients.mean[0] - exact).abs() < 5 * error).all()


def test_sampled_squares_are_the_diagonal_of_the_fisher_matrix_on_average():
    torch.manual_seed(6)
    model = nn.Sequential(nn.LayerNorm(3, bias=False), nn.Linear(3, 4)).double()
    model[1].requires_grad_(False)
    inputs, targets = torch.randn(2, 3).double(), torch.zeros(2, dtype=torch.long)
    curvature = curvature_of(
        model, loss=functional.cross_entropy, generator=torch.Generator(),
        fisher="sampled",
    )  # fmt: skip
    draws, weight = 300, model[0].weight
    for _ in range(draws):
        curvature.sample(model(inputs), targets, [weight])
    curvature.measure([weight], 1.0)
    exact = 0
    for x in inputs:
        normed = functional.layer_norm(x, (3,))
        p = model(x).softmax(0)
        slopes = model[1].weight * normed
        exact = exact + slopes.T @ (torch.diag(p) - torch.outer(p, p)) @ slopes / 2
    exact = exact.diagonal()
    # a squared gaussian has √2 times its mean for deviation
    error = 2**0.5 * exact / draws**0.5
    assert (
        (curvature.state({weight: 0})["squares"][0][0] - exact).abs() < 5 * error
    ).all()


def test_tokens_of_which_the_loss_is_the_mean_are_terms():
    torch.manual_seed(7)
    model = nn.Linear(3, 4).double()
    inputs = torch.randn(5, 6, 3).double()
    targets = torch.randint(4, (5, 6))
    found = []
    for shape in ((5, 6, 3), (30, 3)):
        reduction = "token-mean" if len(shape) == 3 else "mean"
        curvature = curvature_of(model, reduction=reduction)
        output = model(inputs.reshape(shape))
        functional.cross_entropy(output.reshape(30, 4), targets.flatten()).backward()
        curvature.measure(list(model.parameters()), 1.0)
        found.append(curvature.layers[0].gradients.mean)
        curvature.close()
    torch.testing.assert_close(*found)


def test_a_sum_over_examples_has_the_sum_of_their_fisher_matrices():
    torch.manual_seed(8)
    model = nn.Linear(3, 4).double()
    inputs, targets = torch.randn(5, 3).double(), torch.randint(4, (5,))
    found = []
    for reduction in ("mean", "sum"):
        curvature = curvature_of(model, reduction=reduction)
        functional.cross_entropy(model(inputs), targets, reduction=reduction).backward()
        curvature.measure(list(model.parameters()), 1.0)
        found.append(dense(curvature.layers[0]))
        curvature.close()
    torch.testing.assert_close(5 * found[0], found[1])
