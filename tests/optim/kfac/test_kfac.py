"""KFAC against the algorithm of the page, written down again in plain NumPy."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.optim.kfac.kfac import KFAC
from eigenscape.optim.kfac.settings import FactorSettings

PUBLISHED = {"sharing": "published", "others": "gradient"}


class Network(nn.Module):
    """A convolution, a batch norm and two linear layers, one without bias."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Conv2d(2, 3, 3, padding=1, stride=2)
        self.norm = nn.BatchNorm2d(3)
        self.second = nn.Linear(12, 5, bias=False)
        self.third = nn.Linear(5, 4)
        for parameter in self.parameters():
            parameter.data.uniform_(-0.7, 0.7, generator=generator)

    def forward(self, images):
        hidden = self.norm(self.first(images)).relu().flatten(1)
        return self.third(self.second(hidden).tanh())


def batches(count):
    generator = torch.Generator().manual_seed(3)
    for _ in range(count):
        images = torch.randn(6, 2, 4, 4, generator=generator, dtype=torch.float64)
        yield images, torch.randint(4, (6,), generator=generator)


class PlainKFAC:
    """Section 2.4 step by step: lists of layers, dictionaries of NumPy arrays."""

    def __init__(self, model, lr, momentum, damping, clip, decay, covariance, inverse):
        self.model, self.lr, self.momentum, self.damping = model, lr, momentum, damping
        self.clip, self.decay = clip, decay
        self.covariance, self.inverse = covariance, inverse
        self.layers = ["first", "second", "third"]
        self.factors, self.basis, self.buffers, self.seen = {}, {}, {}, {}
        self.time = 0

    def forward(self, images):
        model = self.model
        self.seen["first"] = images, model.first(images)
        hidden = model.norm(self.seen["first"][1]).relu().flatten(1)
        self.seen["second"] = hidden, model.second(hidden)
        hidden = self.seen["second"][1].tanh()
        self.seen["third"] = hidden, model.third(hidden)
        for _, output in self.seen.values():
            output.retain_grad()
        return self.seen["third"][1]

    def factors_of(self, name):
        inputs, output = self.seen[name]
        count = len(inputs)
        a, g = inputs.detach(), output.grad * count
        if name == "first":  # one row a position, as the public code splits the product
            a = functional.unfold(a, 3, padding=1, stride=2)
            places = a.shape[2]
            a = a.mT.reshape(count * places, -1).numpy()
            a = np.hstack([a, np.ones((len(a), 1))]) / places
            g = g.permute(0, 2, 3, 1).reshape(count * places, -1).numpy() * places
            return a.T @ a / count, g.T @ g / (count * places)
        a, g = a.numpy(), g.numpy()
        if name == "third":
            a = np.hstack([a, np.ones((count, 1))])
        return a.T @ a / count, g.T @ g / count

    def step(self, weight_decay, decoupled):
        gradients = {n: p.grad.numpy() for n, p in self.model.named_parameters()}
        directions = {n: g.copy() for n, g in gradients.items()}
        total = 0.0
        for name in self.layers:
            if self.time % self.covariance == 0:
                new = self.factors_of(name)
                old = self.factors.get(name, [np.eye(len(m)) for m in new])
                pairs = zip(old, new, strict=True)
                keep = self.decay
                self.factors[name] = [keep * o + (1 - keep) * n for o, n in pairs]
            if self.time % self.inverse == 0:
                pairs = [np.linalg.eigh(m) for m in self.factors[name]]
                self.basis[name] = [(d * (d > 1e-10), q) for d, q in pairs]
            weight = gradients[f"{name}.weight"]
            matrix = weight.reshape(len(weight), -1)
            bias = gradients.get(f"{name}.bias")
            if bias is not None:
                matrix = np.hstack([matrix, bias[:, None]])
            (d_a, q_a), (d_g, q_g) = self.basis[name]
            inside = q_g.T @ matrix @ q_a / (np.outer(d_g, d_a) + self.damping)
            v = q_g @ inside @ q_a.T
            total += self.lr**2 * (v * matrix).sum()
            if bias is not None:
                directions[f"{name}.bias"] = v[:, -1]
                v = v[:, :-1]
            directions[f"{name}.weight"] = v.reshape(weight.shape)
        share = min(1.0, np.sqrt(self.clip / total))
        for name, parameter in self.model.named_parameters():
            w, d = parameter.data.numpy(), directions[name]
            if name.split(".")[0] in self.layers:
                d = d * share
            if decoupled:
                w *= 1 - self.lr * weight_decay
            elif self.time >= 20 * self.covariance:
                d = d + weight_decay * w
            buffer = self.momentum * self.buffers.get(name, 0) + d
            self.buffers[name] = buffer
            w -= self.lr * buffer
        self.time += 1
        return share


