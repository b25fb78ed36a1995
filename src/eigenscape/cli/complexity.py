"""The command `eigenscape complexity`: a table and a figure of a landscape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jsonargparse import ArgumentError, ArgumentParser

Model = Literal["p-spin", "mixed", "gan"]

_ROWS = 16
_SIDE = 40


def complexity_command(words: list[str]) -> None:
    """Print the complexity of a landscape, and draw it.

    Args:
        words: The words after ``eigenscape complexity``.

    Raises:
        ValueError: The words are not understood.
    """
    parser = ArgumentParser(
        prog="eigenscape complexity",
        description="Tabulate and draw the complexity of a random landscape.",
        exit_on_error=False,
    )
    parser.add_argument("--model", type=Model, default="p-spin", help="the landscape")
    parser.add_argument(
        "--p", type=int, default=3, help="degree; layers of the discriminator"
    )
    parser.add_argument("--q", type=int, default=3, help="layers of the generator")
    parser.add_argument("--noise", type=float, default=1.0, help="σ of a GAN")
    parser.add_argument("--fraction", type=float, default=0.5, help="κ of a GAN")
    parser.add_argument("--field", type=float, default=0.0, help="external field h")
    parser.add_argument(
        "--degrees", type=list[int], default=[2, 3], help="of a mixture, as [2,3]"
    )
    parser.add_argument(
        "--weights", type=list[float], default=[0.5, 0.5], help="of the degrees"
    )
    parser.add_argument(
        "--out", type=str, default="complexity.svg", help="file of the figure"
    )
    try:
        given = parser.parse_args(words)
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    out = Path(given.out)
    if out.suffix != ".svg":
        message = f"--out: expected a name ending in .svg, got {given.out!r}"
        raise ValueError(message)
    if not out.parent.is_dir():
        message = f"--out: expected a folder that exists, got {str(out.parent)!r}"
        raise ValueError(message)
    if given.model == "gan":
        _gan(given.p, given.q, given.noise, given.fraction, out)
    elif given.model == "mixed":
        _glass(given.degrees, given.weights, given.field, out)
    else:
        _glass([given.p], [1.0], given.field, out)
    print(f"figure  {out}")


def _glass(
    degrees: Sequence[int], weights: Sequence[float], field: float, out: Path
) -> None:
    import numpy as np

    from eigenscape.landscape.annealed import cumulative_complexity
    from eigenscape.landscape.glass_survey import complexity_curves
    from eigenscape.landscape.spin_glass import SpinGlass
    from eigenscape.report.figures.spin_glass_complexity import complexity_panel
    from eigenscape.report.pens import write_svg

    if len(degrees) == 1 and degrees[0] < 2:
        message = f"--p: expected at least 2, got {degrees[0]}"
        raise ValueError(message)
    glass = SpinGlass(tuple(degrees), tuple(weights)).with_field(field)
    curves = complexity_curves(glass, np.linspace(-2.0, 0.5, 101), (20, 100))
    lowest = curves.lowest[np.isfinite(curves.lowest)]
    print(f"spin glass, {curves.name}{f', field {field:g}' if field else ''}")
    print(f"  threshold E∞ {curves.marginal:.8f}")
    for k, level in enumerate(lowest.tolist()):
        print(f"  E of index {k} {level:.8f}")
    start = -1.05 * float(lowest[0]) if lowest.size else -2.0
    levels = np.linspace(start, 0.0, _ROWS)
    columns = [cumulative_complexity(glass, levels)]
    columns += [cumulative_complexity(glass, levels, index=k) for k in range(3)]
    print(f"  {'u':>9} {'all':>11} {'index 0':>11} {'index 1':>11} {'index 2':>11}")
    for u, *values in zip(levels.tolist(), *columns, strict=True):
        print(f"  {u:9.4f} " + " ".join(f"{v:11.6f}" for v in values))
    write_svg(complexity_panel(curves), out)


def _gan(p: int, q: int, noise: float, fraction: float, out: Path) -> None:
    import numpy as np

    from eigenscape.landscape.gan.complexity import gan_complexity, lowest_losses
    from eigenscape.landscape.gan.model import GanGlass
    from eigenscape.landscape.gan.survey import complexity_map
    from eigenscape.report.figures.gan_complexity import complexity_map_panel
    from eigenscape.report.pens import write_svg

    model = GanGlass(p, q, noise, fraction)
    total = float(gan_complexity(model, np.array([[math.inf, math.inf]]))[0])
    own, other = lowest_losses(model)
    print(f"GAN, p = {p}, q = {q}, σ = {noise:g}, κ = {fraction:g}")
    print(f"  complexity of all critical points {total:.8f}")
    print(f"  lowest discriminator loss {own:.6f}")
    print(f"  lowest generator loss     {other:.6f}")
    levels = np.linspace(-2.0, 2.0, _SIDE + 1)
    values = complexity_map(model, levels)
    shown = levels[:: _SIDE // 4].tolist()
    print(f"  {'u_D':>7} " + " ".join(f"{f'u_G {u:g}':>10}" for u in shown))
    for u, row in zip(shown, values[:: _SIDE // 4, :: _SIDE // 4], strict=True):
        print(f"  {u:7.2f} " + " ".join(f"{v:10.6f}" for v in row.tolist()))
    write_svg(complexity_map_panel(model, levels, values), out)
