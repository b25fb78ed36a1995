"""The spectra of all diagonal blocks of an operator, from one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from eigenscape.curvature.krylov.lockstep import Lockstep
from eigenscape.curvature.operators.block_diagonal import BlockDiagonal
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.process import drive
from eigenscape.curvature.quadrature import measure_of
from eigenscape.curvature.side_by_side import SideBySide
from eigenscape.spectra import SpectralMeasure


def block_spectral_measures(
    operator: RiskOperator,
    blocks: Mapping[str, Sequence[str]],
    *,
    probes: int,
    steps: int,
    generator: torch.Generator,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> dict[str, SpectralMeasure]:
    """Estimate the spectral density of every diagonal block of an operator.

    The Lanczos runs of all blocks go side by side: every step is one pass over the
    data with one graph a minibatch, whatever the number of blocks.

    Args:
        operator: The operator A of a risk.
        blocks: For each block the names of its parameters; ``risk.groups()`` makes
            them by layer.
        probes: Probes for each block.
        steps: Lanczos steps; blocks of fewer coordinates take as many as they have.
        generator: Source of the probes, on the processor.
        checkpoint: A file that keeps the state of an interrupted run.
        progress: Whether to show a bar.

    Returns:
        For each block, the measure that ``spectral_measure`` would give of A_BB.
    """
    joint = BlockDiagonal(operator, blocks)
    places = [joint.positions(name) for name in joint.names]
    runs = [
        Lockstep(
            gaussian(
                len(place),
                probes,
                generator=generator,
                dtype=operator.dtype,
                device=operator.device,
            ),
            steps=steps,
        )
        for place in places
    ]
    process = SideBySide(runs, places, operator.size)
    drive(process, joint, checkpoint=checkpoint, progress=progress)
    return {
        name: measure_of([run.krylov() for run in lockstep.runs], dimension=len(place))
        for name, lockstep, place in zip(joint.names, runs, places, strict=True)
    }
