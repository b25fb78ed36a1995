"""FactorSettings: how Kronecker factors are measured, averaged and damped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

FisherKind = Literal["empirical", "sampled"]
Sharing = Literal["expand", "reduce", "published"]
Reduction = Literal["mean", "token-mean", "sum"]
Start = Literal["identity", "mean"]
DampingForm = Literal["product", "factored"]
Others = Literal["diagonal", "gradient"]

_CHOICES = {
    "fisher": FisherKind,
    "sharing": Sharing,
    "reduction": Reduction,
    "start": Start,
    "form": DampingForm,
    "others": Others,
}


@dataclass(frozen=True)
class FactorSettings:
    """How Kronecker factors are measured, averaged and damped.

    The defaults of the three numbers, of `start` and of `form` are those of the public
    training code of Granziol and Baskerville, arXiv 2011.08181.

    Attributes:
        decay: Weight ρ of the running factor at an update.
        factor_interval: Steps between two updates of the factors.
        eigen_interval: Steps between two eigendecompositions.
        fisher: "empirical", with the gradients of training; "sampled", with targets
            drawn from the model, which costs one more backward pass an update.
        sharing: How weights shared over tokens or positions are treated: "expand",
            each as an example of its own; "reduce", inputs averaged and gradients
            added first; "published", the factors of "expand" times 1/T and T for T
            tokens, of the same product, as the public code splits them.
        reduction: Over what the loss is a mean: "mean" over the examples of the step,
            however many backward passes they came in; "token-mean" over all positions
            of the output but its last axis; "sum" over nothing.
        batch_axis: The axis of examples, 0 or 1, of the model's first input and of the
            inputs of linear layers; ``nn.MultiheadAttention`` has its own.
        start: "identity", a running factor begins at I and the first measurement gets
            weight 1 − ρ; "mean", the k-th measurement gets weight max(1/k, 1 − ρ), so
            that the first ones are averaged and I is forgotten at once.
        form: "product" adds δ to the products of eigenvalues; "factored" adds √δ π
            and √δ/π to the factors.
        others: What is done for parameters without factors: "diagonal" divides by a
            running second moment plus δ, "gradient" leaves the gradient as it is, as
            the public code does.

    References:
        Martens and Grosse (2015), arXiv 1503.05671, Sec. 5 for the running mean of
        "mean", Sec. 6.3 for the factored damping and π.
        Eschenhagen et al. (2023), arXiv 2311.00636, for "expand" and "reduce".
        Grosse and Martens (2016), arXiv 1602.01407, for convolutions.
    """

    decay: float = 0.95
    factor_interval: int = 10
    eigen_interval: int = 100
    fisher: FisherKind = "empirical"
    sharing: Sharing = "expand"
    reduction: Reduction = "mean"
    batch_axis: int = 0
    start: Start = "identity"
    form: DampingForm = "product"
    others: Others = "diagonal"

    def __post_init__(self) -> None:
        checks = [
            ("decay", 0 <= self.decay < 1, "a number in [0, 1)"),
            ("factor_interval", self.factor_interval >= 1, "at least 1"),
            ("eigen_interval", self.eigen_interval >= 1, "at least 1"),
            ("batch_axis", self.batch_axis in {0, 1}, "0 or 1"),
        ]
        for name, kind in _CHOICES.items():
            known = get_args(kind)
            told = " or ".join(repr(choice) for choice in known)
            checks.append((name, getattr(self, name) in known, told))
        for name, good, expected in checks:
            if not good:
                message = f"{name}: expected {expected}, got {getattr(self, name)!r}"
                raise ValueError(message)
        if self.fisher == "sampled" and self.reduction == "sum":
            message = (
                "reduction: expected 'mean' or 'token-mean' with sampled targets, got "
                "'sum'; let the loss be a mean"
            )
            raise ValueError(message)
        if self.sharing == "reduce" and self.reduction == "token-mean":
            message = (
                "sharing: expected 'expand' for a mean over tokens, each of which is a "
                "term of the loss, got 'reduce'"
            )
            raise ValueError(message)
