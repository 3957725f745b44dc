"""A training step of the generated modules, in NumPy and in C, beside the textbook's NumPy, PyTorch, JAX,
scikit-learn, autograd and the bare matrix products.

Before anything is measured, the losses and parameters of three steps are compared with three steps in
float64. Exit status: 0 where every ratio is within its bound (`BOUNDS`), 1 where one is not or where a
contestant computes something else, 2 where a library is missing. With `--write` the table and a plot go into
docs/performance.md.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from measure import (
    BenchmarkError,
    Contestant,
    Progress,
    Timing,
    arguments,
    program,
    start,
    table,
    take_turns,
    verdict,
    versions,
)

GENERATED, NATIVE, TEXTBOOK, PRODUCTS = "generated module", "generated C", "textbook NumPy", "bare products"
LIBRARIES = {
    "PyTorch eager": "PyTorch",
    "JAX jit": "JAX",
    "scikit-learn": "ScikitLearn",
    "autograd": "Autograd",
}
FORMS = {GENERATED: "Generated", NATIVE: "GeneratedC"}
SUBJECTS = FORMS | {TEXTBOOK: "Textbook", PRODUCTS: "Products"} | LIBRARIES
LOOPED = "JAX with the loop inside"
SMALL = ("xor", "loy")  # where a call costs JAX more than the step: there it also has the loop inside
# Of losses and parameters after three steps, relative to their size or to 1. The reference is the textbook's
# step in float64, and that PyTorch, which differentiates by itself, agrees with it is what makes it one.
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
# At most: the module's time by the textbook's, by the best library's, by that of the products alone; the time
# of C by the best library's.
BOUNDS = {
    "xor": (0.15, 0.3, 4.0, 0.01),
    "loy": (0.15, 0.3, 4.0, 0.01),
    "digits": (0.5, 0.65, 2.5, 0.35),
    "784-256-128-10 float32": (0.9, 1.0, 1.15, 0.85),
    "784-256-128-10 float64": (0.9, 0.9, 1.15, 0.65),
    "1024-2048-2048-1024 float32": (1.0, 1.4, 1.05, 1.0),
    "1024-2048-2048-1024 float64": (1.0, 1.05, 1.05, 1.0),
}


def deviation(found: dict[str, Any], reference: dict[str, Any]) -> float:
    """The largest difference from the reference; 0 for a contestant that compares nothing."""
    import numpy as np

    if found and found.keys() != reference.keys():
        raise BenchmarkError(f"expected {', '.join(reference)}, but found {', '.join(found)}")
    errors = [0.0]
    for name, value in found.items():
        expected = reference[name]
        errors.append(np.max(np.abs(value - expected) / np.maximum(np.abs(expected), 1)))
    return float(np.max(errors))  # not a number where one of them is not


def subjects(size: str) -> dict[str, str]:
    """Who takes part at one size."""
    return SUBJECTS | ({LOOPED: "JAXLoop"} if size.startswith(SMALL) else {})


def compare(size: str, rounds: int) -> tuple[dict[str, Timing], dict[str, float]]:
    """Check, then measure, every contestant at one size: its times, and its deviation from float64."""
    with start(Contestant("the reference", "contestants", "Textbook", (size, "float64"))) as worker:
        reference = worker.check()
    with ExitStack() as stack:
        workers = [
            stack.enter_context(start(Contestant(name, "contestants", subject, (size,))))
            for name, subject in subjects(size).items()
        ]
        deviations = {worker.contestant.name: deviation(worker.check(), reference) for worker in workers}
        timings = take_turns(workers, rounds, Progress(size, rounds))
    return {timing.name: timing for timing in timings}, deviations


def judged(size: str, found: dict[str, Timing]) -> list[tuple[str, bool]]:
    """What is claimed of one size: the ratios, each with its bound."""
    best = min(LIBRARIES, key=lambda name: found[name].median)
    bounds = next(bounds for name, bounds in BOUNDS.items() if size.startswith(name))
    pairs = [(GENERATED, TEXTBOOK), (GENERATED, best), (GENERATED, PRODUCTS), (NATIVE, best)]
    claims = []
    for (form, peer), bound in [*zip(pairs, bounds, strict=True), *inside(found)]:
        mine = found[form]
        ratio = mine.ratio(found[peer])
        share = f"ahead in {mine.wins(found[peer]):.0%} of the rounds"
        words = f"{size}, {form}: {ratio:.4f} of the time of {peer}, at most {bound:g}; {share}"
        claims.append((words, ratio <= bound))
    return claims


def inside(found: dict[str, Timing]) -> list[tuple[tuple[str, str], float]]:
    """C beside JAX where both have the loop inside: it is to be ahead."""
    return [((NATIVE, LOOPED), 1.0)] if LOOPED in found else []


def main() -> int:
    """Measure the chosen sizes, print the table, say whether the claims hold."""
    from contestants import SIZES

    parser = arguments(__doc__, rounds=31)
    names = ", ".join(size.name for size in SIZES)
    parser.add_argument(
        "--size", default="", help=f"only sizes with one of these words (a,b) in their name, of: {names}"
    )
    parser.add_argument("--write", action="store_true", help="put table and plot into docs/performance.md")
    options = parser.parse_args()
    peers = [*(name for name in SUBJECTS if name not in FORMS), LOOPED]
    rows, claims, ratios = [], [], {}
    for size in [size for size in SIZES if any(word in size.name for word in options.size.split(","))]:
        found, deviations = compare(size.name, options.rounds)
        for mine, name in ((found[form], f"{size.name}, {form}") for form in FORMS):
            ratios[name] = {peer: mine.ratio(found[peer]) for peer in peers if peer in found}
            by_peer = (f"{ratios[name][peer]:.4f}" if peer in found else "" for peer in peers)
            rows.append([name, f"{mine.median * 1e6:.2f}", *by_peer])
        claims += judged(size.name, found)
        farthest, limit = max(deviations, key=deviations.__getitem__), TOLERANCE[size.dtype]
        claim = f"{size.name}: all within {limit:.0e} of float64 ({farthest}: {deviations[farthest]:.0e})"
        claims.append((claim, all(found <= limit for found in deviations.values())))
    head = versions("symnet", "numpy", "torch", "jax", "scikit-learn", "autograd")
    words = f"Their time by each peer's, the median of {options.rounds} rounds: below 1, they are ahead."
    measured = table(["size", "step in µs", *(f"by {peer}" for peer in peers)], rows)
    print(f"{head}\n{words}\n\n{measured}\n")
    if options.write:
        from report import write

        for found in ratios.values():
            found.pop(LOOPED, None)  # the plot has the same bars at every size
        in_numpy = {name: found for name, found in ratios.items() if name.endswith(GENERATED)}
        write(Path(__file__).parents[1] / "docs", [head, words, measured], in_numpy, claims)
    return verdict(claims)


if __name__ == "__main__":
    program(main)
