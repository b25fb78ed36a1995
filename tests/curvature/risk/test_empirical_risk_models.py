"""EmpiricalRisk on models and data of every kind, against plain autograd."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from eigenscape.curvature import EmpiricalRisk

ROUNDING = 1e-13
"""A few hundred spacings of float64: sums of at most a few hundred terms."""


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return make().double()


class Output(OrderedDict):
    """A mapping with attributes, as models of the Hugging Face kind return."""

    def __getattr__(self, name: str) -> object:
        if name in self:
            return self[name]
        raise AttributeError(name)


class Classifier(nn.Module):
    """Mappings in, mappings out; computes a loss only if given labels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 4, padding_idx=0)
        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.classifier = nn.Linear(4, 3)
        self.unused = nn.Linear(4, 4)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor | None = None,
    ) -> Output:
        hidden = self.embed(input_ids)
        for block in self.blocks:
            hidden = hidden + block(hidden).tanh()
        mask = attention_mask[..., None].to(hidden)
        logits = self.classifier((hidden * mask).sum(1) / mask.sum(1))
        loss = None if labels is None else functional.cross_entropy(logits, labels)
        return Output(loss=loss, logits=logits)


LENGTHS = (3, 5, 2, 4, 4, 1, 5)


class Tokens(Dataset):
    """Rows of unequal length, as a tokeniser gives them."""

    def __len__(self) -> int:
        return len(LENGTHS)

    def __getitem__(self, index: int) -> dict[str, object]:
        ids = [1 + (3 * index + k) % 10 for k in range(LENGTHS[index])]
        return {"input_ids": ids, "labels": index % 3}


