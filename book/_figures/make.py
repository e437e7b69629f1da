"""Write every figure of the book: `python book/_figures/make.py [folder]`.

The folder, book by default, gets the drawings, which the pages show as images, and the interactive
figure, which a page includes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graphs import error_flow, graph_shapes, layouts, overview, recursion
from playground import fragment
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
FOLDER = Path(__file__).resolve().parent.parent


def main(folder: Path) -> None:
    """Write the figures below `folder`."""
    figures = [draw() for draw in FIGURES]
    files = {f"_static/figures/{figure.name}.svg": figure.render() for figure in figures}
    files["_figures/playground.html"] = fragment()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
