"""What a risk must satisfy before it is measured, each with a remedy in one line."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from eigenscape.curvature.risk.data import tensors_of

SAMPLE = 32
"""Examples doubled to tell a sum from a mean: any few will do."""


def require_same_kind(params: Sequence[torch.Tensor]) -> None:
    """Refuse parameters that do not form one real vector.

    Args:
        params: The trainable parameters.

    Raises:
        ValueError: If there are none, or they are not all of one floating-point type
            on one device.
    """
    if not params:
        message = (
            "model: expected trainable parameters, got none; "
            "set requires_grad on those to be measured"
        )
        raise ValueError(message)
    kinds = sorted({str(param.dtype) for param in params})
    if not all(param.is_floating_point() for param in params):
        message = (
            f"model: expected real floating-point parameters, got {', '.join(kinds)}; "
            "freeze the others by requires_grad_(False)"
        )
        raise ValueError(message)
    if any(torch.finfo(param.dtype).bits < 32 for param in params):
        message = (
            f"model: expected float32 or float64 parameters, got {', '.join(kinds)}, "
            "too coarse for second derivatives; call model.float()"
        )
        raise ValueError(message)
    devices = sorted({str(param.device) for param in params})
    if len(kinds) > 1 or len(devices) > 1:
        message = (
            "model: expected parameters of one dtype on one device, got "
            f"{', '.join(kinds + devices)}; call model.to(...) first"
        )
        raise ValueError(message)


def require_recordable(model: Any) -> None:
    """Refuse what is no model, or one whose parameters autograd cannot follow.

    Args:
        model: The model.

    Raises:
        ValueError: If it is no module, an embedding changes its own rows or slopes, or
            a parameter has no shape yet or was made in inference mode.
    """
    if not isinstance(model, nn.Module):
        message = (
            f"model: expected a torch.nn.Module, got {type(model).__name__}; wrap a "
            "function and its parameters in a module"
        )
        raise ValueError(message)
    for module in model.modules():
        changed = getattr(module, "max_norm", None) is not None
        scaled = getattr(module, "scale_grad_by_freq", False)
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and (changed or scaled):
            message = (
                "model: expected embeddings without max_norm and scale_grad_by_freq, "
                "which rescale rows and gradients, got one with; switch them off"
            )
            raise ValueError(message)
    params = list(model.parameters())
    if any(isinstance(param, nn.UninitializedParameter) for param in params):
        message = (
            "model: expected initialised parameters, got a lazy one; "
            "run the model once on an input"
        )
        raise ValueError(message)
    if any(param.is_inference() for param in params):
        message = (
            "model: expected parameters made outside torch.inference_mode(), got some "
            "made inside; build or load the model outside"
        )
        raise ValueError(message)


def require_positions(positions: torch.Tensor, examples: int) -> None:
    """Refuse positions at which there are no examples.

    Args:
        positions: The positions.
        examples: How many examples there are.

    Raises:
        ValueError: If there are none, or one is negative or too large.
    """
    low, high = positions.aminmax() if positions.numel() else (-1, -1)
    if positions.ndim != 1 or low < 0 or high >= examples:
        message = (
            f"positions: expected at least one, from 0 to {examples - 1}, got "
            f"{positions.numel()} from {int(low)} to {int(high)}; take some of "
            f"torch.arange({examples})"
        )
        raise ValueError(message)


def require_scalar(loss: object) -> torch.Tensor:
    """Refuse a loss that is no real scalar tensor.

    Args:
        loss: What the loss function returned.

    Returns:
        The loss, as given.

    Raises:
        ValueError: If it is not a real floating-point tensor without axes.
    """
    if not isinstance(loss, torch.Tensor):
        message = (
            f"loss: expected a scalar tensor, got {type(loss).__name__}; return the "
            "mean loss, computed from the output and the targets"
        )
        raise ValueError(message)
    if loss.shape != ():
        message = (
            f"loss: expected a scalar, got shape {tuple(loss.shape)}; "
            "use reduction='mean'"
        )
        raise ValueError(message)
    if not loss.is_floating_point():
        message = (
            f"loss: expected a real floating-point scalar, got {loss.dtype}; return a "
            "differentiable mean"
        )
        raise ValueError(message)
    return loss


def require_mean(loss_at: Callable[[torch.Tensor], float], available: int) -> None:
    """Refuse a loss that doubles when its examples are doubled: a sum.

    Silent where the loss is zero or the doubled minibatch cannot be evaluated.

    Args:
        loss_at: The loss of one minibatch of the examples at given positions.
        available: How many examples may be used.

    Raises:
        ValueError: If the loss is a sum over the examples.
    """
    once = torch.arange(min(available, SAMPLE))
    try:
        single, double = loss_at(once), loss_at(torch.cat([once, once]))
    except (RuntimeError, ValueError, IndexError):
        return
    # A sum agrees to rounding; a mean is off by the whole of |single|.
    if single != 0 and abs(double - 2 * single) <= 1e-3 * abs(single):
        message = (
            "loss: expected a mean over the examples, got one that doubles with "
            f"their number ({single:.4g} to {double:.4g}); use reduction='mean'"
        )
        raise ValueError(message)


def require_finite_loss(
    loss: torch.Tensor, index: int, params: Sequence[torch.Tensor], batch: Any
) -> None:
    """Refuse a loss that is infinite or not a number, and say where it comes from.

    Args:
        loss: The loss on a minibatch.
        index: The number of the minibatch, from 0.
        params: The trainable parameters.
        batch: The inputs and targets of the minibatch.

    Raises:
        ValueError: If the loss is not finite.
    """
    if bool(torch.isfinite(loss)):
        return
    where = f"on minibatch {index}"
    if not _all_finite(params):
        culprit = f"parameter: expected finite values, got NaN or infinity {where}"
        message = f"{culprit}; load a checkpoint from before the divergence"
    elif not _all_finite(tensors_of(batch)):
        culprit = f"data: expected finite values, got NaN or infinity {where}"
        message = f"{culprit}; clean the inputs and targets"
    else:
        culprit = f"loss: expected a finite value, got {loss.item()} {where}"
        message = f"{culprit} from finite parameters and data; check for overflow"
    raise ValueError(message)


def require_finite(
    name: str, result: torch.Tensor, index: int, given: torch.Tensor | None = None
) -> None:
    """Refuse derivatives that are infinite or not numbers.

    Args:
        name: What they are.
        result: Their values on a minibatch.
        index: The number of the minibatch, from 0.
        given: The vectors that were multiplied, if any.

    Raises:
        ValueError: If one is not finite.
    """
    # The sum is cheap, and finite unless an entry is not, or on overflow.
    if not bool(torch.isfinite(result.sum())) and not _all_finite([result]):
        if given is not None and not _all_finite([given]):
            message = "vector: expected finite entries, got NaN or infinity; check it"
            raise ValueError(message)
        message = (
            f"{name}: expected finite values, got NaN or infinity on minibatch "
            f"{index}; the loss may have no such derivative at these parameters"
        )
        raise ValueError(message)


def require_kept(params: Sequence[torch.Tensor], versions: Sequence[int]) -> None:
    """Refuse an evaluation that changed the parameters.

    Args:
        params: The parameters.
        versions: The versions that they had before.

    Raises:
        ValueError: If one was changed.
    """
    if list(versions) != [param._version for param in params]:
        message = (
            "model, loss: expected an evaluation that keeps the parameters, got "
            "changed ones; remove the in-place update"
        )
        raise ValueError(message)


@contextmanager
def reading(what: str) -> Generator[None]:
    """Turn what fails inside the caller's data source into a ValueError of one line.

    Args:
        what: What is read.

    Yields:
        Nothing.

    Raises:
        ValueError: If the block raises.
    """
    try:
        yield
    except ValueError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__} ({' '.join(str(error).split())})"
        message = (
            f"data: expected {what}, got {reason}; check the data set and its "
            "collate_fn, which pads examples of different lengths"
        )
        raise ValueError(message) from error


@contextmanager
def in_one_line(name: str, duty: str, given: Any) -> Generator[None]:
    """Turn whatever fails inside into a ValueError of one line.

    Args:
        name: Who failed.
        duty: What was expected of it.
        given: The tensors it was given, possibly nested.

    Yields:
        Nothing.

    Raises:
        ValueError: If the block raises.
        OutOfMemoryError: If memory runs out.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError:
        raise
    except Exception as error:
        shapes = ", ".join(
            f"{tuple(tensor.shape)} {tensor.dtype}" for tensor in tensors_of(given)
        )
        reason = " ".join(str(error).split())
        message = (
            f"{name}: expected to {duty}, got {type(error).__name__} ({reason}); "
            f"check {f'the tensors passed: {shapes}' if shapes else 'its parts'}"
        )
        raise ValueError(message) from error


def _all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
