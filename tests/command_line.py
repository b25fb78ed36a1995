"""A file with targets to survey, sound and broken, and the command itself."""

import sys

TARGET = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy

def build(count=96):
    x = torch.randn(count, 5)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 1).long()
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
    return model, cross_entropy, torch.utils.data.TensorDataset(x, y)

def nan_data():
    model, loss, data = build()
    data.tensors[0][3, 2] = float("nan")
    return model, loss, data

def infinite_loss():
    model, loss, data = build()
    return model, lambda o, t: loss(o, t) / 0.0, data

def vector_loss():
    model, loss, data = build()
    return model, lambda o, t: loss(o, t, reduction="none"), data

def frozen():
    model, loss, data = build()
    return model.requires_grad_(False), loss, data

def dropout():
    model, loss, data = build()
    return nn.Sequential(nn.Dropout(0.5), model), loss, data

def empty():
    model, loss, data = build(0)
    return model, loss, data

def wrong_shape():
    model, loss, data = build()
    return nn.Linear(7, 3), loss, data

def missing_package():
    import a_data_package_that_is_not_there

def leaves():
    raise SystemExit

def half():
    model, loss, data = build()
    return model.bfloat16(), loss, data

def moving():
    model, loss, data = build()
    def moved(output, target):
        with torch.no_grad():
            model[0].weight.mul_(1.0001)
        return loss(output, target)
    return model, moved, data

class Broken(torch.utils.data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, index):
        if index == 39:
            raise KeyError("row 39")
        return torch.ones(5), torch.tensor(0)

def broken_data():
    model, loss, _ = build()
    return model, loss, Broken()

def once():
    model, loss, data = build()
    def loss(o, t):
        alone = nn.functional.pad(t[:, None], (0, o.shape[1] - 1), value=-1)
        return nn.functional.multilabel_margin_loss(o, alone)
    return model, loss, data

def tensors():
    model, loss, data = build()
    return model, loss, data.tensors
"""
COMMAND = [sys.executable, "-m", "eigenscape.cli.main"]
