"""Which parameters of a model have Kronecker factors, and where these are measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import nn

from eigenscape.optim.kfac.layer import KroneckerLayer, Slot
from eigenscape.optim.kfac.rows import ConvolutionRows, LinearRows, RowReader
from eigenscape.optim.kfac.settings import FactorSettings

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

DIAGONAL = (
    nn.Embedding,
    nn.EmbeddingBag,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)
"""Modules that are not maps of rows, whose curvature is taken as diagonal."""


@final
@dataclass(frozen=True, eq=False)
class Use:
    """A place where the rows of a layer are seen.

    Attributes:
        layer: The layer.
        reader: How rows are read there.
        module: The module that computes the map.
        part: Which projection of an attention it is: query, key, value or out; empty
            for a module that is one map.
    """

    layer: KroneckerLayer
    reader: RowReader
    module: nn.Module
    part: str = ""


@final
@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found in a model.

    Attributes:
        layers: The layers with factors.
        uses: Where they are measured; a shared layer has several.
        unknown: Modules with parameters that have no factors and are no norm or
            embedding, each with the reason.
    """

    layers: tuple[KroneckerLayer, ...]
    uses: tuple[Use, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Candidate:
    name: str
    module: nn.Module
    weight: Slot
    bias: Slot | None
    reader: RowReader
    part: str = ""
    maps: int = 1

    @property
    def shape(self) -> tuple[Any, ...]:
        sides = self.weight.of(self.weight.parameter).shape
        return (self.maps, isinstance(self.reader, LinearRows), *sides)


def discover(
    model: nn.Module,
    params: set[torch.nn.Parameter],
    settings: FactorSettings,
    *,
    corrected: bool = False,
    shrunk: bool = False,
) -> Discovery:
    """Find the layers of a model that have Kronecker factors.

    Linear layers, convolutions and the four projections of ``nn.MultiheadAttention``
    have. A weight used by several such modules in the same way is one layer. A weight
    that another kind of module uses too, such as an embedding, has none, nor has one
    without entries, nor a bias that is not used together with its weight.

    Args:
        model: The model.
        params: The parameters that are optimised.
        settings: How factors are measured.
        corrected: Whether eigenvalues are corrected.
        shrunk: Whether the eigenvalues of each factor are shrunk to their mean.

    Returns:
        What was found.
    """
    owners: dict[torch.nn.Parameter, set[nn.Module]] = defaultdict(set)
    for module in model.modules():
        for parameter in module._parameters.values():
            if parameter is not None:
                owners[parameter].add(module)
    groups: dict[tuple[int, Any], list[_Candidate]] = defaultdict(list)
    for candidate in _candidates(model, settings.batch_axis):
        weight = candidate.weight
        if weight.parameter in params and weight.parameter.numel():
            part = weight.part and (weight.part.start, weight.part.stop)
            groups[id(weight.parameter), part].append(candidate)
    layers: list[KroneckerLayer] = []
    uses: list[Use] = []
    reasons: dict[nn.Module, str] = {}
    for group in groups.values():
        first = group[0]
        strangers = owners[first.weight.parameter] - _users(group)
        if strangers or any(other.shape != first.shape for other in group):
            others = strangers or _users(group[1:])
            kinds = ", ".join(sorted(type(module).__name__ for module in others))
            reasons[first.module] = f"weight shared with {kinds}"
            continue
        bias = _common_bias(group, owners, params)
        name = " = ".join(candidate.name for candidate in group)
        layer = KroneckerLayer(
            name,
            first.weight,
            bias,
            settings,
            maps=first.maps,
            corrected=corrected,
            shrunk=shrunk,
        )
        layers.append(layer)
        uses += [Use(layer, c.reader, c.module, c.part) for c in group]
    slots = [slot for layer in layers for slot in (layer.weight, layer.bias) if slot]
    covered = {slot.parameter for slot in slots}
    unknown = _unknown(model, params - covered, reasons)
    return Discovery(tuple(layers), tuple(uses), tuple(unknown))


def _candidates(model: nn.Module, batch_axis: int) -> Iterator[_Candidate]:
    inside: set[nn.Module] = set()
    for name, module in model.named_modules():
        if module in inside or "forward" in module.__dict__:
            continue
        forward = type(module).forward
        if isinstance(module, nn.MultiheadAttention):
            if forward is nn.MultiheadAttention.forward:
                found = list(_projections(name, module))
                inside.update({module.out_proj} if found else ())
                yield from found
            continue
        weight = module._parameters.get("weight")
        if weight is None:
            continue
        bias = module._parameters.get("bias")
        slots = Slot(weight), None if bias is None else Slot(bias)
        if isinstance(module, nn.Linear) and forward is nn.Linear.forward:
            yield _Candidate(name, module, *slots, LinearRows(batch_axis))
        for kind in CONVOLUTIONS:
            if isinstance(module, kind) and forward is kind.forward:
                rows = ConvolutionRows(module)
                yield _Candidate(name, module, *slots, rows, maps=module.groups)


def _projections(name: str, module: nn.MultiheadAttention) -> Iterator[_Candidate]:
    out = module.out_proj
    weight, bias = out._parameters.get("weight"), out._parameters.get("bias")
    if weight is None or "forward" in out.__dict__:
        return
    rows = LinearRows(batch_axis=0 if module.batch_first else 1)
    slot = None if bias is None else Slot(bias)
    yield _Candidate(f"{name}.out_proj", module, Slot(weight), slot, rows, "out")
    packed = module._parameters.get("in_proj_weight")
    joint = module._parameters.get("in_proj_bias")
    for index, part in enumerate(("query", "key", "value")):
        stretch = slice(index * module.embed_dim, (index + 1) * module.embed_dim)
        own = module._parameters.get(f"{part[0]}_proj_weight")
        slot = None if joint is None else Slot(joint, stretch)
        held = None if own is None else Slot(own)
        held = held if packed is None else Slot(packed, stretch)
        if held is not None:
            yield _Candidate(f"{name}.{part}", module, held, slot, rows, part)


def _users(group: list[_Candidate]) -> set[nn.Module]:
    """Name the modules that own the parameters of candidates.

    Returns:
        The modules.
    """
    modules = {candidate.module for candidate in group}
    heads = {m.out_proj for m in modules if isinstance(m, nn.MultiheadAttention)}
    return modules | heads


def _common_bias(
    group: list[_Candidate],
    owners: dict[torch.nn.Parameter, set[nn.Module]],
    params: set[torch.nn.Parameter],
) -> Slot | None:
    bias = group[0].bias
    if bias is None or bias.parameter not in params:
        return None
    together = all(c.bias is not None and bias.same(c.bias) for c in group)
    alone = owners[bias.parameter] <= _users(group)
    return bias if together and alone else None


def _unknown(
    model: nn.Module, params: set[torch.nn.Parameter], reasons: dict[nn.Module, str]
) -> Iterator[str]:
    for name, module in model.named_modules():
        known = (*DIAGONAL, nn.Linear, *CONVOLUTIONS, nn.MultiheadAttention)
        own = {p for p in module._parameters.values() if p is not None}
        if module in reasons:
            yield f"{name or 'model'} ({type(module).__name__}: {reasons[module]})"
        elif own & params and not (
            type(module) in known or isinstance(module, DIAGONAL)
        ):
            yield f"{name or 'model'} ({type(module).__name__})"