@pytest.mark.parametrize(
    ("decoupled", "clip"), [(False, 1e-4), (False, 1e3), (True, 1e-4)]
)
def test_the_published_algorithm_number_for_number(decoupled, clip):
    intervals = {"factor_interval": 2, "eigen_interval": 6}
    plain_model, model = Network().double(), Network().double()
    plain = PlainKFAC(plain_model, 0.05, 0.9, 0.03, clip, 0.95, 2, 6)
    optimiser = KFAC(
        model,
        lr=0.05,
        momentum=0.9,
        damping=0.03,
        kl_clip=clip,
        weight_decay=1e-2,
        decoupled_weight_decay=decoupled,
        settings=FactorSettings(**PUBLISHED, **intervals),
    )
    shares = []
    for images, targets in batches(60):  # decay begins at step 40
        for network in (plain_model, model):
            network.zero_grad()
        functional.cross_entropy(plain.forward(images), targets).backward()
        functional.cross_entropy(model(images), targets).backward()
        shares.append(plain.step(1e-2, decoupled))
        optimiser.step()
        for a, b in zip(plain_model.parameters(), model.parameters(), strict=True):
            # sixty steps of rounding, in float64
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    assert (min(shares) < 1) == (clip < 1)


def test_a_rate_may_be_a_tensor():
    runs = []
    for rate in (0.05, torch.tensor(0.05, dtype=torch.float64)):
        model = Network().double()
        optimiser = KFAC(model, lr=rate, damping=0.1)
        for images, targets in batches(3):
            optimiser.zero_grad()
            functional.cross_entropy(model(images), targets).backward()
            optimiser.step()
        runs.append(nn.utils.parameters_to_vector(model.parameters()))
    assert torch.equal(*runs)


def test_the_defaults_are_the_published_ones():
    optimiser = KFAC(nn.Linear(2, 2))
    group, settings = optimiser.param_groups[0], optimiser.settings
    assert (group["lr"], group["momentum"], group["damping"]) == (0.1, 0.9, 1.0)
    assert optimiser._kl_clip == 0.01
    numbers = (settings.decay, settings.factor_interval, settings.eigen_interval)
    assert numbers == (0.95, 10, 100)


def test_shrinking_the_input_layer_changes_nothing_in_function_space():
    """Natural gradient steps are invariant under linear maps of a layer's input."""
    torch.manual_seed(0)
    mixing = torch.randn(4, 4, dtype=torch.float64) + 3 * torch.eye(4)
    inputs = torch.randn(20, 4, dtype=torch.float64)
    targets = torch.randn(20, 3, dtype=torch.float64)
    outputs = []
    for mix in (torch.eye(4, dtype=torch.float64), mixing):
        model = nn.Linear(4, 3).double()
        with torch.no_grad():
            model.weight.copy_(torch.ones(3, 4).double() @ torch.linalg.inv(mix))
            model.bias.zero_()
        settings = FactorSettings(start="mean", factor_interval=1, eigen_interval=1)
        optimiser = KFAC(
            model, lr=0.1, damping=0.0, kl_clip=None, momentum=0.0, settings=settings
        )
        for _ in range(5):
            optimiser.zero_grad()
            functional.mse_loss(model(inputs @ mix.T), targets).backward()
            optimiser.step()
        outputs.append(model(inputs @ mix.T))
    torch.testing.assert_close(*outputs, rtol=1e-8, atol=1e-8)
