"""Coverage of the batch-size fit on planted matrices A + s(b) X, one thread.

For every kind of noise: 100 trials of 7 batch sizes x 10 draws, dimension 400, spikes
20, 12, 8, 6, 5, s(b) = 6 b^-1/2. How often do the stated 95 % intervals hold the true
value, is the model accepted (p >= 0.01), and is it preferred? Writes
benchmarks/results/planted_spikes.md.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from eigenscape.core import stream  # ruff: ignore[module-import-not-at-top-of-file]
from eigenscape.spectra import (  # ruff: ignore[module-import-not-at-top-of-file]
    fit_batch_scaling,
)
from planted import (  # ruff: ignore[module-import-not-at-top-of-file]
    ADDITIVE,
    NOISE,
    SPIKES,
    additive_spectrum,
    multiplicative_spectrum,
    planted_splits,
)

SIZES = (4, 8, 16, 32, 64, 128, 256)
DIMENSION = 400


def trial(kind, number):
    rng = stream(number, "planted", kind)
    if kind == "multiplicative":
        splits = planted_splits(
            lambda b, r: multiplicative_spectrum(b, r, size=DIMENSION), rng, sizes=SIZES
        )
        amplitude = (DIMENSION - SPIKES.size) * 0.05 / 4
    else:
        splits = planted_splits(
            lambda b, r: additive_spectrum(ADDITIVE[kind], b, r, size=DIMENSION),
            rng,
            sizes=SIZES,
        )
        amplitude = NOISE**2
    begin = time.process_time()
    scaling = fit_batch_scaling(SIZES, splits)
    seconds = time.process_time() - begin
    name = "multiplicative" if kind == "multiplicative" else "additive"
    fit = scaling.fit(name)
    found = [s in i for s, i in zip(SPIKES, fit.spikes, strict=False)]
    found += [False] * (SPIKES.size - len(found))
    held = [*found, amplitude in fit.amplitude, 0.5 in fit.exponent]
    return held, fit.p_value >= 0.01, scaling.best == name, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    trials, workers = options.trials, options.workers
    header = ["noise", *(f"θ = {s:g}" for s in SPIKES), "amplitude", "υ"]
    header += ["accepted", "preferred", "seconds a fit"]
    lines = [
        "# Planted spikes: how often the 95 % intervals hold the truth",
        "",
        f"{trials} trials a row; dimension {DIMENSION}, b = {SIZES[0]} … {SIZES[-1]}, "
        "10 draws a size, s(b) = 6 b^−½ (at b = 4, θ = 5 and 6 come close to the bulk; "
        "under Wishart noise θ = 5 drowns). The "
        "multiplicative row has 4b degrees of freedom and a bulk at 0.05. Seconds are "
        "median processor time for both models, one thread. Made by "
        "`benchmarks/planted_spikes.py`.",
        "",
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
    ]
    for kind in (*ADDITIVE, "multiplicative"):
        with ProcessPoolExecutor(workers) as pool:
            results = list(pool.map(trial, [kind] * trials, range(trials)))
        held = np.mean([r[0] for r in results], axis=0)
        row = [kind, *(f"{100 * h:.0f} %" for h in held)]
        row += [f"{100 * np.mean([r[i] for r in results]):.0f} %" for i in (1, 2)]
        row.append(f"{np.median([r[3] for r in results]):.2f}")
        lines.append("| " + " | ".join(row) + " |")
        print(lines[-1], flush=True)
    target = ROOT / "benchmarks" / "results" / "planted_spikes.md"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
