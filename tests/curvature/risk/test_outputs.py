"""The logits of an output go to the losses that want them, and to no others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature.risk.outputs import (
    logits_of,
    loss_takes_logits,
    required_logits,
)

LOGITS, TARGETS = torch.eye(3), torch.arange(3)
OUTPUTS = {
    "object": SimpleNamespace(loss=None, logits=LOGITS),
    "mapping": {"loss": None, "logits": LOGITS},
    "ordered": OrderedDict(logits=LOGITS),
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(
    "loss",
    [
        functional.cross_entropy,
        lambda output, target: (output - target).square().mean(),
        lambda output, target: output[:, 0].mean(),
        lambda output, target: output.view(-1).mean(),
    ],
    ids=["torch", "difference", "index", "method"],
)
def test_losses_of_tensors_take_logits(name: str, loss: Callable) -> None:
    assert logits_of(OUTPUTS[name]) is LOGITS
    assert required_logits(OUTPUTS[name]) is LOGITS
    assert loss_takes_logits(loss, OUTPUTS[name], TARGETS)


def test_losses_of_outputs_take_outputs() -> None:
    def of_object(output: SimpleNamespace, target: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(output.logits, target)

    def of_mapping(output: dict, target: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(output["logits"], target)

    assert not loss_takes_logits(of_object, OUTPUTS["object"], TARGETS)
    assert not loss_takes_logits(of_mapping, OUTPUTS["mapping"], TARGETS)
    # it fails for a reason of its own, which is said when it is evaluated
    assert not loss_takes_logits(of_mapping, OUTPUTS["mapping"], TARGETS[:2])


@pytest.mark.parametrize("output", [LOGITS, (LOGITS,), {"logits": None}, None])
def test_outputs_without_logits(output: object) -> None:
    assert logits_of(output) is None
    assert not loss_takes_logits(functional.cross_entropy, output, TARGETS)
    with pytest.raises(
        ValueError, match="model: expected an output with logits, as on"
    ):
        required_logits(output)
