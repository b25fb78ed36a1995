"""Critical points of the network of 16 tanh units and 64 examples, one thread a search.

512 parameters, normal inputs and targets. Every search ends at |∇L|² ≤ 1e-20 or does
not count. How many starts end at a critical point, how many of these have every
eigenvalue resolved and differ, of which indices, and how much processor time does one
take, its exact Hessian and its eigenvalues included? Writes
benchmarks/results/critical_points.md.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from table import number

from eigenscape.experiments.critical_points import memorising_network
from eigenscape.landscape.searched_points import joined
from eigenscape.training.critical_points import PointSearch, find_critical_points

ROOT = Path(__file__).resolve().parents[1]
WIDTH, EXAMPLES = 16, 64
LOW = {"levels": (0.0, 0.0), "descent_steps": 100, "steps": 300, "chunk": 4}
HIGH = {"levels": (0.5, 0.7), "descent_steps": 20, "chunk": 4}
FEW = {"levels": (1.0, 1.0), "steps": 120, "chunk": 8, "active": (1, 4)}
# By name: by how much the starts asked for are divided, the method, its options.
SEARCHES = {
    "second-order, 1 to 4 units active": (1, "second-order", FEW),
    "minimum, 1 to 16 units active": (16, "minimum", {**LOW, "active": (1, WIDTH)}),
    "minimum": (64, "minimum", LOW),
    "saddle": (64, "saddle", {**HIGH, "steps": 80}),
    "second-order": (64, "second-order", {**HIGH, "steps": 150}),
}


def search(name, starts, seed):
    torch.set_num_threads(1)
    problem = memorising_network(WIDTH, EXAMPLES, seed=0)
    _, method, options = SEARCHES[name]
    asked = PointSearch(starts, method=method, **options)
    begin = time.process_time()
    found = find_critical_points(problem, asked, seed=seed)
    return found, time.process_time() - begin


def row(name, starts, pool, workers):
    each = -(-starts // SEARCHES[name][0] // workers)
    runs = list(pool.map(search, [name] * workers, [each] * workers, range(workers)))
    seconds = sum(spent for _, spent in runs)
    found = joined([ends for ends, _ in runs])
    count = int(found.are("critical").sum())
    sure = found.where(found.nondegenerate)
    places = zip(sure.negative.tolist(), sure.energies.round(9).tolist(), strict=True)
    different = len(set(places))
    cells = [
        name,
        f"{each * workers}",
        f"{count}",
        f"{len(sure.energies)}",
        f"{different}",
        f"{sure.negative.min()} to {sure.negative.max()}" if different else "–",
        f"{sure.energies.min():.3f} to {sure.energies.max():.3f}" if different else "–",
        number(seconds / count if count else None),
        number(seconds / different if different else None),
        number(seconds / different * 1000 / 120 if different else None),
    ]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--methods", nargs="+", default=list(SEARCHES))
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks/results/critical_points.md"
    )
    options = parser.parse_args()
    header = ["search", "starts", "critical", "of these nondegenerate", "different"]
    header += ["indices", "energies", "processor seconds a critical point"]
    header += ["a different one", "minutes for 1,000 of these on two cores"]
    lines = [
        "# Critical points of a network of 512 parameters, to |∇L|² ≤ 1e-20",
        "",
        "16 tanh units, 64 examples, normal inputs and targets, one network. Points "
        "count where the exact Hessian confirms them. Nondegenerate: every eigenvalue "
        "is resolved; elsewhere units are saturated to rounding and the index is an "
        "interval. Different: in index or in the ninth digit of the energy, "
        "nondegenerate ones. Units that are not active are silent. Seconds are "
        "processor time, one thread a search, of all starts. Made by "
        f"`benchmarks/critical_points.py --starts {options.starts}`.",
        "",
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
    ]
    with ProcessPoolExecutor(options.workers) as pool:
        for method in options.methods:
            lines.append(row(method, options.starts, pool, options.workers))
            print(lines[-1], flush=True)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
