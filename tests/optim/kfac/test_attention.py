"""Recorded attention against the module's own, and its rows against autograd."""

import copy
import pickle

import pytest
import torch
from torch import nn

from eigenscape.optim.kfac.discovery import discover
from eigenscape.optim.kfac.recorder import Recorder
from eigenscape.optim.kfac.settings import FactorSettings

OPTIONS = {
    "plain": {},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
    "other widths": {"kdim": 5, "vdim": 3},
    "bias of keys": {"add_bias_kv": True, "add_zero_attn": True},
    "dropout": {"dropout": 0.3},
}


def made(name):
    torch.manual_seed(0)
    model = nn.MultiheadAttention(8, 2, **OPTIONS[name]).double()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    settings = FactorSettings(batch_axis=0 if name == "batch first" else 1)
    found = discover(model, set(model.parameters()), settings)
    recorder = Recorder(model, found, settings)
    return model, found, recorder


def inputs_for(name):
    generator = torch.Generator().manual_seed(1)
    shapes = [(3, 4, 8), (5, 4, 8), (5, 4, 8)]  # length, examples, width
    if name == "other widths":
        shapes = [(3, 4, 8), (5, 4, 5), (5, 4, 3)]
    if name == "batch first":
        shapes = [(b, a, c) for a, b, c in shapes]
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
    ]


def run(model, inputs, **options):
    model.zero_grad()
    torch.manual_seed(2)
    output, weights = model(*inputs, **options)
    (output**2).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    return output.detach(), weights, gradients


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"need_weights": False},
        {"attn_mask": torch.ones(3, 5, dtype=torch.bool).triu(2)},
        {"key_padding_mask": torch.arange(5).expand(4, 5) > 3},
    ],
    ids=["", "without weights", "mask", "padding"],
)
def test_recording_changes_nothing_but_rounding(name, options):
    model, _, recorder = made(name)
    inputs = inputs_for(name)
    plain = run(model, inputs, **options)
    recorder.active = True
    torch.testing.assert_close(run(model, inputs, **options), plain)
    assert recorder.sums
    recorder.close()
    assert "forward" not in model.__dict__
    torch.testing.assert_close(run(model, inputs, **options), plain, rtol=0, atol=0)


@pytest.mark.parametrize("name", OPTIONS)
def test_rows_give_the_gradients_of_the_projections(name):
    """G and A of one example with one query and one key: G ⊗ A = ∇ ∇ᵀ."""
    model, found, recorder = made(name)
    recorder.active = True
    inputs = [x[:1, :1] for x in inputs_for(name)]
    run(model, inputs)
    assert {layer.name for layer in found.layers} == {
        ".out_proj", ".query", ".key", ".value"
    }  # fmt: skip
    for layer in found.layers:
        sums = recorder.sums[layer]
        slots = [slot for slot in (layer.weight, layer.bias) if slot]
        parts = [slot.of(slot.parameter.grad).reshape(8, -1) for slot in slots]
        gradient = torch.cat(parts, 1).flatten()
        dense = torch.kron(sums.gradients[0], sums.inputs[0])
        torch.testing.assert_close(dense, torch.outer(gradient, gradient))
        assert sums.examples == 1


def test_examples_lie_where_the_module_says():
    for name, examples in (("plain", 4), ("batch first", 4)):
        model, found, recorder = made(name)
        recorder.active = True
        run(model, inputs_for(name))
        for layer in found.layers:
            sums = recorder.sums[layer]
            long = 3 if layer.name in {".query", ".out_proj"} else 5
            assert (sums.examples, sums.rows) == (examples, long * examples)
        assert recorder.terms() == examples


def test_self_attention_in_an_encoder_and_its_evaluation():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.TransformerEncoder(layer, 2).double()
    settings = FactorSettings()
    found = discover(model, set(model.parameters()), settings)
    assert not found.unknown
    assert len(found.layers) == 2 * 6
    tokens = torch.randn(3, 4, 8).double()
    with torch.no_grad():
        plain = model.eval()(tokens)
    recorder = Recorder(model, found, settings)
    recorder.active = True
    with torch.no_grad():
        torch.testing.assert_close(model(tokens), plain)
    model.train()(tokens).square().sum().backward()
    assert set(recorder.sums) == set(found.layers)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_attend_by_themselves(copied):
    model, _, recorder = made("plain")
    recorder.active = True
    inputs = inputs_for("plain")
    twin = copied(model)
    twin_output = run(twin, inputs)
    assert not recorder.sums
    torch.testing.assert_close(twin_output, run(model, inputs))
    with torch.no_grad():
        twin.out_proj.weight.zero_()
        assert twin(*inputs)[0].std(0).max() < 1e-12 < model(*inputs)[0].std(0).max()
