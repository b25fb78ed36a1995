"""One exact spectrum of a network against the dense eigenvalue routine alone.

The network is 784-10-100-10 on 64 of the bundled digits, P = 9,960, in float64. Writes
benchmarks/results/exact_spectrum.md; the eigenvalues of so many rows take some minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from table import Bar, Section, environment, number
from torch.nn.functional import cross_entropy

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.exact_spectrum import exact_spectrum
from eigenscape.training import mlp, mnist_digits

RESULTS = Path(__file__).parent / "results"
BOUND = 1.3
HEADER = ("route", "seconds", "in eigenvalue routines")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=[784, 10, 100, 10])
    parser.add_argument("--out", type=Path, default=RESULTS / "exact_spectrum.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    model = mlp(tuple(options.widths), generator=generator)
    digits = mnist_digits(train=4000, seed=0)
    inputs = digits.test_inputs[:64].flatten(1)[:, -options.widths[0] :]
    batch = inputs, digits.test_targets[:64] % options.widths[-1]
    operator = Hessian(EmpiricalRisk(model, cross_entropy, batch).double())
    rows = np.random.default_rng(0).standard_normal((operator.size, operator.size))
    rows += rows.T
    began = time.process_time()
    np.linalg.eigvalsh(rows)
    alone = time.process_time() - began
    del rows
    cells = [[f"the routine alone, {operator.size:,} rows", number(alone), "1"]]
    bars: list[Bar] = []
    for structure in (True, False):
        began = time.process_time()
        found = exact_spectrum(operator, structure=structure)
        seconds = time.process_time() - began
        cells.append([found.route, number(seconds), number(seconds / alone)])
        name = "by structure" if structure else "plain"
        bars.append(Bar(f"one spectrum, {name}", BOUND, seconds / alone, faster=False))
    section = Section("Routes", bars, HEADER, cells)
    text = [
        "# Exact spectra against the eigenvalue routine alone",
        "",
        "Made by `benchmarks/exact_spectrum.py`, "
        f"{'-'.join(map(str, options.widths))}, P = {operator.size:,}, float64. "
        f"{environment(('torch', 'numpy'))} Seconds of processor time, one run each.",
        "",
        "| figure | bar | measured | met |",
        "|---|---|---|---|",
        *(bar.line() for bar in bars),
        "",
        *section.lines(),
        "",
    ]
    options.out.write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
