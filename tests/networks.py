"""Small real networks and data for tests of the upper floors."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset


def digits_like(count=120, features=6, classes=3, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(classes, features, generator=generator)
    targets = torch.arange(count) % classes
    noise = torch.randn(count, features, generator=generator)
    return TensorDataset((centres[targets] + noise).double(), targets)


def network(features=6, classes=3, *, seed=0, dropout=0.0):
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(features, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, classes)
    ).double()
    for parameter in model.parameters():
        parameter.data = 0.7 * torch.randn(
            parameter.shape, generator=generator, dtype=torch.float64
        )
    return model


def parts(*, dropout=0.0):
    return network(dropout=dropout), cross_entropy, digits_like()
