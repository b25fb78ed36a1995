"""Connectionist temporal classification by operations with second derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

IMPOSSIBLE = -1e30
"""Logarithm of a probability of zero: finite, so that no slope is infinite."""

Lengths = torch.Tensor | Sequence[int]


def ctc_loss(
    log_probs: torch.Tensor,
    targets: torch.Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> torch.Tensor:
    """Sum over all alignments of labels to inputs: minus the log-likelihood.

    The forward recursion over the labels with blanks between them. As a function of
    ``log_probs`` its derivatives are the true ones; PyTorch's own first derivative is
    right only behind a log-softmax.

    Args:
        log_probs: Logarithms of probabilities, shape (T, N, C) or (T, C).
        targets: Labels, shape (N, S), or those of all sequences behind one another.
        input_lengths: Of the N sequences.
        target_lengths: Of their labels.
        blank: The label of none.
        reduction: "mean" (over the labels of a sequence, then over sequences), "sum" or
            "none".
        zero_infinity: Whether a sequence too short for its labels counts as zero.

    Returns:
        The loss.

    References:
        Graves, Fernández, Gomez and Schmidhuber (2006), ICML, eqs. (5) to (8).
    """
    alone = log_probs.ndim == 2
    if alone:
        log_probs = log_probs[:, None]
    count = log_probs.shape[1]
    steps, labels = (
        torch.as_tensor(lengths, device=log_probs.device).reshape(count).long()
        for lengths in (input_lengths, target_lengths)
    )
    states = _with_blanks(targets.to(log_probs.device), labels, count, blank)
    lowest = log_probs.new_tensor(IMPOSSIBLE)
    skips = torch.zeros_like(states, dtype=torch.bool)
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    emitted = log_probs.gather(2, states.expand(len(log_probs), -1, -1))
    start = torch.arange(states.shape[1], device=states.device) < 2
    forward = [torch.where(start, emitted[0], lowest)]
    for emission in emitted[1:]:
        stay = forward[-1]
        step = torch.nn.functional.pad(stay, (1, 0), value=IMPOSSIBLE)[:, :-1]
        skip = torch.nn.functional.pad(stay, (2, 0), value=IMPOSSIBLE)[:, :-2]
        ways = torch.stack([stay, step, torch.where(skips, skip, lowest)])
        forward.append(ways.logsumexp(0) + emission)
    last = torch.stack(forward)[steps - 1, torch.arange(count, device=steps.device)]
    ends = torch.stack([2 * labels, (2 * labels - 1).clamp(min=0)], dim=1)
    closing = last.gather(1, ends)
    no_label = torch.stack([torch.zeros_like(labels), labels == 0], dim=1).bool()
    losses = -closing.masked_fill(no_label, IMPOSSIBLE).logsumexp(1)
    infinite = 0.0 if zero_infinity else math.inf
    losses = losses.masked_fill(losses > -IMPOSSIBLE / 2, infinite)
    if reduction == "mean":
        return (losses / labels.clamp(min=1)).mean()
    if reduction == "sum":
        return losses.sum()
    return losses[0] if alone else losses


def _with_blanks(
    targets: torch.Tensor, lengths: torch.Tensor, count: int, blank: int
) -> torch.Tensor:
    """The labels of every sequence with a blank before, between and behind them."""
    longest = int(lengths.max())
    padded = targets.new_full((count, longest), blank)
    inside = torch.arange(longest, device=targets.device) < lengths[:, None]
    if targets.ndim == 1:
        padded[inside] = targets[: int(lengths.sum())]
    else:
        padded[inside] = targets[:, :longest][inside]
    states = targets.new_full((count, 2 * longest + 1), blank)
    states[:, 1::2] = padded
    return states.long()
