"""EmpiricalRisk: its mode, its copy in float64, its fingerprint, what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader

from eigenscape.curvature import EmpiricalRisk

ROUNDING = 1e-13
"""A few hundred spacings of float64: sums of a few dozen terms."""


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return make().double()


def vectors() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(7, 3, generator=generator()).double(), torch.arange(7) % 2


class Normalised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.norm(x)))


@pytest.mark.parametrize("mode", ["as is", "eval", "train"])
@pytest.mark.parametrize("present", [True, False])
def test_the_mode_is_the_callers_choice(mode: str, present: bool) -> None:
    model, (x, y) = seeded(Normalised).train(present), vectors()
    model.drop.p = 0.0
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y), mode=mode)
    value = risk.value()
    trains = present if mode == "as is" else mode == "train"
    assert risk.couples_examples is trains
    assert all(module.training is present for module in model.modules())
    assert all(torch.equal(t, state[k]) for k, t in model.state_dict().items())
    shown = risk.output(x)
    assert model.training is present
    output = model.train(trains)(x)
    assert torch.equal(shown, output)
    assert value == pytest.approx(
        functional.cross_entropy(output, y).item(), rel=ROUNDING
    )


def test_the_mode_holds_where_derivatives_are_taken() -> None:
    seen: set[bool] = set()

    class Watching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(3, 2)

        def evaluate(self, x: torch.Tensor) -> torch.Tensor:
            seen.add(self.training)
            return self.inner(x)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return checkpoint(self.evaluate, x, use_reentrant=False)

    model = seeded(Watching)
    risk = EmpiricalRisk(model, functional.cross_entropy, vectors(), mode="eval")
    risk.gradient()
    assert seen == {False}
    assert model.training


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(Exception, match="mode: expected one of|Type-check"):
        EmpiricalRisk(nn.Linear(3, 2), functional.mse_loss, vectors(), mode="test")


def test_double_is_a_copy_in_float64() -> None:
    model, (x, y) = seeded(Normalised).float().eval(), vectors()
    risk = EmpiricalRisk(
        model,
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 0.3])),
        (x.float(), y),
        parameters="head.*",
        batch_size=3,
    )
    fine = risk.double()
    assert (fine.dtype, fine.names) == (torch.float64, risk.names)
    assert (fine.minibatches, fine.size) == (risk.minibatches, risk.size)
    assert fine.value() == pytest.approx(risk.value(), rel=1e-6)
    # float64 resolves a step that float32 does not
    with torch.no_grad():
        fine.params[1][0] += 1e-9
    assert fine.value() != pytest.approx(risk.double().value(), rel=1e-12)
    assert model.head.weight.dtype == risk.loss.weight.dtype == torch.float32
    assert fine.select(torch.arange(3)).gradient().dtype == torch.float64
    inputs, targets, _ = next(fine.batches())
    assert (inputs.dtype, targets.dtype) == (torch.float64, torch.int64)


def test_double_of_a_model_that_cannot_be_copied_is_refused() -> None:
    model = nn.Linear(3, 2)
    model.lock = (row for row in ())
    risk = EmpiricalRisk(
        model, functional.cross_entropy, (torch.ones(2, 3), torch.ones(2).long())
    )
    with pytest.raises(ValueError, match=r"be copied by copy.deepcopy, got TypeError"):
        risk.double()


def test_fingerprint_tells_risks_apart() -> None:
    x, y = vectors()

    def risk(**changes: object) -> EmpiricalRisk:
        settings = {"model": seeded(lambda: nn.Linear(3, 2)), "data": (x, y)}
        settings |= {"loss": functional.cross_entropy, **changes}
        return EmpiricalRisk(**settings)

    moved = x.clone()
    moved[-1, -1] += 1e-9
    halved = seeded(lambda: nn.Linear(3, 2))
    with torch.no_grad():
        halved.bias[0] += 1e-9
    base = risk()
    others = [
        risk(model=halved),
        risk(data=(moved, y)),
        risk(data=(x, 1 - y)),
        risk(loss=nn.CrossEntropyLoss()),
        risk(batch_size=3),
        risk(mode="eval"),
        risk(parameters="bias"),
        base.subsample(6, generator()),
        base.double(),
        risk(model=seeded(lambda: nn.Linear(3, 2)).eval()),
    ]
    assert base.fingerprint() == risk().fingerprint() == base.fingerprint()
    assert len({base.fingerprint(), *(r.fingerprint() for r in others)}) == 11


def test_fingerprint_does_not_evaluate_the_model() -> None:
    model, calls = seeded(lambda: nn.Linear(3, 2)), []
    model.register_forward_hook(lambda *_: calls.append(1))
    risk = EmpiricalRisk(model, functional.cross_entropy, vectors())
    calls.clear()
    risk.fingerprint()
    assert not calls


def test_everything_works_inside_inference_mode() -> None:
    model = seeded(Normalised).eval()
    data = vectors()
    outside = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=3)
    with torch.inference_mode():
        x, y = (tensor.clone() for tensor in data)
        assert x.is_inference()
        for kind in ((x, y), list(zip(x, y, strict=True)), DataLoader([(x, y)], None)):
            inside = EmpiricalRisk(model, functional.cross_entropy, kind, batch_size=3)
            assert torch.equal(inside.gradient(), outside.gradient())
            assert inside.value() == outside.value()
            few = inside.subsample(4, generator())
            assert torch.equal(
                few.gradient(), outside.subsample(4, generator()).gradient()
            )
            assert torch.equal(inside.double().gradient(), outside.gradient())
            inside.fingerprint()


def test_data_that_change_between_passes_are_refused() -> None:
    class Growing:
        passes = 0

        def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
            self.passes += 1
            x, y = vectors()
            yield x + (self.passes > 4), y

    source = Growing()
    risk = EmpiricalRisk(
        seeded(lambda: nn.Linear(3, 2)), functional.cross_entropy, source
    )
    source.passes = 3
    risk.value()
    with pytest.raises(ValueError, match="data: expected the same examples in every"):
        risk.gradient()


def test_logits_that_vanish_are_refused() -> None:
    class Fickle(nn.Linear):
        def forward(self, x: torch.Tensor) -> object:
            y = super().forward(x)
            return {"logits": y} if len(x) == 4 else y

    model = seeded(lambda: Fickle(3, 2))
    risk = EmpiricalRisk(model, functional.cross_entropy, vectors(), batch_size=4)
    with pytest.raises(ValueError, match="output with logits, as on the first"):
        risk.value()
