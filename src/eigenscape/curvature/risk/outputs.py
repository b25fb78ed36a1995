"""Outputs of models: which part of one a loss takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch


def logits_of(output: Any) -> torch.Tensor | None:
    """Find the logits in the output of a model of the Hugging Face kind.

    Args:
        output: A mapping, or an object with attributes.

    Returns:
        What it holds as ``logits``, if that is a tensor.
    """
    if isinstance(output, Mapping):
        found = cast("Mapping[str, Any]", output).get("logits")
    else:
        found = getattr(output, "logits", None)
    return found if isinstance(found, torch.Tensor) else None


def required_logits(output: Any) -> torch.Tensor:
    """Find the logits where there were some before.

    Args:
        output: The output of a model.

    Returns:
        The logits.

    Raises:
        ValueError: If there are none.
    """
    logits = logits_of(output)
    if logits is None:
        message = (
            "model: expected an output with logits, as on the first minibatch, got "
            f"{type(output).__name__}; return the same kind of output each time"
        )
        raise ValueError(message)
    return logits


def loss_takes_logits(
    loss: Callable[[Any, Any], Any], output: Any, targets: Any
) -> bool:
    """Tell whether a loss is to be given the logits in place of the whole output.

    Args:
        loss: The loss.
        output: The output of the model on a minibatch.
        targets: The targets of the minibatch.

    Returns:
        Whether there are logits and the loss, given the whole output, fails as a
        function of tensors does that is given something else.
    """
    if logits_of(output) is None:
        return False
    try:
        loss(output, targets)
    except (TypeError, AttributeError, KeyError):
        return True
    except Exception:
        return False  # said in one line when the loss is tried
    return False
