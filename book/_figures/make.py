"""Write every figure of the book: `python book/_figures/make.py [folder]`."""

from __future__ import annotations

import sys
from pathlib import Path

from graphs import error_flow, graph_shapes, layouts, overview, recursion
from plots import bce_vs_mse, gradient_heatmaps, relu_sigmoid, vanishing

FIGURES = [
    overview,
    graph_shapes,
    error_flow,
    recursion,
    relu_sigmoid,
    gradient_heatmaps,
    layouts,
    bce_vs_mse,
    vanishing,
]
FOLDER = Path(__file__).resolve().parent.parent / "_static" / "figures"


def main(folder: Path) -> None:
    """Write the figures into `folder`, which must exist."""
    for draw in FIGURES:
        figure = draw()
        path = folder / f"{figure.name}.svg"
        path.write_text(figure.render(), encoding="utf-8", newline="\n")
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
