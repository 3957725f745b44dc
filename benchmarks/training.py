"""A training step of the generated modules, in NumPy and in C, beside the textbook's NumPy, PyTorch and
scikit-learn.

Before anything is measured, the losses and parameters of three steps are compared with three steps in
float64. Exit status: 0 where the generated modules are ahead of all three at every size, 1 where it is not
or where a contestant computes something else, 2 where a library is missing.
"""

from contextlib import ExitStack
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

GENERATED = {"generated module": "Generated", "generated C": "GeneratedC"}
PEERS = {"textbook NumPy": "Textbook", "PyTorch eager": "PyTorch", "scikit-learn": "ScikitLearn"}
# Of losses and parameters after three steps, relative to their size or to 1. The reference is the textbook's
# step in float64, and that PyTorch, which differentiates by itself, agrees with it is what makes it one.
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


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


def compare(size: str, rounds: int) -> tuple[list[Timing], dict[str, float]]:
    """Check, then measure, every contestant at one size: its times, and its deviation from float64."""
    with start(Contestant("the reference", "contestants", "Textbook", (size, "float64"))) as worker:
        reference = worker.check()
    with ExitStack() as stack:
        workers = [
            stack.enter_context(start(Contestant(name, "contestants", subject, (size,))))
            for name, subject in (GENERATED | PEERS).items()
        ]
        deviations = {worker.contestant.name: deviation(worker.check(), reference) for worker in workers}
        return take_turns(workers, rounds, Progress(size, rounds)), deviations


def main() -> int:
    """Measure the chosen sizes, print the table, say whether the claims hold."""
    from contestants import SIZES

    parser = arguments(__doc__, rounds=31)
    names = ", ".join(size.name for size in SIZES)
    parser.add_argument("--size", default="", help=f"only sizes with this in their name, of: {names}")
    options = parser.parse_args()
    rows, claims = [], []
    for size in [size for size in SIZES if options.size in size.name]:
        timings, deviations = compare(size.name, options.rounds)
        peers = timings[len(GENERATED) :]
        for generated in timings[: len(GENERATED)]:
            name, ratios = generated.name, [generated.ratio(peer) for peer in peers]
            figures = (f"{ratio:.4f}" for ratio in ratios)
            rows.append([size.name, name, f"{generated.median * 1e6:.2f}", *figures])
            for peer, ratio in zip(peers, ratios, strict=True):
                share = f"ahead in {generated.wins(peer):.0%} of the rounds"
                claim = f"{size.name}, {name}: {ratio:.4f} of the time of {peer.name}, {share}"
                claims.append((claim, ratio < 1))
        farthest, limit = max(deviations, key=deviations.__getitem__), TOLERANCE[size.dtype]
        claim = f"{size.name}: all within {limit:.0e} of float64 ({farthest}: {deviations[farthest]:.0e})"
        claims.append((claim, all(found <= limit for found in deviations.values())))
    print(versions("symnet", "numpy", "torch", "scikit-learn"))
    print(f"Their time by each peer's, the median of {options.rounds} rounds: below 1, they are ahead.\n")
    print(table(["size", "contestant", "step in µs", *(f"by {peer}" for peer in PEERS)], rows), end="\n\n")
    return verdict(claims)


if __name__ == "__main__":
    program(main)
