"""Functions that PyTorch differentiates once, written by others that it does twice."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


def hardsigmoid(x: torch.Tensor, inplace: bool = False) -> torch.Tensor:
    """Apply the sigmoid made of three straight lines.

    Args:
        x: The argument.
        inplace: Whether the result takes the place of the argument.

    Returns:
        min(max(x + 3, 0), 6)/6. PyTorch's own slope is 1/6 rounded to float32.
    """
    found = (x + 3).clamp(0, 6) / 6
    return x.copy_(found) if inplace else found


def cdist(
    x: torch.Tensor, y: torch.Tensor, p: float = 2.0, compute_mode: str | None = None
) -> torch.Tensor:
    """Measure the distances between the rows of two tensors.

    Args:
        x: Rows xᵢ.
        y: Rows yⱼ.
        p: Of the norm.
        compute_mode: How PyTorch would do it.

    Returns:
        ‖xᵢ − yⱼ‖ₚ, as rows i; all its derivatives are 0 where two rows are equal, as
        PyTorch's first one is.
    """
    del compute_mode
    return _lengths(x[..., :, None, :] - y[..., None, :, :], p)


def pdist(x: torch.Tensor, p: float = 2.0) -> torch.Tensor:
    """Measure the distances between the rows of a matrix.

    Args:
        x: Rows xᵢ.
        p: Of the norm.

    Returns:
        ‖xᵢ − xⱼ‖ₚ for i < j, row by row.
    """
    i, j = torch.triu_indices(len(x), len(x), offset=1, device=x.device)
    return _lengths(x[i] - x[j], p)


def embedding(
    x: torch.Tensor,
    weight: torch.Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> torch.Tensor | None:
    """Look up rows whose gradient would be sparse.

    Args:
        x: Numbers of rows.
        weight: The rows.
        padding_idx: Number of the row that has no gradient.
        max_norm: Bound to which PyTorch would scale rows down.
        norm_type: Of the norm that is bounded.
        scale_grad_by_freq: Whether PyTorch would divide gradients.
        sparse: Whether the gradient would be sparse.

    Returns:
        The rows, with a dense gradient; None where PyTorch's own function serves.
    """
    del norm_type
    if not sparse or max_norm is not None or scale_grad_by_freq:
        return None
    return functional.embedding(x, weight, padding_idx)


def embedding_bag(
    x: torch.Tensor,
    weight: torch.Tensor,
    offsets: torch.Tensor | None = None,
    *,
    max_norm: float | None = None,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    per_sample_weights: torch.Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
    **_: object,
) -> torch.Tensor | None:
    """Reduce bags of rows, each to one.

    Args:
        x: Numbers of rows: a bag a row, or all bags behind one another.
        weight: The rows.
        offsets: Where bags begin, if they are behind one another.
        max_norm: Bound to which PyTorch would scale rows down.
        scale_grad_by_freq: Whether PyTorch would divide gradients.
        mode: "sum", "mean" or "max".
        per_sample_weights: Factors of the rows, shaped like x.
        include_last_offset: Whether the last offset is the end of the last bag.
        padding_idx: Number of the row that does not count.

    Returns:
        A row a bag, zeros for an empty one; None where this is left to PyTorch.
    """
    if max_norm is not None or scale_grad_by_freq or x.is_nested or not x.numel():
        return None
    inside = torch.ones_like(x, dtype=torch.bool)
    if offsets is not None:
        ends = [] if include_last_offset else [offsets.new_tensor([len(x)])]
        bounds = torch.cat([offsets, *ends])
        places = torch.arange(max(int(bounds.diff().max()), 1), device=x.device)
        inside = places < bounds.diff()[:, None]
        where = (bounds[:-1, None] + places).clamp(max=len(x) - 1)
        x = x[where]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[where]
    if padding_idx is not None:
        inside &= x != padding_idx % len(weight)
    rows = functional.embedding(x, weight)
    if mode == "max":
        highest = rows.masked_fill(~inside[..., None], -math.inf).max(1).values
        return highest.masked_fill(~inside.any(1, keepdim=True), 0)
    factors = 1.0 if per_sample_weights is None else per_sample_weights[..., None]
    total = (factors * rows).masked_fill(~inside[..., None], 0).sum(1)
    if mode == "sum":
        return total
    return total / inside.sum(1, keepdim=True).clamp(min=1)


def multi_margin_loss(
    x: torch.Tensor,
    target: torch.Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: torch.Tensor | None = None,
    *,
    reduction: str = "mean",
    **deprecated: object,
) -> torch.Tensor | None:
    """Ask every score to stay below that of the right class by a margin.

    Args:
        x: Scores: classes on the last of one or two axes.
        target: The right classes y.
        p: Power of what is missing, 1 or 2.
        margin: The margin.
        weight: Weights w of the classes.
        reduction: "mean", "sum" or "none".
        **deprecated: Older ways to ask for a reduction.

    Returns:
        w_y ∑_{c ≠ y} max(0, margin − x_y + x_c)ᵖ / C; None for the older ways.
    """
    if any(value is not None for value in deprecated.values()):
        return None
    right = target[..., None]
    missing = torch.relu(margin - x.gather(-1, right) + x).scatter(-1, right, 0.0)
    losses = (missing**p).mean(-1)
    losses = losses if weight is None else losses * weight[target]
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def _lengths(differences: torch.Tensor, p: float) -> torch.Tensor:
    equal = (differences == 0).all(dim=-1)
    apart = differences.masked_fill(equal[..., None], 1.0)
    return torch.linalg.vector_norm(apart, p, dim=-1).masked_fill(equal, 0.0)
