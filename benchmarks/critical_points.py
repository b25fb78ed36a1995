"""Critical points of the network of 16 tanh units and 64 examples, one thread a search.

512 parameters, normal inputs and targets. Every search ends at |∇L|² ≤ 1e-20 or does
not count. How many starts end at a critical point, of which indices, and how much
processor time does a point take, its exact Hessian and its eigenvalues included? Writes
benchmarks/results/critical_points.md.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from table import number

from eigenscape.experiments.critical_points import memorising_network
from eigenscape.training.critical_points import PointSearch, find_critical_points

ROOT = Path(__file__).resolve().parents[1]
WIDTH, EXAMPLES = 16, 64
LOW = {"levels": (0.0, 0.0), "descent_steps": 100, "steps": 300, "chunk": 4}
HIGH = {"levels": (0.5, 0.7), "descent_steps": 20, "chunk": 4}
# The starts asked for are divided by the first number.
SEARCHES = {
    "nested": (1, LOW),
    "minimum": (8, LOW),
    "saddle": (4, {**HIGH, "steps": 80}),
    "second-order": (8, {**HIGH, "steps": 150}),
}


def search(method, starts, seed):
    torch.set_num_threads(1)
    problem = memorising_network(WIDTH, EXAMPLES, seed=0)
    asked = PointSearch(starts, method=method, **SEARCHES[method][1])
    begin = time.process_time()
    found = find_critical_points(problem, asked, seed=seed)
    return found, time.process_time() - begin


def row(method, starts, pool, workers):
    each = -(-starts // SEARCHES[method][0] // workers)
    runs = list(pool.map(search, [method] * workers, [each] * workers, range(workers)))
    seconds = sum(spent for _, spent in runs)
    ended = [found.are("critical").sum() for found, _ in runs]
    points = [found.where(found.are("critical")) for found, _ in runs]
    indices = sorted({int(k) for p in points for k in p.negative})
    resolved = sum(int((p.unresolved == 0).sum()) for p in points)
    count = int(sum(ended))
    spent = seconds / count if count else None
    cells = [
        method,
        f"{each * workers}",
        f"{count}",
        f"{resolved}",
        f"{len(indices)}, {indices[0]} to {indices[-1]}" if indices else "–",
        number(spent),
        number(spent and spent * 1000 / 120),
    ]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=1400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--methods", nargs="+", default=list(SEARCHES))
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks/results/critical_points.md"
    )
    options = parser.parse_args()
    header = ["search", "starts", "critical", "every eigenvalue resolved", "indices"]
    header += ["processor seconds a point", "minutes for 1,000 on two cores"]
    lines = [
        "# Critical points of a network of 512 parameters, to |∇L|² ≤ 1e-20",
        "",
        "16 tanh units, 64 examples, normal inputs and targets, one network. Points "
        "count where the exact Hessian confirms them. Where not every eigenvalue is "
        "resolved units are saturated to rounding, and the index is an interval. "
        "Seconds are processor time, one thread a search, of all starts. Made by "
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
