"""How the cost of a step grows with the work: width, depth, batch and length of a sequence.

One of them is doubled from size to size while the others stay; every size is measured for the generated
module, in NumPy and in C, and for PyTorch eager as a reference. The exponent e of a contestant is fitted by
least squares to log(time) = e log(size) + constant: 1 where twice the work takes twice the time, less where
what a step costs anyway is a part of it. Nothing is claimed of the exponents, only that all compute the same,
which is checked before a size is measured. With `--write` table and plot go into docs/performance.md.
"""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from measure import arguments, program, table, verdict, versions
from sequences import FORMS, compare

DTYPE = "float32"
MEASURED = (*FORMS, "PyTorch eager")
# By what grows: the task, its sizes, and where among the numbers that make the task the growing one stands.
GROWTH = {
    "width": ("dense", (32, 64, 128, 256, 512, 1024), lambda size: (size, 3, 64)),
    "depth": ("dense", (1, 2, 4, 8, 16, 32), lambda size: (128, size, 64)),
    "batch": ("dense", (16, 32, 64, 128, 256, 512, 1024), lambda size: (128, 3, size)),
    "sequence length": ("recurrence", (8, 16, 32, 64, 128, 256), lambda size: (size, 64, 16)),
}
TOLD = """- width: units of each of 3 dense layers, batch of 64; the products grow with the square
- depth: dense layers of 128 units, batch of 64
- batch: samples in a batch, 3 dense layers of 128 units
- sequence length: steps of an LSTM of 64 units, batch of 16"""


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log(seconds) over log(sizes), by least squares."""
    return statistics.linear_regression([*map(math.log, sizes)], [*map(math.log, seconds)]).slope


def main() -> int:
    """Measure each kind of growth, print the table, say whether all computed the same."""
    parser = arguments(__doc__, rounds=11)
    parser.add_argument("--grow", default="", help=f"only those with this word, of: {', '.join(GROWTH)}")
    parser.add_argument("--write", action="store_true", help="put table and plot into docs/performance.md")
    options = parser.parse_args()
    rows, claims, figures = [], [], {}
    for growing, (task, sizes, numbers) in GROWTH.items():
        if options.grow not in growing:
            continue
        lines: dict[str, list[float]] = {name: [] for name in MEASURED}
        for size in sizes:
            found, alike = compare(task, DTYPE, options.rounds, MEASURED, numbers(size))
            claims.append(alike)
            for name in MEASURED:
                lines[name].append(found[name].median)
        figures[growing] = (sizes, lines)
        for name, seconds in lines.items():
            ends = f"{sizes[0]} to {sizes[-1]}"
            cost = [f"{seconds[0] * 1e3:.3f}", f"{seconds[-1] * 1e3:.2f}", f"{exponent(sizes, seconds):.2f}"]
            rows.append([f"{growing}, {ends}: {name}", *cost])
    head = versions("symnet", "numpy", "torch")
    words = f"A step in {DTYPE} at the first size and at the last, and the exponent that fits all of them."
    measured = table(["what grows", "first, ms", "last, ms", "exponent"], rows)
    print(f"{head}\n{words}\n\n{measured}\n")
    if options.write:
        from report import plot_growth, put

        folder = Path(__file__).parents[1] / "docs"
        image = "![a step's time as the work grows](growth.svg)"
        put(folder / "performance.md", "growth", [TOLD, head, words, measured, image])
        plot_growth(folder / "growth.svg", figures)
    return verdict([(f"all {len(claims)} sizes compute the same as float64", all(ok for _, ok in claims))])


if __name__ == "__main__":
    program(main)
