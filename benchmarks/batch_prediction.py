"""How well one measurement predicts the curvature of batches, on several networks.

On each network: the largest eigenvalues of all the data's curvature and every
example's own, then the five largest eigenvalues of batches against their prediction,
in which nothing is fitted. Writes benchmarks/results/batch_prediction.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from prediction_networks import CASES, Case
from table import Section, environment

from eigenscape.curvature import GaussNewton, Hessian, extreme_eigenpairs
from eigenscape.curvature.population_curvature import Matrix, population_curvature
from eigenscape.spectra import compare_prediction, predict_batch_outliers

RESULTS = Path(__file__).parent / "results"
COUNT = 5
SPIKES = 24
DRAWS = 400
OPERATORS = {"gauss-newton": GaussNewton, "hessian": Hessian}


def measure(case: Case, matrix: Matrix, sizes: Sequence[int], draws: int) -> list[str]:
    risk = case.risk()
    generator = torch.Generator().manual_seed(1)
    population = population_curvature(
        risk, count=SPIKES, matrix=matrix, generator=generator
    )
    measured = []
    for size in sizes:
        batches = (risk.subsample(size, generator) for _ in range(draws))
        rows = [
            extreme_eigenpairs(
                OPERATORS[matrix](batch, check=False),
                COUNT,
                tolerance=1e-3,
                generator=generator,
                verify=False,
            ).values
            for batch in batches
        ]
        measured.append(np.stack(rows))
    rng = np.random.default_rng(2)
    cells = [case.name, f"{risk.size:,}", f"{risk.value():.3g}", matrix]
    for directions in ("elliptical", "measured"):
        prediction = predict_batch_outliers(
            population, sizes, count=COUNT, draws=DRAWS, rng=rng, directions=directions
        )
        found = compare_prediction(prediction, measured, rng=rng)
        errors = 100 * np.abs(found.relative_errors)
        cells += [
            f"{np.median(errors):.1f}",
            f"{np.max(errors[:, 0]):.1f}",
            f"{100 * found.coverage.mean():.0f}",
        ]
    shift = measured[0].mean(0)[0] / population.spikes[0]
    return [*cells, f"{shift:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 32, 128, 512])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS / "batch_prediction.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for case in CASES:
        for matrix in OPERATORS:
            rows.append(measure(case, matrix, options.sizes, options.draws))
            print(" | ".join(rows[-1]), flush=True)
    header = [
        "network",
        "P",
        "loss",
        "matrix",
        "median error, %",
        "worst λ₁, %",
        "coverage, %",
        "own directions: median error, %",
        "worst λ₁, %",
        "coverage, %",
        f"λ₁ at b = {options.sizes[0]}, in θ₁",
    ]
    sizes = ", ".join(map(str, options.sizes))
    text = "\n".join([
        "# Batches predicted from one measurement, nothing fitted",
        "",
        f"Made by `benchmarks/batch_prediction.py --draws {options.draws}`. "
        f"{environment(('torch', 'numpy'))} "
        f"Batch sizes {sizes}, {options.draws} batches each, against {DRAWS} predicted "
        "ones. Errors are those of the means of the five largest eigenvalues: the "
        "median over them and the sizes, and the worst of λ₁, whose standard error is "
        "in it. Coverage is the share of single batches in the 95 % interval.",
        "",
        *Section("", (), header, rows).lines()[2:],
        "",
    ])
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
