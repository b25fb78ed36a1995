"""Peak memory of one gradient or product, in a process of its own: prints MiB.

``python memory.py CONTESTANT`` runs it once to warm up, frees what it can, resets the
kernel's high-water mark of resident memory (``/proc/self/clear_refs``) and runs it
again, from building the operator on. Large blocks are mapped and unmapped one by one
(``MALLOC_MMAP_THRESHOLD_``), so that the mark is what was alive at once.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
IMAGES = 64
KEPT = "eigenscape, a second product, the graph kept"


def peak(contestant: str) -> float:
    """Measure a contestant in a new process, in MiB above the loaded network."""
    done = subprocess.run(
        [sys.executable, __file__, contestant],
        env=os.environ | ALLOCATOR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout)


def _measure(contestant: str) -> float:
    import contestants
    import torch

    import networks

    torch.set_num_threads(1)
    workload = networks.resnet(IMAGES)
    vectors = workload.vectors(1)
    build = {
        "gradient": lambda: contestants.gradient(workload),
        "eigenscape": lambda: contestants.our_products(workload, vectors),
        KEPT: lambda: _twice(contestants.our_products(workload, vectors)),
        "PyHessian": lambda: contestants.pyhessian_product(workload, vectors),
        "hessian-eigenthings": lambda: contestants.eigenthings_products(
            workload, vectors
        ),
        "curvlinops": lambda: contestants.curvlinops_products(workload, vectors),
    }[contestant]
    build()()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    build()()
    return (_status("VmHWM") - before) / 1024


def _twice(run: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: (run(), run())


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant")
    print(_measure(parser.parse_args().contestant))
