"""All block spectra from one run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian, process
from eigenscape.curvature.block_spectra import block_spectral_measures
from models import by_double_loop, problem


def test_every_block_has_its_own_spectrum() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    blocks = risk.groups("layer")
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    hessian = Hessian(risk, check=False, retain=False)
    found = block_spectral_measures(
        hessian, blocks, probes=40, steps=30, generator=torch.Generator()
    )
    assert len(calls) == 15 * risk.minibatches  # the larger block's rank
    whole = by_double_loop(model, data)
    for name, names in blocks.items():
        where = risk.positions(names)
        block = whole[where[:, None], where].numpy()
        values = np.linalg.eigvalsh(block)
        measure = found[name]
        assert measure.dimension == len(where)
        # every node of a complete run is an eigenvalue, but for late ones of no weight
        nodes = measure.nodes[measure.weights > 1e-10]
        distance = np.abs(nodes[:, None] - values).min(axis=1)
        assert distance.max() <= 1e-8 * np.abs(values).max()
        means = (measure.nodes * measure.weights).sum(1)
        error = means.std(ddof=1) / len(means) ** 0.5
        assert abs(means.mean() - values.mean()) <= 5 * error


def test_resumes_to_the_same_bits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    options = {"probes": 2, "steps": 6}
    plain = block_spectral_measures(
        Hessian(risk),
        risk.groups("layer"),
        generator=torch.Generator().manual_seed(1),
        **options,
    )
    broken, calls = Hessian(risk), []
    products = broken.products

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return products(*arguments)

    monkeypatch.setattr(broken, "products", interrupted)
    for operator in (broken, Hessian(risk)):
        try:
            found = block_spectral_measures(
                operator,
                risk.groups("layer"),
                generator=torch.Generator().manual_seed(1),
                checkpoint=tmp_path / "blocks",
                **options,
            )
        except KeyboardInterrupt:
            assert operator is broken
    for name, measure in plain.items():
        assert np.array_equal(found[name].nodes, measure.nodes)
        assert np.array_equal(found[name].weights, measure.weights)