def padded(rows: list[dict]) -> dict[str, torch.Tensor]:
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.tensor([
        row["input_ids"] + [0] * (longest - len(row["input_ids"])) for row in rows
    ])
    labels = torch.tensor([row["labels"] for row in rows])
    return {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": labels}


def of_logits(output: Output, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(output.logits, labels)


def pairs_with_labels() -> list[tuple[dict, torch.Tensor]]:
    batches = DataLoader(Tokens(), batch_size=3, collate_fn=padded)
    return [(batch, batch["labels"]) for batch in batches]


def own_loss(output: Output, labels: torch.Tensor) -> torch.Tensor:
    return output.loss


MAPPINGS: dict[str, tuple[object, Callable]] = {
    "loader": (DataLoader(Tokens(), batch_size=3, collate_fn=padded), of_logits),
    "plain loss": (
        DataLoader(Tokens(), batch_size=3, collate_fn=padded),
        functional.cross_entropy,
    ),
    "shuffled": (
        DataLoader(Tokens(), batch_size=3, collate_fn=padded, shuffle=True),
        nn.CrossEntropyLoss(),
    ),
    "batches": (
        list(DataLoader(Tokens(), batch_size=3, collate_fn=padded)),
        of_logits,
    ),
    "mapping": (padded([Tokens()[k] for k in range(7)]), of_logits),
    "loss of the model": (pairs_with_labels(), own_loss),
}


def expected(
    model: nn.Module, loss: torch.Tensor, names: list[str]
) -> tuple[float, torch.Tensor]:
    """The value and gradient of a loss of all examples, in one piece."""
    params = [model.get_parameter(name) for name in names]
    pieces = torch.autograd.grad(
        loss, params, materialize_grads=True, allow_unused=True
    )
    return loss.item(), torch.cat([piece.flatten() for piece in pieces])


def assert_equals(risk: EmpiricalRisk, wanted: tuple[float, torch.Tensor]) -> None:
    value, gradient = wanted
    assert risk.value() == pytest.approx(value, rel=ROUNDING)
    assert (risk.gradient() - gradient).norm() <= ROUNDING * gradient.norm()


@pytest.mark.parametrize("name", MAPPINGS)
def test_mappings_in_and_out(name: str) -> None:
    data, loss = MAPPINGS[name]
    model = seeded(Classifier)
    risk = EmpiricalRisk(model, loss, data)
    assert risk.examples == 7
    whole = padded([Tokens()[k] for k in range(7)])
    labels = whole.pop("labels")
    value = functional.cross_entropy(model(**whole).logits, labels)
    wanted = expected(model, value, list(risk.names))
    assert_equals(risk, wanted)
    assert not risk.gradient()[risk.positions("unused.*")].any()
    if name != "mapping":
        assert (risk.minibatches, risk.batch_size) == (3, 3)
    for batch_size in (1, 2):
        assert_equals(risk.with_batch_size(batch_size), wanted)


def test_a_batch_of_mappings_is_drawn_across_batches() -> None:
    model = seeded(Classifier)
    loader, loss = MAPPINGS["loader"]
    drawn = EmpiricalRisk(model, loss, loader).subsample(5, generator())
    rows = torch.randperm(7, generator=generator())[:5].tolist()
    whole = padded([Tokens()[k] for k in rows])
    labels = whole.pop("labels")
    value = functional.cross_entropy(model(**whole).logits, labels)
    assert drawn.with_batch_size(5).value() == pytest.approx(value.item(), rel=ROUNDING)
    batches = EmpiricalRisk(model, loss, MAPPINGS["batches"][0])
    assert batches.examples == 7
    with pytest.raises(ValueError, match=r"one shape, to draw across.*collate_fn"):
        batches.subsample(5, generator())


class LastStep(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.recurrent = kind(3, 4, batch_first=True, num_layers=2)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.mix = nn.Linear(4, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.mix(self.embed(ids)).tanh()).transpose(1, 2)


class Adapted(nn.Module):
    """A layer with a low-rank correction, as adapters for fine-tuning add it."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(3, 3)
        self.lora_a = nn.Linear(3, 1, bias=False)
        self.lora_b = nn.Linear(1, 3, bias=False)
        self.norm = nn.LayerNorm(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.base(x) + self.lora_b(self.lora_a(x)))


def sequences() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(7, 5, 3, generator=generator()).double()
    return x, torch.arange(7) % 2


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(0, 6, (7, 5), generator=generator())
    return ids[:, :-1], ids[:, 1:]


def vectors() -> tuple[torch.Tensor, torch.Tensor]:
    x, y = sequences()
    return x[:, 0], y


def frozen() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    model[0].weight.requires_grad_(False)
    return model


def adapted() -> nn.Module:
    return nn.Sequential(Adapted(), nn.Tanh(), Adapted())


MODELS: dict[str, tuple[Callable, Callable, str | None]] = {
    "GRU": (lambda: LastStep(nn.GRU), sequences, None),
    "LSTM": (lambda: LastStep(nn.LSTM), sequences, None),
    "tied": (Tied, tokens, None),
    "frozen": (frozen, vectors, None),
    "fine-tuned head": (lambda: LastStep(nn.LSTM), sequences, "head.*"),
    "adapters": (adapted, vectors, "*lora*"),
}
NAMES = {
    "tied": ["embed.weight", "mix.weight", "mix.bias"],
    "frozen": ["0.bias", "2.weight", "2.bias"],
    "fine-tuned head": ["head.weight", "head.bias"],
    "adapters": [f"{k}.lora_{side}.weight" for k in (0, 2) for side in "ab"],
}


@pytest.mark.parametrize("name", MODELS)
def test_models_against_autograd(name: str) -> None:
    make, data, parameters = MODELS[name]
    model, (x, y) = seeded(make), data()
    loss = functional.cross_entropy
    risk = EmpiricalRisk(model, loss, (x, y), parameters=parameters, batch_size=3)
    every = [n for n, _ in model.named_parameters()]
    assert list(risk.names) == NAMES.get(name, every)
    assert_equals(risk, expected(model, loss(model(x), y), list(risk.names)))


def test_parameters_held_fixed_keep_their_flags() -> None:
    model, data = seeded(adapted), vectors()
    EmpiricalRisk(model, functional.cross_entropy, data, parameters="*lora*").gradient()
    assert all(param.requires_grad for param in model.parameters())
    assert all(param.grad is None for param in model.parameters())


@pytest.mark.parametrize("sizes", [[7], [3, 3, 1], [1, 4, 2], [2, 0, 5]])
def test_batches_of_unequal_size_are_weighted_by_examples(sizes: list[int]) -> None:
    model, (x, y) = seeded(lambda: nn.Linear(3, 2)), vectors()
    batches = list(zip(x.split(sizes), y.split(sizes), strict=True))
    value = functional.cross_entropy(model(x), y)
    wanted = expected(model, value, ["weight", "bias"])
    for given in (batches, DataLoader(batches, batch_size=None)):
        risk = EmpiricalRisk(model, functional.cross_entropy, given)
        assert_equals(risk, wanted)
        assert_equals(risk.with_batch_size(2), wanted)
        assert risk.subsample(4, generator()).examples == 4
        assert risk.first_minibatch().examples == sizes[0]
